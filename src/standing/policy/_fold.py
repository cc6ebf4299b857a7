"""The specification scorer: one subject, plain integers, a reason for every record.

score = clamp(base + sum of cells). A cell is (act type, window): the sum of its effective
records' points, clipped to the type's cap, under the pack of its window or today's, whichever is
better for the subject (L37). Nothing depends on the order in which records arrived; there is no
division, no clock and no state. The bulk scorers must reach the same integers.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import Final, Literal

import msgspec

from standing.errors import Refused
from standing.policy._schedule import Route, Rules, Schedule, Weight

Status = Literal["effective", "contested", "annulled", "lapsed", "retracted"]

WHY: Final[dict[str, str]] = {
    "counted": "counts in full",
    "aged": "has faded with age",
    "cap": "counts less: the limit of its kind for this window is reached",
    "contested": "is set aside while it is contested",
    "warned": "was a warning: the first of its kind in this window",
    "better-pack": "counts under the rules of its own time, which are better for you",
    "recovered": "was made good, in part or whole",
    "noticed": "does not count yet: the time of notice is running",
    "not-yet": "lies after this day",
    "expired": "has expired",
    "annulled": "was annulled",
    "lapsed": "lapsed: it was not decided in time",
    "retracted": "was taken back by its issuer",
    "no-rule": "is of a kind that today's rules do not weigh",
}
"""Every value of `Reason.why`, with the words a person reads after "This record ..."."""


class RecordFact(msgspec.Struct, frozen=True):
    """What scoring needs to know of one record; the days count from 1970-01-01.

    `day`: conduct. `noticed`: when its batch entered the log. `status`: what became of it, `lapsed`
    being a contest that nobody decided in time. `source_expires`: the first day on which its source
    register no longer holds it (L10). `recorded`: type and day as recorded, where a ruling
    corrected them.
    """

    id: str
    type: str
    day: int
    noticed: int
    status: Status = "effective"
    source_expires: int | None = None
    recorded: tuple[str, int] | None = None


class Reason(msgspec.Struct, frozen=True):
    """One record's part of a score.

    `face`: points on the day of conduct. `aged`: points left by age. `counted`: points in the raw
    score. `why`: a key of WHY. `next_change`: the next day on which the rules change this record's
    own points, None if no day is known. `expires`: the first day on which it is gone.
    """

    record: str
    rule: str
    face: int
    aged: int
    counted: int
    why: str
    next_change: int | None
    expires: int


class Score(msgspec.Struct, frozen=True):
    """A score with its reasons, in (day of conduct, record id) order.

    `raw` is base plus every `counted`, always; `score` is `raw` within floor and ceiling.
    """

    context: str
    as_of: int
    pack_version: int
    base: int
    raw: int
    score: int
    band: str
    band_index: int
    reasons: tuple[Reason, ...]


# One record under one pack: live value (None when it cannot count), aged, why, next change, expiry.
_Line = tuple[int | None, int, str, int | None, int]
_ORDER = attrgetter("day", "id")
_GONE: Final = frozenset({"annulled", "retracted"})


def score(records: Iterable[RecordFact], schedule: Schedule, as_of: int) -> Score:
    """Score one subject in one context on one day, with a reason for every record.

    Where a ruling corrected records, their old cells may have hidden more than their new ones do:
    the score is the better of both readings, so that no contest ever lowers it (L19). Raises
    `E-SCORE-01` before the first pack's force and `E-SCORE-02` for one record given twice.
    """
    held = list(records)
    corrected = _score(held, schedule, as_of)
    if all(record.recorded is None for record in held):
        return corrected
    before = _score([_as_recorded(record) for record in held], schedule, as_of)
    return before if before.raw > corrected.raw else corrected


def _as_recorded(record: RecordFact) -> RecordFact:
    if record.recorded is None:
        return record
    kind, day = record.recorded
    return msgspec.structs.replace(record, type=kind, day=day)


def _score(records: Sequence[RecordFact], schedule: Schedule, as_of: int) -> Score:
    today = schedule.rules_on(as_of)
    ordered = sorted(records, key=_ORDER)
    if len({record.id for record in ordered}) != len(ordered):
        raise _given_twice(ordered)
    reasons = _fold(ordered, today, schedule, as_of)
    if not schedule.is_single:
        reasons = _better(reasons, ordered, today, schedule, as_of)
    pack = today.pack
    raw = pack.base + sum(reason.counted for reason in reasons)
    clamped = min(max(raw, pack.floor), pack.ceiling)
    band = today.band(clamped)
    return Score(
        pack.context,
        as_of,
        pack.version,
        pack.base,
        raw,
        clamped,
        today.names[band],
        band,
        tuple(reasons),
    )


def _fold(
    records: Sequence[RecordFact], rules: Rules, schedule: Schedule, as_of: int
) -> list[Reason]:
    """Judge every record under one pack: age, warnings, recovery, then caps, cell by cell."""
    lines = _lines(records, rules, schedule, as_of)
    if not rules.recoveries.keys().isdisjoint([record.type for record in records]):
        lines = _recover(records, lines, rules, schedule)
    weights, room = rules.weights, dict[tuple[str, int], int]()
    reasons = []
    for record, (value, aged, why, change, expires) in zip(records, lines, strict=True):
        counted, cause = value or 0, why
        if counted:
            cell = (record.type, schedule.window_start(record.type, record.day))
            left = room.get(cell, weights[record.type].cap)
            if abs(counted) > left:
                counted, cause = (-left if counted < 0 else left), "cap"
            room[cell] = left - abs(counted)
        face = weights[record.type].face if why != "no-rule" else 0
        reasons.append(Reason(record.id, record.type, face, aged, counted, cause, change, expires))
    return reasons


def _lines(
    records: Sequence[RecordFact], rules: Rules, schedule: Schedule, as_of: int
) -> list[_Line]:
    """Judge each record by itself, then turn the first of a warning kind's window into one."""
    warned: set[tuple[str, int]] = set()
    lines: list[_Line] = []
    for record in records:
        weight = rules.weights.get(record.type)
        if weight is None:
            lines.append((None, 0, "no-rule", None, record.day))
            continue
        line = _line(record, weight, rules.notice, as_of)
        if weight.warn_first and line[0] is not None:
            cell = (record.type, schedule.window_start(record.type, record.day))
            if cell not in warned:
                warned.add(cell)
                line = (None, line[1], "warned", None, line[4])
        lines.append(line)
    return lines


def _line(record: RecordFact, weight: Weight, notice: int, as_of: int) -> _Line:
    """Judge one record by itself: status, notice, age."""
    day = record.day
    expires = day + weight.validity
    source = record.source_expires
    if source is not None and source < expires:
        expires = source
    if as_of >= expires:
        return None, 0, "expired", None, expires
    if as_of < day:
        return None, weight.face, "not-yet", None, expires
    aged = weight.by_age[as_of - day]
    status = record.status
    # silence never helps the issuer of a burden, and never takes a good record away
    if status in _GONE or (status != "effective" and weight.negative):
        return None, aged, status, None, expires
    counts_from = record.noticed + notice
    if as_of < counts_from:
        return None, aged, "noticed", counts_from, expires
    change = min(day + weight.changes[as_of - day], expires)
    return aged, aged, "counted" if aged == weight.face else "aged", change, expires


def _recover(
    records: Sequence[RecordFact], lines: Sequence[_Line], rules: Rules, schedule: Schedule
) -> list[_Line]:
    """Spend each recovery record on burdens of its kinds up to its own day, oldest first.

    Before the caps: a lesson must not lose its worth to records that the cap hides anyway, and the
    passing of a day must never take back what it gave. Of one day, kinds come by name: then no sum
    depends on ids, and scorers over columns need none.
    """
    result = list(lines)
    keys = [(record.day, record.type) for record in records]
    oldest_first = sorted(range(len(records)), key=keys.__getitem__)
    gave: dict[tuple[str, int], int] = {}
    for helper in oldest_first:
        day, kind = keys[helper]
        route = rules.recoveries.get(kind)
        if route is None or lines[helper][0] is None:
            continue
        year = (kind, schedule.year_start(day))
        already = gave.get(year, 0)
        if already < route.times and _give_back(route, day, oldest_first, records, result):
            gave[year] = already + 1
    return result


def _give_back(
    route: Route,
    day: int,
    oldest_first: Sequence[int],
    records: Sequence[RecordFact],
    lines: list[_Line],
) -> bool:
    """Spend one recovery record of a day; tells whether there was anything to give back."""
    budget = route.points
    for index in oldest_first:
        record = records[index]
        if record.day > day or not budget:
            break
        if record.type in route.restores:
            value, aged, _, change, expires = lines[index]
            if value is not None and value < 0:
                back = min(budget, -value)
                budget -= back
                lines[index] = (value + back, aged, "recovered", change, expires)
    return budget < route.points


def _better(
    reasons: Sequence[Reason],
    records: Sequence[RecordFact],
    today: Rules,
    schedule: Schedule,
    as_of: int,
) -> list[Reason]:
    """Replace the cells that the pack of their own window treats better than today's (L37)."""
    cells: dict[tuple[str, int], list[int]] = {}
    for index, record in enumerate(records):
        if record.type in schedule.windows:
            start = schedule.window_start(record.type, record.day)
            cells.setdefault((record.type, start), []).append(index)
    result = list(reasons)
    folded: dict[int, list[Reason]] = {}
    for (_, start), members in cells.items():
        rules = schedule.governing(start)
        if rules is today:
            continue
        if id(rules) not in folded:
            folded[id(rules)] = _fold(records, rules, schedule, as_of)
        theirs = folded[id(rules)]
        if sum(theirs[i].counted for i in members) > sum(reasons[i].counted for i in members):
            for index in members:
                result[index] = _marked(theirs[index], reasons[index])
    return result


def _marked(chosen: Reason, today: Reason) -> Reason:
    if chosen.counted == today.counted:
        return chosen
    return msgspec.structs.replace(chosen, why="better-pack")


def _given_twice(records: Sequence[RecordFact]) -> Refused:
    [(twice, _)] = Counter(record.id for record in records).most_common(1)
    return Refused(
        "E-SCORE-02",
        "One record was given twice.",
        why=f"Got {twice} twice; a record counts once.",
        fix="Give each record of the subject once.",
        where=twice,
    )
