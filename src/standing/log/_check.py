"""Re-derive everything in a log's directory from its entries, and compare byte for byte."""

import hashlib
import sqlite3
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final, NoReturn

import numpy as np

from standing.errors import Broken, Refused
from standing.log._derive import Derived, HashOf, derive_bundles
from standing.log._layout import (
    CHECKPOINT_FILE,
    DB_FILE,
    DOCUMENTS_DIR,
    ENTRIES,
    HASH,
    TILE,
    UNFINISHED_FILE,
    WITNESSED_FILE,
    cut_hashes,
    pack_entries,
    tile_path,
)
from standing.log._log import Log
from standing.log._publish import tiles_between
from standing.log._signers import HeadKeys
from standing.log._store import BEFORE_ALL_DAYS, SCHEMA
from standing.log._tree import Tree
from standing.verify.checkpoints import Checkpoint, parse_checkpoint, verify_checkpoint
from standing.verify.receipts import receipt_protected
from standing.verify.tree import EMPTY_ROOT, leaf_hash, root_of
from standing.wire import cose
from standing.wire.keys import PublicKey

KeysAt = Callable[[int], HeadKeys]
"""Gives the keys of the first head beyond so many entries."""

_ROWS: Final = 50_000
# Checked by rows, or what a crash leaves behind and the next writer removes.
_NOT_DERIVED: Final = frozenset(
    {DB_FILE, f"{DB_FILE}-wal", f"{DB_FILE}-shm", CHECKPOINT_FILE, WITNESSED_FILE, UNFINISHED_FILE}
)


def check_log(log: Log, *, keys: KeysAt, statement_hash_of: HashOf) -> bytes:
    """Check every file and row of a log against its entries; gives its leaf hashes.

    `keys` gives the keys for the first head beyond a size. `state` rows are the charter's, and not
    examined; nor is what witnesses signed. Raises `E-LOG-13` naming the first place that differs.
    A checkpoint file behind the last commit is no fault: the next writer publishes.
    """
    try:
        check = _Check(log, keys)
        check.database()
        check.entries(statement_hash_of)
        check.heads()
        check.days()
        check.checkpoint_file()
        check.upper_levels()
        check.other_files()
    except sqlite3.Error as error:
        raise _differs(DB_FILE, f"SQLite says {error}") from error
    return check.leaves


class _Check:
    """One pass over a log: what was derived so far, and which files were found in order."""

    def __init__(self, log: Log, keys: KeysAt) -> None:
        self._log = log
        self._db = log.db
        self._keys = keys
        self._sizes = [size for (size,) in self._db.execute("SELECT size FROM heads ORDER BY size")]
        self._published = self._published_size()
        self._required = {tile_path(*place) for place in tiles_between(0, self._published)}
        self._seen: set[str] = set()
        self._roots: dict[int, bytes] = {}
        self._roots_of_tiles = b""
        self.leaves = b""

    def _before(self, size: int) -> int:
        """Give the size of the head before the one at `size`."""
        place = bisect_left(self._sizes, size)
        return self._sizes[place - 1] if place else 0

    def _published_size(self) -> int:
        data = self._log.published()
        if data is None:
            return 0
        with _placed(CHECKPOINT_FILE):
            size = parse_checkpoint(data)[0].size
        if size > self._log.head.size:
            held = self._log.head.size
            raise _differs(CHECKPOINT_FILE, f"it states {size} entries, log.db has {held}")
        return size

    def database(self) -> None:
        """Let SQLite compare its own indexes, and compare the tables with those we make."""
        verdict = self._db.execute("PRAGMA integrity_check(1)").fetchone()[0]
        if verdict != "ok":
            raise _differs(DB_FILE, f"SQLite finds {verdict}")
        made = self._db.execute("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL").fetchall()
        if sorted(sql for (sql,) in made) != sorted(SCHEMA):
            raise _differs(DB_FILE, "its tables are not the log's")
        last = self._db.execute("SELECT max(idx) FROM entries").fetchone()[0]
        if last is not None and last >= self._log.head.size:
            raise _differs(f"{DB_FILE} entries", f"entry {last} lies beyond the head")

    def entries(self, statement_hash_of: HashOf) -> None:
        """Compare bundles, leaf tiles and the index of statements; compute each head's root."""
        bundles = min(self._log.bundled, self._log.head.size) // TILE
        leaves: list[bytes] = []
        names: list[bytes] = []
        for part in derive_bundles(self._log.directory, bundles, statement_hash_of):
            if part.problem is not None:
                self._blame(part, sum(map(len, names)) // HASH)
            leaves.append(part.leaves)
            names.append(part.names)
            self._roots_of_tiles += part.roots
            self._seen.update(part.seen)
        for first in range(bundles * TILE, self._log.head.size, TILE):
            block = list(self._log.entries(first, min(first + TILE, self._log.head.size)))
            hashes = [leaf_hash(entry) for entry in block]
            for index, entry in enumerate(block, first):
                with _placed(f"entry {index}"):
                    names.append(statement_hash_of(entry))
            self._tile(ENTRIES, first // TILE, block)
            self._tile(0, first // TILE, hashes)
            leaves += hashes
        self.leaves = b"".join(leaves)
        held = len(self._roots_of_tiles) // HASH * TILE * HASH
        self._roots_of_tiles += b"".join(_tile_roots(self.leaves[held:]))
        self._check_statements(b"".join(names))
        tree = Tree(self._from_leaves)
        for size in sorted({*self._sizes, self._published, self._log.head.size} - {0}):
            if not 0 < size <= self._log.head.size:
                raise _differs(f"{DB_FILE} heads", f"a head at {size} lies beyond the log")
            self._roots[size] = tree.root_at(size)
        self._roots[0] = EMPTY_ROOT

    def _blame(self, part: Derived, first: int) -> NoReturn:
        """Name the file that is wrong: where bundle and tile disagree, the index tells which."""
        assert part.problem is not None, "asked before"
        if part.suspect is not None:
            start = part.suspect * HASH
            if self._log.find(part.names[start : start + HASH]) != first + part.suspect:
                raise _unfound(first + part.suspect)
        raise _differs(*part.problem)

    def _from_leaves(
        self, level: int, number: int, width: int, known: Sequence[bytes]
    ) -> Iterable[bytes]:
        """Read a tile for a tree over the leaves in memory."""
        first = number * TILE
        start, stop = first + len(known), first + width
        if level == 0:
            return cut_hashes(self.leaves[start * HASH : stop * HASH])
        if level == 1:
            return cut_hashes(self._roots_of_tiles[start * HASH : stop * HASH])
        run = HASH * TILE**level
        return (root_of(self.leaves[at * run : (at + 1) * run]) for at in range(start, stop))

    def _check_statements(self, names: bytes) -> None:
        """Compare the index of statements, which SQLite keeps in order of hashes, with them."""
        wanted = np.frombuffer(names, dtype="S32")
        order = np.argsort(wanted, kind="stable")
        at = 0
        rows = self._db.execute("SELECT hash, idx FROM statements ORDER BY hash")
        while chunk := rows.fetchmany(_ROWS):
            places = order[at : at + len(chunk)]
            hashes = b"".join(name for name, _ in chunk)
            listed = np.array([index for _, index in chunk])
            if hashes != wanted[places].tobytes() or not np.array_equal(listed, places):
                raise self._misfiled(chunk, places.tolist(), names)
            at += len(chunk)
        if at != len(wanted):
            raise _differs(f"{DB_FILE} statements", f"it lists {at} statements")

    def _misfiled(
        self, chunk: list[tuple[bytes, int]], places: Sequence[int], names: bytes
    ) -> Broken:
        for (name, index), place in zip(chunk, places, strict=False):
            start = place * HASH
            if name != names[start : start + HASH] or index != place:
                break
        return _unfound(place)

    def _tile(self, level: int | str, number: int, parts: list[bytes]) -> None:
        """Compare a full tile and every partial one with the hashes or entries that it holds."""
        pack = pack_entries if level == ENTRIES else b"".join
        widths = [TILE] if len(parts) == TILE else []
        folder = self._log.directory / f"{tile_path(level, number)}.p"
        if folder.is_dir():
            names = {str(width): width for width in range(1, min(len(parts), TILE - 1) + 1)}
            widths += [names[path.name] for path in folder.iterdir() if path.name in names]
        for width in widths:
            name = tile_path(level, number, width)
            path = self._log.directory / name
            if path.is_file():
                self._seen.add(name)
                if path.read_bytes() != pack(parts[:width]):
                    raise _differs(name, "the file is not what the entries give")

    def heads(self) -> None:
        """Verify the last checkpoint, and the signature that each commit's receipts carry."""
        head = self._log.head
        self._checkpoint(f"{DB_FILE} head", head.checkpoint, head.size)
        if head.root != self._roots[head.size]:
            raise _differs(f"{DB_FILE} head", "its root is not the root of the entries")
        rows = self._db.execute(
            "SELECT heads.size, protected, signature FROM heads LEFT JOIN headers ON header=id"
            " ORDER BY heads.size"
        ).fetchall()
        before, used = 0, set()
        for size, header, signature in rows:
            key = self._keys(before).receipt
            protected = receipt_protected(self._log.origin, key.thumbprint)
            if header != protected:
                raise _differs(f"{DB_FILE} heads", f"the receipt header at {size} is another")
            with _placed(f"{DB_FILE} heads"):
                key.verify(signature, cose.sig_structure(protected, self._roots[size]))
            used.add(header)
            before = size
        headers = self._db.execute("SELECT count(*) FROM headers").fetchone()[0]
        if before != head.size or headers != len(used):
            raise _differs(f"{DB_FILE} heads", "the last signed head is not the log's head")

    def days(self) -> None:
        """Verify the last checkpoint of each day."""
        rows = self._db.execute("SELECT day, size, checkpoint FROM days ORDER BY day").fetchall()
        for day, size, data in rows:
            self._checkpoint(f"{DB_FILE} day {day}", data, size)
        sizes = [size for _, size, _ in rows]
        first = self._db.execute("SELECT min(size) FROM heads").fetchone()[0]
        if rows and (rows[0][0], sizes[0], sizes[-1]) != (
            BEFORE_ALL_DAYS,
            first,
            self._log.head.size,
        ):
            raise _differs(f"{DB_FILE} days", "its first or last checkpoint is another")
        if sizes[1:] != sorted(set(sizes[1:])) or bool(rows) != bool(self._log.head.size):
            raise _differs(f"{DB_FILE} days", "its sizes do not grow from day to day")

    def checkpoint_file(self) -> None:
        """Compare the published checkpoint with the tree at its size; verify both its lines."""
        data = self._log.published()
        if data is not None:
            ml_dsa = self._keys(self._published).ml_dsa
            self._checkpoint(CHECKPOINT_FILE, data, self._published, ml_dsa)

    def _checkpoint(
        self, where: str, data: bytes, size: int, ml_dsa: PublicKey | None = None
    ) -> None:
        if not data and size == 0:
            return  # nothing was ever signed
        with _placed(where):
            key = self._keys(self._before(size)).checkpoint
            stated = verify_checkpoint(data, self._log.origin, key, ml_dsa)
        self._compare(where, stated, size)

    def _compare(self, where: str, stated: Checkpoint, size: int) -> None:
        root = self._roots.get(size, b"")
        if stated != Checkpoint(self._log.origin, size, root, self._log.extensions):
            raise _differs(where, "its checkpoint states another tree")

    def upper_levels(self) -> None:
        """Compare the tiles above the leaves, each computed from the full tiles below."""
        level, below = 1, self._roots_of_tiles
        while below:
            hashes = [below[i : i + HASH] for i in range(0, len(below), HASH)]
            for first in range(0, len(hashes), TILE):
                self._tile(level, first // TILE, hashes[first : first + TILE])
            level, below = level + 1, b"".join(_tile_roots(below))

    def other_files(self) -> None:
        """Compare documents with their names; refuse what the log did not write."""
        # A full tile stands for the partial ones, which go as soon as it is there.
        replaced = {name for name in self._required if name.partition(".p/")[0] in self._seen}
        missing = sorted(self._required - self._seen - replaced)
        if missing:
            raise _differs(missing[0], "the file is missing")
        root = self._log.directory
        for path in sorted(root.rglob("*")):
            name = path.relative_to(root).as_posix()
            if path.is_dir() or name in self._seen or name in _NOT_DERIVED:
                continue
            if path.parent != root / DOCUMENTS_DIR:
                raise _differs(name, "the log writes no such file")
            if hashlib.sha256(path.read_bytes()).hexdigest() != path.name:
                raise _differs(name, "the document does not have the digest that names it")


def _tile_roots(hashes: bytes) -> Iterator[bytes]:
    width = TILE * HASH
    for start in range(0, len(hashes) // width * width, width):
        yield root_of(hashes[start : start + width])


@contextmanager
def _placed(where: str) -> Iterator[None]:
    """Name the place of what cannot be read or does not verify."""
    try:
        yield
    except (Refused, Broken) as error:
        raise _differs(where, str(error).rstrip(".")) from error


def _unfound(place: int) -> Broken:
    return _differs(f"entry {place}", "the index of statements does not lead to it")


def _differs(where: str, why: str) -> Broken:
    return Broken(
        "E-LOG-13",
        "The log does not follow from its entries.",
        why=f"{why[:1].upper()}{why[1:]}.",
        fix="Compare with a mirror or a witness; restore the newest honest copy.",
        where=where,
    )
