"""The log's writer is stopped at every call that changes a file, SQLite's among them.

Nothing is sampled: each call of a fixed work is struck in turn. Whatever the call, what was
acknowledged is there, no two signed heads have one size, a reader finds a whole log before any
writer has mended it, and the next writer goes on.

The short form takes half a minute of two processors; `make fuzz` runs the long one.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.faults import shim

SHORT = [
    ("killed", "founding"),
    ("killed", "beside"),
    ("failed", "founding"),
    ("failed", "crossing"),
    ("failed-all-ways", "small"),
    ("power", "founding"),
    ("power", "beside"),
    ("killed-then-power", "small"),
    ("failed-then-power", "small"),
    ("read-then-power", "small"),
]
LONG = [
    ("killed-also-after", "crossing"),
    ("killed-also-after", "beside"),
    ("killed-also-after", "long"),
    ("failed-all-ways", "founding"),
    ("failed-all-ways", "crossing"),
    ("failed-all-ways", "beside"),
    ("failed-all-ways", "long"),
    ("power", "crossing"),
    ("power", "long"),
    ("power-any", "small"),
    ("power-any", "founding"),
    ("power-any", "crossing"),
    ("power-any", "long"),
    ("killed-then-power", "founding"),
    ("killed-then-power", "crossing"),
    ("killed-then-power", "beside"),
    ("killed-then-power", "long"),
    ("failed-then-power", "founding"),
    ("failed-then-power", "crossing"),
    ("read-then-power", "founding"),
    ("read-then-power", "long"),
]
FOUND_OUT = [
    ("files_unsynced", "power", "small"),
    ("folders_unsynced", "power", "small"),
    ("database_unsynced", "power", "small"),
    ("checkpoint_first", "killed", "small"),
    ("reader_believes", "read-then-power", "small"),
]
FOUND_OUT_LATE = [
    ("ahead_believed", "killed-then-power", "small"),
    ("entries_dropped_early", "power", "crossing"),
]
OUT_OF_ORDER = [
    ("files_unsynced", "small", "bytes_before_name"),
    ("folders_unsynced", "small", "checkpoint_last"),
    ("database_unsynced", "small", "answer_last"),
    ("checkpoint_first", "small", "checkpoint_last"),
    ("entries_dropped_early", "crossing", "entries_leave_last"),
]
ALL = os.environ.get("STANDING_FAULTS") == "all"
ROOT = Path(__file__).parents[2]
MEMORY = Path("/dev/shm")
"""Faster than a disk, where there is one: files come and go by the hundred thousand."""

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="the shim is for Linux"),
    pytest.mark.skipif(
        not shim.have_compiler(),
        reason=f"NO C COMPILER ({shim.COMPILER}): WHAT A CRASH LEAVES OF THE LOG IS NOT TESTED",
    ),
]


def run(campaign: str, work: str, folder: Path, mutant: str = "") -> dict:
    """Run a campaign in an interpreter that was started with the shim."""
    ran = subprocess.run(
        [sys.executable, "-m", "tests.faults.driver", campaign, work, str(folder), mutant],
        env={**os.environ, "LD_PRELOAD": str(shim.build())},
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


@pytest.fixture
def folder(tmp_path):
    if not MEMORY.is_dir():
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=MEMORY) as made:
        yield Path(made)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(("campaign", "work"), SHORT + LONG * ALL)
def test_wherever_a_writer_stops_the_log_is_whole_and_goes_on(campaign, work, folder, capsys):
    told = run(campaign, work, folder)
    with capsys.disabled():
        print(  # noqa: T201 - how much was tried belongs beside the verdict
            f"\n{campaign} {work}: {told['calls']} calls, {told['trials']} trials,"
            f" {told['states']} states"
        )
    assert told["failures"] == []
    assert told["states"] > 30, "hardly anything was tried"


@pytest.mark.parametrize("work", ["small", "crossing", "founding", "beside", "long"])
def test_the_write_path_keeps_its_order(work, folder):
    told = run("order", work, folder)
    assert told["failures"] == []
    mapped = [kind for kind in told["struck"] if kind.endswith("-shm")]
    assert not mapped or work in {"founding", "long"}, "shared memory outlives a log's making"
    for kind in (
        "write log/log.db-wal",
        "sync log/log.db-wal",
        "write log/log.db",
        "sync log/log.db",
        "unlink log/log.db-wal",
        "write log/.new",
        "rename log/.new",
    ):
        assert kind in told["struck"], "calls pass by the shim: is SQLite linked statically?"


@pytest.mark.parametrize(("mutant", "campaign", "work"), FOUND_OUT + FOUND_OUT_LATE * ALL)
def test_a_log_that_is_wrong_on_purpose_is_found_out(mutant, campaign, work, folder):
    assert run(campaign, work, folder, mutant)["failures"]


@pytest.mark.parametrize(("mutant", "work", "rule"), OUT_OF_ORDER)
def test_an_order_that_is_wrong_on_purpose_breaks_its_rule(mutant, work, rule, folder):
    failures = run("order", work, folder, mutant)["failures"]
    assert any(failure.startswith(rule) for failure in failures)
