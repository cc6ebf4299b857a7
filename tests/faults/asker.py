"""Ask, recall and confirm, and kill this very process at the n-th step that touches the disk.

A child process runs `answer`. With `last` = 0 nothing is killed, and the steps are counted.
"""

import os
from pathlib import Path

from standing.engine import SimulatedClock
from standing.ledger import open_ledger
from standing.wire.keys import load_key_file
from tests.faults.importer import Reaper


def answer(folder: Path, questions: list[bytes], case: str, day: int, last: int) -> None:
    """Answer a group, lift the restriction, recall and confirm; tell what was acknowledged."""
    reaper = Reaper(last)
    sales = load_key_file(folder / "keys" / "rail-sales.key")
    assert sales.key is not None
    with open_ledger(folder / "ledger", clock=SimulatedClock(day)) as ledger:
        core = ledger._core
        for db in (core.vault.db, core.vault.keys.db, core.log.db):
            db.set_trace_callback(reaper.on_sql)
        for name in ("fsync", "rename", "replace"):
            setattr(os, name, reaper.before(getattr(os, name)))
        outcomes = ledger.decide_many(questions)
        for number, outcome in enumerate(outcomes):
            (folder / f"answer-{number}").write_bytes(outcome.signed)  # type: ignore[union-attr]
        ledger.step(case, "lift", {"words": "Enough."}, key=sales.key)
        ledger.tick()
        (folder / "recalled").touch()
        ledger.confirm_recalls(sales)
        (folder / "confirmed").touch()
    (folder / "steps").write_text(str(reaper.steps))
