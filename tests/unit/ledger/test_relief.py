"""Relief needs no log: on a disk that takes no byte more below `log/`, it is taken and holds.

The disk is full for a process of its own: every call that would change a file of the log fails
with ENOSPC, from opening the ledger on.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from standing.errors import Broken
from tests.faults.shim import build, have_compiler
from tests.machine.place import Cast, Place, is_whole
from tests.machine.stage import BEGIN, CONTEXT, copied, deliver

pytestmark = pytest.mark.skipif(not have_compiler(), reason="no C compiler")

PLAY = """
import errno, os, sys
from pathlib import Path
from tests.faults.shim import Act, Fault, Shim
from tests.unit.ledger.test_relief import STEPS

folder, ledger, name = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
shim = Shim()
journal = os.open(folder / "journal", os.O_CREAT | os.O_WRONLY)
shim.begin(ledger / "log", journal, folder / "seed")
shim.arm(1, Fault(Act.FAIL, errno.ENOSPC, True))
STEPS[name](folder, ledger)
"""


def contest(cast):
    cast.contest(0, cast.record(0, "smoking"))


def take_back(cast):
    [case] = [c for c in cast.place.cases(1) if c.lifecycle == "contest"]
    cast.own(case, "take-back", 1)


def withdraw(cast):
    cast.ledger.withdraw(cast.place.stage.people[1], CONTEXT)


def hardship(cast):
    [case] = [c for c in cast.place.cases(0) if c.lifecycle == "restriction"]
    today = cast.place.day
    facts = {"ground": "funeral", "first": today, "last": today + 3, "words": "A funeral."}
    told = cast.own(case, "hardship", 0, facts)
    cast.step(told, "release", {"step": told.events[-1].number}, "counter")


def record(cast):
    rows = [(2, "coach", "rail.smoking", cast.place.day)]
    deliver(cast.ledger, cast.place.stage.keys, rows, "full")


RELIEF = {step.__name__: step for step in (contest, take_back, withdraw, hardship)}
"""FREEZES and ERASURE belong here once they are verbs."""


def _played(step):
    def run(folder, ledger):
        import pickle

        stage, day = pickle.loads((folder / "stage").read_bytes())
        stage.directory = ledger
        place = Place(stage, folder, day)
        step(Cast(place))
        place.close()

    return run


STEPS = {step.__name__: _played(step) for step in (*RELIEF.values(), record)}


@pytest.fixture
def full_disk(tmp_path):
    """Play a step on a full disk, in another process; gives its exit code and errors."""

    def play(cast, name):
        import pickle

        stage = cast.place.stage
        cast.place.close()
        (tmp_path / "stage").write_bytes(pickle.dumps((stage, cast.place.day)))
        environment = os.environ | {"LD_PRELOAD": str(build())}
        done = subprocess.run(
            [sys.executable, "-c", PLAY, tmp_path, cast.ledger.directory, name],
            env=environment, capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        cast.place.reopen()
        return done

    return play


@pytest.fixture
def cast(tmp_path):
    """A restriction in force about person 0, a contest of person 1; both waited for marks."""
    place = Place(copied(tmp_path), tmp_path, BEGIN)
    made = Cast(place)
    made.begun(0, [made.record(0, "forged-ticket")])
    made.contest(1, made.record(1, "smoking"))
    yield made
    place.close()


def test_a_contest_suspends_on_a_full_disk(cast, full_disk):
    record = cast.record(0, "smoking")
    assert full_disk(cast, "contest").returncode == 0
    assert cast.counted(0, record) == (0, "contested")
    assert cast.place.answers(0) == set()


def test_a_contest_is_taken_back_on_a_full_disk(cast, full_disk):
    assert full_disk(cast, "take_back").returncode == 0
    assert [c.state for c in cast.place.cases(1)] == ["taken-back"]


def test_withdrawal_holds_on_a_full_disk(cast, full_disk):
    assert full_disk(cast, "withdraw").returncode == 0
    assert cast.place.score(1) is None


def test_hardship_frees_on_a_full_disk(cast, full_disk):
    assert full_disk(cast, "hardship").returncode == 0
    assert cast.place.answers(0) == set()


def test_what_was_taken_there_is_committed_to_once_the_log_can_be_written(cast, full_disk):
    for name in RELIEF:
        assert full_disk(cast, name).returncode == 0
    cast.place.sleep(1)
    cast.ledger.tick(send=False)
    assert not cast.ledger._core.vault.marks.waiting()
    cast.place.close()
    assert is_whole(cast.ledger.directory) == []


def test_a_burden_is_not_taken_there(cast, full_disk):
    before = len(cast.place.records(2))
    done = full_disk(cast, "record")
    assert (done.returncode, "E-LOG-0" in done.stderr) == (1, True), done.stderr
    assert len(cast.place.records(2)) == before


def test_a_log_that_fails_in_the_middle_leaves_relief_and_readers_alone(cast):
    """What was staged for it is nobody's yet: not in scores, not in guards."""
    cast.place.break_log()
    before = cast.place.score(0)
    rows = [(0, "railway", "rail.smoking", cast.place.day)]
    with pytest.raises(Broken, match="E-LOG-07"):
        deliver(cast.ledger, cast.place.stage.keys, rows, "half")
    assert cast.place.score(0) == before
    contest(cast)
    hardship(cast)
    with pytest.raises(Broken, match="E-LOG-07"):
        cast.ledger.score_all(CONTEXT)
    cast.place.reopen()
    cast.place.sleep(1)
    cast.ledger.tick(send=False)
    cast.place.close()
    assert is_whole(cast.ledger.directory) == []


def test_a_ledger_without_a_readable_log_is_not_opened(cast):
    log = Path(cast.ledger.directory) / "log" / "log.db"
    cast.place.close()
    for path in log.parent.glob("log.db*"):
        path.unlink()
    with pytest.raises(Broken, match="E-LOG-02"):
        cast.place.reopen()
