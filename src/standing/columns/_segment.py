"""One segment: a folder with one NumPy file a column, mapped into memory, never loaded whole."""

import os
from collections.abc import Callable
from io import FileIO
from pathlib import Path
from typing import Any, Final

import numpy as np

from standing.errors import Broken
from standing.policy.columns import NOTHING, TYPES, Columns, Ints

_HEADER: Final = 128  # bytes before the values of a NumPy file of one dimension
_BLOCK_ROWS: Final = 4_096
SEGMENT_COLUMNS: Final = ("subjects", "ends", "kind", "day", "noticed", "status", "until")
_Fill = Callable[[tuple[Ints, ...]], None]


def write_segment(folder: Path, counts: tuple[int, ...], fill: _Fill) -> None:
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


def read_segment(folder: Path, codes: tuple[str, ...], *, mode: str = "r") -> Columns:
    """Map a segment; raises `E-COL-01` where its columns do not belong together."""
    try:
        columns = [_read(folder / f"{name}.npy", mode) for name in SEGMENT_COLUMNS]
    except (OSError, ValueError, EOFError) as problem:
        raise _damaged(folder, f"it cannot be read ({problem})") from None
    kinds = [np.dtype(kind) for kind in TYPES]
    subjects, ends, kind, *rest, until = columns
    fits = len(ends) == len(subjects) and all(len(c) == len(kind) for c in rest)
    fits &= len(until) in {0, len(kind)} and (int(ends[-1]) if len(ends) else 0) == len(kind)
    if not fits or any(len(c) and c.dtype != k for c, k in zip(columns, kinds, strict=True)):
        raise _damaged(folder, "its columns disagree about the number of records")
    return Columns(codes, *columns)


def map_rows(folder: Path, codes: tuple[str, ...], first: int, last: int) -> Columns:
    """Map some rows of a segment and no more: what is mapped is let go when they are."""
    whole = read_segment(folder, codes)
    begin = whole.span(first).start
    end = whole.span(last - 1).stop
    ends = np.array(whole.ends[first:last]) - begin
    subjects = _map(folder / "subjects.npy", np.uint64, first, last)
    rest = [
        _map(folder / f"{name}.npy", kind, begin, end) if len(column) else NOTHING
        for name, kind, column in zip(SEGMENT_COLUMNS[2:], TYPES[2:], whole[3:], strict=True)
    ]
    return Columns(codes, subjects, ends, *rest)


def _map(path: Path, kind: type[Any], begin: int, end: int) -> Ints:
    if begin == end:
        return NOTHING
    offset = _HEADER + begin * np.dtype(kind).itemsize
    return np.memmap(path, kind, "r", offset, (end - begin,))


def read_row(folder: Path, codes: tuple[str, ...], subject: int) -> Columns | None:
    """Read one subject's records and nothing else, in a handful of reads; None where it has none.

    Vault numbers are drawn evenly from all 63-bit numbers, so a row is about where its number says.
    """
    handles = {}
    try:
        for name in SEGMENT_COLUMNS:
            path = folder / f"{name}.npy"
            if name != "until" or path.exists():
                handles[name] = path.open("rb", buffering=0)
        return _read_row(folder, handles, codes, subject)
    except (OSError, ValueError, IndexError) as problem:
        raise _damaged(folder, f"it cannot be read ({problem})") from None
    finally:
        for handle in handles.values():
            handle.close()


def _read_row(
    folder: Path, handles: dict[str, FileIO], codes: tuple[str, ...], subject: int
) -> Columns | None:
    rows = _length(handles["subjects"], np.uint64)
    row = _find(handles["subjects"], rows, subject)
    if row is None:
        return None
    before = _part(handles["ends"], np.int64, row - 1, 2) if row else None
    end = int(_part(handles["ends"], np.int64, row, 1)[0] if before is None else before[1])
    begin = 0 if before is None else int(before[0])
    if not 0 <= begin <= end <= _length(handles["kind"], np.uint8):
        raise _damaged(folder, "a row ends where there are no records")
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


def _length(handle: FileIO, kind: type[Any]) -> int:
    return (os.fstat(handle.fileno()).st_size - _HEADER) // np.dtype(kind).itemsize


def _part(handle: FileIO, kind: type[Any], first: int, count: int) -> Ints:
    size = np.dtype(kind).itemsize
    data = os.pread(handle.fileno(), count * size, _HEADER + first * size)
    return np.frombuffer(data, kind, count)


def blank(columns: Columns, row: int) -> None:
    """Overwrite one row where it lies: its records with zeros, its subject with the one before."""
    span = columns.span(row)
    for column in columns[3:]:
        if len(column):
            column[span] = 0
    # rows blanked before repeat this number: they take the next one before as well
    same = int(np.searchsorted(columns.subjects, columns.subjects[row], "right"))
    columns.subjects[row:same] = columns.subjects[row - 1] if row else 0


def sync(path: Path) -> None:
    """Make a file's bytes, or a folder's names, durable."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _read(path: Path, mode: str) -> Ints:
    if not path.exists():
        return NOTHING
    column: Ints = np.load(path, mmap_mode=mode, allow_pickle=False)  # type: ignore[arg-type]
    if column.ndim != 1 or getattr(column, "offset", None) != _HEADER:
        raise ValueError(f"{path.name} is no column")
    return column


def _damaged(folder: Path, why: str) -> Broken:
    return Broken(
        "E-COL-01",
        "The bulk store is damaged.",
        why=f"Of segment {folder.name}, {why}.",
        fix="Remove the folder columns; it is made anew from the vault.",
        where=f"columns/{folder.parent.name}/{folder.name}",
    )
