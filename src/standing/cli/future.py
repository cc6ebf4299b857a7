"""`forecast`, `what-if`: what a score becomes, by the passing of days or by what might happen."""

from pathlib import Path

import click

from standing.cli.options import json_option, ledger_option, show


@click.command()
@click.argument("subject")
@click.option("--context", required=True)
@ledger_option
@json_option
def forecast(subject: str, context: str, directory: Path, as_json: bool) -> None:
    """Show each change of SUBJECT's score in the next 24 months, if nothing new happens."""
    from standing.ledger import open_ledger
    from standing.ledger.facts import forecast_text, outlooks_facts

    with open_ledger(directory, read_only=True) as ledger:
        name = ledger.pseudonym(subject, context)
        outlooks = ledger.forecast(subject, context)
    value = {"subject": name, "context": context, "outlooks": outlooks_facts(outlooks)}
    show(value, forecast_text(name, context, outlooks), as_json=as_json)


@click.command("what-if")
@click.argument("subject")
@click.option("--context", required=True)
@click.option("--annul", "annulled", multiple=True, metavar="RECORD",
              help="Suppose that this record (r_...) were annulled; repeat for more.")  # fmt: skip
@click.option("--add", "added", multiple=True, metavar="TYPE[=COUNT]",
              help="Suppose that such acts came today; repeat for more.")  # fmt: skip
@ledger_option
@json_option
def what_if(
    subject: str,
    context: str,
    annulled: tuple[str, ...],
    added: tuple[str, ...],
    directory: Path,
    as_json: bool,
) -> None:
    """Show SUBJECT's score if records were annulled, or if acts came. Nothing is changed."""
    from standing.ledger import open_ledger
    from standing.ledger.facts import what_if_facts, what_if_text

    if not annulled and not added:
        raise click.UsageError("Give --annul RECORD or --add TYPE=COUNT.")
    more = [code for one in added for code in _acts(one)]
    with open_ledger(directory, read_only=True) as ledger:
        supposed = ledger.what_if(subject, context, annulled=annulled, more=more)
    show(what_if_facts(supposed), what_if_text(supposed), as_json=as_json)


def _acts(text: str) -> list[str]:
    """Read TYPE or TYPE=COUNT; a count so large that it makes no sense is refused by the verb."""
    code, sign, number = text.partition("=")
    if sign and not (number.isascii() and number.isdigit() and int(number[:9]) > 0):
        raise click.UsageError(f"--add wants TYPE or TYPE=COUNT, got {text!r}.")
    return [code] * min(int(number[:9] or 1), 1_000)
