"""Publishing: tiles, bundles and checkpoint as files, derived from what is committed.

Every step can be done again: a file is put in place whole, its bytes follow from the entries, and
the checkpoint comes last, so that whoever reads it finds all that it promises.
"""

from collections.abc import Iterator
from pathlib import Path

from standing.log._layout import (
    CHECKPOINT_FILE,
    ENTRIES,
    TILE,
    TILE_BITS,
    UNFINISHED_FILE,
    pack_entries,
    remove_partials,
    sync_below,
    sync_directory,
    tile_path,
    tile_range,
    write_file,
)
from standing.log._reader import Reader
from standing.log._store import damaged

Place = tuple[int | str, int, int]
"""A tile: its level or "entries", its number, its width."""


def tiles_between(old: int, new: int) -> Iterator[Place]:
    """Give every tile that a log of `new` entries has, and one of `old` had not, or shorter."""
    level = 0
    while new >> (TILE_BITS * level):
        begin, end = old >> (TILE_BITS * level), new >> (TILE_BITS * level)
        for number, width in tile_range(begin, end):
            if begin < end:
                if level == 0:
                    yield ENTRIES, number, width
                yield level, number, width
        level += 1


def publish(reader: Reader, old: int, checkpoint: bytes) -> None:
    """Write what `old` entries' worth of files lacks, then the checkpoint.

    Once their bundles are durable, entries leave log.db. A full tile replaces its partial ones.
    """
    for place in tiles_between(old, reader.size):
        _write(reader, place)
        level, number, width = place
        if width == TILE:
            remove_partials(reader.directory, level, number)
    write_file(reader.directory, CHECKPOINT_FILE, checkpoint)
    reader.store.forget_entries(reader.size // TILE * TILE)


def mend(reader: Reader, published: int) -> None:
    """Put back published files that are gone; `E-LOG-12` for entries that exist nowhere else.

    Names that a crash left behind are relied on from now on, so they are made durable first.
    """
    if published < reader.size:  # a publication was cut off, maybe between a name and its fsync
        sync_below(reader.directory)
    else:
        sync_directory(reader.directory)
    (reader.directory / UNFINISHED_FILE).unlink(missing_ok=True)
    bundled = reader.bundled()
    for place in tiles_between(0, published):
        level, number, _ = place
        name = tile_path(*place)
        full = tile_path(level, number)  # stands for a partial tile, which goes first
        if not any((reader.directory / there).exists() for there in (name, full)):
            if level == ENTRIES and number * TILE < bundled:
                raise damaged(name, "the file is missing, and with it its entries")
            _write(reader, place)


def _write(reader: Reader, place: Place) -> None:
    level, number, width = place
    first = number * TILE
    if isinstance(level, int):
        data = reader.tree.tile(level, number, width)
    else:
        data = pack_entries(list(reader.entries(first, first + width)))
    write_file(reader.directory, tile_path(level, number, width), data)


def read_checkpoint(directory: Path) -> bytes | None:
    """Read the published checkpoint, if there is one."""
    try:
        return (directory / CHECKPOINT_FILE).read_bytes()
    except FileNotFoundError:
        return None
