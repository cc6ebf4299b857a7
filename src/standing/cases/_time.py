"""Working days: a pack's table of days on which nobody has to act (L45).

Time to act rolls forward over them; the ends of records and restrictions never do. For a year
without a table no clock runs against the subject, and everybody else's runs on weekends alone.
Each day is read from the table of the pack that is in force on it: packs are published 30 days
before, so that no clock that has run is ever wound again.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final

from standing.policy import Pack
from standing.wire.days import format_day

NEVER: Final = 2**31 - 1
_WEEK: Final = 7
_THURSDAY: Final = 3  # 1970-01-01, counted from Monday as 0
_LONGEST: Final = 400


@dataclass(frozen=True, slots=True)
class WorkingDays:
    """One context's calendar: `weekend` from 1, Monday; `free` days off; `years` with a table.

    `later`: the calendars of later packs, each with its first day of force, ascending.
    """

    weekend: frozenset[int] = frozenset({6, 7})
    free: frozenset[int] = field(default_factory=frozenset)
    years: frozenset[str] = field(default_factory=frozenset)
    later: "tuple[tuple[int, WorkingDays], ...]" = ()

    @classmethod
    def of(cls, packs: Iterable[Pack]) -> "WorkingDays":
        """Read the tables of a context's packs, given in order of force."""
        tables = [(int(pack.force), cls._one(pack)) for pack in packs]
        return replace(tables[0][1], later=tuple(tables[1:])) if tables else cls()

    @classmethod
    def _one(cls, pack: Pack) -> "WorkingDays":
        holidays = pack.calendar.holidays
        free = frozenset(int(day) for days in holidays.values() for day in days)
        return cls(frozenset(pack.calendar.weekend), free, frozenset(holidays))

    def _on(self, day: int) -> "WorkingDays":
        found = self
        for first, table in self.later:
            if first <= day:
                found = table
        return found

    def is_working(self, day: int) -> bool:
        """Tell whether somebody may be asked to act on a day."""
        table = self._on(day)
        return (day + _THURSDAY) % _WEEK + 1 not in table.weekend and day not in table.free

    def after(self, day: int, count: int) -> int:
        """Give the day after the `count`-th working day that follows `day`: then it is too late."""
        last = day
        while count:
            last += 1
            count -= self.is_working(last)
        return last + 1

    def time_to_act(self, day: int, days: int) -> int:
        """Give the first day that is too late for a subject who has `days` days from `day` on.

        The last day rolls forward to a working day; without a table for its year it never comes.
        """
        last = day + days
        for last in range(day + days, day + days + _LONGEST):
            if self.is_working(last):
                break
        return last + 1 if format_day(last)[:4] in self._on(last).years else NEVER
