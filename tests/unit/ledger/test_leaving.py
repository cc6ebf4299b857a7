"""Leaving: with the key at once, without it at a desk or by a reference, and back within 14 days."""

import re
import shutil

import pytest

from standing.engine import SimulatedClock
from standing.errors import Broken, Refused
from standing.ledger import open_ledger
from standing.ledger._people import sign_document
from standing.wire.days import format_day
from standing.wire.keys import SigningKey
from tests.support import CONTEXT, NOTICE_DAYS, TODAY, row

COUNTED = TODAY + NOTICE_DAYS
BEFORE = 955  # of person 0: one burden and one good record


@pytest.fixture
def court(town):
    """A burden and a good record of person 0, counted; reviewers, a desk and an oversight body."""
    town.add_court()
    town.import_rows([row(0, zones=""), row(5, zones=""), row(1)])
    town.move_to(COUNTED)
    return town


def score(town, person=0):
    return town.ledger.score(town.names[person], CONTEXT).score.score


def desk(town):
    return town.keys["counter"].key


def held(town, person=0):
    return len(town.ledger.report(town.names[person])["contexts"][0]["records"])


def good(town):
    verification = town.ledger.verify()
    return verification.ok or [str(check.problem) for check in verification.checks if not check.ok]


# --- with the key ---------------------------------------------------------------------------------


def test_withdrawal_closes_what_is_open_in_the_subjects_favour(court):
    case = court.contest(0, court.record_of(0))
    court.ledger.withdraw(court.people[0], CONTEXT)
    assert court.ledger.case(case.name).state == "left"
    assert good(court) is True


def test_whoever_withdraws_may_have_contests_ruled_on_first(court):
    record = court.record_of(0)
    case = court.contest(0, record)
    court.ledger.withdraw(court.people[0], CONTEXT, finish=True)
    with pytest.raises(Refused, match="E-PEOPLE-11"):
        score(court)
    ruling = {
        "outcome": "annul",
        "reasons": "The ticket that was shown is valid.",
        "opened": [record],
    }
    ruled = court.ledger.step(case.name, "rule", ruling, key=court.keys["first"].key)
    assert ruled.state == "closed"
    assert good(court) is True


def test_leaving_needs_no_log(court):
    """Everything that relieves a person is durable in the vault while no statement can be written."""
    case = court.contest(0, court.record_of(0))
    core = court.ledger._core
    core.log.db.execute("PRAGMA query_only=ON")  # as on a disk that takes no more
    with pytest.raises(Broken, match="E-LOG-07"):
        court.ledger.score_all(CONTEXT)
    court.contest(1, court.record_of(1))
    court.ledger.withdraw(court.people[0], CONTEXT)
    court.ledger.freeze("card-2", CONTEXT, key=desk(court))
    court.ledger.erase(CONTEXT, key=court.people[3])
    court.ledger.close()
    court.ledger = open_ledger(court.directory, clock=court.clock)
    assert court.ledger.case(case.name).state == "left"
    for person in (0, 2, 3):
        with pytest.raises(Refused, match=r"E-PEOPLE-1[01]"):
            score(court, person)
    assert court.ledger.cases(court.people[1].public, CONTEXT)[0].state == "open"
    court.move_to(COUNTED + 1)
    court.ledger.tick()
    assert good(court) is True


def test_a_new_consent_after_withdrawal_starts_at_the_base(court):
    assert score(court) == BEFORE
    court.ledger.withdraw(court.people[0], CONTEXT)
    court.move_to(COUNTED + 1)
    court.ledger.consent(court.people[0], CONTEXT)
    assert score(court) == 1000


# --- without the key ------------------------------------------------------------------------------


def test_a_stop_at_a_desk_ends_score_and_records_at_once(court):
    court.ledger.freeze(court.names[0], CONTEXT, key=desk(court))
    with pytest.raises(Refused, match="E-PEOPLE-11"):
        score(court)
    before = held(court)
    taken = court.import_rows([row(7, card="card-0", day=format_day(COUNTED))])
    assert (taken.records, held(court)) == (1, before)
    assert good(court) is True


def test_an_issuer_stops_by_its_own_reference_alone(court):
    other = court.accredit("tram", "issuer")
    assert court.ledger.freeze("card-0", CONTEXT, key=other).case.startswith("c_")
    assert score(court) == BEFORE
    court.ledger.freeze("card-0", CONTEXT, key=court.keys["metro"].key)
    with pytest.raises(Refused, match="E-PEOPLE-11"):
        score(court)


def test_an_issuer_does_not_stop_by_a_pseudonym(court):
    court.ledger.freeze(court.names[0], CONTEXT, key=court.keys["metro"].key)
    assert score(court) == BEFORE


@pytest.mark.parametrize("who", ["bus", "first", "registry"])
def test_nobody_else_stops_anybody(court, who):
    with pytest.raises(Refused) as caught:
        court.ledger.freeze("card-0", CONTEXT, key=court.keys[who].key)
    assert caught.value.code in {"E-LEAVE-01", "E-CASE-07"}
    with pytest.raises(Refused, match="E-CASE-07"):
        court.ledger.freeze("card-0", CONTEXT, key=SigningKey.generate())


def writes(town, act):
    """Give what an act answers, and every statement that it wrote, without its values."""
    told = []
    town.ledger._core.vault.db.set_trace_callback(told.append)
    answer = act()
    town.ledger._core.vault.db.set_trace_callback(None)
    kinds = (re.match(r"(INSERT INTO|UPDATE|DELETE FROM|BEGIN|COMMIT) ?\w*", sql) for sql in told)
    return answer, [kind[0] for kind in kinds if kind]


def test_a_stop_of_nobody_is_answered_and_written_alike(court):
    """Linked and live; never here; withdrawn; stopped before; erased: one answer, the same writes."""
    court.ledger.withdraw(court.people[1], CONTEXT)
    court.ledger.freeze("card-2", CONTEXT, key=desk(court))
    court.ledger.erase(CONTEXT, key=court.people[3])
    names = ["card-0", "card-1", "card-2", "card-3", "card-99", "s_nobody", court.names[1]]
    seen = [
        writes(court, lambda name=name: court.ledger.freeze(name, CONTEXT, key=desk(court)))
        for name in names
    ]
    assert len({(answer.day, answer.final) for answer, _ in seen}) == 1
    assert {tuple(written) for _, written in seen} == {tuple(seen[0][1])}
    assert len(seen[0][1]) > 4
    confirmed = [
        writes(court, lambda case=answer.case: court.ledger.confirm_stop(case, key=desk(court)))
        for answer, _ in seen
    ]
    assert len({(answer.day, answer.final) for answer, _ in confirmed}) == 1
    assert {tuple(written) for _, written in confirmed} == {tuple(confirmed[0][1])}
    court.move_to(COUNTED + 1)
    court.ledger.tick()
    assert good(court) is True


def test_a_stop_of_nobody_keeps_no_name(court):
    court.ledger.freeze("card-of-a-stranger", CONTEXT, key=desk(court))
    texts = [str(opened.document) for opened in court.ledger._core.vault.filed.documents()]
    assert not [text for text in texts if "stranger" in text]


def test_a_stop_is_undone_with_the_subjects_own_key(court):
    court.ledger.freeze("card-0", CONTEXT, key=desk(court))
    court.move_to(COUNTED + 13)
    court.import_rows([row(8, card="card-0", day=format_day(COUNTED + 12))])
    assert court.ledger.resume(court.people[0], CONTEXT) == court.names[0]
    assert (score(court), held(court)) == (BEFORE, 2)
    court.move_to(COUNTED + 14)
    court.import_rows([row(9, id="after", card="card-0", day=format_day(COUNTED + 14))])
    assert held(court) == 3
    assert good(court) is True


def test_nobody_else_undoes_a_stop(court):
    stop = court.ledger.freeze("card-0", CONTEXT, key=desk(court))
    for who in ("counter", "metro"):
        with pytest.raises(Refused, match="E-CASE-04"):
            court.ledger.step(stop.case, "resume", key=court.keys[who].key)
    with pytest.raises(Refused, match="E-LEAVE-02"):
        court.ledger.resume(court.people[1], CONTEXT)


def test_a_stop_is_final_after_14_days_and_the_subject_may_begin_anew(court):
    stop = court.ledger.freeze("card-0", CONTEXT, key=desk(court))
    assert stop.final == COUNTED + 14
    court.move_to(COUNTED + 14)
    with pytest.raises(Refused, match="E-LEAVE-02"):
        court.ledger.resume(court.people[0], CONTEXT)
    court.ledger.consent(court.people[0], CONTEXT)
    assert score(court) == 1000
    court.import_rows([row(9, id="anew", card="card-0", day=format_day(COUNTED + 14), zones="")])
    assert held(court) == 3
    court.move_to(COUNTED + 16)
    court.ledger.tick()
    assert good(court) is True


def test_no_consent_holds_while_a_stop_runs(court):
    court.ledger.freeze("card-0", CONTEXT, key=desk(court))
    court.move_to(COUNTED + 1)
    with pytest.raises(Refused, match="E-LEAVE-03"):
        court.ledger.consent(court.people[0], CONTEXT)


def test_whoever_has_their_key_makes_a_stop_final_with_it(court):
    case = court.contest(0, court.record_of(0))
    stop = court.ledger.freeze("card-0", CONTEXT, key=desk(court))
    court.ledger.withdraw(court.people[0], CONTEXT)
    assert court.ledger.case(stop.case).state == "stopped"
    assert court.ledger.case(case.name).state == "left"
    with pytest.raises(Refused, match="E-PEOPLE-17"):
        court.ledger.consent(court.people[0], CONTEXT)
    court.move_to(COUNTED + 1)
    court.ledger.consent(court.people[0], CONTEXT)
    assert score(court) == 1000
    assert good(court) is True


def test_confirmation_closes_what_is_open_in_the_subjects_favour(court):
    case = court.contest(0, court.record_of(0))
    stop = court.ledger.freeze("card-0", CONTEXT, key=desk(court))
    assert court.ledger.case(case.name).state == "open"
    court.ledger.confirm_stop(stop.case, key=desk(court))
    assert court.ledger.case(case.name).state == "left"
    with pytest.raises(Refused, match="E-PEOPLE-05"):
        court.ledger.withdraw(court.people[0], CONTEXT)


def test_whoever_is_stopped_is_in_no_population(court):
    court.ledger.score_all(CONTEXT)
    court.ledger.freeze("card-0", CONTEXT, key=desk(court))
    assert court.ledger.score_all(CONTEXT).subjects == 4
    court.move_to(COUNTED + 2)
    court.ledger.resume(court.people[0], CONTEXT)
    court.move_to(COUNTED + 3)
    assert court.ledger.score_all(CONTEXT).subjects == 5
    court.ledger.tick()
    assert good(court) is True


def test_a_region_cannot_be_read_by_looking_back_past_a_stop(court):
    court.ledger.give_attributes(court.people[0], CONTEXT, region="de-by")
    vault = court.ledger._core.vault
    assert len(vault.rights.attributes(CONTEXT, COUNTED)) == 1
    court.move_to(COUNTED + 2)
    court.ledger.freeze("card-0", CONTEXT, key=desk(court))
    assert [len(vault.rights.attributes(CONTEXT, COUNTED + n)) for n in range(4)] == [0, 0, 0, 0]
    court.move_to(COUNTED + 4)
    court.ledger.resume(court.people[0], CONTEXT)
    assert [len(vault.rights.attributes(CONTEXT, COUNTED + n)) for n in (1, 2, 3, 4)] == [
        1,
        0,
        0,
        1,
    ]


def test_a_consent_that_ran_out_is_not_stopped_again(court):
    key = SigningKey.generate()
    court.ledger.enrol(key.public)
    draft = court.ledger.draft_consent(key.public, CONTEXT, ["ride"], days=3)
    name = court.ledger.give_consent(sign_document(draft, key))
    court.move_to(COUNTED + 3)
    court.ledger.freeze(name, CONTEXT, key=desk(court))
    number = court.ledger._core.vault.people.find(name)
    assert court.ledger._core.vault.agreed.freezes(number, CONTEXT) == []


def test_a_ledger_that_slept_holds_what_one_that_was_ticked_daily_holds(court, tmp_path):
    """A withdrawal, a stop that nobody confirms, a contest: sixty days later both say the same."""
    court.contest(1, court.record_of(1))
    court.ledger.withdraw(court.people[0], CONTEXT)
    court.ledger.freeze("card-1", CONTEXT, key=desk(court))
    court.ledger.close()
    shutil.copytree(court.directory, tmp_path / "slept")
    told = []
    for place, days in (("ledger", range(1, 61)), ("slept", [60])):
        clock = SimulatedClock(COUNTED)
        with open_ledger(tmp_path / place, clock=clock) as ledger:
            for day in days:
                clock.advance_to(COUNTED + day)
                ledger.tick()
            vault = ledger._core.vault
            tables = {
                name: sorted(vault.db.execute(f"SELECT * FROM {name}"))
                for name in ("names", "links", "consents", "freezes", "cases", "subjects")
            }
            told.append((tables, ledger.score_all(CONTEXT).digest))
            assert ledger.verify().ok
    assert told[0] == told[1]
    assert len(told[0][0]["names"]) == 3
