"""Two sets of columns into one: rows by subject, records of a row by act type and day.

A row whose subject is 0, or is the one before it, was blanked (its subject left): it is dropped.
"""

from typing import Any

import numpy as np

from standing.policy._compile import Whole, compiled
from standing.policy._tables import NEVER, Ints


@compiled
def _skip(subjects: Ints, row: Whole) -> Whole:
    """Give the next row that somebody holds, from `row` on."""
    while row < subjects.shape[0] and (
        subjects[row] == 0 or (row > 0 and subjects[row] == subjects[row - 1])
    ):
        row += 1
    return row


@compiled
def _begin(ends: Ints, row: Whole) -> Whole:
    return np.int64(0) if row == 0 else np.int64(ends[row - 1])


@compiled
def merged_size(a: Any, b: Any) -> Any:
    """Count the rows and the records of two columns together (see `merge_rows`).

    Gives (-1, -1) where a row ends before it begins, or where there are no records.
    """
    for columns in (a, b):
        before: Whole = np.int64(0)
        for end in columns[1]:
            if not before <= end <= columns[2].shape[0]:
                return -1, -1
            before = np.int64(end)
    i, j = _skip(a[0], 0), _skip(b[0], 0)
    rows: Whole = np.int64(0)
    records: Whole = np.int64(0)
    while i < a[0].shape[0] or j < b[0].shape[0]:
        take_a = j == b[0].shape[0] or (i < a[0].shape[0] and a[0][i] <= b[0][j])
        take_b = i == a[0].shape[0] or (j < b[0].shape[0] and b[0][j] <= a[0][i])
        if take_a:
            records += np.int64(a[1][i]) - _begin(a[1], i)
            i = _skip(a[0], i + 1)
        if take_b:
            records += np.int64(b[1][j]) - _begin(b[1], j)
            j = _skip(b[0], j + 1)
        rows += 1
    return rows, records


@compiled
def merge_rows(a: Any, b: Any, out: Any) -> None:
    """Merge columns `a` and `b` (subjects, ends, kind, day, noticed, status, until) into `out`.

    `until` may be empty in either; then nothing there ends early.
    """
    i, j = _skip(a[0], 0), _skip(b[0], 0)
    row: Whole = 0
    to: Whole = 0
    while i < a[0].shape[0] or j < b[0].shape[0]:
        take_a = j == b[0].shape[0] or (i < a[0].shape[0] and a[0][i] <= b[0][j])
        take_b = i == a[0].shape[0] or (j < b[0].shape[0] and b[0][j] <= a[0][i])
        at_a: Whole = np.int64(0)
        end_a: Whole = np.int64(0)
        at_b: Whole = np.int64(0)
        end_b: Whole = np.int64(0)
        if take_a:
            out[0][row] = a[0][i]
            at_a, end_a = _begin(a[1], i), np.int64(a[1][i])
            i = _skip(a[0], i + 1)
        if take_b:
            out[0][row] = b[0][j]
            at_b, end_b = _begin(b[1], j), np.int64(b[1][j])
            j = _skip(b[0], j + 1)
        while at_a < end_a or at_b < end_b:
            if at_b == end_b or (at_a < end_a and _is_first(a, at_a, b, at_b)):
                _copy(a, at_a, out, to)
                at_a += 1
            else:
                _copy(b, at_b, out, to)
                at_b += 1
            to += 1
        out[1][row] = to
        row += 1


@compiled
def _is_first(a: Any, at_a: Whole, b: Any, at_b: Whole) -> Whole:
    if a[2][at_a] != b[2][at_b]:
        return a[2][at_a] < b[2][at_b]
    return a[3][at_a] <= b[3][at_b]


@compiled
def _copy(source: Any, at: Whole, out: Any, to: Whole) -> None:
    out[2][to] = source[2][at]
    out[3][to] = source[3][at]
    out[4][to] = source[4][at]
    out[5][to] = source[5][at]
    if out[6].shape[0]:
        out[6][to] = NEVER if source[6].shape[0] == 0 else source[6][at]
