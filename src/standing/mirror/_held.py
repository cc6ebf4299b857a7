"""What a mirror holds: a directory laid out as a log's, whose checkpoint states no more than it.

Files past the checkpoint may lie there, unfinished, after a crash; they are not held and not
believed. Whoever controls the directory can stop reads and cannot change an entry unnoticed.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from standing.errors import Broken, Refused, StandingError, Usage
from standing.log._layout import CHECKPOINT_FILE, DB_FILE, ENTRIES, TILE, UNFINISHED_FILE
from standing.log._tiles import read_wide, tree_over, unpack, width_of
from standing.log._tree import Tree
from standing.verify.checkpoints import Checkpoint, parse_checkpoint
from standing.verify.tree import EMPTY_ROOT
from standing.wire.notes import Note

MISSING_FILE: Final = "missing-documents"
"""Digests of public documents that the entries name and the source did not give, one a line."""


class Held:
    """The mirrored directory as its checkpoint states it; `note` is empty where nothing is held."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        note = self.read(CHECKPOINT_FILE)
        self.note = note or b""
        self.checkpoint: Checkpoint | None = None
        self.parsed: Note | None = None
        self.size, self.root = 0, EMPTY_ROOT
        if note is not None:
            try:
                self.checkpoint, self.parsed = parse_checkpoint(self.note)
            except Refused as error:
                raise damaged(CHECKPOINT_FILE, error.why) from error
            self.size, self.root = self.checkpoint.size, self.checkpoint.root
        self.tree: Tree = tree_over(self.read, self.size, damaged)
        if self.tree.root_at(self.size) != self.root:
            raise damaged(CHECKPOINT_FILE, "it states another tree than the files give")

    def read(self, name: str) -> bytes | None:
        """Read a file of the directory, if it is there."""
        try:
            return (self.directory / name).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise damaged(name, f"the system says: {error.strerror}") from error

    def entries(self, stop: int | None = None) -> Iterator[bytes]:
        """Read entries from the first on, up to `stop`; files past the checkpoint may be named."""
        size = self.size if stop is None else stop
        for number in range(-(-size // TILE)):
            width = width_of(0, number, size)
            data = read_wide(self.read, ENTRIES, number, width)
            if data is None:
                raise damaged(f"entries {number}", "the bundle is missing")
            yield from unpack(data, number, width, damaged)


@contextmanager
def locked(directory: Path) -> Iterator[None]:
    """Make the directory if need be, and be its one writer.

    Raises `E-MIRROR-06` beside another writer, `E-MIRROR-07` in a directory that is a log's own.
    """
    directory.mkdir(parents=True, exist_ok=True)
    if (directory / DB_FILE).exists():
        raise Usage(
            "E-MIRROR-07",
            "A log's own directory is no place for a mirror.",
            why=f"{DB_FILE} lies there: this is where a log is written.",
            fix="Choose another directory.",
            where=str(directory),
        )
    fd = os.open(directory, os.O_RDONLY)
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise Refused(
                "E-MIRROR-06",
                "Another process writes this mirror.",
                why="A mirror has one writer at a time.",
                fix="Stop the other one, or choose another directory.",
                where=str(directory),
            ) from error
        (directory / UNFINISHED_FILE).unlink(missing_ok=True)
        yield
    finally:
        os.close(fd)


def damaged(where: str, why: str) -> StandingError:
    """Make the error for a held file that is not what the mirror wrote."""
    return Broken(
        "E-MIRROR-04",
        "A file of the mirror is damaged.",
        why=f"Found that {why}.",
        fix="Restore the directory, or move it away and mirror the log again from the start.",
        where=where,
    )
