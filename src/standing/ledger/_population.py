"""Whole populations: the bulk store kept in step with the vault, and who is scored from it.

The store is a cache. Before it is used, what the vault took since is appended; where it does not
continue the vault (another copy was restored), it is made anew.
"""

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from standing import policy
from standing.cases import scores
from standing.columns import ColumnStore
from standing.ledger._core import Core
from standing.policy.columns import Columns, Ints, columns_of, merged
from standing.vault import LeafKind, StoredBatch

if TYPE_CHECKING:
    from standing.policy.bulk import Population

_BLOCK_RECORDS: Final = 250_000  # one segment of a rebuild
WORKERS: Final = max(1, min(8, os.cpu_count() or 1))


class Scored(NamedTuple):
    """A population on a day: vault numbers, ascending, with score and band of each.

    `tally` counts records that stand for a consequence, one column a counter.
    """

    numbers: Ints
    score: Ints
    band: Ints
    tally: Ints

    def rows(self) -> bytes:
        """Lay it out as the population digest reads it."""
        laid = np.empty(len(self.numbers), scores.SCORE_ROW)
        laid["subject"], laid["score"], laid["band"] = self.numbers, self.score, self.band
        return laid.tobytes()


def columns_now(core: Core, context: str) -> Columns:
    """Give a context's records as columns, with everything that the vault holds by now.

    A ledger open for reading leaves the store as it is and adds what is newer in memory.
    """
    store = ColumnStore(core.columns_folder, context)
    if not core.vault.read_only and not _continues(core, store):
        store.remove()
    through = store.covers()[0] if _continues(core, store) else 0
    columns = store.load() if through else None
    for news, batch in _news(core, context, through, store.codes):
        if core.vault.read_only:
            columns = news if columns is None else merged(_renumbered(columns, news), news)
        else:
            store.append(news, batch.id, batch.statement.hex())
            columns = None
    return store.load() if columns is None else columns


def score_population(
    core: Core, context: str, schedule: policy.Schedule, day: int, tallies: dict[str, int]
) -> Scored:
    """Score everyone who may be scored on a day: live consent, or an entry of a register.

    `tallies` names, for some act types, a bit mask of the counters that their records add to.
    """
    from standing.policy.bulk import score_columns  # noqa: PLC0415 - loads the compiler

    columns = columns_now(core, context)
    numbers, since = core.vault.live_numbers(context, day)
    rows = np.searchsorted(columns.subjects, numbers)
    inside = rows < len(columns.subjects)
    held = np.zeros(len(numbers), bool)
    held[inside] = columns.subjects[rows[inside]] == numbers[inside]
    first_days = np.zeros(len(columns.subjects), np.uint16)
    first_days[rows[held]] = since[held]
    masks = [tallies.get(code, 0) for code in columns.codes] if tallies else []
    everyone = score_columns(
        columns, schedule, day, since=first_days, tallies=masks, workers=WORKERS
    )
    return _picked(numbers, held, rows, everyone, schedule.in_force(day))


def _picked(
    numbers: Ints, held: Ints, rows: Ints, everyone: "Population", pack: policy.Pack
) -> Scored:
    """Pick who may be scored; whoever has no record stands at base."""
    base = min(max(pack.base, pack.floor), pack.ceiling)
    band = max(place for place, one in enumerate(pack.bands) if one.least <= base)
    score = np.full(len(numbers), base, np.int32)
    bands = np.full(len(numbers), band, np.uint8)
    tally = np.zeros((len(numbers), everyone.tally.shape[1]), np.uint16)
    score[held] = everyone.score[rows[held]]
    bands[held] = everyone.band[rows[held]]
    tally[held] = everyone.tally[rows[held]]
    return Scored(numbers, score, bands, tally)


def _continues(core: Core, store: ColumnStore) -> bool:
    through, witness = store.covers()
    return core.vault.batches.statement_of(through) == witness


def _news(
    core: Core, context: str, through: int, codes: tuple[str, ...]
) -> Iterator[tuple[Columns, StoredBatch]]:
    """Open what the vault took after a batch, a block of batches at a time."""
    live = set(core.vault.live_numbers(context, core.today)[0].tolist())
    facts: dict[int, list[policy.RecordFact]] = {}
    last, waiting = None, 0
    for batch in core.vault.batches.each(through + 1):
        if batch.entry is None:  # staged: it is no record yet, nor is anything after it
            break
        last = batch
        if batch.context == context:
            waiting += _open_batch(core, batch, live, facts)
        if waiting >= _BLOCK_RECORDS:
            news = columns_of(facts, codes)
            codes = news.codes
            yield news, batch
            facts, last, waiting = {}, None, 0
    if last is not None:
        yield columns_of(facts, codes), last


def _open_batch(
    core: Core, batch: StoredBatch, live: set[int], facts: dict[int, list[policy.RecordFact]]
) -> int:
    opened = 0
    for position, kind in enumerate(batch.kinds):
        owner = batch.owners[position]
        if kind == LeafKind.RECORD and owner in live:  # who left is in no store
            record = core.vault.open_record(batch, position)
            facts.setdefault(owner, []).extend(scores.facts_of([record], 0))
            opened += 1
    return opened


def _renumbered(columns: Columns, news: Columns) -> Columns:
    # types are numbered in order of arrival: what is older keeps its numbers
    assert news.codes[: len(columns.codes)] == columns.codes
    return columns._replace(codes=news.codes)
