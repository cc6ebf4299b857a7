"""The incremental scorer: scores that follow a new day, new records and new rulings.

Each row knows the next day on which the rules alone may change it, so a day costs only the rows
that are due, and news cost only the rows that they are about. What was scored once is not read
again. Property tests hold every step equal to scoring everything anew.
"""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from standing.errors import Refused
from standing.policy._fold import RecordFact, Status
from standing.policy._schedule import Schedule
from standing.policy._score_columns import Population, fold, score_columns
from standing.policy._tables import NEVER, STATUSES, Ints, tables_of
from standing.policy.columns import NOTHING, Columns, empty, merged, until_of, without_blanks
from standing.wire.days import format_day


class Ruling(NamedTuple):
    """A record of a subject gets another status; `record` is the record as it was until now."""

    subject: int
    record: RecordFact
    status: Status


class Incremental:
    """A population's scores on a day, kept up to date.

    `Incremental(columns, schedule, day)` scores everything once; then `advance`, `add` and `rule`
    each give the number of rows that they scored again.
    """

    def __init__(
        self,
        columns: Columns,
        schedule: Schedule,
        as_of: int,
        *,
        since: Ints = NOTHING,
        workers: int = 1,
    ) -> None:
        self.as_of = as_of
        self._base = without_blanks(columns)
        if len(since) and len(self._base.subjects) < len(columns.subjects):
            since = since[np.searchsorted(columns.subjects, self._base.subjects)]
        # rulings write here, and what the caller gave is the caller's
        self._base = self._base._replace(status=np.array(self._base.status))
        self._added = empty(columns.codes)
        self._schedule = schedule
        self._since = np.array(since)
        self._workers = workers
        self.population: Population
        self._score_all()

    @property
    def subjects(self) -> Ints:
        """The subjects, one a row of `population`, ascending."""
        return self._base.subjects

    def advance(self, day: int) -> int:
        """Let days pass; raises `E-SCORE-04` for an earlier day."""
        if day < self.as_of:
            raise Refused(
                "E-SCORE-04",
                "Scores are not taken back to an earlier day.",
                why=f"Got {format_day(day)} after {format_day(self.as_of)}.",
                fix="Score that day anew.",
            )
        before, self.as_of = self.as_of, day
        if len(self._schedule.rules_until(before)) != len(self._schedule.rules_until(day)):
            return self._score_all()
        return self._score(np.flatnonzero(self.population.turn <= day))

    def add(self, news: Columns, since: Ints = NOTHING) -> int:
        """Take new records in, of new subjects too; `since` goes with the rows of `news`."""
        self._make_room(news, since)
        self._added = merged(self._added, news)
        scored = self._score(np.searchsorted(self._base.subjects, news.subjects))
        if self._added.records * 8 > self._base.records:  # what was added is no small part any more
            self._base = merged(self._base, self._added)
            self._added = empty(self._base.codes)
        return scored

    def rule(self, rulings: Iterable[Ruling]) -> int:
        """Give records another status; raises `E-SCORE-05` for a record that is not there."""
        every, undo = list(rulings), list[tuple[Ints, int, int]]()
        try:
            for ruling in every:
                statuses, at = self._place(ruling)
                undo.append((statuses, at, int(statuses[at])))
                statuses[at] = STATUSES.index(ruling.status)
        except Refused:
            for statuses, at, before in reversed(undo):
                statuses[at] = before
            raise
        subjects = np.array(sorted({ruling.subject for ruling in every}), np.uint64)
        return self._score(np.searchsorted(self._base.subjects, subjects))

    def _place(self, ruling: Ruling) -> tuple[Ints, int]:
        for name in ("_base", "_added"):
            columns: Columns = getattr(self, name)
            row = columns.row_of(ruling.subject)
            at = None if row is None else _find(columns, row, ruling.record)
            if at is not None:
                return columns.status, at
        raise Refused(
            "E-SCORE-05",
            "There is no such record to rule on.",
            why=f"Nobody here has a record of {ruling.record.type} of that day and status.",
            fix="Give the record with the status that it has now.",
            where=ruling.record.id,
        )

    def _make_room(self, news: Columns, since: Ints) -> None:
        """Give subjects who are new an empty row of their own, and keep everybody's first day."""
        base = self._base
        at = np.searchsorted(base.subjects, news.subjects)
        known = np.zeros(len(at), bool)
        inside = at < len(base.subjects)
        known[inside] = base.subjects[at[inside]] == news.subjects[inside]
        new = at[~known]
        if len(since) and not len(self._since):
            self._since = np.zeros(len(base.subjects), np.uint16)
        if len(since):
            self._since[at[known]] = since[known]
        if not len(new):
            return
        before = np.where(new > 0, base.ends[new - 1], 0) if len(base.ends) else 0
        self._base = base._replace(
            subjects=np.insert(base.subjects, new, news.subjects[~known]),
            ends=np.insert(base.ends, new, before),
        )
        score, band, turn, tally = self.population
        self.population = Population(
            np.insert(score, new, 0), np.insert(band, new, 0), np.insert(turn, new, NEVER), tally
        )
        if len(self._since):
            self._since = np.insert(self._since, new, since[~known] if len(since) else 0)

    def _score_all(self) -> int:
        columns = merged(self._base, self._added) if self._added.records else self._base
        self.population = score_columns(
            columns, self._schedule, self.as_of, since=self._since, with_turns=True,
            workers=self._workers,
        )  # fmt: skip
        return len(columns.subjects)

    def _score(self, rows: Ints) -> int:
        if not len(rows):
            return 0
        touched = np.isin(self._base.subjects[rows], self._added.subjects)
        made = tables_of(self._schedule, self._base.codes, self.as_of)
        fold(
            self._base,
            made,
            self._since,
            self.population,
            rows=rows[~touched],
            workers=self._workers,
        )
        self._score_joined(rows[touched])
        return len(rows)

    def _score_joined(self, rows: Ints) -> None:
        """Score rows that have records in both places."""
        if not len(rows):
            return
        subjects = self._base.subjects[rows]
        columns = merged(
            self._base.rows(rows),
            self._added.rows(np.searchsorted(self._added.subjects, subjects)),
        )
        fresh = score_columns(
            columns, self._schedule, self.as_of, with_turns=True, workers=self._workers,
            since=self._since[rows] if len(self._since) else NOTHING,
        )  # fmt: skip
        for mine, theirs in zip(self.population[:3], fresh[:3], strict=True):
            mine[rows] = theirs


def _find(columns: Columns, row: int, record: RecordFact) -> int | None:
    """Find a record of a row; records that agree in everything are one as good as the other."""
    if record.type not in columns.codes:
        return None
    span = columns.span(row)
    fits = (
        (columns.kind[span] == columns.codes.index(record.type))
        & (columns.day[span] == record.day)
        & (columns.noticed[span] == record.noticed)
        & (columns.status[span] == STATUSES.index(record.status))
    )
    if len(columns.until):
        fits &= columns.until[span] == until_of(record)
    elif until_of(record) != NEVER:
        return None
    hits = np.flatnonzero(fits)
    return span.start + int(hits[0]) if len(hits) else None
