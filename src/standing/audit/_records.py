"""Checks of the records: every leaf of every batch is a record, or is accounted for.

A leaf opens as a record whose link and consent held and that might be stored, or intake noted it
as padding or dropped, or an erasure names it. Anything else is WITHHELD. Large vaults are checked
in one process a core.
"""

import hashlib
import multiprocessing
import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from standing import charter
from standing.audit._broken import broken
from standing.audit._opened import KEYS_DIR, VAULT_FILE, Opened
from standing.audit._rights import thumbprint
from standing.cases.lifecycles import WorkingDays, fold_cases
from standing.cases.limits import Limits, limits_of
from standing.cases.record_rules import (
    FROM_REGISTER,
    IDENTIFIED,
    LATEST_DAYS,
    SECOND,
    no_human,
)
from standing.vault import (
    Erasure,
    Intake,
    LeafKind,
    Linked,
    OpenRecord,
    Record,
    StoredBatch,
    Terms,
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


@dataclass(frozen=True)
class _Rules:
    """What a pack says that decides which records may be stored."""

    force: int
    negative: frozenset[str]  # act types that weigh against their subject
    oldest: int | None  # `history_from` of a public register


@dataclass
class _Expectations:
    """What the checks of one vault compare with; plain, because it crosses processes."""

    stated: dict[bytes, _Stated]
    intakes: dict[bytes, bytes]
    erased: frozenset[bytes]
    rules: dict[str, list[_Rules]]  # by context, in order of force
    calendars: dict[str, WorkingDays]
    ledger_keys: frozenset[bytes]

    def rules_on(self, context: str, day: int) -> _Rules | None:
        """Give what the pack in force on a day says."""
        known = [rules for rules in self.rules.get(context, ()) if rules.force <= day]
        return known[-1] if known else None


@dataclass(frozen=True, slots=True)
class _Person:
    """What one subject in one context agreed to, and since when they may be recorded."""

    is_person: bool
    adult: int
    agreed: tuple[tuple[int, int, Terms], ...]
    contested: bool  # something of theirs was contested there


@dataclass
class _Rights:
    """Links, consents and contests, looked up once a reference or subject."""

    vault: Vault
    expected: _Expectations
    _links: dict[tuple[str, str], list[Linked]] = field(default_factory=dict)
    _people: dict[tuple[int, str], _Person] = field(default_factory=dict)
    _limits: dict[tuple[int, str, int], Limits | None] = field(default_factory=dict)

    def links(self, context: str, reference: str) -> list[Linked]:
        """List for whom a reference stood, and when."""
        found = self._links.get((context, reference))
        if found is None:
            found = self._links[context, reference] = self.vault.people.links(context, reference)
        return found

    def person(self, number: int, context: str) -> _Person:
        """Look up what a subject agreed to."""
        found = self._people.get((number, context))
        if found is None:
            found = self._people[number, context] = self._look_up(number, context)
        return found

    def _look_up(self, number: int, context: str) -> _Person:
        kind = (self.vault.people.subject(number) or ("", b""))[0]
        adult = self.vault.people.adult_since(number)
        return _Person(
            kind == "person",
            _FOREVER if adult is None else adult,
            self.vault.agreed.stretches(number, context),
            self.vault.cases.are_there("contest", context, number),
        )

    def limits(self, number: int, context: str, day: int) -> Limits | None:
        """Give what a subject's contests forbade on a day."""
        key = number, context, day
        if key not in self._limits:
            calendar = self.expected.calendars.get(context, WorkingDays())
            self._limits[key] = limits_of(
                fold_cases(self.vault, number, context, day, lambda: calendar),
                lambda: {r.id: r.record for r in self.vault.filed.records_of(number, context)},
                day,
                by_ledger=self.expected.ledger_keys.__contains__,
                settled=True,
            )
        return self._limits[key]


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
    book = ledger.casebook
    rules = {
        context: [
            _Rules(
                force,
                frozenset(code for code, act in pack.acts.items() if act.points < 0),
                int(pack.public_register.history_from) if pack.public_register else None,
            )
            for force, pack, _ in packs
        ]
        for context, packs in book.packs.items()
    }
    calendars = {context: book.calendar(context) for context in rules}
    keys = frozenset(thumbprint(key) for _, key in ledger.charter.log_keys("answer"))
    return _Expectations(stated, intakes, frozenset(erased), rules, calendars, keys)


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
        self._rights = _Rights(vault, expected)

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
        opened = self._vault.filed.open_record(batch, position)
        record = opened.record
        if (record.context, record.issuer) != (batch.context, batch.issuer):
            raise _no_right(batch, opened, "it names another issuer or context than its batch")
        owner, rules = batch.owners[position], self._expected.rules_on(batch.context, batch.day)
        links = [
            link
            for link in self._rights.links(record.context, record.reference)
            if link.subject == owner and link.since <= batch.day <= link.until
        ]
        if not links or rules is None:
            raise _no_right(batch, opened, "its reference is not linked to its subject")
        negative = record.type in rules.negative
        why = (
            _unfit(record, rules, batch.day)
            or self._disagrees(record, owner, links, batch.day)
            or (_SHARED if negative and all(link.shared for link in links) else "")
            or self._is_forbidden(record, owner, batch.day, negative=negative)
        )
        if why:
            raise _no_right(batch, opened, why)

    def _disagrees(self, record: Record, owner: int, links: Sequence[Linked], stored: int) -> str:
        """Tell why a subject's consent did not cover a record; windows hold to their last day."""
        person = self._rights.person(owner, record.context)
        if not person.is_person:
            return ""
        since = max(person.adult, min(link.since for link in links))
        named = [
            [terms for a, b, terms in person.agreed if a <= day <= b]
            for day in (record.day, stored)
        ]
        if not since <= record.day or not all(named):
            return "no consent was live on its day, or when it was stored"
        if any(all(record.issuer not in terms.issuers for terms in held) for held in named):
            return "the consent of its day names other issuers (L01)"
        return ""

    def _is_forbidden(self, record: Record, owner: int, day: int, *, negative: bool) -> str:
        if not self._rights.person(owner, record.context).contested:
            return ""
        limits = self._rights.limits(owner, record.context, day)
        if limits is None:
            return ""
        return limits.forbid(
            record.issuer, record.type, record.day, record.signer, negative=negative
        )


_SHARED: Final = "several people use its reference, and it weighs against one of them (L57)"


def _unfit(record: Record, rules: _Rules, stored: int) -> str:
    """Tell what a record should have said, or when it should have come (L06, L58, L59)."""
    allowed = IDENTIFIED if rules.oldest is None else frozenset({FROM_REGISTER})
    if record.identified not in allowed:
        return f"it does not say how its subject was known: {record.identified!r} (L58)"
    first = record.signer.partition(SECOND)[0]
    if not record.basis.strip() or not first.strip() or no_human(first) is not None:
        return "no basis and no human stand behind it (L06)"
    oldest = stored - LATEST_DAYS if rules.oldest is None else rules.oldest
    if not oldest <= record.day <= stored:
        return "it was stored too long after its day, or before it (L59)"
    return ""


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
