"""Sorted runs: two indexes that grow by millions of rows, each commit one sorted run.

`rowid` holds keyed 16-byte identities of every row ever taken (is it already there?);
`posting` holds (subject, batch, position) of every record (which are hers?). A run is cut into
chunks of 4,096 rows found by their first key; eight runs of one level merge into one of the next,
so that a look-up reads a few chunks and a commit writes only what is new.
"""

import hashlib
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from standing.errors import Broken

Rows = npt.NDArray[np.void]

ROWID: Final = np.dtype([("hi", "<u8"), ("lo", "<u8")])
POSTING: Final = np.dtype([("subject", "<u8"), ("batch", "<u4"), ("position", "<u4")])
_DTYPES: Final = {"rowid": ROWID, "posting": POSTING}
_CHUNK_ROWS: Final = 4_096
_FAN_OUT: Final = 8


def _sorted(kind: str, rows: Rows) -> Rows:
    if kind == "rowid":
        by_hash = rows[np.argsort(rows["hi"])]
        if not (by_hash["hi"][1:] == by_hash["hi"][:-1]).any():
            return by_hash  # keyed 64-bit hashes: equal halves are rare, and sorted apart below
        return rows[np.lexsort((rows["lo"], rows["hi"]))]
    return rows[np.lexsort((rows["position"], rows["batch"], rows["subject"]))]


def _first_key(kind: str, rows: Rows) -> int:
    # SQLite integers are signed: halve the hash, subject numbers have 63 bits already
    return int(rows["hi"][0]) >> 1 if kind == "rowid" else int(rows["subject"][0])


def write_run(db: sqlite3.Connection, kind: str, rows: Rows, *, staged: bool) -> None:
    """Add one run inside the caller's transaction; `staged` until its batches are included."""
    if len(rows):
        _write(db, kind, _sorted(kind, rows), level=0, staged=staged)


def _write(db: sqlite3.Connection, kind: str, rows: Rows, *, level: int, staged: bool) -> None:
    newest = db.execute("SELECT max(run) FROM runs WHERE kind=?", (kind,)).fetchone()[0] or 0
    chunks = []
    for start in range(0, len(rows), _CHUNK_ROWS):
        chunk = rows[start : start + _CHUNK_ROWS]
        data = chunk.tobytes()
        chunks.append(
            (kind, newest + 1, _first_key(kind, chunk), level, int(staged), data, _digest(data))
        )
    # a chunk border inside one key: the later chunk keeps its own key by number of the chunk
    db.executemany("INSERT INTO runs VALUES (?,?,?,?,?,?,?)", _distinct(chunks))


def _distinct(chunks: Iterable[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    last = -1
    pending: tuple[Any, ...] | None = None
    for chunk in chunks:
        if pending is not None and chunk[2] == last:
            data = pending[5] + chunk[5]
            pending = (*pending[:5], data, _digest(data))
            continue
        if pending is not None:
            yield pending
        pending, last = chunk, chunk[2]
    if pending is not None:
        yield pending


def _digest(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def settle_runs(db: sqlite3.Connection) -> None:
    """Mark staged runs as included, and merge levels that are full; in the caller's transaction."""
    db.execute("UPDATE runs SET staged=0 WHERE staged=1")
    for kind in _DTYPES:
        while True:
            full = db.execute(
                "SELECT level FROM runs WHERE kind=? GROUP BY level"
                " HAVING count(DISTINCT run)>=? ORDER BY level LIMIT 1",
                (kind, _FAN_OUT),
            ).fetchone()
            if full is None:
                break
            _merge(db, kind, full[0])


def _merge(db: sqlite3.Connection, kind: str, level: int) -> None:
    rows = np.concatenate(
        [
            np.frombuffer(data, _DTYPES[kind])
            for (data,) in db.execute(
                "SELECT rows FROM runs WHERE kind=? AND level=?", (kind, level)
            )
        ]
    )
    db.execute("DELETE FROM runs WHERE kind=? AND level=?", (kind, level))
    _write(db, kind, _sorted(kind, rows), level=level + 1, staged=False)


def drop_staged_runs(db: sqlite3.Connection) -> None:
    """Forget runs whose batches never reached the log."""
    db.execute("DELETE FROM runs WHERE staged=1")


def load_runs(db: sqlite3.Connection, kind: str) -> list[Rows]:
    """Read all runs of a kind, each sorted; raises `E-VAULT-06` where a chunk is damaged."""
    runs: dict[int, list[Rows]] = {}
    query = "SELECT run, rows, digest FROM runs WHERE kind=? ORDER BY run, first"
    for run, data, digest in db.execute(query, (kind,)):
        if _digest(data) != digest:
            raise Broken(
                "E-VAULT-06",
                f"The {kind} index of the vault is damaged.",
                why="A chunk does not match its digest.",
                fix="Restore vault.db from its backup.",
                where="vault.db",
            )
        runs.setdefault(run, []).append(np.frombuffer(data, _DTYPES[kind]))
    return [np.concatenate(chunks) for chunks in runs.values()]


def load_run_rows(db: sqlite3.Connection, kind: str) -> Rows:
    """Read all rows of a kind into one sorted array."""
    runs = load_runs(db, kind)
    return _sorted(kind, np.concatenate(runs)) if runs else np.empty(0, _DTYPES[kind])


def drop_postings(db: sqlite3.Connection, subject: int, batches: Collection[int]) -> None:
    """Take a subject's records in some batches out of the index; in the caller's transaction."""
    gone, wanted = np.uint64(subject), np.fromiter(batches, np.uint32, len(batches))
    for (run,) in db.execute("SELECT DISTINCT run FROM runs WHERE kind='posting'").fetchall():
        held = _chunks_about(db, run, subject)
        kept = []
        for first, level, staged, data in held:
            rows = np.frombuffer(data, POSTING)
            left = rows[(rows["subject"] != gone) | ~np.isin(rows["batch"], wanted)]
            if len(left):
                kept.append((level, staged, left.tobytes(), _first_key("posting", left)))
            db.execute("DELETE FROM runs WHERE kind='posting' AND run=? AND first=?", (run, first))
        chunks = (
            ("posting", run, first, level, staged, data, _digest(data))
            for level, staged, data, first in kept
        )
        db.executemany("INSERT INTO runs VALUES (?,?,?,?,?,?,?)", _distinct(chunks))


def _chunks_about(
    db: sqlite3.Connection, run: int, subject: int
) -> list[tuple[int, int, int, bytes]]:
    """Read the chunks of a run that may hold a subject, and the next: they may become one."""
    start = db.execute(
        "SELECT max(first) FROM runs WHERE kind='posting' AND run=? AND first<?", (run, subject)
    ).fetchone()[0]
    query = (
        "SELECT first, level, staged, rows FROM runs"
        " WHERE kind='posting' AND run=? AND first>=? ORDER BY first"
    )
    found = []
    for chunk in db.execute(query, (run, 0 if start is None else start)):
        found.append(chunk)
        if chunk[0] > subject:
            break
    return found


def postings_of(db: sqlite3.Connection, subject: int) -> list[tuple[int, int]]:
    """List (batch, position) of every record of one subject; what is staged is nobody's yet."""
    found: list[tuple[int, int]] = []
    key = np.uint64(subject)  # a plain int would be compared as a float, and 63 bits do not fit
    runs = db.execute("SELECT DISTINCT run FROM runs WHERE kind='posting' AND staged=0").fetchall()
    for (run,) in runs:
        for chunk in _chunks_from(db, run, subject):
            low = int(np.searchsorted(chunk["subject"], key, "left"))
            high = int(np.searchsorted(chunk["subject"], key, "right"))
            hits = chunk[low:high]
            found += zip(hits["batch"].tolist(), hits["position"].tolist(), strict=True)
            if high < len(chunk):
                break
    return sorted(found)


def _chunks_from(db: sqlite3.Connection, run: int, subject: int) -> Iterator[Rows]:
    start = db.execute(
        "SELECT max(first) FROM runs WHERE kind='posting' AND run=? AND first<?", (run, subject)
    ).fetchone()[0]
    query = "SELECT rows FROM runs WHERE kind='posting' AND run=? AND first>=? ORDER BY first"
    for (data,) in db.execute(query, (run, start if start is not None else 0)):
        yield np.frombuffer(data, POSTING)


def known_rows(runs: Sequence[Rows], wanted: Rows) -> npt.NDArray[np.bool_]:
    """Tell for each wanted identity whether one of the runs holds it."""
    hit = np.zeros(len(wanted), bool)
    for run in runs:
        hit |= _in_run(run, wanted)
    return hit


def _in_run(known: Rows, wanted: Rows) -> npt.NDArray[np.bool_]:
    at = np.searchsorted(known["hi"], wanted["hi"], "left")
    hit = np.zeros(len(wanted), bool)
    candidates = np.flatnonzero(
        (at < len(known)) & (known["hi"][np.minimum(at, len(known) - 1)] == wanted["hi"])
    )
    for index in candidates.tolist():
        place = int(at[index])
        while place < len(known) and known["hi"][place] == wanted["hi"][index]:
            if known["lo"][place] == wanted["lo"][index]:
                hit[index] = True
                break
            place += 1
    return hit
