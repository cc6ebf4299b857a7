"""Options that many commands share, and how they print."""

import json
import signal
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any, TypeVar

import click

from standing.errors import Refused, Usage
from standing.wire.keys import KeyFile, SigningKey, load_key_file

_F = TypeVar("_F", bound=Callable[..., Any])

PATH = click.Path(path_type=Path)


def ledger_option(function: _F) -> _F:
    """Add `--ledger DIR` (default $STANDING_LEDGER, else ./ledger)."""
    return click.option(
        "--ledger",
        "directory",
        type=PATH,
        envvar="STANDING_LEDGER",
        default=Path("ledger"),
        show_default=True,
        help="The ledger's directory.",
    )(function)


def server_option(function: _F) -> _F:
    """Add `--server URL`: the same on a ledger that is served elsewhere."""
    return click.option(
        "--server", metavar="URL", envvar="STANDING_SERVER",
        help="A ledger served elsewhere, instead of --ledger; keys stay here.",
    )(function)  # fmt: skip


def trust_option(function: _F) -> _F:
    """Add `--trust trust.json`: with --server, what the ledger's log is judged by."""
    return click.option(
        "--trust", type=PATH, metavar="trust.json",
        help="With --server: take the answer key from the log that this names, read and judged.",
    )(function)  # fmt: skip


def json_option(function: _F) -> _F:
    """Add `--json`: standard output is exactly one JSON object."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")(function)


def today_option(function: _F) -> _F:
    """Add `--today DAY`, which moves a simulated clock forward."""
    return click.option(
        "--today", metavar="DAY", help="On a simulated ledger: move its clock forward to DAY first."
    )(function)


def key_option(help_text: str) -> Callable[[_F], _F]:
    """Add a required `--key FILE`."""
    return click.option("--key", "key", type=PATH, required=True, metavar="FILE", help=help_text)


def open_for(directory: Path, today: str | None = None) -> Any:
    """Open a ledger for writing, its simulated clock moved if asked."""
    from standing.ledger import open_ledger
    from standing.wire.days import parse_day

    ledger = open_ledger(directory)
    if today is not None:
        try:
            ledger.advance_to(parse_day(today))
        except BaseException:
            ledger.close()
            raise
    return ledger


def reach(
    directory: Path, server: str | None, today: str | None = None, *, trust: Path | None = None
) -> Any:
    """Open a ledger here, or reach one that is served elsewhere; for a `with` block."""
    if server is None:
        _check_beside(trust)
        return open_for(directory, today)
    from standing.audit import parse_trust
    from standing.client import Client

    if today is not None:
        raise click.UsageError("--today moves a clock here: leave it out with --server.")
    if trust is None:
        return nullcontext(Client(server))
    data = require_file(trust, "trust file")
    return nullcontext(Client(server, parse_trust(data, where=str(trust))))


def _check_beside(trust: Path | None) -> None:
    if trust is not None:
        raise click.UsageError("--trust goes with --server: a ledger here has its own.")


def read(directory: Path, server: str | None, trust: Path | None = None) -> Any:
    """Open a ledger here for reading, or reach one that is served elsewhere; for a `with` block.

    Both have the same verbs; here they take whom somebody is about, there who asks: see `whom`.
    """
    if server is None:
        from standing.ledger import open_ledger

        _check_beside(trust)
        return open_ledger(directory, read_only=True)
    return reach(directory, server, trust=trust)


def whom(subject: str, server: str | None) -> Any:
    """Read SUBJECT for a verb that reads: a name or a key here, one's own private key there."""
    path = Path(subject)
    if path.is_file():
        return holder(path, server)
    if server is not None:
        raise click.UsageError("With --server, SUBJECT is the file of your own private key.")
    return subject


def holder(key: Path, server: str | None) -> Any:
    """Read a key file for a verb that asks who holds it: there a signature shows that."""
    return load_key(key).public if server is None else load_signing_key(key)


def signer(key: Path, server: str | None) -> Any:
    """Read a key file for a verb that signs with it."""
    return load_key(key) if server is None else load_signing_key(key)


def require_file(path: Path, what: str) -> bytes:
    """Read a small input file; raises `E-FILE-01` naming what it should have been."""
    try:
        return path.read_bytes()
    except OSError as problem:
        raise Usage(
            "E-FILE-01",
            f"The {what} cannot be read.",
            why=f"{problem.strerror}: {path.name}.",
            fix="Give the path of an existing file.",
            where=str(path),
        ) from None


def load_key(path: Path) -> KeyFile:
    """Read a key file that the caller named."""
    require_file(path, "key file")
    return load_key_file(path)


def load_signing_key(path: Path) -> SigningKey:
    """Read the private key in a key file; raises `E-KEY-16` for a public one."""
    found = load_key_file(path).key
    if found is None:
        raise Refused(
            "E-KEY-16",
            "This needs a private key.",
            why="The file holds only the public half.",
            fix="Give --key the file without .pub.",
            where=str(path),
        )
    return found


def end_well_when_told() -> None:
    """Let a server that SIGTERM or Ctrl-C stopped return to its caller.

    uvicorn raises the signal once more when it has stopped; by default that would end the process
    before anything is closed or said.
    """
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)


def row_line(row: Any) -> str:
    """Write a bad row on one line: what is wrong with it and what to do."""
    reason, remedy = (text.rstrip(".") for text in (row.reason, row.remedy))
    return f"  row {row.row}: {reason}. {remedy[:1].upper()}{remedy[1:]}. [{row.code}]"


def show(value: dict[str, Any], text: str, *, as_json: bool) -> None:
    """Print a result, for people or for programs."""
    click.echo(json.dumps(value, ensure_ascii=False) if as_json else text)


def check_output(path: Path | None) -> None:
    """Refuse a place for a result before the work is done; raises `E-FILE-06`."""
    if path is not None and (path.is_dir() or not path.absolute().parent.is_dir()):
        raise _unwritable(path, "It is a folder." if path.is_dir() else "Its folder is not there.")


def write_output(path: Path, data: bytes) -> None:
    """Put a command's result into a file, whole or not at all; raises `E-FILE-06`."""
    check_output(path)
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        unfinished.write_bytes(data)
        unfinished.replace(path)
    except OSError as problem:
        unfinished.unlink(missing_ok=True)
        raise _unwritable(path, f"{problem.strerror}.") from None


def _unwritable(path: Path, why: str) -> Usage:
    return Usage(
        "E-FILE-06",
        f"The result cannot be written to {str(path)!r}.",
        why=why,
        fix="Name a file in an existing folder that you may write.",
        where=str(path),
    )
