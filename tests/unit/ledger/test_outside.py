"""A log brought back from an older copy is not written to, if anything outside knows better."""

import contextlib
import shutil
import socket

import pytest

import standing
from standing import fetch
from standing.errors import Broken
from standing.serve import MirrorApp, WitnessApp
from standing.verify.checkpoints import parse_checkpoint
from standing.verify.cosignatures import cosigner_of
from standing.wire.keys import SigningKey, load_key_file
from standing.wire.notes import NoteKey
from standing.witness import Witness
from tests.unit.serve.support import ORIGIN, found
from tests.unit.witness.support import serving as serving_app


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(fetch, "READ_SECONDS", 1.0)


@pytest.fixture
def office(tmp_path):
    return found(tmp_path / "ledger")


@contextlib.contextmanager
def witness_of(office, place):
    """Serve a witness of the log and name it in the ledger's policy; gives its address."""
    key = SigningKey.generate()
    log_key = load_key_file(office.directory / "keys" / "checkpoint.key.pub").public
    watched = [NoteKey(ORIGIN, 1, log_key)]
    opened = Witness.open(place, name="w.example", keys=[key], logs=watched, new=True)
    with opened, serving_app(WitnessApp(opened)) as url:
        vkey = cosigner_of("w.example", key.public).vkey()
        policy = office.directory / "witnesses.policy"
        policy.write_text(f"witness w {vkey} {url}\nquorum w\n")
        yield url


def grow(office, count=1):
    """Write some statements as the command line does; gives the size."""
    with office.open() as ledger:
        for _ in range(count):
            _say_something(ledger, office)
        return ledger.log_size


def _say_something(ledger, office):
    from standing import charter

    outcomes = ledger.register([charter.examine(office.document(), {})])
    assert not isinstance(outcomes[0], Exception), outcomes
    ledger.publish()


def keep(office, tmp_path):
    """Copy the whole log directory; gives what puts the copy back."""
    log, kept = office.directory / "log", tmp_path / "older"
    shutil.copytree(log, kept)

    def restore(*, witnessed=True):
        newest = log / "checkpoint.witnessed"
        data = newest.read_bytes() if witnessed and newest.is_file() else None
        shutil.rmtree(log)
        shutil.copytree(kept, log)
        if data is not None:
            newest.write_bytes(data)

    return restore


def contents(office):
    return {
        path.relative_to(office.directory): path.read_bytes()
        for path in (office.directory / "log").rglob("*")
        if path.is_file() and path.name not in {"log.db-shm", "log.db-wal"}
    }


def refused(office, where):
    """Demand that opening for writing is refused, and that nothing was written."""
    before = contents(office)
    with pytest.raises(Broken) as caught:
        office.open()
    assert caught.value.code == "E-LOG-19"
    assert where in caught.value.where
    assert contents(office) == before
    with standing.open(office.directory, read_only=True) as ledger:
        return ledger.log_size


def test_behind_a_witness_the_log_is_not_written_to(office, tmp_path):
    with witness_of(office, tmp_path / "w") as url:
        restore = keep(office, tmp_path)
        grow(office)
        with office.open() as ledger:
            assert ledger.cosign().enough
        restore(witnessed=False)
        assert refused(office, url)


def test_behind_a_mirror_in_a_directory_the_log_is_not_written_to(office, tmp_path):
    restore = keep(office, tmp_path)
    grow(office)
    mirror = tmp_path / "mirror"
    shutil.copytree(office.directory / "log", mirror)
    (office.directory / "mirrors").write_text(f"# ours\n\n{mirror}\n")
    restore()
    assert refused(office, str(mirror))


def test_behind_a_mirror_over_http_the_log_is_not_written_to(office, tmp_path):
    restore = keep(office, tmp_path)
    grow(office)
    mirror = tmp_path / "mirror"
    shutil.copytree(office.directory / "log", mirror)
    with serving_app(MirrorApp(mirror, ORIGIN)) as url:
        (office.directory / "mirrors").write_text(f"{url}\n")
        restore()
        assert refused(office, url)


def test_behind_its_own_witnessed_checkpoint_the_log_is_not_written_to(office, tmp_path):
    with witness_of(office, tmp_path / "w"):
        restore = keep(office, tmp_path)
        grow(office)
        with office.open() as ledger:
            ledger.cosign()
    # the witness is gone; the file stayed where it was
    restore(witnessed=True)
    assert refused(office, "checkpoint.witnessed")


@pytest.mark.parametrize("outside", ["witness", "mirror", "file"])
def test_another_log_of_the_same_size_is_not_written_to(office, tmp_path, outside):
    with witness_of(office, tmp_path / "w") as url:
        restore = keep(office, tmp_path)
        size = grow(office)
        with office.open() as ledger:
            assert ledger.cosign().enough
        mirror = tmp_path / "mirror"
        shutil.copytree(office.directory / "log", mirror)
        policy = office.directory / "witnesses.policy"
        named = policy.read_bytes()
        policy.unlink()
        restore(witnessed=False)
        assert grow(office) == size  # nobody outside was asked: the fork is there
        if outside == "witness":
            policy.write_bytes(named)
            refused(office, url)
        elif outside == "mirror":
            (office.directory / "mirrors").write_text(f"{mirror}\n")
            refused(office, str(mirror))
        else:
            name = "checkpoint.witnessed"
            (office.directory / "log" / name).write_bytes((mirror / name).read_bytes())
            refused(office, name)


def test_a_fork_that_outgrew_its_witness_is_not_written_to(office, tmp_path):
    with witness_of(office, tmp_path / "w") as url:
        restore = keep(office, tmp_path)
        grow(office)
        with office.open() as ledger:
            assert ledger.cosign().enough
        policy = office.directory / "witnesses.policy"
        named = policy.read_bytes()
        policy.unlink()
        restore(witnessed=False)
        grow(office, 3)  # nobody outside was asked
        policy.write_bytes(named)
        refused(office, url)


def test_outside_copies_that_are_behind_or_even_hold_up_nothing(office, tmp_path):
    with witness_of(office, tmp_path / "w"):
        mirror = tmp_path / "mirror"
        shutil.copytree(office.directory / "log", mirror)
        (office.directory / "mirrors").write_text(f"{mirror}\n")
        for _ in range(3):
            before = grow(office)
            with office.open() as ledger:
                assert ledger.cosign().enough
                assert ledger.log_size == before
        witnessed = (office.directory / "log" / "checkpoint.witnessed").read_bytes()
        assert parse_checkpoint(witnessed)[0].size == before


@pytest.mark.parametrize("how", ["down", "silent", "refusing"])
def test_what_does_not_answer_proves_nothing_and_blocks_nothing(office, tmp_path, how):
    async def refusing(_scope, receive, send):
        await receive()
        await send({"type": "http.response.start", "status": 500, "headers": []})
        await send({"type": "http.response.body", "body": b"no"})

    listener = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    if how == "down":
        listener.close()
    with listener, serving_app(refusing) as other:
        url = other if how == "refusing" else url
        vkey = cosigner_of("w.example", SigningKey.generate().public).vkey()
        (office.directory / "witnesses.policy").write_text(f"witness w {vkey} {url}\nquorum w\n")
        (office.directory / "mirrors").write_text(f"{url}\n{tmp_path / 'nowhere'}\n")
        before = grow(office)
        assert grow(office) == before + 1


def test_reading_is_never_refused_for_what_others_hold(office, tmp_path):
    restore = keep(office, tmp_path)
    size = grow(office)
    mirror = tmp_path / "mirror"
    shutil.copytree(office.directory / "log", mirror)
    (office.directory / "mirrors").write_text(f"{mirror}\n")
    restore()
    with standing.open(office.directory, read_only=True) as ledger:
        assert ledger.log_size == size - 1


def test_a_copy_from_before_a_key_change_is_refused_although_it_cannot_read_the_newer_one(
    office, tmp_path
):
    restore = keep(office, tmp_path)
    with office.open() as ledger:
        ledger.rotate_key("checkpoint", by=office.keys["city"])
    grow(office)
    mirror = tmp_path / "mirror"
    shutil.copytree(office.directory / "log", mirror)
    (office.directory / "mirrors").write_text(f"{mirror}\n")
    restore()
    before = contents(office)
    with pytest.raises(Broken):
        office.open()
    assert contents(office) == before


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("mirrors", b"\xff\xfe\n", "E-LEDGER-06"),
        ("witnesses.policy", b"nonsense\n", "E-QUORUM-01"),
    ],
)
def test_a_list_that_cannot_be_read_is_said_and_nothing_is_opened(office, name, data, code):
    (office.directory / name).write_bytes(data)
    with pytest.raises(standing.errors.StandingError) as caught:
        office.open()
    assert caught.value.code == code
    (office.directory / name).unlink()
    grow(office)
