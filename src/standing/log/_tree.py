"""Nodes, roots and proofs of an RFC 9162 tree, read from its tiles alone.

A tile's 256 hashes hold eight levels of the tree; the levels between are hashed once and kept, so
that a proof is a walk over what is there. Where tiles come from is the caller's: a directory, a
database, another machine. The tree only grows, so what was once read or computed stays true.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import Final

from standing.log._layout import TILE, TILE_BITS
from standing.verify.tree import EMPTY_ROOT, node_hash

Load = Callable[[int, int, int, Sequence[bytes]], Iterable[bytes]]
"""Gives the hashes of a tile (level, number) up to a width, after those that are known."""

_KEPT_TILES: Final = 512  # about 20 MiB with their inner nodes
_KEPT_EDGES: Final = 64
_IN_TILE: Final = TILE - 1


class _Tile:
    """One tile's hashes and the perfect subtrees over them, growing to the right."""

    __slots__ = ("levels",)

    def __init__(self) -> None:
        self.levels: list[list[bytes]] = [[] for _ in range(TILE_BITS + 1)]

    def grow(self, hashes: Iterable[bytes]) -> None:
        """Add hashes at the right, and the subtrees that they complete."""
        sha256 = hashlib.sha256
        self.levels[0].extend(hashes)
        for below, above in pairwise(self.levels):
            have, want = len(above), len(below) // 2
            if have == want:
                return
            above.extend(
                [
                    sha256(b"\x01" + below[i] + below[i + 1]).digest()
                    for i in range(2 * have, 2 * want, 2)
                ]
            )


class Tree:
    """A tree whose tiles `load` reads; every size asked for must be one that the tiles hold."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._tiles: OrderedDict[tuple[int, int], _Tile] = OrderedDict()
        self._edges: OrderedDict[int, list[bytes]] = OrderedDict()

    def hashes(self, level: int, start: int, stop: int) -> bytes:
        """Give hashes of a tile level: 0 is leaves, 1 is roots of 256 leaves, and so on."""
        parts: list[bytes] = []
        for number in range(start // TILE, -(-stop // TILE)):
            first = number * TILE
            width = min(stop - first, TILE)
            parts += self._tile(level, number, width).levels[0][max(start - first, 0) : width]
        return b"".join(parts)

    def tile(self, level: int, number: int, width: int) -> bytes:
        """Give the first `width` hashes of a tile."""
        return b"".join(self._tile(level, number, width).levels[0][:width])

    def tile_root(self, level: int, number: int) -> bytes:
        """Give the root of a full tile: a hash of the level above."""
        return self._tile(level, number, TILE).levels[TILE_BITS][0]

    def extend(self, size: int, leaves: Sequence[bytes]) -> None:
        """Take in leaves appended to a tree of `size`, without reading them back."""
        level, at, hashes = 0, size, list(leaves)
        while hashes:
            full: list[bytes] = []
            while hashes:
                number, held = divmod(at, TILE)
                part, hashes = hashes[: TILE - held], hashes[TILE - held :]
                tile = self._tile(level, number, held)
                tile.grow(part[len(tile.levels[0]) - held :])
                at += len(part)
                if at % TILE == 0:
                    full.append(tile.levels[TILE_BITS][0])
            at, hashes = at // TILE - len(full), full
            level += 1

    def _tile(self, level: int, number: int, width: int) -> _Tile:
        place = (level, number)
        tile = self._tiles.get(place)
        if tile is None:
            tile = _Tile()
            tile.grow(self._load(level, number, width, ()))
            self._tiles[place] = tile
            if len(self._tiles) > _KEPT_TILES:
                self._tiles.popitem(last=False)
            return tile
        self._tiles.move_to_end(place)
        known = tile.levels[0]
        if len(known) < width:
            tile.grow(self._load(level, number, width, known))
        return tile

    def node(self, height: int, index: int) -> bytes:
        """Give the root of the perfect subtree `index` among those of 2**height leaves."""
        level, rise = divmod(height, TILE_BITS)
        number, at = divmod(index, TILE >> rise)
        tile = self._tiles.get((level, number))
        if tile is not None and at < len(tile.levels[rise]):
            return tile.levels[rise][at]
        return self._tile(level, number, (at + 1) << rise).levels[rise][at]

    def edge(self, size: int) -> list[bytes]:
        """Give the right edge of a tree of `size` > 0: the last node of each height, lowest first.

        An odd last node rises as it is, so the last of the list is the root.
        """
        known = self._edges.get(size)
        if known is not None:
            return known
        last, height = size - 1, 0
        edge = [self.node(0, last)]
        while last:
            if last & 1:
                edge.append(node_hash(self.node(height, last - 1), edge[-1]))
            else:
                edge.append(edge[-1])
            last >>= 1
            height += 1
        self._edges[size] = edge
        if len(self._edges) > _KEPT_EDGES:
            self._edges.popitem(last=False)
        return edge

    def root_at(self, size: int) -> bytes:
        """Give the root over the first `size` entries."""
        return self.edge(size)[-1] if size else EMPTY_ROOT

    def inclusion(self, index: int, size: int) -> list[bytes]:
        """Prove that an entry stands under the root at `size`, lowest sibling first."""
        edge = self.edge(size)
        path, last, height = [], size - 1, 0
        while last:
            sibling = index ^ 1
            if sibling < last:
                path.append(self.node(height, sibling))
            elif sibling == last:
                path.append(edge[height])
            index >>= 1
            last >>= 1
            height += 1
        return path

    def consistency(self, old: int, new: int) -> list[bytes]:
        """Prove that the tree at `old` > 0 begins the tree at `new` (RFC 9162 section 2.1.4.1)."""
        edge = self.edge(new)
        index, last, height = old - 1, new - 1, 0
        while index & 1:  # the largest perfect subtree that the old tree ends with
            index, last, height = index >> 1, last >> 1, height + 1
        path = []
        if index:  # otherwise the verifier has this root already: it is the old root
            path.append(self._at(height, index, last, edge))
        while last:
            sibling = index ^ 1
            if sibling <= last:
                path.append(self._at(height, sibling, last, edge))
            index, last, height = index >> 1, last >> 1, height + 1
        return [] if old == new else path

    def _at(self, height: int, index: int, last: int, edge: list[bytes]) -> bytes:
        return edge[height] if index == last else self.node(height, index)
