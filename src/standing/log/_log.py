"""The log's door: append a group, publish its files, prove and read what stands in it.

One SQLite transaction in log.db is the only journal; files are derived from it and can be derived
again. Whoever controls this directory can stop reads and cannot change an entry unnoticed.
"""

import fcntl
import hashlib
import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from standing.errors import Broken, Refused
from standing.log._frontier import Frontier
from standing.log._layout import (
    HASH,
    MAX_ENTRY_BYTES,
    TILE,
    pack_entries,
    sync_directory,
    tile_path,
    unpack_entries,
    write_file,
)
from standing.verify.checkpoints import Checkpoint, verify_checkpoint
from standing.verify.receipts import encode_receipt, receipt_protected, sign_root
from standing.verify.tree import EMPTY_ROOT, leaf_hash, node_hash, root_of
from standing.wire.keys import PublicKey, SigningKey
from standing.wire.notes import sign_note

DB_FILE: Final = "log.db"
CHECKPOINT_FILE: Final = "checkpoint"
DOCUMENTS_DIR: Final = "documents"
_LEVEL_BITS: Final = 8  # a tile's 256 hashes are eight levels of the tree
_SCHEMA: Final = """
CREATE TABLE entries(idx INTEGER PRIMARY KEY, data BLOB NOT NULL, leaf BLOB NOT NULL) STRICT;
CREATE TABLE statements(hash BLOB PRIMARY KEY, idx INTEGER NOT NULL) WITHOUT ROWID, STRICT;
CREATE TABLE state(name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID, STRICT;
CREATE TABLE head(
  one INTEGER PRIMARY KEY CHECK(one=1), size INTEGER NOT NULL, root BLOB NOT NULL,
  frontier BLOB NOT NULL, checkpoint BLOB NOT NULL, receipt BLOB NOT NULL) STRICT;
CREATE TABLE days(day INTEGER PRIMARY KEY, size INTEGER NOT NULL, checkpoint BLOB NOT NULL) STRICT;
"""


@dataclass(frozen=True)
class Head:
    """The last signed state: how many entries, their root, the checkpoint note that says so."""

    size: int
    root: bytes
    checkpoint: bytes
    receipt: bytes  # the signature that every receipt under this root carries


class Log:
    """One log directory, open for reading or, by one process at a time, for writing."""

    def __init__(
        self,
        directory: Path,
        db: sqlite3.Connection,
        lock: int | None,
        *,
        origin: str,
        extensions: tuple[str, ...],
        checkpoint_key: SigningKey | None,
        receipt_key: SigningKey | None,
    ) -> None:
        self.directory = directory
        self.origin = origin
        self.extensions = extensions
        self._db = db
        self._lock = lock
        self._checkpoint_key = checkpoint_key
        self._receipt_key = receipt_key
        self._dead = False
        self._tile = lru_cache(maxsize=512)(self._read_tile)
        self._published = 0
        self.head, self._frontier = self._load_head()

    # --- opening -------------------------------------------------------------------------------

    @classmethod
    def create(
        cls,
        directory: Path,
        *,
        origin: str,
        extensions: tuple[str, ...],
        checkpoint_key: SigningKey,
        receipt_key: SigningKey,
        page_size: int = 4096,
    ) -> "Log":
        """Make an empty log; raises `E-LOG-01` where one exists."""
        if (directory / DB_FILE).exists():
            raise Refused(
                "E-LOG-01",
                "There is a log already.",
                why=f"{DB_FILE} exists; a log is never made anew over another.",
                fix="Open it, or choose another directory.",
                where=str(directory),
            )
        (directory / DOCUMENTS_DIR).mkdir(parents=True)
        db = sqlite3.connect(directory / DB_FILE, isolation_level=None)
        db.execute(f"PRAGMA page_size={page_size:d}")
        # one fsync a commit instead of three, and readers never wait for the writer
        db.execute("PRAGMA journal_mode=WAL")
        db.executescript("BEGIN;" + _SCHEMA + "COMMIT;")
        db.close()
        return cls.open(
            directory,
            origin=origin,
            extensions=extensions,
            checkpoint_key=checkpoint_key,
            receipt_key=receipt_key,
        )

    @classmethod
    def open(
        cls,
        directory: Path,
        *,
        origin: str,
        extensions: tuple[str, ...],
        checkpoint_key: SigningKey | None,
        receipt_key: SigningKey | None,
        read_only: bool = False,
    ) -> "Log":
        """Open a log. A writer takes the lock, and completes the files that a crash left behind."""
        lock = None if read_only else _lock(directory)
        try:
            db = _connect(directory / DB_FILE, read_only=read_only)
            log = cls(
                directory,
                db,
                lock,
                origin=origin,
                extensions=extensions,
                checkpoint_key=checkpoint_key,
                receipt_key=receipt_key,
            )
            if not read_only and checkpoint_key is not None:
                log._take_up(checkpoint_key.public)
        except sqlite3.Error as problem:
            _unlock(lock)
            raise Broken(
                "E-LOG-02",
                "The log's database cannot be read.",
                why=f"SQLite says: {problem}.",
                fix="Restore the log from a mirror; never from an older copy.",
                where=DB_FILE,
            ) from None
        except BaseException:
            _unlock(lock)
            raise
        return log

    def _take_up(self, key: PublicKey) -> None:
        """Refuse to write under a published checkpoint that this database does not lead to."""
        published = self.published_checkpoint(key)
        if published is not None:
            if published.size > self.head.size or self.root_at(published.size) != published.root:
                raise Broken(
                    "E-LOG-03",
                    "The published checkpoint does not follow from log.db.",
                    why=f"It states {published.size} entries; log.db holds {self.head.size},"
                    " or others. An older copy may have been restored.",
                    fix="Bring back the newest log.db. Writing on would fork the log.",
                    where=CHECKPOINT_FILE,
                )
            self._published = published.size
        if self._published < self.head.size:
            self.publish()

    def published_checkpoint(self, key: PublicKey) -> Checkpoint | None:
        """Read and verify the checkpoint file, if there is one."""
        try:
            data = (self.directory / CHECKPOINT_FILE).read_bytes()
        except FileNotFoundError:
            return None
        return verify_checkpoint(data, self.origin, key)

    def close(self) -> None:
        """Close the log and let the next writer in."""
        self._db.close()
        _unlock(self._lock)
        self._lock = None

    def __enter__(self) -> "Log":
        """Use as a context manager."""
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def db(self) -> sqlite3.Connection:
        """The connection, for an auditor's integrity check and for traces in tests."""
        return self._db

    # --- writing -------------------------------------------------------------------------------

    def append(
        self,
        entries: Sequence[tuple[bytes, bytes]],
        state: Mapping[str, bytes] | None = None,
        *,
        day: int = 0,
    ) -> range:
        """Append (entry, statement hash) pairs in one transaction; durable when it returns.

        `state` rows change with them. After a failed write this object is dead: what a failed
        fsync left on the disk is unknown, so nothing more is written until a new start.
        """
        keys = self._writing_keys()
        if any(len(entry) > MAX_ENTRY_BYTES for entry, _ in entries):
            raise Refused(
                "E-LOG-06",
                "A statement is too long for the log.",
                why=f"An entry has at most {MAX_ENTRY_BYTES} bytes.",
                fix="Sign a digest and publish the document beside the log.",
            )
        first = self.head.size
        frontier = self._frontier.copy()
        rows, hashes = [], []
        for index, (entry, statement) in enumerate(entries, first):
            leaf = leaf_hash(entry)
            frontier.append(leaf)
            rows.append((index, entry, leaf))
            hashes.append((statement, index))
        head = self._sign_head(frontier, *keys)
        try:
            self._commit(rows, hashes, state or {}, frontier, head, day)
        except (sqlite3.OperationalError, OSError):
            self._dead = True
            raise
        self._frontier, self.head = frontier, head
        return range(first, head.size)

    def _writing_keys(self) -> tuple[SigningKey, SigningKey]:
        if self._dead:
            raise Broken(
                "E-LOG-07",
                "The log stopped after a failed write.",
                why="What the disk holds is unknown until the log is opened anew.",
                fix="Check the disk, then start again; unacknowledged statements can be sent again.",
            )
        if self._checkpoint_key is None or self._receipt_key is None:
            raise Refused(
                "E-LOG-08",
                "The log is open for reading only.",
                why="Its signing keys were not given.",
                fix="Open it for writing with its keys.",
            )
        return self._checkpoint_key, self._receipt_key

    def _sign_head(
        self, frontier: Frontier, checkpoint_key: SigningKey, receipt_key: SigningKey
    ) -> Head:
        root = frontier.root()
        text = Checkpoint(self.origin, frontier.size, root, self.extensions).text()
        protected = receipt_protected(self.origin, receipt_key.public.thumbprint)
        return Head(
            frontier.size,
            root,
            sign_note(text, self.origin, checkpoint_key),
            sign_root(receipt_key, protected, root),
        )

    def _commit(
        self,
        rows: Sequence[tuple[int, bytes, bytes]],
        hashes: Sequence[tuple[bytes, int]],
        state: Mapping[str, bytes],
        frontier: Frontier,
        head: Head,
        day: int,
    ) -> None:
        db = self._db
        db.execute("BEGIN IMMEDIATE")
        try:
            db.executemany("INSERT INTO entries VALUES (?,?,?)", rows)
            db.executemany("INSERT INTO statements VALUES (?,?)", hashes)
            db.executemany("INSERT OR REPLACE INTO state VALUES (?,?)", list(state.items()))
            db.execute(
                "INSERT OR REPLACE INTO head VALUES (1,?,?,?,?,?)",
                (head.size, head.root, frontier.dump(), head.checkpoint, head.receipt),
            )
            db.execute(
                "INSERT OR REPLACE INTO days VALUES (?,?,?)", (day, head.size, head.checkpoint)
            )
            db.execute("COMMIT")
        except sqlite3.IntegrityError:
            db.execute("ROLLBACK")
            raise Refused(
                "E-LOG-09",
                "A statement of this group stands in the log already.",
                why="A statement is registered once.",
                fix="Look it up by its hash.",
            ) from None

    def publish(self) -> None:
        """Write the tiles, bundles and checkpoint that the committed head needs; idempotent."""
        size, old = self.head.size, self._published
        if size == 0:
            return
        self._publish_entries(old, size)
        level = 0
        while size >> (_LEVEL_BITS * level):
            self._publish_level(level, old >> (_LEVEL_BITS * level), size >> (_LEVEL_BITS * level))
            level += 1
        write_file(self.directory / CHECKPOINT_FILE, self.head.checkpoint)
        self._drop_partials(old, size)
        self._published = size
        # full bundles are durable files now: the database keeps only what is not yet in one
        self._db.execute("DELETE FROM entries WHERE idx<?", (size // TILE * TILE,))

    def _publish_entries(self, old: int, size: int) -> None:
        for number in range(old // TILE, -(-size // TILE)):
            stop = min((number + 1) * TILE, size)
            bundle = pack_entries(list(self._stored_entries(number * TILE, stop)))
            self._write_tile("entries", number, stop - number * TILE, bundle)

    def _publish_level(self, level: int, old: int, size: int) -> None:
        for number in range(old // TILE, -(-size // TILE)):
            stop = min((number + 1) * TILE, size)
            hashes = self._hashes(level, number * TILE, stop)
            self._write_tile(level, number, stop - number * TILE, hashes)

    def _write_tile(self, level: int | str, number: int, width: int, data: bytes) -> None:
        if width:
            write_file(self.directory / tile_path(level, number, width), data)

    def _drop_partials(self, old: int, size: int) -> None:
        """Remove partial tiles whose full tile is published now."""
        for level in ("entries", *range(8)):
            shift = _LEVEL_BITS * level if isinstance(level, int) else 0
            for number in range((old >> shift) // TILE, (size >> shift) // TILE):
                folder = self.directory / (tile_path(level, number) + ".p")
                if folder.is_dir():
                    for file in folder.iterdir():
                        file.unlink()
                    folder.rmdir()
                    sync_directory(folder.parent)

    # --- reading -------------------------------------------------------------------------------

    def _load_head(self) -> tuple[Head, Frontier]:
        row = self._db.execute(
            "SELECT size, root, frontier, checkpoint, receipt FROM head"
        ).fetchone()
        if row is None:
            return Head(0, EMPTY_ROOT, b"", b""), Frontier()
        return Head(row[0], row[1], row[3], row[4]), Frontier.load(row[0], row[2])

    def find(self, statement_hash: bytes) -> int | None:
        """Give the place of a statement, or nothing."""
        row = self._db.execute(
            "SELECT idx FROM statements WHERE hash=?", (statement_hash,)
        ).fetchone()
        return int(row[0]) if row else None

    def state(self, name: str) -> bytes | None:
        """Give a state row, as committed with the last entry that changed it."""
        row = self._db.execute("SELECT value FROM state WHERE name=?", (name,)).fetchone()
        return bytes(row[0]) if row else None

    def entry(self, index: int) -> bytes:
        """Give one entry; raises `E-LOG-10` past the end."""
        self._check_range(index, index + 1)
        return next(self._stored_entries(index, index + 1))

    def entries(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """Read entries in order, from bundles and then from the database."""
        stop = self.head.size if stop is None else stop
        self._check_range(start, stop)
        return self._stored_entries(start, stop)

    def _check_range(self, start: int, stop: int) -> None:
        if not 0 <= start <= stop <= self.head.size:
            raise Refused(
                "E-LOG-10",
                f"The log has no entries {start} to {stop - 1}.",
                why=f"It holds {self.head.size}.",
                fix="Ask for an index below the log's size.",
            )

    def _stored_entries(self, start: int, stop: int) -> Iterator[bytes]:
        row = self._db.execute("SELECT min(idx) FROM entries").fetchone()
        in_files = self.head.size // TILE * TILE if row[0] is None else int(row[0])
        at = start
        while at < min(stop, in_files):
            number = at // TILE
            entries = list(unpack_entries(self._tile("entries", number, TILE)))
            if len(entries) != TILE:
                raise _damaged(tile_path("entries", number), "it does not hold 256 entries")
            until = min(stop, (number + 1) * TILE)
            yield from entries[at - number * TILE : until - number * TILE]
            at = until
        if at < stop:
            query = "SELECT idx, data FROM entries WHERE idx>=? AND idx<? ORDER BY idx"
            for index, data in self._db.execute(query, (at, stop)).fetchall():
                if index != at:
                    break
                at += 1
                yield data
        if at < stop:
            raise _damaged(DB_FILE, f"entry {at} is missing")

    def leaf_hashes(self, start: int, stop: int) -> bytes:
        """Give leaf hashes as one run of 32 bytes each."""
        self._check_range(start, stop)
        return self._hashes(0, start, stop)

    def _hashes(self, level: int, start: int, stop: int) -> bytes:
        """Read hashes of one tile level, from full tiles where there are any."""
        parts = []
        at = start
        while at < stop:
            number = at // TILE
            until = min(stop, (number + 1) * TILE)
            tile = self._full_tile(level, number)
            if tile is not None:
                parts.append(tile[(at - number * TILE) * HASH : (until - number * TILE) * HASH])
            elif level == 0:
                parts.append(b"".join(map(leaf_hash, self._stored_entries(at, until))))
            else:
                below = (
                    self._hashes(level - 1, i * TILE, (i + 1) * TILE) for i in range(at, until)
                )
                parts.append(b"".join(map(root_of, below)))
            at = until
        return b"".join(parts)

    def _full_tile(self, level: int, number: int) -> bytes | None:
        if (number + 1) * TILE << (_LEVEL_BITS * level) > self.head.size:
            return None
        try:
            return self._tile(level, number, TILE)
        except FileNotFoundError:
            return None

    def _read_tile(self, level: int | str, number: int, width: int) -> bytes:
        path = tile_path(level, number, width)
        data = (self.directory / path).read_bytes()
        if level != "entries" and len(data) != width * HASH:
            raise _damaged(path, f"it does not hold {width} hashes")
        return data

    def root_at(self, size: int) -> bytes:
        """Give the root over the first `size` entries."""
        if size == self.head.size:
            return self.head.root
        self._check_range(0, size)
        return self._subtree(0, size) if size else EMPTY_ROOT

    def _subtree(self, start: int, stop: int) -> bytes:
        count = stop - start
        if count & (count - 1):
            split = start + (1 << ((count - 1).bit_length() - 1))
            return node_hash(self._subtree(start, split), self._subtree(split, stop))
        level = (count.bit_length() - 1) // _LEVEL_BITS
        shift = level * _LEVEL_BITS
        return root_of(self._hashes(level, start >> shift, stop >> shift))

    def inclusion(self, index: int, size: int | None = None) -> list[bytes]:
        """Prove that an entry stands under the root at `size`."""
        size = self.head.size if size is None else size
        self._check_range(index, index + 1)
        self._check_range(index + 1, size)
        return self._path(index, 0, size)

    def _path(self, index: int, start: int, stop: int) -> list[bytes]:
        if stop - start == 1:
            return []
        split = start + (1 << ((stop - start - 1).bit_length() - 1))
        if index < split:
            return [*self._path(index, start, split), self._subtree(split, stop)]
        return [*self._path(index, split, stop), self._subtree(start, split)]

    def consistency(self, old: int, new: int | None = None) -> list[bytes]:
        """Prove that the tree at `old` is a prefix of the tree at `new`."""
        new = self.head.size if new is None else new
        self._check_range(1, old)
        self._check_range(old, new)
        return self._prefix_path(old, 0, new, whole=True)

    def _prefix_path(self, old: int, start: int, stop: int, *, whole: bool) -> list[bytes]:
        if old == stop:
            return [] if whole else [self._subtree(start, stop)]
        split = start + (1 << ((stop - start - 1).bit_length() - 1))
        if old <= split:
            rest = self._prefix_path(old, start, split, whole=whole)
            return [*rest, self._subtree(split, stop)]
        rest = self._prefix_path(old, split, stop, whole=False)
        return [*rest, self._subtree(start, split)]

    def receipt(self, index: int) -> bytes:
        """Give the COSE receipt of an entry under the current head."""
        if self._receipt_key is None:
            raise Refused(
                "E-LOG-08",
                "The log is open for reading only.",
                why="Its receipt key was not given.",
                fix="Open it for writing, or keep the receipts that you were given.",
            )
        protected = receipt_protected(self.origin, self._receipt_key.public.thumbprint)
        return encode_receipt(
            protected, self.head.receipt, index, self.head.size, self.inclusion(index)
        )

    def checkpoint_before(self, day: int) -> bytes:
        """Give the last checkpoint of an earlier day, or the oldest one."""
        row = self._db.execute(
            "SELECT checkpoint FROM days WHERE day<? ORDER BY day DESC LIMIT 1", (day,)
        ).fetchone()
        if row is None:
            row = self._db.execute("SELECT checkpoint FROM days ORDER BY day LIMIT 1").fetchone()
        return bytes(row[0]) if row else self.head.checkpoint

    # --- public documents ----------------------------------------------------------------------

    def put_document(self, data: bytes) -> bytes:
        """Keep a public document beside the tiles, named by its SHA-256; gives the digest."""
        digest = hashlib.sha256(data).digest()
        path = self.directory / DOCUMENTS_DIR / digest.hex()
        if not path.exists():
            write_file(path, data)
        return digest

    def document(self, digest: bytes) -> bytes:
        """Read a public document; raises `E-LOG-11` where it is missing or another."""
        try:
            data = (self.directory / DOCUMENTS_DIR / digest.hex()).read_bytes()
        except OSError:
            data = b""
        if hashlib.sha256(data).digest() != digest:
            raise Broken(
                "E-LOG-11",
                "A public document is missing or was changed.",
                why="Its bytes do not have the digest that the log states.",
                fix="Restore it from a mirror.",
                where=f"{DOCUMENTS_DIR}/{digest.hex()}",
            )
        return data


def _damaged(where: str, why: str) -> Broken:
    return Broken(
        "E-LOG-12",
        "A file of the log is damaged.",
        why=f"Found that {why}.",
        fix="Restore it from a mirror; never from an older copy.",
        where=where,
    )


def _connect(path: Path, *, read_only: bool) -> sqlite3.Connection:
    if read_only:
        # no writer's files beside it: read the database alone and create nothing
        still = not any(path.with_name(path.name + end).exists() for end in ("-wal", "-shm"))
        uri = f"file:{path}?mode=ro" + ("&immutable=1" if still else "")
    else:
        uri = f"file:{path}?mode=rw"
    db = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
    db.execute("PRAGMA synchronous=FULL")
    return db


def _lock(directory: Path) -> int:
    try:
        fd = os.open(directory, os.O_RDONLY)
    except OSError:
        raise Broken(
            "E-LOG-02",
            "The log's directory cannot be read.",
            why="It is missing.",
            fix="Restore the log from a mirror.",
            where=str(directory),
        ) from None
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(fd)
        raise Refused(
            "E-LOG-04",
            "Another process writes to this ledger.",
            why="A log has one writer at a time, so that it never forks.",
            fix="Wait until the other command ends, or stop the server first.",
            where=str(directory),
        ) from None
    return fd


def _unlock(lock: int | None) -> None:
    if lock is not None:
        os.close(lock)
