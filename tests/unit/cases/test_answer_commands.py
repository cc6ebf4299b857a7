"""`present`, `decide`, `recalls`, `followed` on the command line."""

import json

import pytest

from standing.cli import run
from standing.ledger import open_ledger
from standing.wire.days import format_day

from .answering import PURPOSE, TRAIN, answer, contest, restrict


@pytest.fixture
def shell(stage, capsys, monkeypatch):
    """Run commands on the stage's ledger, which is closed meanwhile; gives the JSON they print."""
    monkeypatch.chdir(stage.folder)

    def call(*words, code=0):
        today = stage.ledger.today
        stage.ledger.close()
        got = run([*map(str, words), "--json"])
        out, err = capsys.readouterr()
        stage.ledger = open_ledger(stage.folder / "ledger", clock=stage.clock)
        assert got == code, (today, out, err)
        return json.loads(out if code == 0 else err)

    return call


SALES = ("--key", "keys/rail-sales.key")


def test_an_answer_its_recall_and_its_deletion(stage, shell):
    restrict(stage)
    day = ("--today", format_day(stage.ledger.today))
    ask = ("decide", *SALES, "--purpose", PURPOSE, "--reference", "card-1", *day)
    said = shell(*ask, "--transaction", "a", "--alternative", TRAIN)
    assert said["answer"] == "no-high-speed"
    assert shell(*ask, "--transaction", "b")["answer"] == "clear"
    assert shell(*ask, "--transaction", "a", code=1)["error"]["code"] == "E-DECIDE-07"
    assert shell("recalls", *SALES, *day) == {"recalls": []}
    contest(stage, stage.unpaid)
    [message] = shell("recalls", *SALES, *day)["recalls"]
    assert (message["transaction"], message["nonce"]) == ("a", said["nonce"])
    later = ("--today", format_day(stage.ledger.today + 5))
    stage.move(5)
    every = shell("recalls", "--all", *later)
    assert [(r["party"], r["transaction"], r["state"]) for r in every["recalls"]] == [
        ("rail-sales", "a", "NOT confirmed in time")
    ]
    assert "L64" in every["suspended"][0]["why"]
    assert shell("recalls", "confirm", *SALES, *later) == {"confirmed": 1}
    assert shell("recalls", "--all", *later)["suspended"] == []


def test_a_presentation_from_file_to_answer(stage, shell):
    day = format_day(stage.ledger.today)
    stage.ledger.tick()
    made = shell(
        "present", "--key", "keys/neighbour.key", "--party", "keys/rail-sales.key.pub",
        "--context", "rail", "--purpose", PURPOSE, "--last-day", day, "-o", "token",
    )  # fmt: skip
    assert made["bytes"] == (stage.folder / "token").stat().st_size
    ask = ("decide", *SALES, "--purpose", PURPOSE, "--presentation", "token", "--today", day)
    assert shell(*ask, "--transaction", "a")["answer"] == "clear"
    assert shell(*ask, "--transaction", "b", code=1)["error"]["code"] == "E-PRESENT-10"
    other = shell(*ask, "--transaction", "c", "--reference", "card-1", code=3)
    assert other["error"]["code"] == "E-CLI-01"


def test_transactions_that_took_place_are_reported(stage, shell):
    day = ("--today", format_day(stage.ledger.today))
    answer(stage, trip="a")
    answer(stage, trip="b")
    assert shell("followed", "a", "b", *SALES, *day) == {"followed": 2}
    assert shell("followed", "c", *SALES, *day, code=1)["error"]["code"] == "E-DECIDE-13"


def test_recalls_are_of_one_party_or_all(shell):
    assert shell("recalls", code=3)["error"]["code"] == "E-CLI-01"
    assert shell("recalls", "--all", *SALES, code=3)["error"]["code"] == "E-CLI-01"
