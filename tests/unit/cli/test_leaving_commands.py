"""`stop`, `erase`, `consent step-back`, `backup`, `restore`: what they print, and how they end."""

import pytest

from standing.wire.days import format_day
from standing.wire.keys import KeyFile, write_key_file
from tests.support import CONTEXT, MAP, TODAY, rows
from tests.unit.cli.test_cli import shell

__all__ = ["shell"]  # a fixture

DAY = format_day(TODAY + 20)


@pytest.fixture
def place(town, tmp_path):
    """A closed ledger with a desk and records; keys as files beside it, `me` of card-0."""
    town.add_court()
    town.import_rows(rows(10), map_data=MAP)
    for name, key in town.keys.items():
        write_key_file(tmp_path / f"{name}.key", key)
    key = town.people[0]
    write_key_file(tmp_path / "me.key", KeyFile("subject", "me", key, key.public))
    town.move_to(TODAY + 20)
    town.ledger.tick()
    town.ledger.close()
    return tmp_path


def words(place, *some):
    return (*some, "--ledger", place / "ledger", "--today", DAY)


def test_a_stop_is_asked_for_undone_and_made_final(shell, place):
    said = ("stop", "request", "card-0", "--context", CONTEXT, "--key", place / "counter.key")
    asked = shell.good(*words(place, *said))
    assert set(asked) == {"case", "day", "final"}
    score = ("score", "card-0", "--context", CONTEXT, "--ledger", place / "ledger")
    assert shell.bad(1, *score)["error"]["code"] == "E-PEOPLE-11"
    undo = ("stop", "resume", "--context", CONTEXT, "--key", place / "me.key")
    assert shell.good(*words(place, *undo))["resumed"] is True
    assert shell.good(*score)["score"]
    again = shell.good(*words(place, *said))
    nobody = shell.good(*words(place, *said[:2], "card-99", *said[3:]))
    assert (again["day"], again["final"]) == (nobody["day"], nobody["final"])
    for case in (again["case"], nobody["case"]):
        code, out, _ = shell(*words(place, "stop", "confirm", case, "--key", place / "counter.key"))
        assert (code, out) == (0, f"The request is {case} of {DAY}, final on {DAY}.\n")


def test_a_stop_reads_alike_whoever_it_is_about(shell, place):
    said = ("stop", "request", "--context", CONTEXT, "--key", place / "counter.key")
    texts = [shell(*words(place, *said, name)) for name in ("card-0", "card-99", "s_nobody")]
    assert {(code, out.split("c_")[0], out.split(" of ")[1]) for code, out, _ in texts} == {
        (
            0,
            "Whoever it is, is stopped. The request is ",
            f"{DAY}, final on {format_day(TODAY + 34)}.\n",
        )
    }


def test_erasing_says_what_went_and_to_a_desk_nothing(shell, place):
    said = words(place, "erase", "--context", CONTEXT, "--key", place / "counter.key")
    texts = {shell(*said, "--subject", name)[:2] for name in ("card-1", "card-99")}
    assert texts == {(0, f"Erased in {CONTEXT}.\n")}
    erased = shell.good(*words(place, "erase", "--all", "--key", place / "me.key"))
    assert (erased["records"], erased["complete"], erased["key_backup"]) == (2, True, None)
    assert shell.good("verify", place / "ledger")["ok"] is True


@pytest.mark.parametrize("some", [[], ["--all", "--context", CONTEXT]])
def test_where_to_erase_is_said_once(shell, place, some):
    assert shell.bad(3, *words(place, "erase", "--key", place / "me.key", *some))


def test_stepping_back_is_for_the_first_14_days(shell, place):
    said = ("consent", "step-back", "--context", CONTEXT, "--key", place / "me.key")
    assert shell.bad(1, *words(place, *said))["error"]["code"] == "E-ERASE-04"


def test_contests_are_finished_on_request(shell, place):
    reasons = shell.good("score", "card-0", "--context", CONTEXT, "--ledger", place / "ledger")
    record = reasons["reasons"][0]["record"]
    file = ("contest", "file", "card-0", "--context", CONTEXT, "--key", place / "me.key",
            "--target", "record", "--named", record, "--words", "No.")  # fmt: skip
    case = shell.good(*words(place, *file))["case"]
    leave = ("consent", "withdraw", "--context", CONTEXT, "--key", place / "me.key")
    shell.good(*words(place, *leave, "--finish-contests"))
    assert shell.good("case", "show", case, "--ledger", place / "ledger")["state"] == "open"
    refused = shell.bad(1, *words(place, "erase", "--context", CONTEXT, "--key", place / "me.key"))
    assert case in refused["error"]["why"]


def test_copies_are_made_looked_at_and_brought_back(shell, place):
    ledger = ("--ledger", place / "ledger")
    assert shell.good("backup", "status", *ledger) == {"backup": None}
    assert shell("backup", "status", *ledger)[1].startswith("Nothing was copied yet")
    assert shell.bad(3, "backup", *ledger, "--to", place / "a")
    made = shell.good("backup", *ledger, "--to", place / "a", "--keys-to", place / "b")
    assert made == {"to": str(place / "a"), "keys_to": str(place / "b"), "former": []}
    status = shell.good("backup", "status", *ledger)["backup"]
    assert (status["age_days"], status["opens_erased"], status["error"]) == (0, False, None)
    found = ("--from", place / "a", "--keys-from", place / "b")
    back = shell.good("restore", *found, "--ledger", place / "back", "--today", DAY)
    assert (back["erased"], back["verified"]) == (0, True)
    assert shell.good("verify", place / "back")["ok"] is True
    assert shell.bad(3, "restore", *found, *ledger)["error"]["code"] == "E-BACKUP-12"
    late = format_day(TODAY + 40)
    old = shell.bad(1, "restore", *found, "--ledger", place / "late", "--today", late)
    assert old["error"]["code"] == "E-BACKUP-15"


def test_a_copy_of_the_keys_that_cannot_be_replaced_is_said_loudly(shell, place):
    ledger = ("--ledger", place / "ledger")
    shell.good("backup", *ledger, "--to", place / "a", "--keys-to", place / "b")
    (place / "b").rename(place / "away")
    code, out, _ = shell(*words(place, "erase", "--context", CONTEXT, "--key", place / "me.key"))
    assert (code, "was NOT replaced" in out, "Erased in" in out) == (4, True, True)
    code, out, _ = shell("backup", "status", *ledger)
    assert "can open what was erased since" in out
    code, out, _ = shell("backup", *ledger, "--to", place / "a", "--keys-to", place / "c")
    assert (code, "older copies of the keys may lie in" in out) == (4, True)
    (place / "away").rename(place / "b")
    shell.good("tick", *ledger)
    status = shell.good("backup", "status", *ledger)["backup"]
    assert (status["former"], status["opens_erased"]) == ([], False)
    assert list((place / "b").iterdir()) == []
