"""The segments of one context: appended, merged, and forgotten from where they lie.

A manifest lists the segments that count; a folder that it does not list is unfinished or old and
is removed. News become a segment of their own; neighbours of like size are merged, so that a store
of n appends keeps about log n segments. Where anything goes wrong, the whole store goes: it is a
cache, and the vault makes it anew.
"""

import json
import os
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import reduce
from itertools import count, pairwise
from pathlib import Path
from typing import Final, TypeVar

import msgspec
import numpy as np

from standing.columns._segment import (
    Listed,
    Segment,
    blank_rows,
    damaged,
    read_row,
    sync,
    write_segment,
)
from standing.errors import Refused
from standing.policy.columns import Columns, Ints, empty, merge_into, merged, merged_counts

_T = TypeVar("_T")
_MANIFEST: Final = "manifest.json"
_INTENT: Final = "forgetting"
_UNFINISHED: Final = "unfinished"
_GROWTH: Final = 2  # merge when the older neighbour is at most this many times as long
_BLOCK_RECORDS: Final = 1 << 25
_TRIES: Final = 5  # of a reader whose segments a writer merged meanwhile
_CONTEXT: Final = re.compile(r"[a-z0-9]+([.-][a-z0-9]+)*", re.ASCII)
_SEGMENT: Final = re.compile(r"[0-9]{6}", re.ASCII)
BLANK: Final = ""
"""The act type of an overwritten record: number 0 in every store, weighed by no pack."""


class _Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What counts, and the vault that it was made from.

    `through` is the last batch in here, `witness` the hash of its statement, `ended` how many
    consents of the context were withdrawn.
    """

    format: str
    codes: tuple[str, ...]
    segments: tuple[Listed, ...]
    through: int
    witness: str
    ended: int


_EMPTY: Final = _Manifest(
    format="standing/columns/1", codes=(BLANK,), segments=(), through=0, witness="", ended=0
)


class ColumnStore:
    """The bulk store of one context, in a folder of its own.

    One writer at a time: whoever holds the ledger's lock. Readers map what the manifest lists.
    Raises `E-COL-02` for a context that is no code.
    """

    def __init__(self, root: Path, context: str) -> None:
        if not _CONTEXT.fullmatch(context):
            raise Refused(
                "E-COL-02",
                "This is the name of no context.",
                why=f"Got {context!r}; a context is a code of small letters, digits, '.' and '-'.",
                fix="Name a context that has a pack: standing pack list.",
            )
        self.folder = root / context

    @property
    def exists(self) -> bool:
        """Whether anything lies here, even if it does not count."""
        return self.folder.is_dir()

    @property
    def codes(self) -> tuple[str, ...]:
        """The act types by number; the first one is that of overwritten records."""
        return self._manifest().codes

    def covers(self) -> tuple[int, str, int]:
        """Tell what this was made from: last batch, hash of its statement, consents withdrawn."""
        if (self.folder / _INTENT).exists():  # whether the vault forgot as well is not known here
            return 0, "", 0
        manifest = self._manifest()
        return manifest.through, manifest.witness, manifest.ended

    # --- reading ----------------------------------------------------------------------------------

    def segments(self) -> list[Segment]:
        """Map every segment, oldest first; what is mapped stays as it is when a writer goes on."""
        return self._read(
            lambda manifest: [
                Segment(self.folder / listed.name, manifest.codes, listed)
                for listed in manifest.segments
            ]
        )

    def load(self) -> Columns:
        """Give all rows as one; a store of one segment is mapped, not read."""
        held = [segment.columns for segment in self.segments()]
        return reduce(merged, held) if held else empty(self.codes)

    def row(self, subject: int) -> Columns:
        """Give one subject's records, reading only where they lie."""

        def read(manifest: _Manifest) -> Columns:
            parts = (
                read_row(self.folder / listed.name, manifest.codes, listed, subject)
                for listed in manifest.segments
            )
            found = [part for part in parts if part is not None]
            return reduce(merged, found) if found else empty(manifest.codes)

        return self._read(read)

    def _read(self, read: Callable[[_Manifest], _T]) -> _T:
        for _ in range(_TRIES):
            manifest = self._manifest()
            try:
                return read(manifest)
            except FileNotFoundError as missing:
                problem = missing
                if self._manifest() == manifest:  # no writer merged it away
                    break
        raise damaged(Path(str(problem.filename)).parent, "a column is missing") from None

    # --- writing ----------------------------------------------------------------------------------

    def clean(self) -> None:
        """Remove what no manifest lists; a forgetting that was cut off removes everything."""
        manifest = self._manifest()
        if (self.folder / _INTENT).exists() or manifest == _EMPTY:
            self.remove()
            return
        listed = {segment.name for segment in manifest.segments}
        for path in list(self.folder.iterdir()):
            if path.name not in {*listed, _MANIFEST}:
                _discard(path)

    def remove(self) -> None:
        """Remove the whole context; it is rebuilt from the vault when it is next needed."""
        if self.folder.is_dir():
            (self.folder / _MANIFEST).unlink(missing_ok=True)  # first: nothing counts any more
            shutil.rmtree(self.folder)

    def append(self, news: Columns, through: int, witness: str, ended: int = 0) -> None:
        """Add records as a segment of their own, then merge neighbours of like size.

        The rest is what `covers` will say.
        """
        try:
            self._append(news, through, witness, ended)
        except BaseException:
            self.remove()  # nobody's records stay in a folder that no manifest lists
            raise

    def _append(self, news: Columns, through: int, witness: str, ended: int) -> None:
        manifest = self._manifest()
        assert news.codes[: len(manifest.codes)] == manifest.codes  # numbers never change
        self.folder.parent.mkdir(mode=0o700, exist_ok=True)  # in clear: for the owner's eyes
        self.folder.mkdir(mode=0o700, exist_ok=True)
        listed = list(manifest.segments)
        if news.records:
            listed.append(self._write(empty(news.codes), news))
        replaced = []
        while len(listed) > 1 and listed[-2].records <= _GROWTH * listed[-1].records:
            parts = [
                Segment(self.folder / one.name, news.codes, one).columns for one in listed[-2:]
            ]
            replaced += listed[-2:]
            listed[-2:] = [self._write(parts[0], parts[1])]
        self._publish(
            msgspec.structs.replace(
                manifest, codes=news.codes, segments=tuple(listed),
                through=through, witness=witness, ended=ended,
            )
        )  # fmt: skip
        for one in replaced:
            _discard(self.folder / one.name)

    def _write(self, a: Columns, b: Columns) -> Listed:
        name = next(n for n in map("{:06}".format, count(1)) if not (self.folder / n).exists())
        unfinished = self.folder / _UNFINISHED
        _discard(unfinished)
        made = write_segment(unfinished, merged_counts(a, b), lambda out: merge_into(a, b, out))
        unfinished.rename(self.folder / name)
        return msgspec.structs.replace(made, name=name)

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
        except (FileNotFoundError, msgspec.DecodeError, UnicodeDecodeError):
            return _EMPTY
        is_ours = manifest.format == _EMPTY.format and manifest.codes[:1] == _EMPTY.codes
        is_ours &= all(_SEGMENT.fullmatch(listed.name) for listed in manifest.segments)
        return manifest if is_ours else _EMPTY

    # --- forgetting -------------------------------------------------------------------------------

    def intend(self) -> None:
        """Say durably that a subject is being forgotten; nothing here says who."""
        (self.folder / _INTENT).touch()
        sync(self.folder)

    def forget(self, *subjects: int) -> None:
        """Overwrite subjects' rows in every segment; durable when it returns."""
        manifest = self._manifest()
        numbers = np.array(sorted(subjects), np.uint64)
        for listed in manifest.segments:
            blank_rows(self.folder / listed.name, manifest.codes, listed, numbers)

    def forget_others(self, kept: Ints) -> None:
        """Overwrite whoever is not among `kept` (ascending): their consent has ended by itself."""
        gone = set[int]()
        for segment in self.segments():
            subjects = segment.columns.subjects
            places = np.searchsorted(kept, subjects)
            absent = places == len(kept)
            absent[~absent] = kept[places[~absent]] != subjects[~absent]
            gone |= set(subjects[absent].tolist())
        gone.discard(0)  # a row that was blanked already
        if gone:
            self.forget(*gone)

    def settle(self, ended: int) -> None:
        """Say that the vault withdrew so many consents more, and that the rows are gone."""
        manifest = self._manifest()
        if manifest != _EMPTY:
            self._publish(msgspec.structs.replace(manifest, ended=manifest.ended + ended))
            (self.folder / _INTENT).unlink(missing_ok=True)
            sync(self.folder)


def blocks(segments: Sequence[Segment], records: int = _BLOCK_RECORDS) -> Iterator[Columns]:
    """Give all rows of mapped segments in blocks of about so many records, ascending.

    What one block read is let go before the next one: keep no view of it.
    """
    if not segments:
        return
    largest = max(segments, key=lambda segment: segment.columns.records).columns
    wanted = np.arange(records, largest.records, records)
    places = np.searchsorted(largest.ends, wanted) + 1
    starts = largest.subjects[places[places < len(largest.subjects)]]
    borders = [np.uint64(0), *np.unique(starts), np.uint64(2**64 - 1)]
    for first, last in pairwise(borders):
        yield reduce(merged, [_between(segment.columns, first, last) for segment in segments])
        for segment in segments:
            segment.release()


def _between(columns: Columns, first: np.uint64, last: np.uint64) -> Columns:
    """Give the rows of the subjects from `first` to before `last`, as views but for the ends."""
    begin, end = (int(n) for n in np.searchsorted(columns.subjects, [first, last]))
    at = columns.span(begin).start if begin < len(columns.subjects) else columns.records
    to = int(columns.ends[end - 1]) if end else 0
    span = slice(at, max(at, to))
    return Columns(
        columns.codes, columns.subjects[begin:end], np.array(columns.ends[begin:end]) - at,
        *(column[span] if len(column) else column for column in columns[3:]),
    )  # fmt: skip


class Forgetting:
    """Forgets subjects in the bulk store in step with the vault's transactions.

    The intent is durable before the vault commits, the rows are overwritten after it. Whatever
    goes wrong, the store of that context is removed: a cache never stands in the way of a right.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._open: dict[str, int] = {}  # contexts with an intent, and the consents that ended

    @contextmanager
    def of(self, subject: int, context: str, ended: int = 1) -> Iterator[None]:
        """Forget a subject in a context once the block, which ends `ended` consents, is over."""
        store = ColumnStore(self._root, context)
        if context not in self._open:
            store.clean()
        if not store.exists:
            yield
            return
        try:
            store.intend()
            self._open[context] = self._open.get(context, 0) + ended
            yield
        except BaseException:
            self._drop(context)
            raise
        try:
            store.forget(subject)
        except Exception:  # noqa: BLE001 - whoever leaves is gone, whatever the cache's state
            self._drop(context)

    def settle(self, *, committed: bool) -> None:
        """End what is open, once the vault's transaction has ended in one way or the other."""
        for context, ended in list(self._open.items()):
            if committed:
                ColumnStore(self._root, context).settle(ended)
            else:  # rows may be overwritten of somebody who is still here
                self._drop(context)
        self._open.clear()

    def _drop(self, context: str) -> None:
        self._open.pop(context, None)
        ColumnStore(self._root, context).remove()


def clean_columns(root: Path) -> None:
    """Remove what a writer left unfinished, in every context; see `ColumnStore.clean`."""
    for folder in list(root.iterdir()) if root.is_dir() else ():
        if _CONTEXT.fullmatch(folder.name):
            ColumnStore(root, folder.name).clean()
        else:
            _discard(folder)


def _discard(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
