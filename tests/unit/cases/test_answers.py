"""By reference: `clear`, or the code of a restriction in force, and `clear` whenever in doubt."""

import pytest

from standing.errors import Refused
from standing.wire import cbor, cose

from .answering import (
    PURPOSE,
    REASONS,
    TRAIN,
    answer,
    contest,
    decide,
    party,
    propose,
    question,
    restrict,
)

CODE = "no-high-speed"


def test_a_worse_answer_is_a_restriction_and_clear_until_it_begins_and_from_its_end(stage):
    case = propose(stage)
    assert answer(stage) == "clear"
    case = decide(stage, case)
    stage.move(7)
    assert answer(stage) == "clear"
    stage.move(1)
    assert answer(stage) == CODE
    stage.move(59)
    assert answer(stage) == CODE
    stage.move(1)
    assert (answer(stage), stage.ledger.case(case.name).state) == ("clear", "ended")


def test_while_an_objection_is_open_the_answer_is_clear(stage):
    case = decide(stage, propose(stage))
    stage.step(case, "object", {"words": "I need this train."}, by="resident")
    stage.move(10)
    assert answer(stage) == "clear"
    facts = {"outcome": "begin", "reasons": REASONS, "active_seconds": 200}
    stage.step(case, "open", by="second-review")
    stage.step(case, "settle", facts, by="second-review")
    stage.move(1)
    assert answer(stage) == CODE


def test_any_open_contest_of_the_subject_makes_the_answer_clear_at_once(stage):
    restrict(stage)
    assert answer(stage) == CODE
    case = contest(stage, stage.unpaid)
    assert answer(stage) == "clear"
    stage.step(case, "take-back", by="resident")
    assert answer(stage) == CODE


def test_a_contest_of_somebody_else_changes_nothing(stage):
    restrict(stage)
    record = stage.records["card-2", "rail.smoking"]
    contest(stage, record, by="neighbour", card="card-2")
    assert (answer(stage), answer(stage, "card-2")) == (CODE, "clear")


def test_hardship_frees_for_its_days(stage):
    case = restrict(stage)
    facts = {
        "ground": "funeral", "first": stage.ledger.today, "last": stage.ledger.today + 3,
        "words": "My mother is buried.",
    }  # fmt: skip
    stage.step(case, "hardship", facts, by="resident")
    assert answer(stage) == CODE
    stage.step(case, "release", {"step": len(case.events)}, by="counter")
    assert answer(stage) == "clear"
    stage.ledger.confirm_recalls(party(stage))
    stage.move(4)
    assert answer(stage) == CODE


def test_a_restriction_ends_when_its_remaining_records_no_longer_meet_its_trigger(stage):
    restrict(stage)
    assert answer(stage) == CODE
    facts = {"record": stage.forged, "words": "It was a mistake of ours."}
    stage.open("card-1", "record", "retract", facts, "railway")
    assert answer(stage) == "clear"


def test_withdrawal_in_the_same_open_ledger_answers_clear_at_once(stage):
    restrict(stage)
    assert answer(stage) == CODE
    stage.ledger.withdraw(stage.keys["resident"], "rail")
    assert answer(stage) == "clear"


def test_where_no_alternative_is_offered_the_restriction_does_not_apply(stage):
    restrict(stage)
    assert answer(stage, alternative="") == "clear"
    assert answer(stage, alternative=TRAIN) == CODE


def test_a_question_without_an_alternative_is_written_as_ever(stage):
    signed = cose.parse_sign1(question(stage, alternative=""))
    assert set(cbor.decode(signed.payload)) == {
        "type", "context", "purpose", "transaction", "reference", "day", "nonce",
    }  # fmt: skip


def test_a_question_that_spells_out_an_empty_part_is_none(stage):
    signed = cose.parse_sign1(question(stage))
    members = cbor.decode(signed.payload) | {"alternative": ""}
    header = {label: signed.protected[label] for label in (cose.CWT, cose.TYP)}
    odd = cose.sign1(stage.keys["rail-sales"], header, cbor.encode(members))
    with pytest.raises(Refused, match="E-DECIDE-02"):
        stage.ledger.decide(odd)


def test_an_answer_is_about_whom_was_asked_and_nobody_else(stage):
    restrict(stage)
    asked = ("card-1", "card-2", "no card", "CARD-1", "card-1 ")
    assert [answer(stage, card) for card in asked] == [CODE, *["clear"] * 4]


# --- once a transaction ---------------------------------------------------------------------------


def test_a_transaction_is_asked_about_once_whoever_it_is_about(stage):
    restrict(stage)
    refusals = []
    for first in ("card-1", "card-2", "no card"):
        answer(stage, first, trip=f"for {first}")
        for second in ("card-1", "card-2", "no card"):
            with pytest.raises(Refused) as refused:
                stage.ledger.decide(question(stage, second, trip=f"for {first}"))
            refusals.append(str(refused.value).replace(first, "..."))
    assert len(set(refusals)) == 1
    assert "E-DECIDE-07" in refusals[0]


def test_another_party_may_ask_about_the_same_transaction(stage):
    answer(stage, trip="shared")
    other = stage.accredit("rail-desk", "relying-party", "Railway", sector="rail-operator")
    again = stage.ledger.ask(other, "rail", PURPOSE, "shared", "card-1", bytes(16), TRAIN)
    assert stage.ledger.decide(again).answer.answer == "clear"


@pytest.mark.parametrize("card", ["card-1", "card-2", "no card"])
def test_the_very_same_question_gets_the_very_same_bytes_and_writes_nothing(stage, card):
    restrict(stage)
    asked = question(stage, card)
    first = stage.ledger.decide(asked)
    db = stage.ledger._core.vault.db
    before = db.total_changes
    assert stage.ledger.decide(asked) == first
    assert db.total_changes == before
    stage.ledger.rotate_key("answer", by=stage.operator)
    assert stage.ledger.decide(asked).signed == first.signed


def test_an_answer_that_ceased_to_hold_is_not_given_again(stage):
    restrict(stage)
    asked = question(stage)
    stage.ledger.decide(asked)
    case = contest(stage, stage.unpaid)
    with pytest.raises(Refused, match="E-DECIDE-10"):
        stage.ledger.decide(asked)
    stage.ledger.tick()  # recalled for good
    stage.step(case, "take-back", by="resident")
    with pytest.raises(Refused, match="E-DECIDE-10"):
        stage.ledger.decide(asked)


def test_an_answer_is_not_given_again_after_its_24_hours(stage):
    asked = question(stage)
    stage.ledger.decide(asked)
    stage.move(1)
    with pytest.raises(Refused, match="E-DECIDE-10"):
        stage.ledger.decide(asked)


# --- groups ---------------------------------------------------------------------------------------


def test_a_group_is_judged_one_by_one_and_kept_with_one_commit(stage):
    restrict(stage)
    twice = question(stage, trip="same")
    group = [question(stage), b"no question", question(stage, "card-2"), twice, twice,
             question(stage, "card-2", trip="same")]  # fmt: skip
    outcomes = stage.ledger.decide_many(group)
    told = [one.code if isinstance(one, Refused) else one.answer.answer for one in outcomes]
    assert told == [CODE, "E-COSE-02", "clear", CODE, CODE, "E-DECIDE-07"]
    assert outcomes[3] == outcomes[4]
    assert stage.ledger.verify().ok


def test_the_subject_sees_what_was_asked_and_answered(stage):
    restrict(stage)
    answer(stage, trip="booking-x")
    shown = stage.ledger.report("card-1", "rail")["contexts"][0]["asked"]
    assert shown[-1] == {
        "by": "rail-sales", "day": shown[-1]["day"], "purpose": PURPOSE,
        "transaction": "booking-x", "reference": "card-1", "answer": CODE, "alternative": TRAIN,
    }  # fmt: skip
    stage.ledger.revoke(stage.keys["rail-sales"].public.thumbprint, "left", by=stage.operator)
    assert stage.ledger.report("card-1", "rail")["contexts"][0]["asked"] == shown


def test_a_clock_that_went_back_answers_nothing(stage):
    answer(stage)
    stage.ledger._core.engine.clock = type(stage.clock)(stage.ledger.today - 90)
    with pytest.raises(Refused, match="E-CLOCK-02"):
        stage.ledger.decide(question(stage))


def test_the_audit_finds_an_answer_that_nothing_carried(stage):
    restrict(stage)
    answer(stage)
    assert stage.ledger.verify().ok
    db = stage.ledger._core.vault.db
    db.execute("DELETE FROM steps")  # the case that carried it, hidden
    db.execute("DELETE FROM cases")
    failed = {check.name for check in stage.ledger.verify().checks if not check.ok}
    assert "answers" in failed


def test_only_a_party_with_its_private_key_asks(stage):
    public = party(stage)
    with pytest.raises(Refused, match="E-KEY-13"):
        stage.ledger.ask(
            type(public)("relying-party", "rail-sales", None, public.public),
            "rail", PURPOSE, "t", "card-1", bytes(16),
        )  # fmt: skip
