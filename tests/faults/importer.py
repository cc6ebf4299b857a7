"""Import a file or take batches, and kill this very process at the n-th step that touches the disk.

A child process runs `take` or `take_sent`. With `last` = 0 nothing is killed, and the steps are counted.
"""

import os
import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from standing.engine import SimulatedClock
from standing.ledger import Ledger, open_ledger
from standing.ledger.intake import parse_batches
from standing.wire.keys import load_key_file
from tests.support import MAP, TODAY

_WRITES = ("BEGIN", "COMMIT", "INSERT", "UPDATE", "DELETE")


class Reaper:
    """Counts steps and ends the process at one of them, without any clean-up."""

    def __init__(self, last: int) -> None:
        self.last = last
        self.steps = 0

    def step(self) -> None:
        self.steps += 1
        if self.steps == self.last:
            os.kill(os.getpid(), signal.SIGKILL)

    def before(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def stepped(*args: Any, **kwargs: Any) -> Any:
            self.step()
            result = function(*args, **kwargs)
            self.step()
            return result

        return stepped

    def on_sql(self, text: str) -> None:
        if text.lstrip().upper().startswith(_WRITES):
            self.step()


@contextmanager
def _watched(directory: Path, reaper: Reaper) -> Iterator[Ledger]:
    with open_ledger(directory, clock=SimulatedClock(TODAY)) as ledger:
        core = ledger._core
        databases: list[sqlite3.Connection] = [core.vault.db, core.vault.keys.db, core.log.db]
        for db in databases:
            db.set_trace_callback(reaper.on_sql)
        for name in ("fsync", "rename", "replace"):
            setattr(os, name, reaper.before(getattr(os, name)))
        yield ledger


def take(directory: Path, rows: Path, key: Path, last: int) -> None:
    """Import the rows; leave the count of steps and of records beside them."""
    reaper = Reaper(last)
    with _watched(directory, reaper) as ledger:
        done = ledger.import_file(rows, MAP, {"metro": load_key_file(key)}, batch_records=2)
    rows.with_suffix(".steps").write_text(f"{reaper.steps} {done.records}")


def take_sent(directory: Path, document: Path, key: Path, last: int) -> None:
    """Take the batches of a document; leave the count of steps and of records beside it."""
    reaper = Reaper(last)
    with _watched(directory, reaper) as ledger:
        batches = parse_batches(document.read_bytes())
        done = ledger.take_batches(batches, by=load_key_file(key).public)
    document.with_suffix(".steps").write_text(f"{reaper.steps} {done.records}")
