"""An erasure, a copy, a coming back are really killed (SIGKILL) at every step that touches the disk.

Whatever the step: an erasure is not begun, or finished on the next start, to the last byte; a copy
is the one before or the new one; what comes back is there and verifies, or is not there.
"""

import itertools
import multiprocessing
import os
import shutil
import signal
import tempfile
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from standing import audit
from standing.engine import SimulatedClock
from standing.errors import Refused
from standing.ledger import Ledger, _scores, open_ledger, restore
from standing.wire.keys import KeyFile, write_key_file
from tests.faults import leaver
from tests.support import CONTEXT, NOTICE_DAYS, TODAY, make_ledger, row
from tests.traces import Traces

MEMORY = Path("/dev/shm")
DAY = TODAY + NOTICE_DAYS
LEFT = DAY + 31
STRIDE = 1 if os.environ.get("STANDING_FAULTS") == "all" else 5
"""Copies are many alike steps: one file after the other."""

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


class Prepared:
    """A closed ledger with columns and copies, and what its files hold of one person."""

    def __init__(self, folder: Path, *, withdrawn: bool) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(_scores, "_SMALL", 0)
            town = make_ledger(folder, subjects=3, page_size=512)
            town.import_rows(
                [row(n, card=f"card-{n % 3}", zones="") for n in range(6)], batch_records=2
            )
            town.move_to(DAY)
            town.ledger.score_all(CONTEXT)
        town.ledger.decide(town.ask("card-0"))
        town.contest(0, town.record_of(0))
        if withdrawn:
            town.ledger.withdraw(town.people[0], CONTEXT)
        number = town.ledger._core.vault.people.find(town.names[0])
        self.traces = Traces(town.ledger, number, CONTEXT)
        town.ledger.backup(folder / "a", folder / "b")
        self.folder, self.names = folder, town.names
        key = KeyFile("subject", "someone", town.people[0], town.people[0].public)
        write_key_file(folder / "subject.key", key)
        town.ledger.close()

    def copied(self, folder: Path, step: int) -> Path:
        copy = folder / f"step-{step}"
        shutil.copytree(self.folder, copy)
        note = copy / "ledger" / "backup.json"
        note.write_text(note.read_text().replace(str(self.folder), str(copy)))
        return copy

    def killed(self, act: str, folder: Path, day: int, *, stride: int = 1):
        """Give a copy for every step at which the act was killed, until it ends before."""
        child(act, self.copied(folder, 0), day, 1).join()  # the first one waits for imports
        for step in itertools.count(1, stride):
            copy = self.copied(folder, step)
            process = child(act, copy, day, step)
            process.join()
            if process.exitcode == 0:
                assert step > 20
                return
            assert process.exitcode == -signal.SIGKILL, step
            yield step, copy
            shutil.rmtree(copy)

    def found(self, *places: Path) -> set[str]:
        found = set()
        for place in places:
            self.traces.directory = place
            found |= set(self.traces.found())
        return found


def child(act: str, folder: Path, day: int, last: int) -> BaseProcess:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.faults.leaver"])
    process = context.Process(target=leaver.ACTS[act], args=(folder, day, last))
    process.start()
    return process


@pytest.fixture(scope="module")
def memory(tmp_path_factory):
    """Files come and go by the ten thousand: in memory, where there is such a place."""
    if not MEMORY.is_dir():
        yield tmp_path_factory.mktemp("leaving")
        return
    with tempfile.TemporaryDirectory(dir=MEMORY) as made:
        yield Path(made)


def new(folder: Path, name: str) -> Path:
    made = folder / name
    made.mkdir()
    return made


@pytest.fixture(scope="module")
def here(memory):
    return Prepared(new(memory, "here"), withdrawn=False)


@pytest.fixture(scope="module")
def left(memory):
    return Prepared(new(memory, "left"), withdrawn=True)


@pytest.fixture
def trials(memory, request):
    return new(memory, request.node.name[:20])


def is_here(ledger: Ledger, name: str) -> bool:
    try:
        report = ledger.report(name)["contexts"][0]
    except Refused:
        return False
    assert len(report["records"]) == 2
    assert len(report["references"]) == 1
    return True


def holds(directory: Path, step: int) -> None:
    verification = audit.verify_ledger(directory)
    assert verification.ok, (step, [str(c.problem) for c in verification.checks if not c.ok])


def test_an_erasure_killed_at_any_step_is_not_begun_or_ends_with_the_next_start(here, trials):
    ends = set()
    for step, copy in here.killed("erase", trials, DAY):
        with open_ledger(copy / "ledger", clock=SimulatedClock(DAY)) as ledger:
            was_begun = not is_here(ledger, here.names[0])
            if was_begun:
                assert here.found(copy / "ledger") == set(), step
            ledger.tick()
            assert is_here(ledger, here.names[1]), step
            if was_begun:
                assert here.found(copy / "b") == set(), step
                assert not ledger.backup_status().is_behind, step
            else:
                key = ledger._core.vault.keys.raw(here.traces.number, CONTEXT)
                assert key, step
        holds(copy / "ledger", step)
        ends.add(was_begun)
    assert ends == {True, False}


def test_what_the_clock_erases_is_not_begun_or_ends_with_the_next_tick(left, trials):
    for step, copy in left.killed("tick", trials, LEFT):
        with open_ledger(copy / "ledger", clock=SimulatedClock(LEFT)) as ledger:
            ledger.tick()
            assert left.found(copy / "ledger", copy / "b") == set(), step
            assert is_here(ledger, left.names[1]), step
        holds(copy / "ledger", step)


def test_a_copy_killed_at_any_step_is_the_one_before_or_the_new_one(here, trials):
    for step, copy in here.killed("copy", trials, DAY, stride=STRIDE):
        done = restore(copy / "back", copy / "a", copy / "b", clock=SimulatedClock(DAY))
        assert done.verification.ok, step
        with open_ledger(copy / "ledger", clock=SimulatedClock(DAY)) as ledger:
            ledger.backup(copy / "a", copy / "b")
        assert len(list((copy / "a").iterdir())) == 2, step
        assert [path.name for path in (copy / "b").iterdir()] == ["keys.copy"], step
        holds(copy / "ledger", step)


def test_what_comes_back_is_there_whole_or_is_not_there(here, trials):
    ends = set()
    for step, copy in here.killed("bring_back", trials, DAY, stride=STRIDE):
        is_there = (copy / "back").exists()
        if not is_there:
            restore(copy / "back", copy / "a", copy / "b", clock=SimulatedClock(DAY))
        holds(copy / "back", step)
        assert not (copy / ".back.restoring").exists(), step
        ends.add(is_there)
    assert ends == {True, False}
