"""Reply, record, mandate, keys, contact, hold."""

import pytest

from standing.errors import Refused
from standing.wire.keys import SigningKey

MANDATE = {"kind": "attorney", "name": "A. Counsel", "acts": ["contest"]}


def mandate(stage, key, **changes):
    facts = MANDATE | {"key": key.public.cose_key(), "until": stage.ledger.today + 90} | changes
    return stage.open("card-1", "mandate", "give", facts, "resident")


def contest(stage, key, record=None):
    facts = {"target": "record", "named": record or stage.unpaid, "words": "They had a ticket."}
    return stage.ledger.open_case("card-1", "rail", "contest", "file", facts, key=key)


def test_a_reply_has_500_characters_and_stands_once_beside_a_record(stage):
    facts = {"record": stage.unpaid, "words": "x" * 500}
    case = stage.open("card-1", "reply", "reply", facts, "resident")
    with pytest.raises(Refused, match="E-CASE-05"):
        stage.open("card-1", "reply", "reply", facts, "resident")
    with pytest.raises(Refused, match="E-CASE-02"):
        stage.step(case, "change", {"words": "x" * 501}, by="resident")
    assert stage.step(case, "answer", {"words": "We see."}, by="railway").state == "answered"
    assert stage.step(case, "change", {"words": "Then this."}, by="resident").state == "said"


def test_nobody_replies_to_somebody_elses_record(stage):
    facts = {"record": stage.unpaid, "words": "I saw it."}
    with pytest.raises(Refused, match="E-CASE-05"):
        stage.open("card-2", "reply", "reply", facts, "neighbour")


def test_a_retracted_record_stops_counting_at_once(stage):
    before = stage.score()
    facts = {"record": stage.unpaid, "words": "The reader was broken."}
    stage.open("card-1", "record", "retract", facts, "railway")
    assert stage.score() == before + 20


def test_no_record_outlives_its_source_register(stage):
    before = stage.score()
    facts = {"record": stage.unpaid, "on": stage.ledger.today + 3}
    stage.open("card-1", "record", "source-ends", facts, "railway")
    stage.move(2)
    assert stage.score() == before
    stage.move(1)
    assert stage.score() == before + 20


def test_a_mandate_is_scoped_dated_and_revocable(stage):
    key = SigningKey.generate()
    with pytest.raises(Refused, match="E-CASE-07"):
        contest(stage, key)
    case = mandate(stage, key)
    facts = {"record": stage.unpaid, "words": "They say so."}
    with pytest.raises(Refused, match="E-CASE-07"):  # not in matters of replies
        stage.ledger.open_case("card-1", "rail", "reply", "reply", facts, key=key)
    assert contest(stage, key).state == "open"
    stage.step(case, "revoke", by="resident")
    with pytest.raises(Refused, match="E-CASE-07"):
        contest(stage, key, stage.forged)


def test_a_mandate_ends_on_its_day(stage):
    key = SigningKey.generate()
    mandate(stage, key, until=stage.ledger.today + 1)
    stage.move(2)
    with pytest.raises(Refused, match="E-CASE-07"):
        contest(stage, key)


def test_a_mandate_for_another_context_is_none_here(stage):
    key = SigningKey.generate()
    mandate(stage, key, contexts=["road"])
    with pytest.raises(Refused, match="E-CASE-07"):
        contest(stage, key)


def test_an_adviser_may_read_and_no_more(stage):
    with pytest.raises(Refused, match="may read and no more"):
        mandate(stage, SigningKey.generate(), kind="adviser")


@pytest.fixture
def second(stage):
    key = SigningKey.generate()
    facts = {"key": key.public.cose_key()}
    stage.open("card-1", "second-key", "register", facts, "resident")
    return key


def recover(stage, new, key):
    facts = {"key": new.public.cose_key()}
    return stage.ledger.open_case("card-1", "rail", "recovery", "ask", facts, key=key)


def test_two_of_three_recover_a_key_after_a_week(stage, second):
    new = SigningKey.generate()
    case = recover(stage, new, second)
    facts = {"key": new.public.cose_key()}
    with pytest.raises(Refused, match="E-CASE-05"):  # the same kind twice is one of three
        stage.ledger.step(case.name, "second", facts, key=second)
    stage.step(case, "second", facts, by="counter")
    with pytest.raises(Refused, match="E-CASE-07"):
        contest(stage, new)
    stage.move(7)
    assert stage.ledger.case(case.name).state == "done"
    assert contest(stage, new).state == "open"
    with pytest.raises(Refused, match="E-CASE-07"):
        contest(stage, stage.keys["resident"], stage.forged)


def test_the_old_key_stops_a_recovery(stage, second):
    new = SigningKey.generate()
    case = recover(stage, new, second)
    stage.step(case, "second", {"key": new.public.cose_key()}, by="counter")
    stage.move(6)
    assert stage.step(case, "cancel", by="resident").state == "cancelled"
    stage.move(2)
    assert contest(stage, stage.keys["resident"]).state == "open"
    with pytest.raises(Refused, match="E-CASE-07"):
        contest(stage, new, stage.forged)


def test_one_of_three_recovers_nothing(stage, second):
    case = recover(stage, SigningKey.generate(), second)
    stage.move(14)
    assert stage.ledger.case(case.name).state == "lapsed"


def test_a_stranger_recovers_nothing(stage):
    with pytest.raises(Refused, match="E-CASE-07"):
        recover(stage, SigningKey.generate(), SigningKey.generate())


def test_a_hold_is_dated_and_the_subjects_own_or_a_courts(stage):
    facts = {
        "claim": "case 12/26",
        "words": "The court wants it.",
        "until": stage.ledger.today + 30,
    }
    case = stage.open("card-1", "hold", "hold", facts, "oversight")
    stage.move(31)
    assert stage.ledger.case(case.name).state == "ended"
    with pytest.raises(Refused, match="E-CASE-04"):
        stage.open("card-1", "hold", "hold", facts, "railway")
    with pytest.raises(Refused, match="L44"):
        stage.open(
            "card-1", "hold", "hold", facts | {"until": stage.ledger.today + 366}, "resident"
        )
