"""Two processes want to write one log at the same moment: one does, the other is told so."""

import multiprocessing
from multiprocessing.synchronize import Barrier
from pathlib import Path

from standing.errors import Refused
from tests.unit.log.conftest import (
    check_directory,
    create,
    entry,
    group,
    read,
    write,
)

ROUNDS = 20
GROUP = 3
WRITERS = 2
_PATIENCE_SECONDS = 60


def _open_in_turn(place: Path, start: Barrier, tried: Barrier, told: Path) -> None:
    """Open the log in each round at the same moment; whoever has it writes when both have tried."""
    outcomes = []
    for _ in range(ROUNDS):
        start.wait()
        try:
            log = write(place)
        except Refused as error:
            outcomes.append(error.code)
            tried.wait()
        else:
            with log:
                tried.wait()
                outcomes.append("wrote")
                log.append(group(log.head.size, log.head.size + GROUP))
                log.publish()
    told.write_text("\n".join(outcomes))


def _open_as_often_as_possible(place: Path, start: Barrier, tried: Barrier, told: Path) -> None:
    """Open the log until it has been had so many times, whatever the other does."""
    written, codes = 0, set()
    start.wait()
    while written < ROUNDS:
        try:
            log = write(place)
        except Refused as error:
            codes.add(error.code)
        else:
            with log:
                log.append(group(log.head.size, log.head.size + GROUP))
                log.publish()
            written += 1
    tried.wait()
    told.write_text(" ".join(codes))


def _make_in_turn(place: Path, start: Barrier, tried: Barrier, told: Path) -> None:
    """Make a new log in each round at the same moment."""
    outcomes = []
    for number in range(ROUNDS):
        start.wait()
        try:
            log = create(place / str(number))
        except Refused as error:
            outcomes.append(error.code)
            tried.wait()
        else:
            with log:
                tried.wait()
                outcomes.append("wrote")
                log.append(group(0, GROUP))
    told.write_text("\n".join(outcomes))


def _race(act, place: Path, folder: Path) -> list[str]:
    """Let two processes act; gives what each told."""
    context = multiprocessing.get_context("spawn")
    start, tried = (context.Barrier(WRITERS, timeout=_PATIENCE_SECONDS) for _ in range(2))
    told = [folder / f"told-{n}" for n in range(WRITERS)]
    writers = [context.Process(target=act, args=(place, start, tried, path)) for path in told]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0] * WRITERS
    return [path.read_text() for path in told]


def test_of_two_who_open_a_log_at_the_same_moment_one_writes_and_the_other_is_told(tmp_path):
    place = tmp_path / "log"
    create(place).close()
    mine, theirs = (told.split() for told in _race(_open_in_turn, place, tmp_path))
    for pair in zip(mine, theirs, strict=True):
        assert sorted(pair) == ["E-LOG-04", "wrote"]
    assert check_directory(place) == ROUNDS * GROUP


def test_two_who_open_a_log_as_often_as_they_can_lose_nothing(tmp_path):
    place = tmp_path / "log"
    create(place).close()
    for told in _race(_open_as_often_as_possible, place, tmp_path):
        assert told in {"", "E-LOG-04"}
    assert check_directory(place) == WRITERS * ROUNDS * GROUP
    with read(place) as log:
        assert list(log.entries()) == [entry(n) for n in range(log.head.size)]


def test_of_two_who_make_a_log_at_the_same_moment_one_does(tmp_path):
    mine, theirs = (told.split() for told in _race(_make_in_turn, tmp_path, tmp_path))
    for number, pair in enumerate(zip(mine, theirs, strict=True)):
        assert "wrote" in pair
        assert set(pair) <= {"wrote", "E-LOG-01", "E-LOG-04"}
        assert sorted(pair) != ["wrote", "wrote"]
        assert check_directory(tmp_path / str(number)) == GROUP
