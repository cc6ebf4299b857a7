"""The compiled scorer: subjects whose records lie beside each other, sorted by type and day.

It reaches the integers of `_fold.score` without making a reason for each record. Within one act
type the day decides what a record weighs, so that ids are not needed: of two records of one type
and day it does not matter for the sum which one warned, or reached the cap first.

Compiled by numba when first used and kept beside this file, or in the account's cache folder;
docs/adr/0014-compiled-scorer.md shows what library calls alone cost.
"""

from typing import Final

import numpy as np

from standing.policy._compile import Whole, compiled
from standing.policy._schedule import YEAR
from standing.policy._tables import NEVER, Ints, Tables

_SHORT: Final = 64  # records of a row that are sorted by insertion
_NONE: Final = np.int64(-(2**62))  # this record counts nothing and takes no part


@compiled
def _value(
    made: Tables, p: Whole, t: Whole, day: Whole, noticed: Whole, status: Whole, until: Whole
) -> Whole:
    """Give what one record weighs by itself under one pack today, or _NONE."""
    age = made.as_of - day
    if age < 0 or age >= made.validity[p, t] or made.as_of >= until:
        return _NONE
    if not made.allows[p, t, status] or made.as_of < noticed + made.notice[p]:
        return _NONE
    return np.int64(made.points[p, t, age])


@compiled
def _next_day(
    made: Tables, kind: Ints, day: Ints, noticed: Ints, until: Ints, begin: Whole, end: Whole
) -> Whole:
    """Give the next day on which any pack may change one of a row's records, or NEVER.

    Too early is harmless. One call a row: what `made` holds is handed over once, not a record.
    """
    nearest: Whole = NEVER
    today = made.as_of
    for i in range(begin, end):
        t, first, told = kind[i], np.int64(day[i]), np.int64(noticed[i])
        age = today - first
        if age < 0:
            nearest = min(nearest, first)
        if until.shape[0] and until[i] > today:
            nearest = min(nearest, np.int64(until[i]))
        for p in range(made.validity.shape[0]):
            if age >= made.validity[p, t]:
                continue
            if told + made.notice[p] > today:
                nearest = min(nearest, told + made.notice[p])
            if age >= 0:
                nearest = min(nearest, first + made.change[p, t, age])
    return nearest


@compiled
def _window(made: Tables, t: Whole, day: Whole) -> Whole:
    """Give the first day of the window that holds a day; windows reach back before the first."""
    since = day - made.force[0]
    return day - since % made.window[t]


@compiled
def _governing(made: Tables, start: Whole) -> Whole:
    """Give the pack that governs a window, by the window's first day."""
    p = made.force.shape[0] - 1
    while p > 0 and made.force[p] > start:
        p -= 1
    return p


@compiled
def _weigh(
    made: Tables,
    p: Whole,
    kind: Ints,
    day: Ints,
    noticed: Ints,
    status: Ints,
    until: Ints,
    since: Whole,
    values: Ints,
) -> bool:
    """Value every record of one subject under one pack, warnings taken out; tells of helpers."""
    helped = False
    last: Whole = -1
    start: Whole = 0
    for i in range(kind.shape[0]):
        t = np.int64(kind[i])
        values[i] = _NONE
        if made.validity[p, t] == 0 or day[i] < since:
            continue
        ends = NEVER if until.shape[0] == 0 else np.int64(until[i])
        value = _value(
            made, p, t, np.int64(day[i]), np.int64(noticed[i]), np.int64(status[i]), ends
        )
        if value == _NONE:
            continue
        if made.warns[p, t]:
            window = _window(made, t, np.int64(day[i]))
            if t != last or window != start:
                last, start = t, window
                continue
        values[i] = value
        helped |= made.budget[p, t] > 0
    return helped


@compiled
def _oldest_first(made: Tables, kind: Ints, day: Ints, values: Ints, order: Ints) -> Whole:
    """List the places of records that take part, by day and then name of their type; says how many.

    Most rows are short, and sorted but for a few runs: then insertion beats any other sort.
    """
    live = 0
    for i in range(kind.shape[0]):
        if values[i] != _NONE:
            order[live] = (np.int64(day[i]) << 40) | (made.order[kind[i]] << 32) | i
            live += 1
    if live > _SHORT:
        order[:live] = np.sort(order[:live])
    else:
        for i in range(1, live):
            key = order[i]
            k = i - 1
            while k >= 0 and order[k] > key:
                order[k + 1] = order[k]
                k -= 1
            order[k + 1] = key
    for i in range(live):
        order[i] &= 0xFFFFFFFF
    return live


@compiled
def _recover(
    made: Tables, p: Whole, kind: Ints, day: Ints, values: Ints, order: Ints, routes: Ints
) -> None:
    """Spend each helper on burdens up to its own day, oldest first, types of one day by name.

    `routes` is room for three numbers a type: what lies before the first one holds nothing for the
    route; the year of its last helper; how many helpers of that year gave anything.
    """
    count = _oldest_first(made, kind, day, values, order)
    done, year, gave = routes[0], routes[1], routes[2]
    for at in range(count):
        route = np.int64(kind[order[at]])
        done[route], year[route], gave[route] = 0, _NONE, 0
    for at in range(count):
        helper = order[at]
        route = np.int64(kind[helper])
        if made.budget[p, route] == 0:
            continue
        start = (np.int64(day[helper]) - made.force[0]) // YEAR
        if start != year[route]:
            year[route], gave[route] = start, 0
        if gave[route] < made.times[p, route]:
            gave[route] += _spend(made, p, helper, kind, day, values, order[:count], done)


@compiled
def _spend(
    made: Tables,
    p: Whole,
    helper: Whole,
    kind: Ints,
    day: Ints,
    values: Ints,
    order: Ints,
    done: Ints,
) -> Whole:
    """Spend one helper; gives 1 if there was anything to give back, else 0."""
    route = np.int64(kind[helper])
    budget = made.budget[p, route]
    is_empty = True  # so far nothing is left for this route before k
    k = done[route]
    while k < order.shape[0] and budget > 0 and day[order[k]] <= day[helper]:
        i = order[k]
        if made.restores[p, route, kind[i]] and values[i] < 0:
            back = min(budget, -values[i])
            budget -= back
            values[i] += back
            is_empty &= values[i] == 0
        k += 1
        if is_empty:
            done[route] = k
    return np.int64(budget < made.budget[p, route])


@compiled
def _cells(made: Tables, kind: Ints, day: Ints, values: Ints, theirs: Ints, p: Whole) -> Whole:
    """Sum the cells, each clipped; `theirs` are values under pack `p` for cells it governs."""
    today = made.force.shape[0] - 1
    total: Whole = np.int64(0)
    count = kind.shape[0]
    i = 0
    while i < count:
        t = np.int64(kind[i])
        if made.window[t] == 0:  # a type that no pack weighs
            i += 1
            continue
        start = _window(made, t, np.int64(day[i]))
        end = start + made.window[t]
        mine: Whole = np.int64(0)
        other: Whole = np.int64(0)
        while i < count and kind[i] == t and day[i] < end:
            if values[i] != _NONE:
                mine += values[i]
            if p != today and theirs[i] != _NONE:
                other += theirs[i]
            i += 1
        mine = max(-made.cap[today, t], min(made.cap[today, t], mine))
        if p == today:
            total += mine
        elif _governing(made, start) == p:
            other = max(-made.cap[p, t], min(made.cap[p, t], other))
            total += max(other - mine, 0)
    return total


@compiled
def _count(mask: Whole, counts: Ints) -> None:
    """Add one record to the counters of its type."""
    for c in range(counts.shape[0]):
        if mask >> np.uint32(c) & np.uint32(1) and counts[c] < NEVER:
            counts[c] += 1


@compiled
def _one_pack(
    made: Tables,
    kind: Ints,
    day: Ints,
    noticed: Ints,
    status: Ints,
    until: Ints,
    since: Whole,
    begin: Whole,
    end: Whole,
    counts: Ints,
) -> Whole:
    """Fold one subject under one pack that gives nothing back: one pass, nothing kept."""
    total: Whole = np.int64(0)
    points: Whole = np.int64(0)
    cap: Whole = np.int64(0)
    cell: Whole = np.int64(-1)
    warned = True
    noticed_by = made.as_of - made.notice[0]
    for i in range(begin, end):
        t = kind[i]
        age = made.as_of - np.int64(day[i])
        if age < 0 or age >= made.validity[0, t]:
            continue
        if not made.allows[0, t, status[i]] or noticed[i] > noticed_by or day[i] < since:
            continue
        if until.shape[0] and made.as_of >= until[i]:
            continue
        if made.cell[t, age] != cell:
            total += max(-cap, min(cap, points))
            cell, cap, points = made.cell[t, age], made.cap[0, t], np.int64(0)
            warned = made.warns[0, t] == 0
        if warned:
            points += made.points[0, t, age]
            if counts.shape[0] and made.points[0, t, age]:
                _count(made.tallies[t], counts)
        warned = True
    return total + max(-cap, min(cap, points))


@compiled
def _tally(made: Tables, kind: Ints, values: Ints, counts: Ints) -> None:
    """Count the records that stand for themselves, by the counters of their type."""
    for i in range(kind.shape[0]):
        if values[i] != _NONE and values[i] != 0:
            _count(made.tallies[kind[i]], counts)


@compiled
def _whole(
    made: Tables,
    kind: Ints,
    day: Ints,
    noticed: Ints,
    status: Ints,
    until: Ints,
    since: Whole,
    values: Ints,
    theirs: Ints,
    order: Ints,
    routes: Ints,
    counts: Ints,
) -> Whole:
    """Fold one subject under every pack that governs a window of theirs, recovery included."""
    today = made.force.shape[0] - 1
    if _weigh(made, today, kind, day, noticed, status, until, since, values):
        _recover(made, today, kind, day, values, order, routes)
    if counts.shape[0]:
        _tally(made, kind, values, counts)
    total = _cells(made, kind, day, values, theirs, today)
    for p in range(today):
        if _weigh(made, p, kind, day, noticed, status, until, since, theirs):
            _recover(made, p, kind, day, theirs, order, routes)
        total += _cells(made, kind, day, values, theirs, p)
    return total


@compiled
def fold_rows(
    made: Tables,
    rows: Ints,
    longest: int,
    ends: Ints,
    kind: Ints,
    day: Ints,
    noticed: Ints,
    status: Ints,
    until: Ints,
    since: Ints,
    scores: Ints,
    bands: Ints,
    turns: Ints,
    tallied: Ints,
) -> Whole:
    """Score some rows in place; row r has the records ends[r-1] to ends[r].

    Gives the number of rows that would end before they begin, or where there are no records.

    `until` and `since` may be empty (nobody has any); so may `turns` and `tallied`, which are
    filled only where they have room: the next day that may change a score, and counted records.
    """
    is_plain = made.force.shape[0] == 1 and not made.budget.any()
    room = 0 if is_plain else longest
    values, theirs = np.empty(room, np.int64), np.empty(room, np.int64)
    order = np.empty(room, np.int64)
    routes = np.empty((3, made.validity.shape[1]), np.int64)
    strange: Whole = 0
    for row in rows:
        begin = np.int64(0) if row == 0 else np.int64(ends[row - 1])
        end = np.int64(ends[row])
        if not 0 <= begin <= end <= kind.shape[0]:
            strange += 1
            continue
        from_day = np.int64(since[row]) if since.shape[0] else np.int64(0)
        if is_plain:
            total = _one_pack(
                made, kind, day, noticed, status, until, from_day, begin, end, tallied[row]
            )
        else:
            part = slice(begin, end)
            k, d, n, s = kind[part], day[part], noticed[part], status[part]
            u = until[begin:end] if until.shape[0] else until
            total = _whole(
                made, k, d, n, s, u, from_day, values, theirs, order, routes, tallied[row]
            )
        score = min(max(made.base + total, made.floor), made.ceiling)
        scores[row] = score
        band = 0
        while band + 1 < made.starts.shape[0] and made.starts[band + 1] <= score:
            band += 1
        bands[row] = band
        if turns.shape[0]:
            turns[row] = _next_day(made, kind, day, noticed, until, begin, end)
    return strange


@compiled
def lay_rows(subjects: Ints, scores: Ints, bands: Ints, out: Ints) -> None:
    """Write (subject u64, score i32, band u8), little-endian, 13 bytes a row."""
    at = 0
    for row in range(subjects.shape[0]):
        subject, score = np.uint64(subjects[row]), np.uint32(scores[row])
        for shift in range(8):
            out[at + shift] = np.uint8(subject >> np.uint64(8 * shift) & np.uint64(255))
        for shift in range(4):
            out[at + 8 + shift] = np.uint8(score >> np.uint32(8 * shift) & np.uint32(255))
        out[at + 12] = bands[row]
        at += 13
