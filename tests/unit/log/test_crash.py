"""What survives: kill -9, a failed write, two writers, an older copy brought back."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import textwrap

import pytest

from standing.errors import Broken, Refused
from standing.log import _layout, _store
from tests.unit.log.conftest import check, check_directory, entry, group, name_of, read, write

STEPS = ("fsync", "mkdir", "rename", "unlink", "rmdir")


def _no_fsync(_):
    """Stand in where processes die and the machine does not: its cache keeps what was written."""


def _write_until(place, wanted, told):
    """Append and publish in this process, and kill it before the wanted step of the way.

    A step is an SQL statement, or a call that changes a file or makes it durable.
    """
    taken = 0

    def step(*_):
        nonlocal taken
        taken += 1
        if taken == wanted:
            os.kill(os.getpid(), signal.SIGKILL)

    def after_step(real):
        def call(*args, **kwargs):
            step()
            return real(*args, **kwargs)

        return call

    os.fsync = _no_fsync
    for name in STEPS:
        setattr(os, name, after_step(getattr(os, name)))
    log = write(place)
    log.db.set_trace_callback(step)
    log.append(group(250, 300), {"state": b"new"}, day=7)
    os.write(told, b"acknowledged")
    log.publish()
    log.close()


def _run(place, wanted):
    """Give how a child ended (0: past the last step) and what it said."""
    hear, tell = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            _write_until(place, wanted, tell)
        except BaseException:  # noqa: BLE001 - a forked test must never run on
            os._exit(99)
        os._exit(0)
    os.close(tell)
    with os.fdopen(hear, "rb") as pipe:
        said = pipe.read()
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), said


# newer Pythons warn of forking beside threads; this child touches nothing that a thread may hold
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_killed_at_any_step_of_the_write_path_the_log_is_whole_and_goes_on(
    log, place, tmp_path, monkeypatch
):
    monkeypatch.setattr(os, "fsync", _no_fsync)
    log.append(group(0, 250), {"state": b"old"}, day=6)
    log.publish()
    log.close()
    trial = tmp_path / "trial"
    wanted = 0
    while True:
        wanted += 1
        shutil.rmtree(trial, ignore_errors=True)
        shutil.copytree(place, trial)
        ended, said = _run(trial, wanted)
        if ended == 0:
            break
        assert ended == -signal.SIGKILL
        seen = check_directory(trial)  # a reader comes before any writer has mended
        assert seen in ({300} if said else {250, 300})
        with write(trial) as again:
            assert again.head.size == seen
            assert again.state("state") == (b"old" if seen == 250 else b"new")
            if seen == 250:
                again.append(group(250, 300), {"state": b"new"}, day=7)
                again.publish()
            check(again)
        assert not (trial / _layout.UNFINISHED_FILE).exists()
        assert not (trial / "tile/0/000.p").exists()
        assert check_directory(trial) == 300
    assert wanted > 20, "the steps were not reached"


def test_after_a_failed_write_nothing_more_is_written_or_read(log, place, monkeypatch):
    log.append(group(0, 3))
    log.db.execute("PRAGMA max_page_count=1")  # the disk is full
    with pytest.raises(Broken) as caught:
        log.append([(bytes(60_000), name_of(bytes(60_000)))])
    assert caught.value.code == "E-LOG-07"
    for act in (
        lambda: log.append(group(3, 4)),
        log.publish,
        lambda: log.find(bytes(32)),
        lambda: log.state("state"),
        lambda: log.put_document(b"x"),
    ):
        with pytest.raises(Broken) as caught:
            act()
        assert caught.value.code == "E-LOG-07"
    log.close()
    with write(place) as again:
        assert again.append(group(3, 4)) == range(3, 4)
        check(again)


def test_a_failed_fsync_while_publishing_stops_the_log_and_loses_nothing(log, place, monkeypatch):
    log.append(group(0, 300))
    real = os.fsync
    left = 3

    def failing(fd):
        nonlocal left
        left -= 1
        if left < 0:
            raise OSError(5, "Input/output error")
        real(fd)

    monkeypatch.setattr(os, "fsync", failing)
    with pytest.raises(Broken) as caught:
        log.publish()
    assert caught.value.code == "E-LOG-07"
    monkeypatch.setattr(os, "fsync", real)
    with pytest.raises(Broken):
        log.publish()
    log.close()
    with write(place) as again:
        check(again)
    assert check_directory(place) == 300


def test_an_interrupt_between_commit_and_bookkeeping_stops_the_log(log, monkeypatch):
    def interrupted(self, commit):
        real(self, commit)
        raise KeyboardInterrupt

    real = _store.Store.write
    monkeypatch.setattr(_store.Store, "write", interrupted)
    with pytest.raises(KeyboardInterrupt):
        log.append(group(0, 3))
    monkeypatch.setattr(_store.Store, "write", real)
    with pytest.raises(Broken) as caught:
        log.append(group(3, 4))
    assert caught.value.code == "E-LOG-07"


def test_a_second_writer_is_told_so_and_harms_nothing(log, place):
    log.append(group(0, 3))
    with pytest.raises(Refused) as caught:
        write(place)
    assert caught.value.code == "E-LOG-04"
    program = f"""
        from pathlib import Path
        from standing.errors import Refused
        from tests.unit.log.conftest import write
        try:
            write(Path({str(place)!r}))
        except Refused as error:
            print(error.code)
    """
    ran = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert ran.stdout.strip() == "E-LOG-04"
    log.append(group(3, 5))
    check(log)


def test_an_older_database_beside_a_newer_checkpoint_is_not_written_to(log, place, tmp_path):
    log.append(group(0, 3))
    log.close()
    shutil.copy(place / "log.db", tmp_path / "older.db")
    with write(place) as again:
        again.append(group(3, 5))
        again.publish()
    shutil.copy(tmp_path / "older.db", place / "log.db")
    before = (place / "checkpoint").read_bytes()
    with pytest.raises(Broken) as caught:
        write(place)
    assert caught.value.code == "E-LOG-03"
    assert (place / "checkpoint").read_bytes() == before
    with read(place) as reader, pytest.raises(Broken) as caught:
        check(reader)
    assert caught.value.code == "E-LOG-13"


@pytest.mark.parametrize("published", [5, 256, 300, 600])
@pytest.mark.parametrize("size", [3, 256])
def test_an_older_copy_beside_newer_bundles_is_not_written_to(
    log, place, tmp_path, size, published
):
    log.append(group(0, size))
    log.publish()
    log.close()
    for name in ("log.db", "checkpoint"):
        shutil.copy(place / name, tmp_path / name)
    with write(place) as again:
        again.append(group(size, max(published, size + 1)))
        again.publish()
    for name in ("log.db", "checkpoint"):
        shutil.copy(tmp_path / name, place / name)
    for _ in range(2):
        with pytest.raises(Broken) as caught:
            write(place)
        assert caught.value.code == "E-LOG-03"
        assert caught.value.where.startswith("tile/entries/")
        (place / "checkpoint").unlink(missing_ok=True)  # nor without any checkpoint


def test_a_fork_of_the_same_size_is_not_written_to(log, place, tmp_path):
    log.append(group(0, 3))
    log.close()
    shutil.copytree(place, tmp_path / "fork")
    with write(place) as ours:
        ours.append(group(3, 5))
        ours.publish()
    with write(tmp_path / "fork") as theirs:
        theirs.append(group(7, 9))
        theirs.publish()
    shutil.copy(tmp_path / "fork" / "checkpoint", place / "checkpoint")
    with pytest.raises(Broken) as caught:
        write(place)
    assert caught.value.code == "E-LOG-03"


@pytest.mark.parametrize(
    "name",
    ["tile/0/000", "tile/0/001.p/44", "tile/1/000.p/1", "tile/entries/001.p/44", "checkpoint"],
)
def test_a_lost_file_that_follows_from_others_is_put_back_on_start(log, place, name):
    log.append(group(0, 300))
    log.publish()
    log.close()
    data = (place / name).read_bytes()
    (place / name).unlink()
    with write(place) as again:
        again.publish()
    back = (place / name).read_bytes()
    if name == "checkpoint":  # an ML-DSA signature is another each time
        back, data = back.split(b"\n\n")[0], data.split(b"\n\n")[0]
    assert back == data
    assert check_directory(place) == 300


def test_lost_entries_are_never_made_up(log, place):
    log.append(group(0, 300))
    log.publish()
    log.close()
    (place / "tile/entries/000").unlink()
    with pytest.raises(Broken) as caught:
        write(place)
    assert caught.value.code == "E-LOG-12"
    assert "tile/entries/000" in caught.value.where


def test_files_of_a_wrong_length_are_said_to_be_damaged(log, place):
    log.append(group(0, 600))
    log.publish()
    log.close()
    (place / "tile/entries/001").write_bytes(_layout.pack_entries([b"one"]))
    (place / "tile/0/001").write_bytes(bytes(31))
    with read(place) as again:
        for ask, name in (
            (lambda: again.entry(300), "tile/entries/001"),
            (lambda: again.inclusion(300), "tile/0/001"),
        ):
            with pytest.raises(Broken) as caught:
                ask()
            assert (caught.value.code, caught.value.where) == ("E-LOG-12", name)


@pytest.mark.parametrize("table", ["head", "statements", "entries"])
def test_a_database_without_its_tables_is_said_to_be_damaged(log, place, table):
    log.append(group(0, 3))
    log.close()
    with sqlite3.connect(place / "log.db") as db:
        db.execute(f"DROP TABLE {table}")
    db.close()
    with pytest.raises(Broken), write(place) as again:
        again.append(group(3, 4))


def test_without_its_signed_head_an_entry_has_no_receipt(log):
    log.append(group(0, 3))
    log.db.execute("DELETE FROM heads")
    with pytest.raises(Broken) as caught:
        log.receipt(1)
    assert caught.value.code == "E-LOG-12"


def test_a_database_row_that_does_not_fit_the_files_stops_the_start(log, place):
    log.append(group(0, 300))
    log.publish()
    log.close()
    with sqlite3.connect(place / "log.db") as db:
        db.execute("UPDATE entries SET data=? WHERE idx=299", (b"forged",))
    db.close()
    with pytest.raises(Broken) as caught:
        write(place)
    assert caught.value.code == "E-LOG-12"


def test_a_reader_gives_up_when_the_writer_overtakes_every_copy(log, place, monkeypatch):
    log.append(group(0, 1))
    count = iter(range(10_000))
    monkeypatch.setattr(_store, "_generation", lambda _: next(count))
    with pytest.raises(_store.Unreachable) as caught:
        read(place)
    assert caught.value.code == "E-LOG-16"


def test_a_reader_looks_again_when_the_writer_closes_amid_its_copy(log, place, monkeypatch):
    log.append(group(0, 3))
    real = _store._generation
    asked = 0

    def closed_when_copied(directory):
        nonlocal asked
        generation = real(directory)
        asked += 1
        if asked == 2:
            log.close()
        return generation

    monkeypatch.setattr(_store, "_generation", closed_when_copied)
    with read(place) as reader:
        assert reader.head.size == 3
    assert asked == 4


def test_the_entry_helper_makes_no_two_alike():
    assert len({entry(n) for n in range(1000)}) == 1000
