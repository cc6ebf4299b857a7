"""Verbs about records and scores: imports, batches, scores, forecasts, reports."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from standing import policy
from standing.ledger import _import, _reading, _report, _scores, _simulate, score_views, subjects
from standing.ledger.intake import Imported, OwnBatch, Progress
from standing.ledger.verbs._base import Verbs
from standing.wire.keys import KeyFile, PublicKey


class RecordVerbs(Verbs):
    """Verbs about records and scores."""

    def import_file(
        self,
        path: Path,
        map_data: bytes,
        keys: Mapping[str, KeyFile],
        *,
        map_where: str = "map",
        keep_good: bool = False,
        batch_records: int = 500,
        progress: Progress = lambda *_: None,
    ) -> Imported:
        """Turn a file's rows into signed batches; see the command `import`."""
        return _import.import_file(
            self._core,
            path,
            map_data,
            keys,
            map_where=map_where,
            keep_good=keep_good,
            batch_records=batch_records,
            progress=progress,
        )

    def take_batches(self, batches: Sequence[OwnBatch], *, by: PublicKey) -> Imported:
        """Take batches that an issuer made elsewhere, sent by whoever holds the key `by`.

        All of one issuer in one context, and all or none: `E-BATCH-03` to `E-BATCH-09` for what
        is no batch, `E-KEY-14` and `E-KEY-15` for whoever may not send it, `RecordsRefused` for
        bad rows and for rows that are there already. What was taken before is there already, and
        is taken once.
        """
        return _import.take_batches(self._core, batches, by)

    def score(self, subject: str, context: str, as_of: int | None = None) -> _scores.SubjectScore:
        """Score one subject, with one reason a record."""
        return _scores.score(self._core, subject, context, as_of)

    def forecast(self, subject: str, context: str) -> tuple[policy.Outlook, ...]:
        """Give each change of a score in 24 months, today's first, if nothing new comes."""
        return _scores.forecast(self._core, subject, context)

    def history(self, subject: str, context: str, since: int) -> tuple[policy.Outlook, ...]:
        """Give what a score was on each day from `since` on which it may have changed."""
        return _scores.history(self._core, subject, context, since)

    def mine(self, key: PublicKey, context: str) -> subjects.Mine:
        """Give everything that the holder of a key looks at in a context."""
        return subjects.mine(self._core, self._number(key, context), context)

    def places(self, key: PublicKey) -> list[subjects.Place]:
        """List the contexts about people, with what the holder of a key has in each."""
        return subjects.places(self._core, self._number(key, ""))

    def what_if(
        self, subject: str, context: str, *, annulled: Sequence[str] = (), more: Sequence[str] = ()
    ) -> policy.WhatIf:
        """Suppose that records were annulled or that acts came today; nothing is changed."""
        return _scores.what_if(self._core, subject, context, annulled, more)

    def scored(
        self, subject: str | PublicKey, context: str, as_of: int | None = None
    ) -> score_views.Scored:
        """Score one subject, as plain values."""
        return score_views.scored(self.score(self._name(subject, context), context, as_of))

    def outlook(self, subject: str | PublicKey, context: str) -> score_views.Forecast:
        """Give each change of a score in 24 months, as plain values."""
        name = self._name(subject, context)
        outlooks = score_views.at(self.forecast(name, context))
        return score_views.Forecast(subject=name, context=context, outlooks=outlooks)

    def suppose(
        self,
        subject: str | PublicKey,
        context: str,
        *,
        annulled: Sequence[str] = (),
        more: Sequence[str] = (),
    ) -> score_views.Supposed:
        """Suppose that records were annulled or that acts came today, as plain values."""
        name = self._name(subject, context)
        return score_views.supposed(self.what_if(name, context, annulled=annulled, more=more))

    def simulate(self, new: bytes, against: bytes | None = None) -> _simulate.Simulated:
        """Compare a pack with the one in force, or another, over the whole population."""
        return _simulate.simulate_pack(self._core, new, against)

    def score_all(self, context: str) -> _scores.Population:
        """Score a context's population, and state its digest in public."""
        return _scores.score_all(self._core, context)

    def state_in_public(self, document: bytes, slot: str, facts: dict[str, Any]) -> int:
        """Publish a document under the clerk's key; gives the entry."""
        return self._core.state_in_public(document, slot, facts)

    def improvements(self, context: str, earlier: int, count: int) -> list[_scores.Improvement]:
        """Name the subjects of a register whose scores rose most since an earlier day."""
        return _scores.improvements(self._core, context, earlier, count)

    def report(self, subject: str | PublicKey, context: str | None = None) -> dict[str, object]:
        """Give everything the ledger holds on a subject, for reading; unsigned."""
        if isinstance(subject, PublicKey):
            return _reading.read_number(self._core, self._number(subject, context or ""), context)
        return _reading.for_reading(self._core, subject, context)

    def report_for(self, subject: str, context: str, recipient: PublicKey) -> bytes:
        """Make a report of one context that its recipient can verify elsewhere."""
        return _report.verifiable(self._core, subject, context, recipient)
