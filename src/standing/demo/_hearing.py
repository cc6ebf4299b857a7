"""The right to be heard, in the invented city: contests, a restriction, a reply.

Played after the year, so that every record's notice is over; with few residents some of it may
find nobody.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple

from standing.ledger import Ledger
from standing.wire.keys import SigningKey

REVIEWERS: Final = {"review-board": "Arbitration House", "second-review": "Consumer Institute"}
_DAYS: Final = 12
_WORDS: Final = "I was somewhere else that day, and can show it."
_RULING: Final = "The letter of the employer shows that it cannot have been this person."


class Plaintiff(NamedTuple):
    """A resident with a record that counts against them."""

    name: str
    key: SigningKey
    context: str
    issuer: str
    record: str
    rule: str


def burdened(
    ledger: Ledger, people: Sequence[tuple[SigningKey, dict[str, tuple[str, str]]]]
) -> Iterator[Plaintiff]:
    """Find residents with a record that counts against them, one record each, in order."""
    for key, references in people:
        for context, (issuer, reference) in references.items():
            found = _worst(ledger, reference, context)
            if found is not None:
                yield Plaintiff(ledger.pseudonym(reference, context), key, context, issuer, *found)
                break


def _worst(ledger: Ledger, reference: str, context: str) -> tuple[str, str] | None:
    reasons = ledger.score(reference, context).score.reasons
    past = ledger.today + _DAYS  # some are contested days later, and must count until then
    burdens = [r for r in reasons if r.counted < 0 and r.expires > past]
    worst = min(burdens, key=lambda r: (r.counted, r.record), default=None)
    return (worst.record, worst.rule) if worst else None


def be_heard(
    ledger: Ledger,
    advance: Callable[[int], None],
    plaintiffs: Sequence[Plaintiff],
    keys: dict[str, SigningKey],
    restricted: Plaintiff | None,
) -> dict[str, tuple[str, str, str]]:
    """Let twelve days pass in which people are heard; gives (case, subject, context) by what."""
    heard: dict[str, tuple[str, str, str]] = {}
    by_part = dict(zip(("lapsed", "reply", "won", "running"), plaintiffs, strict=False))
    if "lapsed" in by_part:
        heard["lapsed"] = _file(ledger, by_part["lapsed"])
    if restricted is not None:
        heard["restriction"] = _propose(ledger, restricted, keys["rail-operator"])
    if "reply" in by_part:
        heard["reply"] = _reply(ledger, by_part["reply"], keys)
    advance(8)
    if "won" in by_part:
        heard["won"] = _win(ledger, by_part["won"], keys)
    if restricted is not None:
        _decide(ledger, heard["restriction"][0], restricted, keys)
    advance(3)
    if "running" in by_part:
        heard["running"] = _file(ledger, by_part["running"])
    advance(1)
    return heard


def _file(ledger: Ledger, who: Plaintiff) -> tuple[str, str, str]:
    facts = {"target": "record", "named": who.record, "words": _WORDS}
    case = ledger.open_case(who.name, who.context, "contest", "file", facts, key=who.key)
    return case.name, who.name, who.context


def _win(ledger: Ledger, who: Plaintiff, keys: dict[str, SigningKey]) -> tuple[str, str, str]:
    facts = {"target": "record", "named": who.record, "words": _WORDS}
    letter = [("letter.txt", b"The employer confirms: at work all day.\n")]
    case = ledger.open_case(
        who.name, who.context, "contest", "file", facts, key=who.key, files=letter
    )
    answer = {"words": "Our officer was sure; we leave it to the reviewer."}
    case = ledger.step(case.name, "answer", answer, key=keys[who.issuer])
    opened = [who.record, *(leaf.hex() for leaf in case.first.files)]
    ruling = {"outcome": "annul", "reasons": _RULING, "opened": opened}
    case = ledger.step(case.name, "rule", ruling, key=keys["review-board"])
    return case.name, who.name, who.context


def _reply(ledger: Ledger, who: Plaintiff, keys: dict[str, SigningKey]) -> tuple[str, str, str]:
    facts = {"record": who.record, "words": "It was the first time, and I have apologised."}
    case = ledger.open_case(who.name, who.context, "reply", "reply", facts, key=who.key)
    ledger.step(case.name, "answer", {"words": "That is so."}, key=keys[who.issuer])
    return case.name, who.name, who.context


def _propose(ledger: Ledger, who: Plaintiff, asker: SigningKey) -> tuple[str, str, str]:
    facts = {
        "code": "no-high-speed",
        "records": [who.record],
        "days": 60,
        "words": "A serious record, as our conditions of carriage say.",
    }
    case = ledger.open_case(who.name, who.context, "restriction", "propose", facts, key=asker)
    return case.name, who.name, who.context


def _decide(ledger: Ledger, case: str, who: Plaintiff, keys: dict[str, SigningKey]) -> None:
    reviewer = keys["review-board"]
    ledger.step(case, "open", key=reviewer)
    decision = {
        "days": 30,
        "reasons": f"{who.rule} is proven; half of what was proposed is enough.",
        "opened": [who.record],
        "active_seconds": 240,
    }
    ledger.step(case, "decide", decision, key=reviewer)
