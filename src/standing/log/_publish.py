"""Publishing: tiles, bundles and checkpoint as files, derived from what is committed.

Every step can be done again: a file is put in place whole, its bytes follow from the entries, and
the checkpoint comes last, so that whoever reads it finds all that it promises.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from standing.log._layout import (
    CHECKPOINT_FILE,
    ENTRIES,
    OTHER_UNFINISHED_FILE,
    TILE,
    TILE_BITS,
    UNFINISHED_FILE,
    pack_entries,
    place_file,
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


@dataclass(frozen=True)
class Publication:
    """What one checkpoint needs on the disk: files as bytes, and full tiles that replace parts."""

    directory: Path
    size: int
    checkpoint: bytes
    files: list[tuple[str, bytes]]
    full: list[tuple[int | str, int]]

    def write(self) -> None:
        """Write every file, make all their names durable, then put the checkpoint in its place.

        Touches nothing but files, so it may run beside further commits. A full tile replaces its
        partial ones.
        """
        folders = {
            place_file(self.directory, name, data, unfinished=UNFINISHED_FILE)
            for name, data in self.files
        }
        for folder in sorted(folders):
            sync_directory(folder)
        for level, number in self.full:
            remove_partials(self.directory, level, number)
        write_file(self.directory, CHECKPOINT_FILE, self.checkpoint, unfinished=UNFINISHED_FILE)


def prepare(reader: Reader, old: int, checkpoint: bytes) -> Publication:
    """Collect what `old` entries' worth of files lacks for the checkpoint of the reader's size."""
    places = list(tiles_between(old, reader.size))
    return Publication(
        directory=reader.directory,
        size=reader.size,
        checkpoint=checkpoint,
        files=[(tile_path(*place), _content(reader, place)) for place in places],
        full=[(level, number) for level, number, width in places if width == TILE],
    )


def finish(reader: Reader, publication: Publication) -> None:
    """Let entries leave log.db whose bundles are durable by now."""
    reader.store.forget_entries(publication.size // TILE * TILE)


def newer_than(reader: Reader) -> str | None:
    """Name a published bundle that holds more entries than the log: log.db is an older copy.

    Every publication after the log's head replaced or lengthened the bundle that the head ends in.
    """
    number, width = divmod(reader.size, TILE)
    name = tile_path(ENTRIES, number)
    folder = reader.directory / f"{name}.p"
    widths = [int(path.name) for path in folder.glob("*") if path.name.isdecimal()]
    longest = max(widths, default=0)
    if (reader.directory / name).exists():
        return name
    return tile_path(ENTRIES, number, longest) if longest > width else None


def mend(reader: Reader, published: int) -> None:
    """Put back published files that are gone; `E-LOG-12` for entries that exist nowhere else.

    Names that a crash left behind are relied on from now on, so they are made durable first.
    """
    if published < reader.size:  # a publication was cut off, maybe between a name and its fsync
        sync_below(reader.directory)
    else:
        sync_directory(reader.directory)
    for unfinished in (UNFINISHED_FILE, OTHER_UNFINISHED_FILE):
        (reader.directory / unfinished).unlink(missing_ok=True)
    bundled = reader.bundled()
    for place in tiles_between(0, published):
        level, number, _ = place
        name = tile_path(*place)
        full = tile_path(level, number)  # stands for a partial tile, which goes first
        if not any((reader.directory / there).exists() for there in (name, full)):
            if level == ENTRIES and number * TILE < bundled:
                raise damaged(name, "the file is missing, and with it its entries")
            write_file(reader.directory, name, _content(reader, place))


def _content(reader: Reader, place: Place) -> bytes:
    level, number, width = place
    if isinstance(level, int):
        return reader.tree.tile(level, number, width)
    first = number * TILE
    return pack_entries(list(reader.entries(first, first + width)))


def read_checkpoint(directory: Path) -> bytes | None:
    """Read the published checkpoint, if there is one."""
    try:
        return (directory / CHECKPOINT_FILE).read_bytes()
    except FileNotFoundError:
        return None
