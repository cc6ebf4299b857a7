"""Checks of the private side: database, marks, people, answers, indexes, stored scores.

Index tables are recomputed from the documents that the log commits to, and compared whole.
"""

import sqlite3
from collections import Counter
from contextlib import closing
from typing import Any

import numpy as np

from standing import charter, policy
from standing.audit._opened import KEYS_DIR, VAULT_FILE, Opened
from standing.audit._public import broken
from standing.cases import scores
from standing.cases.lifecycles import WorkingDays, fold_cases
from standing.cases.standing import standings
from standing.errors import Refused
from standing.vault import (
    SCHEMA,
    Adult,
    Attributes,
    Consent,
    Contents,
    Erasure,
    Link,
    OpenDocument,
    Subject,
    Withdrawal,
    attributes_padding,
    contents_digest,
    load_run_rows,
    postings_from,
    signed_digest,
)
from standing.verify.tree import HASH_BYTES, root_of
from standing.wire import cbor
from standing.wire.keys import PublicKey
from standing.wire.proofs import verify_proof


def check_databases(ledger: Opened) -> int:
    """Ask SQLite whether vault and key store are whole."""
    for name, db in (
        (VAULT_FILE, ledger.vault.db),
        (f"{KEYS_DIR}/sealing.db", ledger.vault.keys.db),
    ):
        row = db.execute("PRAGMA integrity_check(1)").fetchone()
        if row[0] != "ok":
            raise broken("A database of the vault is damaged.", f"SQLite says: {row[0]}.", name)
    if _schema_of(ledger.vault.db) != _schema_in_code():
        raise broken(
            "The vault's tables are not those of this version.",
            "A table, index or column was added, changed or removed.",
            f"{VAULT_FILE} schema",
        )
    _check_sealing_keys(ledger)
    return 2


def _schema_of(db: sqlite3.Connection) -> set[tuple[str, str, str | None]]:
    return set(db.execute("SELECT type, name, sql FROM sqlite_master"))


def _schema_in_code() -> set[tuple[str, str, str | None]]:
    with closing(sqlite3.connect(":memory:")) as empty:
        empty.executescript(SCHEMA)
        return _schema_of(empty)


def _check_sealing_keys(ledger: Opened) -> None:
    if ledger.vault.db.execute("SELECT 1 FROM erasing").fetchone() is not None:
        raise broken(
            "An erasure is not finished.",
            "It was cut off, or another process kept a view of what was there before.",
            VAULT_FILE,
            fix="Finish it: standing tick.",
        )
    wanted = {(0, "")}
    wanted |= set(ledger.vault.db.execute("SELECT DISTINCT subject, context FROM documents"))
    held = set(ledger.vault.keys.db.execute("SELECT subject, context FROM sealing"))
    if wanted != held:
        raise broken(
            "The key store does not fit the vault.",
            f"{len(wanted - held)} keys are missing, {len(held - wanted)} belong to nobody.",
            f"{KEYS_DIR}/sealing.db",
        )


def check_marks(ledger: Opened) -> tuple[int, int]:
    """Find each private document under its marks statement; gives (documents, still waiting)."""
    trees = _marks_trees(ledger)
    waiting = 0
    for opened in ledger.documents:
        if opened.marks is None:
            waiting += 1
            if opened.document.day < ledger.charter.day:
                raise broken(
                    "A private document was never committed to in public.",
                    "The log has gone on to a later day without it.",
                    f"leaf {opened.leaf.hex()}",
                )
            continue
        leaves = trees.get(opened.marks, b"")
        at = (opened.position or 0) * HASH_BYTES
        if leaves[at : at + HASH_BYTES] != opened.leaf:
            raise broken(
                "A private document is not under the marks that should hold it.",
                "Its leaf is not at its place.",
                f"leaf {opened.leaf.hex()}",
            )
    _check_contents(ledger, trees)
    return len(ledger.documents), waiting


def _check_contents(ledger: Opened, trees: dict[int, bytes]) -> None:
    """Demand of each marks' documents that they are here, or that an erasure names them."""
    stated: dict[int, list[Contents]] = {}
    found: dict[int, set[bytes]] = {row: set() for row in trees}
    erased: set[bytes] = set()
    for opened in ledger.documents:
        if isinstance(opened.document, Contents):
            stated.setdefault(opened.marks or 0, []).append(opened.document)
        elif opened.marks in found:
            found[opened.marks].add(opened.leaf)
        if isinstance(opened.document, Erasure):
            erased |= set(opened.document.leaves)
    for row, leaves in trees.items():
        if erased:
            every = (leaves[at : at + HASH_BYTES] for at in range(0, len(leaves), HASH_BYTES))
            found[row] |= erased.intersection(every)
        said = [(one.documents, one.digest) for one in stated.get(row, ())]
        if said != [(len(found[row]), contents_digest(found[row]))]:
            counted = f"counts {said[0][0]}" if said else "is missing itself"
            raise broken(
                "A private document is WITHHELD.",
                f"Its interval's table of contents {counted}; {len(found[row])} are here, or named"
                " by an erasure.",
                f"{VAULT_FILE} marks {row}",
            )


def _marks_trees(ledger: Opened) -> dict[int, bytes]:
    stored = {
        statement: (row, entry, leaves) for row, statement, entry, leaves in ledger.vault.marks()
    }
    trees: dict[int, bytes] = {}
    for index, sign1 in enumerate(ledger.statements):
        statement = charter.parse_statement(sign1)
        if not isinstance(statement, charter.Marks):
            continue
        found = stored.pop(sign1.statement_hash, None)
        if found is None:
            raise broken("Marks are WITHHELD.", "The vault lacks their leaves.", f"entry {index}")
        row, entry, leaves = found
        size_fits = len(leaves) == statement.size * HASH_BYTES
        if entry != index or not size_fits or root_of(leaves) != statement.root:
            raise broken(
                "Marks are not what was published.",
                "Their leaves have another root or another place.",
                f"entry {index}",
            )
        trees[row] = leaves
    if any(entry is not None for _, entry, _ in stored.values()):
        raise broken("The vault names marks that the log lacks.", "They were removed.", VAULT_FILE)
    return trees


class _Tables:
    """The index tables as the documents give them."""

    def __init__(self, ledger: Opened) -> None:
        self._ledger = ledger
        self._secret = ledger.vault.secret
        self.subjects: set[tuple[Any, ...]] = set()
        self.names: set[tuple[Any, ...]] = set()
        self.links: set[tuple[Any, ...]] = set()
        self.adults: dict[int, int] = {}
        self.consents: dict[bytes, list[Any]] = {}
        self.keys: dict[int, bytes] = {}
        self.revisions: dict[tuple[int, str], list[int]] = {}

    def add(self, opened: OpenDocument, owner: int, context: str) -> None:
        """Take one document in, checking its proof."""
        document = opened.document
        match document:
            case Subject():
                self.subjects.add((document.number, document.kind, document.key))
                self._owned(owner == document.number and not context, opened)
            case Adult():
                key = self._attester(document.attester)
                self._prove(document, key)
                mine = self._thumbprint(owner)
                self._owned(document.key == mine, opened)
                self.adults[owner] = document.adult_since
            case Link():
                self._link(document, owner, opened)
            case Consent():
                self._prove(document, PublicKey.from_cose_key(document.key))
                self._owned(self.keys.get(owner) == document.key, opened)
                self._name(document.pseudonym, owner, document.context, opened)
                self.consents[opened.leaf] = [
                    owner, document.context, document.day, document.until, opened.leaf, None,
                ]  # fmt: skip
            case Withdrawal():
                self._prove(document, PublicKey.from_cose_key(self.keys.get(owner, b"")))
                consent = self.consents.get(document.consent)
                self._owned(consent is not None and consent[0] == owner, opened)
                if consent is not None:
                    consent[5] = document.day
            case Attributes():
                self._prove(document, PublicKey.from_cose_key(self.keys.get(owner, b"")))
                self._attributes(document, owner, context, opened)
            case _:
                pass

    def _attributes(
        self, document: Attributes, owner: int, context: str, opened: OpenDocument
    ) -> None:
        consent = self.consents.get(document.consent)
        mine = document.pseudonym == self._secret.pseudonym(owner, context)
        self._owned(mine and document.context == context, opened)
        self._owned(consent is not None and consent[:2] == [owner, context], opened)
        if consent is not None:
            _, _, since, until, _, withdrawn = consent
            end = until - 1 if withdrawn is None else min(until - 1, withdrawn)
            if not since <= document.day <= end:
                raise broken(
                    "A region or group was taken without a live consent.",
                    "Its day is outside the consent that it names.",
                    f"leaf {opened.leaf.hex()}",
                )
        if document.padding != attributes_padding(document.region, document.group):
            raise broken(
                "A statement of region and group has a length of its own.",
                "Its padding is not what its codes need.",
                f"leaf {opened.leaf.hex()}",
            )
        self.revisions.setdefault((owner, context), []).append(document.revision)

    def check_revisions(self) -> None:
        """Demand that no statement of region and group is missing before a subject's last."""
        erased = any(isinstance(opened.document, Erasure) for opened in self._ledger.documents)
        for (owner, context), revisions in self.revisions.items():
            # where something was erased, earlier ones may have gone with a consent that ended
            first = min(revisions) if erased else 1
            if sorted(revisions) != list(range(first, first + len(revisions))):
                raise broken(
                    "A statement of region and group is WITHHELD, or stands twice.",
                    f"Their revisions are {sorted(revisions)}.",
                    f"subject {self._secret.pseudonym(owner, context)}",
                )

    def _link(self, link: Link, owner: int, opened: OpenDocument) -> None:
        if link.issuer:
            right = self._ledger.charter.roll.keys.get(link.kid)
            self._owned(right is not None and right.name == link.issuer, opened)
            if right is not None:
                self._prove(link, PublicKey.from_cose_key(right.key))
        self._name(link.pseudonym, owner, link.context, opened)
        self.links.add((self._secret.reference(link.context, link.reference), owner, link.day))

    def _attester(self, kid: bytes) -> PublicKey:
        right = self._ledger.charter.roll.keys.get(kid)
        if right is None or right.role != "attester":
            raise broken(
                "An attestation is signed by no attester.", "Its key is another.", VAULT_FILE
            )
        return PublicKey.from_cose_key(right.key)

    def _thumbprint(self, owner: int) -> bytes:
        return PublicKey.from_cose_key(self.keys.get(owner, b"")).thumbprint

    def _prove(self, document: Any, key: PublicKey) -> None:
        rp_id = self._ledger.charter.genesis.rp_id
        verify_proof(document.proof, key, signed_digest(document), rp_id=rp_id)

    def _name(self, pseudonym: str, owner: int, context: str, opened: OpenDocument) -> None:
        self._owned(pseudonym == self._secret.pseudonym(owner, context), opened)
        self.names.add((pseudonym, owner, context))

    def _owned(self, holds: bool, opened: OpenDocument) -> None:  # noqa: FBT001 - one condition
        if not holds:
            raise broken(
                "A private document is kept for another than the one it is about.",
                "Its text and its place in the vault disagree.",
                f"leaf {opened.leaf.hex()}",
            )


_ORDER = {"Subject": 0, "Adult": 1, "Link": 1, "Consent": 1, "Withdrawal": 2}  # others follow


def check_people(ledger: Opened) -> int:
    """Check consents, links and attestations with their proofs, and recompute their indexes."""
    db = ledger.vault.db
    owners = {
        leaf: (subject, context)
        for leaf, subject, context in db.execute("SELECT leaf, subject, context FROM documents")
    }
    tables = _Tables(ledger)
    in_order = sorted(ledger.documents, key=lambda d: _ORDER.get(type(d.document).__name__, 3))
    for opened in in_order:
        if isinstance(opened.document, Subject):
            tables.keys[opened.document.number] = opened.document.key
    for opened in in_order:
        tables.add(opened, *owners[opened.leaf])
    tables.check_revisions()
    expected: dict[str, set[tuple[Any, ...]]] = {
        "subjects": tables.subjects,
        "names": tables.names,
        "links": tables.links,
        "adults": set(tables.adults.items()),
        "consents": {tuple(row) for row in tables.consents.values()},
    }
    for table, rows in expected.items():
        if set(db.execute(f"SELECT * FROM {table}")) != rows:  # noqa: S608 - names from above
            raise broken(
                f"The vault's table of {table} is not what its documents give.",
                "A row was added, changed or removed.",
                f"{VAULT_FILE} {table}",
            )
    return sum(Counter(type(d.document).__name__ for d in in_order).values())


def check_indexes(ledger: Opened) -> int:
    """Recompute whose records lie where, and read the index of row identities."""
    parts = [postings_from(batch) for batch in ledger.vault.batches.each()]
    held = load_run_rows(ledger.vault.db, "posting")
    wanted = np.concatenate(parts) if parts else held[:0]
    order = np.lexsort((wanted["position"], wanted["batch"], wanted["subject"]))
    if not np.array_equal(wanted[order], held):
        raise broken(
            "The index of postings is not what the batches give.",
            "A record would be hidden from its subject, or shown to another.",
            f"{VAULT_FILE} runs",
        )
    _check_run_columns(ledger)
    return len(held) + len(load_run_rows(ledger.vault.db, "rowid"))


def _check_run_columns(ledger: Opened) -> None:
    rows = ledger.vault.db.execute("SELECT kind, run, first, level, staged, rows FROM runs")
    for kind, run, first, level, staged, data in rows:
        begins = int.from_bytes(data[:8], "little")
        begins = begins >> 1 if kind == "rowid" else begins
        if first != begins or staged or run < 1 or level < 0:
            raise broken(
                "A chunk of an index is filed wrongly.",
                "It does not begin where its key says.",
                f"{VAULT_FILE} runs",
            )


def check_scores(ledger: Opened) -> int:
    """Score again every population that was stored, and compare rows and public digest."""
    stated = _stated_scores(ledger)
    count = 0
    for context, day, pack, size, rows in ledger.vault.scores():
        digest = scores.digest_of_rows(rows)
        if cbor.encode(["standing/scores/1", context, day, pack, size, digest]) not in stated:
            raise broken(
                f"The stored scores of {context} are not those stated in public.",
                "No public document states this day, pack and population digest.",
                f"{VAULT_FILE} scores",
            )
        count += _score_again(ledger, context, day, pack, size, rows)
    return count


def _stated_scores(ledger: Opened) -> set[bytes]:
    found: set[bytes] = set()
    for sign1 in ledger.statements:
        statement = charter.parse_statement(sign1)
        if isinstance(statement, charter.Envelope) and statement.facts.get("about") == "scores":
            found.add(ledger.log.document(statement.digest))
    return found


def _score_again(
    ledger: Opened, context: str, day: int, pack: bytes, size: int, rows: bytes
) -> int:
    packs = [(force, digest) for force, digest in ledger.charter.packs_of(context) if force <= day]
    if not packs or packs[-1][1] != pack or not 0 <= size <= ledger.log.head.size:
        raise broken(
            f"The scores of {context} name a pack or a log that was not there.",
            "They were made by other rules.",
            f"{VAULT_FILE} scores",
        )
    everything = tuple(
        (force, policy.parse_pack(ledger.log.document(digest)))
        for force, digest in ledger.charter.packs_of(context)
    )
    schedule = policy.Schedule(everything)
    bands = [band.name for band in dict(everything)[packs[-1][0]].bands]
    calendar = WorkingDays.of(pack for _, pack in everything)
    again = scores.population(
        ledger.vault,
        context,
        schedule,
        day,
        lambda entry: entry < size,
        lambda number: standings(fold_cases(ledger.vault, number, context, day, lambda: calendar)),
    )
    held = {int(row[0]): row for row in np.frombuffer(rows, scores.SCORE_ROW).tolist()}
    now = {
        int(row[0]): row
        for row in np.frombuffer(scores.population_rows(again, bands), scores.SCORE_ROW).tolist()
    }
    for number in held.keys() | now.keys():
        if held.get(number) != now.get(number) and not _changed_that_day(
            ledger, number, context, day
        ):
            raise broken(
                f"A score of {context} cannot be recomputed.",
                f"Stored {held.get(number)}, recomputed {now.get(number)}.",
                f"subject {ledger.vault.secret.pseudonym(number, context)}",
            )
    return len(held)


def _changed_that_day(ledger: Opened, number: int, context: str, day: int) -> bool:
    """Tell whether a consent began or ended, or a case moved, on the very day of the scores."""
    try:
        consents = ledger.vault.consents(number, context)
    except Refused:
        return False
    moved = {
        step.day
        for opening, _, _ in ledger.vault.cases(subject=number, context=context)
        for _, step in ledger.vault.steps(opening)
    }
    return day in moved or any(day in {since, until} for since, until, _ in consents)
