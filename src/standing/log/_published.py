"""A log read from its published files alone, wherever they lie: nothing but the signed root counts.

Whoever holds these files can refuse to give them, and cannot make a proof that does not hold: each
proof and each entry is checked against the checkpoint before it is given.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from standing.errors import Broken, Refused, Unreachable
from standing.log._layout import (
    CHECKPOINT_FILE,
    ENTRIES,
    HASH,
    TILE,
    TILE_BITS,
    cut_hashes,
    tile_path,
    unpack_entries,
)
from standing.log._tree import Tree
from standing.verify.checkpoints import Checkpoint
from standing.verify.tree import leaf_hash, verify_consistency, verify_inclusion

Fetch = Callable[[str], bytes]
"""Gives a file of the log by its name; raises `Unreachable` where there is none."""


def fetch_from(directory: Path) -> Fetch:
    """Read a log's files from a directory."""

    def fetch(name: str) -> bytes:
        try:
            return (directory / name).read_bytes()
        except OSError as error:
            raise Unreachable(
                "E-LOG-17",
                f"The log has no file {name}.",
                why=f"The system says: {error.strerror}.",
                fix="Name the directory of a published log, or one of its mirrors.",
                where=str(directory),
            ) from error

    return fetch


class Published:
    """A log of the size that a verified checkpoint states."""

    def __init__(self, fetch: Fetch, checkpoint: Checkpoint) -> None:
        """Take a checkpoint whose signature holds; raises `E-LOG-18` if its tiles do not fit."""
        self._fetch = fetch
        self.checkpoint = checkpoint
        self.size = checkpoint.size
        self._tree = Tree(self._load)
        if self._tree.root_at(self.size) != checkpoint.root:
            raise _forged("the checkpoint", "Its tiles give another root than the checkpoint.")

    def _load(
        self, level: int, number: int, _width: int, known: Sequence[bytes]
    ) -> Iterable[bytes]:
        width = min(TILE, (self.size >> TILE_BITS * level) - number * TILE)
        data = self._file(level, number, width)
        if len(data) < width * HASH or len(data) % HASH:
            name = tile_path(level, number, width)
            raise _forged(name, f"It has {len(data)} bytes, wanted {width * HASH}.")
        return cut_hashes(data)[len(known) : width]

    def _file(self, level: int | str, number: int, width: int) -> bytes:
        """Fetch a tile or bundle; a full one may have replaced a partial one by now."""
        try:
            return self._fetch(tile_path(level, number, width))
        except Unreachable:
            if width == TILE:
                raise
            return self._fetch(tile_path(level, number))

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
            width = min(TILE, self.size - first)
            name = tile_path(ENTRIES, number, width)
            bundle = list(unpack_entries(self._file(ENTRIES, number, width), name))[:width]
            leaves = [leaf_hash(entry) for entry in bundle]
            if not self._under_root(first, leaves):
                raise _forged(name, "Its entries do not have the hashes of their tile.")
            yield from bundle[max(start - first, 0) : min(stop - first, width)]

    def _under_root(self, first: int, leaves: Sequence[bytes]) -> bool:
        """Tell whether leaves stand under the signed root: all of them, through their ends."""
        if leaves != cut_hashes(self._tree.hashes(0, first, first + len(leaves))):
            return False
        if not leaves:
            return False
        for index in {first, first + len(leaves) - 1}:
            path = self._tree.inclusion(index, self.size)
            verify_inclusion(index, self.size, leaves[index - first], path, self.checkpoint.root)
        return True


def read_published_checkpoint(fetch: Fetch) -> bytes:
    """Fetch the newest published checkpoint; it is not verified here."""
    return fetch(CHECKPOINT_FILE)


def _forged(where: str, why: str) -> Broken:
    return Broken(
        "E-LOG-18",
        "The published files are not those of the signed log.",
        why=why,
        fix="Keep them as evidence with the checkpoint, and read from a mirror.",
        where=where,
    )
