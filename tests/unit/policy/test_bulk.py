"""The scorers over columns reach the integers of the specification, whatever the history."""

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from standing import policy
from standing.errors import Broken, Refused
from standing.policy import RecordFact, Schedule, bulk

from .histories import ACTS, PACK, START, cases, moments, pack_of, populations, schedules

DAYS = st.integers(START, START + 420)


@pytest.fixture(scope="module", autouse=True)
def compiled():
    """Compile before the first example: hypothesis times examples, not compilers."""
    schedule = Schedule([(START, PACK)])
    bulk.Incremental(bulk.columns_of({1: []}, sorted(PACK.acts)), schedule, START).add(
        bulk.columns_of({2: []}, sorted(PACK.acts))
    )


def by_the_specification(facts, schedule, day, since=None):
    rows = []
    for number in sorted(facts):
        first = (since or {}).get(number, 0)
        mine = [fact for fact in facts[number] if fact.day >= first]
        result = policy.score(mine, schedule, day)
        rows.append((number, result.score, result.band_index))
    return policy.population_digest(rows)


@settings(max_examples=2_000, deadline=None)
@given(cases(), st.data())
def test_the_bulk_scorer_reaches_the_digest_of_the_specification(case, data):
    facts, schedule = case
    day = data.draw(moments(facts, schedule))
    columns = bulk.columns_of(facts, data.draw(st.permutations(sorted(schedule.windows))))
    scored = bulk.score_columns(columns, schedule, day)
    assert bulk.digest_of(columns.subjects, scored) == by_the_specification(facts, schedule, day)


@given(cases(), DAYS, st.data())
def test_acts_before_a_subject_s_consent_do_not_count_in_any_scorer(case, day, data):
    facts, schedule = case
    columns = bulk.columns_of(facts)
    first = {number: data.draw(st.integers(START - 40, START + 200)) for number in facts}
    since = np.array([first[int(number)] for number in columns.subjects], np.uint16)
    scored = bulk.score_columns(columns, schedule, day, since=since)
    expected = by_the_specification(facts, schedule, day, first)
    assert bulk.digest_of(columns.subjects, scored) == expected


@given(populations(), schedules(), DAYS, st.integers(2, 5))
def test_any_number_of_workers_gives_the_same_scores(facts, schedule, day, workers):
    columns = bulk.columns_of(facts)
    alone = bulk.score_columns(columns, schedule, day, with_turns=True)
    shared = bulk.score_columns(columns, schedule, day, with_turns=True, workers=workers)
    assert all(np.array_equal(a, b) for a, b in zip(alone, shared, strict=True))


@given(cases(), DAYS, st.integers(1, 60))
def test_no_score_changes_before_the_day_on_which_its_row_is_due(case, day, later):
    facts, schedule = case
    forces = [force for force, _ in schedule.rules_until(START + 500)]
    if any(day < force <= day + later for force in forces):
        return  # a pack that comes into force makes every row due
    columns = bulk.columns_of(facts)
    now = bulk.score_columns(columns, schedule, day, with_turns=True)
    then = bulk.score_columns(columns, schedule, day + later)
    changed = now.score != then.score
    assert (now.turn[changed] <= day + later).all()


@given(populations(), DAYS)
def test_the_tally_counts_the_records_that_stand_for_a_consequence(facts, day):
    schedule = Schedule([(START, PACK)])
    columns = bulk.columns_of(facts, sorted(PACK.acts))
    masks = [1 << place for place in range(len(columns.codes))]
    scored = bulk.score_columns(columns, schedule, day, tallies=masks)
    for row, number in enumerate(columns.subjects.tolist()):
        result = policy.score(facts[number], schedule, day)
        standing = [r.rule for r in result.reasons if r.counted or r.why == "cap"]
        assert scored.tally[row].tolist() == [standing.count(code) for code in columns.codes]


@given(populations())
def test_columns_give_back_the_facts_that_they_were_made_from(facts):
    columns = bulk.columns_of(facts)
    for row, number in enumerate(columns.subjects.tolist()):
        given_back = [msgspec.structs.replace(f, id="") for f in bulk.facts_at(columns, row)]
        given_in = [msgspec.structs.replace(f, id="") for f in facts[number]]
        assert sorted(map(repr, given_back)) == sorted(map(repr, given_in))


@given(populations(), st.randoms(use_true_random=False))
def test_chosen_rows_are_columns_of_their_own(facts, random):
    columns = bulk.columns_of(facts)
    chosen = sorted(random.sample(range(len(facts)), len(facts) // 2))
    part = columns.rows(np.array(chosen, np.int64))
    assert part.subjects.tolist() == columns.subjects[chosen].tolist()
    for place, row in enumerate(chosen):
        assert bulk.facts_at(part, place) == bulk.facts_at(columns, row)


def test_a_row_of_nobody_s_records_stands_at_base():
    columns = bulk.columns_of({7: []}, sorted(PACK.acts))
    scored = bulk.score_columns(columns, Schedule([(START, PACK)]), START)
    assert (scored.score.tolist(), scored.band.tolist()) == ([1000], [1])


@pytest.mark.parametrize(("day", "noticed"), [(-1, 3), (65_535, 3), (3, 65_535), (3, -1)])
def test_a_day_that_no_column_holds_is_refused(day, noticed):
    with pytest.raises(Refused, match="E-SCORE-03"):
        bulk.columns_of({1: [RecordFact("a", "fare", day, noticed)]})


def test_more_types_than_a_column_holds_are_refused():
    with pytest.raises(Refused, match="E-SCORE-03"):
        bulk.columns_of({}, [f"t{n}" for n in range(256)])


def test_before_the_first_pack_there_is_no_score():
    columns = bulk.columns_of({1: []}, sorted(PACK.acts))
    with pytest.raises(Refused, match="E-SCORE-01"):
        bulk.score_columns(columns, Schedule([(START, PACK)]), START - 1)


def test_a_history_of_very_many_records_and_lessons_is_folded_in_reasonable_time():
    days = np.arange(60_000) % 120
    facts = {
        1: [
            RecordFact(f"r{n:05}", "lesson" if n % 5 == 0 else "fare", START + int(day), START)
            for n, day in enumerate(days)
        ]
    }
    columns = bulk.columns_of(facts)
    scored = bulk.score_columns(columns, Schedule([(START, PACK)]), START + 130)
    # two windows at their limit of a hundred: the lessons give back less than the burdens exceed it
    assert scored.score.tolist() == [800]


def test_no_day_past_every_column_is_scored():
    columns = bulk.columns_of({1: [RecordFact("a", "fare", 65_500, 65_500)]})
    schedule = Schedule([(START, PACK)])
    assert bulk.score_columns(columns, schedule, 65_534).score.tolist() == [960]
    with pytest.raises(Refused, match="E-SCORE-03"):
        bulk.score_columns(columns, schedule, 65_535)


def test_a_lesson_spares_kinds_of_one_day_by_name_whatever_their_numbers():
    """Three fares exceed their limit: points given back to them are worth less than to a grave."""
    facts = [RecordFact(f"f{n}", "fare", START, START) for n in range(3)]
    facts += [
        RecordFact("g", "grave", START, START),
        RecordFact("z", "lesson", START + 1, START + 1),
    ]
    schedule = Schedule([(START, PACK)])
    for codes in (["fare", "grave", "lesson"], ["grave", "lesson", "fare"], ["lesson", "grave"]):
        columns = bulk.columns_of({1: facts}, codes)
        scored = bulk.score_columns(columns, schedule, START + 10)
        assert scored.score.tolist() == [policy.score(facts, schedule, START + 10).score] == [790]


@pytest.mark.parametrize("ends", [[2, 1, 4], [5, 4, 4], [-1, 2, 4], [2**40, 4, 4], [1, 2, 9]])
@pytest.mark.parametrize("workers", [1, 2])
def test_rows_that_do_not_lie_one_after_the_other_are_found_and_nothing_is_read_there(
    ends, workers
):
    facts = {
        n: [RecordFact(c, "fare", START, START) for c in "abcd"[: n % 3 + 1]] for n in (1, 2, 3)
    }
    columns = bulk.columns_of(facts, sorted(PACK.acts))
    columns = columns._replace(ends=np.array(ends), **{
        name: getattr(columns, name)[:4] for name in ("kind", "day", "noticed", "status")
    })  # fmt: skip
    with pytest.raises(Broken, match="E-SCORE-07"):
        bulk.score_columns(columns, Schedule([(START, PACK)]), START + 10, workers=workers)
    with pytest.raises(Broken, match="E-SCORE-07"):
        bulk.merged(columns, bulk.empty(columns.codes))


def test_types_and_statuses_that_nobody_named_weigh_nothing():
    facts = {1: [RecordFact("a", "fare", START, START), RecordFact("b", "fare", START, START)]}
    columns = bulk.columns_of(facts, sorted(PACK.acts))
    columns.kind[0], columns.status[1] = 255, 255
    for schedule in (Schedule([(START, PACK)]), Schedule([(START, pack_of(ACTS))])):
        assert bulk.score_columns(columns, schedule, START + 10).score.tolist() == [1000]
