"""`pack new`, `show` and `diff`: packs as people write and read them; `rules` publishes them."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from standing.cli.options import PATH, json_option, ledger_option, require_file, show
from standing.errors import Refused

if TYPE_CHECKING:
    from standing.policy import Pack

_PLAIN: Final = "transit"  # the sample without restrictions and perks
_NOTICE_OF_RULES: Final = 30
_OF_A_LEDGER: Final = re.compile(r"[0-9a-f]{64}|[^/]+@[0-9]+")


@click.command()
@click.argument("context")
@click.option("-o", "file", type=PATH, required=True, metavar="FILE", help="Where to write it.")
@click.option("--from", "name", metavar="NAME", help="A shipped sample (default: as the context).")
@click.option("--day", metavar="DAY", help="When it is to be published (default: today).")
@json_option
def new(context: str, file: Path, name: str | None, day: str | None, as_json: bool) -> None:
    """Write a commented starter pack from a shipped sample.

    It names the shipped catalogue, is published today, or on DAY, and in force 30 days later. It
    passes the linter as it is; no file is overwritten.
    """
    text = _starter(context, name, day)
    try:
        with file.open("x", encoding="utf-8") as out:
            out.write(text)
    except OSError as problem:
        raise Refused(
            "E-PACK-26",
            f"The starter pack cannot be written to {str(file)!r}.",
            why=f"{problem.strerror}. It goes to a new file; nothing is overwritten.",
            fix="Name another file.",
            where=str(file),
        ) from None
    show({"file": str(file)}, f"Wrote {file}. Check it: standing pack lint {file}", as_json=as_json)


def _starter(context: str, name: str | None, published: str | None) -> str:
    import hashlib

    from standing import policy
    from standing.engine import RealClock, today
    from standing.packs import NAMES, shipped, starter
    from standing.wire.days import format_day, parse_day

    chosen = name or (context if context in NAMES else _PLAIN)
    if chosen not in NAMES:
        raise Refused(
            "E-PACK-27",
            f"No sample is called {chosen!r}.",
            why=f"The samples are {', '.join(NAMES)}.",
            fix="Give one of them: --from NAME.",
        )
    acts = policy.parse_catalogue(shipped("catalogue"))
    day = today(RealClock()) if published is None else parse_day(published)
    text = starter(
        shipped(chosen).decode(),
        name=chosen,
        old=policy.parse_pack(shipped(chosen)).context,
        context=context,
        catalogue=hashlib.sha256(policy.canonical(acts)).hexdigest(),
        linter=policy.LINTER_VERSION,
        days=[format_day(day), format_day(day + _NOTICE_OF_RULES)],
    )
    policy.load_pack(text.encode(), acts)  # a context that is no code is refused here
    return text


@click.command("show")
@click.argument("pack", metavar="FILE")
@ledger_option
@json_option
def show_pack(pack: str, directory: Path, as_json: bool) -> None:
    """Print a pack in plain words, with what its weights come to.

    FILE may be a pack of the ledger too: a digest, or CONTEXT@VERSION.
    """
    import json

    import msgspec

    from standing import policy

    found = _read(pack, directory)
    value = {
        "pack": json.loads(policy.canonical(found)),
        "arithmetic": msgspec.to_builtins(policy.arithmetic(found)),
    }
    show(value, policy.show_text(found), as_json=as_json)


@click.command()
@click.argument("old", metavar="A")
@click.argument("new", metavar="B")
@ledger_option
@json_option
def diff(old: str, new: str, directory: Path, as_json: bool) -> None:
    """Say in words how pack B differs from pack A, and whom it helps.

    A and B are files, or packs of the ledger: a digest, or CONTEXT@VERSION.
    """
    import msgspec

    from standing import policy
    from standing.wire.days import format_day

    found = policy.diff_packs(_read(old, directory), _read(new, directory))
    value = msgspec.to_builtins(found)
    value |= {name: format_day(value[name]) for name in ("old_force", "new_force")}
    show(value, policy.diff_text(found), as_json=as_json)


def read_pack_bytes(name: str, directory: Path) -> bytes:
    """Read a pack as written in a file, or as published: by digest, or CONTEXT@VERSION."""
    from standing import policy
    from standing.ledger import open_ledger

    path = Path(name)
    if path.is_file() or not _OF_A_LEDGER.fullmatch(name):
        return require_file(path, "pack")
    with open_ledger(directory, read_only=True) as ledger:
        return policy.canonical(ledger.pack(name))


def _read(name: str, directory: Path) -> "Pack":
    from standing import policy

    return policy.parse_pack(read_pack_bytes(name, directory))
