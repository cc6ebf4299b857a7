"""A schedule spread out into arrays: what the compiled scorer looks up, type by type, day by day.

Made for one day and one numbering of act types. What is looked up is small, so that a hundred
million records find it in the processor's cache: the tables have a place for every number that a
byte holds, but only those of types that are there are ever touched.
"""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple, get_args

import numpy as np
import numpy.typing as npt

from standing.errors import Refused
from standing.policy._fold import Status
from standing.policy._schedule import Rules, Schedule, Weight

Ints = npt.NDArray[Any]

STATUSES: Final[tuple[Status, ...]] = get_args(Status)
"""The statuses of a record by their number in a column."""
_BYTE: Final = 256
NEVER: Final = 65_535
"""In a column of days (whole days since 1970-01-01): no such day."""


class Tables(NamedTuple):
    """One schedule on one day. `p` is a pack (oldest first, today's last), `t` an act type.

    `points[p, t, age]`, `change[p, t, age]` (age of the next change) and `validity[p, t]` (0: the
    pack does not weigh the type) come from the age tables; `window[t]` and `force[0]` say where
    windows begin, `cell[t, age]` numbers today's cells; `allows[t, status]` is 1 where a record of
    that status counts; `restores[p, h, t]` tells which types a helper gives points back to.
    """

    as_of: int
    points: Ints
    change: Ints
    validity: Ints
    cap: Ints
    warns: Ints
    cell: Ints
    allows: Ints
    notice: Ints
    budget: Ints
    times: Ints
    restores: Ints
    force: Ints
    window: Ints
    order: Ints
    base: int
    floor: int
    ceiling: int
    starts: Ints
    tallies: Ints  # a bit mask a type: which counters its counted records add to


def tables_of(
    schedule: Schedule, codes: Sequence[str], as_of: int, tallies: Sequence[int] = ()
) -> Tables:
    """Spread a schedule out for a day; `codes[t]` names the act type that columns call `t`.

    Raises `E-SCORE-01` before the first pack's force, `E-SCORE-03` for a day past every column.
    """
    if as_of >= NEVER:
        raise Refused(
            "E-SCORE-03",
            "Columns do not reach to that day.",
            why=f"Got day {as_of} since 1970; columns hold days up to {NEVER - 1}.",
            fix="Score an earlier day.",
        )
    packs = schedule.rules_until(as_of)
    today = packs[-1][1]
    shape = (len(packs), _BYTE)  # whatever a column of bytes holds has a place
    longest = max(w.validity for _, rules in packs for w in rules.weights.values())
    made = Tables(
        as_of=as_of,
        points=np.zeros((*shape, longest), np.int32),
        change=np.zeros((*shape, longest), np.int32),
        validity=np.zeros(shape, np.int32),
        cap=np.zeros(shape, np.int64),
        warns=np.zeros(shape, np.uint8),
        cell=np.zeros((shape[1], longest), np.int64),
        allows=np.zeros((*shape, _BYTE), np.uint8),
        notice=np.array([rules.notice for _, rules in packs], np.int32),
        budget=np.zeros(shape, np.int64),
        times=np.zeros(shape, np.int64),
        restores=np.zeros((*shape, shape[1]), np.uint8),
        force=np.array([force for force, _ in packs], np.int32),
        window=_padded([schedule.windows.get(code, 0) for code in codes], np.int32),
        order=_padded(np.argsort(np.argsort(np.array(codes), kind="stable")), np.int64),
        base=int(today.pack.base),
        floor=int(today.pack.floor),
        ceiling=int(today.pack.ceiling),
        starts=np.array(today.starts, np.int32),
        tallies=_padded(tallies, np.uint32),
    )
    for p, (_, rules) in enumerate(packs):
        for t, code in enumerate(codes):
            if code in rules.weights:
                _spread(made, p, t, rules.weights[code])
            if code in rules.recoveries:
                _spread_route(made, p, t, rules, codes)
    for t, length in enumerate(made.window.tolist()):
        if length:
            days = as_of - np.arange(longest) - schedule.first_force
            # windows before the first one have negative numbers, cells do not
            made.cell[t] = (t << 32) + (1 << 31) + days // length
    return made


def _spread(made: Tables, p: int, t: int, weight: Weight) -> None:
    made.points[p, t, : weight.validity] = weight.by_age
    made.change[p, t, : weight.validity] = weight.changes
    made.validity[p, t] = weight.validity
    made.cap[p, t] = weight.cap
    made.warns[p, t] = weight.warn_first
    # silence never helps the issuer of a burden, and never takes a good record away
    counting = ("effective",) if weight.negative else ("effective", "contested", "lapsed")
    made.allows[p, t, : len(STATUSES)] = [status in counting for status in STATUSES]


def _spread_route(made: Tables, p: int, t: int, rules: Rules, codes: Sequence[str]) -> None:
    route = rules.recoveries[codes[t]]
    made.budget[p, t], made.times[p, t] = route.points, route.times
    made.restores[p, t, : len(codes)] = [code in route.restores for code in codes]


def _padded(values: Sequence[int] | Ints, kind: type[Any]) -> Ints:
    padded = np.zeros(_BYTE, kind)
    padded[: len(values)] = values
    return padded
