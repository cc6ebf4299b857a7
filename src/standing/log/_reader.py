"""Entries, hashes, roots and proofs of a log, read from its tiles and, past them, from log.db.

Everything follows from the entries: a hash tile that is missing is computed.
"""

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from standing.errors import Refused
from standing.log._frontier import Frontier
from standing.log._layout import (
    ENTRIES,
    HASH,
    TILE,
    TILE_BITS,
    cut_hashes,
    tile_path,
    unpack_entries,
)
from standing.log._store import Store, damaged
from standing.log._tree import Tree
from standing.verify.tree import leaf_hash

_KEPT_BUNDLES: Final = 8


class Reader:
    """Reads one log of `size` entries; whoever appends says so with `extend`."""

    def __init__(self, directory: Path, store: Store, size: int) -> None:
        self.directory = directory
        self.store = store
        self.size = size
        self.tree = Tree(self._load_tile)
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

    def extend(self, leaves: Sequence[bytes]) -> None:
        """Take note of entries that were appended, by their leaf hashes."""
        self.tree.extend(self.size, leaves)
        self.size += len(leaves)

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

    def _load_tile(
        self, level: int, number: int, width: int, known: Sequence[bytes]
    ) -> Iterable[bytes]:
        """Read the tile's file; compute what is not published yet, or lost."""
        if (number + 1) << TILE_BITS * (level + 1) <= self.size:
            width = TILE  # rather the whole tile at once than a part of it now
        if width == TILE or (level and width):  # the last entries' hashes come from the journal
            name = tile_path(level, number, width)
            try:
                data = (self.directory / name).read_bytes()
            except FileNotFoundError:
                pass
            else:
                if len(data) != width * HASH:
                    raise damaged(name, f"it has {len(data)} bytes instead of {width * HASH}")
                return cut_hashes(data)[len(known) :]
        first = number * TILE
        start, stop = first + len(known), first + width
        if level == 0:
            return map(leaf_hash, self.entries(start, stop))
        return (self.tree.tile_root(level - 1, below) for below in range(start, stop))

    def frontier(self) -> Frontier:
        """Build the right edge of the tree from what is stored."""
        hashes, start = [], 0
        for bit in reversed(range(self.size.bit_length())):
            if self.size >> bit & 1:
                hashes.append(self.tree.node(bit, start >> bit))
                start += 1 << bit
        return Frontier(self.size, hashes)
