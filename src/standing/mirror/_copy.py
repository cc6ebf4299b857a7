"""Copies entries past what is held, and computes every hash tile from them.

A tile's hashes come from the entries alone, so a copy whose root is the signed one is complete.
Bundles are fetched a few ahead and kept in memory only until written. Files become durable in
groups, all before the caller writes the checkpoint that promises them.
"""

import hashlib
import os
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Final

from standing.errors import StandingError
from standing.log._frontier import Frontier
from standing.log._layout import (
    ENTRIES,
    TILE,
    TILE_BITS,
    cut_hashes,
    pack_entries,
    sync_directory,
    tile_path,
)
from standing.log._publish import tiles_between
from standing.log._tiles import MAX_BUNDLE_BYTES, Fault, read_wide, unpack, width_of
from standing.mirror._held import Held
from standing.mirror._source import Source
from standing.verify.tree import node_hash, root_of

_THREADS: Final = 4
_AHEAD: Final = 8
_GROUP: Final = 512


class Files:
    """Puts files in place whole, and makes them durable in groups."""

    def __init__(self, root: Path, pool: ThreadPoolExecutor) -> None:
        self._root = root
        self._pool = pool
        self._written: list[Path] = []
        self._folders: set[Path] = set()

    def put(self, name: str, data: bytes) -> None:
        """Write a file; it is durable after the next `settle`."""
        path = self._root / name
        self._make(path.parent)
        temporary = path.with_name(f".{path.name}")
        temporary.write_bytes(data)
        temporary.rename(path)
        self._written.append(path)
        self._folders.add(path.parent)
        if len(self._written) >= _GROUP:
            self.settle()

    def settle(self) -> None:
        """Make all files written so far durable, names and contents."""
        list(self._pool.map(_sync, self._written))
        for folder in self._folders:
            sync_directory(folder)
        self._written.clear()
        self._folders.clear()

    def _make(self, folder: Path) -> None:
        if folder not in self._folders and not folder.is_dir():
            self._make(folder.parent)
            folder.mkdir(exist_ok=True)
            self._folders.add(folder.parent)


class Copy:
    """One copy from what is held to a larger tree; `root` is then what the entries give."""

    def __init__(self, held: Held, source: Source, size: int, fault: Fault) -> None:
        self._held = held
        self._source = source
        self._size = size
        self._fault = fault
        self._base = held.size // TILE * TILE
        self.reused = False

    def run(self, *, reuse: bool) -> Iterator[list[bytes]]:
        """Copy, giving the entries of each bundle as it is taken in.

        With `reuse`, whole bundles that an earlier, unfinished copy left are read again. The
        bundle that was held in part comes whole. `root` and `old_root` are set at the end.
        """
        with ThreadPoolExecutor(_THREADS) as pool:
            files = Files(self._held.directory, pool)
            levels = self._upper_levels()
            edge = _tile_edge(self._held, self._base)
            tail: list[bytes] = []
            self.old_root = self._held.root if self._held.size == self._base else b""
            for number, bundle in self._bundles(pool, reuse=reuse):
                width = width_of(0, number, self._size)
                entries = unpack(bundle, number, width, self._fault)
                tail = _leaves(entries)
                if self._base == number * TILE < self._held.size:
                    self.old_root = _root(edge, tail[: self._held.size % TILE])
                files.put(tile_path(ENTRIES, number, width), pack_entries(entries))
                files.put(tile_path(0, number, width), b"".join(tail))
                if width == TILE:
                    root = root_of(tail)
                    edge.append(root)
                    _rise(levels, root, number, files)
                    tail = []
                yield entries
            self.root = _root(edge, tail)
            for level, hashes in enumerate(levels, 1):
                if hashes:
                    number = (self._size >> TILE_BITS * level) // TILE
                    files.put(tile_path(level, number, len(hashes)), b"".join(hashes))
            files.settle()

    def _bundles(self, pool: ThreadPoolExecutor, *, reuse: bool) -> Iterator[tuple[int, bytes]]:
        """Fetch bundles in order, a few ahead."""
        numbers = iter(range(self._base // TILE, -(-self._size // TILE)))
        waiting: deque[tuple[int, Future[bytes]]] = deque()
        try:
            while True:
                while len(waiting) < _AHEAD and (number := next(numbers, None)) is not None:
                    waiting.append((number, pool.submit(self._bundle, number, reuse=reuse)))
                if not waiting:
                    return
                number, future = waiting.popleft()
                yield number, future.result()
        finally:
            for _, future in waiting:
                future.cancel()

    def _bundle(self, number: int, *, reuse: bool) -> bytes:
        width = width_of(0, number, self._size)
        name = tile_path(ENTRIES, number, width)
        if reuse and width == TILE:
            data = self._held.read(name)
            if data is not None and _is_whole(data, number):
                self.reused = True
                return data
        found = read_wide(self._read, ENTRIES, number, width)
        if found is None:
            raise self._fault(name, "it is missing")
        return found

    def _read(self, name: str) -> bytes | None:
        return self._source.read(name, MAX_BUNDLE_BYTES)

    def _upper_levels(self) -> list[list[bytes]]:
        """Give, for each level above the leaves, the hashes of its last, partial tile."""
        levels = []
        level = 1
        while count := self._base >> TILE_BITS * level:
            start = count // TILE * TILE
            run = self._held.tree.hashes(level, start, count)
            levels.append(cut_hashes(run))
            level += 1
        return levels

    def discard(self) -> None:
        """Remove the files of a copy that led to another root."""
        for place in tiles_between(self._held.size, self._size):
            (self._held.directory / tile_path(*place)).unlink(missing_ok=True)


def _leaves(entries: Sequence[bytes]) -> list[bytes]:
    sha256 = hashlib.sha256
    return [sha256(b"\x00" + entry).digest() for entry in entries]


class _Edge(Frontier):
    """The right edge of a tree whose leaves here are roots of full tiles."""

    def hashes(self) -> list[bytes]:
        return list(self._hashes)


def _tile_edge(held: Held, base: int) -> _Edge:
    size = base // TILE
    hashes, start = [], 0
    for bit in reversed(range(size.bit_length())):
        if size >> bit & 1:
            hashes.append(held.tree.node(bit + TILE_BITS, start >> bit))
            start += 1 << bit
    return _Edge(size, hashes)


def _root(edge: _Edge, tail: Sequence[bytes]) -> bytes:
    """Give the root over full tiles and the leaves after them."""
    hashes = edge.hashes()
    if not tail:
        return edge.root()
    node = root_of(list(tail))
    for left in reversed(hashes):
        node = node_hash(left, node)
    return node


def _rise(levels: list[list[bytes]], root: bytes, number: int, files: Files) -> None:
    """Put a full tile's root into the tile above, and so on where that is full too."""
    for level in range(1, 64):
        if len(levels) < level:
            levels.append([])
        hashes = levels[level - 1]
        hashes.append(root)
        if len(hashes) < TILE:
            return
        number //= TILE
        files.put(tile_path(level, number), b"".join(hashes))
        root = root_of(hashes)
        hashes.clear()


def _is_whole(data: bytes, number: int) -> bool:
    try:
        unpack(data, number, TILE, _nothing)
    except StandingError:
        return False
    return True


def _nothing(name: str, why: str) -> StandingError:
    return StandingError("", "", why=why, fix="", where=name)


def _sync(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
