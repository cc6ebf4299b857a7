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
    ("killed", "crossing"),
    ("failed", "crossing"),
    ("failed-all-ways", "small"),
    ("power", "founding"),
    ("power", "crossing"),
]
LONG = [
    ("killed-also-after", "long"),
    ("failed-all-ways", "founding"),
    ("failed-all-ways", "crossing"),
    ("failed-all-ways", "long"),
    ("power", "long"),
    ("power-any", "small"),
    ("power-any", "founding"),
    ("power-any", "crossing"),
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


def run(campaign: str, work: str, folder: Path) -> dict:
    """Run a campaign in an interpreter that was started with the shim."""
    ran = subprocess.run(
        [sys.executable, "-m", "tests.faults.driver", campaign, work, str(folder)],
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
    assert told["states"] > 40, "hardly anything was tried"
