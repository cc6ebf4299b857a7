"""Stored populations: the scores of everybody in a context, as they stood on a day.

Hides where they lie; the rows are the ledger's, (u64 subject, i32 score, u8 band) a subject, and
are looked into only to find whom an erasure takes out.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np

from standing.vault._database import Database

_ROW: Final = np.dtype([("subject", "<u8"), ("rest", "V5")])


class Populations:
    """The stored populations of one vault."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def keep(self, context: str, day: int, pack: bytes, size: int, rows: bytes) -> None:
        """Keep a population's scores as of a log of `size` entries. In a transaction."""
        self._db.execute(
            "INSERT OR REPLACE INTO scores VALUES (?,?,?,?,?)", (context, day, pack, size, rows)
        )

    def every(self) -> Iterator[tuple[str, int, bytes, int, bytes]]:
        """Read (context, day, pack, log size, rows) of all stored populations."""
        query = "SELECT context, day, pack, size, rows FROM scores ORDER BY context, day, pack"
        yield from self._db.execute(query)

    def forget(self, number: int, context: str, before: int) -> None:
        """Remove every one of a day before `before` that a subject is in: its digest is public."""
        query = "SELECT day, pack, rows FROM scores WHERE context=? AND day<?"
        for day, pack, rows in self._db.execute(query, (context, before)).fetchall():
            if len(rows) % _ROW.itemsize:
                continue  # damaged: `verify` says so
            if np.any(np.frombuffer(rows, _ROW)["subject"] == np.uint64(number)):
                self._db.execute(
                    "DELETE FROM scores WHERE context=? AND day=? AND pack=?", (context, day, pack)
                )
