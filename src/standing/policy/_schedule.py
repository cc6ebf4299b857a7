"""The packs of one context in time: which governs a window, which is in force today.

A context's windows are fixed stretches counted forwards and backwards from its first pack's first
day of force (L37). A later pack governs an act type from that type's next window on; windows
before the first pack are governed by the first pack.
"""

from bisect import bisect_right
from collections.abc import Iterable
from itertools import pairwise
from typing import Final, NamedTuple

from standing.errors import Refused
from standing.policy._schema import Act, Pack
from standing.wire.days import format_day


class Weight:
    """One act of one pack with its age table spread out: look-ups instead of searches."""

    __slots__ = (
        "by_age", "cap", "changes", "face", "negative", "validity",
        "warn_first", "window",
    )  # fmt: skip

    def __init__(self, act: Act) -> None:
        self.face: int = act.points
        self.negative = act.points < 0
        self.cap: int = act.cap
        self.window: int = act.window_days
        self.validity: int = act.validity_days
        self.warn_first = act.warn_first and act.points < 0
        steps = [(0, act.points), *act.ages]
        days = [day for day, _ in steps]
        held = [bisect_right(days, age) - 1 for age in range(act.validity_days)]
        self.by_age = tuple(steps[step][1] for step in held)
        self.changes = tuple(
            days[step + 1] if step + 1 < len(days) else act.validity_days for step in held
        )


class Route(NamedTuple):
    """What one record of a helping act gives back, to which acts, how often in one window."""

    points: int
    restores: frozenset[str]
    times: int


UNLIMITED: Final = 1 << 62
YEAR: Final = 365


class Rules:
    """One pack made ready for scoring."""

    __slots__ = ("names", "notice", "pack", "recoveries", "starts", "weights")

    def __init__(self, pack: Pack) -> None:
        self.pack = pack
        self.notice: int = pack.notice_days
        routes = [route for route in pack.recoveries if route.act and route.points]
        self.recoveries = {
            route.act: Route(route.points, frozenset(route.restores), route.yearly or UNLIMITED)
            for route in routes
        }
        self.weights = {code: Weight(act) for code, act in pack.acts.items()}
        self.starts = [int(band.least) for band in pack.bands]
        self.names = [band.name for band in pack.bands]

    def band(self, score: int) -> int:
        """Give the index of the band that holds a score."""
        return bisect_right(self.starts, score) - 1


class Schedule:
    """The packs of one context with their days of force, oldest first.

    `Schedule([(force_day, pack), (force_day, later_pack)])`; raises `E-SCHED-01` when the packs do
    not belong to one context or a later one would move its windows (L37). Made once and used for
    every subject: it holds the look-up tables of the scorer.
    """

    __slots__ = ("_forces", "_rules", "_versions", "windows")

    def __init__(self, versions: Iterable[tuple[int, Pack]]) -> None:
        ordered = sorted(versions, key=lambda version: version[0])
        if not ordered:
            raise _refused("A schedule needs at least one pack.", "got none")
        self._versions = ordered
        self._forces = [force for force, _ in ordered]
        self._rules = [Rules(pack) for _, pack in ordered]
        self.windows: dict[str, int] = {}
        first = ordered[0]
        for earlier, later in pairwise(ordered):
            _check_succession(first, earlier, later)
        for rules in self._rules:
            self._learn_windows(rules)

    def _learn_windows(self, rules: Rules) -> None:
        for code, weight in rules.weights.items():
            if self.windows.setdefault(code, weight.window) != weight.window:
                raise _refused(
                    f"A later pack changes the window of {code}.",
                    f"got {weight.window} days, allowed {self.windows[code]}",
                )

    @property
    def context(self) -> str:
        """The one context that these packs rule."""
        return self._rules[0].pack.context

    @property
    def first_force(self) -> int:
        """The day from which every window is counted."""
        return self._forces[0]

    def in_force(self, day: int) -> Pack:
        """Give the pack in force on a day; raises `E-SCORE-01` before the first one."""
        return self.rules_on(day).pack

    def rules_on(self, day: int) -> Rules:
        """Give the prepared pack in force on a day; raises `E-SCORE-01` before the first one."""
        index = bisect_right(self._forces, day) - 1
        if index < 0:
            raise Refused(
                "E-SCORE-01",
                f"No rules are in force in {self.context} on that day.",
                why=f"Got {format_day(day)}; the first pack is in force from "
                f"{format_day(self.first_force)}.",
                fix="Ask for that day or a later one.",
            )
        return self._rules[index]

    def governing(self, window_start: int) -> Rules:
        """Give the prepared pack that governs a window, by the window's first day."""
        return self._rules[max(0, bisect_right(self._forces, window_start) - 1)]

    def window_start(self, type: str, day: int) -> int:  # noqa: A002 - the word of the ledger
        """Give the first day of the window of an act type that holds a day."""
        length = self.windows[type]
        return day - (day - self._forces[0]) % length

    def year_start(self, day: int) -> int:
        """Give the first day of the year that holds a day: 365 days from the first day of force."""
        return day - (day - self._forces[0]) % YEAR

    def rules_until(self, day: int) -> list[tuple[int, Rules]]:
        """Give every prepared pack in force by a day with its day of force, oldest first."""
        self.rules_on(day)
        count = bisect_right(self._forces, day)
        return list(zip(self._forces[:count], self._rules[:count], strict=True))

    def known_on(self, day: int) -> "Schedule":
        """Give the schedule as far as it is in force on a day: what a forecast may use."""
        self.rules_on(day)
        return Schedule(version for version in self._versions if version[0] <= day)

    def turning_days(self, type: str, day: int, noticed: int) -> set[int]:  # noqa: A002 - see above
        """Give every day on which any pack changes what a record counts, by itself."""
        turns = {day, noticed}
        for rules in self._rules:
            weight = rules.weights.get(type)
            if weight is not None:
                turns |= {day + weight.validity, noticed + rules.notice}
                turns |= {day + age for age in weight.changes}
        return turns

    @property
    def is_single(self) -> bool:
        """Whether one pack governs every window."""
        return len(self._rules) == 1


def _check_succession(
    first: tuple[int, Pack], earlier: tuple[int, Pack], later: tuple[int, Pack]
) -> None:
    origin, oldest = first
    force, pack = later
    if pack.context != oldest.context:
        raise _refused(
            "One schedule is one context.", f"got {pack.context}, allowed {oldest.context}"
        )
    if force == earlier[0]:
        raise _refused("Two packs come into force on one day.", f"got {format_day(force)} twice")
    if pack.window_days != oldest.window_days or (force - origin) % oldest.window_days:
        raise _refused(
            "A later pack comes into force on the first day of a window.",
            f"got {format_day(force)} with windows of {pack.window_days} days, allowed are whole "
            f"steps of {oldest.window_days} days from {format_day(origin)}",
        )


def _refused(what: str, why: str) -> Refused:
    return Refused(
        "E-SCHED-01",
        what,
        why=f"{why[:1].upper()}{why[1:]} (L37).",
        fix="Publish the later pack with the same windows, in force on a window's first day.",
    )
