"""Re-derive everything in a log's directory from its entries, and compare byte for byte."""

import hashlib
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from standing.errors import Broken, Refused
from standing.log._frontier import Frontier
from standing.log._layout import (
    CHECKPOINT_FILE,
    DB_FILE,
    DOCUMENTS_DIR,
    ENTRIES,
    HASH,
    TILE,
    UNFINISHED_FILE,
    pack_entries,
    tile_path,
)
from standing.log._log import Log
from standing.log._publish import tiles_between
from standing.log._store import BEFORE_ALL_DAYS, SCHEMA
from standing.verify.checkpoints import Checkpoint, verify_checkpoint
from standing.verify.receipts import receipt_protected
from standing.verify.tree import leaf_hash, root_of
from standing.wire import cose
from standing.wire.keys import PublicKey

# Checked by rows, or what a crash leaves behind and the next writer removes.
_NOT_DERIVED: Final = frozenset(
    {DB_FILE, f"{DB_FILE}-wal", f"{DB_FILE}-shm", CHECKPOINT_FILE, UNFINISHED_FILE}
)


def check_log(
    log: Log,
    *,
    checkpoint_key: PublicKey,
    receipt_key: PublicKey,
    statement_hash_of: Callable[[bytes], bytes],
) -> bytes:
    """Check every file and row of a log against its entries; gives its leaf hashes.

    `state` rows are the charter's, and not examined. Raises `E-LOG-13` naming the first place
    that differs. A checkpoint file behind the last commit is no fault: the next writer publishes.
    """
    try:
        check = _Check(log, checkpoint_key, receipt_key)
        check.database()
        check.entries(statement_hash_of)
        check.heads()
        check.days()
        check.checkpoint_file()
        check.upper_levels()
        check.other_files()
    except sqlite3.Error as error:
        raise _differs(DB_FILE, f"SQLite says {error}") from error
    return bytes(check.leaves)


class _Check:
    """One pass over a log: what was derived so far, and which files were found in order."""

    def __init__(self, log: Log, checkpoint_key: PublicKey, receipt_key: PublicKey) -> None:
        self._log = log
        self._db = log.db
        self._checkpoint_key = checkpoint_key
        self._receipt_key = receipt_key
        self._published = _published_size(log, checkpoint_key)
        self._required = {tile_path(*place) for place in tiles_between(0, self._published)}
        self._seen: set[str] = set()
        self._roots: dict[int, bytes] = {}
        self.leaves = bytearray()

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

    def entries(self, statement_hash_of: Callable[[bytes], bytes]) -> None:
        """Compare bundles, leaf tiles and the index of statements; compute each head's root."""
        wanted = {size for (size,) in self._db.execute("SELECT size FROM heads")}
        wanted |= {self._published, self._log.head.size}
        frontier = Frontier()
        self._roots[0] = frontier.root()
        for first in range(0, self._log.head.size, TILE):
            block = list(self._log.entries(first, min(first + TILE, self._log.head.size)))
            leaves = [leaf_hash(entry) for entry in block]
            for index, (entry, leaf) in enumerate(zip(block, leaves, strict=True), first):
                self._statement(index, entry, statement_hash_of)
                frontier.append(leaf)
                if frontier.size in wanted:
                    self._roots[frontier.size] = frontier.root()
            self._tile(ENTRIES, first // TILE, block)
            self._tile(0, first // TILE, leaves)
            self.leaves += b"".join(leaves)
        count = self._db.execute("SELECT count(*) FROM statements").fetchone()[0]
        if count != self._log.head.size:
            raise _differs(f"{DB_FILE} statements", f"it lists {count} statements")

    def _statement(
        self, index: int, entry: bytes, statement_hash_of: Callable[[bytes], bytes]
    ) -> None:
        with _placed(f"entry {index}"):
            statement_hash = statement_hash_of(entry)
        if self._log.find(statement_hash) != index:
            raise _differs(f"entry {index}", "the index of statements does not lead to it")

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
        protected = receipt_protected(self._log.origin, self._receipt_key.thumbprint)
        rows = self._db.execute(
            "SELECT heads.size, protected, signature FROM heads LEFT JOIN headers ON header=id"
            " ORDER BY heads.size"
        ).fetchall()
        for size, header, signature in rows:
            if header != protected or size not in self._roots:
                raise _differs(f"{DB_FILE} heads", f"the receipt header at {size} is another")
            with _placed(f"{DB_FILE} heads"):
                signed = cose.sig_structure(protected, self._roots[size])
                self._receipt_key.verify(signature, signed)
        headers = self._db.execute("SELECT count(*) FROM headers").fetchone()[0]
        if (rows[-1][0] if rows else 0) != head.size or headers != min(len(rows), 1):
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
        """Compare the published checkpoint with the tree at its size."""
        stated = self._log.published_checkpoint(self._checkpoint_key)
        if stated is not None:
            self._compare(CHECKPOINT_FILE, stated, self._published)

    def _checkpoint(self, where: str, data: bytes, size: int) -> None:
        if not data and size == 0:
            return  # nothing was ever signed
        with _placed(where):
            stated = verify_checkpoint(data, self._log.origin, self._checkpoint_key)
        self._compare(where, stated, size)

    def _compare(self, where: str, stated: Checkpoint, size: int) -> None:
        root = self._roots.get(size, b"")
        if stated != Checkpoint(self._log.origin, size, root, self._log.extensions):
            raise _differs(where, "its checkpoint states another tree")

    def upper_levels(self) -> None:
        """Compare the tiles above the leaves, each computed from the full tiles below."""
        level, below = 1, bytes(self.leaves)
        while below := b"".join(_tile_roots(below)):
            hashes = [below[i : i + HASH] for i in range(0, len(below), HASH)]
            for first in range(0, len(hashes), TILE):
                self._tile(level, first // TILE, hashes[first : first + TILE])
            level += 1

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


def _published_size(log: Log, key: PublicKey) -> int:
    with _placed(CHECKPOINT_FILE):
        published = log.published_checkpoint(key)
    size = published.size if published else 0
    if size > log.head.size:
        raise _differs(CHECKPOINT_FILE, f"it states {size} entries, log.db has {log.head.size}")
    return size


@contextmanager
def _placed(where: str) -> Iterator[None]:
    """Name the place of what cannot be read or does not verify."""
    try:
        yield
    except (Refused, Broken) as error:
        raise _differs(where, str(error).rstrip(".")) from error


def _differs(where: str, why: str) -> Broken:
    return Broken(
        "E-LOG-13",
        "The log does not follow from its entries.",
        why=f"{why[:1].upper()}{why[1:]}.",
        fix="Compare with a mirror or a witness; restore the newest honest copy.",
        where=where,
    )
