"""`forecast`, `what-if`: what a score becomes, by the passing of days or by what might happen."""

from pathlib import Path

import click

from standing.cli.options import json_option, ledger_option, read, server_option, show, whom


@click.command()
@click.argument("subject")
@click.option("--context", required=True)
@ledger_option
@server_option
@json_option
def forecast(
    subject: str, context: str, directory: Path, server: str | None, as_json: bool
) -> None:
    """Show each change of SUBJECT's score in the next 24 months, if nothing new happens.

    SUBJECT is a pseudonym, a reference, or a key file; with --server, your own key file.
    """
    import msgspec

    from standing.ledger.facts import forecast_text

    with read(directory, server) as ledger:
        told = ledger.outlook(whom(subject, server), context)
    show(msgspec.to_builtins(told), forecast_text(told), as_json=as_json)


@click.command("what-if")
@click.argument("subject")
@click.option("--context", required=True)
@click.option("--annul", "annulled", multiple=True, metavar="RECORD",
              help="Suppose that this record (r_...) were annulled; repeat for more.")  # fmt: skip
@click.option("--add", "added", multiple=True, metavar="TYPE[=COUNT]",
              help="Suppose that such acts came today; repeat for more.")  # fmt: skip
@ledger_option
@server_option
@json_option
def what_if(
    subject: str,
    context: str,
    annulled: tuple[str, ...],
    added: tuple[str, ...],
    directory: Path,
    server: str | None,
    as_json: bool,
) -> None:
    """Show SUBJECT's score if records were annulled, or if acts came. Nothing is changed.

    SUBJECT is a pseudonym, a reference, or a key file; with --server, your own key file.
    """
    import msgspec

    from standing.ledger.facts import what_if_text

    if not annulled and not added:
        raise click.UsageError("Give --annul RECORD or --add TYPE=COUNT.")
    more = [code for one in added for code in _acts(one)]
    with read(directory, server) as ledger:
        supposed = ledger.suppose(whom(subject, server), context, annulled=annulled, more=more)
    show(msgspec.to_builtins(supposed), what_if_text(supposed), as_json=as_json)


def _acts(text: str) -> list[str]:
    """Read TYPE or TYPE=COUNT; a count so large that it makes no sense is refused by the verb."""
    code, sign, number = text.partition("=")
    if sign and not (number.isascii() and number.isdigit() and int(number[:9]) > 0):
        raise click.UsageError(f"--add wants TYPE or TYPE=COUNT, got {text!r}.")
    return [code] * min(int(number[:9] or 1), 1_000)
