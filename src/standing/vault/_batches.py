"""Batches: one row a batch, each record sealed alone inside it, and what each leaf is.

A batch is `staged` (invisible) until the log holds its statement, then `included`.
"""

import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final

import numpy as np

from standing.errors import Broken
from standing.vault._database import Database
from standing.vault._runs import (
    POSTING,
    Rows,
    drop_staged_runs,
    settle_runs,
    write_run,
)

_LEAF: Final = 32
_OWNER: Final = np.dtype("<u8")
_LENGTH: Final = np.dtype("<u4")


class LeafKind(IntEnum):
    """What a leaf of a batch is; committed to by the intake document."""

    PADDING = 0
    RECORD = 1
    DROPPED = 2
    ERASED = 3


@dataclass(frozen=True, slots=True)
class SealedBatch:
    """A batch as the vault stores it. Crosses process borders."""

    signed: bytes  # the issuer's COSE_Sign1
    statement: bytes  # its hash
    issuer: str
    context: str
    kinds: bytes  # one LeafKind a leaf
    leaves: bytes  # 32 bytes a leaf
    owners: bytes  # the subject's number a leaf (u64), 0 where there is no record
    bodies: bytes  # the sealed length a leaf (u32), then all sealed records in order


@dataclass(frozen=True, slots=True)
class StoredBatch:
    """A batch read back; `entry` is its place in the log, or nothing while it is staged."""

    id: int
    statement: bytes
    entry: int | None
    day: int
    issuer: str
    context: str
    kinds: bytes
    leaves: bytes
    owners: Sequence[int]
    bodies: Sequence[bytes]

    @property
    def size(self) -> int:
        """Count the leaves, padding included."""
        return len(self.kinds)

    def leaf(self, position: int) -> bytes:
        """Give the leaf hash at a position."""
        return self.leaves[position * _LEAF : (position + 1) * _LEAF]


def pack_bodies(bodies: Sequence[bytes]) -> bytes:
    """Lay the sealed records of a batch into one value; an empty one where none is."""
    return np.fromiter(map(len, bodies), _LENGTH, len(bodies)).tobytes() + b"".join(bodies)


_COLUMNS: Final = "id, statement, entry, day, issuer, context, kinds, leaves, owners, bodies"


def _stored(row: tuple[Any, ...]) -> StoredBatch:
    size = len(row[6])
    lengths = np.frombuffer(row[9][: size * 4], _LENGTH) if len(row[9]) >= size * 4 else None
    if lengths is None or len(row[7]) != size * _LEAF or len(row[8]) != size * 8:
        raise _damaged(row[0], "its columns disagree about the number of leaves")
    ends = (np.cumsum(lengths, dtype=np.int64) + size * 4).tolist()
    if ends and ends[-1] != len(row[9]):
        raise _damaged(row[0], "its sealed records do not fill their column")
    starts = [size * 4, *ends[:-1]]
    data = row[9]
    bodies = [data[a:b] for a, b in zip(starts, ends, strict=True)]
    if LeafKind.ERASED in row[6]:
        for position in np.flatnonzero(np.frombuffer(row[6], np.uint8) == LeafKind.ERASED).tolist():
            bodies[position] = bodies[position].lstrip(b"\0")  # overwritten with zeros
    owners = np.frombuffer(row[8], _OWNER).tolist()
    number, statement, entry, day, issuer, context, kinds, leaves = row[:8]
    return StoredBatch(
        number, statement, entry, day, issuer, context, kinds, leaves, owners, bodies
    )


def _damaged(batch: int, why: str) -> Broken:
    return Broken(
        "E-VAULT-07",
        f"Batch {batch} of the vault is damaged.",
        why=f"Found that {why}.",
        fix="Restore vault.db from its backup.",
        where=f"vault.db batch {batch}",
    )


class Batches:
    """The batches of one vault, inside transactions that the vault opens."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def stage(self, batches: Sequence[SealedBatch], row_ids: Rows, day: int) -> None:
        """Store batches invisible to every reader, with their indexes."""
        newest = self._db.execute("SELECT max(id) FROM batches").fetchone()[0] or 0
        postings = []
        for number, batch in enumerate(batches, newest + 1):
            self._db.execute(
                "INSERT INTO batches VALUES (?,?,NULL,?,?,?,?,?,?,?)",
                (
                    number,
                    batch.statement,
                    day,
                    batch.issuer,
                    batch.context,
                    batch.kinds,
                    batch.leaves,
                    batch.owners,
                    batch.bodies,
                ),
            )
            postings.append(_postings(number, np.frombuffer(batch.owners, _OWNER)))
        write_run(self._db.connection, "rowid", row_ids, staged=True)
        if postings:
            write_run(self._db.connection, "posting", np.concatenate(postings), staged=True)

    def include(self, entries: dict[bytes, int]) -> None:
        """Show staged batches, by statement hash, at their places in the log."""
        included = self._db.executemany(
            "UPDATE batches SET entry=? WHERE statement=?",
            [(entry, statement) for statement, entry in entries.items()],
        ).rowcount
        if included > 0:  # else the staged indexes belong to batches that the log lacks
            settle_runs(self._db.connection)

    def staged(self) -> list[bytes]:
        """List the statement hashes of staged batches."""
        return [h for (h,) in self._db.execute("SELECT statement FROM batches WHERE entry IS NULL")]

    def discard_staged(self) -> None:
        """Forget batches that never reached the log; nobody was told that they were taken."""
        self._db.execute("DELETE FROM batches WHERE entry IS NULL")
        drop_staged_runs(self._db.connection)

    def erase(self, places: Iterable[tuple[int, int]]) -> list[bytes]:
        """Empty records at (batch, position), staged ones too; gives their leaves.

        They are overwritten where they lie: to write each batch anew takes three times as long.
        How long they were stays. What intake said of them on arrival stays true of their kind.
        """
        by_batch: dict[int, list[int]] = {}
        for batch, position in places:
            by_batch.setdefault(batch, []).append(position)
        leaves: list[bytes] = []
        for batch, positions in by_batch.items():
            leaves += self._erase_in(batch, positions)
        return leaves

    def _erase_in(self, batch: int, positions: list[int]) -> list[bytes]:
        with self._open("kinds", batch) as kinds:
            size = len(kinds)
            _write_at(kinds, ((p, bytes([LeafKind.ERASED])) for p in positions))
        with self._open("owners", batch) as owners:
            _write_at(owners, ((p * _OWNER.itemsize, bytes(_OWNER.itemsize)) for p in positions))
        with self._open("bodies", batch) as bodies:
            begin = size * _LENGTH.itemsize
            lengths = np.frombuffer(bodies.read(begin), _LENGTH)
            starts = (np.cumsum(lengths, dtype=np.int64) - lengths + begin).tolist()
            _write_at(bodies, ((starts[p], bytes(int(lengths[p]))) for p in positions))
        with self._open("leaves", batch) as found:
            leaves = found.read()
        return [leaves[p * _LEAF : (p + 1) * _LEAF] for p in positions]

    def _open(self, column: str, batch: int) -> sqlite3.Blob:
        try:
            return self._db.connection.blobopen("batches", column, batch)
        except sqlite3.OperationalError:
            raise _damaged(batch, "an index names it and it is not there") from None

    def context_of(self, batch: int) -> str:
        """Give the context of a batch, staged or not."""
        row = self._db.execute("SELECT context FROM batches WHERE id=?", (batch,)).fetchone()
        return str(row[0]) if row else ""

    def get(self, batch: int) -> StoredBatch:
        """Read one included batch."""
        row = self._db.execute(
            f"SELECT {_COLUMNS} FROM batches WHERE id=? AND entry IS NOT NULL",  # noqa: S608 - a constant
            (batch,),
        ).fetchone()
        if row is None:
            raise _damaged(batch, "an index names it and it is not there")
        return _stored(row)

    def statement_of(self, batch: int) -> str:
        """Give the statement hash of an included batch in hex, or "" where there is none."""
        query = "SELECT statement FROM batches WHERE id=? AND entry IS NOT NULL"
        row = self._db.execute(query, (batch,)).fetchone()
        return row[0].hex() if row else ""

    def leaves(self, context: str) -> int:
        """Count the leaves of a context's batches: at least as many as its records."""
        query = "SELECT coalesce(sum(length(kinds)), 0) FROM batches WHERE context=?"
        return int(self._db.execute(query, (context,)).fetchone()[0])

    def each(self, first: int = 0, last: int = 2**62, context: str = "") -> Iterator[StoredBatch]:
        """Read all batches with ids from `first` to `last`, staged ones too; or of one context."""
        query = (
            f"SELECT {_COLUMNS} FROM batches"  # noqa: S608 - a constant
            " WHERE id BETWEEN ? AND ? AND ? IN ('', context) ORDER BY id"
        )
        for row in self._db.execute(query, (first, last, context)):
            yield _stored(row)

    def included_since(
        self, after: int, wanted: Collection[int]
    ) -> tuple[int, list[tuple[int, bytes, str, int]]]:
        """List (subject, leaf, context, day) of wanted subjects' records in batches after a row.

        Gives the last row read with them; a staged batch waits, and all after it.
        """
        found: list[tuple[int, bytes, str, int]] = []
        if not wanted:
            return self._last_included(after), found
        for batch in self.each(after + 1):
            if batch.entry is None:
                break
            found += [
                (owner, batch.leaf(position), batch.context, batch.day)
                for position, owner in enumerate(batch.owners)
                if owner in wanted and batch.kinds[position] == LeafKind.RECORD
            ]
            after = batch.id
        return after, found

    def _last_included(self, after: int) -> int:
        """Give the last row before the first that is still staged, at least `after`."""
        staged = "SELECT coalesce(min(id), 9223372036854775807) FROM batches WHERE entry IS NULL"
        query = f"SELECT max(id) FROM batches WHERE id<({staged})"  # noqa: S608 - a constant
        return max(after, self._db.execute(query).fetchone()[0] or 0)

    def ids(self) -> list[int]:
        """List the ids of all batches."""
        return [i for (i,) in self._db.execute("SELECT id FROM batches ORDER BY id")]


def _write_at(blob: sqlite3.Blob, parts: Iterable[tuple[int, bytes]]) -> None:
    for place, data in parts:
        blob.seek(place)
        blob.write(data)


def _postings(batch: int, owners: np.ndarray[Any, Any]) -> Rows:
    positions = np.flatnonzero(owners)
    rows = np.empty(len(positions), POSTING)
    rows["subject"] = owners[positions]
    rows["batch"] = batch
    rows["position"] = positions
    return rows


def postings_from(batch: StoredBatch) -> Rows:
    """Recompute a batch's postings, for an auditor."""
    return _postings(batch.id, np.asarray(batch.owners, _OWNER))
