"""A restriction is proposed on named records, decided by humans, announced, and ends."""

import pytest

from standing.cases._restriction import _not_too_many
from standing.cases.lifecycles import NEVER, Signer, World, begins
from standing.errors import Refused
from standing.ledger._world import _decided_today, who_is, working_days
from standing.wire.days import format_day, parse_day
from standing.wire.keys import SigningKey, load_key_file

REASONS = "rail.forged-ticket of 2026-04-08 is proven."


def propose(stage, days=60, **changes):
    facts = {
        "code": "no-high-speed", "records": [stage.forged], "days": days,
        "words": "A ticket that a court found to be forged.",
    } | changes  # fmt: skip
    return stage.open("card-1", "restriction", "propose", facts, "rail-sales")


def decide(stage, case, by="review-board", days=60, **changes):
    stage.step(case, "open", by=by)
    facts = {"days": days, "reasons": REASONS, "opened": [stage.forged], "active_seconds": 200}
    return stage.step(case, "decide", facts | changes, by=by)


def test_it_begins_seven_days_after_the_letter_and_ends_by_itself(stage):
    case = decide(stage, propose(stage))
    begin = begins(case)
    assert (case.state, begin) == ("decided", stage.ledger.today + 8)
    stage.move(8)
    assert stage.ledger.case(case.name).state == "begun"
    stage.move(59)
    assert stage.ledger.case(case.name).state == "begun"
    stage.move(1)
    assert stage.ledger.case(case.name).state == "ended"


def test_a_proposal_that_nobody_decides_lapses_after_15_days(stage):
    case = propose(stage)
    stage.move(15)
    assert stage.ledger.case(case.name).state == "proposed"
    stage.move(1)
    assert stage.ledger.case(case.name).state == "lapsed"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"code": "no-such"}, "the pack lists"),
        ({"days": 181}, "the pack allows 180"),
        ({"records": ["r_" + "a" * 26]}, "nothing that counts for this person here"),
    ],
)
def test_a_proposal_stays_within_its_pack(stage, changes, why):
    with pytest.raises(Refused, match="E-CASE-05") as refused:
        propose(stage, **changes)
    assert why.lower() in refused.value.why.lower()


def test_a_general_record_alone_is_not_enough(stage):
    with pytest.raises(Refused, match="L28"):
        propose(stage, records=[stage.unpaid])


def test_a_contested_record_carries_no_proposal(stage):
    facts = {"target": "record", "named": stage.forged, "words": "Not proven."}
    stage.open("card-1", "contest", "file", facts, "resident")
    with pytest.raises(Refused, match="L28"):
        propose(stage)


def test_above_90_days_two_humans_decide_and_the_shorter_holds(stage):
    case = decide(stage, propose(stage, days=120), days=100)
    assert case.state == "half"
    with pytest.raises(Refused, match="another human"):
        decide(stage, case, days=100)
    case = decide(stage, case, by="second-review", days=95)
    stage.move(8)
    begun = stage.ledger.case(case.name)
    assert (begun.state, begun.due) == ("begun", stage.ledger.today + 95)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"days": 61}, "may only soften"),
        ({"active_seconds": 179}, "3 minutes"),
        ({"opened": ["something"]}, "were opened"),
        ({"reasons": "It is what we always decide here."}, "name a fact of the case"),
    ],
)
def test_a_human_really_decides(stage, changes, why):
    case = propose(stage)
    with pytest.raises(Refused, match="L33") as refused:
        decide(stage, case, **changes)
    assert why in refused.value.what


def test_the_railways_own_people_decide_nothing(stage):
    case = propose(stage)
    for by in ("rail-sales", "railway", "city-office"):
        with pytest.raises(Refused, match=r"E-CASE-0[47]"):
            stage.step(case, "decline", {"reasons": "We would rather not, after all."}, by=by)


@pytest.mark.parametrize(("decided", "is_open"), [(24, True), (25, False)])
def test_a_reviewer_decides_at_most_25_a_day(decided, is_open):
    signer = Signer("reviewer", "review-board", "Arbitration House", b"")
    wrong = _not_too_many(None, None, signer, World(day=0, decided_today=lambda _: decided))
    assert (wrong is None) is is_open


def test_the_count_of_a_days_decisions_is_of_a_human_with_all_their_keys(stage):
    core = stage.ledger._core
    operator = load_key_file(stage.folder / "keys" / "city-office.key")
    other_key = SigningKey.generate()
    stage.ledger.accredit(
        other_key.public, role="reviewer", name="review-board", employer="Arbitration House",
        until=stage.ledger.today + 9, by=operator,
    )  # fmt: skip

    def counted(key):
        return _decided_today(core, who_is(core, key.public.thumbprint, 0, "rail", "restriction"))

    decide(stage, propose(stage))
    keys = [stage.keys["review-board"], other_key, stage.keys["second-review"]]
    assert list(map(counted, keys)) == [1, 1, 0]
    stage.move(1)
    assert list(map(counted, keys)) == [0, 0, 0]


def test_an_objection_stays_the_beginning_until_a_second_person_decides(stage):
    case = decide(stage, propose(stage))
    case = stage.step(case, "object", {"words": "I need this train for work."}, by="resident")
    stage.move(10)
    assert stage.ledger.case(case.name).state == "objected"
    settle = {"outcome": "begin", "reasons": REASONS, "active_seconds": 200}
    stage.step(case, "open", by="second-review")
    with pytest.raises(Refused, match="L33"):
        stage.step(case, "settle", settle, by="review-board")
    case = stage.step(case, "settle", settle, by="second-review")
    assert case.state == "confirmed"
    stage.move(1)
    assert stage.ledger.case(case.name).state == "begun"


def test_an_objection_that_nobody_decides_ends_it(stage):
    case = decide(stage, propose(stage))
    stage.step(case, "object", {"words": "I need this train for work."}, by="resident")
    stage.move(16)
    assert stage.ledger.case(case.name).state == "lapsed"


def test_the_time_to_object_rolls_to_a_working_day(stage):
    stage.move(5)  # a Saturday: seven days later is a Saturday too
    case = decide(stage, propose(stage))
    begin = begins(case)
    assert format_day(begin) == "2026-05-19"


def test_a_year_without_a_table_lets_no_clock_run_against_the_subject(stage):
    days = working_days(stage.ledger._core, "rail")
    last = parse_day("2028-12-29")  # the pack's tables end with that year
    assert days.time_to_act(last - 14, 14) < NEVER
    assert days.time_to_act(last, 14) == NEVER
    assert days.after(last, 5) == last + 8  # whoever else has to act: weekends alone


def test_only_whoever_proposed_or_a_reviewer_lifts_it(stage):
    case = decide(stage, propose(stage))
    stage.move(9)
    with pytest.raises(Refused, match="E-CASE-04"):
        stage.step(case, "lift", {"words": "Enough."}, by="resident")
    assert stage.step(case, "lift", {"words": "Enough."}, by="rail-sales").state == "lifted"


def test_the_same_restriction_is_not_proposed_twice(stage):
    propose(stage)
    with pytest.raises(Refused, match="is open on the same"):
        propose(stage)


def test_without_two_independent_houses_nothing_is_proposed(stage):
    operator = load_key_file(stage.folder / "keys" / "city-office.key")
    gone = stage.keys["second-review"].public.thumbprint
    stage.ledger.revoke(gone, "left", by=operator)
    with pytest.raises(Refused, match="L66"):
        propose(stage)


@pytest.mark.parametrize(
    "target", ["record", "score", "restriction", "decision", "link", "erasure"]
)
def test_everything_that_burdens_can_be_contested(stage, target):
    case = propose(stage)
    named = {
        "record": stage.unpaid, "restriction": case.name, "decision": "booking-1", "link": "card-7",
    }.get(target, "")  # fmt: skip
    facts = {"target": target, "named": named, "words": "That is wrong."}
    contest = stage.open("card-1", "contest", "file", facts, "resident")
    assert (contest.state, contest.due) == ("open", stage.ledger.today + 8)


def test_a_proposal_tells_nobody_who_is_enrolled(stage):
    def refusal(card):
        facts = {"code": "no-high-speed", "records": [stage.forged], "days": 60, "words": "Forged."}
        with pytest.raises(Refused) as refused:
            stage.open(card, "restriction", "propose", facts, "rail-sales")
        return refused.value.as_dict()

    stranger, neighbour = refusal("card-99"), refusal("card-2")
    stage.ledger.withdraw(stage.keys["resident"], "rail")
    assert stranger == neighbour == refusal("card-1")
    assert "L28" in stranger["what"]
