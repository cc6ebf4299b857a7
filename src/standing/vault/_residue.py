"""What SQLite leaves of deleted rows in a file, and how it goes.

`secure_delete` overwrites what is deleted, but not every older copy of it: where a full page of a
table is split, cells are copied to its neighbours, and a copy may stay in the gap between the
page's list of cells and its first cell. No reader of the database ever looks there. `scrub`
overwrites these gaps with zeros, in place; a vacuum would write the whole database anew, twice.

Specification: https://www.sqlite.org/fileformat2.html, sections 1.3 and 1.6.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

import numpy as np

_HEADER_BYTES: Final = 100  # of the file, in front of the first page's own header
_INTERIOR: Final = (2, 5)
_TREE_PAGES: Final = np.array([*_INTERIOR, 10, 13], np.uint8)  # index and table, interior and leaf
_INTERIOR_HEADER: Final = 12
_LEAF_HEADER: Final = 8
_LARGEST_PAGE: Final = 65_536
_CHUNK_BYTES: Final = 16 << 20
_AMBIGUOUS_PAGES: Final = 2 << 24
"""From here on the number of a page, with which other kinds of pages begin, may begin with a 2."""


def scrub(path: Path) -> int:
    """Overwrite the gaps of every page of tables and indexes; gives how many held anything.

    Nothing in this process may have the database open: to close a file gives up its locks. Its
    write-ahead file must be empty. Each gap is overwritten for itself, so a crash does no harm.
    """
    handle = os.open(path, os.O_RDWR)
    try:
        page_size, usable, pages = _shape(handle)
        if pages < _AMBIGUOUS_PAGES:
            count = 0
            for at, length in list(_gaps(handle, page_size, usable)):
                os.pwrite(handle, bytes(length), at)
                count += 1
            os.fsync(handle)
            return count
    finally:
        os.close(handle)
    _rewrite(path)
    return pages


def _shape(handle: int) -> tuple[int, int, int]:
    """Give the size of a page, how much of it is in use, and how many pages there are."""
    head = os.pread(handle, _HEADER_BYTES, 0)
    size = int.from_bytes(head[16:18]) if len(head) == _HEADER_BYTES else 0
    if size == 1:
        size = _LARGEST_PAGE
    if not size:
        return 1, 1, 0
    return size, size - head[20], os.fstat(handle).st_size // size


def _gaps(handle: int, size: int, usable: int) -> Iterator[tuple[int, int]]:
    """Find (place in the file, length) of every gap that is not all zeros."""
    at_once = max(1, _CHUNK_BYTES // size) * size
    first = 0
    while data := os.pread(handle, at_once, first):
        starts = np.arange(0, len(data), size)
        if first == 0:
            starts[0] = _HEADER_BYTES
        kinds = np.frombuffer(data, np.uint8)[starts]
        for start in starts[np.isin(kinds, _TREE_PAGES)].tolist():
            page = start // size * size
            cells = int.from_bytes(data[start + 3 : start + 5])
            content = int.from_bytes(data[start + 5 : start + 7]) or _LARGEST_PAGE
            header = _INTERIOR_HEADER if data[start] in _INTERIOR else _LEAF_HEADER
            begin, end = start + header + 2 * cells, page + min(content, usable)
            if begin < end and data.count(0, begin, end) != end - begin:
                yield first + begin, end - begin
        first += len(data)


def _rewrite(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA synchronous=FULL")
        db.execute("VACUUM")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
