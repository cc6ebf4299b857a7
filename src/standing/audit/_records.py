"""Checks of the records: every leaf of every batch is a record, or is accounted for.

A leaf opens as a record whose link and consent held, or intake noted it as padding or dropped, or
an erasure names it. Anything else is WITHHELD. Large vaults are checked in one process a core.
"""

import hashlib
import multiprocessing
import os
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from standing import charter
from standing.audit._opened import KEYS_DIR, VAULT_FILE, Opened
from standing.audit._public import broken
from standing.vault import (
    Erasure,
    Intake,
    LeafKind,
    OpenRecord,
    StoredBatch,
    Vault,
)
from standing.verify.tree import root_of

_CHUNK: Final = 32  # batches a job
_FEW_BATCHES: Final = 128  # not worth starting processes for
_FOREVER: Final = 2**31


@dataclass(frozen=True)
class _Stated:
    """What the public statement says of one batch."""

    entry: int
    issuer: str
    context: str
    root: bytes
    size: int
    day: int


@dataclass
class LeafCounts:
    """How many leaves are what."""

    records: int = 0
    dropped: int = 0
    padding: int = 0
    erased: int = 0
    batches: int = 0

    def add(self, other: "LeafCounts") -> None:
        """Sum two counts."""
        for name in self.__dataclass_fields__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


@dataclass
class _Expectations:
    """What the checks of one vault compare with; plain, because it crosses processes."""

    stated: dict[bytes, _Stated]
    intakes: dict[bytes, bytes]
    erased: frozenset[bytes]


@dataclass
class _Rights:
    """Links and consent windows, looked up once a reference."""

    vault: Vault
    known: dict[tuple[str, str], tuple[int, int, tuple[tuple[int, int], ...]]] = field(
        default_factory=dict
    )

    def of(self, context: str, reference: str) -> tuple[int, int, tuple[tuple[int, int], ...]]:
        """Give (subject, first day, windows with both ends inside); subject 0 is nobody."""
        found = self.known.get((context, reference))
        if found is None:
            found = self.known[context, reference] = self._look_up(context, reference)
        return found

    def _look_up(
        self, context: str, reference: str
    ) -> tuple[int, int, tuple[tuple[int, int], ...]]:
        link = self.vault.link(context, reference)
        if link is None:
            return 0, 0, ()
        number, since = link
        kind = (self.vault.subject(number) or ("", b""))[0]
        if kind != "person":
            return number, 0, ((0, _FOREVER),)
        adult = self.vault.adult_since(number)
        # what was stored earlier on the day of a withdrawal was stored rightly
        windows = tuple((a, b) for a, b, _ in self.vault.consents(number, context))
        return number, max(since, _FOREVER if adult is None else adult), windows


def check_records(ledger: Opened) -> LeafCounts:
    """Check every batch that the log names; raises at the first leaf that does not hold."""
    expected = _expect(ledger)
    stored = {statement for _, statement in _ids(ledger)}
    for statement, said in expected.stated.items():
        if statement not in stored:
            raise broken(
                "A batch is WITHHELD.", "The vault lacks its leaves.", f"entry {said.entry}"
            )
    ids = [number for number, _ in _ids(ledger)]
    chunks = [ids[i : i + _CHUNK] for i in range(0, len(ids), _CHUNK)]
    counts = LeafCounts()
    for part in _run(ledger, expected, chunks, few=len(ids) <= _FEW_BATCHES):
        counts.add(part)
    return counts


def _ids(ledger: Opened) -> list[tuple[int, bytes]]:
    return ledger.vault.db.execute("SELECT id, statement FROM batches ORDER BY id").fetchall()


def _expect(ledger: Opened) -> _Expectations:
    stated: dict[bytes, _Stated] = {}
    for index, sign1 in enumerate(ledger.statements):
        batch = charter.parse_statement(sign1)
        if isinstance(batch, charter.Batch):
            issuer = ledger.charter.roll.keys[sign1.kid].name
            day = ledger.day_at(index)
            stated[sign1.statement_hash] = _Stated(
                index, issuer, batch.context, batch.root, batch.size, day
            )
    intakes: dict[bytes, bytes] = {}
    erased: set[bytes] = set()
    for opened in ledger.documents:
        if isinstance(opened.document, Intake):
            intakes |= dict(opened.document.batches)
        elif isinstance(opened.document, Erasure):
            erased |= set(opened.document.leaves)
    return _Expectations(stated, intakes, frozenset(erased))


def _run(
    ledger: Opened, expected: _Expectations, chunks: list[list[int]], *, few: bool
) -> Iterable[LeafCounts]:
    if few:
        checker = _Checker(ledger.vault, expected)
        for chunk in chunks:
            yield checker.chunk(chunk)
        return
    with ProcessPoolExecutor(
        os.cpu_count() or 1,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_start,
        initargs=(ledger.directory, expected),
    ) as pool:
        yield from pool.map(_job, chunks)


_checker: "_Checker | None" = None


def _start(directory: Path, expected: _Expectations) -> None:
    global _checker  # noqa: PLW0603 - a process has one checker
    vault = Vault.open(directory / VAULT_FILE, directory / KEYS_DIR, read_only=True)
    _checker = _Checker(vault, expected)


def _job(chunk: list[int]) -> LeafCounts:
    assert _checker is not None, "set by _start"
    return _checker.chunk(chunk)


class _Checker:
    """Checks batches of one vault."""

    def __init__(self, vault: Vault, expected: _Expectations) -> None:
        self._vault = vault
        self._expected = expected
        self._rights = _Rights(vault)

    def chunk(self, ids: list[int]) -> LeafCounts:
        """Check a stretch of batches."""
        counts = LeafCounts()
        for batch in self._vault.batches.each(ids[0], ids[-1]):
            self._batch(batch, counts)
        return counts

    def _batch(self, batch: StoredBatch, counts: LeafCounts) -> None:
        said = self._expected.stated.get(batch.statement)
        if said is None:
            if batch.entry is None:
                return  # staged when the process died; nobody was told that it was taken
            raise _withheld(batch, "the log has no such statement")
        facts = (batch.entry, batch.issuer, batch.context, batch.size, batch.day)
        if facts != (said.entry, said.issuer, said.context, said.size, said.day):
            raise _withheld(batch, "its place, issuer, context, size or day is not what was signed")
        if root_of(batch.leaves) != said.root:
            raise _withheld(batch, "its leaves have another root than its issuer signed")
        arrived = batch.kinds.replace(bytes([LeafKind.ERASED]), bytes([LeafKind.RECORD]))
        if self._expected.intakes.get(batch.statement) != hashlib.sha256(arrived).digest():
            raise _withheld(batch, "a leaf is WITHHELD: on arrival it was noted as something else")
        for position, kind in enumerate(batch.kinds):
            if kind == LeafKind.RECORD:
                self._record(batch, position)
            elif batch.owners[position] or batch.bodies[position]:
                raise _withheld(batch, f"leaf {position} is said to be empty and is not")
            elif kind == LeafKind.ERASED and batch.leaf(position) not in self._expected.erased:
                raise _withheld(batch, f"leaf {position} is WITHHELD: no erasure names it")
        counts.batches += 1
        counts.records += batch.kinds.count(LeafKind.RECORD)
        counts.dropped += batch.kinds.count(LeafKind.DROPPED)
        counts.padding += batch.kinds.count(LeafKind.PADDING)
        counts.erased += batch.kinds.count(LeafKind.ERASED)

    def _record(self, batch: StoredBatch, position: int) -> None:
        opened = self._vault.open_record(batch, position)
        record = opened.record
        subject, since, windows = self._rights.of(record.context, record.reference)
        if (record.context, record.issuer) != (batch.context, batch.issuer):
            raise _no_right(batch, opened, "it names another issuer or context than its batch")
        if subject != batch.owners[position]:
            raise _no_right(batch, opened, "its reference is not linked to its subject")
        lived = any(a <= record.day <= b for a, b in windows)
        stored = any(a <= batch.day <= b for a, b in windows)
        if not since <= record.day <= batch.day or not lived or not stored:
            raise _no_right(batch, opened, "no consent was live on its day, or when it was stored")


def _withheld(batch: StoredBatch, why: str) -> Exception:
    return broken(
        f"Batch {batch.id} of the vault does not match the log.",
        f"Found that {why}.",
        f"entry {batch.entry}",
    )


def _no_right(batch: StoredBatch, opened: OpenRecord, why: str) -> Exception:
    return broken(
        f"A record in entry {batch.entry} should not be there.",
        f"Found that {why}.",
        f"record {opened.id}",
    )
