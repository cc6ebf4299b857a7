"""What tests of answers share: a restriction in force, questions, and what is left of answers."""

import os
from itertools import count

PURPOSE = "high-speed-sale"
TRAIN = "the 10:05 ordinary train"
REASONS = "rail.forged-ticket of 2026-04-08 is proven."
_trips = count(1)


def party(stage, name="rail-sales"):
    return stage.key_file(name, "relying-party")


def question(stage, card="card-1", *, trip=None, alternative=TRAIN):
    trip = trip or f"booking-{next(_trips)}"
    return stage.ledger.ask(party(stage), "rail", PURPOSE, trip, card, os.urandom(16), alternative)


def answer(stage, card="card-1", **changes):
    return stage.ledger.decide(question(stage, card, **changes)).answer.answer


def propose(stage, days=60):
    facts = {
        "code": "no-high-speed", "records": [stage.forged], "days": days,
        "words": "A ticket that a court found to be forged.",
    }  # fmt: skip
    return stage.open("card-1", "restriction", "propose", facts, "rail-sales")


def decide(stage, case, days=60, by="review-board"):
    stage.step(case, "open", by=by)
    facts = {"days": days, "reasons": REASONS, "opened": [stage.forged], "active_seconds": 200}
    return stage.step(case, "decide", facts, by=by)


def restrict(stage, days=60):
    """Let a restriction of card-1 begin; eight days pass."""
    case = decide(stage, propose(stage, days), days)
    stage.move(8)
    return case


def contest(stage, record=None, by="resident", card="card-1"):
    facts = {"target": "record", "named": record or stage.forged, "words": "Not proven."}
    return stage.open(card, "contest", "file", facts, by)


def told(stage):
    """Name the transactions whose answers the party is told to delete."""
    return [one.recalled.transaction for one in stage.ledger.recalls(party(stage))]
