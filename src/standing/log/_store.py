"""log.db: one SQLite file, one transaction a commit, one writer; nothing else is a journal.

Write-ahead logging: one fsync a commit instead of three. A reader never opens the writer's file.
It takes a private copy, so reading writes nothing, needs no lock and sees one commit whole.
After any failed write the store is dead: what a failed fsync left on the disk is unknown, and
trying again can lose what it seems to save.
"""

import fcntl
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from standing.errors import Broken, Refused, Unreachable
from standing.log._layout import DB_FILE, sync_directory, write_file

SCHEMA: Final = (
    "CREATE TABLE entries(idx INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT",
    "CREATE TABLE statements(hash BLOB PRIMARY KEY, idx INTEGER NOT NULL) WITHOUT ROWID, STRICT",
    "CREATE TABLE state(name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID, STRICT",
    """CREATE TABLE head(
  one INTEGER PRIMARY KEY CHECK(one=1), size INTEGER NOT NULL, root BLOB NOT NULL,
  checkpoint BLOB NOT NULL) STRICT""",
    "CREATE TABLE headers(id INTEGER PRIMARY KEY, protected BLOB NOT NULL) STRICT",
    """CREATE TABLE heads(
  size INTEGER PRIMARY KEY, header INTEGER NOT NULL, signature BLOB NOT NULL) STRICT""",
    """CREATE TABLE days(
  day INTEGER PRIMARY KEY, size INTEGER NOT NULL, checkpoint BLOB NOT NULL) STRICT""",
)
"""`heads` keeps the signature of each commit, so that a receipt can be given again unchanged."""

BEFORE_ALL_DAYS: Final = -1
"""The row of `days` that holds the very first checkpoint."""

_FORMAT: Final = 1
_AHEAD_FILE: Final = f"{DB_FILE}-wal"
_AHEAD_HEADER_BYTES: Final = 32
_AHEAD_PAGES: Final = 4_000  # 16 MiB: many commits change one page of the index of statements
_COPY_ATTEMPTS: Final = 20


@dataclass(frozen=True)
class Commit:
    """What one transaction changes: the entries from `first` on, and the head over them all."""

    first: int
    entries: Sequence[tuple[bytes, bytes]]
    state: Mapping[str, bytes]
    day: int
    root: bytes
    checkpoint: bytes
    protected: bytes
    signature: bytes

    @property
    def size(self) -> int:
        """Entries in the log after this commit."""
        return self.first + len(self.entries)


class Store:
    """An open log.db. `keep` is what must live as long: a reader's copy."""

    def __init__(
        self, db: sqlite3.Connection, keep: "tempfile.TemporaryDirectory[str] | None" = None
    ) -> None:
        self._db = db
        self._keep = keep
        self._stopped = False

    @property
    def db(self) -> sqlite3.Connection:
        """The connection; raises `E-LOG-07` after a failed write."""
        if self._stopped:
            raise _stopped("An earlier write failed.")
        return self._db

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Guard a write: whatever ends it early stops the store, but for a refusal.

        Ctrl-C between the commit and the caller's own bookkeeping counts as a failed write.
        """
        if self._stopped:
            raise _stopped("An earlier write failed.")
        try:
            yield
        except Refused:
            raise
        except (sqlite3.Error, OSError) as error:
            self._stop()
            raise _stopped(f"The system says: {error}.") from error
        except BaseException:
            self._stop()
            raise

    def _stop(self) -> None:
        self._stopped = True
        with suppress(sqlite3.Error):  # an open transaction must not be read from
            self._db.close()

    def write(self, commit: Commit) -> None:
        """Make a commit durable, whole or not at all; `E-LOG-09` if it repeats a statement."""
        db = self._db
        try:
            db.execute("BEGIN IMMEDIATE")
            self._insert(commit)
            db.execute("COMMIT")
        except sqlite3.IntegrityError as error:
            db.execute("ROLLBACK")
            raise Refused(
                "E-LOG-09",
                "A statement of this group stands in the log already.",
                why="A statement is registered once.",
                fix="Look it up by its hash.",
            ) from error

    def _insert(self, commit: Commit) -> None:
        db = self._db
        numbered = list(enumerate(commit.entries, commit.first))
        db.executemany("INSERT INTO entries VALUES (?,?)", [(i, e) for i, (e, _) in numbered])
        db.executemany("INSERT INTO statements VALUES (?,?)", [(h, i) for i, (_, h) in numbered])
        db.executemany("INSERT OR REPLACE INTO state VALUES (?,?)", list(commit.state.items()))
        head = (commit.size, commit.root, commit.checkpoint)
        db.execute("INSERT OR REPLACE INTO head VALUES (1,?,?,?)", head)
        header = self._header(commit.protected)
        db.execute("INSERT INTO heads VALUES (?,?,?)", (commit.size, header, commit.signature))
        day = (commit.size, commit.checkpoint)
        if commit.first == 0:
            db.execute("INSERT INTO days VALUES (?,?,?)", (BEFORE_ALL_DAYS, *day))
        db.execute("INSERT OR REPLACE INTO days VALUES (?,?,?)", (commit.day, *day))

    def _header(self, protected: bytes) -> int:
        """Give the row of a receipt header; there is one for each receipt key the log has had."""
        row = self._db.execute("SELECT id FROM headers WHERE protected=?", (protected,)).fetchone()
        if row is None:
            added = self._db.execute("INSERT INTO headers(protected) VALUES (?)", (protected,))
            return int(added.lastrowid or 0)
        return int(row[0])

    def forget_entries(self, stop: int) -> None:
        """Drop the entries before `stop`, which lie in durable bundles by now."""
        self._db.execute("DELETE FROM entries WHERE idx<?", (stop,))

    def head(self) -> tuple[int, bytes, bytes] | None:
        """Give size, root and checkpoint of the last commit, if there was one."""
        row = self.db.execute("SELECT size, root, checkpoint FROM head").fetchone()
        return None if row is None else (int(row[0]), bytes(row[1]), bytes(row[2]))

    def first_entry(self) -> int | None:
        """Give the index of the first entry kept here; None if all lie in bundles."""
        row = self.db.execute("SELECT min(idx) FROM entries").fetchone()
        return None if row[0] is None else int(row[0])

    def entries(self, start: int, stop: int) -> list[bytes]:
        """Read entries kept here; raises `E-LOG-12` if one is missing."""
        query = "SELECT idx, data FROM entries WHERE idx>=? AND idx<? ORDER BY idx"
        rows = self.db.execute(query, (start, stop)).fetchall()
        if [index for index, _ in rows] != list(range(start, stop)):
            raise damaged(DB_FILE, f"an entry from {start} to {stop - 1} is missing")
        return [bytes(data) for _, data in rows]

    def find(self, statement_hash: bytes) -> int | None:
        """Give a statement's place, if the log holds it."""
        query = "SELECT idx FROM statements WHERE hash=?"
        row = self.db.execute(query, (statement_hash,)).fetchone()
        return None if row is None else int(row[0])

    def state(self, name: str) -> bytes | None:
        """Give a state row."""
        row = self.db.execute("SELECT value FROM state WHERE name=?", (name,)).fetchone()
        return None if row is None else bytes(row[0])

    def head_over(self, index: int) -> tuple[int, bytes, bytes]:
        """Give size, receipt header and signature of the commit that brought an entry."""
        row = self.db.execute(
            "SELECT heads.size, protected, signature FROM heads JOIN headers ON header=id"
            " WHERE heads.size>? ORDER BY heads.size LIMIT 1",
            (index,),
        ).fetchone()
        if row is None:
            raise damaged(DB_FILE, f"no signed head covers entry {index}")
        return int(row[0]), bytes(row[1]), bytes(row[2])

    def checkpoint_before(self, day: int) -> bytes | None:
        """Give the last checkpoint of an earlier day, else the first of all."""
        query = "SELECT checkpoint FROM days WHERE day<? ORDER BY day DESC LIMIT 1"
        row = self.db.execute(query, (max(day, 0),)).fetchone()
        return None if row is None else bytes(row[0])

    def days(self) -> list[tuple[int, int]]:
        """List (day, entries at its end) of every day that brought an entry, earliest first."""
        query = "SELECT day, size FROM days WHERE day>? ORDER BY day"
        return self.db.execute(query, (BEFORE_ALL_DAYS,)).fetchall()

    def close(self) -> None:
        """Close the database; a reader's copy is removed."""
        self._db.close()
        if self._keep is not None:
            self._keep.cleanup()


def create_store(directory: Path, page_size: int) -> None:
    """Make an empty log.db, durable in its directory."""
    db = sqlite3.connect(directory / DB_FILE, isolation_level=None)
    try:
        db.execute(f"PRAGMA page_size={page_size:d}")
        # an error comes after the answer: were that not read, nobody would hear of it
        (mode,) = db.execute("PRAGMA journal_mode=WAL").fetchone()
        if mode != "wal":
            raise _stopped("SQLite could not begin to write ahead.")
        db.execute("PRAGMA synchronous=FULL")
        db.execute("BEGIN")
        for table in SCHEMA:
            db.execute(table)
        db.execute(f"PRAGMA user_version={_FORMAT}")
        db.execute("COMMIT")
    finally:
        db.close()
    sync_directory(directory)


def open_store(directory: Path) -> Store:
    """Open log.db for writing; the caller holds the lock."""
    path = directory / DB_FILE
    with _reading(path):
        _renew_ahead(directory)
        db = _connect(f"file:{path}?mode=rw")
        # no other process may use this file, so no shared-memory file is needed beside it
        db.execute("PRAGMA locking_mode=EXCLUSIVE")
        db.execute("PRAGMA synchronous=FULL")
        db.execute(f"PRAGMA wal_autocheckpoint={_AHEAD_PAGES}")
        _check_format(db)
    return Store(db)


def _renew_ahead(directory: Path) -> None:
    """Write anew what a crash left in the write-ahead file, before its commits are believed.

    A writer that died before its fsync, or whose fsync failed, left commits that the system shows
    and the disk may not hold. What is published from them must not outlive them.
    """
    with suppress(FileNotFoundError):
        write_file(directory, _AHEAD_FILE, (directory / _AHEAD_FILE).read_bytes())


def open_copy(directory: Path) -> Store:
    """Open a private copy of log.db as of its last commit, beside a live writer or without one."""
    path = directory / DB_FILE
    keep = tempfile.TemporaryDirectory(prefix="standing-log-")
    try:
        with _reading(path):
            _copy_whole(directory, Path(keep.name))
            db = _connect(f"file:{Path(keep.name) / DB_FILE}?mode=rw")
            _check_format(db)
    except BaseException:
        keep.cleanup()
        raise
    return Store(db, keep)


def _connect(uri: str) -> sqlite3.Connection:
    return sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise _unreadable(path, error) from error


def _check_format(db: sqlite3.Connection) -> None:
    version = db.execute("PRAGMA user_version").fetchone()[0]
    if version != _FORMAT:
        raise Broken(
            "E-LOG-15",
            "The log's database has another format.",
            why=f"Got format {version}, this program reads {_FORMAT}.",
            fix="Open it with the version of standing that wrote it.",
            where=DB_FILE,
        )


def _copy_whole(directory: Path, target: Path) -> None:
    """Copy database and write-ahead file so that together they hold whole commits.

    A live writer may move pages from the second to the first meanwhile: the copy then has them in
    both, which does no harm, unless the second was begun anew before it was copied.
    """
    for _ in range(_COPY_ATTEMPTS):
        before = _generation(directory)
        for name in (DB_FILE, _AHEAD_FILE):
            with suppress(FileNotFoundError):
                shutil.copyfile(directory / name, target / name)
        if _generation(directory) == before and _make_durable(directory, target):
            return
        (target / _AHEAD_FILE).unlink(missing_ok=True)
    raise Unreachable(
        "E-LOG-16",
        "The log is written faster than it can be copied for reading.",
        why=f"{_COPY_ATTEMPTS} copies of {DB_FILE} were overtaken by its writer.",
        fix="Try again when the writer has less to do.",
        where=str(directory),
    )


def _make_durable(directory: Path, target: Path) -> bool:
    """Make the copied commits durable before anybody is shown them; says whether they stand.

    The last one may be in the system's cache alone. Where its file is gone, its writer has closed
    the log, and has taken back what it could not write.
    """
    if not (target / _AHEAD_FILE).exists():
        return True
    try:
        with (directory / _AHEAD_FILE).open("rb") as file:
            os.fsync(file.fileno())
    except FileNotFoundError:
        return False
    return True


def _generation(directory: Path) -> tuple[bytes, int, int]:
    """Tell one beginning of the write-ahead file from the next: its header holds a new salt."""
    stat = (directory / DB_FILE).stat()
    try:
        with (directory / _AHEAD_FILE).open("rb") as file:
            return file.read(_AHEAD_HEADER_BYTES), 0, stat.st_ino
    except FileNotFoundError:
        return b"", stat.st_mtime_ns, stat.st_ino


def lock_directory(directory: Path) -> int:
    """Become the one writer of a log; `E-LOG-04` if there is another."""
    try:
        fd = os.open(directory, os.O_RDONLY)
    except OSError as error:
        raise _unreadable(directory, error) from error
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(fd)
        raise Refused(
            "E-LOG-04",
            "Another process writes to this ledger.",
            why="A log has one writer at a time, so that it never forks.",
            fix="Wait until the other command ends, or stop the server first.",
            where=str(directory),
        ) from error
    return fd


def _unreadable(path: Path, error: Exception) -> Broken:
    return Broken(
        "E-LOG-02",
        "The log cannot be read.",
        why=f"The system says: {error}.",
        fix="Name a ledger directory, or restore the log from a mirror, never an older copy.",
        where=str(path),
    )


def damaged(where: str, why: str) -> Broken:
    """Make the error for a file or row that cannot be what the log wrote."""
    return Broken(
        "E-LOG-12",
        "A file of the log is damaged.",
        why=f"Found that {why}.",
        fix="Restore it from a mirror; never from an older copy.",
        where=where,
    )


def _stopped(why: str) -> Broken:
    return Broken(
        "E-LOG-07",
        "The log stopped after a failed write.",
        why=f"{why} What the disk holds is unknown until the log is opened anew.",
        fix="Check the disk, then start again; unacknowledged statements can be sent again.",
    )
