"""One segment: a folder with one NumPy file a column, mapped into memory, never loaded whole."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np

from standing.errors import Broken
from standing.policy.columns import NOTHING, TYPES, Columns, Ints

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
    if column.ndim != 1:
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
