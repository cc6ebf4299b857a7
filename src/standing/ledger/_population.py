"""Whole populations: the bulk store kept in step with the vault, and who is scored from it.

The store is a cache. Before it is used, what the vault took since is appended; where it does not
continue the vault (another copy was restored), it is made anew.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final, NamedTuple

import numpy as np

from standing import policy
from standing.cases import scores
from standing.cases.standing import standings
from standing.columns import BLANK, ColumnStore, blocks
from standing.ledger import _world
from standing.ledger._core import Core
from standing.policy.columns import Columns, Ints, columns_of, merged
from standing.vault import LeafKind, StoredBatch

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


def columns_now(core: Core, context: str, live: Ints) -> Callable[[], Iterable[Columns]]:
    """Bring a context's columns up to the vault; gives what reads them, block by block.

    `live`: who may be scored today; whose consent has ended by itself is overwritten. A ledger open
    for reading leaves the store as it is and adds what is newer in memory.
    """
    store = ColumnStore(core.columns_folder, context)
    through = store.covers()[0] if _continues(core, store, context) else 0
    if core.vault.read_only:
        return _beside(core, context, store, through, live)
    if not through:
        store.remove()
    ended = core.vault.agreed.withdrawn(context)
    for news, batch in _news(core, context, through, store.codes, live):
        store.append(news, batch.id, batch.statement.hex(), ended)
    store.forget_others(live)
    segments = store.segments()
    return lambda: blocks(segments)


def _beside(
    core: Core, context: str, store: ColumnStore, through: int, live: Ints
) -> Callable[[], Iterable[Columns]]:
    """Read a store that nobody may write, with what is newer beside it in memory."""
    segments = store.segments() if through else []
    codes = store.codes if through else (BLANK,)
    held: Columns | None = None
    for news, _ in _news(core, context, through, codes, live):
        held = news if held is None else merged(_renumbered(held, news), news)
    if held is None or not held.records:
        return lambda: blocks(segments)
    everything = held
    for segment in segments:
        everything = merged(_renumbered(segment.columns, held), everything)
    return lambda: [everything]


class Everyone:
    """Who may be scored in a context today, with their records as columns."""

    def __init__(self, core: Core, context: str) -> None:
        self._core, self._context = core, context
        self.numbers, self._since = core.vault.rights.live_numbers(context, core.today)
        self._blocks = columns_now(core, context, self.numbers)

    def score(
        self, schedule: policy.Schedule, day: int, tallies: Mapping[str, int] | None = None
    ) -> Scored:
        """Score everyone on a day, from the records of today; whoever has none stands at base.

        `tallies` names, for some act types, a bit mask of the counters that their records add to.
        """
        from standing.policy.bulk import score_columns  # noqa: PLC0415 - loads the compiler

        count = len(self.numbers)
        rules = schedule.rules_on(day)
        base = min(max(rules.pack.base, rules.pack.floor), rules.pack.ceiling)
        counters = max((mask.bit_length() for mask in (tallies or {}).values()), default=0)
        scored = Scored(
            self.numbers,
            np.full(count, base, np.int32),
            np.full(count, rules.band(base), np.uint8),
            np.zeros((count, counters), np.uint16),
        )
        for columns in self._blocks():
            people, rows = self._of(columns.subjects)
            since = np.zeros(len(columns.subjects), np.uint16)
            since[rows] = self._since[people]
            masks = [tallies.get(code, 0) for code in columns.codes] if tallies else []
            every = score_columns(
                columns, schedule, day, since=since, tallies=masks, workers=WORKERS
            )
            scored.score[people] = every.score[rows]
            scored.band[people] = every.band[rows]
            # a block whose types need fewer counters has fewer columns
            scored.tally[people, : every.tally.shape[1]] = every.tally[rows]
        self._apply_cases(scored, schedule, day, tallies or {})
        return scored

    def _apply_cases(
        self, scored: Scored, schedule: policy.Schedule, day: int, tallies: Mapping[str, int]
    ) -> None:
        """Score those with cases one by one: few, and what was ruled is not in the columns."""
        core, context = self._core, self._context
        touched = np.array(
            sorted({number for _, number, _ in core.vault.cases.every(context=context)}), np.uint64
        )
        for place in np.flatnonzero(np.isin(self.numbers, touched)).tolist():
            number = int(self.numbers[place])
            said = standings(_world.cases_of(core, number, context))
            if not said:
                continue
            records = core.vault.filed.records_of(number, context)
            facts = scores.facts_of(records, int(self._since[place]), said)
            result = policy.score(facts, schedule, day)
            scored.score[place], scored.band[place] = result.score, result.band_index
            scored.tally[place] = 0
            for reason in result.reasons:
                mask = tallies.get(reason.rule, 0) if reason.counted or reason.why == "cap" else 0
                for column in range(scored.tally.shape[1]):
                    scored.tally[place, column] += mask >> column & 1

    def _of(self, subjects: Ints) -> tuple[Ints, Ints]:
        """Give the places of those who may be scored among all of them, and in a block's rows."""
        rows = np.searchsorted(subjects, self.numbers)
        people = np.flatnonzero(rows < len(subjects))
        people = people[subjects[rows[people]] == self.numbers[people]]
        return people, rows[people]


def _continues(core: Core, store: ColumnStore, context: str) -> bool:
    """Tell whether this vault is the one that the store was made from, gone on."""
    through, witness, ended = store.covers()
    statement = core.vault.batches.statement_of(through)
    return through > 0 and (statement, core.vault.agreed.withdrawn(context)) == (witness, ended)


def _news(
    core: Core, context: str, through: int, codes: tuple[str, ...], live: Ints
) -> Iterator[tuple[Columns, StoredBatch]]:
    """Open what the vault took after a batch, a block of batches at a time."""
    facts: dict[int, list[policy.RecordFact]] = {}
    last, waiting = None, 0
    for batch in core.vault.batches.each(through + 1, context=context):
        if batch.entry is None:  # staged: it is no record yet, nor is anything after it
            break
        last = batch
        waiting += _open_batch(core, batch, live, facts)
        if waiting >= _BLOCK_RECORDS:
            news = columns_of(facts, codes)
            codes = news.codes
            yield news, batch
            facts, last, waiting = {}, None, 0
    if last is not None:
        yield columns_of(facts, codes), last


def _open_batch(
    core: Core, batch: StoredBatch, live: Ints, facts: dict[int, list[policy.RecordFact]]
) -> int:
    """Open the records of those who are here: who left is in no store."""
    owners = np.asarray(batch.owners, np.uint64)
    is_record = np.frombuffer(batch.kinds, np.uint8) == LeafKind.RECORD
    positions = np.flatnonzero(is_record & np.isin(owners, live)).tolist()
    for position in positions:
        record = core.vault.filed.open_record(batch, position)
        facts.setdefault(batch.owners[position], []).extend(scores.facts_of([record], 0))
    return len(positions)


def _renumbered(columns: Columns, news: Columns) -> Columns:
    # types are numbered in order of arrival: what is older keeps its numbers
    assert news.codes[: len(columns.codes)] == columns.codes
    return columns._replace(codes=news.codes)
