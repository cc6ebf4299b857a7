"""Columns: what scoring needs of every record of one context, and how records become columns.

A door of its own beside `bulk`: reading columns needs no compiler, merging and scoring them does.
"""

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

import numpy as np

from standing.errors import Broken, Refused
from standing.policy._fold import RecordFact
from standing.policy._tables import NEVER, STATUSES, Ints

__all__ = [
    "NOTHING", "TYPES", "Columns", "Ints", "columns_of", "damaged_columns", "empty", "facts_at",
    "merge_into", "merged", "merged_counts", "read_only", "until_of", "without_blanks",
]  # fmt: skip

MAX_TYPES: Final = 255
NOTHING: Final = np.empty(0, np.uint16)
TYPES: Final = (np.uint64, np.int64, np.uint8, np.uint16, np.uint16, np.uint8, np.uint16)
"""The kinds of number of each column, `codes` left out."""


class Columns(NamedTuple):
    """Every record of one context, as columns.

    `subjects`: u64, ascending from 1, one a row; a row that repeats the one before it, or holds 0,
    was blanked when its subject left. `ends`: where each row's records end. Then one value a
    record, sorted by row, type and day: `kind` (u8, a place in `codes`), `day` and `noticed` (u16,
    whole days since 1970-01-01), `status` (u8, a place in STATUSES), `until` (u16, the first day
    on which its source no longer holds it, 65535 for never; empty where no record has one).
    """

    codes: tuple[str, ...]
    subjects: Ints
    ends: Ints
    kind: Ints
    day: Ints
    noticed: Ints
    status: Ints
    until: Ints

    def rows(self, chosen: Ints) -> "Columns":
        """Give the chosen rows, in their order, as columns of their own."""
        lengths = self.lengths(chosen)
        at = _places(self.ends, chosen, lengths)
        return Columns(
            self.codes, self.subjects[chosen], np.cumsum(lengths, dtype=np.int64), self.kind[at],
            self.day[at], self.noticed[at], self.status[at],
            self.until[at] if len(self.until) else self.until,
        )  # fmt: skip

    def lengths(self, chosen: Ints) -> Ints:
        """Count the records of each of the chosen rows."""
        begins = np.where(chosen > 0, self.ends[chosen - 1], 0)
        return self.ends[chosen].astype(np.int64) - begins.astype(np.int64)

    def span(self, row: int) -> slice:
        """Give the places of one row's records."""
        return slice(int(self.ends[row - 1]) if row else 0, int(self.ends[row]))

    def row_of(self, subject: int) -> int | None:
        """Find a subject's row."""
        row = int(np.searchsorted(self.subjects, np.uint64(subject)))
        is_there = row < len(self.subjects) and int(self.subjects[row]) == subject
        return row if is_there else None

    @property
    def records(self) -> int:
        """Count the records."""
        return len(self.kind)


def columns_of(facts: Mapping[int, Iterable[RecordFact]], codes: Iterable[str] = ()) -> Columns:
    """Turn each subject's facts into columns; a subject without records has a row as well.

    Types are numbered as `codes` lists them, others after those. Raises `E-SCORE-03` for a day
    that a column cannot hold or more than 255 act types.
    """
    by_number = sorted((number, list(mine)) for number, mine in facts.items())
    every = [(row, fact) for row, (_, mine) in enumerate(by_number) for fact in mine]
    named = dict.fromkeys([*codes, *sorted({fact.type for _, fact in every})])
    kinds = {code: place for place, code in enumerate(named)}
    _check_range(len(kinds), (day for _, fact in every for day in (fact.day, fact.noticed)))
    table = np.array(
        [
            (row, kinds[f.type], f.day, f.noticed, STATUSES.index(f.status), until_of(f))
            for row, f in every
        ],
        np.int64,
    ).reshape(-1, 6)
    table = table[np.lexsort((table[:, 2], table[:, 1], table[:, 0]))]
    row, kind, day, noticed, status, until = table.T
    return Columns(
        tuple(kinds),
        np.array([number for number, _ in by_number], np.uint64),
        np.searchsorted(row, np.arange(len(by_number)), side="right").astype(np.int64),
        kind.astype(np.uint8),
        day.astype(np.uint16),
        noticed.astype(np.uint16),
        status.astype(np.uint8),
        until.astype(np.uint16) if (until != NEVER).any() else NOTHING,
    )


def facts_at(columns: Columns, row: int) -> list[RecordFact]:
    """Give one row's records as the specification reads them, named by their places."""
    span = columns.span(row)
    parts = [column[span].tolist() for column in columns[3:7]]
    untils = columns.until[span].tolist() if len(columns.until) else [NEVER] * len(parts[0])
    return [
        RecordFact(
            f"{place:08}", columns.codes[kind], day, noticed, STATUSES[status],
            None if until == NEVER else until,
        )
        for place, (kind, day, noticed, status, until) in enumerate(
            zip(*parts, untils, strict=True)
        )
    ]  # fmt: skip


def empty(codes: Iterable[str]) -> Columns:
    """Give columns without a row."""
    return columns_of({}, codes)


def merged(a: Columns, b: Columns) -> Columns:
    """Give the rows and records of both; their types are numbered alike."""
    out = tuple(np.empty(n, kind) for n, kind in zip(merged_counts(a, b), TYPES, strict=True))
    merge_into(a, b, out)
    return Columns(a.codes, *out)


def merged_counts(a: Columns, b: Columns) -> tuple[int, ...]:
    """Say how long each column of both together is, `codes` left out."""
    assert a.codes == b.codes  # the caller numbers types once for a context
    from standing.policy import _merge  # noqa: PLC0415 - loads the compiler, which readers spare

    rows, records = map(int, _merge.merged_size(_inputs(a), _inputs(b)))
    if rows < 0:
        raise damaged_columns()
    has_until = len(a.until) or len(b.until)
    return rows, rows, records, records, records, records, records if has_until else 0


def merge_into(a: Columns, b: Columns, out: tuple[Ints, ...]) -> None:
    """Merge two columns into arrays of the right lengths, `codes` left out."""
    from standing.policy import _merge  # noqa: PLC0415 - see above

    _merge.merge_rows(_inputs(a), _inputs(b), out)


def read_only(column: Ints) -> Ints:
    """Give a plain view that cannot be written: code is compiled once for one kind of array."""
    view = np.asarray(column).view(np.ndarray)
    view.flags.writeable = False
    return view


def _inputs(columns: Columns) -> tuple[Ints, ...]:
    return tuple(read_only(column) for column in columns[1:])


def without_blanks(columns: Columns) -> Columns:
    """Give the columns without rows that were blanked; themselves where there are none."""
    subjects = columns.subjects
    is_whole = not len(subjects) or (subjects[0] != 0 and (subjects[1:] != subjects[:-1]).all())
    return columns if is_whole else merged(columns, empty(columns.codes))


def damaged_columns() -> Broken:
    """Make the error for columns whose rows do not lie one after the other."""
    return Broken(
        "E-SCORE-07",
        "The rows of these columns do not lie one after the other.",
        why="One ends before it begins, or where there are no records.",
        fix="Remove the folder columns of the ledger; it is made anew from the vault.",
    )


def until_of(fact: RecordFact) -> int:
    """Give the day of a record's `until` column."""
    # a day beyond the column never comes for any day that the column can hold
    return NEVER if fact.source_expires is None else max(0, min(fact.source_expires, NEVER))


def _check_range(types: int, days: Iterable[int]) -> None:
    strange = next((day for day in days if not 0 <= day < NEVER), None)
    if strange is not None or types > MAX_TYPES:
        got = f"day {strange}" if strange is not None else f"{types} act types"
        raise Refused(
            "E-SCORE-03",
            "These records do not fit into columns.",
            why=f"Got {got}; allowed are days 0 to {NEVER - 1} since 1970 and {MAX_TYPES} types.",
            fix="Score these subjects one by one.",
        )


def _places(ends: Ints, chosen: Ints, lengths: Ints) -> Ints:
    """List the places of all records of the chosen rows, in order."""
    begins = ends[chosen].astype(np.int64) - lengths
    after = np.cumsum(lengths)
    total = int(after[-1]) if len(after) else 0
    places: Ints = np.arange(total) + np.repeat(begins - (after - lengths), lengths)
    return places
