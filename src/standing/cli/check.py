"""`verify` and `tick`: check a ledger or a report; publish the marks that are due."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from standing.cli.options import (
    PATH,
    json_option,
    ledger_option,
    load_key,
    open_for,
    require_file,
    show,
    today_option,
)
from standing.errors import EXIT_PROOF_FAILED

if TYPE_CHECKING:
    from standing.audit import Verification


@click.command()
@click.argument("place", type=PATH, required=False, metavar="[DIR]")
@click.option("--against", type=PATH, metavar="CHECKPOINT", help="A checkpoint kept elsewhere.")
@click.option("--report", "report_file", type=PATH, metavar="FILE", help="Verify a report instead.")
@click.option("--trust", type=PATH, metavar="trust.json", help="With --report: what you trust.")
@click.option(
    "--key", type=PATH, metavar="FILE", help="With --report: its recipient's private key."
)
@ledger_option
@json_option
def verify(
    place: Path | None,
    against: Path | None,
    report_file: Path | None,
    trust: Path | None,
    key: Path | None,
    directory: Path,
    as_json: bool,
) -> None:
    """Check everything in a ledger's directory (or one report), offline. Exit 0, or 2."""
    from standing.audit import verify_ledger
    from standing.ledger.facts import verification_facts, verification_text

    if report_file is not None:
        result = _report(report_file, trust, key)
    else:
        outside = require_file(against, "checkpoint") if against else None
        result = verify_ledger(place or directory, outside)
    show(verification_facts(result), verification_text(result), as_json=as_json)
    if not result.ok:
        raise click.exceptions.Exit(EXIT_PROOF_FAILED)


def _report(report_file: Path, trust: Path | None, key: Path | None) -> "Verification":
    from standing.audit import parse_trust, verify_report
    from standing.engine import RealClock, today

    if trust is None or key is None:
        raise click.UsageError("--report needs --trust and --key.")
    trusted = parse_trust(require_file(trust, "trust file"), where=str(trust))
    recipient = load_key(key).key
    if recipient is None:
        raise click.UsageError("--key needs the recipient's private key.")
    # a simulated ledger's days are not this machine's: its reports do not expire here
    day = today(RealClock()) if trusted.clock == "real" else 0
    return verify_report(require_file(report_file, "report"), trusted, recipient, day)


@click.command()
@ledger_option
@today_option
@json_option
def tick(directory: Path, today: str | None, as_json: bool) -> None:
    """Do what is due: publish marks, recall, erase, renew the keys' copy, send notices.

    It never causes a legal effect.
    """
    from standing.ledger.inbox_text import ticked_facts, ticked_text

    with open_for(directory, today) as ledger:
        ticked = ledger.tick()
    show(ticked_facts(ticked), ticked_text(ticked), as_json=as_json)
