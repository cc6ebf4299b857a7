"""`backup` and `restore`: a ledger and its keys, to two places and back."""

from pathlib import Path

import click

from standing.cli.options import PATH, json_option, ledger_option, open_for, show, today_option
from standing.errors import EXIT_UNREACHABLE


@click.group(invoke_without_command=True)
@click.option("--to", type=PATH, metavar="A", help="Where the ledger is copied to.")
@click.option("--keys-to", type=PATH, metavar="B", help="Where its keys are copied to.")
@ledger_option
@today_option
@json_option
@click.pass_context
def backup(
    ctx: click.Context,
    to: Path | None,
    keys_to: Path | None,
    directory: Path,
    today: str | None,
    as_json: bool,
) -> None:
    """Copy a ledger and its keys to two places, which replaces what was copied before.

    Let nobody hold both. The ledger remembers where its keys were copied to: an erasure replaces
    that copy in the same act, and every tick renews it once it is a day old.
    """
    if ctx.invoked_subcommand is not None:
        return
    if to is None or keys_to is None:
        raise click.UsageError("Give --to and --keys-to, two places that nobody holds alike.")
    with open_for(directory, today) as ledger:
        note = ledger.backup(to, keys_to)
    text = f"The ledger is copied to {note.to}, its keys to {note.keys_to}."
    if note.former:
        text += (
            f"\nATTENTION: older copies of the keys may lie in {', '.join(note.former)}. They"
            " cannot be reached: destroy them. Every standing tick tries again."
        )
    value = {"to": note.to, "keys_to": note.keys_to, "former": list(note.former)}
    show(value, text, as_json=as_json)
    if note.former:
        raise click.exceptions.Exit(EXIT_UNREACHABLE)


@backup.command("status")
@ledger_option
@json_option
def status(directory: Path, as_json: bool) -> None:
    """Say where the copies lie, how old they are, and whether one can open what was erased."""
    from standing.ledger import open_ledger

    with open_ledger(directory, read_only=True) as ledger:
        found = ledger.backup_status()
    if found is None:
        text = "Nothing was copied yet: standing backup --to A --keys-to B."
        show({"backup": None}, text, as_json=as_json)
        return
    lines = [
        f"The ledger: {found.note.to}, {found.age_days} days old."
        if found.note.made
        else f"The ledger: NOT copied to {found.note.to} yet.",
        f"Its keys: {found.note.keys_to}, {found.keys_age_days} days old."
        if found.note.keys_made
        else f"Its keys: NOT copied to {found.note.keys_to} yet.",
    ]
    if found.is_behind:
        lines.append("ATTENTION: that copy of the keys can open what was erased since.")
    if found.problem is not None:
        lines.append(f"ATTENTION: {found.problem.what} {found.problem.why} {found.problem.fix}")
    lines += [
        f"ATTENTION: older keys may lie in {place}: destroy them." for place in found.note.former
    ]
    value = {
        "to": found.note.to,
        "age_days": found.age_days if found.note.made else None,
        "keys_to": found.note.keys_to,
        "keys_age_days": found.keys_age_days if found.note.keys_made else None,
        "opens_erased": found.is_behind,
        "former": list(found.note.former),
        "error": found.problem.as_dict() if found.problem else None,
    }
    show({"backup": value}, "\n".join(lines), as_json=as_json)


@click.command()
@click.option("--from", "copy", type=PATH, required=True, metavar="A", help="The ledger's copy.")
@click.option("--keys-from", type=PATH, required=True, metavar="B", help="The copy of its keys.")
@ledger_option
@click.option("--today", metavar="DAY", help="On a simulated ledger: which day it is.")
@json_option
def restore(copy: Path, keys_from: Path, directory: Path, today: str | None, as_json: bool) -> None:
    """Bring a ledger back from its two copies, into a new folder: verified, or not at all.

    What was erased after the copy is erased again first. Keys older than seven days are refused.
    """
    from standing.engine import SimulatedClock
    from standing.ledger import restore as bring_back
    from standing.ledger.facts import verification_text
    from standing.wire.days import format_day, parse_day

    clock = SimulatedClock(parse_day(today)) if today is not None else None
    done = bring_back(directory, copy, keys_from, clock=clock)
    day = format_day(done.made // 86_400)
    text = (
        f"Brought back: {done.log_size} entries, as of {day}."
        f" {done.erased} leaves were erased again.\n{verification_text(done.verification)}"
    )
    value = {"log_size": done.log_size, "made": day, "erased": done.erased, "verified": True}
    show(value, text, as_json=as_json)
