"""A contest suspends at once, silence lapses, and whoever rules works for somebody else."""

import pytest

from standing.errors import Refused
from tests.support import CONTEXT, TODAY, row

REASONS = "The ticket that was shown is valid for that ride."


@pytest.fixture
def court(town):
    town.add_court()
    town.import_rows([row(0), row(5), row(1)])  # two burdens on person 0
    town.move_to(TODAY + 20)
    return town


def score(town, person=0):
    return town.ledger.score(town.names[person], CONTEXT).score.score


def ruling(town, case, outcome="annul", **changes):
    opened = [
        case.first.named,
        *(leaf.hex() for e in case.events for leaf in getattr(e.facts, "files", ())),
    ]
    return {"outcome": outcome, "reasons": REASONS, "opened": opened} | changes


def test_a_contested_record_stops_counting_at_once(court):
    before = score(court)
    court.contest(0, court.record_of(0))
    assert score(court) == before + 50


def test_an_annulled_record_never_counts_again(court):
    record = court.record_of(0)
    case = court.contest(0, record)
    after = court.ledger.step(case.name, "rule", ruling(court, case), key=court.keys["first"].key)
    assert after.state == "closed"
    court.move_to(TODAY + 90)
    reasons = {r.record: r for r in court.ledger.score(court.names[0], CONTEXT).score.reasons}
    assert (reasons[record].counted, reasons[record].why) == (0, "annulled")


def test_silence_lapses(court):
    record = court.record_of(0)
    case = court.contest(0, record)
    court.move_to(TODAY + 20 + 8)
    assert court.ledger.case(case.name).state == "lapsed"
    reasons = {r.record: r for r in court.ledger.score(court.names[0], CONTEXT).score.reasons}
    assert (reasons[record].counted, reasons[record].why) == (0, "lapsed")


def test_an_upheld_record_stays_set_aside_while_the_second_instance_is_open(court):
    case = court.contest(0, court.record_of(0))
    base = score(court)
    ruled = court.ledger.step(
        case.name, "rule", ruling(court, case, "uphold"), key=court.keys["first"].key
    )
    assert (ruled.state, score(court)) == ("ruled", base)
    court.ledger.step(case.name, "appeal", {"words": "Look again."}, key=court.people[0])
    with pytest.raises(Refused, match="E-CASE-05"):
        court.ledger.step(
            case.name, "decide", ruling(court, case, "uphold"), key=court.keys["first"].key
        )
    done = court.ledger.step(
        case.name, "decide", ruling(court, case, "uphold"), key=court.keys["second"].key
    )
    assert (done.state, score(court)) == ("closed", base - 50)


def test_a_contest_of_somebody_elses_record_is_refused(court):
    with pytest.raises(Refused, match="E-CASE-05"):
        court.contest(1, court.record_of(0))


def test_an_issuer_concedes(court):
    case = court.contest(0, court.record_of(0))
    before = score(court)
    after = court.ledger.step(
        case.name, "concede", {"words": "Our mistake."}, key=court.keys["metro"].key
    )
    assert (after.state, score(court)) == ("conceded", before)


def test_the_ledger_verifies_with_cases_in_it(court):
    case = court.contest(0, court.record_of(0))
    court.ledger.step(case.name, "add", {"words": "See my ticket."}, key=court.people[0])
    court.move_to(TODAY + 60)
    court.ledger.tick()
    verification = court.ledger.verify()
    assert verification.ok, [c for c in verification.checks if not c.ok]


def test_two_rulings_at_once_are_one_ruling_and_one_refusal(court):
    case = court.contest(0, court.record_of(0))
    keys = [court.keys["first"].key, court.keys["second"].key]
    drafts = [
        court.ledger.draft_step(case.name, "rule", ruling(court, case), by=key.public).signed(key)
        for key in keys
    ]
    court.ledger.take_step(drafts[0])
    with pytest.raises(Refused, match="E-CASE-12"):
        court.ledger.take_step(drafts[1])
    assert [e.kid for e in court.ledger.case(case.name).every("rule")] == [
        keys[0].public.thumbprint
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {"number": 2},
        {"number": 0},
        {"context": "road"},
        {"lifecycle": "reply"},
        {"pseudonym": "s_" + "a" * 26},
        {"opening": b""},
    ],
)
def test_a_step_fits_its_case_or_is_refused(court, changes):
    import msgspec

    from standing.ledger._cases import Draft

    case = court.contest(0, court.record_of(0))
    key = court.people[0]
    draft = court.ledger.draft_step(case.name, "add", {"words": "More."}, by=key.public)
    other = Draft(msgspec.structs.replace(draft.step, **changes), draft.subject)
    with pytest.raises(Refused):
        court.ledger.take_step(other.signed(key))
    assert len(court.ledger.case(case.name).events) == 1
