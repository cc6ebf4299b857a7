"""Days: whole days since 1970-01-01, the only time that rules know.

The charter, the vault and the scorers count days as integers; people read ISO 8601 dates.
The two meet here and nowhere else.
"""

import datetime as dt
import re
from typing import Final, NewType

from standing.errors import Refused

Day = NewType("Day", int)
"""Days since 1970-01-01; 0 to 2,932,896 (9999-12-31)."""
LAST_DAY: Final = Day(2_932_896)
FOREVER: Final = 2**31
"""Until when something lasts that has no end: after every day."""
SECONDS_A_DAY: Final = 86_400

_EPOCH = dt.date(1970, 1, 1).toordinal()
_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


def parse_day(text: str) -> Day:
    """Read `2026-11-23`; raises `E-DAY-01` for any other form and for dates that do not exist.

    >>> parse_day("2026-11-23")
    20780
    """
    if _ISO.fullmatch(text):
        try:
            day = dt.date.fromisoformat(text).toordinal() - _EPOCH
        except ValueError:
            day = -1
        if day >= 0:
            return Day(day)
    raise Refused(
        "E-DAY-01",
        f"{text!r} is not a day.",
        why="A day is written YYYY-MM-DD, exists in the calendar and is not before 1970-01-01.",
        fix="Write the day like 2026-11-23.",
    )


def format_day(day: int) -> str:
    """Write a day as ISO 8601.

    >>> format_day(20780)
    '2026-11-23'
    """
    return dt.date.fromordinal(day + _EPOCH).isoformat()
