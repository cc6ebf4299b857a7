"""Taking batches from elsewhere is really killed (SIGKILL) at every step that touches the disk.

Whatever the step: all batches of the sending are there or none is, the ledger opens and verifies,
and the same sending again ends as one that nobody disturbed.
"""

import multiprocessing
import shutil
import signal
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from standing import audit, policy
from standing.engine import SimulatedClock
from standing.ledger import open_ledger
from standing.ledger.intake import encode_batches, make_batches, parse_batches
from standing.wire.keys import KeyFile, load_key_file, write_key_file
from tests.faults.importer import take_sent
from tests.faults.test_kill import held
from tests.support import CATALOGUE, MAP, TODAY, make_ledger, pack, rows

RECORDS = 8
BATCHES = 4
HELD = 4  # of the two people who are enrolled


class Prepared:
    """A closed ledger, batches that its issuer made, and the issuer's public key."""

    def __init__(self, folder: Path) -> None:
        town = make_ledger(folder, subjects=2, page_size=512)
        self.directory = town.directory
        town.ledger.close()
        metro = town.keys["metro"]
        batches = make_batches(
            town.write_rows(rows(RECORDS)),
            MAP,
            {"metro": metro.key},
            catalogue=policy.canonical(policy.parse_catalogue(CATALOGUE)),
            pack=policy.canonical(policy.parse_pack(pack())),
            today=TODAY,
            batch_records=RECORDS // BATCHES,
        )
        self.document = folder / "batches.cbor"
        self.document.write_bytes(encode_batches(list(batches)))
        self.key = folder / "metro.pub"
        write_key_file(self.key, KeyFile("issuer", "metro", None, metro.public))

    def child(self, directory: Path, last: int) -> BaseProcess:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["tests.faults.importer"])  # no new interpreter each time
        arguments = directory, self.document, self.key, last
        process = context.Process(target=take_sent, args=arguments)
        process.start()
        return process


def check_after(prepared: Prepared, directory: Path, step: int) -> bool:
    """Demand all or nothing, and that the sending can be sent again; gives which it was."""
    batches = parse_batches(prepared.document.read_bytes())
    with open_ledger(directory, clock=SimulatedClock(TODAY)) as ledger:
        vault = ledger._core.vault
        there = [batch for batch in vault.batches.each() if batch.entry is not None]
        assert len(there) in {0, BATCHES}, step
        assert sum(map(len, vault.filed.known_row_ids())) == RECORDS // BATCHES * len(there), step
        assert not vault.batches.staged(), step
        assert held(ledger) == (HELD if there else 0), step
        again = ledger.take_batches(batches, by=load_key_file(prepared.key).public)
        wanted = (0, RECORDS) if there else (RECORDS, 0)
        assert (again.records, again.already_there) == wanted, step
        assert held(ledger) == HELD, step
    verification = audit.verify_ledger(directory)
    assert verification.ok, (step, [c for c in verification.checks if not c.ok])
    return bool(there)


@pytest.mark.slow
def test_batches_taken_and_killed_at_any_step_are_all_there_or_none_is(tmp_path: Path) -> None:
    prepared = Prepared(tmp_path)
    copy = tmp_path / "copy" / "ledger"
    shutil.copytree(prepared.directory, copy)
    prepared.child(copy, 0).join()
    steps, records = map(int, prepared.document.with_suffix(".steps").read_text().split())
    assert steps > 20
    assert records == RECORDS
    outcomes = []
    for step in range(1, steps + 1):
        shutil.rmtree(copy)
        shutil.copytree(prepared.directory, copy)
        child = prepared.child(copy, step)
        child.join()
        assert child.exitcode == -signal.SIGKILL, step
        outcomes.append(check_after(prepared, copy, step))
    assert outcomes == sorted(outcomes)  # once they are there, they stay
    assert set(outcomes) == {False, True}
