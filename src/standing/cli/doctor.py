"""`doctor`: whether a ledger can do its work today."""

import json
from pathlib import Path

import click

from standing.cli.options import json_option, ledger_option
from standing.errors import EXIT_REFUSED

_SIGNS = {"ok": "ok       ", "attention": "ATTENTION", "failed": "FAILED   "}
_WIDE = len("outside copies")


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

    findings = []
    for one in look_over(directory):  # a large database takes a while: say each when it is found
        findings.append(asdict(one))
        if not as_json:
            click.echo(f"  {_SIGNS[one.state]} {one.name:<{_WIDE}}  {one.said}")
            if one.fix:
                click.echo(f"  {'':9} {'':<{_WIDE}}  do: {one.fix}")
    is_well = all(one["state"] != "failed" for one in findings)
    if as_json:
        click.echo(json.dumps({"ok": is_well, "findings": findings}, ensure_ascii=False))
    if not is_well:
        raise click.exceptions.Exit(EXIT_REFUSED)
