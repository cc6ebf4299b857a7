"""Where things lie in a published log: C2SP tlog-tiles, plain files for any web server.

`tile/<level>/<n>[.p/<width>]` holds hashes, `tile/entries/<n>[.p/<width>]` entries, 256 a tile.
"""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from standing.errors import Broken

TILE: Final = 256
TILE_BITS: Final = 8
"""A tile's 256 hashes are eight levels of the tree."""
HASH: Final = 32
MAX_ENTRY_BYTES: Final = 65_535

DB_FILE: Final = "log.db"
CHECKPOINT_FILE: Final = "checkpoint"
WITNESSED_FILE: Final = "checkpoint.witnessed"
"""The newest checkpoint that enough witnesses cosigned."""
DOCUMENTS_DIR: Final = "documents"
ENTRIES: Final = "entries"
UNFINISHED_FILE: Final = ".new"
"""What a crash may leave behind: a file that was not yet renamed into its place."""

_LENGTH_BYTES: Final = 2
_GROUP: Final = 1_000


def tile_path(level: int | str, number: int, width: int = TILE) -> str:
    """Name a tile: level is a number or "entries"; 1234067 becomes x001/x234/067.

    >>> tile_path(0, 1234067)
    'tile/0/x001/x234/067'
    >>> tile_path("entries", 5, 17)
    'tile/entries/005.p/17'
    """
    groups = [f"{number % _GROUP:03}"]
    while number := number // _GROUP:
        groups.insert(0, f"x{number % _GROUP:03}")
    partial = "" if width == TILE else f".p/{width}"
    return f"tile/{level}/{'/'.join(groups)}{partial}"


def tile_range(start: int, stop: int) -> Iterator[tuple[int, int]]:
    """Give (tile number, hashes in it) of every tile that hashes `start` to `stop` touch."""
    for number in range(start // TILE, -(-stop // TILE)):
        yield number, min(stop - number * TILE, TILE)


def pack_entries(entries: Sequence[bytes]) -> bytes:
    """Lay entries out as a bundle: a 16-bit big-endian length before each."""
    return b"".join(len(entry).to_bytes(_LENGTH_BYTES) + entry for entry in entries)


def unpack_entries(bundle: bytes, where: str) -> Iterator[bytes]:
    """Read a bundle's entries; raises `E-LOG-05`, naming `where`, if it is cut short."""
    at = 0
    while at < len(bundle):
        begin = at + _LENGTH_BYTES
        end = begin + int.from_bytes(bundle[at:begin])
        if end > len(bundle) or begin > len(bundle):
            raise Broken(
                "E-LOG-05",
                "An entry bundle is cut short.",
                why="Its last entry is longer than what is there.",
                fix="Fetch the bundle again, or restore it from a mirror.",
                where=where,
            )
        yield bundle[begin:end]
        at = end


def cut_hashes(hashes: bytes) -> list[bytes]:
    """Cut a run of hashes into a list."""
    return [hashes[i : i + HASH] for i in range(0, len(hashes), HASH)]


def write_file(root: Path, name: str, data: bytes) -> None:
    """Put a file in place whole or not at all: temporary file, fsync, rename, directory fsync."""
    path = root / name
    _make_directory(path.parent)
    temporary = root / UNFINISHED_FILE
    with temporary.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.rename(path)
    sync_directory(path.parent)


def remove_partials(root: Path, level: int | str, number: int) -> None:
    """Remove the partial tiles that a full tile replaces."""
    folder = root / f"{tile_path(level, number)}.p"
    if folder.is_dir():
        for file in folder.iterdir():
            file.unlink()
        folder.rmdir()
        sync_directory(folder.parent)


def sync_directory(path: Path) -> None:
    """Make a rename or an unlink in a directory durable."""
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def sync_below(root: Path) -> None:
    """Make every name in a directory and those below it durable."""
    for folder, _, _ in os.walk(root):
        sync_directory(Path(folder))


def _make_directory(path: Path) -> None:
    """Make a directory and those above it, each durable in the one above."""
    if not path.is_dir():
        _make_directory(path.parent)
        path.mkdir(exist_ok=True)
        sync_directory(path.parent)
