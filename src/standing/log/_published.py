"""A log read from its published files alone, wherever they lie: nothing but the signed root counts.

Whoever holds these files can refuse to give them, and cannot make a proof that does not hold: each
proof and each entry is checked against the checkpoint before it is given.
"""

from collections.abc import Iterator, Sequence

from standing.errors import Broken, Refused
from standing.log._layout import ENTRIES, TILE, cut_hashes
from standing.log._tiles import Read, read_wide, tree_over, unpack, width_of
from standing.verify.checkpoints import Checkpoint
from standing.verify.tree import leaf_hash, verify_consistency, verify_inclusion


class Published:
    """A log of the size that a verified checkpoint states."""

    def __init__(self, read: Read, checkpoint: Checkpoint) -> None:
        """Take a checkpoint whose signature holds; raises `E-LOG-18` if its tiles do not fit."""
        self._read = read
        self.checkpoint = checkpoint
        self.size = checkpoint.size
        self._tree = tree_over(read, self.size, _forged)
        if self._tree.root_at(self.size) != checkpoint.root:
            raise _forged("checkpoint", "its tiles give another root")

    def _check(self, start: int, stop: int) -> None:
        if not 0 <= start <= stop <= self.size:
            raise Refused(
                "E-LOG-10",
                f"The log has no entries {start} to {stop - 1}.",
                why=f"Its checkpoint states {self.size}.",
                fix="Ask for an index below the log's size.",
            )

    def root_at(self, size: int) -> bytes:
        """Give the root over the first `size` entries."""
        self._check(0, size)
        return self._tree.root_at(size)

    def inclusion(self, index: int, size: int | None = None) -> list[bytes]:
        """Prove that an entry stands under the root at `size`, by default the checkpoint's."""
        size = self.size if size is None else size
        self._check(index, index + 1)
        self._check(index + 1, size)
        leaf = self._tree.node(0, index)
        signed = self._tree.inclusion(index, self.size)
        verify_inclusion(index, self.size, leaf, signed, self.checkpoint.root)
        return signed if size == self.size else self._tree.inclusion(index, size)

    def consistency(self, old: int, new: int | None = None) -> list[bytes]:
        """Prove that the tree at `old` is a prefix of the tree at `new`."""
        new = self.size if new is None else new
        self._check(1, old)
        self._check(old, new)
        for size in {old, new} - {self.size}:
            path, root = self._tree.consistency(size, self.size), self._tree.root_at(size)
            verify_consistency(size, root, self.size, self.checkpoint.root, path)
        return self._tree.consistency(old, new)

    def entry(self, index: int) -> bytes:
        """Give one entry, checked against the tree."""
        self._check(index, index + 1)
        return next(self.entries(index, index + 1))

    def entries(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """Read entries in order, each checked against the tree; raises `E-LOG-18` otherwise."""
        stop = self.size if stop is None else stop
        self._check(start, stop)
        for number in range(start // TILE, -(-stop // TILE)):
            first = number * TILE
            bundle = self._bundle(number)
            if not self._under_root(first, [leaf_hash(entry) for entry in bundle]):
                raise _forged(f"entries {first} on", "they do not have the hashes of their tile")
            yield from bundle[max(start - first, 0) : stop - first]

    def _bundle(self, number: int) -> list[bytes]:
        width = width_of(0, number, self.size)
        data = read_wide(self._read, ENTRIES, number, width)
        if data is None:
            raise _forged(f"entries {number * TILE} on", "their bundle is missing")
        return unpack(data, number, width, _forged)

    def _under_root(self, first: int, leaves: Sequence[bytes]) -> bool:
        """Tell whether leaves are those of their tile, and the tile is under the signed root.

        The path of the tile's first leaf is made of the tile's other leaves, so it covers them.
        """
        if leaves != cut_hashes(self._tree.hashes(0, first, first + len(leaves))):
            return False
        path = self._tree.inclusion(first, self.size)
        verify_inclusion(first, self.size, leaves[0], path, self.checkpoint.root)
        return True


def _forged(where: str, why: str) -> Broken:
    return Broken(
        "E-LOG-18",
        "The published files are not those of the signed log.",
        why=f"{why[:1].upper()}{why[1:]}.",
        fix="Keep them as evidence with the checkpoint, and read from a mirror.",
        where=where,
    )
