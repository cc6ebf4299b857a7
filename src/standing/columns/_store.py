"""The segments of one context: appended, merged, and forgotten from where they lie.

A manifest lists the segments that count; a folder that it does not list is unfinished or old and
is removed by the next writer. News become a segment of their own; neighbours of like size are
merged, so that a store of n appends keeps about log n segments.
"""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import reduce
from itertools import count, pairwise
from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from standing.columns._segment import blank, map_rows, read_row, read_segment, sync, write_segment
from standing.policy.columns import Columns, empty, merge_into, merged, merged_counts

_MANIFEST: Final = "manifest.json"
_INTENT: Final = "forgetting"
_UNFINISHED: Final = "unfinished"
_GROWTH: Final = 2  # merge when the older neighbour is at most this many times as long
_BLOCK_RECORDS: Final = 1 << 25
BLANK: Final = ""
"""The act type of an overwritten record: number 0 in every store, weighed by no pack."""


class _Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What counts: `through` and `witness` name the last batch of the vault that is in here."""

    format: str
    codes: tuple[str, ...]
    segments: tuple[str, ...]
    through: int
    witness: str


_EMPTY: Final = _Manifest(
    format="standing/columns/1", codes=(BLANK,), segments=(), through=0, witness=""
)


class ColumnStore:
    """The bulk store of one context, in a folder of its own.

    One writer at a time: whoever holds the ledger's lock. Readers map what the manifest lists.
    """

    def __init__(self, root: Path, context: str) -> None:
        self.folder = root / context

    @property
    def exists(self) -> bool:
        """Whether anything is kept of this context."""
        return (self.folder / _MANIFEST).exists()

    @property
    def codes(self) -> tuple[str, ...]:
        """The act types by number; the first one is that of overwritten records."""
        return self._manifest().codes

    def covers(self) -> tuple[int, str]:
        """Give the last batch that is in here, with the hash of its statement (0, "" for none)."""
        manifest = self._manifest()
        return manifest.through, manifest.witness

    # --- reading ----------------------------------------------------------------------------------

    def segments(self) -> list[Columns]:
        """Map every segment, oldest first."""
        manifest = self._manifest()
        return [read_segment(self.folder / name, manifest.codes) for name in manifest.segments]

    def load(self) -> Columns:
        """Give all rows as one; a store of one segment is mapped, not read."""
        return reduce(merged, self.segments() or [empty(self._manifest().codes)])

    def blocks(self, records: int = _BLOCK_RECORDS) -> Iterator[Columns]:
        """Give all rows in blocks of about so many records, one mapped at a time."""
        manifest = self._manifest()
        if len(manifest.segments) != 1:
            yield self.load()
            return
        folder = self.folder / manifest.segments[0]
        ends = read_segment(folder, manifest.codes).ends
        wanted = np.arange(records, int(ends[-1]) if len(ends) else 0, records)
        borders = sorted({0, len(ends), *(np.searchsorted(ends, wanted) + 1).tolist()})
        del ends
        for first, last in pairwise(borders):
            yield map_rows(folder, manifest.codes, first, last)

    def row(self, subject: int) -> Columns:
        """Give one subject's records, reading only where they lie."""
        manifest = self._manifest()
        parts = (read_row(self.folder / n, manifest.codes, subject) for n in manifest.segments)
        found = [part for part in parts if part is not None]
        return reduce(merged, found) if found else empty(manifest.codes)

    # --- writing ----------------------------------------------------------------------------------

    def clean(self) -> None:
        """Remove what no manifest lists; a forgetting that was cut off removes everything."""
        if (self.folder / _INTENT).exists():  # whether the vault forgot as well is not known here
            self.remove()
        if not self.folder.is_dir():
            return
        kept = {*self._manifest().segments, _MANIFEST}
        for path in list(self.folder.iterdir()):
            if path.name not in kept:
                _discard(path)

    def remove(self) -> None:
        """Remove the whole context; it is rebuilt from the vault when it is next needed."""
        if self.folder.is_dir():
            (self.folder / _MANIFEST).unlink(missing_ok=True)  # first: nothing counts any more
            shutil.rmtree(self.folder)

    def append(self, news: Columns, through: int, witness: str) -> None:
        """Add records as a segment of their own, then merge neighbours of like size."""
        manifest = self._manifest()
        assert news.codes[: len(manifest.codes)] == manifest.codes  # numbers never change
        self.folder.parent.mkdir(mode=0o700, exist_ok=True)  # in clear: for the owner's eyes
        self.folder.mkdir(mode=0o700, exist_ok=True)
        names = list(manifest.segments)
        if news.records:
            names.append(self._write(empty(news.codes), news, names))
        replaced = []
        while len(names) > 1 and self._is_due(names, news.codes):
            parts = [read_segment(self.folder / name, news.codes) for name in names[-2:]]
            replaced += names[-2:]
            names[-2:] = [self._write(parts[0], parts[1], [*names, *replaced])]
        self._publish(
            msgspec.structs.replace(
                manifest, codes=news.codes, segments=tuple(names), through=through, witness=witness
            )
        )
        for name in replaced:
            _discard(self.folder / name)

    def _is_due(self, names: list[str], codes: tuple[str, ...]) -> bool:
        older, newer = (read_segment(self.folder / n, codes).records for n in names[-2:])
        return older <= _GROWTH * newer

    def _write(self, a: Columns, b: Columns, taken: list[str]) -> str:
        name = next(f"{n:06}" for n in count(1) if not self._is_taken(f"{n:06}", taken))
        unfinished = self.folder / _UNFINISHED
        _discard(unfinished)
        write_segment(unfinished, merged_counts(a, b), lambda out: merge_into(a, b, out))
        unfinished.rename(self.folder / name)
        return name

    def _is_taken(self, name: str, taken: list[str]) -> bool:
        return name in taken or (self.folder / name).exists()

    def _publish(self, manifest: _Manifest) -> None:
        temporary = self.folder / f"{_MANIFEST}.{_UNFINISHED}"
        with temporary.open("wb") as file:
            file.write(json.dumps(msgspec.to_builtins(manifest), indent=1).encode())
            file.flush()
            os.fsync(file.fileno())
        temporary.rename(self.folder / _MANIFEST)
        sync(self.folder)

    def _manifest(self) -> _Manifest:
        try:
            data = (self.folder / _MANIFEST).read_bytes()
            manifest = msgspec.json.decode(data, type=_Manifest)
        except (FileNotFoundError, msgspec.DecodeError):
            return _EMPTY
        is_ours = manifest.format == _EMPTY.format and manifest.codes[:1] == _EMPTY.codes
        return manifest if is_ours else _EMPTY

    # --- forgetting -------------------------------------------------------------------------------

    def intend(self) -> None:
        """Say durably that a subject is being forgotten; nothing here says who."""
        (self.folder / _INTENT).touch()
        sync(self.folder)

    def forget(self, subject: int) -> None:
        """Overwrite a subject's rows in every segment; durable when it returns."""
        manifest = self._manifest()
        for name in manifest.segments:
            columns = read_segment(self.folder / name, manifest.codes, mode="r+")
            row = columns.row_of(subject)
            if row is None:
                continue
            blank(columns, row)
            for column in columns[1:]:
                if isinstance(column, np.memmap):
                    column.flush()

    def settle(self) -> None:
        """Say that whoever was being forgotten is forgotten, in the vault too."""
        (self.folder / _INTENT).unlink(missing_ok=True)
        sync(self.folder)


class Forgetting:
    """Forgets subjects in the bulk store in step with the vault's transactions.

    The intent is durable before the vault commits, the rows are overwritten after it. A crash in
    between leaves the intent, and whoever opens the ledger next rebuilds that context from the
    vault, which alone knows whether the subject left.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._open: dict[str, ColumnStore] = {}

    @contextmanager
    def of(self, subject: int, context: str) -> Iterator[None]:
        """Forget a subject in a context once the block, which writes the vault, is through."""
        store = ColumnStore(self._root, context)
        if not store.exists:
            yield
            return
        store.intend()
        try:
            yield
        except BaseException:  # the intent stays: a commit that failed may hold all the same
            self._open.pop(context, None)
            raise
        store.forget(subject)
        self._open[context] = store

    def settle(self, *, committed: bool) -> None:
        """End what is open, once the vault's transaction has ended in one way or the other."""
        for store in self._open.values():
            if committed:
                store.settle()
            else:  # rows may be overwritten of somebody who is still here
                store.remove()
        self._open.clear()


def clean_columns(root: Path) -> None:
    """Remove what a writer left unfinished, in every context; see `ColumnStore.clean`."""
    for folder in list(root.iterdir()) if root.is_dir() else ():
        ColumnStore(root, folder.name).clean()


def _discard(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
