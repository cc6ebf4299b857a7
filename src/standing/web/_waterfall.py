"""How a score comes about: from what everybody starts at, record by record, to the sum."""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from standing.ledger.subjects import Card, Mine
from standing.pages.draw import Mark, Plot, Row, Table, line, rect, words
from standing.web._voice import Voice

_ROW: Final = 38
_TOP: Final = 4
_ROOM: Final = 84.0
_MOST: Final = 14
_BAR: Final = 12


class Part(NamedTuple):
    """One line: what it is, what it adds, where it begins."""

    label: str
    points: int
    start: int


def waterfall_plot(mine: Mine, voice: Voice) -> Plot | None:
    """Draw the sum; None where nothing counts."""
    counted = [card for card in mine.cards if card.counted]
    if not counted or mine.raw is None or mine.score is None:
        return None
    parts = _parts(mine, counted, voice)
    ends = [mine.base, *(part.start + part.points for part in parts)]
    low, high = min(ends), max(ends)
    span = max(high - low, 1)

    def x(value: int) -> float:
        return 2.0 + (_ROOM - 4.0) * (value - low) / span

    marks: list[Mark] = []
    y = float(_TOP)
    marks += _whole(voice.say("Everybody starts at"), mine.base, x(mine.base), y, voice)
    for part in parts:
        y += _ROW
        marks += _bar(part, x, y, voice)
    y += _ROW
    marks += _whole(voice.say("Score today"), mine.score, x(mine.raw), y, voice)
    up = sum(part.points for part in parts if part.points > 0)
    down = sum(part.points for part in parts if part.points < 0)
    said = {
        "base": voice.number(mine.base),
        "sum": voice.listed([voice.points(part) for part in (up, down) if part]),
        "score": voice.number(mine.score),
    }
    return Plot(
        "waterfall",
        voice.say("%(base)s at the start and %(sum)s by records make %(score)s", **said)
        if mine.score == mine.raw
        else voice.say(
            "%(base)s at the start and %(sum)s by records; the scale ends at %(score)s", **said
        ),
        voice.say(
            "Each bar begins where the one above ends. One that goes left takes points, one that"
            " goes right gives some; the number says how many."
        ),
        int(y) + _ROW,
        tuple(marks),
        Table(
            voice.say("From the start to today's score"),
            (voice.say("What"), voice.say("Points"), voice.say("Sum")),
            (
                Row(voice.say("Everybody starts at"), ("", voice.number(mine.base))),
                *(
                    Row(p.label, (voice.points(p.points), voice.number(p.start + p.points)))
                    for p in parts
                ),
                Row(voice.say("Score today"), ("", voice.number(mine.score))),
            ),
        ),
    )


def _parts(mine: Mine, counted: Sequence[Card], voice: Voice) -> list[Part]:
    ordered = sorted(counted, key=lambda card: (card.day, card.record))
    lines = [(f"{voice.say(c.name)}, {voice.short_day(c.day)}", c.counted) for c in ordered]
    if len(lines) > _MOST:
        sums: dict[str, list[int]] = {}
        for card in ordered:
            sums.setdefault(card.name, []).append(card.counted)
        lines = [
            (f"{voice.say(name)} × {voice.number(len(points))}", sum(points))
            for name, points in sums.items()
        ]
    parts: list[Part] = []
    at = mine.base
    for label, points in lines:
        parts.append(Part(label, points, at))
        at += points
    return parts


def _whole(label: str, value: int, x: float, y: float, voice: Voice) -> list[Mark]:
    return [
        words("start strong", 0, y + 11, f"{label} {voice.number(value)}"),
        line("edge", (x, x), (y + 16, y + 16 + _BAR)),
    ]


def _bar(part: Part, x: Callable[[int], float], y: float, voice: Voice) -> list[Mark]:
    start, end = x(part.start), x(part.start + part.points)
    look = "credit" if part.points > 0 else "burden"
    width = max(abs(end - start), 0.5)
    return [
        words("start", 0, y + 11, part.label),
        rect(look, min(start, end), width, y + 16, _BAR),
        words("n start", max(start, end), y + 27, voice.points(part.points), dx=6),
    ]
