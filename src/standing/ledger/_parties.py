"""Relying parties that may not ask for a while: nothing here depends on whom they ask about."""

from collections.abc import Sequence
from typing import Final

from standing import charter
from standing.cases import recalls
from standing.errors import Refused
from standing.ledger._core import Core
from standing.vault import Followed, new_salt
from standing.wire.days import format_day
from standing.wire.keys import KeyFile, SigningKey

FIRST_DAYS: Final = 7
LAST_DAYS: Final = 184
FEWEST: Final = 20
MOST_PERCENT: Final = 5


def party_key(core: Core, key: KeyFile) -> tuple[SigningKey, charter.Accreditation]:
    """Take the private key of a relying party on the roll; raises `E-KEY-13`."""
    right = check_party(core, key.public.thumbprint)
    if key.key is None:
        raise _no_party()
    return key.key, right


def check_party(core: Core, kid: bytes) -> charter.Accreditation:
    """Give the right of a relying party's key on the roll; raises `E-KEY-13`."""
    right = core.state.roll.keys.get(kid)
    if right is None or right.role != "relying-party":
        raise _no_party()
    return right


def _no_party() -> Refused:
    return Refused(
        "E-KEY-13",
        "This needs the private key of an accredited relying party.",
        why="The key given is another's, or the public half alone.",
        fix="Give --key the relying party's own file.",
    )


def check_free(core: Core, party: bytes) -> None:
    """Refuse a question under a key that is suspended; raises `E-DECIDE-08` or `-09`."""
    refusal = suspension(core, party)
    if refusal is not None:
        # kept for the next question: without the frames of this one
        raise refusal.with_traceback(None)


def suspension(core: Core, party: bytes) -> Refused | None:
    """Tell why a key may not ask today, or nothing."""
    stamp = (core.today, core.vault.asked.changes)
    known = core.suspensions.get(party)
    if known is None or known[0] != stamp:
        known = stamp, _why_suspended(core, party)
        core.suspensions[party] = known
    return known[1]


def suspended(core: Core) -> dict[str, Refused]:
    """Name the relying parties' keys that may not ask today, and why."""
    found = {}
    for kid, right in core.state.roll.keys.items():
        refusal = suspension(core, kid) if right.role == "relying-party" else None
        if refusal is not None:
            found[f"{right.name} {kid.hex()[:16]}"] = refusal
    return found


def _why_suspended(core: Core, party: bytes) -> Refused | None:
    overdue = core.vault.asked.overdue(party, core.today)
    if overdue:
        return Refused(
            "E-DECIDE-08",
            "This key may not ask until it has confirmed what it deleted.",
            why=f"{overdue} recalled answers are unconfirmed after"
            f" {recalls.CONFIRM_WORKING_DAYS} working days (L64).",
            fix="Delete them and say so: standing recalls confirm --key FILE.",
        )
    first, last = core.today - LAST_DAYS, core.today - FIRST_DAYS
    asked, without = core.vault.asked.unfollowed(party, first, last)
    if asked >= FEWEST and without * 100 > asked * MOST_PERCENT:
        return Refused(
            "E-DECIDE-09",
            "This key may not ask: too many of its questions led to nothing.",
            why=f"Of its {asked} questions from {format_day(max(first, 0))} to {format_day(last)},"
            f" {without} name a transaction that it has not reported; {MOST_PERCENT} % may (L68).",
            fix="Report the transactions that took place: standing followed --key FILE ID...",
        )
    return None


def take_followed(core: Core, signed: bytes) -> int:
    """Keep which transactions took place; gives how many. Raises `E-DECIDE-13`."""
    core.check_clock()
    _, party, said = recalls.read_followed(core.state, signed)
    check_today(core, said.day)
    check_known(core, party, said.transactions)
    with core.vault.transaction(is_bookkeeping=True):
        core.vault.add(Followed(new_salt(), core.today, signed))
        for transaction in said.transactions:
            core.vault.asked.follow(party, transaction)
    core.commit([])
    return len(said.transactions)


def followed(core: Core, key: KeyFile, transactions: Sequence[str]) -> int:
    """Say which transactions took place, with a key at hand; gives how many."""
    signing, right = party_key(core, key)
    for start in range(0, len(transactions), recalls.MAX_NAMED):
        some = tuple(transactions[start : start + recalls.MAX_NAMED])
        said = recalls.FollowedSaid(core.today, some)
        take_followed(core, recalls.sign_followed(signing, right.name, said))
    return len(transactions)


def check_known(core: Core, party: bytes, transactions: Sequence[str]) -> None:
    """Refuse transactions that a key never asked about; raises `E-DECIDE-13`."""
    unknown = [t for t in transactions if core.vault.asked.earlier(party, t) is None]
    if unknown:
        raise Refused(
            "E-DECIDE-13",
            f"This key asked nothing about the transaction {unknown[0]!r}.",
            why=f"{len(unknown)} of {len(transactions)} are not known under it.",
            fix="Name transactions as its questions named them; nothing was taken.",
        )


def check_today(core: Core, day: int) -> None:
    """Refuse a message of another day; raises `E-DECIDE-05`."""
    if day != core.today:
        raise Refused(
            "E-DECIDE-05",
            "The message was not made today.",
            why="An old one could be a copy of somebody else's.",
            fix="Sign a new one.",
        )
