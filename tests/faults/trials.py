"""Children that do one work under faults, and the journals they leave."""

import errno
import gc
import os
import shutil
import signal
import traceback
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from standing.wire.keys import SigningKey
from tests.faults.disk import Disk, File, Tree, read_tree, write_tree
from tests.faults.oracle import Seen, parse_head
from tests.faults.shim import Act, Event, Fault, Op, Shim, read_journal
from tests.faults.work import (
    CHECKPOINT,
    LOG,
    WITNESSED,
    Tell,
    Work,
    do_all,
    do_told,
    do_traced,
    resume,
    show,
)

NOTHING = Fault(Act.PASS)
KILLS = (Fault(Act.KILL_BEFORE), Fault(Act.SHORT_KILL), Fault(Act.KILL_AFTER))
ERRORS = (
    Fault(Act.FAIL, errno.EIO),
    Fault(Act.SHORT_FAIL, errno.ENOSPC),
    Fault(Act.FAIL, errno.ENOSPC),
    Fault(Act.FAIL, errno.EIO, for_good=True),
    Fault(Act.FAIL, errno.ENOSPC, for_good=True),
    Fault(Act.FAIL_DONE, errno.EIO),
    Fault(Act.SHORT),
)
_DEADLY = {fault.act for fault in KILLS}
_OF_WRITES = {Act.SHORT, Act.SHORT_FAIL, Act.SHORT_KILL}
_PATIENCE_SECONDS = 60
_CHECKPOINTS = (f"/{CHECKPOINT}", f"/{WITNESSED}")
_SHARED_MEMORY = "-shm"


class Trials:
    """One work, done again and again from the same beginning.

    Up to the call that a fault strikes, a trial does what the undisturbed run did, bit by bit: a
    seed in SQLite's place of chance and remembered signatures see to that.
    """

    def __init__(self, work: Work, folder: Path) -> None:
        self.work = work
        self.count = 0
        self.place = folder / "trial"
        self._journal = folder / "journal"
        self._seeds = [folder / f"seed-{life}" for life in range(2)]
        for life, seed in enumerate(self._seeds):
            seed.write_bytes(bytes([life + 1]) * 4096)
        self.place.mkdir()
        remember_signatures()
        do_all(self.place / LOG, work.before)
        self._base = read_tree(self.place)
        do_all(self.place / LOG, work.steps)  # signs, so that no child has to
        resume(work, self.place / LOG, lambda _: None)
        self._shim = Shim()
        gc.freeze()  # a collection in a child would copy all that was made before it
        self.undisturbed = self.run(NOTHING, 0)
        self.calls = [event for event in self.undisturbed if event.number]

    def before(self) -> tuple[Disk, Seen]:
        """Give the disk as every trial finds it, and what the world knows by then."""
        disk, seen = Disk.holding(self.place, self._base), Seen()
        for verb, number in self.work.before:
            seen.hear(f"done {verb} {number}")
        data = self._base.get(CHECKPOINT)
        if data:
            seen.heads.add(parse_head(data))
        return disk, seen

    def run(self, fault: Fault, number: int) -> list[Event]:
        """Do the work with a fault at one call; gives the journal."""
        self._begin()
        steps = self.work.steps
        return self._child(0, fault, number, lambda tell: do_told(self.place / LOG, steps, tell))

    def trace(self) -> list[Event]:
        """Do the work undisturbed, with marks where SQL removes something."""
        steps = self.work.steps
        self._begin()
        return self._child(0, NOTHING, 0, lambda tell: do_traced(self.place / LOG, steps, tell))

    def _begin(self) -> None:
        shutil.rmtree(self.place)
        write_tree(self.place, self._base)

    def go_on(self) -> list[Event]:
        """Let the next writer do the rest of a stopped trial's work; gives its journal."""
        return self._child(1, NOTHING, 0, lambda tell: resume(self.work, self.place / LOG, tell))

    def look(self) -> list[Event]:
        """Let a reader open what a stopped trial left, and show its head; gives its journal."""
        return self._child(1, NOTHING, 0, lambda tell: show(self.place / LOG, tell))

    def _child(
        self, life: int, fault: Fault, number: int, act: Callable[[Tell], None]
    ) -> list[Event]:
        self.count += 1
        self._journal.unlink(missing_ok=True)
        child = os.fork()
        if child == 0:
            signal.alarm(_PATIENCE_SECONDS)
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
            self._shim.begin(self.place, os.open(self._journal, flags), self._seeds[life])
            self._shim.arm(number, fault)
            try:
                act(self._shim.mark)
            except BaseException:  # noqa: BLE001 - whatever it is, the parent must hear of it
                self._shim.mark(f"wrong: {traceback.format_exc()}")
            os._exit(0)
        ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        expected = -signal.SIGKILL if fault.act in _DEADLY else 0
        assert ended == expected, f"{fault} at call {number}: the child ended with {ended}"
        return list(read_journal(self._journal))

    def strikes(self, faults: Sequence[Fault]) -> Iterator[tuple[Fault, Event]]:
        """Give every fault at every call that it can befall."""
        for fault in faults:
            for call in self.calls:
                if fault.act not in _OF_WRITES or call.op is Op.WRITE:
                    yield fault, call

    def went_another_way(self, events: Sequence[Event], number: int) -> bool:
        """Say whether a run made other calls before one than the undisturbed run."""
        mine, theirs = (
            [(e.op, e.path, e.other, e.at, e.size) for e in run if 0 < e.number < number]
            for run in (events, self.undisturbed)
        )
        return mine != theirs

    def real(self) -> Tree:
        """Read what processes really find."""
        return without_map(read_tree(self.place))


def remember_signatures() -> None:
    """Let each key sign a text once: ML-DSA signs another way each time."""
    sign = SigningKey.sign
    known: dict[tuple[bytes, bytes], bytes] = {}

    def sign_once(key: SigningKey, data: bytes) -> bytes:
        place = (key.public.thumbprint, data)
        if place not in known:
            known[place] = sign(key, data)
        return known[place]

    SigningKey.sign = sign_once


def without_map(tree: Tree) -> Tree:
    """Leave out SQLite's shared memory: each opening rebuilds it, and a map passes by the shim."""
    return {name: data for name, data in tree.items() if not name.endswith(_SHARED_MEMORY)}


def follow(disk: Disk, seen: Seen, events: Sequence[Event]) -> Iterator[Event]:
    """Take a disk, and what the world knows, through a journal; stops after each event."""
    for event in events:
        if event.op is Op.MARK:
            seen.hear(event.path)
        else:
            disk.apply(event)
        if event.op is Op.RENAME and event.done and event.other.endswith(_CHECKPOINTS):
            node = disk.find(event.other)
            assert isinstance(node, File)
            seen.heads.add(parse_head(bytes(node.seen)))
        yield event
