"""A ledger that slept for a month equals one that was ticked daily."""

import shutil

import pytest

from standing.engine import SimulatedClock
from standing.ledger import Ticked, open_ledger
from standing.ledger._people import sign_document
from standing.wire.days import parse_day
from standing.wire.keys import SigningKey, load_key_file
from tests.unit.cases.conftest import TODAY

DAYS = 45
NONCE = b"n" * 16
UNEQUAL = {"outbox", "messages", "cursors", "marks", "documents"}
"""What was told when, and when documents were committed to: these are about ticks themselves."""


@pytest.fixture
def lived(stage):
    """Contests, restrictions, a withdrawal, an expiring consent, mandates: clocks of every kind."""
    resident, neighbour = stage.keys["resident"], stage.keys["neighbour"]
    restriction = stage.open(
        "card-1", "restriction", "propose",
        {"code": "no-high-speed", "records": [stage.forged], "days": 60,
         "words": "A ticket that a court found to be forged."}, "rail-sales",
    )  # fmt: skip
    stage.step(restriction, "open", by="review-board")
    stage.step(
        restriction, "decide",
        {"days": 60, "reasons": "rail.forged-ticket is proven.", "opened": [stage.forged],
         "active_seconds": 200}, by="review-board",
    )  # fmt: skip
    stage.open("card-1", "reply", "reply", {"record": stage.forged, "words": "So I heard."},
               "resident")  # fmt: skip
    stage.open(resident.public, "contact", "set", {"kind": "email", "address": "ann@example.org"},
               "resident", context="")  # fmt: skip
    stage.open(resident.public, "mandate", "give",
               {"key": stage.key_of("counter"), "kind": "adviser", "name": "Ada", "acts": ["read"],
                "until": TODAY + 10}, "resident", context="")  # fmt: skip
    stage.open(resident.public, "recovery", "ask",
               {"key": SigningKey.generate().public.cose_key()}, "counter", context="")  # fmt: skip
    record = stage.ledger.report("card-2", "rail")["contexts"][0]["records"][0]["record"]
    facts = {"target": "record", "named": record, "words": "No."}
    case = stage.open("card-2", "contest", "file", facts, "neighbour")
    stage.step(
        case, "rule",
        {"outcome": "uphold", "reasons": "It was seen by two people.", "opened": [record]},
        by="review-board",
    )  # fmt: skip
    stage.step(case, "take-back", by="neighbour")
    again = stage.open("card-2", "contest", "file", facts, "neighbour")
    assert again.state == "triage"  # time opens it, and time lets it lapse
    short = stage.ledger.draft_consent(neighbour.public, "rail", ["high-speed-sale"], days=30)
    stage.ledger.give_consent(sign_document(short, neighbour))
    other = SigningKey.generate()
    stage.ledger.enrol(other.public)
    stage.ledger.attest_adult(other.public, 5_000, by=stage.keys["registry-office"])
    stage.ledger.consent(other, "rail")
    stage.ledger.withdraw(other, "rail")
    return stage


def seen(ledger, stage):
    """Everything that anybody could be shown of people on the ledger's day."""
    resident = stage.keys["resident"].public
    return {
        "score": ledger.score("card-1", "rail").score,
        "forecast": ledger.forecast("card-1", "rail"),
        "cases": [ledger.cases(card, "rail") for card in ("card-1", "card-2")],
        "elsewhere": ledger.cases(resident, ""),
        "items": [one.item for one in ledger.inbox("card-2", "rail")],
        "all": [one.item for one in ledger.inbox(resident)],
        "work": ledger.worklist(stage.keys["review-board"].public),
    }


def answers(ledger, stage):
    """What a relying party is answered about each card, and about one that nobody has."""
    asker = load_key_file(stage.folder / "keys" / "rail-sales.key")
    said = []
    for number, card in enumerate(["card-1", "card-2", "card-9"]):
        question = ledger.ask(
            asker, "rail", "high-speed-sale", f"trip {number}", card, NONCE, "ordinary-train"
        )
        said.append(ledger.decide(question).answer.answer)
    return said


def tables(ledger):
    db = ledger._core.vault.db
    names = [n for (n,) in db.execute("SELECT name FROM sqlite_master WHERE type='table'")]
    return {
        name: sorted(db.execute(f"SELECT * FROM {name}"), key=repr)
        for name in names
        if name not in UNEQUAL
    }


def test_a_ledger_that_slept_for_a_month_equals_one_ticked_daily(lived, tmp_path):
    lived.ledger.close()
    awake, asleep = tmp_path / "awake", tmp_path / "asleep"
    for copy in (awake, asleep):
        shutil.copytree(lived.folder / "ledger", copy)
    clock = SimulatedClock(TODAY)
    with open_ledger(awake, clock=clock) as ledger:
        moved = 0
        for day in range(TODAY + 1, TODAY + DAYS + 1):
            clock.advance_to(day)
            moved += ledger.tick().clocks
        first, first_tables = seen(ledger, lived), tables(ledger)
        first["answers"] = answers(ledger, lived)
    with open_ledger(asleep, clock=SimulatedClock(TODAY + DAYS)) as ledger:
        once = ledger.tick()
        second, second_tables = seen(ledger, lived), tables(ledger)
        second["answers"] = answers(ledger, lived)
    assert moved > once.clocks > 0
    assert {case.state for case in first["cases"][0]} == {"begun", "said"}
    assert first["answers"] == ["no-high-speed", "clear", "clear"]
    for name, value in first.items():
        assert second[name] == value, name
    for name, rows in first_tables.items():
        assert second_tables[name] == rows, name


def test_a_tick_changes_nothing_that_anybody_is_shown(lived):
    lived.move(DAYS)
    before = seen(lived.ledger, lived)
    lived.ledger.tick()
    assert seen(lived.ledger, lived) == before


def test_a_second_tick_finds_nothing(lived):
    lived.move(DAYS)
    assert lived.ledger.tick().clocks > 0
    assert lived.ledger.tick() == Ticked()


def test_each_item_is_told_once_whether_ticked_daily_or_once(lived, tmp_path):
    lived.ledger.close()
    told = []
    for name, step in (("daily", 1), ("once", DAYS)):
        copy = tmp_path / name
        shutil.copytree(lived.folder / "ledger", copy)
        clock = SimulatedClock(TODAY)
        with open_ledger(copy, clock=clock) as ledger:
            for day in range(TODAY + step, TODAY + DAYS + 1, step):
                clock.advance_to(day)
                ledger.tick()
            rows = ledger._core.vault.db.execute("SELECT recipient, item FROM outbox").fetchall()
            inbox = {
                one.item.id
                for one in ledger.inbox(lived.keys["resident"].public)
                if one.item.day >= TODAY
            }
        told.append(sorted(rows))
        assert {item for _, item in rows} == inbox
    assert told[0] == told[1]


def test_a_month_is_told_of_on_the_days_that_it_had(lived):
    lived.move(DAYS)
    lived.ledger.tick()
    days = [one.item.day for one in lived.ledger.inbox(lived.keys["resident"].public)]
    assert days == sorted(days)
    assert max(days) <= lived.ledger.today
    assert parse_day("2026-05-05") <= max(days)
