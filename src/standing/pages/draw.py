"""Marks of a plot, and the tables beside them.

A plot is as wide as its page: places from left to right are per cent, from top to bottom pixels,
so letters keep their size on every screen. Looks are classes of the style sheet; nothing is styled
inline. A mark holds no number that its plot's table does not hold.
"""

import re
import unicodedata
from collections.abc import Sequence
from typing import Final, NamedTuple

from standing.pages._voice import OUT

Count = int | None
_DWARFS: Final = 8  # a row so many times longer than the next one is drawn broken
_HATCH_WIDTH: Final = 7.0
_GAP: Final = 0.85  # where a broken bar shows its gap


class Mark(NamedTuple):
    """One element of a drawing: `tag` rect, line, circle or text; `look` its class."""

    tag: str
    look: str
    at: dict[str, str]
    words: str = ""


class Row(NamedTuple):
    """One line of a table: what it is about, and its cells."""

    head: str
    cells: tuple[str, ...]


class Table(NamedTuple):
    """The twin of a plot."""

    caption: str
    heads: tuple[str, ...]
    rows: tuple[Row, ...]


class Plot(NamedTuple):
    """A drawing with its finding as title; `columns` asks for room, 0 fits the narrowest page."""

    id: str
    title: str
    how: str
    height: int
    marks: tuple[Mark, ...]
    table: Table
    columns: int = 0


class Reach:
    """How long bars are. A row that would dwarf all others is broken, and says so."""

    def __init__(self, rows: Sequence[Sequence[Count]]) -> None:
        tops = sorted((max((n or 0 for n in row), default=0) for row in rows), reverse=True)
        first, second = (*tops, 0, 0)[:2]
        self.is_broken = 0 < second * _DWARFS < first
        self.most = first
        self.full = second * 1.5 if self.is_broken else max(first, 1)

    def length(self, count: int) -> float:
        """Give a bar's length as a part of the longest."""
        return min(1.0, count / self.full)

    def breaks(self, count: int) -> bool:
        """Tell whether a bar is longer than drawn."""
        return count > self.full


def rect(look: str, x: float, width: float, y: float, height: float) -> Mark:
    """Draw a box."""
    at = {"x": percent(x), "y": _pixel(y), "width": percent(width), "height": _pixel(height)}
    return Mark("rect", look, at)


def line(look: str, x: tuple[float, float], y: tuple[float, float]) -> Mark:
    """Draw a straight line."""
    at = {"x1": percent(x[0]), "x2": percent(x[1]), "y1": _pixel(y[0]), "y2": _pixel(y[1])}
    return Mark("line", look, at)


def dot(look: str, x: float, y: float) -> Mark:
    """Draw a dot."""
    return Mark("circle", look, {"cx": percent(x), "cy": _pixel(y), "r": "4.5"})


def words(look: str, x: float, y: float, text: str, *, dx: int = 0) -> Mark:
    """Write a line; `look` holds start, middle or end, and `n` where it is a number."""
    at = {"x": percent(x), "y": _pixel(y)} | ({"dx": str(dx)} if dx else {})
    return Mark("text", look, at, text)


def bar(
    reach: Reach, count: Count, text: str, look: str, *, start: float, room: float, y: float,
) -> list[Mark]:  # fmt: skip
    """Draw a bar with its number; a negative `room` lets it grow to the left."""
    way = 1 if room > 0 else -1
    if count is None:
        length, marks = _HATCH_WIDTH, [_from(start, way * _HATCH_WIDTH, "hatch", y)]
    else:
        length = max(reach.length(count) * abs(room), 0.6) if count else 0.0
        marks = [_from(start, way * length, look, y)] if count else []
        if reach.breaks(count):
            marks.append(_gap(start + way * length * _GAP, y))
    side = "start" if way > 0 else "end"
    return [*marks, words(f"n {side}", start + way * length, y + 11, text, dx=6 * way)]


def shortened(text: str, room: int) -> str:
    """Cut a name to as many narrow letters as there is room for; wide ones count twice."""
    if _width(text) <= room:
        return text
    place = next(n for n in range(len(text) + 1) if _width(text[:n]) >= room)
    return text[: max(1, place - 1)] + "…"


def wrapped(text: str, room: int, most: int) -> list[str]:
    """Break a text at its spaces and hyphens into a few short lines."""
    lines = [""]
    for piece in re.findall(r"[^\s-]*(?:[\s-]|$)", text):
        if lines[-1] and _width(lines[-1]) + _width(piece.rstrip()) > room and len(lines) < most:
            lines.append("")
        lines[-1] += piece
    return [shortened(each.strip(), room) for each in lines]


def is_out(text: str) -> bool:
    """Tell whether a cell stands for a count that was left out."""
    return text == OUT


def percent(value: float) -> str:
    """Write a place from left to right."""
    return f"{value:.2f}%"


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def _pixel(value: float) -> str:
    return f"{value:g}"


def _from(start: float, width: float, look: str, y: float) -> Mark:
    return rect(look, min(start, start + width), abs(width), y, 14)


def _gap(x: float, y: float) -> Mark:
    at = {"x": percent(x), "y": _pixel(y - 2), "width": "4", "height": "18"}
    return Mark("rect", "gap", at)
