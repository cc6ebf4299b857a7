"""What one case decides of another: merged contests, contested restrictions, later rulings."""

import pytest

from standing.errors import Refused
from tests.machine.stage import deliver


@pytest.fixture
def merged(cast):
    """Two contests of one issuer's records, the first one gone into the second."""
    first = cast.contest(0, cast.record(0, "smoking"))
    second = cast.contest(0, cast.record(0, "forged-ticket"))
    cast.step(first, "merge", {"into": second.name}, "board")
    return first, second


def states(cast, *cases):
    return [cast.ledger.case(case.name).state for case in cases]


def test_one_ruling_decides_a_merged_contest_too(cast, merged):
    first, second = merged
    cast.rule(second, "annul", "board")
    assert states(cast, first, second) == ["joined", "closed"]
    assert cast.counted(0, first.first.named) == (0, "annulled")


def test_an_upheld_ruling_lets_both_records_count_again(cast, merged):
    first, second = merged
    cast.rule(second, "uphold", "board")
    assert cast.counted(0, first.first.named) == (0, "contested")
    cast.place.sleep(30)
    assert states(cast, first, second) == ["joined", "closed"]
    assert cast.counted(0, first.first.named) == (-40, "counted")


def test_silence_lapses_both(cast, merged):
    first, second = merged
    cast.place.sleep(30)
    assert states(cast, first, second) == ["lapsed", "lapsed"]
    assert cast.counted(0, first.first.named) == (0, "lapsed")


def test_a_decided_contest_is_neither_taken_back_nor_in_the_way_of_another(cast, merged):
    first, second = merged
    cast.rule(second, "annul", "board")
    with pytest.raises(Refused, match="E-CASE-03"):
        cast.own(first, "take-back", 0)
    again = cast.contest(0, first.first.named)
    assert (again.first.again, again.state) == (True, "triage")


def test_new_evidence_brings_back_the_record_that_it_is_about(cast, merged):
    first, second = merged
    cast.rule(second, "annul", "board")
    facts = {"words": "Now it is proved.", "certified": True}
    cast.step(second, "re-enter", facts, "railway", files=[("proof.txt", b"proof")])
    cast.place.sleep(15)
    assert cast.counted(0, second.first.named)[0] < 0
    assert cast.counted(0, first.first.named) == (0, "annulled")


def test_a_contest_is_not_merged_into_itself(cast):
    case = cast.contest(0, cast.record(0, "smoking"))
    with pytest.raises(Refused, match="E-CASE-05"):
        cast.step(case, "merge", {"into": case.name}, "board")


def contest_restriction(cast, case):
    return cast.contest(0, case.name, target="restriction", ground="other")


def test_a_restriction_whose_contest_was_right_is_over(cast):
    case = cast.begun(0, [cast.record(0, "forged-ticket")])
    assert cast.place.answers(0) == {"no-high-speed"}
    contest = contest_restriction(cast, case)
    assert cast.place.answers(0) == set()
    cast.rule(contest, "annul", "institute")
    assert states(cast, case) == ["annulled"]
    assert cast.place.answers(0) == set()
    with pytest.raises(Refused, match="E-CASE-03"):
        cast.step(case, "lift", {"words": "Too late."}, "rail-sales")


def test_a_restriction_whose_contest_nobody_decides_is_over(cast):
    case = cast.begun(0, [cast.record(0, "forged-ticket")])
    contest_restriction(cast, case)
    cast.place.sleep(10)
    assert states(cast, case) == ["annulled"]
    assert cast.place.answers(0) == set()


def test_a_restriction_that_was_upheld_goes_on(cast):
    case = cast.begun(0, [cast.record(0, "forged-ticket")])
    cast.rule(contest_restriction(cast, case), "uphold", "institute")
    assert cast.place.answers(0) == set()
    cast.place.sleep(20)
    assert cast.place.answers(0) == {"no-high-speed"}
    assert cast.ledger.case(case.name).due == case.due, "days set aside count as served"


def test_of_two_corrections_the_later_one_holds(cast):
    record = cast.record(0, "forged-ticket")
    for kind in ("rail.smoking", "rail.unpaid-fare"):
        case = cast.contest(0, record)
        if case.state == "triage":
            cast.step(case, "admit", {"reasons": "There is something new."}, "board")
        cast.rule(case, "correct", "board", type=kind)
        cast.place.sleep(20)
    reasons = {r.record: r for r in cast.place.score(0).reasons}
    assert reasons[record].rule == "rail.unpaid-fare"


def test_a_record_that_came_back_keeps_its_new_notice_after_another_ruling(cast):
    record = cast.record(0, "forged-ticket")
    first = cast.contest(0, record)
    cast.rule(first, "annul", "board")
    facts = {"words": "Now it is proved.", "certified": True}
    cast.step(first, "re-enter", facts, "railway", files=[("proof.txt", b"proof")])
    second = cast.contest(0, record)
    cast.rule(second, "uphold", "board")
    cast.own(second, "appeal", 0, {"words": "Look again."})
    cast.rule(second, "uphold", "institute", "decide")
    assert cast.counted(0, record) == (0, "noticed")


def test_taking_an_appeal_back_leaves_the_ruling(cast):
    record = cast.record(0, "forged-ticket")
    case = cast.contest(0, record)
    cast.rule(case, "correct", "board", type="rail.smoking")
    cast.own(case, "appeal", 0, {"words": "It was nothing at all."})
    assert cast.own(case, "take-back", 0).state == "closed"
    reasons = {r.record: r for r in cast.place.score(0).reasons}
    assert reasons[record].rule == "rail.smoking"
    assert cast.contest(0, record).first.again


def test_a_corrected_record_counts_by_the_better_of_both_readings(cast):
    """In its old cell the limit of its kind would have hidden it, once more of that kind came."""
    record = cast.record(1, "smoking")
    cast.rule(cast.contest(1, record), "correct", "board", type="rail.unpaid-fare")
    cast.place.sleep(20)
    assert {r.record: r.rule for r in cast.place.score(1).reasons}[record] == "rail.unpaid-fare"
    rows = [(1, "railway", "rail.smoking", cast.place.day - n) for n in range(2)]
    keys = cast.place.stage.keys
    deliver(cast.ledger, keys, rows, "more", signer="guard 8", second="office/clerk")
    cast.place.sleep(14)
    reasons = cast.place.score(1).reasons
    assert {r.record: r.rule for r in reasons}[record] == "rail.smoking"
    assert sum(r.counted for r in reasons if r.counted < 0) == -120 - 20
