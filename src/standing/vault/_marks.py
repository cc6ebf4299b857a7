"""The marks: which documents wait for a public commitment, and which statement holds the others.

A statement is `staged` until the log is known to hold it; after a crash it is included by its hash
or discarded, and its documents wait again. Hides how leaves lie in their statement. Opens nothing.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from standing.vault._database import Database
from standing.verify.tree import HASH_BYTES

_LEAVES_A_QUERY: Final = 500


class Marks:
    """The marks of one vault."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def waiting(self) -> list[bytes]:
        """List the leaves of documents that no marks statement holds yet."""
        query = "SELECT leaf FROM documents WHERE marks IS NULL"
        return [leaf for (leaf,) in self._db.execute(query)]

    def newest_waiting(self) -> int:
        """Give the day of the newest document that no marks hold yet; 0 where there is none."""
        query = "SELECT max(day) FROM documents WHERE marks IS NULL"
        return self._db.execute(query).fetchone()[0] or 0

    def stage(self, statement: bytes, leaves: Sequence[bytes]) -> None:
        """Note which documents a marks statement is about to commit to. In a transaction."""
        newest = self._db.execute("SELECT max(id) FROM marks").fetchone()[0] or 0
        self._db.execute(
            "INSERT INTO marks VALUES (?,?,NULL,?)", (newest + 1, statement, b"".join(leaves))
        )
        self._db.executemany(
            "UPDATE documents SET marks=?, position=? WHERE leaf=?",
            [(newest + 1, position, leaf) for position, leaf in enumerate(leaves)],
        )

    def include(self, entries: dict[bytes, int]) -> None:
        """Note where the log holds marks statements, by statement hash. In a transaction."""
        self._db.executemany(
            "UPDATE marks SET entry=? WHERE statement=?",
            [(entry, statement) for statement, entry in entries.items()],
        )

    def staged(self) -> list[bytes]:
        """List the statement hashes of marks that are not known to be in the log."""
        return [s for (s,) in self._db.execute("SELECT statement FROM marks WHERE entry IS NULL")]

    def discard_staged(self) -> None:
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

    def every(self) -> Iterator[tuple[int, bytes, int | None, bytes]]:
        """Read (id, statement hash, entry, leaves) of all marks."""
        yield from self._db.execute("SELECT id, statement, entry, leaves FROM marks ORDER BY id")

    def held_since(self, after: int) -> tuple[int, list[tuple[bytes, str, int, str]]]:
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
