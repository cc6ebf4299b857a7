"""The vault's door: who is here, what they agreed to, what was recorded, and what is waiting.

Every write happens inside `with vault.transaction():` and is durable when the block ends.
The vault knows neither rules nor the log's bytes; the ledger asks one, then the other.
"""

import secrets
import sqlite3
from base64 import b32encode
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from standing.errors import Broken, Refused
from standing.vault._asked import Questions
from standing.vault._attributes import held_attributes
from standing.vault._batches import Batches, StoredBatch
from standing.vault._consents import Given, Terms, cut, holding, unbroken_since
from standing.vault._documents import (
    Adult,
    Attributes,
    Consent,
    Document,
    Erasure,
    Link,
    Presented,
    Question,
    Recall,
    Record,
    Step,
    Subject,
    Withdrawal,
    new_salt,
    parse_preimage,
    preimage,
)
from standing.vault._erasure import Going, take_out
from standing.vault._keys import SealingKeys, Secret, case_name, record_id, seal, unseal
from standing.vault._outbox import Outbox
from standing.vault._residue import scrub
from standing.vault._runs import Rows, load_runs, postings_of
from standing.vault._schema import SCHEMA
from standing.verify.tree import HASH_BYTES, leaf_hash

_VERSION: Final = b"standing/vault/1"
_FOREVER: Final = 2**31
_LAST_DAY: Final = 65_534  # of a column of days
_AHEAD_PAGES: Final = 8_000  # 32 MiB: moving them into the file stalls one answer in a thousand
Numbers = npt.NDArray[np.unsignedinteger[Any]]
_LEAVES_A_QUERY: Final = 500
_OPERATOR: Final = (0, "")  # whose sealing key documents about no subject use


@dataclass(frozen=True, slots=True)
class Right:
    """What one subject's consents allow in one context, on a given day."""

    subject: int
    since: int  # no act before this day: the link and the attestation of age
    spans: tuple[tuple[int, int], ...]  # consent windows, [from, until)
    terms: tuple[tuple[int, int, Terms], ...] = ()  # the same with what they name
    shared: bool = False  # nothing negative is stored by a reference that several people use

    def covers(self, day: int) -> bool:
        """Tell whether an act of that day may be recorded."""
        if day < self.since:
            return False
        for start, end in self.spans:  # noqa: SIM110 - a generator costs more than the test
            if start <= day < end:
                return True
        return False


@dataclass(frozen=True, slots=True)
class Linked:
    """For whom a reference stands, from one day to another."""

    subject: int
    since: int
    until: int
    shared: bool


@dataclass(frozen=True, slots=True)
class OpenRecord:
    """One record in clear, with its place: batch, position, log entry and day of inclusion."""

    leaf: bytes
    record: Record
    batch: int
    position: int
    entry: int
    included: int

    @property
    def id(self) -> str:
        """The record's name: `r_` and the head of its leaf."""
        return record_id(self.leaf)


@dataclass(frozen=True, slots=True)
class OpenDocument:
    """One private document in clear; `marks` is the row of the marks that commit to it."""

    leaf: bytes
    document: Document
    marks: int | None
    position: int | None


class Vault:
    """One directory's private side."""

    def __init__(
        self,
        path: Path,
        db: sqlite3.Connection,
        keys: SealingKeys,
        secret: Secret,
        *,
        read_only: bool,
    ) -> None:
        self.path = path
        self._db = db
        self.keys = keys
        self.secret = secret
        self.batches = Batches(db)
        self.asked = Questions(db, secret)
        self.outbox = Outbox(db, secret)
        self.read_only = read_only
        self._terms: dict[bytes, Terms] = {}
        self.changes = 0
        """How often something other than a question may have been written: caches look again."""
        self.undone = 0
        """How often writes were taken back."""

    @classmethod
    def create(cls, path: Path, keys_dir: Path, *, page_size: int = 4096) -> "Vault":
        """Make an empty vault at `path` with its secret and key store in `keys_dir`."""
        secret = Secret.create(keys_dir)
        keys = SealingKeys.create(keys_dir, page_size=page_size)
        keys.ensure([_OPERATOR])
        keys.commit()
        db = sqlite3.connect(path, isolation_level=None)
        db.execute(f"PRAGMA page_size={page_size:d}")
        db.execute("PRAGMA journal_mode=WAL")
        db.executescript("BEGIN;" + SCHEMA + "COMMIT;")
        db.executemany(
            "INSERT INTO meta VALUES (?,?)", [("version", _VERSION), ("secret", secret.check())]
        )
        db.close()
        keys.close()
        return cls.open(path, keys_dir)

    @classmethod
    def open(cls, path: Path, keys_dir: Path, *, read_only: bool = False) -> "Vault":
        """Open a vault; a read-only one never writes a byte, not even SQLite's own files."""
        secret = Secret.load(keys_dir)
        keys = SealingKeys.open(keys_dir, read_only=read_only)
        try:
            db = _connect(path, read_only=read_only)
            meta = dict(db.execute("SELECT name, value FROM meta"))
        except sqlite3.Error as problem:
            raise Broken(
                "E-VAULT-08",
                "The vault cannot be read.",
                why=f"SQLite says: {problem}.",
                fix="Restore vault.db from its backup.",
                where="vault.db",
            ) from None
        if meta != {"version": _VERSION, "secret": secret.check()}:
            raise Broken(
                "E-VAULT-09",
                "The vault and its secret do not belong together.",
                why="vault.db was made with another secret or by another version.",
                fix="Restore vault.db and the key directory of one backup.",
                where="vault.db",
            )
        return cls(path, db, keys, secret, read_only=read_only)

    @property
    def db(self) -> sqlite3.Connection:
        """The connection, for an auditor's integrity check and for traces in tests."""
        return self._db

    @contextmanager
    def transaction(self, *, is_bookkeeping: bool = False) -> Iterator[None]:
        """Make the writes of the block durable together, or none of them.

        `is_bookkeeping`: the block writes nothing that an answer could hang on.
        """
        try:
            with self._transaction():
                yield
        finally:
            self.changes += not is_bookkeeping

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        if self.read_only:
            raise Refused(
                "E-VAULT-10",
                "This ledger is open for reading only.",
                why="A write was asked of it.",
                fix="Open it for writing: standing.open(directory).",
            )
        if self._db.in_transaction:  # an outer block commits
            yield
            return
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            self.keys.rollback()
            self.undone += 1
            raise
        self.keys.commit()  # first: what is sealed must never be durable without its key
        self._db.execute("COMMIT")

    def close(self) -> None:
        """Close vault and key store."""
        self._db.close()
        self.keys.close()

    # --- erasing ----------------------------------------------------------------------------

    def placed(self, number: int, context: str) -> list[tuple[bytes, str, int]]:
        """List (leaf, kind, day) of a subject's documents in a context, opening none."""
        query = "SELECT leaf, kind, day FROM documents WHERE subject=? AND context=? ORDER BY leaf"
        return self._db.execute(query, (number, context)).fetchall()

    def places(self, number: int) -> tuple[str, ...]:
        """List the contexts in which anything is kept of a subject, in order."""
        query = "SELECT DISTINCT context FROM documents WHERE subject=? AND context<>'' ORDER BY 1"
        return tuple(context for (context,) in self._db.execute(query, (number,)))

    def places_of(
        self, number: int, context: str, *, before: int | None = None
    ) -> list[tuple[int, int]]:
        """List (batch, position) of a subject's records in a context, staged ones too.

        `before`: only of acts before that day.
        """
        places = postings_of(self._db, number)
        here = {
            batch
            for batch in {batch for batch, _ in places}
            if self.batches.context_of(batch) == context
        }
        found = [(batch, position) for batch, position in places if batch in here]
        return found if before is None else list(self._acts_before(found, before))

    def _acts_before(
        self, places: Iterable[tuple[int, int]], day: int
    ) -> Iterator[tuple[int, int]]:
        batch: StoredBatch | None = None
        for number, position in places:
            if batch is None or batch.id != number:
                [batch] = self.batches.each(number, number)
            if self.open_record(batch, position).record.day < day:
                yield number, position

    def ended_by(self, day: int) -> list[tuple[int, str]]:
        """List (subject, context) where a consent ended on or before a day, in whatever way."""
        query = (
            "SELECT subject, context FROM consents WHERE min(until, coalesce(withdrawn, until))<=?1"
            " UNION SELECT subject, context FROM freezes"
            " WHERE subject<>0 AND since<=?1 AND since<until ORDER BY 1, 2"
        )
        return self._db.execute(query, (day,)).fetchall()

    def ended_among(self, number: int, context: str, leaves: Collection[bytes]) -> int:
        """Count the consents that were withdrawn, and the stops undone, among some documents."""
        ended = self._db.execute(
            "SELECT leaf FROM consents WHERE subject=?1 AND context=?2 AND withdrawn IS NOT NULL"
            " UNION ALL SELECT opening FROM freezes WHERE subject=?1 AND context=?2 AND until<?3",
            (number, context, _FOREVER),
        )
        return sum(leaf in leaves for (leaf,) in ended)

    def forget(
        self,
        goings: Iterable[Going],
        day: int,
        *,
        questions: Iterable[bytes] = (),
    ) -> int:
        """Take rows out for good, and state which leaves they were; gives how many.

        `questions` are leaves of questions that are found no more. In a transaction; then
        `destroy` what sealed it all, and `scrub`. Until then the erasure is unfinished.
        """
        leaves = list(questions)
        self._db.executemany("DELETE FROM documents WHERE leaf=?", [(leaf,) for leaf in leaves])
        for going in goings:
            if going.whole:
                self.outbox.forget(going.subject, going.context)
            leaves += take_out(self._db, self.batches, going)
        leaf = self.add(Erasure(new_salt(), day, tuple(sorted(leaves))))
        self._db.execute("INSERT INTO erasing VALUES (?)", (leaf,))
        return len(leaves)

    def unfinished(self) -> list[Erasure]:
        """Open the erasures whose last traces may not be gone yet."""
        found = []
        for (leaf,) in self._db.execute("SELECT leaf FROM erasing").fetchall():
            erasure = self.document(leaf).document
            assert isinstance(erasure, Erasure), "the table names erasures"
            found.append(erasure)
        return found

    def locked(self) -> set[tuple[int, str]]:
        """List (subject, context) of what no key opens: erased after this vault was copied."""
        sealed = set(self._db.execute("SELECT DISTINCT subject, context FROM documents"))
        return sealed - self.keys.held() - {_OPERATOR}

    def every_leaf(self) -> Iterator[tuple[bytes, tuple[int, str]]]:
        """Read (leaf, (subject, context)) of all documents, opening none."""
        for leaf, number, context in self._db.execute(
            "SELECT leaf, subject, context FROM documents"
        ):
            yield leaf, (number, context)

    def orphans(self) -> list[tuple[int, str]]:
        """List whose keys seal nothing (any more)."""
        wanted = set(self._db.execute("SELECT DISTINCT subject, context FROM documents"))
        return sorted(self.keys.held() - wanted - {_OPERATOR})

    def destroy(self, whose: Iterable[tuple[int, str]]) -> None:
        """Destroy the keys of what an unfinished erasure took out; durable when it returns."""
        leaves = (leaf for erasure in self.unfinished() for leaf in erasure.leaves)
        self.keys.destroy(whose, leaves)

    def scrub(self) -> bool:
        """Leave no byte of what was taken out in any file; says whether that was possible.

        It is not while another process reads: its view of the write-ahead file must stay.
        """
        busy, _, _ = self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            return False
        self._db.close()
        try:
            scrub(self.path)
            with self.keys.set_aside():
                scrub(self.keys.path)
        finally:
            self._db = _connect(self.path, read_only=False)
            self.batches = Batches(self._db)
            self.asked, old = Questions(self._db, self.secret), self.asked
            self.asked.changes = old.changes
            self.outbox = Outbox(self._db, self.secret)
        with self.transaction():
            self._db.execute("DELETE FROM erasing")
        return True

    # --- documents -------------------------------------------------------------------------

    def add(self, document: Document, subject: int = 0, context: str = "") -> bytes:
        """Seal and store a document, waiting for its marks; gives its leaf. In a transaction."""
        self.keys.ensure([(subject, context)])
        data = preimage(document)
        leaf = leaf_hash(data)
        sealed = seal(self.keys.require(subject, context), leaf, data)
        kind = type(document).__name__.lower()
        self._db.execute(
            "INSERT INTO documents VALUES (?,?,?,?,?,?,NULL,NULL)",
            (leaf, kind, document.day, subject, context, sealed),
        )
        if isinstance(document, Step):
            self._index_step(document, subject, leaf)
        else:
            self._index(document, subject, leaf)
        return leaf

    def add_question(self, document: Question | Presented, name: bytes, until: int) -> bytes:
        """Keep a question and its answer, found again by the name alone. In a transaction.

        The name is the keyed hash of a reference, or of the key that made a presentation. The
        same statements run whether or not it stands for anybody: the document is sealed under the
        operator's key. `until`: the second at which nobody needs to watch it any more.
        """
        leaf = self.add(document)
        self._db.execute("INSERT INTO questions VALUES (?,?,?)", (name, leaf, until))
        return leaf

    def question(self, leaf: bytes) -> Question | Presented:
        """Open one question."""
        document = self.document(leaf).document
        assert isinstance(document, Question | Presented), "the questions table names questions"
        return document

    def _index(self, document: Document, subject: int, leaf: bytes) -> None:
        match document:
            case Subject():
                self._db.execute(
                    "INSERT INTO subjects VALUES (?,?,?)",
                    (document.number, document.kind, document.key),
                )
            case Adult():
                self._db.execute(
                    "INSERT OR REPLACE INTO adults VALUES (?,?)", (subject, document.adult_since)
                )
            case Link():
                self._index_link(document, subject)
            case Consent():
                terms = self.secret.terms(document.purposes, document.issuers)
                self._db.execute(
                    "INSERT INTO consents VALUES (?,?,?,?,?,NULL,?)",
                    (subject, document.context, document.day, leaf, document.until, terms),
                )
            case Withdrawal():
                self._db.execute(
                    "UPDATE consents SET withdrawn=? WHERE subject=? AND context=? AND leaf=?",
                    (document.day, subject, document.context, document.consent),
                )
            case Recall():
                self.asked.recall(
                    document.party, document.transaction, document.nonce, document.since,
                    document.due,
                )  # fmt: skip
            case _:
                pass

    def _index_link(self, link: Link, subject: int) -> None:
        reference = self.secret.reference(link.context, link.reference)
        self._db.execute(
            "INSERT INTO links VALUES (?,?,?,?,?)",
            (reference, link.day, subject, _FOREVER, link.shared),
        )

    def end_link(self, number: int, context: str, reference: str, day: int) -> None:
        """Let a reference stand for a subject no more, from a day on. In a transaction."""
        self._db.execute(
            "UPDATE links SET until=? WHERE reference=? AND subject=? AND until=?",
            (day, self.secret.reference(context, reference), number, _FOREVER),
        )

    # --- cases -----------------------------------------------------------------------------

    def _index_step(self, step: Step, subject: int, leaf: bytes) -> None:
        opening = step.opening or leaf
        try:
            self._db.execute("INSERT INTO steps VALUES (?,?,?)", (opening, step.number, leaf))
        except sqlite3.IntegrityError:
            raise Refused(
                "E-VAULT-14",
                "Somebody else took the next step in this case meanwhile.",
                why=f"Step {step.number} is there already.",
                fix="Look at the case again, and decide whether yours is still needed.",
                where=case_name(opening),
            ) from None
        if not step.opening:
            self._db.execute(
                "INSERT INTO cases VALUES (?,?,?,?,?,?)",
                (case_name(leaf), leaf, subject, step.context, step.lifecycle, _FOREVER),
            )

    def set_due(self, opening: bytes, due: int | None) -> None:
        """Note the day on which a case changes by itself next. In a transaction."""
        self._db.execute(
            "UPDATE cases SET due=? WHERE name=?",
            (_FOREVER if due is None else due, case_name(opening)),
        )

    def due_cases(self, day: int) -> list[tuple[bytes, int, str]]:
        """List (opening leaf, subject, context) of the cases that time moves on or before a day."""
        query = "SELECT opening, subject, context FROM cases WHERE due<=? ORDER BY due, name"
        return self._db.execute(query, (day,)).fetchall()

    def case(self, name: str) -> tuple[bytes, int, str] | None:
        """Find a case by its name; gives (opening leaf, subject, context)."""
        row: tuple[bytes, int, str] | None = self._db.execute(
            "SELECT opening, subject, context FROM cases WHERE name=?", (name,)
        ).fetchone()
        return row

    def cases(
        self, *, lifecycle: str = "", context: str | None = None, subject: int | None = None
    ) -> list[tuple[bytes, int, str]]:
        """List (opening leaf, subject, context) of the cases of a kind, context or subject."""
        wanted = {"lifecycle=?": lifecycle or None, "context=?": context, "subject=?": subject}
        where = {part: value for part, value in wanted.items() if value is not None}
        query = f"SELECT opening, subject, context FROM cases WHERE {' AND '.join(where) or 'TRUE'} ORDER BY name"  # noqa: S608, E501 - constants of this method
        return self._db.execute(query, tuple(where.values())).fetchall()

    def running(self, lifecycle: str) -> list[tuple[bytes, int, str]]:
        """List (opening leaf, subject, context) of the cases of a kind that time will move."""
        query = (
            "SELECT opening, subject, context FROM cases"
            " WHERE due<? AND lifecycle=? ORDER BY due, name"
        )
        return self._db.execute(query, (_FOREVER, lifecycle)).fetchall()

    def steps_of_day(self, lifecycle: str, day: int) -> list[Step]:
        """Open the steps of a kind of case that were taken on a day."""
        query = (
            "SELECT s.leaf FROM cases c JOIN steps s ON s.opening=c.opening"
            " JOIN documents d ON d.leaf=s.leaf WHERE c.lifecycle=? AND d.day=? ORDER BY s.leaf"
        )
        found = self._db.execute(query, (lifecycle, day)).fetchall()
        return [step for (leaf,) in found if isinstance(step := self.document(leaf).document, Step)]

    def at_rest(self, subject: int, context: str, lifecycle: str) -> list[bytes]:
        """List the openings of a subject's cases of a kind that time does not move any more."""
        query = "SELECT opening FROM cases WHERE subject=? AND context=? AND lifecycle=? AND due=?"
        rows = self._db.execute(query, (subject, context, lifecycle, _FOREVER))
        return [opening for (opening,) in rows]

    def with_contacts(self) -> frozenset[int]:
        """Give the subjects who have or had a contact."""
        query = "SELECT DISTINCT subject FROM cases WHERE lifecycle='contact'"
        return frozenset(number for (number,) in self._db.execute(query))

    def has_cases(self, lifecycle: str, context: str, subject: int | None = None) -> bool:
        """Tell whether there is any case of a kind in a context, or of one subject there."""
        query = "SELECT 1 FROM cases WHERE lifecycle=? AND context=?"
        values: tuple[object, ...] = lifecycle, context
        if subject is not None:
            query, values = query + " AND subject=?", (*values, subject)
        return self._db.execute(query + " LIMIT 1", values).fetchone() is not None

    def steps(self, opening: bytes) -> list[tuple[bytes, Step]]:
        """Open the steps of a case in order, each with its leaf."""
        query = "SELECT leaf FROM steps WHERE opening=? ORDER BY number"
        found = []
        for (leaf,) in self._db.execute(query, (opening,)).fetchall():
            document = self.document(leaf).document
            assert isinstance(document, Step), "the steps table names steps"
            found.append((leaf, document))
        return found

    def document(self, leaf: bytes) -> OpenDocument:
        """Open one document by its leaf; raises `E-VAULT-15` where it is not here (any more)."""
        for _, opened in self._opened("leaf=?", (leaf,)):
            return opened
        raise Refused(
            "E-VAULT-15",
            "There is no such document here.",
            why="It was erased, or never was.",
            fix="Name a document of this ledger.",
            where=f"leaf {leaf.hex()}",
        )

    def documents(
        self, subject: int | None = None, kind: str = "", context: str | None = None
    ) -> Iterator[OpenDocument]:
        """Open all documents, or those of a subject, kind, context; erased ones are gone."""
        wanted = {"subject=?": subject, "kind=?": kind or None, "context=?": context}
        where = {part: value for part, value in wanted.items() if value is not None}
        for _, opened in self._opened(" AND ".join(where) or "TRUE", tuple(where.values())):
            yield opened

    def _opened(self, where: str, values: tuple[object, ...]) -> Iterator[tuple[int, OpenDocument]]:
        query = f"SELECT leaf, kind, day, subject, context, sealed, marks, position FROM documents WHERE {where}"  # noqa: S608, E501 - constants of this class
        for leaf, kind, day, owner, context, sealed, marks, position in self._db.execute(
            query, values
        ):
            data = unseal(self.keys.require(owner, context), leaf, sealed)
            document = parse_preimage(data) if leaf_hash(data) == leaf else None
            if (
                document is None
                or isinstance(document, Record)
                or (type(document).__name__.lower(), document.day) != (kind, day)
            ):
                raise Broken(
                    "E-VAULT-11",
                    "A private document is not the one its leaf names.",
                    why="Its columns and its sealed text disagree.",
                    fix="Restore vault.db from its backup.",
                    where=f"leaf {leaf.hex()}",
                )
            yield owner, OpenDocument(leaf, document, marks, position)

    def attributes(self, context: str, day: int) -> dict[int, tuple[str, str]]:
        """Give (region, group) by subject, of those who state one under a consent live on `day`.

        For simulation and audit alone; a test holds every other room to that. A consent that was
        withdrawn or stopped is not live on any day, so that nothing bound to it can be read by
        looking back.
        """
        query = (
            "SELECT leaf FROM consents c"
            " WHERE context=? AND since<=? AND ?<until AND withdrawn IS NULL"
            " AND NOT EXISTS (SELECT 1 FROM freezes f WHERE f.subject=c.subject"
            " AND f.context=c.context AND c.since<=f.since"
            " AND (f.until=? OR (f.since<=? AND f.until>?)))"
        )
        values = (context, day, day, _FOREVER, day, day)
        live = {leaf for (leaf,) in self._db.execute(query, values)}
        last: dict[int, Attributes] = {}
        for number, opened in self._opened("kind='attributes' AND context=?", (context,)):
            document = opened.document
            assert isinstance(document, Attributes), "opening compares the kind"
            if number not in last or last[number].revision < document.revision:
                last[number] = document
        return {
            number: (document.region, document.group)
            for number, document in last.items()
            if held_attributes(document, live)
        }

    def newest_day(self) -> int:
        """Give the day of the newest document that no marks hold yet; 0 where there is none."""
        query = "SELECT max(day) FROM documents WHERE marks IS NULL"
        return self._db.execute(query).fetchone()[0] or 0

    # --- people ----------------------------------------------------------------------------

    def new_number(self) -> int:
        """Draw a vault id: 63 random bits, never 0, not in use."""
        while True:
            number = secrets.randbits(63)
            row = self._db.execute("SELECT 1 FROM subjects WHERE number=?", (number,)).fetchone()
            if number and row is None:
                return number

    def name(self, number: int, context: str) -> str:
        """Give the pseudonym of a subject in a context, and remember it. In a transaction."""
        pseudonym = self.secret.pseudonym(number, context)
        self._db.execute("INSERT OR IGNORE INTO names VALUES (?,?,?)", (pseudonym, number, context))
        return pseudonym

    def subject(self, number: int) -> tuple[str, bytes] | None:
        """Give a subject's kind and COSE_Key."""
        row: tuple[str, bytes] | None = self._db.execute(
            "SELECT kind, key FROM subjects WHERE number=?", (number,)
        ).fetchone()
        return row

    def key_of(self, number: int, day: int) -> bytes:
        """Give the COSE_Key that stands for a subject on a day; empty where none does."""
        later = self._db.execute(
            "SELECT key FROM keys WHERE subject=? AND since<=? ORDER BY since DESC LIMIT 1",
            (number, day),
        ).fetchone()
        if later is not None:
            return bytes(later[0])
        subject = self.subject(number)
        return subject[1] if subject else b""

    def subject_of_key(self, cose_key: bytes, day: int) -> int | None:
        """Find for whom this key stands on a day: one statement, whoever holds it or nobody."""
        query = (
            "SELECT c.number FROM (SELECT number FROM subjects WHERE key=?1"
            " UNION SELECT subject FROM keys WHERE key=?1) c WHERE ?1=coalesce("
            "(SELECT k.key FROM keys k WHERE k.subject=c.number AND k.since<=?2"
            " ORDER BY k.since DESC LIMIT 1),"
            "(SELECT s.key FROM subjects s WHERE s.number=c.number))"
        )
        row = self._db.execute(query, (cose_key, day)).fetchone()
        return int(row[0]) if row else None

    def keys_of(self, number: int) -> list[bytes]:
        """List every COSE_Key that stands, stood or will stand for a subject."""
        query = (
            "SELECT key FROM subjects WHERE number=?1 UNION SELECT key FROM keys WHERE subject=?1"
        )
        return [key for (key,) in self._db.execute(query, (number,)) if key]

    def somebody(self, context: str, day: int, seed: bytes) -> int | None:
        """Give one of those whose consent holds on a day: always the same one for a seed.

        Whoever answers a stranger does for this one what they would do for a subject.
        """
        start = "s_" + b32encode(seed).decode().lower()
        live = (
            "SELECT n.subject FROM names n JOIN consents c ON c.subject=n.subject"
            " AND c.context=n.context AND c.since<=?2 AND c.until>?2 AND c.withdrawn IS NULL"
            " WHERE n.context=?1 AND n.pseudonym"
        )
        query = (
            f"SELECT * FROM (SELECT * FROM ({live}>=?3 ORDER BY n.pseudonym LIMIT 1)"  # noqa: S608 - a constant
            f" UNION ALL SELECT * FROM ({live}<?3 ORDER BY n.pseudonym LIMIT 1)) LIMIT 1"
        )
        row = self._db.execute(query, (context, day, start)).fetchone()
        return int(row[0]) if row else None

    def is_known_key(self, cose_key: bytes) -> bool:
        """Tell whether a key stands, stood or will stand for somebody."""
        query = "SELECT 1 FROM subjects WHERE key=? UNION SELECT 1 FROM keys WHERE key=?"
        return self._db.execute(query, (cose_key, cose_key)).fetchone() is not None

    def set_keys(self, number: int, keys: Mapping[int, bytes]) -> None:
        """Let other keys stand for a subject, each from its day on. In a transaction."""
        self._db.execute("DELETE FROM keys WHERE subject=?", (number,))
        rows = [(number, since, key) for since, key in keys.items()]
        self._db.executemany("INSERT INTO keys VALUES (?,?,?)", rows)

    def find(self, name: str, context: str | None = None) -> int | None:
        """Find a subject by pseudonym, or by a reference in a context."""
        row = self._db.execute("SELECT subject FROM names WHERE pseudonym=?", (name,)).fetchone()
        if row is None and context is not None:
            row = self.link(context, name)
        return int(row[0]) if row else None

    def contexts_of(self, number: int) -> list[str]:
        """List the contexts in which a subject has a pseudonym, in order."""
        query = "SELECT context FROM names WHERE subject=? ORDER BY context"
        return [context for (context,) in self._db.execute(query, (number,))]

    def link(self, context: str, reference: str) -> tuple[int, int] | None:
        """Give (subject, first day) of a linked reference."""
        linked = self._linked(context, reference)
        return None if linked is None else (linked.subject, linked.since)

    def _linked(self, context: str, reference: str) -> Linked | None:
        return next((one for one in self.links(context, reference) if one.until == _FOREVER), None)

    def holder(self, context: str, reference: str, day: int) -> Linked | None:
        """Give for whom a reference stood on a day."""
        links = self.links(context, reference)
        return next((one for one in links if one.since <= day < one.until), None)

    def links(self, context: str, reference: str) -> list[Linked]:
        """List for whom a reference has stood, in order of time."""
        query = (
            "SELECT subject, since, until, shared FROM links WHERE reference=?"
            " ORDER BY since, until"
        )
        rows = self._db.execute(query, (self.secret.reference(context, reference),))
        return [Linked(number, first, end, bool(shared)) for number, first, end, shared in rows]

    def given(self, number: int, context: str) -> list[tuple[int, int, int | None]]:
        """List (from, until, withdrawn on) of a subject's consents, oldest first."""
        query = (
            "SELECT since, until, withdrawn FROM consents WHERE subject=? AND context=?"
            " ORDER BY since"
        )
        return self._db.execute(query, (number, context)).fetchall()

    def references_of(self, number: int) -> set[bytes]:
        """List the references of a subject in all contexts, as the index holds them."""
        query = "SELECT reference FROM links WHERE subject=?"
        return {reference for (reference,) in self._db.execute(query, (number,))}

    def _given(self, number: int, context: str) -> list[Given]:
        query = (
            "SELECT since, until, leaf, withdrawn, terms FROM consents"
            " WHERE subject=? AND context=? ORDER BY since"
        )
        return [
            Given(since, until if withdrawn is None else min(until, withdrawn), leaf, terms)
            for since, until, leaf, withdrawn, terms in self._db.execute(query, (number, context))
        ]

    def consents(self, number: int, context: str) -> list[tuple[int, int, bytes]]:
        """List (from, until, leaf) of a subject's consents, oldest first.

        Withdrawals are applied; a freeze cuts a consent into what was before and what came after,
        and does not touch one that was given later: whoever stopped may begin anew.
        """
        windows = ((one.since, one.until, one.leaf) for one in self._given(number, context))
        return cut(windows, self.freezes(number, context))

    def terms(self, number: int, context: str, day: int) -> Terms | None:
        """Give what a subject's consent of a day names; None where none holds."""
        agreed = self.agreed(number, context)
        return next((terms for since, until, terms in agreed if since <= day < until), None)

    def agreed(self, number: int, context: str) -> tuple[tuple[int, int, Terms], ...]:
        """List (from, until, terms) of what a subject agreed to, oldest first."""
        found = []
        for since, until, given in holding(
            self._given(number, context), self.freezes(number, context)
        ):
            terms = self._terms_of(given[0])
            for other in given[1:]:
                more = self._terms_of(other)
                terms = Terms(terms.purposes & more.purposes, terms.issuers & more.issuers)
            found.append((since, until, terms))
        return tuple(found)

    def _terms_of(self, given: Given) -> Terms:
        """Open what a consent names; almost all name the same, which is opened once."""
        terms = self._terms.get(given.terms)
        if terms is None:
            consent = self.document(given.leaf).document
            assert isinstance(consent, Consent), "the consents table names consents"
            terms = Terms(frozenset(consent.purposes), frozenset(consent.issuers))
            self._terms[given.terms] = terms
        return terms

    def consent_since(self, number: int, context: str, day: int) -> int | None:
        """Give the day from which consent holds without a break; None where none is live.

        A consent is renewed by another that is given while it lives. What was recorded under the
        one before goes on counting.
        """
        if not self.live_consents(number, context, day):
            return None
        windows = ((one.since, one.until, one.leaf) for one in self._given(number, context))
        stops = (stop for stop in self.freezes(number, context) if stop[1] == _FOREVER)
        return unbroken_since(((a, b) for a, b, _ in cut(windows, stops)), day)

    def live_consent(self, number: int, context: str, day: int) -> tuple[int, int, bytes] | None:
        """Give the consent that holds on a day, with its first and last day, if one does."""
        live = self.live_consents(number, context, day)
        every = ((one.since, one.until, one.leaf) for one in self._given(number, context))
        return next((consent for consent in every if consent[2] in live), None)

    def live_consents(self, number: int, context: str, day: int) -> set[bytes]:
        """Give the leaves of all consents that hold on a day: one may be given beside another."""
        return {
            leaf for since, until, leaf in self.consents(number, context) if since <= day < until
        }

    def freezes(self, number: int, context: str) -> list[tuple[int, int]]:
        """List (from, until) of the stops without a key: nothing holds in between."""
        query = "SELECT since, until FROM freezes WHERE subject=? AND context=? AND since<until"
        return self._db.execute(query, (number, context)).fetchall()

    def freeze(self, number: int, context: str, since: int, opening: bytes) -> None:
        """Let nothing hold from a day on, until `thaw`. In a transaction."""
        self._db.execute(
            "INSERT INTO freezes VALUES (?,?,?,?,?)", (number, context, since, opening, _FOREVER)
        )

    def thaw(self, opening: bytes, day: int) -> None:
        """Let consents hold again from a day on. In a transaction."""
        self._db.execute("UPDATE freezes SET until=? WHERE opening=?", (day, opening))

    def withdrew_on(self, number: int, context: str, day: int) -> bool:
        """Tell whether a subject withdrew a consent of a context on a day, or stopped there."""
        query = (
            "SELECT 1 FROM consents WHERE subject=?1 AND context=?2 AND withdrawn=?3 UNION"
            " SELECT 1 FROM freezes WHERE subject=?1 AND context=?2 AND since=?3 AND until>?3"
        )
        return self._db.execute(query, (number, context, day)).fetchone() is not None

    def open_consents(self, number: int, context: str, day: int) -> set[bytes]:
        """Give the leaves of consents that no document has ended on a day: a stop may have."""
        return {one.leaf for one in self._given(number, context) if one.since <= day < one.until}

    def withdrawn(self, context: str) -> int:
        """Count the consents of a context that were withdrawn, and the stops that were undone."""
        query = (
            "SELECT (SELECT count(*) FROM consents WHERE context=?1 AND withdrawn IS NOT NULL)"
            " + (SELECT count(*) FROM freezes WHERE context=?1 AND until<?2)"
        )
        return int(self._db.execute(query, (context, _FOREVER)).fetchone()[0])

    def adult_since(self, number: int) -> int | None:
        """Give the first day of age that an attester stated."""
        row = self._db.execute("SELECT since FROM adults WHERE subject=?", (number,)).fetchone()
        return int(row[0]) if row else None

    def rights(self, context: str, references: Iterable[str], day: int) -> dict[str, Right]:
        """Resolve references to what may be recorded today; absent where nothing may be."""
        found: dict[str, Right] = {}
        for reference in references:
            right = self._right(context, reference, day)
            if right is not None:
                found[reference] = right
        return found

    def _right(self, context: str, reference: str, day: int) -> Right | None:
        link = self._linked(context, reference)
        if link is None:
            return None
        subject = self.subject(link.subject)
        if subject is None:
            return None
        if subject[0] != "person":
            return Right(link.subject, 0, ((0, _FOREVER),), shared=link.shared)
        adult = self.adult_since(link.subject)
        terms = self.agreed(link.subject, context)
        spans = tuple((a, b) for a, b, _ in terms)
        if adult is None or not any(a <= day < b for a, b in spans):
            return None
        return Right(link.subject, max(link.since, adult), spans, terms, link.shared)

    def numbers(self, context: str) -> list[int]:
        """List the subjects that have a pseudonym in a context, ascending."""
        query = "SELECT subject FROM names WHERE context=? ORDER BY subject"
        return [number for (number,) in self._db.execute(query, (context,))]

    def live_numbers(self, context: str, day: int) -> tuple[Numbers, Numbers]:
        """List who may be scored in a context on a day, ascending (u64), with first days (u16).

        A person needs a consent that holds that day, and acts count from its first day; a subject
        of a public register needs none. Acts before the first day of a column (1970) never count.
        """
        rows = self._db.execute(
            "SELECT n.subject, CASE WHEN s.kind='person' THEN min(c.since) ELSE 0 END FROM names n"
            " LEFT JOIN subjects s ON s.number=n.subject"
            " LEFT JOIN consents c ON c.subject=n.subject AND c.context=n.context"
            " AND c.since<=? AND c.until>? AND (c.withdrawn IS NULL OR c.withdrawn>?)"
            " AND NOT EXISTS (SELECT 1 FROM freezes f WHERE f.subject=c.subject"
            " AND f.context=c.context AND c.since<=f.since AND f.since<=? AND f.until>?)"
            " WHERE n.context=? GROUP BY n.subject"
            " HAVING s.kind<>'person' OR c.since IS NOT NULL ORDER BY n.subject",
            (day, day, day, day, day, context),
        ).fetchall()
        renewed = self._renewed(context)
        firsts = (
            (self.consent_since(number, context, day) or 0) if number in renewed else first
            for number, first in rows
        )
        numbers = np.fromiter((number for number, _ in rows), np.uint64, len(rows))
        since = (min(max(first, 0), _LAST_DAY) for first in firsts)
        return numbers, np.fromiter(since, np.uint16, len(rows))

    def _renewed(self, context: str) -> set[int]:
        """Name the subjects that gave more than one consent in a context."""
        query = "SELECT subject FROM consents WHERE context=? GROUP BY subject HAVING count(*)>1"
        return {number for (number,) in self._db.execute(query, (context,))}

    # --- records ---------------------------------------------------------------------------

    def records_of(self, number: int, context: str) -> list[OpenRecord]:
        """Open every included record of a subject in a context, in order of arrival."""
        found: list[OpenRecord] = []
        batch: StoredBatch | None = None
        for batch_id, position in postings_of(self._db, number):
            if batch is None or batch.id != batch_id:
                batch = self.batches.get(batch_id)
            if batch.context == context:
                found.append(self.open_record(batch, position))
        return found

    def open_record(self, batch: StoredBatch, position: int) -> OpenRecord:
        """Open one record of a batch; raises `Broken` where its bytes do not hold."""
        leaf = batch.leaf(position)
        key = self.keys.require(batch.owners[position], batch.context)
        data = unseal(key, leaf, batch.bodies[position])
        record = parse_preimage(data) if leaf_hash(data) == leaf else None
        if not isinstance(record, Record):
            raise Broken(
                "E-VAULT-12",
                "A record is not the one its leaf names.",
                why="Its salted hash differs from the leaf that the issuer signed.",
                fix="Restore vault.db from its backup.",
                where=f"record {record_id(leaf)}",
            )
        entry = -1 if batch.entry is None else batch.entry
        return OpenRecord(leaf, record, batch.id, position, entry, batch.day)

    def known_row_ids(self) -> list[Rows]:
        """Load the keyed identities of every row ever taken, as sorted runs."""
        return load_runs(self._db, "rowid")

    # --- the marks outbox -------------------------------------------------------------------

    def waiting(self) -> list[bytes]:
        """List the leaves of documents that no marks statement holds yet."""
        query = "SELECT leaf FROM documents WHERE marks IS NULL"
        return [leaf for (leaf,) in self._db.execute(query)]

    def stage_marks(self, statement: bytes, leaves: Sequence[bytes]) -> None:
        """Note which documents a marks statement is about to commit to. In a transaction."""
        newest = self._db.execute("SELECT max(id) FROM marks").fetchone()[0] or 0
        self._db.execute(
            "INSERT INTO marks VALUES (?,?,NULL,?)", (newest + 1, statement, b"".join(leaves))
        )
        self._db.executemany(
            "UPDATE documents SET marks=?, position=? WHERE leaf=?",
            [(newest + 1, position, leaf) for position, leaf in enumerate(leaves)],
        )

    def include_marks(self, entries: dict[bytes, int]) -> None:
        """Note where the log holds marks statements, by statement hash. In a transaction."""
        self._db.executemany(
            "UPDATE marks SET entry=? WHERE statement=?",
            [(entry, statement) for statement, entry in entries.items()],
        )

    def staged_marks(self) -> list[bytes]:
        """List the statement hashes of marks that are not known to be in the log."""
        return [s for (s,) in self._db.execute("SELECT statement FROM marks WHERE entry IS NULL")]

    def marked_since(self, after: int) -> tuple[int, list[tuple[bytes, str, int, str]]]:
        """List (leaf, kind, subject, context) of documents under marks that came after a row.

        Gives the last row read with them; marks that are not known to be in the log wait, and all
        after them.
        """
        found: list[tuple[bytes, str, int, str]] = []
        query = "SELECT id, entry, leaves FROM marks WHERE id>? ORDER BY id"
        for row, entry, leaves in self._db.execute(query, (after,)).fetchall():
            if entry is None:
                break
            found += self._documents_at(leaves)
            after = row
        return after, found

    def _documents_at(self, leaves: bytes) -> list[tuple[bytes, str, int, str]]:
        found: list[tuple[bytes, str, int, str]] = []
        step = _LEAVES_A_QUERY * HASH_BYTES
        for start in range(0, len(leaves), step):
            part = leaves[start : start + step]
            some = [part[at : at + HASH_BYTES] for at in range(0, len(part), HASH_BYTES)]
            query = f"SELECT leaf, kind, subject, context FROM documents WHERE leaf IN ({','.join('?' * len(some))})"  # noqa: S608, E501 - question marks alone
            found += self._db.execute(query, some)
        return found

    def discard_staged_marks(self) -> None:
        """Let the documents of marks that never reached the log wait again. In a transaction."""
        self._db.execute(
            "DELETE FROM documents"  # what they were to hold stands under the next marks instead
            " WHERE kind='contents' AND marks IN (SELECT id FROM marks WHERE entry IS NULL)"
        )
        self._db.execute(
            "UPDATE documents SET marks=NULL, position=NULL"
            " WHERE marks IN (SELECT id FROM marks WHERE entry IS NULL)"
        )
        self._db.execute("DELETE FROM marks WHERE entry IS NULL")

    def marks(self) -> Iterator[tuple[int, bytes, int | None, bytes]]:
        """Read (id, statement hash, entry, leaves) of all marks."""
        yield from self._db.execute("SELECT id, statement, entry, leaves FROM marks ORDER BY id")

    # --- stored scores ----------------------------------------------------------------------

    def store_scores(self, context: str, day: int, pack: bytes, size: int, rows: bytes) -> None:
        """Keep a population's scores as of a log of `size` entries. In a transaction.

        `rows` is (u64 subject, i32 score, u8 band) a subject.
        """
        self._db.execute(
            "INSERT OR REPLACE INTO scores VALUES (?,?,?,?,?)", (context, day, pack, size, rows)
        )

    def scores(self) -> Iterator[tuple[str, int, bytes, int, bytes]]:
        """Read (context, day, pack, log size, rows) of all stored populations."""
        query = "SELECT context, day, pack, size, rows FROM scores ORDER BY context, day, pack"
        yield from self._db.execute(query)


def _connect(path: Path, *, read_only: bool) -> sqlite3.Connection:
    if read_only:
        # no writer's files beside it: read the database alone and create nothing
        still = not any(path.with_name(path.name + end).exists() for end in ("-wal", "-shm"))
        uri = f"file:{path}?mode=ro" + ("&immutable=1" if still else "")
    else:
        uri = f"file:{path}?mode=rw"
    db = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
    db.execute("PRAGMA synchronous=FULL")
    db.execute("PRAGMA secure_delete=ON")
    db.execute(f"PRAGMA wal_autocheckpoint={_AHEAD_PAGES:d}").fetchall()
    return db
