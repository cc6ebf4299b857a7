"""An answer that ceases to hold is recalled: one message for every reason, once, and chased."""

import shutil

import pytest

from standing.cases.decisions import parse_question
from standing.cases.recalls import (
    DeletedSaid,
    FollowedSaid,
    read_recall,
    sign_deleted,
    sign_followed,
)
from standing.engine import SimulatedClock
from standing.errors import Broken, Refused
from standing.ledger import open_ledger
from standing.wire import cbor, cose
from standing.wire.keys import PublicKey, SigningKey

from .answering import answer, contest, decide, party, propose, question, restrict, told

CODE = "no-high-speed"


def recalled(stage):
    return [(r.transaction, r.since) for r in stage.ledger.every_recall()]


# --- why ------------------------------------------------------------------------------------------


def contested(stage, case):
    contest(stage, stage.unpaid)


def annulled(stage, case):
    filed = contest(stage)
    ruling = {"outcome": "annul", "reasons": "No court found anything.", "opened": [stage.forged]}
    stage.step(filed, "rule", ruling, by="review-board")


def conceded(stage, case):
    stage.step(contest(stage), "concede", {"words": "Our mistake."}, by="railway")


def retracted(stage, case):
    facts = {"record": stage.forged, "words": "Our mistake."}
    stage.open("card-1", "record", "retract", facts, "railway")


def lifted(stage, case):
    stage.step(case, "lift", {"words": "Long enough."}, by="rail-sales")


def withdrawn(stage, case):
    stage.ledger.withdraw(stage.keys["resident"], "rail")


def freed(stage, case):
    today = stage.ledger.today
    facts = {"ground": "care", "first": today, "last": today + 2, "words": "My mother is ill."}
    stage.step(case, "hardship", facts, by="resident")
    stage.step(case, "release", {"step": len(case.events)}, by="counter")


def stopped(stage, case):
    stage.ledger.freeze("card-1", "rail", key=stage.keys["counter"])


def erased(stage, case):
    stage.ledger.erase("rail", key=stage.keys["resident"])


REASONS = [
    contested, annulled, conceded, retracted, lifted, withdrawn, freed, stopped, erased,
]  # fmt: skip


@pytest.mark.parametrize("because", REASONS, ids=lambda f: f.__name__)
def test_whatever_the_reason_the_recipient_gets_the_same_message_at_once(stage, because):
    case = restrict(stage)
    answer(stage, trip="booking-a")
    assert told(stage) == []
    because(stage, case)
    [message] = stage.ledger.recalls(party(stage))
    key = PublicKey.from_cose_key(stage.ledger.state.log_key("answer"))
    said = read_recall(message.signed, key)
    assert (said.transaction, said.says) == ("booking-a", "no longer holds; delete it")
    header = cose.parse_sign1(message.signed).protected
    assert header[cose.CWT] == {1: "story.example/standing", 2: "recall"}
    members = cbor.decode(cose.parse_sign1(message.signed).payload)
    assert set(members) == {"type", "transaction", "nonce", "says"}
    assert stage.ledger.verify().ok


def test_the_end_of_a_restriction_recalls_it_on_its_day(stage):
    restrict(stage)
    begun = stage.ledger.today
    answer(stage, trip="booking-a")
    stage.move(59)
    assert told(stage) == []
    stage.move(1)
    assert told(stage) == ["booking-a"]
    assert recalled(stage) == [("booking-a", begun + 60)]


def test_a_lapse_is_recalled_as_everything_else(stage):
    restrict(stage)
    contest(stage)
    answer(stage)
    stage.move(3)
    assert (told(stage), answer(stage)) == ([], "clear")
    stage.move(20)  # the contest has lapsed: what was clear stays clear
    assert told(stage) == []


def test_clear_is_recalled_within_its_24_hours_alone(stage):
    case = decide(stage, propose(stage))
    stage.move(6)
    answer(stage, trip="too early")
    answer(stage, "card-2", trip="somebody else")
    stage.move(2)
    filed = contest(stage, stage.unpaid)
    answer(stage, trip="that day")
    stage.step(filed, "take-back", by="resident")
    assert stage.ledger.case(case.name).state == "begun"
    assert told(stage) == ["that day"]


def test_a_question_without_an_alternative_is_not_recalled_for_a_restriction(stage):
    restrict(stage)
    filed = contest(stage, stage.unpaid)
    answer(stage, alternative="")
    stage.step(filed, "take-back", by="resident")
    assert told(stage) == []


# --- once -----------------------------------------------------------------------------------------


def test_an_answer_is_recalled_once(stage):
    case = restrict(stage)
    answer(stage, trip="booking-a")
    filed = contest(stage, stage.unpaid)
    stage.ledger.tick()
    first = stage.ledger.recalls(party(stage))
    stage.step(filed, "take-back", by="resident")
    contest(stage, stage.unpaid)
    stage.step(case, "lift", {"words": "Long enough."}, by="rail-sales")
    stage.move(2)
    stage.ledger.tick()
    assert stage.ledger.recalls(party(stage)) == first
    assert len(recalled(stage)) == 1


def test_a_ledger_that_slept_finds_what_one_that_was_ticked_daily_has_found(stage, tmp_path):
    restrict(stage)
    begun = stage.ledger.today
    answer(stage, trip="booking-a")
    stage.move(2)
    answer(stage, trip="booking-b")
    filed = contest(stage, stage.unpaid)
    answer(stage, trip="booking-c")
    stage.ledger.close()
    found = []
    for name, is_ticked in (("daily", True), ("slept", False)):
        copy = tmp_path / name
        shutil.copytree(stage.folder, copy)
        clock = SimulatedClock(begun + 2)
        with open_ledger(copy / "ledger", clock=clock) as ledger:
            for day in range(begun + 2, begun + 32):
                clock.advance_to(day)
                if day == begun + 4:
                    ledger.step(filed.name, "take-back", key=stage.keys["resident"])
                if is_ticked or day == begun + 31:
                    ledger.tick()
            with pytest.raises(Refused, match="E-DECIDE-08"):
                ledger.decide(
                    ledger.ask(party(stage), "rail", "high-speed-sale", "z", "x", bytes(16))
                )
            found.append([(r.transaction, r.since, r.due) for r in ledger.every_recall()])
    assert found[0] == found[1]
    assert [one[:2] for one in found[0]] == [("booking-a", begun + 2), ("booking-b", begun + 2)]
    stage.ledger = open_ledger(stage.folder / "ledger", clock=stage.clock)


def test_a_second_tick_of_a_day_adds_nothing(stage):
    restrict(stage)
    answer(stage)
    contest(stage, stage.unpaid)
    stage.ledger.tick()
    db = stage.ledger._core.vault.db
    before = db.total_changes
    stage.ledger.tick()
    assert db.total_changes == before


# --- chased ---------------------------------------------------------------------------------------


def test_a_recipient_that_has_not_confirmed_after_3_working_days_asks_nothing(stage):
    restrict(stage)
    answer(stage, trip="booking-a")
    contest(stage, stage.unpaid)
    told(stage)
    monday = stage.ledger.today  # Tuesday the 12th of May, in fact
    stage.move(3)
    assert answer(stage, "card-2") == "clear"
    stage.move(1)
    refusals = set()
    for card in ("card-1", "card-2", "no card"):
        with pytest.raises(Refused) as refused:
            answer(stage, card)
        refusals.add(str(refused.value))
    assert len(refusals) == 1
    assert "E-DECIDE-08" in refusals.pop()
    assert next(iter(stage.ledger.suspended())).startswith("rail-sales")
    assert stage.ledger.every_recall()[0].due == monday + 4
    stage.ledger.confirm_recalls(party(stage))
    assert answer(stage, "card-2") == "clear"
    assert stage.ledger.suspended() == {}
    assert told(stage) == []
    assert stage.ledger.verify().ok


def test_another_party_s_deletion_cannot_be_confirmed(stage):
    restrict(stage)
    answer(stage, trip="booking-a")
    contest(stage, stage.unpaid)
    other = stage.accredit("rail-desk", "relying-party", "Railway", sector="rail-operator")
    assert stage.ledger.recalls(other) == []
    with pytest.raises(Refused, match="E-RECALL-02"):
        stage.ledger.confirm_recalls(other, ["booking-a"])
    with pytest.raises(Refused, match="E-RECALL-02"):
        stage.ledger.confirm_recalls(party(stage), ["booking-a", "booking-b"])
    assert told(stage) == ["booking-a"]


def test_a_confirmation_is_of_today_and_signed_by_the_party(stage):
    restrict(stage)
    answer(stage, trip="booking-a")
    contest(stage, stage.unpaid)
    told(stage)
    key = party(stage).key
    old = sign_deleted(key, "rail-sales", DeletedSaid(stage.ledger.today - 1, ("booking-a",)))
    with pytest.raises(Refused, match="E-DECIDE-05"):
        stage.ledger.take_confirmation(old)
    stranger = SigningKey.generate()
    forged = sign_deleted(stranger, "rail-sales", DeletedSaid(stage.ledger.today, ("booking-a",)))
    with pytest.raises(Refused, match="E-DECIDE-01"):
        stage.ledger.take_confirmation(forged)
    good = bytearray(
        sign_deleted(key, "rail-sales", DeletedSaid(stage.ledger.today, ("booking-a",)))
    )
    good[-1] ^= 1
    with pytest.raises(Broken):
        stage.ledger.take_confirmation(bytes(good))
    assert told(stage) == ["booking-a"]


def test_a_revoked_key_still_fetches_and_confirms(stage):
    restrict(stage)
    answer(stage, trip="booking-a")
    contest(stage, stage.unpaid)
    stage.ledger.revoke(party(stage).public.thumbprint, "left", by=stage.operator)
    assert told(stage) == ["booking-a"]
    assert stage.ledger.confirm_recalls(party(stage)) == 1


def test_what_is_left_of_a_recall_says_nothing_of_the_subject(stage):
    restrict(stage)
    asked = parse_question(cose.parse_sign1(question(stage, trip="booking-a")))
    answer(stage, trip="booking-a")
    contest(stage, stage.unpaid)
    told(stage)
    kept = next(d.document for d in stage.ledger._core.vault.filed.documents(kind="recall"))
    assert {type(kept.party), kept.transaction} == {bytes, "booking-a"}
    assert set(kept.__struct_fields__) == {
        "salt", "day", "party", "transaction", "nonce", "since", "due",
    }  # fmt: skip
    assert asked.reference not in repr(kept)


def test_erasure_recalls_what_burdened_and_leaves_no_question(stage):
    from standing.ledger import _recalls

    restrict(stage)
    answer(stage, trip="booking-a")
    filed = contest(stage, stage.unpaid)
    answer(stage, trip="booking-b")
    stage.step(filed, "take-back", by="resident")
    core = stage.ledger._core
    number = core.vault.people.find("card-1", "rail")
    with core.vault.transaction():
        leaves = _recalls.forget_questions(core, number, "rail")
    assert len(leaves) == 2
    assert core.vault.db.execute("SELECT count(*) FROM questions").fetchone() == (0,)
    assert [t for t, _ in recalled(stage)] == ["booking-a"]


# --- transactions that follow ---------------------------------------------------------------------


def ask_many(stage, count, name="trip"):
    group = [question(stage, "no card", trip=f"{name}-{n}") for n in range(count)]
    assert {one.answer.answer for one in stage.ledger.decide_many(group)} == {"clear"}
    return [f"{name}-{n}" for n in range(count)]


def test_more_than_5_percent_of_questions_without_a_transaction_suspend_the_key(stage):
    trips = ask_many(stage, 40)
    stage.ledger.followed(party(stage), trips[:37])
    stage.move(6)
    assert answer(stage) == "clear"
    stage.move(1)
    for card in ("card-1", "no card"):
        with pytest.raises(Refused, match="E-DECIDE-09"):
            answer(stage, card)
    stage.ledger.followed(party(stage), [trips[37]])  # 2 of 40 are 5 percent
    assert answer(stage) == "clear"


def test_fewer_than_20_questions_suspend_nobody(stage):
    ask_many(stage, 19)
    stage.move(7)
    assert answer(stage) == "clear"
    ask_many(stage, 1, "another")
    stage.move(6)
    assert answer(stage) == "clear"
    stage.move(1)
    with pytest.raises(Refused, match="E-DECIDE-09"):
        answer(stage)


def test_questions_older_than_184_days_count_no_more(stage):
    ask_many(stage, 20)
    stage.move(184)
    with pytest.raises(Refused, match="E-DECIDE-09"):
        answer(stage)
    stage.move(1)
    assert answer(stage) == "clear"


def test_a_transaction_is_counted_once_and_only_one_that_was_asked_about(stage):
    trips = ask_many(stage, 20)
    assert stage.ledger.followed(party(stage), trips[:10]) == 10
    assert stage.ledger.followed(party(stage), trips[:10]) == 10
    stage.move(7)
    with pytest.raises(Refused, match="E-DECIDE-09"):
        answer(stage)
    with pytest.raises(Refused, match="E-DECIDE-13"):
        stage.ledger.followed(party(stage), [*trips, "never asked"])
    with pytest.raises(Refused, match="E-DECIDE-09"):
        answer(stage)
    stage.ledger.followed(party(stage), trips)
    assert answer(stage) == "clear"
    assert stage.ledger.verify().ok


def test_a_report_of_transactions_is_signed_by_the_party(stage):
    [trip] = ask_many(stage, 1)
    said = FollowedSaid(stage.ledger.today, (trip,))
    forged = sign_followed(SigningKey.generate(), "rail-sales", said)
    with pytest.raises(Refused, match="E-DECIDE-01"):
        stage.ledger.take_followed(forged)
