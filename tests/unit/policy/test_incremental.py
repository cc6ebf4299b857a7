"""Scores that follow the news are the scores of everything scored anew, step by step."""

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from standing import policy
from standing.errors import Refused
from standing.policy import RecordFact, Schedule, bulk

from .histories import (
    ACTS,
    PACK,
    START,
    STATUSES,
    WINDOWS,
    cases,
    moments,
    populations,
    schedules,
)
from .test_bulk import by_the_specification, compiled  # noqa: F401 - a fixture of this file too

CODES = sorted({*ACTS, *WINDOWS})
ONE = Schedule([(START, PACK)])


def digest(rolling):
    return bulk.digest_of(rolling.subjects, rolling.population)


@settings(max_examples=400, deadline=None)
@given(cases(), st.integers(START, START + 200), st.data())
def test_any_order_of_arrival_and_any_split_into_batches_ends_at_the_same_digest(case, day, data):
    """Days pass, batches arrive and rulings fall between them, in whatever order was drawn."""
    facts, schedule = case
    arrivals = data.draw(st.permutations([(n, fact) for n in facts for fact in facts[n]]))
    held = {number: [] for number in facts if data.draw(st.booleans())}
    rolling = bulk.Incremental(bulk.columns_of(held, CODES), schedule, day)
    while arrivals:
        size = data.draw(st.integers(1, len(arrivals)))
        batch, arrivals = arrivals[:size], arrivals[size:]
        news = {}
        for number, fact in batch:
            news.setdefault(number, []).append(fact)
            held.setdefault(number, []).append(fact)
        rolling.add(bulk.columns_of(news, CODES))
        day = data.draw(st.just(day) | moments(held, schedule, least=day))
        rolling.advance(day)
        assert digest(rolling) == by_the_specification(held, schedule, day)
        _rule_on_one(rolling, held, data)
        assert digest(rolling) == by_the_specification(held, schedule, day)


def _rule_on_one(rolling, held, data):
    known = sorted((n, i) for n in held for i in range(len(held[n])))
    number, index = data.draw(st.sampled_from(known))
    before, status = held[number][index], data.draw(st.sampled_from(STATUSES))
    rolling.rule([bulk.Ruling(number, before, status)])
    held[number][index] = msgspec.structs.replace(before, status=status)


@given(populations(), schedules(), st.integers(START, START + 200), st.integers(1, 200))
def test_a_day_that_passes_scores_only_rows_that_are_due(facts, schedule, day, later):
    rolling = bulk.Incremental(bulk.columns_of(facts, CODES), schedule, day)
    due = int((rolling.population.turn <= day + later).sum())
    forces = [force for force, _ in schedule.rules_until(START + 500)]
    scored = rolling.advance(day + later)
    if not any(day < force <= day + later for force in forces):
        assert scored == due
    assert digest(rolling) == by_the_specification(facts, schedule, day + later)


def test_new_subjects_bring_the_first_day_of_their_consent_with_them():
    old = RecordFact("a", "fare", START - 5, START - 5)
    rolling = bulk.Incremental(bulk.columns_of({5: [old]}, CODES), ONE, START + 10)
    news = bulk.columns_of({2: [old], 9: [old]}, CODES)
    rolling.add(news, np.array([START, 0], np.uint16))
    assert rolling.population.score.tolist() == [1000, 960, 960]
    assert rolling.subjects.tolist() == [2, 5, 9]


def test_rulings_reach_columns_that_may_not_be_written():
    fact = RecordFact("a", "fare", START, START)
    columns = bulk.columns_of({5: [fact]}, CODES)
    columns.status.flags.writeable = False
    rolling = bulk.Incremental(columns, ONE, START + 10)
    rolling.rule([bulk.Ruling(5, fact, "contested")])
    assert rolling.population.score.tolist() == [1000]
    assert columns.status.tolist() == [0]


@pytest.mark.parametrize(
    ("subject", "record"),
    [
        (6, RecordFact("a", "fare", START, START)),
        (5, RecordFact("a", "noise", START, START)),
        (5, RecordFact("a", "fare", START + 1, START)),
        (5, RecordFact("a", "fare", START, START + 1)),
        (5, RecordFact("a", "fare", START, START, "contested")),
        (5, RecordFact("a", "fare", START, START, "effective", START + 9)),
        (5, RecordFact("a", "unheard-of", START, START)),
    ],
)
def test_a_ruling_on_a_record_that_is_not_there_is_refused_and_changes_nothing(subject, record):
    fact = RecordFact("a", "fare", START, START)
    rolling = bulk.Incremental(bulk.columns_of({5: [fact]}, CODES), ONE, START + 10)
    good = bulk.Ruling(5, fact, "annulled")
    with pytest.raises(Refused, match="E-SCORE-05"):
        rolling.rule([good, bulk.Ruling(subject, record, "annulled")])
    assert rolling.population.score.tolist() == [960]


def test_scores_do_not_go_back_in_time():
    rolling = bulk.Incremental(bulk.columns_of({5: []}, CODES), ONE, START + 10)
    with pytest.raises(Refused, match="E-SCORE-04"):
        rolling.advance(START + 9)
    assert rolling.as_of == START + 10


def test_two_rulings_on_two_alike_records_take_one_each():
    facts = [RecordFact(name, "fare", START, START) for name in "ab"]
    rolling = bulk.Incremental(bulk.columns_of({5: facts}, CODES), ONE, START + 10)
    assert rolling.population.score.tolist() == [920]
    rolling.rule([bulk.Ruling(5, fact, "annulled") for fact in facts])
    assert rolling.population.score.tolist() == [1000]


def test_columns_that_grew_much_are_joined_and_stay_right():
    fact = RecordFact("a", "fare", START, START)
    rolling = bulk.Incremental(bulk.columns_of({5: [fact]}, CODES), ONE, START + 10)
    for n in range(4):
        rolling.add(
            bulk.columns_of({5: [RecordFact(f"b{n}", "help", START + n, START + n)]}, CODES)
        )
    held = [fact, *(RecordFact(f"b{n}", "help", START + n, START + n) for n in range(4))]
    result = policy.score(held, ONE, START + 10)
    assert rolling.population.score.tolist() == [result.score]


def test_rows_that_were_blanked_are_nobody_s(compiled):  # noqa: F811 - the fixture
    facts = {n: [RecordFact("a", "fare", START, START)] for n in (2, 4, 5)}
    columns = bulk.columns_of(facts, ("", *CODES))
    columns.kind[1], columns.day[1], columns.noticed[1] = 0, 0, 0
    columns.subjects[1] = 2
    rolling = bulk.Incremental(
        columns, ONE, START + 10, since=np.array([0, 0, START + 1], np.uint16)
    )
    news = bulk.columns_of({5: [RecordFact("b", "fare", START + 1, START + 1)]}, ("", *CODES))
    for _ in range(3):
        rolling.add(news)
    assert rolling.subjects.tolist() == [2, 5]
    assert rolling.population.score.tolist() == [960, 900]


def test_a_first_day_that_comes_with_news_holds_for_whoever_was_there():
    old = RecordFact("a", "fare", START, START)
    rolling = bulk.Incremental(bulk.columns_of({5: [old]}, CODES), ONE, START + 10)
    assert rolling.population.score.tolist() == [960]
    rolling.add(bulk.columns_of({5: []}, CODES), np.array([START + 1], np.uint16))
    assert rolling.population.score.tolist() == [1000]


def test_what_the_caller_gave_stays_as_it_is():
    fact = RecordFact("a", "fare", START, START)
    columns = bulk.columns_of({5: [fact]}, CODES)
    bulk.Incremental(columns, ONE, START + 10).rule([bulk.Ruling(5, fact, "annulled")])
    assert columns.status.tolist() == [0]


def test_a_record_whose_source_outlives_every_column_can_be_ruled_on():
    fact = RecordFact("a", "fare", START, START, "effective", 70_000)
    rolling = bulk.Incremental(bulk.columns_of({5: [fact]}, CODES), ONE, START + 10)
    rolling.rule([bulk.Ruling(5, fact, "annulled")])
    assert rolling.population.score.tolist() == [1000]
