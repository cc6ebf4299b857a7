"""Answers, recalls and confirmations under kill -9 at every step that touches the disk.

Whatever the moment: what was acknowledged is there, nothing is there by half, and whoever asks the
same again is answered; an answer that ceased to hold is recalled once.
"""

import multiprocessing
import shutil
import signal
from pathlib import Path

import pytest

from standing import audit
from standing.engine import SimulatedClock
from standing.ledger import open_ledger
from standing.wire.keys import load_key_file
from tests.faults.asker import answer
from tests.unit.cases.answering import question, restrict
from tests.unit.cases.conftest import Stage, prepared  # noqa: F401 - a fixture

TRIPS = ("booking-a", "booking-b", "booking-c")


class Prepared:
    """A stage with a restriction in force, and questions about three people, one of them nobody."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        stage = Stage(folder)
        self.case = restrict(stage).name
        self.day = stage.ledger.today
        stage.ledger.tick()
        self.questions = [
            question(stage, card, trip=trip)
            for card, trip in zip(("card-1", "card-2", "nobody"), TRIPS, strict=True)
        ]
        stage.ledger.close()

    def child(self, folder: Path, last: int) -> int | None:
        """Run it all in a process of its own; gives how it ended."""
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["tests.faults.asker"])
        arguments = (folder, self.questions, self.case, self.day, last)
        process = context.Process(target=answer, args=arguments)
        process.start()
        process.join()
        return process.exitcode


@pytest.fixture(scope="module")
def asked(prepared, tmp_path_factory):  # noqa: F811 - the fixture
    folder = tmp_path_factory.mktemp("kill-answers") / "made"
    shutil.copytree(prepared, folder)
    return Prepared(folder)


@pytest.mark.slow
def test_answers_killed_at_any_step_are_whole_or_not_there(asked, tmp_path):
    whole = tmp_path / "whole"
    shutil.copytree(asked.folder, whole)
    assert asked.child(whole, 0) == 0
    steps = int((whole / "steps").read_text())
    assert steps > 30
    for step in range(1, steps + 1):
        folder = tmp_path / f"step-{step}"
        shutil.copytree(asked.folder, folder)
        assert asked.child(folder, step) == -signal.SIGKILL, step
        check_after(asked, folder, step)
        shutil.rmtree(folder)


def check_after(asked, folder, step):
    sales = load_key_file(folder / "keys" / "rail-sales.key")
    with open_ledger(folder / "ledger", clock=SimulatedClock(asked.day)) as ledger:
        store = ledger._core.vault.asked
        held = [store.earlier(sales.public.thumbprint, trip) is not None for trip in TRIPS]
        assert len(set(held)) == 1, step
        again = ledger.decide_many(asked.questions)
        for number, outcome in enumerate(again):
            told = folder / f"answer-{number}"
            if told.exists() and hasattr(outcome, "signed"):
                assert outcome.signed == told.read_bytes(), (step, number)
        codes = [getattr(one, "code", "answered") for one in again]
        is_lifted = ledger.case(asked.case).state == "lifted"
        # what burdened holds no more once it is lifted; the others are answered as ever
        assert codes[1:] == ["answered", "answered"], step
        assert codes[0] in ({"answered", "E-DECIDE-10"} if is_lifted else {"answered"}), step
        if not is_lifted:
            ledger.step(asked.case, "lift", {"words": "Enough."}, key=sales.key)
        ledger.tick()
        listed = [(one.transaction, one.confirmed is not None) for one in ledger.every_recall()]
        if not is_lifted or (folder / "answer-0").exists():
            assert [name for name, _ in listed] == ["booking-a"], step
        assert len(listed) <= 1, step
        if (folder / "confirmed").exists():
            assert all(is_confirmed for _, is_confirmed in listed), step
        ledger.confirm_recalls(sales)
        assert ledger.recalls(sales) == [], step
    verification = audit.verify_ledger(folder / "ledger")
    assert verification.ok, (step, [c for c in verification.checks if not c.ok])
