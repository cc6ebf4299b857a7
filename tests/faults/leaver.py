"""Erase somebody, copy a ledger, bring it back: and kill this very process at the n-th step.

A step is whatever touches the disk: SQL that writes, on every connection, and calls of the system.
"""

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

from standing.engine import SimulatedClock
from standing.ledger import open_ledger, restore
from standing.wire.keys import load_key_file
from tests.faults.importer import Reaper
from tests.support import CONTEXT

_CALLS = ("fsync", "rename", "replace", "pwrite", "unlink", "mkdir", "rmdir", "open", "ftruncate")


def watch(reaper: Reaper, *open_now: sqlite3.Connection) -> None:
    """Let the reaper hear of every step from here on."""
    for db in open_now:
        db.set_trace_callback(reaper.on_sql)
    connect = sqlite3.connect

    def connected(*args: Any, **kwargs: Any) -> sqlite3.Connection:
        db = connect(*args, **kwargs)
        db.set_trace_callback(reaper.on_sql)
        return db

    sqlite3.connect = connected  # type: ignore[assignment]
    for name in _CALLS:
        setattr(os, name, reaper.before(getattr(os, name)))


def erase(folder: Path, day: int, last: int) -> None:
    """Erase the holder of `subject.key`."""
    reaper = Reaper(last)
    with open_ledger(folder / "ledger", clock=SimulatedClock(day)) as ledger:
        core = ledger._core
        watch(reaper, core.vault.db, core.vault.keys.db)
        ledger.erase(CONTEXT, key=load_key_file(folder / "subject.key").key)


def tick(folder: Path, day: int, last: int) -> None:
    """Let the clock erase whoever left."""
    reaper = Reaper(last)
    with open_ledger(folder / "ledger", clock=SimulatedClock(day)) as ledger:
        core = ledger._core
        watch(reaper, core.vault.db, core.vault.keys.db, core.log.db)
        ledger.tick()


def copy(folder: Path, day: int, last: int) -> None:
    """Copy the ledger and its keys."""
    reaper = Reaper(last)
    with open_ledger(folder / "ledger", clock=SimulatedClock(day)) as ledger:
        watch(reaper, ledger._core.vault.keys.db)
        ledger.backup(folder / "a", folder / "b")


def bring_back(folder: Path, day: int, last: int) -> None:
    """Bring the ledger back from its copies."""
    reaper = Reaper(last)
    watch(reaper)
    restore(folder / "back", folder / "a", folder / "b", clock=SimulatedClock(day))


ACTS: dict[str, Callable[[Path, int, int], None]] = {
    "erase": erase, "tick": tick, "copy": copy, "bring_back": bring_back,
}  # fmt: skip
