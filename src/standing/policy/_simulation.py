"""Simulation: one population under two packs, told in counts that point at nobody.

Every count of one to four is left out, the rest are rounded to fives, and shares are made of
rounded counts: each figure may be two more or less than it says, so that no sum of some and no
difference between two gives away what was left out.
What concerns a part of the population is told as shares and ratios with 95 % intervals: Wilson's
for a share, the logarithmic one (Katz and others 1978) for a ratio. These are the only fractions
in this room, and no score depends on them.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np

from standing.policy._schema import Impact
from standing.policy._tables import Ints

FORMAT: Final = "standing/simulation/1"
FEWEST: Final = 5
_BINS: Final = 20
_Z: Final = 1.959964  # the 97.5 % point of the normal distribution
Count = int | None
"""How many, to the nearest five; None where it is one to four."""


class Side(NamedTuple):
    """A population under one pack: scores and bands by subject, and who has which consequence."""

    score: Ints
    band: Ints
    bands: tuple[str, ...]
    base_band: int
    consequences: Mapping[str, Ints]
    titles: Mapping[str, tuple[str, str]]  # of each consequence: its kind, its title


class Flip(msgspec.Struct, frozen=True):
    """How one answer changes: for how many it comes, goes and stays; `kind`: restriction or perk.

    A restriction is counted where the records that a proposal needs are there; a human decides.
    """

    code: str
    kind: str
    title: str
    comes: Count
    goes: Count
    stays: Count


class Part(msgspec.Struct, frozen=True):
    """One part of the population: who stands in the band of base or above, and how sure that is.

    All that fewer than five said they belong to are one part without a name and without figures.
    Shares and ratios are thousandths. `ratio` compares that share with everybody else's who said
    theirs, under the new pack.
    """

    name: str
    subjects: Count
    before: tuple[int, int, int] | None  # share, low, high
    after: tuple[int, int, int] | None
    lower: Count
    higher: Count
    ratio: tuple[int, int, int] | None


class Scale(msgspec.Struct, frozen=True):
    """Where everyone starts under a pack, and the first score of each of its bands."""

    base: int
    least: tuple[int, ...]


class Simulation(msgspec.Struct, frozen=True, kw_only=True):
    """What a new pack does to a population.

    `moves[i][j]`: subjects who go from band i to band j. `bins`: the first score of each stretch of
    the histograms `before` and `after`. `on_force_day`: how many move up and down on the first day
    of force, when every window keeps the milder of the old and the new rules (L37). `scales`: of
    the old and the new pack.
    """

    format: str
    context: str
    day: int
    old_pack: str
    new_pack: str
    new_rules: str
    old_title: str
    new_title: str
    subjects: int
    lower: Count
    same: Count
    higher: Count
    old_bands: tuple[str, ...]
    new_bands: tuple[str, ...]
    moves: tuple[tuple[Count, ...], ...]
    bin_width: int
    bins: tuple[int, ...]
    before: tuple[Count, ...]
    after: tuple[Count, ...]
    flips: tuple[Flip, ...]
    parts: dict[str, tuple[Part, ...]]
    impact: Impact
    on_force_day: tuple[Count, Count] | None
    milder_law_day: int | None
    scales: tuple[Scale, Scale] | None = None


def moves_of(before: Side, after: Side) -> tuple[tuple[Count, ...], ...]:
    """Count band moves as a matrix: rows are bands before, columns bands after."""
    width = len(after.bands)
    flat = np.bincount(
        before.band.astype(np.int64) * width + after.band, minlength=len(before.bands) * width
    )
    return tuple(_shown(flat.reshape(len(before.bands), width)))


def histograms(before: Side, after: Side) -> tuple[int, tuple[int, ...], list[Any]]:
    """Count scores in about twenty stretches: width, first scores, counts before and after."""
    if not len(before.score):
        return 1, (), [(), ()]
    low = int(min(before.score.min(), after.score.min()))
    high = int(max(before.score.max(), after.score.max()))
    width = _round_width(high - low + 1)
    first = low // width
    count = high // width - first + 1
    held = [np.bincount(side.score // width - first, minlength=count) for side in (before, after)]
    return width, tuple((first + n) * width for n in range(count)), _shown(np.array(held))


def changes(before: Ints, after: Ints) -> tuple[Count, Count, Count]:
    """Count whose score falls, stays and rises."""
    return _three(after < before, after > before)


def flips(before: Side, after: Side) -> tuple[Flip, ...]:
    """Count, for each consequence of either pack, for whom it comes and for whom it goes."""
    nobody = np.zeros(len(before.score), bool)
    found = []
    for code in dict.fromkeys([*before.consequences, *after.consequences]):
        old = before.consequences.get(code, nobody)
        new = after.consequences.get(code, nobody)
        kind, title = after.titles.get(code) or before.titles[code]
        counts = ((new & ~old).sum(), (old & ~new).sum(), (old & new).sum())
        found.append(Flip(code, kind, title, *(shown(int(count)) for count in counts)))
    return tuple(found)


def parts(labels: Ints, names: Sequence[str], before: Side, after: Side) -> tuple[Part, ...]:
    """Tell the parts of one division; `labels` are places in `names`, -1 for who said nothing."""
    good = [side.band >= side.base_band for side in (before, after)]
    sizes = np.bincount(labels[labels >= 0], minlength=len(names))
    large = [place for place, size in enumerate(sizes.tolist()) if size >= FEWEST]
    told = np.isin(labels, large)  # whoever is in no part that is shown is in no sum either
    found = []
    for place in sorted(large, key=lambda n: names[n]):
        mine = labels == place
        lower, _, higher = _three(
            (after.score < before.score)[mine], (after.score > before.score)[mine]
        )
        counts = [_good(side[mine]) for side in good]
        found.append(
            Part(
                names[place],
                _round(int(sizes[place])),
                _wilson(counts[0]),
                _wilson(counts[1]),
                lower,
                higher,
                _ratio(counts[1], _good(good[1][told & ~mine])),
            )
        )
    if (sizes[np.setdiff1d(np.arange(len(names)), large)] > 0).any():
        found.append(Part("", None, None, None, None, None, None))
    return tuple(found)


def impact_of(division: Sequence[Part]) -> Impact:
    """Draw the interval around every ratio; "not shown" where one cannot be drawn.

    Whether the interval is narrow enough is the linter's question (L42).
    """
    known = [part for part in division if part.subjects is not None]
    ratios = [part.ratio for part in known if part.ratio is not None]
    if not ratios or len(ratios) < len(known):
        return Impact(result="not shown")
    return Impact(
        result="shown",
        low_permille=min(ratio[1] for ratio in ratios),
        high_permille=max(ratio[2] for ratio in ratios),
    )


def _three(lower: Ints, higher: Ints) -> tuple[Count, Count, Count]:
    down, up = int(lower.sum()), int(higher.sum())
    return shown(down), shown(len(lower) - down - up), shown(up)


def shown(count: int) -> Count:
    """Give a count as it may be told: none of one to four, the rest in fives."""
    return None if 0 < count < FEWEST else _round(count)


def _shown(table: Ints) -> list[tuple[Count, ...]]:
    return [tuple(shown(int(count)) for count in row) for row in table]


def _round(count: int) -> int:
    """Round to the nearest five."""
    return (count + FEWEST // 2) // FEWEST * FEWEST


def _round_width(spread: int) -> int:
    """Choose 1, 2 or 5 times a power of ten, so that about twenty stretches hold everything."""
    wanted = max(1, -(-spread // _BINS))
    power = int("1" + "0" * (len(str(wanted)) - 1))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= wanted)


class _Good(NamedTuple):
    """How many of how many stand high, rounded; `is_few` where the share would tell of a few."""

    good: int
    of: int
    is_few: bool


def _good(stands: Ints) -> _Good:
    good, count = int(stands.sum()), len(stands)
    return _Good(_round(good), _round(count), 0 < min(good, count - good) < FEWEST)


def _wilson(part: _Good) -> tuple[int, int, int] | None:
    """Give a share with Wilson's interval, in thousandths; None where it would tell of a few."""
    good, count = min(part.good, part.of), part.of
    if part.is_few or not count:
        return None
    share, z2 = good / count, _Z * _Z
    middle = (share + z2 / (2 * count)) / (1 + z2 / count)
    half = _Z * math.sqrt(share * (1 - share) / count + z2 / (4 * count * count)) / (1 + z2 / count)
    return round(1000 * share), _floor(middle - half), _ceil(middle + half)


def _ratio(mine: _Good, others: _Good) -> tuple[int, int, int] | None:
    """Give the ratio of two shares with its interval, in thousandths, where one can be drawn."""
    if mine.is_few or others.is_few or not (mine.good and others.good):
        return None
    share, other = (min(one.good / one.of, 1.0) for one in (mine, others))
    half = _Z * math.sqrt((1 - share) / mine.good + (1 - other) / others.good)
    ratio = share / other
    return (
        round(1000 * ratio),
        _floor(math.exp(math.log(ratio) - half)),
        _ceil(math.exp(math.log(ratio) + half)),
    )


def _floor(share: float) -> int:
    # a billionth inwards: the same integer wherever the last binary places differ
    return max(0, math.floor(1000 * share + 1e-9))


def _ceil(share: float) -> int:
    return math.ceil(1000 * share - 1e-9)
