"""`stop` and `erase`: leaving without a key, and being forgotten."""

from pathlib import Path
from typing import Any

import click

from standing.cli.options import (
    json_option,
    key_option,
    ledger_option,
    load_signing_key,
    open_for,
    show,
    today_option,
)
from standing.errors import EXIT_UNREACHABLE


@click.group()
def stop() -> None:
    """Stop somebody's recording without their key; undo that with it."""


@stop.command()
@click.argument("name")
@click.option("--context", required=True)
@key_option("A desk's private key, or that of an issuer which knows the person as NAME.")
@ledger_option
@today_option
@json_option
def request(
    name: str, context: str, key: Path, directory: Path, today: str | None, as_json: bool
) -> None:
    """Stop whoever is known as NAME (a pseudonym, a card, an account), at once.

    No record, no score and no answer from now on. It can be undone with the person's own key for
    14 days. The answer is the same whether or not anybody is known by that name.
    """
    with open_for(directory, today) as ledger:
        asked = ledger.freeze(name, context, key=load_signing_key(key))
    show(
        _facts(asked), f"Whoever it is, is stopped. The request is {_text(asked)}.", as_json=as_json
    )


@stop.command()
@click.argument("case")
@key_option("The private key of: the person, who has their mandate, a desk.")
@ledger_option
@today_option
@json_option
def confirm(case: str, key: Path, directory: Path, today: str | None, as_json: bool) -> None:
    """Make the request CASE (c_...) final before its 14 days are over."""
    with open_for(directory, today) as ledger:
        done = ledger.confirm_stop(case, key=load_signing_key(key))
    show(_facts(done), f"The request is {_text(done)}.", as_json=as_json)


@stop.command()
@key_option("The person's own private key.")
@click.option("--context", required=True)
@ledger_option
@today_option
@json_option
def resume(key: Path, context: str, directory: Path, today: str | None, as_json: bool) -> None:
    """Undo a stop, from today on, with your own key."""
    with open_for(directory, today) as ledger:
        pseudonym = ledger.resume(load_signing_key(key), context)
    value = {"subject": pseudonym, "context": context, "resumed": True}
    show(value, f"Your consent in {context} holds again.", as_json=as_json)


def _facts(asked: Any) -> dict[str, Any]:
    from standing.wire.days import format_day

    return {"case": asked.case, "day": format_day(asked.day), "final": format_day(asked.final)}


def _text(asked: Any) -> str:
    facts = _facts(asked)
    return f"{facts['case']} of {facts['day']}, final on {facts['final']}"


@click.command()
@key_option("Your own private key; or a desk's, with --subject.")
@click.option("--context", help="In one context.")
@click.option("--all", "everything", is_flag=True, help="Everywhere, with key, age and contacts.")
@click.option("--subject", default="", help="At a desk: whom, by pseudonym or reference.")
@ledger_option
@today_option
@json_option
def erase(
    key: Path,
    context: str | None,
    everything: bool,
    subject: str,
    directory: Path,
    today: str | None,
    as_json: bool,
) -> None:
    """Forget all that is held, at once: records, files, references, names, keys.

    Whoever has not withdrawn does so with it. Read your report first if you want to keep a copy:
    nothing brings it back. What is in the public log was never about you by name, and stays.
    """
    if everything == (context is not None):
        raise click.UsageError("Give --context, or --all.")
    with open_for(directory, today) as ledger:
        done = ledger.erase(context, key=load_signing_key(key), subject=subject)
    show_erased(done, as_json=as_json)


def show_erased(done: Any, *, as_json: bool) -> None:
    """Print what an erasure did, and loudly what it could not do."""
    where = ", ".join(done.contexts) or "every context"
    text = f"Erased in {where}."
    if done.documents:
        text = f"Erased in {where}: {done.records} records, {done.documents} documents."
    if not done.complete:
        text += (
            "\nATTENTION: another process reads this ledger, and keeps older bytes in a file."
            " They go with the next: standing tick."
        )
    problem = done.key_backup.problem
    if problem is not None:
        text += (
            f"\nATTENTION: the copy of the keys in {done.key_backup.place} was NOT replaced, and"
            f" can still open what was erased here. {problem.why} {problem.fix}"
        )
    value = {
        "contexts": list(done.contexts),
        "documents": done.documents,
        "records": done.records,
        "complete": done.complete,
        "key_backup": key_backup_facts(done.key_backup),
    }
    show(value, text, as_json=as_json)
    if problem is not None:
        raise click.exceptions.Exit(EXIT_UNREACHABLE)


def key_backup_facts(renewed: Any) -> dict[str, Any] | None:
    """Give what became of the copy of the keys; nothing where there is none."""
    if not renewed.place:
        return None
    problem = renewed.problem.as_dict() if renewed.problem else None
    return {"place": renewed.place, "replaced": problem is None, "error": problem}
