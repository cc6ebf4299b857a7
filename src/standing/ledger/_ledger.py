"""The ledger's door: verbs that read like the command line.

>>> import tempfile, standing
>>> from standing.wire.keys import KeyFile, SigningKey
>>> directory = tempfile.mkdtemp()
>>> key = SigningKey.generate()
>>> operator = KeyFile("operator", "city-office", key, key.public)
>>> clock = standing.SimulatedClock(20_000)
>>> ledger = standing.create(directory, operator, origin="demo.example/log", clock=clock)
>>> ledger.log_size
5
>>> ledger.verify().ok
True
>>> ledger.close()
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from standing import charter
from standing.engine import Clock, RealClock, SimulatedClock
from standing.errors import Refused
from standing.ledger._core import Core
from standing.ledger._setup import create_directory
from standing.ledger.verbs import (
    CaseVerbs,
    LogVerbs,
    PartyVerbs,
    RecordVerbs,
    RuleVerbs,
    SubjectVerbs,
    UpkeepVerbs,
)
from standing.wire.keys import KeyFile


def create(
    directory: Path | str,
    operator: KeyFile,
    *,
    origin: str,
    clock: Clock | None = None,
    employer: str = "",
    rp_id: str = "localhost",
    page_size: int = 4096,
) -> "Ledger":
    """Found a ledger in a new directory, and open it."""
    path = Path(directory)
    clock = clock or RealClock()
    create_directory(
        path,
        operator,
        clock,
        origin=origin,
        employer=employer or operator.name,
        rp_id=rp_id,
        page_size=page_size,
    )
    return open_ledger(path, clock=clock)


def open_ledger(
    directory: Path | str, *, clock: Clock | None = None, read_only: bool = False
) -> "Ledger":
    """Open a ledger; one process at a time may write. Raises `E-LEDGER-01` where there is none."""
    return Ledger(Core.open(Path(directory), clock, read_only=read_only))


class Ledger(CaseVerbs, LogVerbs, PartyVerbs, RecordVerbs, RuleVerbs, SubjectVerbs, UpkeepVerbs):
    """One open ledger: all verbs. Close it, or use it in a `with` block."""

    def __enter__(self) -> Self:
        """Use as a context manager."""
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the ledger and let the next writer in."""
        self._core.close()

    @property
    def directory(self) -> Path:
        """Where the ledger lies."""
        return self._core.directory

    @property
    def log_size(self) -> int:
        """How many statements the log holds."""
        return self._core.log.head.size

    @property
    def root(self) -> bytes:
        """The root over all of them."""
        return self._core.log.head.root

    @property
    def state(self) -> charter.State:
        """Who may say what, as of the last entry."""
        return self._core.state

    @property
    def changes(self) -> int:
        """Another number whenever what follows from people's documents may be another."""
        return self._core.vault.changes

    @property
    def checkpoint(self) -> bytes:
        """The newest signed checkpoint; keep one elsewhere to compare with."""
        return self._core.log.head.checkpoint

    def advance_to(self, day: int) -> None:
        """Move a simulated clock forward; refused on a real one."""
        clock = self._core.engine.clock
        if not isinstance(clock, SimulatedClock):
            raise Refused(
                "E-CLOCK-04",
                "A real clock is not moved by hand.",
                why="This ledger runs on this machine's clock.",
                fix="Wait.",
            )
        clock.advance_to(day)

    @contextmanager
    def bulk(self) -> Iterator[None]:
        """Join many verbs into one durable step; nothing inside is acknowledged before its end."""
        with self._core.bulk():
            yield

    @contextmanager
    def publishing_later(self) -> Iterator[None]:
        """Write the public files once, at the end of the block; each verb stays durable alone."""
        with self._core.publishing_later():
            yield
