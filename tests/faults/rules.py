"""The order of the write path, as rules that every journal of it must keep.

Each rule looks at the disk just before an event and says whether the event may come now. They are
the promises of the log's design, written a second time: the trials find that a broken order loses
something, these say which order it was.
"""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from tests.faults.disk import Disk, File
from tests.faults.oracle import parse_head
from tests.faults.shim import Event, Op
from tests.faults.work import CHECKPOINT, LOG, document

TILE = 256
DATABASE = f"{LOG}/log.db"
AHEAD = f"{DATABASE}-wal"
DOCUMENTS = f"{LOG}/documents"
UNFINISHED = {f"{LOG}/.new", f"{LOG}/.new-document"}
_OF_SQLITE = {DATABASE, AHEAD, f"{DATABASE}-journal", f"{DATABASE}-shm"}

Rule = Callable[["Watch", Event], bool]


class Watch:
    """What the rules ask of the disk."""

    def __init__(self, disk: Disk, root: Path) -> None:
        self.disk = disk
        self._root = str(root)

    def name(self, path: str) -> str:
        return path.removeprefix(f"{self._root}/")

    def durable(self, name: str) -> bool:
        """Say whether a name and its bytes outlive a power cut, just as they are."""
        return self.disk.is_durable(f"{self._root}/{name}")

    def exists(self, name: str) -> bool:
        return self.disk.find(f"{self._root}/{name}") is not None

    def changed(self, event: Event) -> str:
        """Name the file or folder that an event's number stands for."""
        node = self.disk.node_of(event)
        names = [n for n in self.disk.seen() if self.disk.find(f"{self._root}/{n}") is node]
        return names[0] if names else "(the folder above)"


def tiles(size: int) -> Iterator[str]:
    """Name every tile and bundle that a log of a size has (the longest of each)."""
    level, width = 0, size
    while width:
        for folder in ["entries", "0"] if level == 0 else [str(level)]:
            for number in range(width // TILE):
                yield f"{LOG}/tile/{folder}/{number:03}"
            if width % TILE:
                yield f"{LOG}/tile/{folder}/{width // TILE:03}.p/{width % TILE}"
        level, width = level + 1, width // TILE


def bytes_before_name(watch: Watch, event: Event) -> bool:
    """Put a file in place only when its bytes are durable."""
    if event.op is not Op.RENAME:
        return True
    node = watch.disk.find(event.path)
    return isinstance(node, File) and watch.disk.has_durable_bytes(node)


def published_files_are_never_written_to(watch: Watch, event: Event) -> bool:
    """Write to the unfinished file and to SQLite's own files alone."""
    if event.op not in {Op.WRITE, Op.TRUNCATE}:
        return True
    return watch.changed(event) in _OF_SQLITE | UNFINISHED


def checkpoint_last(watch: Watch, event: Event) -> bool:
    """Put the checkpoint in place only when all that it promises is durable."""
    if event.op is not Op.RENAME or watch.name(event.other) != CHECKPOINT:
        return True
    node = watch.disk.find(event.path)
    assert isinstance(node, File)
    size, _ = parse_head(bytes(node.seen))
    return watch.durable(AHEAD) and all(
        watch.exists(name) and watch.durable(name) for name in tiles(size)
    )


def entries_leave_last(watch: Watch, event: Event) -> bool:
    """Let entries leave log.db only when their bundles are durable."""
    leaving = re.match(r"sql DELETE FROM entries WHERE idx<(\d+)", event.path)
    if event.op is not Op.MARK or leaving is None:
        return True
    bundles = [f"{LOG}/tile/entries/{n:03}" for n in range(int(leaving[1]) // TILE)]
    return all(watch.exists(name) and watch.durable(name) for name in bundles)


def answer_last(watch: Watch, event: Event) -> bool:
    """Acknowledge only what is durable, name and bytes."""
    if event.op is not Op.MARK:
        return True
    match event.path.split():
        case ["done", "append" | "around", _]:
            return watch.exists(AHEAD) and watch.durable(AHEAD) and watch.durable(LOG)
        case ["done", "put", number]:
            digest = hashlib.sha256(document(int(number))).hexdigest()
            return watch.exists(f"{DOCUMENTS}/{digest}") and watch.durable(f"{DOCUMENTS}/{digest}")
        case ["done", "publish" | "write" | "end", _]:
            return watch.exists(CHECKPOINT) and watch.durable(CHECKPOINT)
        case ["done", "create" | "open" | "close", _]:
            return watch.durable(LOG) and watch.durable(DATABASE)
    return True


def database_after_ahead(watch: Watch, event: Event) -> bool:
    """Move pages into log.db only from a write-ahead file that is durable."""
    moving = event.op is Op.WRITE and watch.exists(AHEAD) and watch.changed(event) == DATABASE
    return not moving or watch.durable(AHEAD)


def ahead_begun_anew_after_database(watch: Watch, event: Event) -> bool:
    """Begin the write-ahead file anew, or remove it, only when log.db is durable."""
    begun = event.op is Op.WRITE and event.at == 0 and watch.changed(event) == AHEAD
    gone = event.op is Op.UNLINK and watch.name(event.path) == AHEAD
    return not (begun or gone) or watch.durable(DATABASE)


def nothing_through_a_map(watch: Watch, event: Event) -> bool:
    """Map no file for writing once the log is made: such bytes have no order at all."""
    return event.op is not Op.MAP or watch.changed(event) == f"{DATABASE}-shm"


RULES: tuple[Rule, ...] = (
    bytes_before_name,
    published_files_are_never_written_to,
    checkpoint_last,
    entries_leave_last,
    answer_last,
    database_after_ahead,
    ahead_begun_anew_after_database,
    nothing_through_a_map,
)


def broken(disk: Disk, root: Path, events: Iterable[Event]) -> Iterator[tuple[str, Event]]:
    """Take the disk through a journal; give each rule that is broken, and by what."""
    watch = Watch(disk, root)
    for event in events:
        for rule in RULES:
            if not rule(watch, event):
                yield rule.__name__, event
        if event.op is not Op.MARK:
            disk.apply(event)
