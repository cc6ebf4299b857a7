"""The keys that make forgetting real: one sealing key a subject and context, and one secret.

Whoever reads this directory together with the vault can read every live record; whoever destroys
a key has destroyed what it sealed. Deleted keys are overwritten (`secure_delete`), not unlinked.
"""

import hashlib
import hmac
import os
import sqlite3
from base64 import b32encode
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from standing.errors import Broken, Refused
from standing.wire import cbor

_NONCE_BYTES: Final = 12
_KEY_BYTES: Final = 32
_CACHED_KEYS: Final = 2_048
_CACHED_RAW_KEYS: Final = 200_000
_SECRET_FILE: Final = "vault.secret"  # noqa: S105 - a file's name
_SEALING_FILE: Final = "sealing.db"
PSEUDONYM_CHARS: Final = 26


class Secret:
    """The vault's own secret: pseudonyms, reference hashes and row identities hang on it."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._references = hmac.digest(secret, b"references", "sha256")
        self._terms = hmac.digest(secret, b"terms", "sha256")
        self._questions = hmac.digest(secret, b"questions", "sha256")
        self.row_key = hmac.digest(secret, b"rows", "sha256")

    @classmethod
    def create(cls, directory: Path) -> "Secret":
        """Make the secret in `directory`, readable by its owner alone."""
        secret = os.urandom(_KEY_BYTES)
        path = directory / _SECRET_FILE
        fd = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(fd, "wb") as file:
            file.write(secret.hex().encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        return cls(secret)

    @classmethod
    def load(cls, directory: Path) -> "Secret":
        """Read the secret; raises `E-VAULT-02` when it is gone or damaged."""
        try:
            text = (directory / _SECRET_FILE).read_bytes()
            secret = bytes.fromhex(text.decode("ascii").strip())
        except (OSError, ValueError):
            secret, text = b"", b""
        if len(secret) != _KEY_BYTES or text != secret.hex().encode() + b"\n":
            raise Broken(
                "E-VAULT-02",
                "The vault's secret cannot be read.",
                why=f"{_SECRET_FILE} is missing or is not 64 lower-case hex digits and a newline.",
                fix="Restore the key directory from its backup.",
                where=_SECRET_FILE,
            )
        return cls(secret)

    def check(self) -> bytes:
        """Give a value that tells whether the secret is the one the vault was made with."""
        return hmac.digest(self._secret, b"check", "sha256")

    def pseudonym(self, number: int, context: str) -> str:
        """Name a subject in one context; nobody without the secret can join two contexts."""
        message = b"pseudonym|" + context.encode() + b"|" + number.to_bytes(8)
        digest = hmac.digest(self._secret, message, "sha256")
        return "s_" + b32encode(digest).decode()[:PSEUDONYM_CHARS].lower()

    def reference(self, context: str, reference: str) -> bytes:
        """Hash how an issuer knows a subject, apart for each context (16 bytes)."""
        message = b"%d|%b|%b" % (len(context), context.encode(), reference.encode())
        return hashlib.blake2b(message, key=self._references, digest_size=16).digest()

    def terms(self, purposes: Iterable[str], issuers: Iterable[str]) -> bytes:
        """Hash what a consent names, so that equal ones are known without opening each."""
        message = cbor.encode([sorted(set(purposes)), sorted(set(issuers))])
        return hashlib.blake2b(message, key=self._terms, digest_size=16).digest()

    def maker(self, context: str, cose_key: bytes) -> bytes:
        """Hash whoever makes presentations with a key, apart for each context (16 bytes)."""
        return self._keyed(b"maker", context.encode(), cose_key)

    def transaction(self, party: bytes, transaction: str) -> bytes:
        """Hash one transaction of one relying party's key (16 bytes)."""
        return self._keyed(b"transaction", party, transaction.encode())

    def trace(self, data: bytes) -> bytes:
        """Hash what is to be known again and not kept: a question, an answer, a spent token."""
        return self._keyed(b"trace", data)

    def _keyed(self, what: bytes, *parts: bytes) -> bytes:
        message = b"".join(b"%d|%b|" % (len(part), part) for part in parts)
        key = self._questions
        return hashlib.blake2b(message, key=key, digest_size=16, person=what).digest()

    def notice(self, whose: str, seed: bytes) -> str:
        """Name what one recipient is told: `n_...`; nobody else can join it to anything."""
        message = b"notice|%d|%b|%b" % (len(whose), whose.encode(), seed)
        digest = hmac.digest(self._secret, message, "sha256")
        return "n_" + b32encode(digest).decode()[:PSEUDONYM_CHARS].lower()


OPERATOR: Final = (0, "")
"""Whose sealing key documents about no subject use."""


def record_id(leaf: bytes) -> str:
    """Name a record by its leaf: `r_` and 26 characters of base32."""
    return "r_" + b32encode(leaf).decode()[:PSEUDONYM_CHARS].lower()


def case_name(opening: bytes) -> str:
    """Name a case by the leaf of its opening step: `c_` and 26 characters of base32."""
    return "c_" + b32encode(opening).decode()[:PSEUDONYM_CHARS].lower()


def seal(key: AESGCM, leaf: bytes, data: bytes) -> bytes:
    """Encrypt a preimage. The nonce is the leaf's head: a salted hash never repeats under a key.

    An issuer who chooses salts could make two heads alike with 2**48 hashes. It would know no text
    that it did not write, and what it altered would not open: the leaf is checked too.
    """
    return key.encrypt(leaf[:_NONCE_BYTES], data, None)


def unseal(key: AESGCM, leaf: bytes, sealed: bytes) -> bytes:
    """Decrypt a preimage; raises `E-VAULT-03` when a byte of it or its key was changed."""
    try:
        return key.decrypt(leaf[:_NONCE_BYTES], sealed, None)
    except InvalidTag:
        raise Broken(
            "E-VAULT-03",
            "A sealed document does not open.",
            why="Its bytes, its leaf or its sealing key were changed.",
            fix="Restore the vault and its keys from their backups.",
            where=f"leaf {leaf.hex()}",
        ) from None


KEYS_SCHEMA: Final = """
CREATE TABLE sealing(
  subject INTEGER NOT NULL, context TEXT NOT NULL, key BLOB NOT NULL, PRIMARY KEY(subject, context)
) WITHOUT ROWID, STRICT;
CREATE TABLE erased(leaf BLOB PRIMARY KEY) WITHOUT ROWID, STRICT;
CREATE TABLE counters(name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID, STRICT;
"""


class SealingKeys:
    """The key store: `sealing.db`, apart from the vault so that its backup can be replaced.

    It keeps the leaves of what was erased, so that an older vault, brought back beside it, can be
    cleared of that; and a count of its own changes, by which a copy is known to be the newer one.
    """

    def __init__(self, db: sqlite3.Connection, path: Path) -> None:
        self._db = db
        self.path = path
        self._cache: dict[tuple[int, str], AESGCM] = {}
        self._raw: dict[tuple[int, str], bytes] = {}

    @classmethod
    def create(cls, directory: Path, *, page_size: int) -> "SealingKeys":
        """Make an empty key store."""
        path = directory / _SEALING_FILE
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        db = sqlite3.connect(path, isolation_level=None)
        db.execute(f"PRAGMA page_size={page_size:d}")
        db.executescript(f"BEGIN;{KEYS_SCHEMA}COMMIT;")
        db.close()
        return cls.open(directory)

    @classmethod
    def open(cls, directory: Path, *, read_only: bool = False) -> "SealingKeys":
        """Open the key store."""
        path = directory / _SEALING_FILE
        try:
            db = _connect(path, read_only=read_only)
            db.execute("SELECT count(*) FROM sealing WHERE subject=0").fetchone()
        except sqlite3.Error as problem:
            raise Broken(
                "E-VAULT-04",
                "The sealing keys cannot be read.",
                why=f"SQLite says: {problem}.",
                fix="Restore the key directory from its backup.",
                where=_SEALING_FILE,
            ) from None
        return cls(db, path)

    @property
    def db(self) -> sqlite3.Connection:
        """The connection, for an auditor's integrity check."""
        return self._db

    def get(self, subject: int, context: str) -> AESGCM | None:
        """Give the key of a subject in a context, or nothing once it was destroyed."""
        found = self._cache.get((subject, context))
        if found is None:
            key = self.raw(subject, context)
            if key is None:
                return None
            if len(self._cache) >= _CACHED_KEYS:
                self._cache.clear()  # a cipher takes kilobytes; millions would not fit
            found = self._cache[subject, context] = _cipher(key)
        return found

    def raw(self, subject: int, context: str) -> bytes | None:
        """Give the key's 32 bytes: a cipher made from it takes eighty times as many."""
        found = self._raw.get((subject, context))
        if found is None:
            row = self._db.execute(
                "SELECT key FROM sealing WHERE subject=? AND context=?", (subject, context)
            ).fetchone()
            if row is None:
                return None
            if len(self._raw) >= _CACHED_RAW_KEYS:
                self._raw.clear()
            found = self._raw[subject, context] = bytes(row[0])
        return found

    def ensure(self, wanted: Iterable[tuple[int, str]]) -> None:
        """Make the keys that do not exist yet; durable after `commit`."""
        missing = [(s, c, os.urandom(_KEY_BYTES)) for s, c in wanted if self.get(s, c) is None]
        if not missing:
            return
        if not self._db.in_transaction:
            self._db.execute("BEGIN IMMEDIATE")
        self._db.executemany("INSERT INTO sealing VALUES (?,?,?)", missing)

    def commit(self) -> None:
        """Make new keys durable."""
        if self._db.in_transaction:
            self._db.execute("COMMIT")

    def rollback(self) -> None:
        """Forget new keys."""
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")
            self._cache.clear()
            self._raw.clear()

    def require(self, subject: int, context: str) -> AESGCM:
        """Give the key, or raise `E-VAULT-05` where it was destroyed."""
        key = self.get(subject, context)
        if key is None:
            raise Refused(
                "E-VAULT-05",
                "There is no sealing key for this subject here.",
                why="It was destroyed, or the subject was never enrolled in this context.",
                fix="Nothing can be opened any more; a new consent starts anew.",
            )
        return key

    # --- destroying --------------------------------------------------------------------------

    def held(self) -> set[tuple[int, str]]:
        """List whose keys are here: (subject, context)."""
        return set(self._db.execute("SELECT subject, context FROM sealing"))

    def destroy(self, whose: Iterable[tuple[int, str]], leaves: Iterable[bytes]) -> None:
        """Destroy keys, and remember which leaves were erased; durable when it returns."""
        with self._changing() as changes:
            self._db.executemany("DELETE FROM sealing WHERE subject=? AND context=?", whose)
            self._db.executemany(
                "INSERT OR IGNORE INTO erased VALUES (?)", ((leaf,) for leaf in leaves)
            )
            self._db.execute("INSERT OR REPLACE INTO counters VALUES ('erasure', ?)", (changes,))
        self._cache.clear()
        self._raw.clear()

    def erased(self) -> Iterator[bytes]:
        """Read the leaves of all that was ever erased."""
        for (leaf,) in self._db.execute("SELECT leaf FROM erased"):
            yield leaf

    def note_copy(self) -> int:
        """Count one more change before the store is copied; gives the count the copy will bear."""
        with self._changing() as changes:
            return changes

    @contextmanager
    def _changing(self) -> Iterator[int]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            changes = self.counter("changes") + 1
            self._db.execute("INSERT OR REPLACE INTO counters VALUES ('changes', ?)", (changes,))
            yield changes
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def counter(self, name: str) -> int:
        """Give `changes`, how often the store was changed or copied, or its value at `erasure`."""
        row = self._db.execute("SELECT value FROM counters WHERE name=?", (name,)).fetchone()
        return int(row[0]) if row else 0

    @contextmanager
    def set_aside(self) -> Iterator[None]:
        """Close the database while its file is worked on."""
        self._db.close()
        try:
            yield
        finally:
            self._db = _connect(self.path, read_only=False)

    def close(self) -> None:
        """Close the store."""
        self._db.close()


def _connect(path: Path, *, read_only: bool) -> sqlite3.Connection:
    db = sqlite3.connect(
        f"file:{path}?mode={'ro' if read_only else 'rw'}",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
    )
    db.execute("PRAGMA secure_delete=ON")
    db.execute("PRAGMA synchronous=FULL")
    return db


def _cipher(key: bytes) -> AESGCM:
    if len(key) != _KEY_BYTES:
        raise Broken(
            "E-VAULT-04",
            "A sealing key is damaged.",
            why=f"It has {len(key)} bytes, wanted {_KEY_BYTES}.",
            fix="Restore the key directory from its backup.",
            where=_SEALING_FILE,
        )
    return AESGCM(key)
