"""Re-derive everything in a log's directory from its entries, and compare byte for byte."""

import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from standing.errors import Broken
from standing.log._frontier import Frontier
from standing.log._layout import TILE, pack_entries, tile_path
from standing.log._log import CHECKPOINT_FILE, DB_FILE, DOCUMENTS_DIR, Log
from standing.verify.checkpoints import Checkpoint, verify_checkpoint
from standing.verify.receipts import receipt_protected
from standing.verify.tree import leaf_hash, root_of
from standing.wire import cose
from standing.wire.keys import PublicKey

_DB_FILES: Final = frozenset({DB_FILE, f"{DB_FILE}-wal", f"{DB_FILE}-shm"})


def check_log(
    log: Log,
    *,
    checkpoint_key: PublicKey,
    receipt_key: PublicKey,
    statement_hash_of: Callable[[bytes], bytes],
) -> bytes:
    """Check every file and row of a log against its entries; gives its leaf hashes.

    Raises `E-LOG-13` naming the first place that differs.
    """
    rows = log.db.execute("PRAGMA integrity_check(1)").fetchone()
    if rows[0] != "ok":
        raise _differs(DB_FILE, str(rows[0]))
    entries = list(log.entries())
    leaves = [leaf_hash(entry) for entry in entries]
    _check_head(log, leaves, checkpoint_key, receipt_key)
    _check_rows(log, entries, leaves, checkpoint_key, statement_hash_of)
    _check_files(log, entries, leaves, checkpoint_key)
    return b"".join(leaves)


def _differs(where: str, why: str) -> Broken:
    return Broken(
        "E-LOG-13",
        "The log does not follow from its entries.",
        why=f"{why[:1].upper()}{why[1:]}.",
        fix="Compare with a mirror or a witness; restore the newest honest copy.",
        where=where,
    )


def _roots_at(leaves: Iterable[bytes], sizes: set[int]) -> dict[int, bytes]:
    frontier = Frontier()
    roots = {0: frontier.root()}
    for leaf in leaves:
        frontier.append(leaf)
        if frontier.size in sizes:
            roots[frontier.size] = frontier.root()
    return roots


def _check_head(
    log: Log, leaves: list[bytes], checkpoint_key: PublicKey, receipt_key: PublicKey
) -> None:
    frontier = Frontier()
    for leaf in leaves:
        frontier.append(leaf)
    stored = log.db.execute("SELECT frontier FROM head").fetchone()[0]
    if stored != frontier.dump() or log.head.root != frontier.root():
        raise _differs(f"{DB_FILE} head", "its root is not the root of the entries")
    stated = verify_checkpoint(log.head.checkpoint, log.origin, checkpoint_key)
    if stated != Checkpoint(log.origin, len(leaves), frontier.root(), log.extensions):
        raise _differs(f"{DB_FILE} head", "its checkpoint states another tree")
    protected = receipt_protected(log.origin, receipt_key.thumbprint)
    receipt_key.verify(log.head.receipt, cose.sig_structure(protected, log.head.root))


def _check_rows(
    log: Log,
    entries: list[bytes],
    leaves: list[bytes],
    checkpoint_key: PublicKey,
    statement_hash_of: Callable[[bytes], bytes],
) -> None:
    for index, leaf in log.db.execute("SELECT idx, leaf FROM entries"):
        if not 0 <= index < len(leaves) or leaves[index] != leaf:
            raise _differs(f"{DB_FILE} entry {index}", "its leaf hash is another")
    wanted = {statement_hash_of(entry): index for index, entry in enumerate(entries)}
    if wanted != dict(log.db.execute("SELECT hash, idx FROM statements")):
        raise _differs(f"{DB_FILE} statements", "the index of statement hashes is another")
    days = log.db.execute("SELECT day, size, checkpoint FROM days ORDER BY day").fetchall()
    roots = _roots_at(leaves, {size for _, size, _ in days})
    for day, size, data in days:
        stated = verify_checkpoint(data, log.origin, checkpoint_key)
        if stated.size != size or roots.get(size) != stated.root:
            raise _differs(f"{DB_FILE} day {day}", "its checkpoint states another tree")


def _check_files(
    log: Log, entries: list[bytes], leaves: list[bytes], checkpoint_key: PublicKey
) -> None:
    published = log.published_checkpoint(checkpoint_key)
    size = published.size if published else 0
    if size > len(leaves):
        raise _differs(CHECKPOINT_FILE, f"it states {size} entries, log.db has {len(leaves)}")
    if published and published != Checkpoint(log.origin, size, log.root_at(size), log.extensions):
        raise _differs(CHECKPOINT_FILE, "it states another tree")
    expected = dict(_tiles(entries, leaves, size))
    seen: set[str] = set()
    for path in sorted(p for p in log.directory.rglob("*") if p.is_file()):
        name = path.relative_to(log.directory).as_posix()
        if name in _DB_FILES or name == CHECKPOINT_FILE:
            continue
        seen.add(name)
        _check_file(path, name, expected)
    missing = [name for name in expected if name not in seen and ".p/" not in name]
    missing += [name for name in _last_partials(size) if name not in seen]
    if missing:
        raise _differs(missing[0], "the file is missing")


def _check_file(path: Path, name: str, expected: dict[str, bytes]) -> None:
    data = path.read_bytes()
    if name.startswith(f"{DOCUMENTS_DIR}/"):
        if hashlib.sha256(data).hexdigest() != path.name:
            raise _differs(name, "the document does not have the digest that names it")
        return
    if expected.get(name) != data:
        raise _differs(name, "the file is not what the entries give")


def _tiles(entries: list[bytes], leaves: list[bytes], size: int) -> Iterable[tuple[str, bytes]]:
    """Give every tile that may be published up to `size`, partial ones of each width too."""
    level, hashes = 0, leaves[:size]
    bundles = entries[:size]
    while hashes:
        for number in range(-(-len(hashes) // TILE)):
            part = hashes[number * TILE : (number + 1) * TILE]
            last = (number + 1) * TILE >= len(hashes)
            widths = range(1, len(part) + 1) if last else (TILE,)
            for width in widths:
                yield tile_path(level, number, width), b"".join(part[:width])
                if level == 0:
                    start = number * TILE
                    bundle = pack_entries(bundles[start : start + width])
                    yield tile_path("entries", number, width), bundle
        full = len(hashes) // TILE * TILE
        hashes = [root_of(hashes[i : i + TILE]) for i in range(0, full, TILE)]
        level += 1


def _last_partials(size: int) -> list[str]:
    names = [tile_path("entries", size // TILE, size % TILE)] if size % TILE else []
    level = 0
    while size >> (8 * level):
        count = size >> (8 * level)
        if count % TILE:
            names.append(tile_path(level, count // TILE, count % TILE))
        level += 1
    return names
