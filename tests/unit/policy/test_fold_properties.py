"""What holds for every history: order, sums, contests, age, limits, forecast."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from standing import policy
from standing.policy import Schedule

from .histories import BURDENS, HARSHER, MILDER, PACK, START, records

ONE = Schedule([(START, PACK)])
THREE = Schedule([(START, PACK), (START + 90, MILDER), (START + 180, HARSHER)])
SCHEDULES = st.sampled_from([ONE, THREE])
DAYS = st.integers(START, START + 500)


@given(records(), SCHEDULES, DAYS, st.randoms(use_true_random=False))
def test_the_order_of_arrival_never_changes_a_score(history, schedule, day, random):
    shuffled = random.sample(history, len(history))
    assert policy.score(history, schedule, day) == policy.score(shuffled, schedule, day)


@given(records(), SCHEDULES, DAYS)
def test_the_points_of_the_reasons_are_the_whole_score(history, schedule, day):
    result = policy.score(history, schedule, day)
    assert result.base + sum(reason.counted for reason in result.reasons) == result.raw
    assert result.score == min(max(result.raw, 0), 2000)
    assert sorted(r.record for r in result.reasons) == sorted(fact.id for fact in history)


@given(records(), SCHEDULES, DAYS, st.integers(0, 11))
def test_a_contest_never_lowers_a_score(history, schedule, day, index):
    if not history:
        return
    target = history[index % len(history)]
    if target.status != "effective":
        return
    contested = msgspec.structs.replace(target, status="contested")
    rest = [fact for fact in history if fact is not target]
    before = policy.score(history, schedule, day)
    assert policy.score([*rest, contested], schedule, day).raw >= before.raw


@given(records(), SCHEDULES, DAYS)
def test_no_record_counts_more_than_on_its_first_day_and_never_with_the_other_sign(
    history, schedule, day
):
    for reason in policy.score(history, schedule, day).reasons:
        assert abs(reason.aged) <= abs(reason.face)
        low, high = sorted((0, reason.aged))
        assert low <= reason.counted <= high


@given(records(types=(*BURDENS, "lesson"), sources=False), DAYS, st.integers(1, 60))
def test_the_passing_of_days_never_makes_a_burden_heavier(history, day, later):
    settled = [fact for fact in history if fact.noticed + 7 <= day]
    before = policy.score(settled, ONE, day)
    assert policy.score(settled, ONE, day + later).raw >= before.raw


@given(records(types=BURDENS, statuses=("effective",)), SCHEDULES, DAYS)
def test_taking_a_burden_away_never_lowers_a_score(history, schedule, day):
    whole = policy.score(history, schedule, day)
    for index in range(len(history)):
        rest = history[:index] + history[index + 1 :]
        assert policy.score(rest, schedule, day).raw >= whole.raw


@given(records(), DAYS)
def test_expired_records_may_be_forgotten_without_a_trace_in_the_score(history, day):
    whole = policy.score(history, ONE, day)
    gone = {reason.record for reason in whole.reasons if reason.why == "expired"}
    rest = [fact for fact in history if fact.id not in gone]
    assert policy.score(rest, ONE, day).raw == whole.raw


@given(records(), DAYS)
def test_an_earlier_pack_can_only_help(history, day):
    today = THREE.in_force(day)
    alone = Schedule([(THREE.first_force, today)])
    assert policy.score(history, THREE, day).raw >= policy.score(history, alone, day).raw


@given(records(), SCHEDULES, st.integers(START, START + 300))
def test_the_forecast_is_what_the_scorer_says_on_each_day(history, schedule, day):
    outlooks = policy.forecast(history, schedule, day, months=3)
    known = schedule.known_on(day)
    current = 0
    for at in range(day, day + 91):
        while current + 1 < len(outlooks) and outlooks[current + 1].day <= at:
            current += 1
        assert policy.score(history, known, at).raw == outlooks[current].raw
