"""Invented populations under two versions of a sample pack, and simulations of any content."""

import msgspec
import numpy as np
from hypothesis import strategies as st

from standing import policy
from standing.packs import shipped
from standing.policy.simulation import (
    Flip,
    Impact,
    Labels,
    Names,
    Part,
    Scale,
    Side,
    Simulation,
    simulate,
)

DAY = 20_780
SEED = 20_261_123
REGIONS = ("harbour", "hills", "north", "old-town", "riverside", "south")
GROUPS = ("age-18-29", "age-30-49", "age-50-64", "age-65-up", "wheelchair")


def shipped_pack(name):
    return policy.parse_pack(shipped(name))


def harsher(pack):
    """The next version of a pack: whatever weighs against a subject weighs half as much again."""
    acts = {
        code: msgspec.structs.replace(
            act, points=act.points * 3 // 2 if act.points < 0 else act.points
        )
        for code, act in pack.acts.items()
    }
    return msgspec.structs.replace(pack, version=pack.version + 1, acts=acts)


def simulation(name="rail", size=12_034, regions=REGIONS, groups=GROUPS, changed=harsher):
    """Simulate a changed sample pack over an invented population."""
    random = np.random.default_rng(SEED)
    old = shipped_pack(name)
    new = changed(old)
    held = {code: random.poisson(0.05, size) for code in old.acts}
    lean = random.integers(0, max(len(groups), 1), size)
    for code, act in old.acts.items():
        if act.points < 0:
            held[code] = held[code] + random.poisson(0.01 + 0.03 * (lean == 0), size)
    sides = (_side(old, held), _side(new, held))
    kept = random.random(size) < 0.8
    region = np.where(kept, random.integers(0, max(len(regions), 1), size), -1)
    group = np.where(kept, lean, -1)
    if size > 100 and len(groups) > 4:
        group[group == 4] = np.where(np.arange((group == 4).sum()) < 3, 4, 0)
    return simulate(
        (old, new),
        sides,
        Names(DAY, "1f" * 32, "9ac04be7" * 8, "07d2" * 16, DAY + 61),
        divisions={
            "region": Labels(region if regions else np.full(size, -1), regions),
            "group": Labels(group if groups else np.full(size, -1), groups),
        },
        impact_by="group",
        on_force_day=(sides[0].score, np.maximum(sides[0].score, sides[1].score)),
    )


def _side(pack, held):
    size = len(next(iter(held.values())))
    score = np.full(size, pack.base, np.int64)
    for code, act in pack.acts.items():
        score += np.clip(held[code] * act.points, -act.cap, act.cap)
    score = np.clip(score, pack.floor, pack.ceiling)
    least = [band.least for band in pack.bands]
    band = np.searchsorted(least, score, side="right") - 1
    counts = {"serious": np.zeros(size, int), "general": np.zeros(size, int)}
    for code, act in pack.acts.items():
        if act.points < 0 and act.tier in counts:
            counts[act.tier] += held[code]
    for perk in pack.perks:
        counts[f"perk {perk.code}"] = 5 * sum(held[code] for code in perk.acts)
    met = {}
    for restriction in pack.restrictions:
        weighty = counts["general"] + 2 * counts["serious"] + (pack.version - 1)
        met[restriction.code] = weighty > 3
    for perk in pack.perks:
        met[perk.code] = counts[f"perk {perk.code}"] >= perk.records
    titles = {r.code: ("restriction", str(r.title)) for r in pack.restrictions}
    titles |= {p.code: ("perk", str(p.title)) for p in pack.perks}
    base = int(np.searchsorted(least, pack.base, side="right") - 1)
    return Side(score, band, tuple(b.name for b in pack.bands), base, met, titles)


TEXT = st.text(st.characters(exclude_categories=["C"]), max_size=80)
COUNT = st.none() | st.just(0) | st.integers(5, 10**7)


def _interval(most):
    three = st.lists(st.integers(0, most), min_size=3, max_size=3).map(sorted)
    return st.none() | three.map(lambda n: (n[1], n[0], n[2]))


FIGURE, RATIO = _interval(1_000), _interval(100_000)
PART = st.builds(Part, TEXT, COUNT, FIGURE, FIGURE, COUNT, COUNT, RATIO)
FLIP = st.builds(Flip, TEXT, st.sampled_from(["restriction", "perk"]), TEXT, COUNT, COUNT, COUNT)
BANDS = st.lists(TEXT.filter(bool), min_size=1, max_size=7, unique=True).map(tuple)
DIGEST = st.binary(min_size=32, max_size=32).map(bytes.hex)
LEVEL = st.integers(-(10**9), 10**9)


@st.composite
def simulations(draw):
    """Any simulation whose parts fit together."""
    old = draw(BANDS)
    new = draw(st.just(old) | BANDS)
    width = draw(st.sampled_from([1, 2, 5, 10, 1_000, 10**7]))
    first = draw(st.integers(-100, 100))
    bins = tuple((first + n) * width for n in range(draw(st.integers(0, 22))))

    def counts(length):
        return draw(st.lists(COUNT, min_size=length, max_size=length).map(tuple))

    def scale(bands):
        least = sorted(draw(st.lists(LEVEL, min_size=len(bands), max_size=len(bands), unique=True)))
        return Scale(draw(LEVEL), tuple(least))

    return Simulation(
        format="standing/simulation/1",
        context=draw(TEXT),
        day=draw(st.integers(0, 60_000)),
        old_pack=draw(st.just("") | DIGEST),
        new_pack=draw(DIGEST),
        new_rules=draw(DIGEST),
        old_title=draw(TEXT),
        new_title=draw(TEXT),
        subjects=draw(st.integers(0, 10**8)),
        lower=draw(COUNT),
        same=draw(COUNT),
        higher=draw(COUNT),
        old_bands=old,
        new_bands=new,
        moves=tuple(counts(len(new)) for _ in old),
        bin_width=width,
        bins=bins,
        before=counts(len(bins)),
        after=counts(len(bins)),
        flips=draw(st.lists(FLIP, max_size=4).map(tuple)),
        parts=draw(
            st.dictionaries(
                st.sampled_from(["region", "group", 'a "strange" <one>']),
                st.lists(PART, max_size=6).map(tuple),
            )
        ),
        impact=draw(
            st.just(Impact(result="not shown"))
            | st.builds(
                lambda a, b: Impact(
                    result="shown", low_permille=min(a, b), high_permille=max(a, b)
                ),
                LEVEL.map(abs),
                LEVEL.map(abs),
            )
        ),
        on_force_day=draw(st.none() | st.tuples(COUNT, COUNT)),
        milder_law_day=draw(st.none() | st.integers(0, 60_000)),
        scales=draw(st.none()) if draw(st.booleans()) else (scale(old), scale(new)),
    )
