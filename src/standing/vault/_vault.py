"""The vault's door: one directory's private side, its rooms, and the transaction that joins them.

Each room keeps its own tables of one vault.db and is reached by its name:

    vault.filed        documents and sealed records: put away, opened, whose they are
    vault.batches      the batches that records lie in
    vault.marks        which documents the log commits to
    vault.people       subjects, their pseudonyms, keys and references
    vault.agreed       consents, withdrawals and stops
    vault.rights       who may be recorded, scored or counted because of them
    vault.cases        which steps make a case, and when time moves it
    vault.asked        questions, their answers and recalls
    vault.outbox       who is told of what
    vault.populations  stored scores
    vault.erasures     what goes for good

Every write happens inside `with vault.transaction():` and is durable when the block ends.
The vault knows neither rules nor the log's bytes; the ledger asks one, then the other.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from standing.errors import Broken
from standing.vault._agreed import Agreed
from standing.vault._asked import Questions
from standing.vault._batches import Batches
from standing.vault._cases import Cases
from standing.vault._database import Database
from standing.vault._documents import (
    Adult,
    Consent,
    Document,
    Link,
    Recall,
    Step,
    Subject,
    Withdrawal,
)
from standing.vault._erasure import Erasures
from standing.vault._filed import Filed
from standing.vault._keys import OPERATOR, SealingKeys, Secret
from standing.vault._marks import Marks
from standing.vault._outbox import Outbox
from standing.vault._people import People
from standing.vault._populations import Populations
from standing.vault._residue import scrub
from standing.vault._rights import Rights
from standing.vault._schema import SCHEMA

_VERSION: Final = b"standing/vault/1"


class Vault:
    """One directory's private side, open."""

    def __init__(self, db: Database, keys: SealingKeys, secret: Secret) -> None:
        self._db = db
        self.keys = keys
        self.secret = secret
        self.read_only = db.read_only
        self.changes = 0
        """How often something other than a question may have been written: caches look again."""
        self.batches = Batches(db)
        self.filed = Filed(db, keys, self.batches)
        self.marks = Marks(db)
        self.people = People(db, secret)
        self.agreed = Agreed(db, secret, self.filed)
        self.rights = Rights(db, self.filed, self.people, self.agreed)
        self.cases = Cases(db, self.filed)
        self.asked = Questions(db, secret, self.filed)
        self.outbox = Outbox(db, secret)
        self.populations = Populations(db)
        self.erasures = Erasures(db, keys, self.filed, self.batches, self.outbox, self.populations)

    @classmethod
    def create(cls, path: Path, keys_dir: Path, *, page_size: int = 4096) -> "Vault":
        """Make an empty vault at `path` with its secret and key store in `keys_dir`."""
        secret = Secret.create(keys_dir)
        keys = SealingKeys.create(keys_dir, page_size=page_size)
        keys.ensure([OPERATOR])
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
            db = Database(path, keys, read_only=read_only)
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
        return cls(db, keys, secret)

    @property
    def db(self) -> sqlite3.Connection:
        """The connection, for an auditor's integrity check and for traces in tests."""
        return self._db.connection

    @property
    def undone(self) -> int:
        """How often writes were taken back."""
        return self._db.undone

    @contextmanager
    def transaction(self, *, is_bookkeeping: bool = False) -> Iterator[None]:
        """Make the writes of the block durable together, or none of them.

        `is_bookkeeping`: the block writes nothing that an answer could hang on.
        """
        try:
            with self._db.transaction():
                yield
        finally:
            self.changes += not is_bookkeeping

    def add(self, document: Document, subject: int = 0, context: str = "") -> bytes:
        """File a document, waiting for its marks, and let every room know what it says.

        Gives its leaf. In a transaction. A question is added by `asked`, which finds it again.
        """
        leaf = self.filed.keep(document, subject, context)
        match document:
            case Subject() | Adult() | Link():
                self.people.index(document, subject)
            case Consent() | Withdrawal():
                self.agreed.index(document, subject, leaf)
            case Step():
                self.cases.index(document, subject, leaf)
            case Recall():
                self.asked.recall(document)
            case _:
                pass
        return leaf

    def scrub(self) -> bool:
        """Leave no byte of what was taken out in any file; says whether that was possible.

        It is not while another process reads: its view of the write-ahead file must stay.
        """
        if not self._db.drain():
            return False
        with self._db.set_aside():
            scrub(self._db.path)
            with self.keys.set_aside():
                scrub(self.keys.path)
        with self.transaction():
            self.erasures.finish()
        return True

    def close(self) -> None:
        """Close vault and key store."""
        self._db.close()
        self.keys.close()
