"""`decide`, `present`, `recalls`, `followed`: what relying parties ask, are told, and report."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from standing.cli.options import (
    PATH,
    holder,
    json_option,
    key_option,
    ledger_option,
    load_key,
    load_signing_key,
    reach,
    read,
    require_file,
    server_option,
    show,
    signer,
    today_option,
    trust_option,
    write_output,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from standing.ledger import RecallView


@click.command()
@key_option("The relying party's private key.")
@click.option("--purpose", required=True)
@click.option("--transaction", required=True, help="The booking or sale that this is for.")
@click.option("--reference", default="", help="How the relying party knows the person.")
@click.option("--presentation", type=PATH, metavar="FILE",
              help="What the person made for this question; in place of --reference.")  # fmt: skip
@click.option("--alternative", default="",
              help="The ordinary service that you offer instead, this route and day.")  # fmt: skip
@click.option("--context", help="The context (default: the only one of the key).")
@ledger_option
@server_option
@trust_option
@today_option
@json_option
def decide(
    key: Path,
    purpose: str,
    transaction: str,
    reference: str,
    presentation: Path | None,
    alternative: str,
    context: str | None,
    directory: Path,
    server: str | None,
    trust: Path | None,
    today: str | None,
    as_json: bool,
) -> None:
    """Ask one narrow question, once a transaction, and print the signed answer.

    By reference: clear, or a restriction in force. With a presentation: also a perk.
    """
    from standing.ledger.facts import decision_facts

    if bool(reference) == (presentation is not None):
        raise click.UsageError("Give --reference, or --presentation.")
    token = require_file(presentation, "presentation") if presentation else b""
    with reach(directory, server, today, trust=trust) as ledger:
        asker = signer(key, server)
        what = (context or _only_context(ledger, holder(key, server)), purpose, transaction)
        if server is not None:
            decision = ledger.decide(
                asker, *what, reference=reference, presentation=token, alternative=alternative
            )
        else:
            nonce = os.urandom(16)
            question = (
                ledger.ask_with(asker, *what, token, nonce, alternative)
                if token
                else ledger.ask(asker, *what, reference, nonce, alternative)
            )
            decision = ledger.decide(question)
    value = decision_facts(decision)
    show(value, f"{decision.answer.answer} (holds for 24 hours)", as_json=as_json)


def _only_context(ledger: Any, asker: Any) -> str:
    """Give the one context that a key may ask in."""
    contexts = ledger.holding(asker).contexts
    if len(contexts) != 1:
        raise click.UsageError("Give --context: the key is not for exactly one.")
    return str(contexts[0])


@click.command()
@key_option("Your own private key, or any other: nobody can tell.")
@click.option("--party", type=PATH, required=True, metavar="PARTY.pub",
              help="The public key of the one relying party that may use it.")  # fmt: skip
@click.option("--context", required=True)
@click.option("--purpose", required=True)
@click.option("--last-day", metavar="DAY", help="Today (the default) or tomorrow.")
@click.option("-o", "output", type=PATH, required=True, metavar="FILE")
@ledger_option
@server_option
@trust_option
@json_option
def present(
    key: Path,
    party: Path,
    context: str,
    purpose: str,
    last_day: str | None,
    output: Path,
    directory: Path,
    server: str | None,
    trust: Path | None,
    as_json: bool,
) -> None:
    """Make a token by which one relying party may ask once about you. Writes nothing else."""
    from standing.wire.days import format_day, parse_day

    with read(directory, server, trust) as ledger:
        day = parse_day(last_day) if last_day else ledger.today
        signing, asker = load_signing_key(key), load_key(party).public
        token = ledger.present(signing, asker, context, purpose, day)
    write_output(output, token)
    value = {"file": str(output), "bytes": len(token), "last_day": format_day(day)}
    show(value, f"Wrote {output}: good for one question, to {format_day(day)}.", as_json=as_json)


@click.group(invoke_without_command=True)
@click.option("--key", "key", type=PATH, metavar="FILE", help="The relying party's private key.")
@click.option("--all", "everyone", is_flag=True, help="Every party's, for the operator.")
@ledger_option
@server_option
@today_option
@json_option
@click.pass_context
def recalls(
    ctx: click.Context,
    key: Path | None,
    everyone: bool,
    directory: Path,
    server: str | None,
    today: str | None,
    as_json: bool,
) -> None:
    """Fetch the recalls of your answers: each no longer holds and is to be deleted."""
    if ctx.invoked_subcommand is not None:
        return
    if everyone == (key is not None):
        raise click.UsageError("Give --key, or --all.")
    if everyone and server is not None:
        raise click.UsageError("The operator looks beside the ledger: leave out --server.")
    with reach(directory, server, today) as ledger:
        value, lines = (
            _every(ledger) if key is None else _fetched(ledger.recalls_of(holder(key, server)))
        )
    show(value, "\n".join(lines), as_json=as_json)


def _fetched(recalled: "Sequence[RecallView]") -> tuple[dict[str, Any], list[str]]:
    listed = [
        {"transaction": one.transaction, "nonce": one.nonce, "message": one.message.hex()}
        for one in recalled
    ]
    lines = [f"{one.transaction}: no longer holds; delete it" for one in recalled]
    return {"recalls": listed}, lines or ["Nothing is recalled."]


def _every(ledger: Any) -> tuple[dict[str, Any], list[str]]:
    from standing.ledger.facts import recall_facts

    every, suspended = ledger.every_recall(), ledger.suspended()
    listed = [recall_facts(one, ledger.state, ledger.today) for one in every]
    lines = [f"{one['party']}  {one['transaction']}: {one['state']}" for one in listed]
    lines += [f"suspended: {name}: {refusal.why}" for name, refusal in suspended.items()]
    value = {
        "recalls": listed,
        "suspended": [{"key": name, "why": refusal.why} for name, refusal in suspended.items()],
    }
    return value, lines or ["Nothing is recalled."]


def _reports(function: "Callable[..., None]") -> "Callable[..., None]":
    """Add what a relying party's word on its transactions is given with."""
    for option in (json_option, today_option, server_option, ledger_option):
        function = option(function)
    return key_option("The relying party's private key.")(function)


def _report(
    verb: str, transactions: tuple[str, ...], *, key: Path, directory: Path, server: str | None,
    today: str | None,
) -> int:  # fmt: skip
    """Say something of transactions, here or there; gives of how many it holds."""
    with reach(directory, server, today) as ledger:
        return int(getattr(ledger, verb)(signer(key, server), transactions))


@recalls.command()
@click.argument("transactions", nargs=-1, metavar="[TRANSACTION]...")
@_reports
def confirm(transactions: tuple[str, ...], *, as_json: bool, **place: Any) -> None:
    """Confirm that recalled answers are deleted: those of some transactions, or all."""
    count = _report("confirm_recalls", transactions, **place)
    show({"confirmed": count}, f"{count} deletions confirmed.", as_json=as_json)


@click.command()
@click.argument("transactions", nargs=-1, required=True, metavar="TRANSACTION...")
@_reports
def followed(transactions: tuple[str, ...], *, as_json: bool, **place: Any) -> None:
    """Report the transactions that took place after your questions.

    A key with too many questions that led to nothing may not ask any more.
    """
    count = _report("followed", transactions, **place)
    show({"followed": count}, f"{count} transactions are reported.", as_json=as_json)
