"""Plots of counts: who falls and rises, scores before and after, consequences."""

from bisect import bisect_right
from typing import Final, NamedTuple

from standing.pages._voice import Voice
from standing.pages.draw import Count, Mark, Plot, Reach, Row, Table, bar, rect, words, wrapped
from standing.policy.simulation import Flip, Scale, Simulation

_ROW: Final = 20
_TALL_ROW: Final = 76
_NAME_ROOM: Final = 38
_MANY: Final = 1_000_000  # numbers from here on need room beside their bars
_LEFT_EDGE: Final = 22.2
_RIGHT_EDGE: Final = 98.8


def changes(result: Simulation, voice: Voice) -> Plot:
    """Draw whose scores fall, stay and rise."""
    rows = (
        (voice.say("changes.row-higher"), result.higher, "after"),
        (voice.say("changes.row-same"), result.same, "before"),
        (voice.say("changes.row-lower"), result.lower, "worse"),
    )
    reach = Reach([[count] for _, count, _ in rows])
    marks: list[Mark] = []
    for place, (label, count, look) in enumerate(rows):
        y = 4 + place * 26
        marks.append(words("start", 0, y + 11, label))
        marks += bar(reach, count, voice.count(count), look, start=24, room=50, y=y)
    higher = _said(voice, "changes.higher", "changes.higher-out", result.higher)
    lower = _said(voice, "changes.lower", "changes.lower-out", result.lower)
    return Plot(
        "changes",
        voice.say("changes.title", all=voice.subjects(result.subjects), higher=higher, lower=lower),
        _how(voice, "changes.how", reach, [count for _, count, _ in rows]),
        82,
        tuple(marks),
        Table(
            voice.say("changes.caption"),
            (voice.say("changes.way"), voice.say("count")),
            tuple(Row(label, (voice.count(count),)) for label, count, _ in rows),
        ),
    )


class _Stretch(NamedTuple):
    low: int
    high: int
    before: Count
    after: Count


def scores(result: Simulation, voice: Voice) -> Plot | None:
    """Draw the histograms of scores back to back; None where there is nobody."""
    if not result.bins:
        return None
    rows = [
        _Stretch(low, low + result.bin_width - 1, before, after)
        for low, before, after in zip(result.bins, result.before, result.after, strict=True)
    ][::-1]
    reach = Reach([[row.before, row.after] for row in rows])
    marks = _sides(voice, center=61, left="before", right="after")
    marks.append(words("end dim", 21, 12, voice.say("scores.from")))
    for place, row in enumerate(rows):
        y = 22 + place * _ROW
        marks += _score_row(row, result.scales, voice, reach, y)
    how = _how(
        voice, "scores.how", reach, [count for row in rows for count in row[2:]],
        width=voice.number(result.bin_width),
    )  # fmt: skip
    if result.scales:
        old, new = (
            bands[_base_band(scale, len(bands))]
            for scale, bands in zip(
                result.scales, (result.old_bands, result.new_bands), strict=True
            )
        )
        how += _space(voice) + voice.say("scores.base", old=old, new=new)
    return Plot(
        "scores",
        _fullest(rows, voice),
        how,
        28 + len(rows) * _ROW,
        tuple(marks),
        Table(
            voice.say("scores.caption"),
            (voice.say("scores.stretch"), voice.say("before"), voice.say("after")),
            tuple(
                Row(_stretch(row, voice), (voice.count(row.before), voice.count(row.after)))
                for row in rows
            ),
        ),
    )


def flips(result: Simulation, voice: Voice) -> Plot | None:
    """Draw for how many each consequence comes and goes; None where no pack has one."""
    if not result.flips:
        return None
    reach = Reach([[flip.goes, flip.comes] for flip in result.flips])
    marks = _sides(voice, center=50, left="flips.goes", right="flips.comes")
    for place, flip in enumerate(result.flips):
        marks += _flip_row(flip, voice, reach, 24 + place * _TALL_ROW)
    how = _how(
        voice, "flips.how", reach,
        [count for flip in result.flips for count in (flip.comes, flip.goes, flip.stays)],
    )  # fmt: skip
    return Plot(
        "flips",
        _changes_most(result.flips, voice),
        how,
        26 + len(result.flips) * _TALL_ROW,
        tuple(marks),
        Table(
            voice.say("flips.caption"),
            tuple(
                voice.say(message)
                for message in (
                    "flips.what", "flips.kind", "flips.code", "flips.comes", "flips.goes",
                    "flips.stays",
                )
            ),
            tuple(
                Row(
                    flip.title,
                    (
                        kind_of(flip, voice), flip.code,
                        *(voice.count(n) for n in (flip.comes, flip.goes, flip.stays)),
                    ),
                )
                for flip in result.flips
            ),
        ),
    )  # fmt: skip


def kind_of(flip: Flip, voice: Voice) -> str:
    """Name the kind of a consequence."""
    return voice.say("flips.restriction" if flip.kind == "restriction" else "flips.perk")


def _score_row(
    row: _Stretch, scales: tuple[Scale, Scale] | None, voice: Voice, reach: Reach, y: int
) -> list[Mark]:
    room = 20 if reach.most < _MANY else 13
    bases = [scale.base for scale in scales or ()]
    start = "◆ " if any(row.low <= base <= row.high for base in bases) else ""
    marks = [words("end", 21, y + 11, start + voice.number(row.low))]
    marks += bar(reach, row.before, voice.count(row.before), "before", start=60.7, room=-room, y=y)
    marks += bar(reach, row.after, voice.count(row.after), "after", start=61.3, room=room, y=y)
    for scale, x in zip(scales or (), (_LEFT_EDGE, _RIGHT_EDGE), strict=False):
        low, high = _base_stretch(scale)
        if row.low < high and low <= row.high:
            marks.append(rect("base", x, 0.8, y - 3, _ROW))
    return marks


def _base_band(scale: Scale, bands: int) -> int:
    return min(max(bisect_right(scale.least, scale.base) - 1, 0), bands - 1)


def _base_stretch(scale: Scale) -> tuple[float, float]:
    """Give where the band of base begins, and where the next one does."""
    place = _base_band(scale, len(scale.least))
    above = scale.least[place + 1 :]
    return scale.least[place], above[0] if above else float("inf")


def _flip_row(flip: Flip, voice: Voice, reach: Reach, y: int) -> list[Mark]:
    room = 30 if reach.most < _MANY else 24
    look = "restriction" if flip.kind == "restriction" else "after"
    stays = f"{voice.say('flips.stays')} {voice.count(flip.stays)}"
    name = wrapped(flip.title, _NAME_ROOM, most=2)
    return [
        words("start dim", 0, y + 11, kind_of(flip, voice)),
        words("n end", 100, y + 11, stays),
        *(words("start", 0, y + 27 + 15 * place, text) for place, text in enumerate(name)),
        *bar(reach, flip.goes, voice.count(flip.goes), f"{look} hollow", start=49.7, room=-room,
             y=y + 18 + 15 * len(name)),
        *bar(reach, flip.comes, voice.count(flip.comes), look, start=50.3, room=room,
             y=y + 18 + 15 * len(name)),
    ]  # fmt: skip


def _sides(voice: Voice, *, center: float, left: str, right: str) -> list[Mark]:
    return [
        words("end dim", center, 12, f"◂ {voice.say(left)}", dx=-8),
        words("start dim", center, 12, f"{voice.say(right)} ▸", dx=8),
    ]


def _stretch(row: _Stretch, voice: Voice) -> str:
    if row.low == row.high:
        return voice.number(row.low)
    return voice.between(voice.number(row.low), voice.number(row.high))


def _fullest(rows: list[_Stretch], voice: Voice) -> str:
    known = [row for row in rows if row.after]
    if not known:
        return voice.say("scores.title-out")
    fullest = max(known, key=lambda row: row.after or 0)
    return voice.say(
        "scores.title",
        stretch=_stretch(fullest, voice),
        before=voice.count(fullest.before) if fullest.before is not None else voice.say("left-out"),
        after=voice.count(fullest.after),
    )


def _changes_most(found: tuple[Flip, ...], voice: Voice) -> str:
    known = [flip for flip in found if flip.comes is not None and flip.goes is not None]
    if not known:
        return voice.say("flips.title-out")
    most = max(known, key=lambda flip: (flip.comes or 0) + (flip.goes or 0))
    if most.comes or most.goes:
        return voice.say(
            "flips.title",
            title=most.title,
            comes=voice.count(most.comes),
            goes=voice.count(most.goes),
        )
    return voice.say("flips.title-same" if len(known) == len(found) else "flips.title-out")


def _said(voice: Voice, message: str, otherwise: str, count: Count) -> str:
    return voice.say(otherwise) if count is None else voice.say(message, n=voice.number(count))


def _how(voice: Voice, message: str, reach: Reach, counts: list[Count], **values: str) -> str:
    """Tell how a plot is read, with what is unusual in it."""
    told = [voice.say(message, **values)]
    if reach.is_broken:
        told.append(voice.say("plot.broken"))
    if None in counts:
        told.append(voice.say("plot.hatch"))
    return _space(voice).join(told)


def _space(voice: Voice) -> str:
    """Give what stands between two sentences: nothing in Chinese."""
    return voice.say("space")
