"""The command line against a ledger that is served elsewhere: keys stay here."""

import json
import time
from functools import partial

import pytest

from standing.audit import parse_trust
from standing.cli import run
from standing.client import Client
from standing.verify.checkpoints import parse_checkpoint
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


# --- reading -------------------------------------------------------------------------------------


@pytest.fixture
def both(served: Served, capsys):
    """Run a command beside the ledger and over the interface, as JSON or as text."""

    def call(*words: str, text: bool = False):
        found = []
        for place in (["--ledger", str(served.town.directory)], ["--server", served.client.url]):
            capsys.readouterr()
            code = run([*words, *place, *([] if text else ["--json"])])
            out, err = capsys.readouterr()
            assert code == 0, err
            found.append(out if text else json.loads(out))
        return found

    return call


@pytest.fixture(scope="module")
def contested(served: Served) -> str:
    """Let person 3 contest a record; gives the name of the case."""
    key = served.town.people[3]

    def file(ledger) -> str:
        record = next(c.record for c in ledger.mine(key.public, CONTEXT).cards if c.can_contest)
        facts = {"target": "record", "named": record, "words": "I had one."}
        evidence = [("ticket.txt", b"paid")]
        return ledger.open_case(
            key.public, CONTEXT, "contest", "file", facts, key=key, files=evidence
        ).name

    return served.do(file)


IN = ("--context", CONTEXT)


@pytest.mark.parametrize("text", [False, True])
@pytest.mark.parametrize(
    "words",
    [
        ("score", *IN),
        ("score", *IN, "--as-of", format_day(TODAY + 10)),
        ("forecast", *IN),
        ("what-if", *IN, "--add", "helped=3"),
        ("inbox",),
        ("inbox", *IN, "--language", "zh-Hans"),
        ("case list",),
        ("case list", *IN),
    ],
)
def test_somebody_reads_the_same_of_themselves_from_elsewhere(served, contested, both, words, text):
    command, *more = words
    here, there = both(*command.split(), str(served.keys / "person-3.key"), *more, text=text)
    assert there == here
    assert there


def test_somebody_supposes_an_annulment_from_elsewhere(served, contested, both):
    key = served.town.people[1].public
    cards = served.do(lambda ledger: ledger.mine(key, CONTEXT).cards)
    record = next(card.record for card in cards if card.counted < 0)
    here, there = both("what-if", str(served.keys / "person-1.key"), *IN, "--annul", record)
    assert there == here
    assert there["as_if"]["score"] > there["as_is"]["score"]


def test_a_case_is_shown_from_elsewhere_to_whoever_has_a_part_in_it(
    served, contested, both, command
):
    for name in ("person-3", "metro"):
        key = str(served.keys / f"{name}.key")
        told = both("case", "show", contested, "--key", key)
        assert told[0] == told[1]
        assert (
            both("case", "show", contested, "--key", key, text=True)[1]
            == (both("case", "show", contested, "--key", key, text=True)[0])
        )
    operators = served.do(lambda ledger: ledger.case_facts(contested))
    _, theirs = command("case", "show", contested, "--key", str(served.keys / "person-3.key"))
    assert theirs["line"] == operators.line
    assert [step["says"] for step in theirs["steps"]] == [s.says for s in operators.steps]
    stranger = str(served.keys / "person-0.key")
    assert command("case", "show", contested, "--key", stranger)[1]["error"]["code"] == "E-CASE-06"
    assert command("case", "show", contested)[0] == 3


@pytest.mark.parametrize("text", [False, True])
def test_what_waits_is_listed_from_elsewhere(served, contested, both, text):
    here, there = both("case", "waiting", "--key", str(served.keys / "metro.key"), text=text)
    assert there == here
    assert contested in str(there)


def test_recalls_are_fetched_from_elsewhere(served, command):
    assert command("recalls", "--key", str(served.keys / "bus.key")) == (0, {"recalls": []})
    assert command("recalls", "--key", str(served.keys / "metro.key"))[0] == 1
    assert command("recalls", "--all")[0] == 3


def test_a_report_for_reading_is_written_from_elsewhere(served, contested, both, tmp_path):
    key = str(served.keys / "person-3.key")
    told = []
    for name in ("all", "one"):
        path = tmp_path / f"{name}.json"
        more = IN if name == "one" else ()
        for place in (["--ledger", str(served.town.directory)], ["--server", served.client.url]):
            page = tmp_path / "page.html"
            words = ["report", key, *more, "-o", str(path), "--html", str(page), *place]
            assert run(words) == 0
            told.append((json.loads(path.read_text()), page.read_text()))
    assert told[0] == told[1]
    assert told[2] == told[3]
    assert [one["context"] for one in told[3][0]["contexts"]] == [CONTEXT]


@pytest.mark.parametrize(
    "words",
    [
        ("score", "card-1", *IN),
        ("forecast", "card-1", *IN),
        ("what-if", "card-1", *IN, "--add", "helped"),
        ("inbox", "card-1"),
        ("case", "list", "card-1", *IN),
        ("report", "card-1", *IN, "-o", "report.json"),
        ("score", "--all", *IN),
    ],
)
def test_nobody_reads_of_somebody_else_by_their_name_from_elsewhere(command, words):
    code, said = command(*words)
    assert (code, said["error"]["code"]) == (3, "E-CLI-01")


def test_a_public_key_reads_nothing_from_elsewhere(served, command, tmp_path):
    assert run(["key", "new", "subject", "-o", str(tmp_path / "me.key")]) == 0
    [public] = tmp_path.glob("*.pub")
    code, said = command("score", str(public), *IN)
    assert (code, said["error"]["code"]) == (1, "E-KEY-16")


# --- answers, presentations, attributes ----------------------------------------------------------


@pytest.fixture
def trusted(served: Served) -> str:
    return str(served.town.directory / "trust.json")


def test_an_answer_is_checked_against_the_log_of_a_trust_file(served, command, trusted, tmp_path):
    key = str(served.keys / "bus.key")
    ask = ("decide", "--key", key, "--purpose", "ride", "--reference", "card-3")
    code, said = command(*ask, "--transaction", "trust-1", "--trust", trusted)
    assert (code, said["answer"]) == (0, "clear")
    other = tmp_path / "trust.json"
    facts = json.loads((served.town.directory / "trust.json").read_text())
    text = json.dumps({**facts, "genesis": "00" * 32}, indent=2, sort_keys=True) + "\n"
    other.write_text(text)
    code, said = command(*ask, "--transaction", "trust-2", "--trust", str(other))
    assert (code, said["error"]["code"]) == (2, "E-VERIFY-02")
    here = [*ask, "--transaction", "trust-3", "--trust", trusted, "--ledger", "x"]
    assert run(here) == 3


def _wait_until_published(served: Served) -> None:
    size = served.do(lambda ledger: ledger.log_size)
    ends = time.monotonic() + 30
    while parse_checkpoint(served.do(lambda ledger: ledger.published))[0].size < size:
        assert time.monotonic() < ends, "files follow a commit once a second"
        time.sleep(0.05)


def test_a_client_follows_the_answer_key_of_its_log(served):
    trust = parse_trust((served.town.directory / "trust.json").read_bytes(), where="trust.json")
    key = served.town.keys["bus"].key
    for client in (Client(served.client.url), Client(served.client.url, trust)):
        ask = partial(client.decide, key, CONTEXT, "ride", reference="card-3")
        number = served.do(lambda ledger: ledger.log_size)
        assert ask(f"before-{number}").answer.answer == "clear"
        served.do(lambda ledger: ledger.rotate_key("answer", by=served.town.keys["city"]))
        _wait_until_published(served)
        assert ask(f"after-{number}").answer.answer == "clear"


def test_a_presentation_is_made_and_used_from_elsewhere(served, command, trusted, tmp_path):
    party, token = served.town.keys["bus"].key.public, tmp_path / "token"
    public = served.keys / "bus.key.pub"
    code, made = command(
        "present", "--key", str(served.keys / "person-3.key"), "--party", str(public), *IN,
        "--purpose", "ride", "-o", str(token), "--trust", trusted,
    )  # fmt: skip
    assert (code, made["bytes"]) == (0, len(token.read_bytes()))
    assert party.thumbprint in token.read_bytes()
    code, said = command(
        "decide", "--key", str(served.keys / "bus.key"), "--purpose", "ride", "--transaction",
        "shown-1", "--presentation", str(token),
    )  # fmt: skip
    assert (code, said["answer"], said["transaction"]) == (0, "clear", "shown-1")


def test_a_subject_states_attributes_from_elsewhere(served, command):
    key = served.keys / "person-4.key"
    words = ("consent", "attributes", "--key", str(key), *IN)
    code, said = command(*words, "--region", "de-by")
    assert (code, said["region"]) == (0, "de-by")
    held = served.do(lambda ledger: ledger.report(served.town.people[4].public, CONTEXT))
    assert held["contexts"][0]["attributes"]["region"] == "de-by"


def test_a_subject_answers_a_challenge_from_elsewhere(served, command, tmp_path):
    issuer = served.town.keys["metro"].key
    made = served.do(lambda ledger: ledger.challenge("card-new", CONTEXT, by=issuer))
    file = tmp_path / "challenge"
    file.write_bytes(made.signed)
    key = str(served.keys / "person-4.key")
    code, said = command("link", "answer", str(file), "--code", made.code, "--key", key)
    assert (code, said) == (0, {"linked": True})
    mine = served.do(lambda ledger: ledger.mine(served.town.people[4].public, CONTEXT))
    assert "card-new" in [known.reference for known in mine.references]
