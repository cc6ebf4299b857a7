"""What is done to the log while faults strike: fixed steps, each told to the journal when it ends."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from standing.errors import StandingError
from standing.log import Log, Publication
from tests.unit.log.conftest import create, group, read, write

Step = tuple[str, int]
"""A verb and its number: append up to that many entries, put that document."""
Steps = Sequence[Step]
Tell = Callable[[str], None]
LOG = "log"
"""The log's folder below the watched one: the folder above is watched as well."""
CHECKPOINT = f"{LOG}/checkpoint"
WITNESSED = f"{LOG}/checkpoint.witnessed"


@dataclass(frozen=True)
class Work:
    """`before` is done in peace, `steps` under faults."""

    before: Steps
    steps: Steps

    @property
    def sizes(self) -> list[int]:
        """The sizes at which the log may stand, from empty on."""
        steps = [*self.before, *self.steps]
        return [0, *(n for verb, n in steps if verb in {"append", "around"})]

    @property
    def documents(self) -> list[int]:
        return [n for verb, n in [*self.before, *self.steps] if verb == "put"]


SMALL = Work(
    before=[("create", 0), ("append", 3), ("publish", 0), ("close", 0)],
    steps=[("open", 0), ("append", 5), ("put", 1), ("publish", 0), ("close", 0)],
)
"""No tile fills: the least that touches every kind of file."""

CROSSING = Work(
    before=[("create", 0), ("append", 250), ("publish", 0), ("close", 0)],
    steps=[
        ("open", 0),
        ("append", 253),
        ("put", 1),
        ("append", 300),
        ("publish", 0),
        ("close", 0),
    ],
)
"""A tile fills: partial ones go, a level begins, entries leave log.db."""

FOUNDING = Work(
    before=[],
    steps=[("create", 0), ("append", 2), ("publish", 0), ("append", 4), ("close", 0)],
)
"""From no folder at all."""

LONG = Work(
    before=[],
    steps=[
        ("create", 0),
        ("pages", 12),
        ("append", 2),
        ("publish", 0),
        ("put", 1),
        ("append", 250),
        ("publish", 0),
        ("append", 254),
        ("append", 256),
        ("publish", 0),
        ("append", 259),
        ("put", 2),
        ("close", 0),
        ("open", 0),
        ("publish", 0),
        ("append", 515),
        ("publish", 0),
        ("put", 1),
        ("pages", 2),
        ("append", 520),
        ("append", 521),
        ("publish", 0),
        ("append", 522),
        ("close", 0),
    ],
)
"""Everything at once, over several openings and two tiles."""

BESIDE = Work(
    before=[("create", 0), ("append", 250), ("publish", 0), ("close", 0)],
    steps=[
        ("open", 0),
        ("append", 253),
        ("begin", 0),
        ("append", 258),
        ("write", 0),
        ("end", 0),
        ("witnessed", 0),
        ("begin", 0),
        ("around", 300),
        ("put", 1),
        ("end", 0),
        ("close", 0),
    ],
)
"""Publications beside further commits: one comes before the files, one amid them."""

WORKS = {
    "small": SMALL,
    "crossing": CROSSING,
    "founding": FOUNDING,
    "beside": BESIDE,
    "long": LONG,
}


def document(number: int) -> bytes:
    return b"document %d " % number * 500


class _Amid(list[tuple[str, bytes]]):
    """A list that lets something happen when half of it was gone through."""

    act: Callable[[], None]

    def __iter__(self) -> Iterator[tuple[str, bytes]]:
        half = len(self) // 2
        yield from self[:half]
        self.act()
        yield from self[half:]


class Worker:
    """Does the steps in one log's folder."""

    def __init__(self, place: Path, tell_sql: Tell | None = None) -> None:
        self.place = place
        self.log: Log | None = None
        self._tell_sql = tell_sql
        self._publication: Publication | None = None

    def do(self, step: Step) -> None:
        verb, number = step
        getattr(self, f"_{verb}")(number)

    def _create(self, _: int) -> None:
        self._take(create(self.place))

    def _open(self, _: int) -> None:
        self._take(write(self.place))

    def _take(self, log: Log) -> None:
        self.log = log
        if self._tell_sql is not None:
            log.db.set_trace_callback(self._tell_sql)

    def _append(self, size: int) -> None:
        log = self._open_log()
        log.append(group(log.head.size, size), {"state": b"%d" % size}, day=size // 100)

    def _put(self, number: int) -> None:
        self._open_log().put_document(document(number))

    def _publish(self, _: int) -> None:
        self._open_log().publish()

    def _begin(self, _: int) -> None:
        self._publication = self._open_log().begin_publication()

    def _write(self, _: int) -> None:
        self._write_files(self._begun())

    def _around(self, size: int) -> None:
        """Write a publication's files, and append when half of them are there."""
        files = _Amid(self._begun().files)
        files.act = lambda: self._append(size)
        self._write_files(replace(self._begun(), files=files))

    def _write_files(self, publication: Publication) -> None:
        try:
            publication.write()
        except OSError as error:
            self._open_log().end_publication(publication, error)

    def _end(self, _: int) -> None:
        self._open_log().end_publication(self._begun())

    def _witnessed(self, _: int) -> None:
        """Put back what witnesses cosigned; whether they did is for its caller to know."""
        log = self._open_log()
        assert log.publish_witnessed(log.published() or b"")

    def _begun(self) -> Publication:
        assert self._publication is not None
        return self._publication

    def _pages(self, number: int) -> None:
        """Let SQLite move its write-ahead file into the database after so many pages."""
        self._open_log().db.execute(f"PRAGMA wal_autocheckpoint={number:d}").fetchall()

    def _close(self, _: int) -> None:
        self._open_log().close()
        self.log = None

    def _open_log(self) -> Log:
        assert self.log is not None
        return self.log


def do_all(place: Path, steps: Steps) -> None:
    """Do the steps where nothing fails."""
    worker = Worker(place)
    for step in steps:
        worker.do(step)


def do_traced(place: Path, steps: Steps, tell: Tell) -> None:
    """Do the steps, and tell of each that it is done, and of the SQL that removes something."""

    def tell_sql(sql: str) -> None:
        if sql.startswith("DELETE"):
            tell(f"sql {sql}")

    worker = Worker(place, tell_sql)
    for verb, number in steps:
        worker.do((verb, number))
        tell(f"done {verb} {number}")


def do_told(place: Path, steps: Steps, tell: Tell) -> None:
    """Do the steps, and tell of each that it is done, or how it failed and that the log stopped."""
    worker = Worker(place)
    for verb, number in steps:
        try:
            worker.do((verb, number))
        except StandingError as error:
            tell(f"refused {error.code}")
        except (OSError, sqlite3.Error) as error:
            tell(f"raised {type(error).__name__} in {verb}")
        else:
            tell(f"done {verb} {number}")
            continue
        if worker.log is not None:
            for fault in _runs_on(worker.log):
                tell(f"wrong: after a failed {verb} {fault}")
            worker.log.close()
        return


def _runs_on(log: Log) -> list[str]:
    """Name what a log still does after a failed write."""
    attempts: dict[str, Callable[[], object]] = {
        "append": lambda: log.append(group(9_000, 9_001)),
        "find": lambda: log.find(bytes(32)),
        "state": lambda: log.state("state"),
        "put_document": lambda: log.put_document(b"never put before"),
    }
    if log.head.size:  # an empty log has nothing to publish
        attempts["publish"] = log.publish
    return [name for name, attempt in attempts.items() if _code(attempt) != "E-LOG-07"]


def _code(attempt: Callable[[], object]) -> str:
    try:
        attempt()
    except StandingError as error:
        return error.code
    return ""


def resume(work: Work, place: Path, tell: Tell) -> None:
    """Open the log that a stopped process left, and do what is left of its work."""
    with closing(write(place)) as log:
        tell("done open 0")
        worker = Worker(place)
        worker.log = log
        tell(f"found {log.head.size}")
        rest = [("append", size) for size in work.sizes if size > log.head.size]
        for step in [*(("put", n) for n in work.documents), *rest, ("publish", 0)]:
            worker.do(step)
            tell("done {} {}".format(*step))


def show(place: Path, tell: Tell) -> None:
    """Open a log to read it, and show its signed head as a page would."""
    with read(place) as log:
        if log.head.size:
            tell(f"shown {log.head.checkpoint.hex()}")
