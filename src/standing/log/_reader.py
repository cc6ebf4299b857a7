"""Entries, hashes, roots and proofs of a log, read from its tiles and, past them, from log.db.

Everything follows from the entries: a hash tile that is missing is computed. The log only grows,
so what was once read or computed stays true, and is kept.
"""

from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from standing.errors import Refused
from standing.log._frontier import Frontier
from standing.log._layout import (
    ENTRIES,
    HASH,
    TILE,
    TILE_BITS,
    tile_path,
    tile_range,
    unpack_entries,
)
from standing.log._store import Store, damaged
from standing.verify.tree import EMPTY_ROOT, leaf_hash, node_hash, root_of

_KEPT_TILES: Final = 512  # 4 MiB
_KEPT_BUNDLES: Final = 8


class Reader:
    """Reads one log of `size` entries; whoever appends sets `size`."""

    def __init__(self, directory: Path, store: Store, size: int) -> None:
        self.directory = directory
        self.store = store
        self.size = size
        self._tiles: OrderedDict[tuple[int, int], bytes] = OrderedDict()
        self._bundles: OrderedDict[int, list[bytes]] = OrderedDict()

    def check_range(self, start: int, stop: int) -> None:
        """Raise `E-LOG-10` unless entries `start` to `stop` are in the log."""
        if not 0 <= start <= stop <= self.size:
            raise Refused(
                "E-LOG-10",
                f"The log has no entries {start} to {stop - 1}.",
                why=f"It holds {self.size}.",
                fix="Ask for an index below the log's size.",
            )

    def bundled(self) -> int:
        """Give how many entries lie in bundles alone; the later ones lie in log.db."""
        first = self.store.first_entry()
        return self.size if first is None else first

    def entries(self, start: int, stop: int) -> Iterator[bytes]:
        """Read entries in order."""
        for number in range(start // TILE, -(-stop // TILE)):
            first = number * TILE
            block = slice(max(start, first), min(stop, first + TILE))
            if block.stop <= self.bundled():
                yield from self._bundle(number)[block.start - first : block.stop - first]
            else:
                yield from self.store.entries(block.start, block.stop)

    def _bundle(self, number: int) -> list[bytes]:
        entries = self._bundles.get(number)
        if entries is None:
            entries = self._load_bundle(number)
            self._bundles[number] = entries
            if len(self._bundles) > _KEPT_BUNDLES:
                self._bundles.popitem(last=False)
        return entries

    def _load_bundle(self, number: int) -> list[bytes]:
        name = tile_path(ENTRIES, number)
        try:
            entries = list(unpack_entries((self.directory / name).read_bytes(), name))
        except FileNotFoundError:
            raise damaged(name, "the file is missing") from None
        if len(entries) != TILE:
            raise damaged(name, f"it holds {len(entries)} entries instead of {TILE}")
        return entries

    def hashes(self, level: int, start: int, stop: int) -> bytes:
        """Give hashes of a tile level: 0 is leaves, 1 is roots of 256 leaves, and so on."""
        return b"".join(
            self.tile(level, number, width)[max(start - number * TILE, 0) * HASH :]
            for number, width in tile_range(start, stop)
        )

    def tile(self, level: int, number: int, width: int) -> bytes:
        """Give the first `width` hashes of a tile."""
        place = (level, number)
        known = self._tiles.get(place, b"")
        if len(known) < width * HASH:
            known = self._load_tile(level, number, width, known)
            self._tiles[place] = known
            if len(self._tiles) > _KEPT_TILES:
                self._tiles.popitem(last=False)
        else:
            self._tiles.move_to_end(place)
        return known[: width * HASH]

    def _load_tile(self, level: int, number: int, width: int, known: bytes) -> bytes:
        if width == TILE:
            name = tile_path(level, number)
            try:
                data = (self.directory / name).read_bytes()
            except FileNotFoundError:
                pass  # not published yet, or lost: it is computed below
            else:
                if len(data) != TILE * HASH:
                    raise damaged(name, f"it has {len(data)} bytes instead of {TILE * HASH}")
                return data
        start = number * TILE + len(known) // HASH
        return known + b"".join(self._compute(level, start, number * TILE + width))

    def _compute(self, level: int, start: int, stop: int) -> Iterator[bytes]:
        if level == 0:
            yield from map(leaf_hash, self.entries(start, stop))
        else:
            for number in range(start, stop):
                yield root_of(self.tile(level - 1, number, TILE))

    def frontier(self) -> Frontier:
        """Build the right edge of the tree from what is stored."""
        hashes, start = [], 0
        for bit in reversed(range(self.size.bit_length())):
            if self.size >> bit & 1:
                hashes.append(self.subtree(start, start + (1 << bit)))
                start += 1 << bit
        return Frontier(self.size, hashes)

    def root_at(self, size: int) -> bytes:
        """Give the root over the first `size` entries."""
        return self.subtree(0, size) if size else EMPTY_ROOT

    def subtree(self, start: int, stop: int) -> bytes:
        """Give the root over entries `start` to `stop`, where RFC 9162 puts a subtree."""
        count = stop - start
        if count & (count - 1):
            split = start + _left_part(count)
            return node_hash(self.subtree(start, split), self.subtree(split, stop))
        level = (count.bit_length() - 1) // TILE_BITS
        shift = level * TILE_BITS
        return root_of(self.hashes(level, start >> shift, stop >> shift))

    def inclusion(self, index: int, size: int) -> list[bytes]:
        """Prove that an entry stands under the root at `size` (RFC 9162 section 2.1.3.1)."""
        path, start, stop = [], 0, size
        while stop - start > 1:
            split = start + _left_part(stop - start)
            if index < split:
                path.append(self.subtree(split, stop))
                stop = split
            else:
                path.append(self.subtree(start, split))
                start = split
        return path[::-1]

    def consistency(self, old: int, new: int) -> list[bytes]:
        """Prove that the tree at `old` begins the tree at `new` (RFC 9162 section 2.1.4.1)."""
        path, start, stop = [], 0, new
        while old != stop:
            split = start + _left_part(stop - start)
            if old <= split:
                path.append(self.subtree(split, stop))
                stop = split
            else:
                path.append(self.subtree(start, split))
                start = split
        if start:  # otherwise the verifier has this root already: it is the old root
            path.append(self.subtree(start, stop))
        return path[::-1]


def _left_part(count: int) -> int:
    """Give the largest power of two below a count of two or more."""
    return 1 << ((count - 1).bit_length() - 1)
