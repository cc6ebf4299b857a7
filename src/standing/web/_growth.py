"""How the log grew: one step line over days, or over a stretch of them."""

from collections.abc import Sequence
from typing import Final

from standing.ledger.public import DaySize
from standing.pages.draw import Mark, Plot, Row, Table, dot, line, percent, words
from standing.web._voice import Voice
from standing.wire.days import parse_day

_LEFT: Final = 0.0
_RIGHT: Final = 88.0  # room for the last number
_TOP: Final = 26
_HEIGHT: Final = 150
_LAST_DAYS: Final = 30
_MOST_ROWS: Final = 24


def growth_plot(days: Sequence[DaySize], voice: Voice) -> Plot | None:
    """Draw the log's size over days; None for a log of one day."""
    if len(days) < 2:  # noqa: PLR2004 - one point is no line
        return None
    first, last = parse_day(days[0].day), parse_day(days[-1].day)
    most = days[-1].size
    points = [
        (_x(parse_day(each.day), first, last), _TOP + _HEIGHT * (1 - each.size / most))
        for each in days
    ]
    return Plot(
        "growth",
        _title(days, last, voice),
        voice.say("The line is the number of entries; it only rises, because nothing is removed."),
        _TOP + _HEIGHT + 24,
        tuple(_marks(points, days, voice)),
        _table(days, voice),
    )


def _title(days: Sequence[DaySize], last: int, voice: Voice) -> str:
    before = [each.size for each in days if parse_day(each.day) <= last - _LAST_DAYS]
    recent = days[-1].size - (before[-1] if before else 0)
    return voice.say(
        "%(all)s entries by %(day)s, %(recent)s of them in the last 30 days",
        all=voice.number(days[-1].size),
        day=voice.day(days[-1].day),
        recent=voice.number(recent),
    )


def _x(day: int, first: int, last: int) -> float:
    return _LEFT + (_RIGHT - _LEFT) * (day - first) / max(last - first, 1)


def _marks(points: list[tuple[float, float]], days: Sequence[DaySize], voice: Voice) -> list[Mark]:
    base = float(_TOP + _HEIGHT)
    steps = [f"M{points[0][0] * 10:.0f} {points[0][1]:.1f}"]
    steps += [f"H{x * 10:.0f}V{y:.1f}" for x, y in points[1:]]
    whole = {"x": "0", "y": "0", "width": percent(100), "height": str(_TOP + _HEIGHT)}
    area = f"{''.join(steps)}V{base:.0f}H0Z"
    x, y = points[-1]
    return [
        line("grid", (_LEFT, 100.0), (base, base)),
        Mark("area", "grown", {**whole, "d": area, "box": f"0 0 1000 {base:.0f}"}),
        Mark("area", "step", {**whole, "d": "".join(steps), "box": f"0 0 1000 {base:.0f}"}),
        dot("full", x, y),
        words("n start", x, y - 8, voice.number(days[-1].size), dx=-4),
        words("dim start", _LEFT, base + 16, voice.short_day(days[0].day)),
        words("dim end", _RIGHT, base + 16, voice.short_day(days[-1].day)),
    ]


def _table(days: Sequence[DaySize], voice: Voice) -> Table:
    """Give the last day of each month, or of evenly spaced ones where there are many."""
    ends = {each.day[:7]: each for each in days}
    chosen = list(ends.values())
    step = -(-len(chosen) // _MOST_ROWS)
    chosen = chosen[::-1][::step][::-1]
    sizes = [0, *(each.size for each in chosen)]
    return Table(
        voice.say("The log's size at the end of each month"),
        (voice.say("Day"), voice.say("Entries"), voice.say("More than before")),
        tuple(
            Row(voice.day(each.day), (voice.number(each.size), voice.number(each.size - before)))
            for each, before in zip(chosen, sizes, strict=False)
        ),
    )
