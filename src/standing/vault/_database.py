"""One open vault.db: its connection, its one transaction, and its file set aside while worked on.

Hides how SQLite is asked for durability and for overwriting what is deleted, and how a reader
leaves no byte behind. Every room of the vault keeps this object and never the connection, which
is another one after a `set_aside`. Knows no table.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from standing.errors import Refused
from standing.vault._keys import SealingKeys

_AHEAD_PAGES: Final = 8_000  # 32 MiB: moving them into the file stalls one answer in a thousand


class Database:
    """The file of one vault, open; `keys` are made durable before what they seal."""

    def __init__(self, path: Path, keys: SealingKeys, *, read_only: bool) -> None:
        self.path = path
        self.read_only = read_only
        self._keys = keys
        self.connection = _connect(path, read_only=read_only)
        self.undone = 0
        """How often writes were taken back."""

    def execute(self, query: str, values: Sequence[object] = ()) -> sqlite3.Cursor:
        """Run one statement."""
        return self.connection.execute(query, values)

    def executemany(self, query: str, rows: Iterable[Sequence[Any]]) -> sqlite3.Cursor:
        """Run one statement once a row."""
        return self.connection.executemany(query, rows)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make the writes of the block durable together, or none of them."""
        if self.read_only:
            raise Refused(
                "E-VAULT-10",
                "This ledger is open for reading only.",
                why="A write was asked of it.",
                fix="Open it for writing: standing.open(directory).",
            )
        if self.connection.in_transaction:  # an outer block commits
            yield
            return
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self.connection.execute("ROLLBACK")
            self._keys.rollback()
            self.undone += 1
            raise
        self._keys.commit()  # first: what is sealed must never be durable without its key
        self.connection.execute("COMMIT")

    def drain(self) -> bool:
        """Empty the write-ahead file; not possible while another process reads its view of it."""
        busy, _, _ = self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return not busy

    @contextmanager
    def set_aside(self) -> Iterator[None]:
        """Close the database while its file is worked on."""
        self.connection.close()
        try:
            yield
        finally:
            self.connection = _connect(self.path, read_only=False)

    def close(self) -> None:
        """Close it."""
        self.connection.close()


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
