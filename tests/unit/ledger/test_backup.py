"""Two copies in two places, and back: whole and verified, and never with what was erased since."""

import json
import os
import shutil

import pytest

from standing.engine import SimulatedClock
from standing.errors import Refused, StandingError, Usage
from standing.ledger import open_ledger, restore
from standing.wire.days import format_day
from tests.support import CONTEXT, NOTICE_DAYS, TODAY, make_ledger, row
from tests.traces import Traces

COUNTED = TODAY + NOTICE_DAYS


@pytest.fixture
def court(town):
    """Records, a contest with evidence, a question, a stored population, marks published."""
    town.add_court()
    town.import_rows([row(n, zones="") for n in range(10)])
    town.move_to(COUNTED)
    town.ledger.decide(town.ask("card-0"))
    case = town.contest(0, town.record_of(0))
    town.ledger.step(
        case.name,
        "add",
        {"words": "The ticket."},
        key=town.people[0],
        files=[("t.jpg", b"picture")],
    )
    town.ledger.score_all(CONTEXT)
    town.move_to(COUNTED + 1)
    town.ledger.tick()
    return town


@pytest.fixture
def places(tmp_path):
    return tmp_path / "a", tmp_path / "b"


def back(town, places, *, day=None, name="back"):
    clock = SimulatedClock(town.ledger.today if day is None else day)
    done = restore(town.directory.parent / name, *places, clock=clock)
    return done, open_ledger(town.directory.parent / name, clock=clock)


def files(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def lives(town):
    """Give what the ledger says of each person who is there."""
    return [town.ledger.report(name) for name in town.names]


# --- making ---------------------------------------------------------------------------------------


def test_what_was_copied_comes_back_as_it_was(court, places):
    court.ledger.backup(*places)
    done, ledger = back(court, places)
    assert (done.log_size, done.erased) == (court.ledger.log_size, 0)
    assert done.verification.ok
    with ledger:
        assert [ledger.report(name) for name in court.names] == lives(court)
        assert ledger.checkpoint == court.ledger.checkpoint
        court.ledger.close()
        ledger.score_all(CONTEXT)
        assert ledger.verify().ok


def test_witnesses_mirrors_and_settings_come_back_too(court, places):
    settings = '[mail]\nhost = "mail.example"\nsender = "no-reply@example.org"\n'
    (court.directory / "standing.toml").write_text(settings)
    (court.directory / "mirrors").write_text("# none yet\n")
    court.ledger.backup(*places)
    _, ledger = back(court, places)
    ledger.close()
    assert (ledger.directory / "standing.toml").read_text() == settings
    assert (ledger.directory / "mirrors").read_text() == "# none yet\n"


def test_no_key_lies_in_the_ledgers_copy_and_no_column_in_either(court, places):
    court.ledger.backup(*places)
    keys = files(court.directory / "keys")
    secrets = [data.strip()[-32:] for name, data in keys.items() if name != "sealing.db"]
    secrets += [
        key for (key,) in court.ledger._core.vault.keys.db.execute("SELECT key FROM sealing")
    ]
    assert len(secrets) > 9
    copied = files(places[0])
    assert not [name for name, data in copied.items() for secret in secrets if secret in data]
    assert not [name for name in copied if "columns" in name or "keys" in name]
    assert set(files(places[1])) == {"keys.copy"}
    assert all(secret in files(places[1])["keys.copy"] for secret in secrets)


def test_only_their_owner_may_look_into_the_copies(court, places):
    court.ledger.backup(*places)
    for path in (*places, places[1] / "keys.copy"):
        assert path.stat().st_mode & 0o077 == 0, path


def test_a_copy_replaces_the_one_before(court, places):
    court.ledger.backup(*places)
    first = {path.name for path in places[0].iterdir()}
    before = (places[1] / "keys.copy").read_bytes()
    inode = os.open(places[1] / "keys.copy", os.O_RDONLY)
    court.ledger.backup(*places)
    second = {path.name for path in places[0].iterdir()}
    assert (len(first), len(second), first & second) == (2, 2, {"current"})
    assert set(files(places[1])) == {"keys.copy"}
    assert os.pread(inode, len(before), 0) == bytes(len(before))
    os.close(inode)


def test_the_three_places_lie_apart(court, tmp_path):
    inside, a = court.directory / "copy", tmp_path / "a"
    for to, keys_to in ((a, a), (a, a / "keys"), (inside, a), (a, inside), (tmp_path, a)):
        with pytest.raises(Usage, match="E-BACKUP-01"):
            court.ledger.backup(to, keys_to)
    other = tmp_path / "other"
    other.mkdir()
    (other / "letter.txt").write_text("mine")
    for to, keys_to in ((other, a), (a, other)):
        with pytest.raises(Usage, match="E-BACKUP-02"):
            court.ledger.backup(to, keys_to)
    assert files(other) == {"letter.txt": b"mine"}
    with court.ledger.bulk(), pytest.raises(Refused, match="E-BACKUP-03"):
        court.ledger.backup(a, tmp_path / "b")
    assert court.ledger.backup_status() is None


# --- erasing --------------------------------------------------------------------------------------


def test_an_erasure_is_erased_again_when_an_older_copy_comes_back(court, places):
    number = court.ledger._core.vault.people.find(court.names[0])
    traces = Traces(court.ledger, number, CONTEXT)
    court.ledger.backup(*places)
    court.ledger.erase(CONTEXT, key=court.people[0])
    traces.directory = places[1]
    assert traces.found() == {}
    done, ledger = back(court, places)
    traces.directory = ledger.directory
    with ledger:
        assert done.erased >= len(traces.leaves)
        assert traces.found() == {}
        with pytest.raises(Refused, match="E-PEOPLE-10"):
            ledger.score(court.names[0], CONTEXT)
        with pytest.raises(Refused, match="E-PEOPLE-10"):
            ledger.score("card-0", CONTEXT)
        assert [ledger.report(name) for name in court.names[1:]] == [
            court.ledger.report(name) for name in court.names[1:]
        ]
        ledger.consent(court.people[0], CONTEXT)
        assert ledger.score(court.names[0], CONTEXT).score.score == 1000
        ledger.advance_to(ledger.today + 1)
        ledger.tick()
        assert ledger.verify().ok


def test_whoever_was_erased_everywhere_stays_so(court, places):
    court.ledger.backup(*places)
    court.ledger.erase(key=court.people[0])
    _, ledger = back(court, places)
    with ledger, pytest.raises(Refused, match="E-PEOPLE-08"):
        ledger.consent(court.people[0], CONTEXT)


def test_what_was_left_behind_before_a_new_consent_is_erased_again(court, places):
    number = court.ledger._core.vault.people.find(court.names[0])
    court.ledger.withdraw(court.people[0], CONTEXT)
    court.ledger.backup(*places)
    traces = Traces(court.ledger, number, CONTEXT)
    court.move_to(COUNTED + 2)
    court.ledger.consent(court.people[0], CONTEXT)
    court.move_to(COUNTED + 31)
    court.ledger.tick()
    _, ledger = back(court, places)
    link = next(court.ledger._core.vault.filed.documents(number, "link"))
    gone = {what for what in traces.stored if what.startswith(("sealed", "case"))}
    gone -= {f"sealed {link.leaf.hex()}, {part}" for part in ("head", "tail")}
    traces.directory = ledger.directory
    with ledger:
        assert gone & set(traces.found()) == set()
        assert ledger.report(court.names[0])["contexts"][0]["records"] == []
        assert ledger.verify().ok


def test_whoever_joined_after_the_copy_is_not_there_and_nothing_of_them_is(court, places):
    court.ledger.backup(*places)
    court.add_person()
    court.ledger.erase(CONTEXT, key=court.people[1])  # renews the copy of the keys
    done, ledger = back(court, places)
    with ledger:
        assert done.verification.ok
        with pytest.raises(Refused, match="E-PEOPLE-10"):
            ledger.score(court.names[-1], CONTEXT)


def test_an_erasure_goes_on_where_the_copy_of_the_keys_cannot_be_reached(court, places):
    court.ledger.backup(*places)
    away = places[1].with_name("unplugged")
    places[1].rename(away)
    done = court.ledger.erase(CONTEXT, key=court.people[0])
    assert done.complete
    assert done.key_backup.problem.code == "E-BACKUP-04"
    status = court.ledger.backup_status()
    assert (status.is_behind, status.problem.code) == (True, "E-BACKUP-04")
    court.ledger.tick()
    assert court.ledger.backup_status().is_behind
    away.rename(places[1])
    court.ledger.tick()
    status = court.ledger.backup_status()
    assert (status.is_behind, status.problem) == (False, None)
    assert court.ledger.verify().ok


def test_an_empty_folder_in_the_place_of_the_copy_gets_no_keys(court, places):
    """A disk that is not mounted leaves an empty folder."""
    court.ledger.backup(*places)
    shutil.rmtree(places[1])
    places[1].mkdir()
    assert court.ledger.erase(CONTEXT, key=court.people[0]).key_backup.problem
    assert files(places[1]) == {}


def test_every_tick_renews_a_copy_of_the_keys_that_is_a_day_old(court, places):
    court.ledger.backup(*places)
    for day in range(1, 9):
        court.move_to(COUNTED + 1 + day)
        court.ledger.tick()
    status = court.ledger.backup_status()
    assert (status.age_days, status.keys_age_days) == (8, 0)
    _, ledger = back(court, places)
    ledger.close()


def test_keys_do_not_stay_in_a_place_that_is_no_longer_used(court, places, tmp_path):
    court.ledger.backup(*places)
    note = court.ledger.backup(places[0], tmp_path / "c")
    assert (note.former, files(places[1])) == ((), {})
    away = tmp_path / "unplugged"
    (tmp_path / "c").rename(away)
    note = court.ledger.backup(places[0], tmp_path / "d")
    assert note.former == (str(tmp_path / "c"),)
    assert court.ledger.backup_status().note.former == note.former
    away.rename(tmp_path / "c")
    court.ledger.tick()
    assert court.ledger.backup_status().note.former == ()
    assert files(tmp_path / "c") == {}


# --- coming back ----------------------------------------------------------------------------------


def refuses(town, places, code, **more):
    """Demand a refusal that leaves everything as it was; gives it."""
    before = {path.name for path in town.directory.parent.iterdir()}
    with pytest.raises(StandingError) as caught:
        back(town, places, **more)
    assert caught.value.code == code, caught.value
    assert {path.name for path in town.directory.parent.iterdir()} == before
    return caught.value


def test_keys_older_than_seven_days_are_refused(court, places):
    court.ledger.backup(*places)
    refuses(court, places, "E-BACKUP-15", day=COUNTED + 1 + 8)
    _, ledger = back(court, places, day=COUNTED + 1 + 7)
    ledger.close()


def test_keys_that_are_older_than_the_ledgers_copy_are_refused(court, places, tmp_path):
    court.ledger.backup(*places)
    shutil.copytree(places[1], tmp_path / "old")
    court.add_person()
    court.ledger.backup(*places)
    refuses(court, (places[0], tmp_path / "old"), "E-BACKUP-14")


def test_keys_of_another_ledger_are_refused(court, places, tmp_path):
    court.ledger.backup(*places)
    (tmp_path / "other").mkdir()
    other = make_ledger(tmp_path / "other", subjects=1)
    other.ledger.backup(tmp_path / "oa", tmp_path / "ob")
    other.ledger.close()
    refuses(court, (places[0], tmp_path / "ob"), "E-BACKUP-14")


def test_a_place_without_a_copy_is_refused(court, places, tmp_path):
    refuses(court, places, "E-BACKUP-10")
    court.ledger.backup(*places)
    refuses(court, (places[0], tmp_path), "E-BACKUP-13")
    refuses(court, (places[1], places[1]), "E-BACKUP-10")


def test_an_older_log_is_not_put_in_a_newer_ones_place(court, places):
    court.ledger.backup(*places)
    court.ledger.score_all(CONTEXT)
    before = files(court.directory / "log")
    refuses(court, places, "E-BACKUP-11", name="ledger")
    assert files(court.directory / "log") == before


def test_nothing_that_is_there_is_overwritten(court, places):
    court.ledger.backup(*places)
    refuses(court, places, "E-BACKUP-12", name="ledger")
    (court.directory.parent / "back").mkdir()
    (court.directory.parent / "back" / "letter.txt").write_text("mine")
    refuses(court, places, "E-BACKUP-12")


def test_a_mirror_that_knows_more_of_the_log_refuses_an_older_one(court, places):
    (court.directory / "mirrors").write_text(f"{court.directory / 'log'}\n")
    court.ledger.backup(*places)
    _, ledger = back(court, places, name="first")
    ledger.close()
    court.ledger.score_all(CONTEXT)
    assert refuses(court, places, "E-LOG-19")


@pytest.mark.parametrize(
    "name", ["vault.db", "trust.json", "log/log.db", "log/checkpoint", "log/tile/entries/000.p"]
)
def test_a_copy_that_was_changed_is_refused(court, places, name):
    court.ledger.backup(*places)
    current = places[0] / (places[0] / "current").read_text()
    path = current / name
    path = next(path.iterdir()) if path.is_dir() else path
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    refuses(court, places, "E-BACKUP-13")
    path.unlink()
    refuses(court, places, "E-BACKUP-13")


@pytest.mark.parametrize("at", [0.3, 0.6, 0.99])
def test_a_copy_of_the_keys_that_was_changed_is_refused(court, places, at):
    court.ledger.backup(*places)
    path = places[1] / "keys.copy"
    data = bytearray(path.read_bytes())
    data[int(len(data) * at)] ^= 1
    path.write_bytes(data)
    refuses(court, places, "E-BACKUP-13")
    path.write_bytes(bytes(data)[: len(data) // 2])
    refuses(court, places, "E-BACKUP-13")


@pytest.mark.parametrize("name", ["../evil", "/etc/evil", "a/../../evil", ".hidden", "a//b", ""])
def test_a_copy_does_not_write_outside_its_folder(court, places, name):
    court.ledger.backup(*places)
    manifest = places[0] / (places[0] / "current").read_text() / "manifest.json"
    value = json.loads(manifest.read_bytes())
    value["files"][name] = "0" * 64
    manifest.write_text(json.dumps(value))
    refuses(court, places, "E-BACKUP-13")
    (places[0] / "current").write_text(name)
    refuses(court, places, "E-BACKUP-10")


def test_a_ledger_that_does_not_verify_is_not_put_in_place(court, places):
    court.ledger._core.vault.db.execute("DELETE FROM documents WHERE kind='evidence'")
    court.ledger.backup(*places)
    assert "WITHHELD" in refuses(court, places, "E-BACKUP-16").why


def test_what_a_run_that_was_cut_off_left_behind_goes_with_the_next(court, places):
    court.ledger.backup(*places)
    left = court.directory.parent / ".back.restoring"
    (left / "keys").mkdir(parents=True)
    (left / "vault.db").write_bytes(b"half")
    (places[0] / ".unfinished").mkdir()
    (places[1] / ".unfinished").write_bytes(b"half")
    _, ledger = back(court, places)
    ledger.close()
    assert not left.exists()
    court.ledger.backup(*places)
    assert not (places[0] / ".unfinished").exists()
    assert set(files(places[1])) == {"keys.copy"}


def test_where_the_copies_lie_is_not_guessed(court, places):
    court.ledger.backup(*places)
    (court.directory / "backup.json").write_text("{}")
    with pytest.raises(Refused, match="E-BACKUP-05"):
        court.ledger.backup_status()


def test_a_simulated_ledger_comes_back_without_a_day(court, places):
    court.ledger.backup(*places)
    done = restore(court.directory.parent / "back", *places)
    assert format_day(done.made // 86_400) == format_day(COUNTED + 1)
