"""Each story reads as it is written: every command, what it prints, its exit code."""

from pathlib import Path

import pytest

from standing.cli import run
from standing.demo import play, story_names

HERE = Path(__file__).parent


@pytest.mark.parametrize("name", story_names())
def test_a_story_reads_as_it_is_written(name, tmp_path):
    written = (HERE / f"{name}.txt").read_text(encoding="utf-8")
    assert list(play(name, tmp_path, run)) == written.splitlines()


def test_no_story_is_missing():
    assert {path.stem for path in HERE.glob("*.txt")} == set(story_names())
