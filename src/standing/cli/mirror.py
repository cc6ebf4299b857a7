"""`mirror`: keep a whole copy of a log up to date, and serve it."""

import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from standing.cli.options import (
    PATH,
    end_well_when_told,
    json_option,
    load_signing_key,
    require_file,
    show,
)
from standing.errors import Broken, StandingError, Usage

if TYPE_CHECKING:
    from standing.mirror import Followed, KeysFor
    from standing.wire.notes import NoteKey

_Round = Callable[[], "Followed"]


@click.command()
@click.option("--from", "source", required=True, metavar="URL", help="The log: URL or directory.")
@click.option("--to", "directory", type=PATH, required=True, help="The directory of the copy.")
@click.option(
    "--log",
    "logs",
    multiple=True,
    metavar="VKEY",
    help="The log's verifier key; again for each of its keys.",
)
@click.option(
    "--trust",
    type=PATH,
    metavar="trust.json",
    help="Instead of --log, for a ledger's log: its keys are followed as its entries change them.",
)
@click.option("--key", type=PATH, metavar="FILE", help="The mirror's private key, to cosign with.")
@click.option("--name", default="", help="The mirror's name; goes with --key.")
@click.option("--once", is_flag=True, help="Copy what there is now, and end.")
@click.option(
    "--every",
    type=click.FloatRange(0.1, 86_400),
    default=10.0,
    show_default=True,
    help="Seconds between two looks at the log.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(0, 65_535), help="Serve the copy here; 0: a free port.")
@json_option
def mirror(
    source: str,
    directory: Path,
    logs: tuple[str, ...],
    trust: Path | None,
    key: Path | None,
    name: str,
    once: bool,
    every: float,
    host: str,
    port: int | None,
    as_json: bool,
) -> None:
    """Copy a log, checking everything, and follow it. Ends with SIGTERM or Ctrl-C.

    A log that contradicts the copy is not followed: both checkpoints are kept in TO/evidence.
    """
    from standing.mirror import follow
    from standing.wire.notes import parse_vkey

    if bool(logs) == bool(trust):
        raise click.UsageError("Give either --log or --trust.")
    keys: list[NoteKey] = [parse_vkey(log) for log in logs]
    keys_for: KeysFor | None = None
    if trust is not None:
        first, keys_for = _from_trust(trust)
        keys.append(first)
    signing = load_signing_key(key) if key else None

    def one_round() -> "Followed":
        return follow(source, directory, keys, key=signing, name=name, keys_for=keys_for)

    if once:
        if port is not None:
            raise click.UsageError("--once ends after one look; it does not go with --port.")
        _show(one_round(), as_json=as_json)
        return
    following = _Following(one_round, every, as_json=as_json)
    if port is None:
        following.run_until_told()
    else:
        following.run_beside(directory, keys[0].name, host, port)
    if isinstance(following.problem, Broken | Usage):
        raise following.problem


def _from_trust(trust: Path) -> "tuple[NoteKey, KeysFor]":
    """Give a ledger's first checkpoint key, and how its later ones are found in its entries."""
    from standing.audit import checkpoint_keys_in, parse_trust
    from standing.wire.notes import ED25519_TYPE, NoteKey

    trusted = parse_trust(require_file(trust, "trust file"), where=str(trust))
    first = NoteKey(trusted.origin, ED25519_TYPE, trusted.checkpoint_key)
    return first, lambda entries: checkpoint_keys_in(entries, trusted)


class _Following:
    """Looks at the log again and again; `problem` is what the last look raised, if it did."""

    def __init__(self, one_round: _Round, every: float, *, as_json: bool) -> None:
        self._round = one_round
        self._every = every
        self._as_json = as_json
        self._stop = threading.Event()
        self.problem: StandingError | None = None

    def run_until_told(self) -> None:
        """Follow in this thread; a copy that is under way is left as it is, and goes on later."""
        signal.signal(signal.SIGTERM, _raise_stopped)
        signal.signal(signal.SIGINT, _raise_stopped)
        try:
            self._run()
        except _Stopped:
            return

    def run_beside(self, directory: Path, origin: str, host: str, port: int) -> None:
        """Follow in a thread while the copy is served in this one."""
        from standing.serve import MirrorApp, run

        def ready(listening: int) -> None:
            address = f"http://{host}:{listening}"
            show({"url": address}, f"Serving the mirror at {address}", as_json=self._as_json)
            thread.start()

        end_well_when_told()
        thread = threading.Thread(target=self._run_in_thread, daemon=True)
        run(MirrorApp(directory, origin), host=host, port=port, ready=ready)
        self._stop.set()

    def _run_in_thread(self) -> None:
        self._run()
        if not self._stop.is_set():
            os.kill(os.getpid(), signal.SIGTERM)  # ends the server in the other thread

    def _run(self) -> None:
        seen: Followed | None = None
        while not self._stop.is_set():
            try:
                done = self._round()
            except Usage as problem:  # looking again would not help
                self.problem = problem
                return
            except StandingError as problem:
                news = str(problem) != str(self.problem)
                self.problem = problem
                if news:
                    click.echo(str(problem), err=True)
            else:
                if done.added or seen is None or self.problem is not None:
                    _show(done, as_json=self._as_json)
                self.problem, seen = None, done
            self._stop.wait(self._every)


class _Stopped(BaseException):
    """The program was told to end."""


def _raise_stopped(*_: object) -> NoReturn:
    raise _Stopped


def _show(done: "Followed", *, as_json: bool) -> None:
    value = {
        "size": done.size,
        "added": done.added,
        "source_size": done.source_size,
        "missing_documents": list(done.missing),
    }
    text = f"Holds {done.size} entries, {done.added} of them new."
    if done.source_size < done.size:
        text += f" The source serves an older checkpoint, of {done.source_size}."
    if done.missing:
        text += f" {len(done.missing)} public documents are not to be had."
    show(value, text, as_json=as_json)
