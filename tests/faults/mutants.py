"""Logs that are wrong on purpose: a test that finds nothing must be able to find something."""

import os
import stat
from collections.abc import Callable
from pathlib import Path

from standing.log import _layout, _log, _publish, _store


def _fsync_only(is_wanted: Callable[[int], bool]) -> None:
    real = os.fsync

    def fsync(fd: int) -> None:
        if is_wanted(os.fstat(fd).st_mode):
            real(fd)

    os.fsync = fsync


def files_unsynced() -> None:
    _fsync_only(stat.S_ISDIR)


def folders_unsynced() -> None:
    _fsync_only(stat.S_ISREG)


def database_unsynced() -> None:
    real = _log.open_store

    def open_store(directory: Path) -> _store.Store:
        store = real(directory)
        store.db.execute("PRAGMA synchronous=OFF")
        return store

    _log.open_store = open_store


def checkpoint_first() -> None:
    real = _publish.Publication.write

    def write(self) -> None:
        _layout.write_file(self.directory, _layout.CHECKPOINT_FILE, self.checkpoint)
        real(self)

    _publish.Publication.write = write


def entries_dropped_early() -> None:
    """Let entries go once their bundles are written, but before the folder's fsync."""
    real = _layout.sync_directory

    def sync_directory(path: Path) -> None:
        if path.name == "entries" and (path / "000").exists():
            db = _opened[-1].db
            db.execute("DELETE FROM entries WHERE idx<256")
        real(path)

    _opened: list[_store.Store] = []
    really_open = _log.open_store

    def open_store(directory: Path) -> _store.Store:
        _opened.append(really_open(directory))
        return _opened[-1]

    _log.open_store = open_store
    _layout.sync_directory = sync_directory


def ahead_believed() -> None:
    _store._renew_ahead = lambda _: None


def reader_believes() -> None:
    _store._make_durable = lambda *_: True


MUTANTS: dict[str, Callable[[], None]] = {
    made.__name__: made
    for made in (
        files_unsynced,
        folders_unsynced,
        database_unsynced,
        checkpoint_first,
        entries_dropped_early,
        ahead_believed,
        reader_believes,
    )
}
