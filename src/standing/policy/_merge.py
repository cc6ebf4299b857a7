"""Two sets of columns into one: rows by subject, records of a row by act type and day."""

from typing import Any

import numpy as np

from standing.policy._compile import Whole, compiled
from standing.policy._tables import NEVER, Ints


@compiled
def union_size(a: Ints, b: Ints) -> Whole:
    """Count the subjects of two ascending lists, shared ones once."""
    i, j, count = 0, 0, 0
    while i < a.shape[0] or j < b.shape[0]:
        take_a = j == b.shape[0] or (i < a.shape[0] and a[i] <= b[j])
        take_b = i == a.shape[0] or (j < b.shape[0] and b[j] <= a[i])
        i += take_a
        j += take_b
        count += 1
    return count


@compiled
def merge_rows(a: Any, b: Any, out: Any) -> None:
    """Merge columns `a` and `b` (subjects, ends, kind, day, noticed, status, until) into `out`.

    `until` may be empty in either; then nothing there ends early.
    """
    i, j, row, to = 0, 0, 0, 0
    at_a, at_b = np.int64(0), np.int64(0)
    while i < a[0].shape[0] or j < b[0].shape[0]:
        take_a = j == b[0].shape[0] or (i < a[0].shape[0] and a[0][i] <= b[0][j])
        take_b = i == a[0].shape[0] or (j < b[0].shape[0] and b[0][j] <= a[0][i])
        end_a, end_b = at_a, at_b
        if take_a:
            out[0][row] = a[0][i]
            end_a = np.int64(a[1][i])
            i += 1
        if take_b:
            out[0][row] = b[0][j]
            end_b = np.int64(b[1][j])
            j += 1
        while at_a < end_a or at_b < end_b:
            first = at_b == end_b or (
                at_a < end_a
                and (
                    a[2][at_a] < b[2][at_b]
                    or (a[2][at_a] == b[2][at_b] and a[3][at_a] <= b[3][at_b])
                )
            )
            if first:
                _copy(a, at_a, out, to)
                at_a += 1
            else:
                _copy(b, at_b, out, to)
                at_b += 1
            to += 1
        out[1][row] = to
        row += 1


@compiled
def _copy(source: Any, at: Whole, out: Any, to: Whole) -> None:
    out[2][to] = source[2][at]
    out[3][to] = source[3][at]
    out[4][to] = source[4][at]
    out[5][to] = source[5][at]
    if out[6].shape[0]:
        out[6][to] = NEVER if source[6].shape[0] == 0 else source[6][at]
