"""The bulk scorer: every row of a context's columns, a share of the rows a thread."""

import hashlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any, Final, NamedTuple, Protocol

import numpy as np

from standing.policy import _kernel
from standing.policy._schedule import Schedule
from standing.policy._tables import Ints, Tables, tables_of
from standing.policy.columns import NOTHING, Columns, damaged_columns, read_only

_ROW_BYTES: Final = 13
_BLOCK_ROWS: Final = 1 << 18
_SHARES_A_WORKER: Final = 16


class Digest(Protocol):
    """A hash that takes bytes in: what `hashlib.sha256()` gives."""

    def update(self, data: Any, /) -> None:
        """Take more bytes in."""


class Population(NamedTuple):
    """Scores by row: `score` i32, `band` u8; `turn` u16, the next day that may change a score.

    `tally` counts the records of each row that stand for a consequence under the pack in force that
    day, one column a counter.
    `turn` is empty unless it was asked for.
    """

    score: Ints
    band: Ints
    turn: Ints
    tally: Ints


def score_columns(
    columns: Columns,
    schedule: Schedule,
    as_of: int,
    *,
    since: Ints = NOTHING,
    tallies: Sequence[int] = (),
    with_turns: bool = False,
    workers: int = 1,
) -> Population:
    """Score every row on a day; `since` names each row's first day whose acts may count.

    `tallies[t]` is a bit mask: which counters the records of type `t` add to, where they count.
    Raises `E-SCORE-01` before the first pack's force.
    """
    made = tables_of(schedule, columns.codes, as_of, tallies)
    rows = len(columns.subjects)
    counters = max((int(mask).bit_length() for mask in tallies), default=0)
    population = Population(
        np.empty(rows, np.int32),
        np.empty(rows, np.uint8),
        np.empty(rows if with_turns else 0, np.uint16),
        np.zeros((rows, counters), np.uint16),
    )
    fold(columns, made, since, population, workers=workers)
    return population


def digest_of(subjects: Ints, population: Population) -> bytes:
    """Give the population digest (see `policy.population_digest`), made block by block."""
    digest = hashlib.sha256()
    digest_into(digest, subjects, population)
    return digest.digest()


def digest_into(digest: Digest, subjects: Ints, population: Population) -> None:
    """Take a block of a population into its digest; blocks come in ascending order."""
    for out in _laid(subjects, population):
        digest.update(out.data)


def _laid(subjects: Ints, population: Population) -> Iterator[Ints]:
    for start in range(0, len(subjects), _BLOCK_ROWS):
        part = slice(start, start + _BLOCK_ROWS)
        out = np.empty(len(subjects[part]) * _ROW_BYTES, np.uint8)
        _kernel.lay_rows(
            read_only(subjects[part]), population.score[part], population.band[part], out
        )
        yield out


def fold(
    columns: Columns,
    made: Tables,
    since: Ints,
    population: Population,
    *,
    rows: Ints | None = None,
    workers: int = 1,
) -> None:
    """Score all rows, or the chosen ones, into a population that is there already."""
    longest = _longest(columns.ends)
    if longest > columns.records:
        raise damaged_columns()
    arrays: list[Any] = [*map(read_only, (*columns[2:], since)), *population]

    def work(share: tuple[int, int]) -> None:
        chosen = np.arange(*share) if rows is None else rows[slice(*share)]
        if _kernel.fold_rows(made, chosen, longest, *arrays):
            raise damaged_columns()

    ends = columns.ends if rows is None else np.cumsum(columns.lengths(rows))
    shares = list(pairwise(_borders(ends, workers * _SHARES_A_WORKER)))
    with ThreadPoolExecutor(workers) as pool:
        for _ in pool.map(work, shares):
            pass


def _borders(ends: Ints, shares: int) -> list[int]:
    """Cut rows into shares of about equally many records."""
    rows, records = len(ends), int(ends[-1]) if len(ends) else 0
    if rows == 0:
        return [0]
    wanted = [records * n // shares for n in range(1, shares)]
    inner = np.searchsorted(ends, np.array(wanted, ends.dtype)).tolist()
    return sorted({0, rows, *inner})


def _longest(ends: Ints) -> int:
    longest, before = 0, 0
    for start in range(0, len(ends), 1 << 20):
        part = ends[start : start + (1 << 20)].astype(np.int64)
        longest = max(longest, int(np.diff(part, prepend=before).max()))
        before = int(part[-1])
    return longest
