"""What if: the same scorer on a history that might be."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from standing import policy
from standing.errors import Refused
from standing.policy import RecordFact, Schedule

from .histories import ACTS, PACK, START, records, schedules

ONE = Schedule([(START, PACK)])
FARE = RecordFact("a", "fare", START, START)


def test_an_annulment_takes_effect_on_the_same_day():
    supposed = policy.what_if([FARE], ONE, START + 10, annulled=["a"])
    assert (supposed.day, supposed.as_is.score, supposed.as_if.score) == (START + 10, 960, 1000)
    assert [o.score for o in supposed.forecast_as_is] == [960, 980, 1000]
    assert [o.score for o in supposed.forecast_as_if] == [1000]


def test_three_more_good_acts_count_when_their_notice_is_over():
    supposed = policy.what_if([FARE], ONE, START + 10, more=["help"] * 3)
    assert supposed.day == START + 17
    assert (supposed.as_is.score, supposed.as_if.score) == (960, 985)
    assert [o.score for o in supposed.forecast_as_if][:3] == [960, 985, 1005]


def test_a_lesson_supposed_gives_points_back():
    supposed = policy.what_if([FARE], ONE, START + 10, more=["lesson"])
    assert supposed.as_if.score == 990


@given(records(), schedules(), st.integers(START, START + 200), st.data())
def test_supposing_is_scoring_the_history_that_would_be(history, schedule, day, data):
    annulled = (
        data.draw(st.lists(st.sampled_from([f.id for f in history]), unique=True))
        if history
        else []
    )
    weighed = sorted(schedule.in_force(day).acts)
    more = data.draw(st.lists(st.sampled_from(weighed), max_size=3))
    supposed = policy.what_if(history, schedule, day, annulled=annulled, more=more, months=6)
    would_be = [
        msgspec.structs.replace(f, status="annulled") if f.id in annulled else f for f in history
    ] + [RecordFact(f"new{n}", code, day, day) for n, code in enumerate(more)]
    known = schedule.known_on(day)
    assert supposed.as_is == policy.score(history, known, supposed.day)
    assert supposed.as_if.raw == policy.score(would_be, known, supposed.day).raw
    assert supposed.forecast_as_is == policy.forecast(history, schedule, day, months=6)
    raws = [o.raw for o in supposed.forecast_as_if]
    assert raws == [o.raw for o in policy.forecast(would_be, schedule, day, months=6)]


@pytest.mark.parametrize(("annulled", "more"), [(["b"], []), ([], ["smile"]), ([], ["help"] * 101)])
def test_what_cannot_be_supposed_is_refused(annulled, more):
    with pytest.raises(Refused, match="E-SCORE-06"):
        policy.what_if([FARE], ONE, START + 10, annulled=annulled, more=more)


def test_supposing_says_which_acts_the_rules_weigh():
    with pytest.raises(Refused) as caught:
        policy.what_if([FARE], ONE, START, more=["smile"])
    assert all(code in caught.value.why for code in ACTS)
