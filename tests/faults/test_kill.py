"""An import is really killed (SIGKILL) at every step that touches the disk, and at many moments.

Whatever the moment: the ledger opens, verifies, holds whole batches only, and importing the same
file again ends with the same records as an import that nobody disturbed.
"""

import multiprocessing
import shutil
import signal
import time
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from standing import audit
from standing.engine import SimulatedClock
from standing.ledger import Ledger, open_ledger
from standing.wire.keys import KeyFile, load_key_file, write_key_file
from tests.faults.importer import take
from tests.support import CONTEXT, MAP, TODAY, make_ledger, rows

RECORDS = 8
HELD = 4  # of the two people who are enrolled
MOMENTS = 25


class Prepared:
    """A closed ledger, a file of rows and the issuer's key."""

    def __init__(self, folder: Path) -> None:
        town = make_ledger(folder, subjects=2, page_size=512)
        self.directory = town.directory
        self.rows = town.write_rows(rows(RECORDS))
        self.key = folder / "metro.key"
        write_key_file(self.key, town.keys["metro"])
        town.ledger.close()

    def child(self, directory: Path, last: int) -> BaseProcess:
        """Start an import in a process of its own."""
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["tests.faults.importer"])  # no new interpreter each time
        process = context.Process(target=take, args=(directory, self.rows, self.key, last))
        process.start()
        return process

    @property
    def issuer(self) -> KeyFile:
        return load_key_file(self.key)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    return Prepared(tmp_path_factory.mktemp("kill"))


@pytest.fixture(scope="module")
def undisturbed(prepared: Prepared, tmp_path_factory: pytest.TempPathFactory) -> tuple[int, float]:
    """Count the steps of an import and take its time."""
    copy = tmp_path_factory.mktemp("whole") / "ledger"
    shutil.copytree(prepared.directory, copy)
    prepared.child(copy, 1).join()  # the first child waits for the imports of its kind
    shutil.rmtree(copy)
    shutil.copytree(prepared.directory, copy)
    began = time.monotonic()
    prepared.child(copy, 0).join()
    steps, records = map(int, prepared.rows.with_suffix(".steps").read_text().split())
    assert records == RECORDS
    return steps, time.monotonic() - began


def check_after(prepared: Prepared, directory: Path, moment: object) -> None:
    """Demand of a ledger whose writer was killed that it is whole and goes on."""
    with open_ledger(directory, clock=SimulatedClock(TODAY)) as ledger:
        ids = sum(map(len, ledger._core.vault.filed.known_row_ids()))
        whole = sum(1 for batch in ledger._core.vault.batches.each() if batch.entry is not None)
        assert ids == 2 * whole, moment
        assert not ledger._core.vault.batches.staged(), moment
        again = ledger.import_file(prepared.rows, MAP, {"metro": prepared.issuer}, batch_records=2)
        assert again.already_there == ids, moment
        assert again.records + again.already_there == RECORDS, moment
        assert held(ledger) == HELD, moment
    verification = audit.verify_ledger(directory)
    assert verification.ok, (moment, [c for c in verification.checks if not c.ok])


def held(ledger: Ledger) -> int:
    vault = ledger._core.vault
    return sum(
        len(vault.filed.records_of(number, CONTEXT)) for number in vault.people.numbers(CONTEXT)
    )


def kill_at_step(prepared: Prepared, folder: Path, step: int) -> Path:
    copy = folder / f"step-{step}"
    shutil.copytree(prepared.directory, copy)
    child = prepared.child(copy, step)
    child.join()
    assert child.exitcode == -signal.SIGKILL, step
    return copy


@pytest.mark.slow
def test_an_import_killed_at_any_step_leaves_a_whole_ledger_that_goes_on(
    prepared: Prepared, undisturbed: tuple[int, float], tmp_path: Path
) -> None:
    steps, _ = undisturbed
    assert steps > 20
    for step in range(1, steps + 1):
        directory = kill_at_step(prepared, tmp_path, step)
        before = audit.verify_ledger(directory)
        assert before.log_size > 0, step
        check_after(prepared, directory, f"step {step}")
        shutil.rmtree(directory)


@pytest.mark.slow
def test_an_import_killed_at_any_moment_leaves_a_whole_ledger_that_goes_on(
    prepared: Prepared, undisturbed: tuple[int, float], tmp_path: Path
) -> None:
    _, seconds = undisturbed
    for moment in range(MOMENTS):
        copy = tmp_path / f"moment-{moment}"
        shutil.copytree(prepared.directory, copy)
        child = prepared.child(copy, 0)
        child.join(seconds * moment / MOMENTS)
        child.kill()  # does nothing where the import has ended already
        child.join()
        check_after(prepared, copy, f"moment {moment}")
        shutil.rmtree(copy)
