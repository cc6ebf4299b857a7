"""The shim's other half: compile it, steer it from inside a process, read the journal it leaves."""

import ctypes
import enum
import errno
import hashlib
import os
import shutil
import struct
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SOURCE = Path(__file__).with_name("shim.c")
COMPILER = os.environ.get("CC", "cc")
_RECORD = struct.Struct("=6i2q2i")


class Op(enum.IntEnum):
    """What a line of the journal tells of; in the order of the C source."""

    OPEN = 1
    CLOSE = 2
    WRITE = 3
    TRUNCATE = 4
    SYNC = 5
    RENAME = 6
    UNLINK = 7
    RMDIR = 8
    MKDIR = 9
    MAP = 10
    MARK = 11


class Act(enum.IntEnum):
    """What becomes of the armed call; in the order of the C source."""

    PASS = 0
    KILL_BEFORE = 1
    KILL_AFTER = 2
    FAIL = 3
    FAIL_DONE = 4  # what was asked is done, and an error is told
    SHORT = 5  # half is written, and the program is told so
    SHORT_FAIL = 6  # the same, and the rest fails
    SHORT_KILL = 7


@dataclass(frozen=True)
class Fault:
    """An action at one call; `for_good`: at every later one as well."""

    act: Act
    error: int = 0
    for_good: bool = False

    def __str__(self) -> str:
        parts = [self.act.name.lower().replace("_", " ")]
        parts += [errno.errorcode[self.error]] if self.error else []
        return " ".join(parts + ["from there on"] * self.for_good)


@dataclass(frozen=True)
class Event:
    """One line of the journal. `number` counts the calls that a fault can strike; else it is 0."""

    op: Op
    fd: int = -1
    flags: int = 0
    done: bool = True
    result: int = 0
    number: int = 0
    at: int = 0
    size: int = 0
    path: str = ""
    other: str = ""
    data: bytes = b""


def have_compiler() -> bool:
    return shutil.which(COMPILER) is not None


def build() -> Path:
    """Compile the shim, once for each version of its source."""
    digest = hashlib.sha256(SOURCE.read_bytes()).hexdigest()[:16]
    library = Path(tempfile.gettempdir()) / f"standing-shim-{os.getuid()}-{digest}.so"
    if not library.exists():
        with tempfile.TemporaryDirectory(dir=library.parent) as folder:
            made = Path(folder) / "shim.so"
            subprocess.run(
                [COMPILER, "-shared", "-fPIC", "-O1", "-Wall", "-o", made, SOURCE], check=True
            )
            made.rename(library)  # whole or not at all: tests run side by side
    return library


class Shim:
    """Steers the library that the process was started with."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL(None)

    def begin(self, folder: Path, journal: int, seed: Path) -> None:
        """Watch the files below a folder."""
        self._library.faults_begin(os.fsencode(folder), journal, os.fsencode(seed))

    def arm(self, number: int, fault: Fault) -> None:
        self._library.faults_arm(number, int(fault.act), fault.error, int(fault.for_good))

    def mark(self, text: str) -> None:
        """Note in the journal what the program has got to."""
        self._library.faults_mark(text.encode())


def read_journal(path: Path) -> Iterator[Event]:
    """Give the events in order; a process that was killed has finished the line it was at."""
    data = path.read_bytes()
    at = 0
    while at < len(data):
        op, fd, flags, done, result, number, offset, size, path_len, other_len = (
            _RECORD.unpack_from(data, at)
        )
        at += _RECORD.size
        name = os.fsdecode(data[at : at + path_len])
        at += path_len
        other = os.fsdecode(data[at : at + other_len])
        at += other_len
        body = data[at : at + size] if op == Op.WRITE else b""
        at += len(body)
        yield Event(Op(op), fd, flags, bool(done), result, number, offset, size, name, other, body)
