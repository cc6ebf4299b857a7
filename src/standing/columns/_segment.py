"""One segment: a folder with one NumPy file a column, mapped into memory, never loaded whole."""

import mmap
import os
from collections.abc import Callable
from io import FileIO
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np

from standing.errors import Broken
from standing.policy.columns import NOTHING, TYPES, Columns, Ints

SEGMENT_COLUMNS: Final = ("subjects", "ends", "kind", "day", "noticed", "status", "until")
_HEADER: Final = 128  # bytes before the values of a NumPy file of one dimension
_BLOCK_ROWS: Final = 4_096
_Fill = Callable[[tuple[Ints, ...]], None]


class Listed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the manifest says of a segment; its files must agree."""

    name: str
    rows: int
    records: int
    has_until: bool

    def counts(self) -> tuple[int, ...]:
        """Say how long each column is, in the order of SEGMENT_COLUMNS."""
        rest = self.records if self.has_until else 0
        return (self.rows, self.rows, *[self.records] * 4, rest)


def write_segment(folder: Path, counts: tuple[int, ...], fill: _Fill) -> Listed:
    """Make a segment of columns of these lengths, filled in place; durable when it returns."""
    folder.mkdir()
    columns: list[Ints] = []
    for name, count, kind in zip(SEGMENT_COLUMNS, counts, TYPES, strict=True):
        if count:
            path = folder / f"{name}.npy"
            columns.append(np.lib.format.open_memmap(path, "w+", kind, (count,)))
        else:
            columns.append(NOTHING)
    fill(tuple(columns))
    for column in columns:
        if isinstance(column, np.memmap):
            column.flush()
    del columns
    for path in (*folder.iterdir(), folder):
        sync(path)
    return Listed(folder.name, counts[0], counts[2], bool(counts[-1]))


class Segment:
    """A mapped segment. What was read of it stays in memory until `release`."""

    def __init__(self, folder: Path, codes: tuple[str, ...], listed: Listed) -> None:
        """Map every column; raises `E-COL-01` where one is not as the manifest says."""
        self._maps: list[mmap.mmap] = []
        parts = zip(SEGMENT_COLUMNS, TYPES, listed.counts(), strict=True)
        try:
            columns = [self._map(folder / f"{n}.npy", kind, count) for n, kind, count in parts]
        except FileNotFoundError:
            raise
        except (OSError, ValueError) as problem:
            raise damaged(folder, f"a column cannot be read ({problem})") from None
        self.columns = Columns(codes, *columns)
        if listed.rows and int(self.columns.ends[-1]) != listed.records:
            raise damaged(folder, "its rows and its records disagree")

    def _map(self, path: Path, kind: type[Any], count: int) -> Ints:
        if not count:
            return NOTHING
        with path.open("rb") as file:
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self._maps.append(mapped)
        _check_header(path, mapped[:_HEADER], kind, count, len(mapped))
        return np.frombuffer(mapped, kind, count, _HEADER)

    def release(self) -> None:
        """Let go of the memory that reading took; the columns can be read again."""
        for mapped in self._maps:
            if hasattr(mapped, "madvise"):
                mapped.madvise(mmap.MADV_DONTNEED)


def _check_header(path: Path, header: bytes, kind: type[Any], count: int, size: int) -> None:
    """Compare a file's own description with what it must be, and its length with both."""
    wanted = np.lib.format.header_data_from_array_1_0(np.empty(0, kind))
    said = f"'descr': {wanted['descr']!r}, 'fortran_order': False, 'shape': ({count},)"
    is_ours = header.startswith(b"\x93NUMPY\x01\x00") and said.encode() in header
    if not is_ours or size != _HEADER + count * np.dtype(kind).itemsize:
        raise ValueError(f"{path.name} is not {count} values of {np.dtype(kind)}")


def blank_rows(folder: Path, codes: tuple[str, ...], listed: Listed, subjects: Ints) -> None:
    """Overwrite subjects' rows where they lie; durable when it returns.

    Records become zeros, a subject the one before it: the order stays, and the number is gone.
    """
    columns = Segment(folder, codes, listed).columns  # as it must be, before anything is written
    rows = np.searchsorted(columns.subjects, subjects)
    rows = rows[rows < listed.rows]
    rows = rows[np.isin(columns.subjects[rows], subjects)]
    if not len(rows):
        return
    writable = {
        name: np.lib.format.open_memmap(folder / f"{name}.npy", "r+")
        for name, count in zip(SEGMENT_COLUMNS, listed.counts(), strict=True)
        if count and name != "ends"
    }
    numbers = writable["subjects"]
    for row in sorted(rows.tolist()):
        span = columns.span(row)
        for name, column in writable.items():
            if name != "subjects":
                column[span] = 0
        # rows blanked before repeat this number: they take the next one before as well
        same = int(np.searchsorted(numbers, numbers[row], "right"))
        numbers[row:same] = numbers[row - 1] if row else 0
    for column in writable.values():
        column.flush()


def read_row(folder: Path, codes: tuple[str, ...], listed: Listed, subject: int) -> Columns | None:
    """Read one subject's records and nothing else, in a handful of reads; None where it has none.

    Vault numbers are drawn evenly from all 63-bit numbers, so a row is about where its number says.
    """
    handles: dict[str, FileIO] = {}
    try:
        for name, count in zip(SEGMENT_COLUMNS, listed.counts(), strict=True):
            if count:
                handles[name] = (folder / f"{name}.npy").open("rb", buffering=0)
        return _read_row(folder, handles, codes, listed, subject) if listed.rows else None
    except FileNotFoundError:
        raise
    except (OSError, ValueError, IndexError) as problem:
        raise damaged(folder, f"it cannot be read ({problem})") from None
    finally:
        for handle in handles.values():
            handle.close()


def _read_row(
    folder: Path, handles: dict[str, FileIO], codes: tuple[str, ...], listed: Listed, subject: int
) -> Columns | None:
    row = _find(handles["subjects"], listed.rows, subject)
    if row is None:
        return None
    before = _part(handles["ends"], np.int64, row - 1, 2) if row else None
    end = int(_part(handles["ends"], np.int64, row, 1)[0] if before is None else before[1])
    begin = 0 if before is None else int(before[0])
    if not 0 <= begin <= end <= listed.records:
        raise damaged(folder, "a row ends where there are no records")
    rest: list[tuple[str, type[Any]]] = list(zip(SEGMENT_COLUMNS[2:], TYPES[2:], strict=True))
    for name, kind in rest:  # let the disk fetch all of them at once
        if name in handles and hasattr(os, "posix_fadvise"):
            offset = _HEADER + begin * np.dtype(kind).itemsize
            length = (end - begin) * np.dtype(kind).itemsize
            os.posix_fadvise(handles[name].fileno(), offset, length, os.POSIX_FADV_WILLNEED)
    columns = [
        _part(handles[name], kind, begin, end - begin) if name in handles else NOTHING
        for name, kind in rest
    ]
    return Columns(codes, np.array([subject], np.uint64), np.array([end - begin]), *columns)


def _find(handle: FileIO, rows: int, subject: int) -> int | None:
    """Find a row by guessing its place from its number, a block of rows a guess."""
    low, high, least, most = 0, rows, 0, 1 << 63
    while low < high:
        guess = low + (high - low) * (subject - least) // max(1, most - least)
        first = min(max(guess - _BLOCK_ROWS // 2, low), max(high - _BLOCK_ROWS, low))
        block = _part(handle, np.uint64, first, min(_BLOCK_ROWS, high - first))
        if subject < int(block[0]):
            high, most = first, int(block[0])
        elif subject > int(block[-1]):
            low, least = first + len(block), int(block[-1])
        else:
            at = int(np.searchsorted(block, np.uint64(subject)))
            if int(block[at]) != subject:
                return None
            # blanked rows repeat the number before them: the first of a run is the real one
            if at or first == low or int(_part(handle, np.uint64, first - 1, 1)[0]) != subject:
                return first + at
            high, most = first, subject + 1
    return None


def _part(handle: FileIO, kind: type[Any], first: int, count: int) -> Ints:
    size = np.dtype(kind).itemsize
    data = os.pread(handle.fileno(), count * size, _HEADER + first * size)
    if len(data) != count * size:
        raise ValueError(f"{Path(str(handle.name)).name} is cut short")
    return np.frombuffer(data, kind, count)


def sync(path: Path) -> None:
    """Make a file's bytes, or a folder's names, durable."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def damaged(folder: Path, why: str) -> Broken:
    """Make the error for a segment that is not what it must be."""
    return Broken(
        "E-COL-01",
        "The bulk store is damaged.",
        why=f"Of segment {folder.name}, {why}.",
        fix="Remove the folder columns; it is made anew from the vault.",
        where=f"columns/{folder.parent.name}/{folder.name}",
    )
