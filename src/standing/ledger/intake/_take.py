"""Importing a file: two passes, in processes of their own where the file is large.

Nothing is written before the whole file is checked. Then batches go to the vault and the log in
groups; a group is whole or absent, whatever kills the process, and importing again goes on there.
"""

import multiprocessing
import os
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, Protocol, Self

import numpy as np

from standing.errors import Refused
from standing.ledger.intake._blocks import BadRow, Block, Table, no_column, open_table
from standing.ledger.intake._check import Checked, check_block, map_block
from standing.ledger.intake._rules import FileRules
from standing.ledger.intake._seal import People, SealedBlock, Sealing, seal_block
from standing.vault import ROWID, Rows, SealedBatch, Vault, known_rows
from standing.wire.keys import SigningKey

NAMED_ROWS: Final = 100
_GROUP_BATCHES: Final = 100
_FEW_BLOCKS: Final = 3  # a small file is not worth starting processes for
_AHEAD: Final = 2  # blocks sealed ahead of the writer, per process: bounds memory


class RowsRefused(Refused):
    """A file with bad rows: `rows` names up to 100 of them, `total` counts all."""

    def __init__(self, rows: Sequence[BadRow], total: int, where: str, fix: str = "") -> None:
        first = rows[0]
        others = " Others follow." if total > 1 else ""
        super().__init__(
            "E-ROW-00",
            f"{total} of the rows cannot be taken; nothing was written.",
            why=f"Row {first.row}: {first.reason.rstrip('.')}.{others}",
            fix=fix
            or "Correct the rows and import again, or take the good batches with --keep-good.",
            where=where,
        )
        self.rows = list(rows)
        self.total = total
        self._place = where

    def __reduce__(self) -> tuple[Any, ...]:
        """Cross process borders with the rows."""
        return type(self), (self.rows, self.total, self._place, self.fix)


@dataclass(frozen=True)
class Imported:
    """What an import did. Rows dropped for want of consent count as records: answered alike."""

    records: int
    batches: int
    refused: int
    already_there: int
    seconds: float
    bad: tuple[BadRow, ...] = ()

    @property
    def records_per_second(self) -> int:
        """Rows taken a second, the whole import counted."""
        return round(self.records / self.seconds) if self.seconds else 0


class Writer(Protocol):
    """What the import asks of the ledger."""

    def write_batches(self, batches: Sequence[SealedBatch], row_ids: Rows) -> None:
        """Make one group durable in vault and log."""
        ...

    def register_subjects(self, context: str, references: frozenset[str]) -> None:
        """Give organisations named by a public register their place."""
        ...


Progress = Callable[[str, int, int], None]  # phase, rows done, rows in all


def take_file(
    writer: Writer,
    vault: Vault,
    vault_paths: tuple[Path, Path],
    path: Path,
    rules: FileRules,
    keys: Mapping[str, SigningKey],
    *,
    keep_good: bool,
    batch_records: int,
    progress: Progress,
) -> Imported:
    """Check a file, then write it; raises `RowsRefused` unless `keep_good`."""
    began = time.perf_counter()
    table = open_mapped(path, rules)
    sealing = Sealing(rules, keys, batch_records)
    with _Workers(sealing, vault, vault_paths, len(table.blocks)) as workers:
        checked = _check_all(workers, table, progress)
        skip, repeated = already_there(rules, vault.filed.known_row_ids(), table, checked)
        bad = [row for block in checked for row in block.bad] + repeated
        bad.sort(key=lambda row: row.row)
        if bad and not keep_good:
            raise RowsRefused(bad[:NAMED_ROWS], len(bad), str(path))
        references = frozenset[str]().union(*(block.references for block in checked))
        if references:
            writer.register_subjects(rules.context, references)
        records, batches = _write_all(workers, writer, table, checked, skip, bad, progress)
    there = sum(int(np.count_nonzero(np.frombuffer(s, np.uint8))) for s in skip)
    total = sum(block.rows for block in table.blocks)
    seconds = time.perf_counter() - began
    return Imported(
        records, batches, total - records - there, there, seconds, tuple(bad[:NAMED_ROWS])
    )


def open_mapped(path: Path, rules: FileRules) -> Table:
    """Look at a file and cut it; raises `E-MAP-02` where it lacks a column of the map."""
    table = open_table(path)
    for name in rules.row_map.columns:
        if name not in table.columns:
            raise no_column(table, name)
    return table


def _check_all(workers: "_Workers", table: Table, progress: Progress) -> list[Checked]:
    checked: list[Checked] = []
    total = sum(block.rows for block in table.blocks)
    jobs = [partial(_check_job, table, block) for block in table.blocks]
    for block, result in zip(table.blocks, workers.run(jobs), strict=True):
        checked.append(result)
        progress("check", block.first_row + block.rows - 1, total)
    return checked


def already_there(
    rules: FileRules, known: Sequence[Rows], table: Table, checked: Sequence[Checked]
) -> tuple[list[bytes], list[BadRow]]:
    """Find rows known from before or repeated in the file; a repeat that differs is bad.

    `known` are sorted runs of row identities.
    """
    skip = [known_rows(known, block.row_ids) for block in checked]
    repeated: list[BadRow] = []
    if "id" in rules.row_map.facts:
        repeated = _repeats(rules, table, checked, skip)
    return [mask.tobytes() for mask in skip], repeated


def _repeats(
    rules: FileRules, table: Table, checked: Sequence[Checked], skip: list[Any]
) -> list[BadRow]:
    every = np.concatenate([block.row_ids for block in checked] or [np.empty(0, ROWID)])
    order = np.lexsort((np.arange(len(every)), every["lo"], every["hi"]))
    same = every[order][1:] == every[order][:-1]
    if not same.any():
        return []
    bad_rows = {row.row for block in checked for row in block.bad}
    content = _RowContent(rules, table)
    found: list[BadRow] = []
    first = 0
    for place in range(1, len(order)):
        if not same[place - 1]:
            first = place
            continue
        one, other = int(order[first]) + 1, int(order[place]) + 1
        if one in bad_rows or other in bad_rows:
            continue
        if content.of(one) == content.of(other):
            block, at = content.place(other)
            skip[block][at] = True
        else:
            found.append(
                BadRow(
                    other,
                    "E-ROW-20",
                    f"its id stands in row {one} with different content",
                    "give it an id of its own, or remove it",
                )
            )
    return found


class _RowContent:
    """Reads rows again by number, keeping the last block."""

    def __init__(self, rules: FileRules, table: Table) -> None:
        self._rules = rules
        self._table = table
        self._firsts = [block.first_row for block in table.blocks]
        self._facts: dict[int, Any] = {}

    def place(self, row: int) -> tuple[int, int]:
        """Give (block, place in it) of a row number."""
        block = int(np.searchsorted(self._firsts, row, "right")) - 1
        return block, row - self._firsts[block]

    def of(self, row: int) -> tuple[Any, ...]:
        """Give all facts of a row."""
        block, at = self.place(row)
        if block not in self._facts:
            self._facts[block] = map_block(self._rules, self._table, self._table.blocks[block])[0]
        f = self._facts[block]
        columns = (f.issuer, f.reference, f.type, f.day, f.basis, f.signer, f.identified, f.details)
        return tuple(column[at] for column in columns)


def _write_all(
    workers: "_Workers",
    writer: Writer,
    table: Table,
    checked: Sequence[Checked],
    skip: Sequence[bytes],
    bad: Sequence[BadRow],
    progress: Progress,
) -> tuple[int, int]:
    total = sum(block.rows for block in table.blocks)
    bad_places: dict[int, set[int]] = {}
    firsts = [block.first_row for block in table.blocks]
    for row in bad:
        block_number = int(np.searchsorted(firsts, row.row, "right")) - 1
        bad_places.setdefault(block_number, set()).add(row.row - firsts[block_number])
    jobs = [
        partial(_seal_job, table, block, skip[n], frozenset(bad_places.get(n, ())))
        for n, block in enumerate(table.blocks)
        if not all(skip[n])
    ]
    places = [n for n in range(len(table.blocks)) if not all(skip[n])]
    records = batches = 0
    group: list[SealedBatch] = []
    ids: list[Rows] = []
    for n, sealed in zip(places, workers.run(jobs), strict=True):
        group += sealed.batches
        ids.append(checked[n].row_ids[sealed.taken])
        if len(group) >= _GROUP_BATCHES or n == places[-1]:
            row_ids = np.concatenate(ids)
            if group:
                writer.write_batches(group, row_ids)
            records += len(row_ids)
            batches += len(group)
            group, ids = [], []
        progress("write", table.blocks[n].first_row + table.blocks[n].rows - 1, total)
    return records, batches


# --- processes --------------------------------------------------------------------------------

_worker: "tuple[Sealing, People] | None" = None


def _check_job(table: Table, block: Block) -> Checked:
    return check_block(_mine()[0].rules, table, block)


def _seal_job(table: Table, block: Block, skip: bytes, bad: frozenset[int]) -> SealedBlock:
    sealing, people = _mine()
    return seal_block(sealing, people, table, block, skip, bad)


def _mine() -> tuple[Sealing, People]:
    assert _worker is not None, "jobs run inside _Workers"
    return _worker


def _start(
    rules: FileRules, seeds: Mapping[str, bytes], batch_records: int, paths: tuple[Path, Path]
) -> None:
    global _worker  # noqa: PLW0603 - a process has one worker
    keys = {name: SigningKey.from_seed(seed) for name, seed in seeds.items()}
    vault = Vault.open(*paths, read_only=True)
    _worker = (Sealing(rules, keys, batch_records), People(vault, rules))


class _Workers:
    """Runs jobs in order: in this process for a small file, else in one process a core."""

    def __init__(
        self, sealing: Sealing, vault: Vault, paths: tuple[Path, Path], blocks: int
    ) -> None:
        rules = sealing.rules
        self._here = (sealing, People(vault, rules))
        self._pool: ProcessPoolExecutor | None = None
        self._ahead = 1
        if blocks > _FEW_BLOCKS:
            cores = os.cpu_count() or 1
            self._ahead = _AHEAD * cores
            self._pool = ProcessPoolExecutor(
                cores,
                mp_context=multiprocessing.get_context("spawn"),
                initializer=_start,
                initargs=(
                    sealing.rules,
                    {name: key.seed for name, key in sealing.keys.items()},
                    sealing.batch_records,
                    paths,
                ),
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        global _worker  # noqa: PLW0603 - see _start
        _worker = None
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def run(self, jobs: Sequence[Callable[[], Any]]) -> Iterator[Any]:
        """Give each job's result in the jobs' order."""
        global _worker  # noqa: PLW0603 - see _start
        if self._pool is None:
            _worker = self._here
            yield from (job() for job in jobs)
            return
        waiting: deque[Future[Any]] = deque()
        for job in jobs:
            waiting.append(self._pool.submit(job))
            if len(waiting) > self._ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
