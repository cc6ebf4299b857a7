"""Tiles and bundles as files of a log of a known size, wherever they lie."""

from collections.abc import Callable, Sequence
from typing import Final

from standing.errors import StandingError
from standing.log._layout import (
    ENTRIES,
    HASH,
    MAX_ENTRY_BYTES,
    TILE,
    TILE_BITS,
    cut_hashes,
    tile_path,
)
from standing.log._layout import unpack_entries as _unpack
from standing.log._tree import Load, Tree

Read = Callable[[str], bytes | None]
"""Gives a file of the log by its name, or nothing where there is none."""
Fault = Callable[[str, str], StandingError]
"""Makes the error for a file (its name, why)."""

MAX_BUNDLE_BYTES: Final = TILE * (MAX_ENTRY_BYTES + 2)
MAX_TILE_BYTES: Final = TILE * HASH


def width_of(level: int, number: int, size: int) -> int:
    """Give how many hashes a tile has in a log of `size` entries."""
    return min((size >> TILE_BITS * level) - number * TILE, TILE)


def tree_over(read: Read, size: int, fault: Fault) -> Tree:
    """Give the tree of `size` entries over tile files; a missing one raises what `fault` makes."""

    def load(level: int, number: int, _: int, known: Sequence[bytes]) -> Sequence[bytes]:
        width = width_of(level, number, size)
        name = tile_path(level, number, width)
        data = read_wide(read, level, number, width)
        if data is None or len(data) % HASH or len(data) < width * HASH:
            raise fault(name, "it is missing" if data is None else f"it has {len(data)} bytes")
        return cut_hashes(data[: width * HASH])[len(known) :]

    loader: Load = load
    return Tree(loader)


def read_wide(read: Read, level: int | str, number: int, width: int) -> bytes | None:
    """Read a tile, or the full one that replaced a partial one."""
    data = read(tile_path(level, number, width))
    if data is None and width < TILE:
        data = read(tile_path(level, number))
    return data


def unpack(data: bytes, number: int, width: int, fault: Fault) -> list[bytes]:
    """Read the first `width` entries of a bundle; raises what `fault` makes for fewer."""
    name = tile_path(ENTRIES, number, width)
    try:
        entries = list(_unpack(data, name))
    except StandingError as error:
        raise fault(name, error.why) from error
    if len(entries) < width:
        raise fault(name, f"it holds {len(entries)} entries instead of {width}")
    return entries[:width]
