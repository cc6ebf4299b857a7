"""Where things lie in a published log: C2SP tlog-tiles, plain files for any web server.

`tile/<level>/<n>[.p/<width>]` holds hashes, `tile/entries/<n>[.p/<width>]` entries, 256 a tile.
"""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from standing.errors import Broken

TILE: Final = 256
HASH: Final = 32
MAX_ENTRY_BYTES: Final = 65_535
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


def pack_entries(entries: Sequence[bytes]) -> bytes:
    """Lay entries out as a bundle: a 16-bit big-endian length before each."""
    return b"".join(len(entry).to_bytes(_LENGTH_BYTES) + entry for entry in entries)


def unpack_entries(bundle: bytes) -> Iterator[bytes]:
    """Read a bundle's entries; raises `E-LOG-05` where it is cut short."""
    at = 0
    while at < len(bundle):
        end = at + _LENGTH_BYTES
        end += int.from_bytes(bundle[at:end])
        if end > len(bundle) or at + _LENGTH_BYTES > len(bundle):
            raise Broken(
                "E-LOG-05",
                "An entry bundle is cut short.",
                why="Its last entry is longer than what is there.",
                fix="Fetch the bundle again, or restore it from a mirror.",
            )
        yield bundle[at + _LENGTH_BYTES : end]
        at = end


def write_file(path: Path, data: bytes) -> None:
    """Put a file in place whole or not at all: temporary file, fsync, rename, directory fsync."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.new")
    with temporary.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.rename(path)
    sync_directory(path.parent)


def sync_directory(path: Path) -> None:
    """Make a rename or an unlink in a directory durable."""
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
