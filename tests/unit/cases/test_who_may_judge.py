"""Nobody judges their own employer's work, nobody twice: whatever became of keys meanwhile."""

import pytest

from standing.errors import Refused

RECORD = "forged-ticket"  # the railway's


def test_a_reviewer_of_the_issuers_house_rules_on_none_of_its_records(cast):
    case = cast.contest(0, cast.record(0, RECORD))
    with pytest.raises(Refused, match="E-CASE-05"):
        cast.rule(case, "uphold", "rail-clerk")
    assert cast.rule(case, "uphold", "coach-clerk").state == "ruled"


@pytest.mark.parametrize("reviewer", ["sales-clerk", "city-clerk"])
def test_nor_does_whoever_works_for_an_asking_party_or_the_operator(cast, reviewer):
    case = cast.contest(0, cast.record(0, RECORD))
    with pytest.raises(Refused, match="E-CASE-05"):
        cast.rule(case, "uphold", reviewer)


def test_an_issuer_whose_key_was_revoked_is_an_issuer_still(cast):
    case = cast.contest(0, cast.record(0, RECORD))
    keys = cast.place.stage.keys
    cast.ledger.revoke(keys["railway"].public.thumbprint, "left", by=keys["city-office"])
    with pytest.raises(Refused, match="E-CASE-05"):
        cast.rule(case, "uphold", "rail-clerk")


@pytest.fixture
def appealed(cast):
    case = cast.contest(0, cast.record(0, RECORD))
    cast.rule(case, "uphold", "board")
    return cast.own(case, "appeal", 0, {"words": "Look again."})


def test_the_second_instance_is_another_house_however_it_is_spelled(cast, appealed):
    with pytest.raises(Refused, match="E-CASE-05"):
        cast.rule(appealed, "uphold", "board-two", "decide")
    assert cast.rule(appealed, "uphold", "institute", "decide").state == "closed"


def test_the_second_instance_is_another_house_after_the_first_lost_its_key(cast, appealed):
    cast.new_key("board")
    for reviewer in ("board", "board-two"):
        with pytest.raises(Refused, match="E-CASE-05"):
            cast.rule(appealed, "uphold", reviewer, "decide")


def test_who_stepped_back_does_not_return_with_another_key(cast):
    case = cast.contest(0, cast.record(0, RECORD))
    cast.step(case, "recuse", {"reasons": "I know this person too well."}, "board")
    cast.new_key("board")
    with pytest.raises(Refused, match="E-CASE-05"):
        cast.rule(case, "uphold", "board")


def test_two_humans_are_not_one_with_two_keys(cast):
    case = cast.propose(0, [cast.record(0, RECORD)], days=120)
    assert cast.decide(case, "board", 120).state == "half"
    cast.new_key("board")
    with pytest.raises(Refused, match="another human"):
        cast.decide(case, "board", 120)


def test_a_file_that_was_opened_stays_open_with_another_key(cast):
    case = cast.propose(0, [cast.record(0, RECORD)])
    cast.step(case, "open", {}, "board")
    cast.new_key("board")
    facts = {
        "days": 60, "reasons": f"It rests on {case.first.records[0]}.", "active_seconds": 200,
        "opened": list(case.first.records),
    }  # fmt: skip
    assert cast.step(case, "decide", facts, "board").state == "decided"


def test_who_decided_a_restriction_judges_no_contest_of_it(cast):
    case = cast.begun(0, [cast.record(0, RECORD)])
    contest = cast.contest(0, case.name, target="restriction", ground="other")
    with pytest.raises(Refused, match="E-CASE-05"):
        cast.rule(contest, "uphold", "board")
    with pytest.raises(Refused, match="E-CASE-05"):  # it rests on the railway's record
        cast.rule(contest, "uphold", "rail-clerk")
    assert cast.rule(contest, "uphold", "institute").state == "ruled"


def test_a_score_is_judged_by_nobody_who_works_for_one_of_its_issuers(cast):
    contest = cast.contest(0, "", target="score", ground="other")
    for reviewer in ("rail-clerk", "coach-clerk"):
        with pytest.raises(Refused, match="E-CASE-05"):
            cast.rule(contest, "uphold", reviewer)
    assert cast.rule(contest, "uphold", "institute").state == "ruled"


def test_the_party_that_proposed_lifts_its_own_with_another_key(cast):
    case = cast.propose(0, [cast.record(0, RECORD)])
    cast.new_key("rail-sales")
    assert cast.step(case, "lift", {"words": "Enough."}, "rail-sales").state == "lifted"


def test_a_first_instance_is_ruled_on_once(cast):
    case = cast.contest(0, cast.record(0, RECORD))
    cast.rule(case, "uphold", "board")
    for reviewer in ("board", "institute"):
        with pytest.raises(Refused, match="E-CASE-03"):
            cast.rule(case, "annul", reviewer)
