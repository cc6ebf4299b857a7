"""Linter rules about weights: signs, ages, limits, recovery, warnings, bands, arithmetic."""

from collections.abc import Iterator
from itertools import pairwise

from standing.policy._hit import Hit, Rule, burdens, live_windows, most_at_once
from standing.policy._schema import Act, Catalogue, Pack, Recovery

_LONGEST = {"minor": 90, "general": 365, "serious": 1_095}
_YEAR = 365
_UNLIMITED = 1 << 62
_I32 = 2_147_483_647
_MOST_RATIO = 12
_FEWEST_BANDS, _MOST_BANDS = 3, 5


def _validity(pack: Pack, _: Catalogue) -> Iterator[Hit]:
    if pack.about_people:
        for code, act in pack.acts.items():
            if act.validity_days > _LONGEST[act.tier]:
                got = f"{act.validity_days} days for a {act.tier} record"
                allowed = f"at most {_LONGEST[act.tier]} days"
                yield Hit("L08", ("acts", code, "validity_days"), got, allowed)


def _ages(pack: Pack, _: Catalogue) -> Iterator[Hit]:
    for code, act in pack.acts.items():
        path = ("acts", code, "ages")
        days = [0, *(day for day, _ in act.ages)]
        if any(later <= earlier for earlier, later in pairwise(days)):
            yield Hit("L09", path, f"ages {days[1:]}", "ages that rise from 1 day on")
        sizes = [abs(act.points), *(abs(points) for _, points in act.ages)]
        if any(later > earlier for earlier, later in pairwise(sizes)):
            yield Hit("L09", path, f"sizes {sizes}", "points that never grow with age")
        last = act.ages[-1]
        if last != (act.validity_days, 0):
            yield Hit("L09", path, f"it ends with {list(last)}", f"[{act.validity_days}, 0]")
        if act.ages_from != "conduct":
            yield _clock(code, act)


def _clock(code: str, act: Act) -> Hit:
    path = ("acts", code, "ages_from")
    if act.ages_from == "latest-record":
        return Hit("L11", path, "age counted anew from the latest record", "from its own conduct")
    return Hit("L16", path, "age counted while nothing new comes", "from each record's conduct")


def _signs(pack: Pack, catalogue: Catalogue) -> Iterator[Hit]:
    helpers = {route.act for route in pack.recoveries}
    for code, act in pack.acts.items():
        path = ("acts", code, "points")
        kind = catalogue.types.get(code)
        if act.points == 0 and code not in helpers:
            yield Hit("L12", path, "0 points", "points, unless the act gives points back")
        if kind is not None and act.points * kind.sign < 0:
            sign = "positive" if kind.sign > 0 else "negative"
            yield Hit("L12", path, f"{act.points} points", f"{sign} points: one type, one sign")
        if any(points * act.points < 0 for _, points in act.ages):
            yield Hit("L12", ("acts", code, "ages"), "points of both signs", "one sign")


def _fits_32_bits(pack: Pack, _: Catalogue) -> Iterator[Hit]:
    lowest = pack.base - sum(most_at_once(a) for a in pack.acts.values() if a.points < 0)
    highest = pack.base + sum(most_at_once(a) for a in pack.acts.values() if a.points > 0)
    if lowest < -_I32 or highest > _I32:
        got = f"sums from {lowest} to {highest}"
        yield Hit("L12", ("acts",), got, f"sums within {-_I32} to {_I32}")


def _limits(pack: Pack, _: Catalogue) -> Iterator[Hit]:
    for code, act in pack.acts.items():
        if abs(act.points) > act.cap:
            got = f"a cap of {act.cap} with {act.points} points a record"
            yield Hit("L13", ("acts", code, "cap"), got, f"a cap of at least {abs(act.points)}")
    if not pack.about_people:
        return
    for code, act in pack.acts.items():
        if act.window_days < act.validity_days:
            got = f"a window of {act.window_days} days"
            allowed = f"at least the validity of {act.validity_days}"
            yield Hit("L13", ("acts", code, "window_days"), got, allowed)
    yield from _shares(pack)


def _shares(pack: Pack) -> Iterator[Hit]:
    room = pack.base - pack.floor
    for code, act in burdens(pack):
        if 4 * -act.points > room:
            allowed = f"at most a quarter of {room}"
            yield Hit("L13", ("acts", code, "points"), f"{act.points} points", allowed)
        if 2 * most_at_once(act) > room:
            got = f"a cap of {act.cap} in {live_windows(act)} windows at once"
            yield Hit("L13", ("acts", code, "cap"), got, f"at most half of {room} together")
    total = sum(most_at_once(act) for _, act in burdens(pack))
    if total > room:
        yield Hit("L13", ("acts",), f"{total} points at once in all", f"at most {room}")


def _ratio(pack: Pack, _: Catalogue) -> Iterator[Hit]:
    weights = sorted(-act.points for _, act in burdens(pack))
    if pack.about_people and weights and weights[-1] > _MOST_RATIO * weights[0]:
        got = f"{weights[-1]} to {weights[0]} points"
        yield Hit("L14", ("acts",), got, f"at most {_MOST_RATIO} to 1")


def _recovery(pack: Pack, _: Catalogue) -> Iterator[Hit]:
    if not pack.about_people:
        return
    yield from _routes(pack)
    for code, act in burdens(pack):
        routes = [route for route in pack.recoveries if code in route.restores]
        kinds = {route.kind for route in routes}
        half = 2 * sum(r.points * r.yearly for r in routes if r.kind in {"lesson", "service"})
        by_time = "time" in kinds and 2 * abs(_points_at(act, _YEAR)) <= abs(act.points)
        if not by_time and half < act.cap:
            allowed = "a lesson, a service or time that gives back half the cap in 12 months"
            yield Hit("L15", ("acts", code), ", ".join(sorted(kinds)) or "no way back", allowed)
        yield from _payments(code, routes)


def _payments(code: str, routes: list[Recovery]) -> Iterator[Hit]:
    """Beside a payment stands a way without money that gives as much, as often."""
    free = [route for route in routes if route.kind in {"instalment", "waiver", "lesson"}]
    for paid in (route for route in routes if route.kind == "payment"):
        if not any(_gives(other) >= _gives(paid) for other in free):
            got = f"a payment for {paid.points} points of {code} without its like"
            allowed = "an instalment, waiver or lesson that gives as much, as often"
            yield Hit("L15", ("recoveries",), got, allowed)


def _gives(route: Recovery) -> tuple[int, int]:
    """Rank what a route gives in a year: how much at once, then how often (0 is no limit)."""
    return route.points, route.yearly or _UNLIMITED


def _routes(pack: Pack) -> Iterator[Hit]:
    taken: set[str] = set()
    for index, route in enumerate(pack.recoveries):
        path = ("recoveries", index)
        if route.act and route.act in taken:
            got = f"a second way back by {route.act}"
            yield Hit("L15", (*path, "act"), got, "one way back an act")
        taken.add(route.act)
        helper = pack.acts.get(route.act)
        unknown = [code for code in route.restores if code not in pack.acts]
        if unknown:
            yield Hit("L15", (*path, "restores"), ", ".join(unknown), "acts of this pack")
        elif route.kind != "time" and (helper is None or helper.points < 0):
            yield Hit("L15", (*path, "act"), route.act or "no act", "a positive act of this pack")
        elif helper and helper.validity_days < max(
            pack.acts[code].validity_days for code in route.restores
        ):
            got = f"a {route.kind} forgotten after {helper.validity_days} days"
            yield Hit("L15", (*path, "act"), got, "one that lasts as long as what it restores")


def _points_at(act: Act, age: int) -> int:
    steps = [(0, act.points), *act.ages]
    return next(points for day, points in reversed(steps) if day <= age)


def _warnings(pack: Pack, _: Catalogue) -> Iterator[Hit]:
    for code, act in pack.acts.items():
        path = ("acts", code, "warn_first")
        if act.warn_first and act.points > 0:
            yield Hit("L17", path, "a warning for a positive act", "warnings for burdens")
        if pack.about_persons and act.points < 0 and act.tier == "minor" and not act.warn_first:
            yield Hit(
                "L17", path, "the first minor record counts", "the first one of a window warns"
            )


def _bands(pack: Pack, _: Catalogue) -> Iterator[Hit]:
    if not pack.about_people:
        return
    count = len(pack.bands)
    if not _FEWEST_BANDS <= count <= _MOST_BANDS:
        yield Hit("L39", ("bands",), f"{count} bands", f"{_FEWEST_BANDS} to {_MOST_BANDS}")
    ends = [*(band.least for band in pack.bands[1:]), pack.ceiling + 1]
    scale = pack.ceiling - pack.floor
    for index, (band, end) in enumerate(zip(pack.bands, ends, strict=True)):
        if 20 * (end - band.least) < scale:
            got = f"{end - band.least} points"
            yield Hit("L39", ("bands", index), got, f"at least a twentieth of {scale}")
    minor = sum(most_at_once(act) for _, act in burdens(pack) if act.tier == "minor")
    if pack.base - minor < pack.bands[1].least:
        got = f"minor records alone reach {pack.base - minor}"
        yield Hit("L39", ("bands", 0), got, f"at least {pack.bands[1].least}")


def _arithmetic(pack: Pack, _: Catalogue) -> Iterator[Hit]:
    if not pack.about_people:
        return
    total = sum(most_at_once(act) for _, act in burdens(pack))
    below = [pack.base - band.least + 1 for band in pack.bands if band.least <= pack.base]
    to_fall = min(below)
    for code, act in burdens(pack):
        if total < to_fall:
            allowed = f"{to_fall} points between base and the next band within reach of all acts"
            yield Hit("L70", ("acts", code), f"{total} points by all acts at their worst", allowed)
        if act.tier == "general" and pack.base + act.points < pack.bands[1].least:
            got = f"one general record leads to {pack.base + act.points}"
            yield Hit("L70", ("acts", code), got, f"not below {pack.bands[1].least}")


RULES: tuple[Rule, ...] = (
    _validity,
    _ages,
    _signs,
    _fits_32_bits,
    _limits,
    _ratio,
    _recovery,
    _warnings,
    _bands,
    _arithmetic,
)
