"""Plots of the parts of a population: shares before and after, and the ratio between parts."""

import math
from collections.abc import Callable, Sequence
from typing import Final

from standing.pages._voice import OUT, Voice
from standing.pages.draw import (
    Mark,
    Plot,
    Row,
    Table,
    dot,
    line,
    rect,
    shortened,
    words,
)
from standing.policy.simulation import Part

Interval = tuple[int, int, int] | None
LOW: Final = 800
HIGH: Final = 1_250
_ROW: Final = 42
_TOP: Final = 24
_EDGE: Final = 4.0
_NARROW: Final = (500, 2_000)
_WIDE: Final = (200, 5_000)


def shares(division: str, found: Sequence[Part], voice: Voice) -> Plot:
    """Draw each part's share in the band of base or above, before and after."""
    ordered = sorted(found, key=_change)
    ticks = [(share, f"{share // 10}%") for share in range(0, 1001, 200)]
    marks = _axis([(_share_at(share), text) for share, text in ticks], len(ordered))
    for place, part in enumerate(ordered):
        y = _TOP + place * _ROW
        marks += _names(part, _arrow(part, voice), voice, y)
        for interval, look, drop in ((part.before, "open", 22), (part.after, "full", 31)):
            if interval is not None:
                marks += _interval([_share_at(n) for n in interval], look, y + drop)
    return Plot(
        f"shares-{division}",
        _most_changed(ordered, voice),
        _how(voice, "parts.how", has_left_out=any(None in (p.before, p.after) for p in ordered)),
        _TOP + len(ordered) * _ROW + 6,
        tuple(marks),
        Table(
            voice.say("parts.caption"),
            (
                voice.say("parts.name"), voice.say("count"),
                voice.say("parts.share-before"), voice.say("parts.interval"),
                voice.say("parts.share-after"), voice.say("parts.interval"),
                voice.say("parts.lower"), voice.say("parts.higher"),
            ),
            tuple(
                Row(
                    _name(part, voice),
                    (
                        voice.count(part.subjects),
                        *_cells(part.before, voice.share, voice),
                        *_cells(part.after, voice.share, voice),
                        voice.count(part.lower), voice.count(part.higher),
                    ),
                )
                for part in ordered
            ),
        ),
    )  # fmt: skip


def ratios(division: str, found: Sequence[Part], voice: Voice) -> Plot:
    """Draw how each part's share compares with everybody else's, under the new pack."""
    ordered = sorted(found, key=lambda p: (p.ratio is None, p.ratio or ()))
    low, high = _range([part.ratio for part in ordered])
    ticks = [n for n in (200, 500, LOW, 1_000, HIGH, 2_000, 5_000) if low <= n <= high]
    marks = [
        rect("fair", _at(LOW, low, high), _at(HIGH, low, high) - _at(LOW, low, high), _TOP - 4,
             len(ordered) * _ROW + 6),
        *_axis(
            [(_at(n, low, high), voice.ratio(n).rstrip("0").rstrip(".")) for n in ticks],
            len(ordered),
        ),
    ]  # fmt: skip
    for place, part in enumerate(ordered):
        y = _TOP + place * _ROW
        label = OUT if part.ratio is None else voice.ratio(part.ratio[0])
        if part.ratio is not None and not _is_inside(part.ratio):
            label = f"{voice.say('ratios.outside')} {label}"
        marks += _names(part, label, voice, y)
        if part.ratio is not None:
            marks += _interval([_at(n, low, high) for n in part.ratio], "full", y + 27)
            marks += _beyond(part.ratio, low, high, y + 27)
    return Plot(
        f"ratios-{division}",
        _outside(ordered, voice),
        _how(voice, "ratios.how", has_left_out=any(part.ratio is None for part in ordered)),
        _TOP + len(ordered) * _ROW + 6,
        tuple(marks),
        Table(
            voice.say("ratios.caption"),
            (
                voice.say("parts.name"), voice.say("ratios.ratio"),
                voice.say("parts.interval"), voice.say("ratios.verdict"),
            ),
            tuple(
                Row(
                    _name(part, voice),
                    (*_cells(part.ratio, voice.ratio, voice), _verdict(part.ratio, voice)),
                )
                for part in ordered
            ),
        ),
    )  # fmt: skip


def _axis(ticks: list[tuple[float, str]], rows: int) -> list[Mark]:
    """Draw the ticks, their words above, and a line between rows."""
    bottom = _TOP + rows * _ROW
    marks = [line("grid", (x, x), (_TOP - 4, bottom)) for x, _ in ticks]
    marks += [
        line("grid", (0, 100), (_TOP + n * _ROW - 3, _TOP + n * _ROW - 3)) for n in range(1, rows)
    ]
    return [*marks, *(words("middle dim", x, 13, text) for x, text in ticks)]


def _names(part: Part, label: str, voice: Voice, y: int) -> list[Mark]:
    name = shortened(_name(part, voice), 26)
    if part.subjects is not None:
        name = f"{name} ({voice.number(part.subjects)})"
    return [words("start", 0, y + 11, name), words("n end", 100, y + 11, label)]


def _interval(at: list[float], look: str, y: int) -> list[Mark]:
    middle, low, high = at
    return [line(f"interval {look}", (low, high), (y, y)), dot(look, middle, y)]


def _beyond(interval: tuple[int, int, int], low: int, high: int, y: int) -> list[Mark]:
    """Mark an interval that goes on past the edge."""
    left = [words("start", 0.5, y + 4, "◂")] if interval[1] < low else []
    right = [words("end", 99.5, y + 4, "▸")] if interval[2] > high else []
    return left + right


def _share_at(permille: int) -> float:
    return _EDGE + (100 - 2 * _EDGE) * permille / 1000


def _at(permille: int, low: int, high: int) -> float:
    held = min(max(permille, low), high)
    part = math.log(held / low) / math.log(high / low)
    return _EDGE + (100 - 2 * _EDGE) * part


def _range(found: list[Interval]) -> tuple[int, int]:
    known = [interval for interval in found if interval is not None]
    low = min((interval[1] for interval in known), default=1_000)
    high = max((interval[2] for interval in known), default=1_000)
    return _NARROW if _NARROW[0] <= low and high <= _NARROW[1] else _WIDE


def _change(part: Part) -> tuple[bool, int, str]:
    if part.before is None or part.after is None:
        return True, 0, part.name
    return False, part.after[0] - part.before[0], part.name


def _arrow(part: Part, voice: Voice) -> str:
    before, after = (
        OUT if interval is None else voice.share(interval[0])
        for interval in (part.before, part.after)
    )
    return OUT if before == after == OUT else f"{before} → {after}"


def _name(part: Part, voice: Voice) -> str:
    return part.name or voice.say("parts.small")


def _cells(interval: Interval, write: Callable[[int], str], voice: Voice) -> tuple[str, str]:
    if interval is None:
        return OUT, OUT
    return write(interval[0]), voice.between(write(interval[1]), write(interval[2]))


def _is_inside(interval: tuple[int, int, int]) -> bool:
    return LOW <= interval[1] <= interval[2] <= HIGH


def _verdict(interval: Interval, voice: Voice) -> str:
    if interval is None:
        return OUT
    return voice.say("ratios.inside" if _is_inside(interval) else "ratios.outside")


def _most_changed(found: Sequence[Part], voice: Voice) -> str:
    known = [
        (abs(part.after[0] - part.before[0]), part.before[0], part.after[0], part)
        for part in found
        if part.before is not None and part.after is not None
    ]
    if not known:
        return voice.say("parts.title-out")
    change, before, after, part = max(known, key=lambda one: one[0])
    if not change:
        return voice.say("parts.title-same" if len(known) == len(found) else "parts.title-known")
    return voice.say(
        "parts.title",
        name=_name(part, voice),
        before=voice.share(before),
        after=voice.share(after),
    )


def _outside(found: Sequence[Part], voice: Voice) -> str:
    known = [(part, part.ratio) for part in found if part.ratio is not None]
    outside = [_name(part, voice) for part, ratio in known if not _is_inside(ratio)]
    if not known:
        return voice.say("ratios.title-out")
    if outside:
        return voice.say(
            "ratios.title-outside",
            n=voice.number(len(outside)),
            all=voice.number(len(known)),
            names=voice.names(outside),
        )
    if len(known) == 1:
        return voice.say("ratios.title-one")
    return voice.say("ratios.title", n=voice.number(len(known)))


def _how(voice: Voice, message: str, *, has_left_out: bool) -> str:
    told = voice.say(message)
    return told + voice.say("space") + voice.say("parts.dash") if has_left_out else told
