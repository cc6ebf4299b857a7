"""A score over time: what it was, what it becomes by itself, what was set aside meanwhile.

One step line; bands of the scale as rules with their names; the time under a consent below.
"""

from collections.abc import Sequence
from typing import Final

from standing.ledger.score_views import At
from standing.ledger.subjects import Card, Mine
from standing.pages.draw import Mark, Plot, Row, Table, dot, line, percent, rect, words
from standing.web._voice import Voice
from standing.wire.days import parse_day

_LEFT: Final = 0.0
_RIGHT: Final = 84.0  # room for the names of bands
_TOP: Final = 26
_HEIGHT: Final = 170
_BELOW: Final = 46
_MARGIN: Final = 40  # points around the line, so that a small step is small
_YEAR: Final = 365


class Frame:
    """Where days and scores lie in the drawing."""

    def __init__(self, first: int, last: int, low: int, high: int) -> None:
        self.first, self.last = first, max(last, first + 1)
        self.low, self.high = low, max(high, low + 1)

    def x(self, day: int) -> float:
        """Give the place of a day, in per cent."""
        day = min(max(day, self.first), self.last)
        return _LEFT + (_RIGHT - _LEFT) * (day - self.first) / (self.last - self.first)

    def y(self, score: int) -> float:
        """Give the place of a score, in pixels."""
        return _TOP + _HEIGHT * (1 - (score - self.low) / (self.high - self.low))


def timeline_plot(mine: Mine, voice: Voice) -> Plot | None:
    """Draw the score of the time behind; None where there is none."""
    if not mine.history or mine.score is None or mine.raw is None:
        return None
    points = [*mine.history, At(day=mine.day, raw=mine.raw, score=mine.score, band=mine.band)]
    last = parse_day(mine.day)
    first = min(parse_day(points[0].day), last - 30)
    frame = _frame(mine, points, first, last)
    marks = [
        *_bands(mine, frame, voice),
        *_consents(mine, frame, voice),
        *_contested(mine, frame),
        *_line(points, frame, last, "step"),
        *_records(mine.cards, points, frame),
        *_ends(points, frame, voice),
    ]
    return Plot(
        "timeline",
        _title(points, voice),
        voice.say(
            "The line is the score on each day. A dot is a record's first day; hatched is a time"
            " in which a contest set something aside; the bar below is the time of a consent."
        ),
        _TOP + _HEIGHT + _BELOW,
        tuple(marks),
        _table(points, voice),
    )


def forecast_plot(mine: Mine, voice: Voice, supposed: Sequence[At] = ()) -> Plot | None:
    """Draw what the score becomes by itself; `supposed` is another future beside it."""
    if not mine.forecast or mine.score is None:
        return None
    first = parse_day(mine.day)
    last = first + 2 * _YEAR
    points = [*mine.forecast, *supposed]
    frame = _frame(mine, points, first, last)
    marks = [*_bands(mine, frame, voice)]
    end = mine.forecast[-1]
    if supposed:
        marks += _line(supposed, frame, last, "supposed")
    if supposed and supposed[-1].score != end.score:
        other = supposed[-1]
        marks.append(
            words(
                "n start", frame.x(last), frame.y(other.score) - 5, voice.number(other.score), dx=6
            )
        )
    marks += [*_line(mine.forecast, frame, last, "step"), *_days(frame, first, last, voice)]
    marks.append(
        words("n start", frame.x(last), frame.y(end.score) + 12, voice.number(end.score), dx=6)
    )
    return Plot(
        "forecast",
        _forecast_title(mine, voice),
        voice.say("The line is the score on each day to come, if nothing new happens.")
        + (" " + voice.say("The dashed line is the one that you supposed.") if supposed else ""),
        _TOP + _HEIGHT + 22,
        tuple(marks),
        _table(mine.forecast, voice, supposed),
    )


def _frame(mine: Mine, points: Sequence[At], first: int, last: int) -> Frame:
    scores = [point.score for point in points]
    low = max(mine.floor, min(scores) - _MARGIN)
    high = min(mine.ceiling, max(scores) + _MARGIN)
    return Frame(first, last, low, max(high, low + _MARGIN))


def _title(points: Sequence[At], voice: Voice) -> str:
    first, last = points[0], points[-1]
    change = last.score - first.score
    if not change:
        return voice.say(
            "%(score)s points today, as on %(day)s",
            score=voice.number(last.score), day=voice.day(first.day),
        )  # fmt: skip
    return voice.say(
        "%(score)s points today, %(change)s since %(day)s",
        score=voice.number(last.score), change=voice.points(change), day=voice.day(first.day),
    )  # fmt: skip


def _forecast_title(mine: Mine, voice: Voice) -> str:
    today, end = mine.forecast[0], mine.forecast[-1]
    if len(mine.forecast) == 1 or end.score == today.score:
        return voice.say("Nothing changes by itself in the next two years")
    return voice.say(
        "By itself it becomes %(score)s on %(day)s",
        score=voice.number(end.score), day=voice.day(end.day),
    )  # fmt: skip


def _bands(mine: Mine, frame: Frame, voice: Voice) -> list[Mark]:
    marks: list[Mark] = []
    for band in mine.bands:
        if frame.low < band.least <= frame.high:
            y = frame.y(band.least)
            marks.append(line("grid", (_LEFT, _RIGHT), (y, y)))
            label = f"{voice.say(band.name)} {voice.number(band.least)}"
            marks.append(words("dim small start", _RIGHT, y + 4, label, dx=6))
    return marks


def _consents(mine: Mine, frame: Frame, voice: Voice) -> list[Mark]:
    y = float(_TOP + _HEIGHT + 10)
    marks: list[Mark] = []
    for given in mine.consents:
        start, end = parse_day(given.since), parse_day(given.withdrawn or given.until)
        if end <= frame.first or start > frame.last:
            continue
        left, right = frame.x(start), frame.x(end)
        marks.append(rect("consent", left, max(right - left, 0.4), y, 8))
    if marks:
        marks.append(words("dim small start", _RIGHT, y + 9, voice.say("consent"), dx=6))
    return marks


def _contested(mine: Mine, frame: Frame) -> list[Mark]:
    marks: list[Mark] = []
    for case in mine.cases:
        if case.lifecycle == "contest":
            start = parse_day(case.opened)
            end: int = frame.last if case.due is not None else parse_day(case.since)
            if end >= frame.first:
                left = frame.x(start)
                width = max(frame.x(end) - left, 0.8)
                marks.append(rect("hatch set-aside", left, width, _TOP, _HEIGHT))
    return marks


def _line(points: Sequence[At], frame: Frame, last: int, look: str) -> list[Mark]:
    places = [(frame.x(parse_day(p.day)), frame.y(p.score)) for p in points]
    path = f"M{10 * places[0][0]:.0f} {places[0][1]:.1f}"
    path += "".join(f"H{10 * x:.0f}V{y:.1f}" for x, y in places[1:])
    path += f"H{10 * frame.x(last):.0f}"
    height = _TOP + _HEIGHT
    at = {
        "x": "0", "y": "0", "width": percent(100), "height": str(height), "d": path,
        "box": f"0 0 1000 {height}",
    }  # fmt: skip
    return [Mark("area", look, at)]


def _records(cards: Sequence[Card], points: Sequence[At], frame: Frame) -> list[Mark]:
    marks: list[Mark] = []
    for card in cards:
        day = parse_day(card.counts_from)
        before = [point.score for point in points if parse_day(point.day) <= day]
        if before and frame.first <= day <= frame.last and card.face:
            look = "burden-dot" if card.face < 0 else "full"
            marks.append(dot(look, frame.x(day), frame.y(before[-1])))
    return marks


def _ends(points: Sequence[At], frame: Frame, voice: Voice) -> list[Mark]:
    last, low = points[-1], min(points, key=lambda point: point.score)
    x, y = frame.x(frame.last), frame.y(last.score)
    lowest = words(
        "n start", frame.x(parse_day(low.day)), frame.y(low.score) + 18, voice.number(low.score)
    )
    return [
        *([lowest] if low.score < min(points[0].score, last.score) else []),
        dot("full", x, y),
        words("n start strong", x, y - 8, voice.number(last.score), dx=6),
        *_days(frame, frame.first, frame.last, voice, 22),
    ]


def _days(frame: Frame, first: int, last: int, voice: Voice, drop: int = 0) -> list[Mark]:
    y = float(_TOP + _HEIGHT + 16 + drop)
    return [
        words("dim small start", frame.x(first), y, voice.short_day(first)),
        words("dim small end", frame.x(last), y, voice.short_day(last)),
    ]


def _table(points: Sequence[At], voice: Voice, supposed: Sequence[At] = ()) -> Table:
    days = sorted({point.day for point in (*points, *supposed)})
    heads = [voice.say("From"), voice.say("Score"), voice.say("Band")]
    if supposed:
        heads.append(voice.say("As supposed"))
    rows = []
    for day in days:
        now = _on(points, day)
        cells = [voice.number(now.score), voice.say(now.band)]
        if supposed:
            cells.append(voice.number(_on(supposed, day).score))
        rows.append(Row(voice.day(day), tuple(cells)))
    return Table(voice.say("The score from each day on"), tuple(heads), tuple(rows))


def _on(points: Sequence[At], day: str) -> At:
    before = [point for point in points if point.day <= day]
    return before[-1] if before else points[0]
