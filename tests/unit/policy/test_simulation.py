"""Simulation: counts that are right, and that point at nobody."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from standing import policy
from standing.policy import _simulation
from standing.policy.simulation import Labels, Names, Side, document, simulate

from .histories import PACK

BANDS = ("low", "mid", "high")
FEWEST = 5


def side(score, consequences=None):
    score = np.array(score, np.int32)
    band = np.searchsorted([400, 800], score, "right").astype(np.uint8)
    held = {code: np.array(who, bool) for code, who in (consequences or {}).items()}
    titles = {code: ("perk", code.title()) for code in held}
    return Side(score, band, BANDS, 2, held, titles)


def run(before, after, divisions=None, **more):
    return simulate(
        (PACK, PACK), (before, after), Names(20_000, "aa", "bb", "cc", **more),
        divisions=divisions or {}, impact_by="group",
    )  # fmt: skip


scores = st.lists(st.integers(0, 1000), min_size=0, max_size=80)


@st.composite
def pairs(draw):
    before = draw(scores)
    after = [draw(st.just(score) | st.integers(0, 1000)) for score in before]
    return before, after


def rounded(count):
    return round(int(count) / 5) * 5


@given(pairs())
def test_every_count_that_is_shown_is_the_true_one_in_fives_and_none_is_one_to_four(pair):
    before, after = map(side, pair)
    result = run(before, after)
    assert result.subjects == (rounded(len(pair[0])) if len(pair[0]) >= FEWEST else 0)
    true = np.zeros((3, 3), int)
    for one, other in zip(before.band, after.band, strict=True):
        true[one][other] += 1
    for i, row in enumerate(result.moves):
        for j, count in enumerate(row):
            assert count == _simulation.shown(int(true[i][j]))
    for counts, held in ((result.before, pair[0]), (result.after, pair[1])):
        for start, count in zip(result.bins, counts, strict=True):
            inside = sum(start <= score < start + result.bin_width for score in held)
            assert count == _simulation.shown(inside)
    moved = [
        sum(b < a for a, b in zip(*pair, strict=True)),
        sum(b == a for a, b in zip(*pair, strict=True)),
        sum(b > a for a, b in zip(*pair, strict=True)),
    ]
    for count, real in zip((result.lower, result.same, result.higher), moved, strict=True):
        assert count == _simulation.shown(real)


@given(st.integers(0, 400))
def test_what_is_shown_may_be_two_more_or_less(count):
    told = _simulation.shown(count)
    assert (told is None) == (0 < count < FEWEST)
    assert told is None or (told % 5 == 0 and abs(told - count) <= 2)


def test_flips_count_for_whom_an_answer_comes_goes_and_stays():
    who = [[True] * 10 + [False] * 30, [False] * 4 + [True] * 6 + [True] * 10 + [False] * 20]
    result = run(side([900] * 40, {"seat": who[0]}), side([900] * 40, {"seat": who[1]}))
    [flip] = result.flips
    # four people lose it: left out; six keep it: five
    assert (flip.comes, flip.goes, flip.stays, flip.title) == (10, None, 5, "Seat")


def test_an_answer_that_only_one_pack_knows_comes_or_goes_for_all_of_its_people():
    ten = [True] * 10 + [False] * 10
    none = side([900] * 20)
    [comes] = run(none, side([900] * 20, {"seat": ten})).flips
    [goes] = run(side([900] * 20, {"seat": ten}), none).flips
    assert (comes.comes, comes.goes, goes.comes, goes.goes) == (10, 0, 0, 10)


def groups(*sizes):
    labels = np.repeat(np.arange(len(sizes)), sizes)
    return {"group": Labels(labels, tuple("abcdefgh"[: len(sizes)]))}


def test_a_ratio_compares_a_part_with_the_others_and_its_interval_is_that_of_katz():
    # of 200 in part a 150 stand high, of 400 in part b 360
    score = [900] * 150 + [500] * 50 + [900] * 360 + [500] * 40
    result = run(side([900] * 600), side(score), groups(200, 400))
    a, b = result.parts["group"]
    assert (a.name, a.subjects, a.after[0], b.after[0]) == ("a", 200, 750, 900)
    ratio = (150 / 200) / (360 / 400)
    spread = 1.959964 * math.sqrt(50 / 200 / 150 + 40 / 400 / 360)
    assert a.ratio == (
        round(1000 * ratio),
        math.floor(1000 * ratio * math.exp(-spread)),
        math.ceil(1000 * ratio * math.exp(spread)),
    )
    assert (result.impact.result, result.impact.low_permille) == ("shown", a.ratio[1])
    assert result.impact.high_permille == b.ratio[2]


def test_wilson_s_interval_is_the_published_one():
    # Newcombe 1998, Statistics in Medicine 17:857, table I: 81 of 263 gives 0.2553 to 0.3662
    assert _simulation._wilson(_simulation._Good(81, 263, is_few=False)) == (308, 255, 367)


@pytest.mark.parametrize(
    ("sizes", "score"),
    [
        ((20,), [900] * 20),  # nobody to compare with
        ((20, 20), [900] * 18 + [500] * 2 + [900] * 20),  # two of one part would be told
        ((20, 20), [500] * 40),  # nobody stands high
        ((3, 2), [900] * 5),  # too few
    ],
)
def test_an_impact_that_cannot_be_drawn_is_not_shown(sizes, score):
    result = run(side(score), side(score), groups(*sizes))
    assert (result.impact.result, result.impact.low_permille) == ("not shown", 0)


def test_parts_of_fewer_than_five_are_one_without_a_name_or_figures():
    result = run(side([900] * 40), side([900] * 40), groups(30, 3, 2, 5))
    assert [(part.name, part.subjects) for part in result.parts["group"]] == [
        ("a", 30), ("d", 5), ("", None),
    ]  # fmt: skip


def test_whoever_said_nothing_is_in_no_part():
    labels = {"group": Labels(np.array([-1] * 10 + [0] * 10), ("a",))}
    [part] = run(side([900] * 20), side([900] * 20), labels).parts["group"]
    assert part.subjects == 10


def test_nobody_at_all_is_a_simulation_too():
    result = run(side([]), side([]))
    assert (result.subjects, result.lower, result.bins) == (0, 0, ())


@given(pairs())
def test_the_document_is_canonical_and_publication_reads_it(pair):
    names = ("a" * 64, "b" * 64, "c" * 64)
    result = simulate(
        (PACK, PACK), (side(pair[0]), side(pair[1])), Names(20_000, *names),
        divisions={}, impact_by="group",
    )  # fmt: skip
    read = policy.parse_simulation(document(result))
    assert (read.context, read.old_pack, read.new_rules) == ("test", names[0], names[2])
    assert read.impact.result == "not shown"


def test_a_part_that_is_not_named_is_in_nobody_s_ratio():
    """Else two ratios would tell how the three of the smallest part stand."""
    with_three, without = groups(30, 40, 3), groups(30, 40)
    score = [900] * 20 + [500] * 10 + [900] * 30 + [500] * 10
    ratios = [
        [part.ratio for part in run(side(values), side(values), said).parts["group"][:2]]
        for values, said in (([*score, 500, 900, 500], with_three), (score, without))
    ]
    assert ratios[0] == ratios[1]
    assert None not in ratios[0]


def test_before_and_after_do_not_tell_of_the_few_who_moved():
    before = [900] * 50 + [500] * 50
    after = [500] * 3 + before[3:]
    result = run(side(before), side(after))
    assert result.lower is None
    counts = dict(zip(result.bins, zip(result.before, result.after, strict=True), strict=True))
    assert {pair for pair in counts.values() if any(pair)} == {(50, 45), (50, 55)}
