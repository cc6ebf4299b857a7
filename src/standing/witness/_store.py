"""witness.db: what a witness must never forget; one SQLite file, each change durable.

A change is made inside one transaction together with the check that allows it, so two processes
cannot roll each other back. Whoever restores an older copy of this file makes the witness a liar:
it would cosign what it had already moved past.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from standing.errors import Broken, Usage
from standing.log._layout import sync_directory

DB_FILE: Final = "witness.db"
SAME_SIZE: Final = "same size, other root"
NO_PROOF: Final = "no proof of consistency"

_FORMAT: Final = 1
_MAX_EVIDENCE: Final = 1000
"""Rows kept for one log and one kind of conflict: a log may not fill the witness's disk."""
_SCHEMA: Final = (
    """CREATE TABLE logs(
  origin TEXT PRIMARY KEY, size INTEGER NOT NULL, root BLOB NOT NULL, note BLOB NOT NULL,
  keys TEXT NOT NULL, time INTEGER NOT NULL) WITHOUT ROWID, STRICT""",
    """CREATE TABLE evidence(
  id INTEGER PRIMARY KEY, origin TEXT NOT NULL, kind TEXT NOT NULL, size INTEGER NOT NULL,
  root BLOB NOT NULL, held BLOB NOT NULL, offered BLOB NOT NULL, time INTEGER NOT NULL,
  UNIQUE(origin, kind, size, root)) STRICT""",
)


@dataclass(frozen=True)
class State:
    """The newest checkpoint cosigned for a log: its size, root, note with lines, and time."""

    size: int
    root: bytes
    note: bytes
    keys: str
    time: int


@dataclass(frozen=True)
class Evidence:
    """Two checkpoints that one log signed and that may not both be true.

    `kind` says why: of one size with two roots, which proves that the log forked; or without a
    proof of consistency, which may also be the sender's fault. `held` is the note that was
    cosigned, `offered` the request with the log's own lines, `time` when, in seconds since 1970.
    """

    origin: str
    kind: str
    held: bytes
    offered: bytes
    time: int


class Store:
    """An open witness.db. After a failed write it does nothing more (`E-WITNESS-05`)."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._stopped = False

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the one write transaction; its changes are durable once it ends, or never made."""
        if self._stopped:
            raise _stopped("An earlier write failed.")
        try:
            self._db.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:  # nothing was written
            raise _stopped(f"The system says: {error}.") from error
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException as error:
            self._stopped = isinstance(error, sqlite3.Error)
            with suppress(sqlite3.Error):
                self._db.execute("ROLLBACK")
            if self._stopped:
                raise _stopped(f"The system says: {error}.") from error
            raise

    def state(self, origin: str) -> State | None:
        """Give what was last cosigned for a log."""
        query = "SELECT size, root, note, keys, time FROM logs WHERE origin=?"
        row = self._db.execute(query, (origin,)).fetchone()
        return None if row is None else State(_unsigned(row[0]), *row[1:])

    def put(self, origin: str, state: State) -> None:
        """Remember what is about to be answered; inside `writing`."""
        row = (origin, _signed(state.size), state.root, state.note, state.keys, state.time)
        self._db.execute("INSERT OR REPLACE INTO logs VALUES (?,?,?,?,?,?)", row)

    def keep(self, evidence: Evidence, size: int, root: bytes) -> None:
        """Keep evidence once for each offered checkpoint; inside `writing`."""
        query = "SELECT count(*) FROM evidence WHERE origin=? AND kind=?"
        row = self._db.execute(query, (evidence.origin, evidence.kind)).fetchone()
        if row[0] < _MAX_EVIDENCE:
            named = (evidence.origin, evidence.kind, _signed(size), root)
            self._db.execute(
                "INSERT OR IGNORE INTO evidence VALUES (NULL,?,?,?,?,?,?,?)",
                (*named, evidence.held, evidence.offered, evidence.time),
            )

    def count_evidence(self) -> int:
        """Count the evidence."""
        return int(self._db.execute("SELECT count(*) FROM evidence").fetchone()[0])

    def evidence(self) -> list[Evidence]:
        """Give all evidence, oldest first."""
        query = "SELECT origin, kind, held, offered, time FROM evidence ORDER BY id"
        return [Evidence(*row) for row in self._db.execute(query)]

    def close(self) -> None:
        """Close the database."""
        self._db.close()


def create_store(directory: Path) -> Store:
    """Make an empty witness.db; raises `E-WITNESS-02` where one exists."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / DB_FILE
    if path.exists():
        raise Usage(
            "E-WITNESS-02",
            "There is a witness here already.",
            why=f"{DB_FILE} exists; made anew, it would cosign what it has moved past.",
            fix="Open it without --new, or choose another directory.",
            where=str(directory),
        )
    db = _connect(path, "rwc")
    with db:
        db.execute("BEGIN")
        for table in _SCHEMA:
            db.execute(table)
        db.execute(f"PRAGMA user_version={_FORMAT}")
    sync_directory(directory)
    sync_directory(directory.parent)
    return Store(db)


def open_store(directory: Path) -> Store:
    """Open witness.db; `E-WITNESS-03` if there is none, `E-WITNESS-04` if it cannot be read."""
    path = directory / DB_FILE
    if not path.is_file():
        raise Usage(
            "E-WITNESS-03",
            "There is no witness here.",
            why=f"{DB_FILE} does not exist. A witness that lost its memory must not be made anew"
            " under its old key.",
            fix="Name the witness's directory, or found a new witness, with a new key: --new.",
            where=str(directory),
        )
    try:
        db = _connect(path, "rw")
        version = db.execute("PRAGMA user_version").fetchone()[0]
    except sqlite3.Error as error:
        raise _unreadable(path, f"The system says: {error}.") from error
    if version != _FORMAT:
        db.close()
        raise _unreadable(path, f"Got format {version}, this program reads {_FORMAT}.")
    return Store(db)


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    db = sqlite3.connect(
        f"{path.resolve().as_uri()}?mode={mode}",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=FULL")
    except sqlite3.Error:
        db.close()
        raise
    return db


_HALF: Final = 1 << 63


def _signed(size: int) -> int:
    """Fit a size below 2^64 into SQLite's signed integers."""
    return size - 2 * _HALF if size >= _HALF else size


def _unsigned(size: int) -> int:
    return size + 2 * _HALF if size < 0 else size


def _unreadable(path: Path, why: str) -> Broken:
    return Broken(
        "E-WITNESS-04",
        "The witness's memory cannot be read.",
        why=why,
        fix="Never restore an older copy: found a new witness with a new key instead.",
        where=str(path),
    )


def _stopped(why: str) -> Broken:
    return Broken(
        "E-WITNESS-05",
        "The witness cannot remember, so it does not cosign.",
        why=why,
        fix="Check the disk, then start it again.",
    )
