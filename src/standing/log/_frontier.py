"""The right edge of a Merkle tree: enough to append and to give the root, nothing more."""

from collections.abc import Iterable

from standing.verify.tree import EMPTY_ROOT, node_hash


class Frontier:
    """The roots of the perfect subtrees of a tree of `size` leaves, largest first."""

    def __init__(self, size: int = 0, hashes: Iterable[bytes] = ()) -> None:
        self.size = size
        self._hashes = list(hashes)

    def copy(self) -> "Frontier":
        """Give one that can grow without changing this."""
        return Frontier(self.size, self._hashes)

    def append(self, leaf: bytes) -> None:
        """Add a leaf at the right."""
        carry, node = self.size, leaf
        while carry & 1:
            node = node_hash(self._hashes.pop(), node)
            carry >>= 1
        self._hashes.append(node)
        self.size += 1

    def root(self) -> bytes:
        """Give the root over all leaves."""
        if not self._hashes:
            return EMPTY_ROOT
        root = self._hashes[-1]
        for left in reversed(self._hashes[:-1]):
            root = node_hash(left, root)
        return root
