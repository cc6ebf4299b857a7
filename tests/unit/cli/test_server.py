"""The command line against a ledger that is served elsewhere: keys stay here."""

import json

import pytest

from standing.cli import run
from standing.wire.days import format_day
from tests.support import CONTEXT, MAP, TODAY, row
from tests.unit.web.support import Served, serve_town


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with serve_town(tmp_path_factory.mktemp("reached")) as made:
        yield made


@pytest.fixture
def command(served: Served, capsys):
    """Run a command with --server and --json; gives its code and what it printed."""

    def call(*words: str):
        capsys.readouterr()  # what other commands said before
        code = run([*words, "--server", served.client.url, "--json"])
        out, err = capsys.readouterr()
        return code, json.loads(out or err)

    return call


def test_somebody_enrols_agrees_and_stops_from_elsewhere(served, command, tmp_path):
    path = str(tmp_path / "me.key")
    assert run(["key", "new", "subject", "-o", path]) == 0
    assert command("enrol", "--key", path)[0] == 0
    code, agreed = command("consent", "give", "--key", path, "--context", CONTEXT)
    assert (code, agreed["subject"][:2]) == (0, "s_")
    assert "ENGLISH" in command("consent", "text", "--context", CONTEXT)[1]["text"]
    code, stopped = command("consent", "withdraw", "--key", path, "--context", CONTEXT)
    assert (code, stopped["subject"]) == (0, agreed["subject"])


def test_a_contest_is_filed_and_taken_back_from_elsewhere(served, command):
    mine = served.do(lambda ledger: ledger.mine(served.town.people[0].public, CONTEXT))
    record = next(card.record for card in mine.cards if card.can_contest)
    key = str(served.keys / "person-0.key")
    code, case = command(
        "contest", "file", key, "--key", key, "--context", CONTEXT, "--target", "record",
        "--named", record, "--words", "I had a ticket.",
    )  # fmt: skip
    assert (code, case["lifecycle"]) == (0, "contest")
    code, after = command("contest", "take-back", case["case"], "--key", key)
    assert (code, after["is_over"]) == (0, True)
    other = str(served.keys / "person-1.key")
    assert command("contest", "take-back", case["case"], "--key", other)[0] == 1
    code, said = command(
        "contest", "file", other, "--key", key, "--context", CONTEXT, "--target", "record",
        "--named", record, "--words", "Not mine.",
    )  # fmt: skip
    assert (code, said["error"]["code"]) == (3, "E-CLI-01")


def test_an_issuer_imports_from_elsewhere(served, command, tmp_path):
    path = served.town.write_rows([row(1, id="cli-1", day=format_day(TODAY + 19))], "cli.csv")
    map_file = tmp_path / "map.toml"
    map_file.write_bytes(MAP)
    words = ("import", str(path), "--map", str(map_file), "--key")
    assert command(*words, f"metro={served.keys / 'metro.key'}")[1]["records"] == 1
    assert command(*words, f"metro={served.keys / 'metro.key'}")[1]["already_there"] == 1
    camera = served.town.write_rows([row(1, id="cli-2", signer="camera 7")], "camera.csv")
    words = ("import", str(camera), "--map", str(map_file), "--key")
    code, said = command(*words, f"metro={served.keys / 'metro.key'}")
    assert (code, said["rows"][0]["code"]) == (1, "E-ROW-18")


def test_a_relying_party_asks_from_elsewhere(served, command):
    key = str(served.keys / "bus.key")
    words = ("--key", key, "--purpose", "ride", "--transaction", "cli-1", "--reference", "card-3")
    assert command("decide", *words)[1]["answer"] == "clear"
    assert command("followed", "cli-1", "--key", key)[1] == {"followed": 1}
    assert command("recalls", "confirm", "--key", key)[1] == {"confirmed": 0}


def test_a_clock_is_moved_beside_its_ledger_alone(command, served):
    code, said = command(
        "consent", "withdraw", "--key", str(served.keys / "person-2.key"), "--context", CONTEXT,
        "--today", "2030-01-01",
    )  # fmt: skip
    assert (code, said["error"]["code"]) == (3, "E-CLI-01")
