"""`doctor`: whether a ledger can do its work today."""

from pathlib import Path

import click

from standing.cli.options import json_option, ledger_option, show
from standing.errors import EXIT_REFUSED

_SIGNS = {"ok": "ok       ", "attention": "ATTENTION", "failed": "FAILED   "}


@click.command()
@ledger_option
@json_option
def doctor(directory: Path, as_json: bool) -> None:
    """Look over a ledger: room, keys, clock, copies, messages, rights. Changes nothing.

    Works beside `standing serve`. Exits with 1 where something failed; what needs attention is
    said, and exits with 0. Whether the ledger is true is for `standing verify`.
    """
    from dataclasses import asdict

    from standing.ledger.doctor import look_over

    findings = list(look_over(directory))
    wide = max(len(one.name) for one in findings)
    lines = []
    for one in findings:
        lines.append(f"  {_SIGNS[one.state]} {one.name:<{wide}}  {one.said}")
        if one.fix:
            lines.append(f"  {'':9} {'':<{wide}}  do: {one.fix}")
    failed = [one for one in findings if one.state == "failed"]
    value = {"ok": not failed, "findings": [asdict(one) for one in findings]}
    show(value, "\n".join(lines), as_json=as_json)
    if failed:
        raise click.exceptions.Exit(EXIT_REFUSED)
