"""What a log must be, wherever its writer was stopped.

`examine` looks at what is left as a reader, then as the next writer, who goes on with entries that
nobody has sent before: a signed head that was seen and then lost meets another of its size.
`judge` holds that against what had been acknowledged and seen until then.
"""

import base64
import hashlib
import shutil
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from standing.errors import StandingError
from standing.log import Log
from standing.verify.tree import leaf_hash
from tests.faults.disk import Tree, write_tree
from tests.faults.work import LOG, Work, document
from tests.unit.log.conftest import check, entry, name_of, read, write

HASH = 32
Head = tuple[int, bytes]
"""Size and root of something signed."""


@dataclass
class Seen:
    """What the world knew of a log when its writer was stopped."""

    created: bool = False
    acknowledged: int = 0
    documents: set[int] = field(default_factory=set)
    heads: set[Head] = field(default_factory=set)

    def hear(self, told: str) -> None:
        """Take in what the writer told when a step was done."""
        match told.split():
            case ["done", "create" | "open", _]:
                self.created = True
            case ["done", "append" | "around", size]:
                self.acknowledged = int(size)
            case ["done", "put", number]:
                self.documents.add(int(number))
            case ["shown", checkpoint]:
                self.heads.add(parse_head(bytes.fromhex(checkpoint)))


@dataclass
class Found:
    """What was left, and the heads signed by whoever went on from there."""

    fault: str = ""
    size: int = -1
    documents: set[int] = field(default_factory=set)
    heads: set[Head] = field(default_factory=set)


def parse_head(checkpoint: bytes) -> Head:
    """Read size and root from a signed note."""
    _, size, root, *_ = checkpoint.split(b"\n")
    return int(size), base64.b64decode(root)


def judge(seen: Seen, found: Found) -> str:
    """Say what is wrong, or nothing."""
    if found.fault:
        return found.fault if seen.created or found.size >= 0 else ""
    if found.size < seen.acknowledged:
        return f"acknowledged at {seen.acknowledged} entries, found {found.size}"
    if lost := seen.documents - found.documents:
        return f"documents {sorted(lost)} were acknowledged and are gone"
    roots: dict[int, set[bytes]] = defaultdict(set)
    for size, root in seen.heads | found.heads:
        roots[size].add(root)
    forks = sorted(size for size, some in roots.items() if len(some) > 1)
    return f"two signed heads of size {forks[0]}" if forks else ""


class Examiner:
    """Examines what is left, each distinct state once."""

    def __init__(self, work: Work, scratch: Path) -> None:
        self._work = work
        self._place = scratch / "state"
        self._leaves = b"".join(leaf_hash(entry(n)) for n in range(work.sizes[-1]))
        self._known: dict[bytes, Found] = {}

    @property
    def states(self) -> int:
        """How many distinct states were examined."""
        return len(self._known)

    def examine(self, tree: Tree) -> Found:
        digest = hashlib.sha256()
        for name, data in sorted(tree.items()):
            size = -1 if data is None else len(data)
            digest.update(b"%d %d " % (len(name), size) + name.encode() + (data or b""))
        key = digest.digest()
        if key not in self._known:
            shutil.rmtree(self._place, ignore_errors=True)
            write_tree(self._place, tree)
            self._known[key] = self._examine(self._place / LOG)
        return self._known[key]

    def _examine(self, place: Path) -> Found:
        found = Found()
        try:
            self._read(place, found)
            self._go_on(place, found)
        except StandingError as error:
            found.fault = f"{error.code}: {error}"
        except AssertionError as error:
            found.fault = f"wrong: {error}"
        return found

    def _read(self, place: Path, found: Found) -> None:
        """Look before any writer has mended anything."""
        with read(place) as log:
            kind = (place / "log.db").read_bytes()[18:20]
            assert kind == b"\2\2", "the database does not write ahead"
            self._check(log, log.head.size)
            found.size = log.head.size
            if found.size:
                found.heads.add(parse_head(log.head.checkpoint))
            for number in self._work.documents:
                data = document(number)
                if (place / "documents" / hashlib.sha256(data).hexdigest()).exists():
                    assert log.document(hashlib.sha256(data).digest()) == data
                    found.documents.add(number)
        for name in ("checkpoint", "checkpoint.witnessed"):
            if (place / name).exists():
                found.heads.add(parse_head((place / name).read_bytes()))

    def _check(self, log: Log, known: int) -> None:
        """Check a log whose first entries, to `known`, are those of the work."""
        leaves = check(log)
        mine = known * HASH
        assert leaves[:mine] == self._leaves[:mine], "the entries are not those that were appended"
        assert log.head.size in self._work.sizes, f"a group was cut at {log.head.size}"
        if known == log.head.size:
            state = log.state("state")
            assert state == (b"%d" % known if known else None), f"{state} beside {known} entries"

    def _go_on(self, place: Path, found: Found) -> None:
        with write(place) as log:
            assert log.head.size == found.size, "the writer sees other entries than a reader"
            self._check(log, found.size)
            assert not list(place.glob(".new*")), "an unfinished file stays"
            for size in self._work.sizes:
                if size > log.head.size:
                    log.append(_others(log.head.size, size), {"state": b"%d" % size}, day=9)
                    found.heads.add(parse_head(log.head.checkpoint))
            log.publish()
        with read(place) as log:
            self._check(log, found.size)
            stated = parse_head((place / "checkpoint").read_bytes()) if log.head.size else (0, b"")
            assert stated[0] == log.head.size, "the last publication is not the last head"


def _others(start: int, stop: int) -> list[tuple[bytes, bytes]]:
    """Make entries that the work never sends."""
    entries = [b"another %d" % n for n in range(start, stop)]
    return [(data, name_of(data)) for data in entries]
