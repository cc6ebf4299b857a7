"""The demo in a browser: a page from the first second, the city when it is made, and its links."""

import json
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import click

from standing.demo import City, Watched, make_city, watch
from standing.errors import StandingError
from standing.ledger import open_ledger
from standing.serve import LogServer, Settings, serving
from standing.web import Settings as SiteSettings
from standing.web import Verification, Waiting, make_site, new_links

_HOST: Final = "127.0.0.1"
_ROLES: Final = {
    "a subject": "", "a reviewer": "review-board", "an issuer": "road-police",
    "a relying party": "car-share", "a rule-maker": "council",
}  # fmt: skip
_LOOK_SECONDS: Final = 0.2

Made = Callable[[City, Watched, str, dict[str, str]], None]


def show_city(
    directory: Path,
    seed: int,
    subjects: int,
    port: int,
    progress: Callable[[str, int, int], None],
    made: Made,
    *,
    patience: float | None,
    quiet: bool,
) -> bool:
    """Make the city and serve it until told to stop; tells whether nothing failed to verify.

    `made` is called when its pages answer. With `patience`, it also ends when it is verified and
    nobody has asked for anything for so many seconds.
    """
    waiting = Waiting()

    def told(phase: str, done: int, total: int) -> None:
        waiting.told = f"{phase}: {done:,} / {total:,}"
        progress(phase, done, total)

    with serving(waiting, host=_HOST, port=_free(port)) as address:
        url = address.replace(_HOST, "localhost")
        click.echo(f"Pages answer at {url}", err=True)
        city = make_city(directory, seed=seed, subjects=subjects, progress=told)
        watched = watch(directory)
        return _serve(directory, city, watched, waiting, url, made, patience, quiet=quiet)


def _serve(
    directory: Path, city: City, watched: Watched, waiting: Waiting, url: str, made: Made,
    patience: float | None, *, quiet: bool,
) -> bool:  # fmt: skip
    keys = directory / "demo-keys"
    against = watched.directory / "checkpoint"
    verification = Verification(f"standing verify {directory} --against {against}")
    stopped: list[StandingError] = []
    ended = threading.Event()

    def stop(problem: StandingError) -> None:
        stopped.append(problem)
        ended.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    names = {**_ROLES, "a subject": city.resident}
    paths = new_links(directory, keys, [name for name in names.values() if name])
    links = {f"{role} ({name})": url + paths[name] for role, name in names.items() if name in paths}
    with open_ledger(directory) as ledger:
        site = make_site(SiteSettings(demo_keys=keys, verification=verification))
        try:
            waiting.hand_over(LogServer(ledger, Settings(helpers=0), stop, site))
            made(city, watched, url, links)
            _verify(directory, against, verification, ended, quiet=quiet)
            verified = time.monotonic()
            while not ended.wait(_LOOK_SECONDS):
                quiet_seconds = min(waiting.quiet_seconds, time.monotonic() - verified)
                if patience is not None and quiet_seconds > patience:
                    break
        finally:
            waiting.close()
    if stopped:
        raise stopped[0]
    return bool(verification.facts["state"] != "failed")


def _verify(
    directory: Path, against: Path, verification: Verification, ended: threading.Event,
    *, quiet: bool,
) -> None:  # fmt: skip
    """Verify in a process of its own, as a stranger would, while the pages answer."""
    words = ["verify", str(directory), "--against", str(against), "--json"]
    code = "from standing.cli import main; main()"
    with subprocess.Popen([sys.executable, "-c", code, *words], stdout=subprocess.PIPE) as process:  # noqa: S603 - this program
        while process.poll() is None and not ended.wait(_LOOK_SECONDS):
            pass
        if ended.is_set():
            process.kill()
            return
        out = process.communicate()[0]
    facts = json.loads(out)
    verification.finish(facts)
    if not quiet:
        held = "Everything that was checked holds." if facts["ok"] else "This ledger does NOT hold."
        click.echo(f"Verified {facts['log_size']:,} entries beside the pages. {held}")


def _free(port: int) -> int:
    """Give the port, or a free one (0) where somebody has it."""
    with socket.socket() as trying:
        trying.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trying.bind((_HOST, port))
        except OSError:
            return 0
    return port
