"""`pack diff`: packs as a person reads them; what touches a ledger's rules stands in `rules`."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from standing.cli.options import json_option, ledger_option, show

if TYPE_CHECKING:
    from standing.policy import Pack

_OF_A_LEDGER: Final = re.compile(r"[0-9a-f]{64}|[^/]+@[0-9]+")


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


def _read(name: str, directory: Path) -> "Pack":
    from standing import policy
    from standing.ledger import open_ledger, require_file

    path = Path(name)
    if path.is_file() or not _OF_A_LEDGER.fullmatch(name):
        return policy.parse_pack(require_file(path, "pack"))
    with open_ledger(directory, read_only=True) as ledger:
        return ledger.pack(name)
