"""What `doctor` sees of a ledger, one illness at a time."""

import socket
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from standing.errors import StandingError
from standing.ledger.doctor import Finding, look_over
from standing.wire.days import format_day
from standing.wire.keys import write_key_file
from tests.support import TODAY, Town, new_key


def findings(town: Town) -> dict[str, Finding]:
    return {one.name: one for one in look_over(town.directory, town.clock)}


def test_a_new_ledger_lacks_copies_and_people_and_nothing_else(town: Town) -> None:
    town.ledger.tick()
    found = findings(town)
    assert {name for name, one in found.items() if one.state == "attention"} == {
        "outside copies", "backup", "roles",
    }  # fmt: skip
    assert not [one for one in found.values() if one.state == "failed"]
    assert "reviewer" in found["roles"].said
    assert all(one.fix for one in found.values() if one.state != "ok")


def test_a_ledger_with_all_it_needs_is_well(town: Town, tmp_path: Path) -> None:
    town.add_court()
    town.ledger.tick()
    town.ledger.backup(tmp_path / "a", tmp_path / "b")
    (town.directory / "mirrors").write_text(f"{tmp_path / 'mirror'}\n")
    found = findings(town)
    assert {one.state for one in found.values()} == {"ok"}
    assert {"vault.db", "log/log.db", "opens", "clock", "marks", "backup"} <= set(found)


def _open_keys(town: Town) -> None:
    for path in (town.directory / "keys").rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    (town.directory / "keys").chmod(0o755)


def _stray_key(town: Town) -> None:
    write_key_file(town.directory / "metro.key", town.keys["metro"])


def _damage_vault(town: Town) -> None:
    town.ledger.close()
    with closing(sqlite3.connect(town.directory / "vault.db")) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    path = town.directory / "vault.db"
    data = bytearray(path.read_bytes())
    for page in range(2, len(data) // 4096):
        data[4096 * page : 4096 * page + 8] = b"\xff" * 8
    path.write_bytes(data)


def _bad_settings(town: Town) -> None:
    (town.directory / "standing.toml").write_text("[mail]\nhots = 1\n")


def _dead_mail(town: Town) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    (town.directory / "standing.toml").write_text(
        f'[mail]\nhost = "127.0.0.1"\nport = {port}\nfrom = "a@example.org"\n'
    )


def _late_marks(town: Town) -> None:
    town.ledger.tick()
    town.clock.advance_to(TODAY + 10)


def _ending_right(town: Town) -> None:
    town.ledger.accredit(
        new_key("auditor", "looker").public, role="auditor", name="looker", until=TODAY + 9,
        by=town.keys["city"],
    )  # fmt: skip


def _lost_copy(town: Town) -> None:
    place = town.directory.parent
    town.ledger.backup(place / "a", place / "b")
    (place / "b").rename(place / "c")


@pytest.mark.parametrize(
    ("illness", "name", "state", "said"),
    [
        (_open_keys, "secrecy", "attention", "others on this machine can read keys/"),
        (_stray_key, "signing keys", "attention", "metro.key"),
        (_damage_vault, "vault.db", "failed", "SQLite says"),
        (_bad_settings, "settings", "failed", "E-SET-02"),
        (_dead_mail, "settings", "attention", "does not answer"),
        (_late_marks, "marks", "attention", "for 10 days"),
        (_ending_right, "rights", "attention", f"looker on {format_day(TODAY + 9)}"),
        (_lost_copy, "backup", "failed", "E-BACKUP-04"),
    ],
)
def test_each_illness_is_seen_and_has_a_remedy(
    town: Town, illness: Callable[[Town], None], name: str, state: str, said: str
) -> None:
    illness(town)
    found = findings(town)[name]
    assert (found.state, said in found.said, bool(found.fix)) == (state, True, True), found


def test_looking_changes_nothing_and_works_beside_a_writer(town: Town) -> None:
    def files() -> dict[Path, bytes]:
        found = [path for path in town.directory.rglob("*") if path.is_file()]
        return {path: path.read_bytes() for path in found if not path.name.endswith("-shm")}

    before = files()
    findings(town)
    assert files() == before
    town.ledger.tick()


def test_what_its_writer_holds_is_no_damage(town: Town) -> None:
    town.ledger.tick()
    assert "in use" in findings(town)["log/log.db"].said


def test_a_ledger_that_does_not_open_is_looked_at_from_outside(town: Town) -> None:
    town.ledger.close()
    (town.directory / "trust.json").write_text("{")
    found = findings(town)
    assert found["opens"].state == "failed"
    assert found["vault.db"].state == "ok"
    assert "marks" not in found


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StandingError, match="E-LEDGER-01"):
        list(look_over(tmp_path / "nothing"))
