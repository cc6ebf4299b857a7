"""A mirror that is killed goes on where it stood, and never shows what it does not hold."""

import os
import signal
import sys
import time

import pytest

from standing.log import _layout
from standing.mirror import follow
from tests.unit.mirror.support import LOG_KEY, MIRROR, MIRROR_NAME, check_mirror, log_of


def _die_at(write: int):
    """Kill this process at its n-th rename, removal or fsync: each is a place to be cut off."""
    left = [write]

    def watch(event, _args):
        if event in {"os.rename", "os.remove", "os.rmdir", "os.mkdir"}:
            left[0] -= 1
            if left[0] <= 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)


def _in_child(work) -> int:
    child = os.fork()
    if not child:
        try:
            work()
        finally:
            os._exit(0)
    return os.waitpid(child, 0)[1]


@pytest.mark.parametrize(("first", "then"), [(0, 300), (100, 600), (256, 513), (255, 256)])
def test_killed_at_every_step_it_holds_what_its_checkpoint_says(tmp_path, first, then):
    source, copy = tmp_path / "log", tmp_path / "copy"
    if first:
        log_of(source, first)
        follow(source, copy, [LOG_KEY], key=MIRROR, name=MIRROR_NAME)
    log_of(source, then)

    def work(step):
        _die_at(step)
        follow(source, copy, [LOG_KEY], key=MIRROR, name=MIRROR_NAME)

    for step in range(1, 200):
        status = _in_child(lambda step=step: work(step))
        if (copy / "checkpoint").exists():
            assert check_mirror(copy) in {first, then}
        if status == 0:
            break
    assert status == 0, "it never came to its end"
    assert check_mirror(copy) == then
    left = {path.name for path in copy.rglob(".*")} - {_layout.UNFINISHED_FILE}
    assert not left


def test_killed_at_random_times_while_the_log_grows(tmp_path):
    source, copy = tmp_path / "log", tmp_path / "copy"
    held, size = 0, 2000
    log_of(source, size)
    for turn in range(12):
        child = os.fork()
        if not child:
            while True:
                follow(source, copy, [LOG_KEY])
        time.sleep(0.004 + turn * 0.006)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        if (copy / "checkpoint").exists():
            now = check_mirror(copy)
            assert now >= held
            held = now
        size += 333
        log_of(source, size)
    assert follow(source, copy, [LOG_KEY]).size == size
    assert check_mirror(copy) == size
