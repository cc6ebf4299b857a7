"""The command line: exit codes, one JSON object on standard output, errors with five keys."""

import json
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from standing.cli import _COMMANDS, main
from standing.wire.days import format_day
from standing.wire.keys import KeyFile, write_key_file
from tests.support import CONTEXT, MAP, TODAY, Town, new_key, row, rows

FIVE = {"code", "what", "why", "fix", "where"}


class Shell:
    """Runs `standing` in this process, as its console script does."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch = monkeypatch
        self._capsys = capsys

    def __call__(self, *words: object) -> tuple[int, str, str]:
        self._monkeypatch.setattr(sys, "argv", ["standing", *map(str, words)])
        code = 0
        try:
            main()
        except SystemExit as ended:
            code = int(ended.code or 0)
        out, err = self._capsys.readouterr()
        return code, out, err

    def good(self, *words: object) -> dict[str, Any]:
        """Run with --json, demand success and exactly one object on standard output."""
        code, out, err = self(*words, "--json")
        assert code == 0, err
        assert out.count("\n") == 1
        value: dict[str, Any] = json.loads(out)
        return value

    def bad(self, exit_code: int, *words: object) -> dict[str, Any]:
        """Run with --json, demand an exit code and one error object on standard error."""
        code, out, err = self(*words, "--json")
        assert (code, out) == (exit_code, ""), (code, out, err)
        value: dict[str, Any] = json.loads(err)
        assert set(value["error"]) == FIVE
        assert all(isinstance(text, str) for text in value["error"].values())
        return value


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    monkeypatch.delenv("STANDING_LEDGER", raising=False)
    return Shell(monkeypatch, capsys)


@pytest.fixture
def place(town: Town, tmp_path: Path) -> Path:
    """A closed ledger with its keys, a map and rows as files beside it."""
    for name, key in town.keys.items():
        write_key_file(tmp_path / f"{name}.key", key)
    (tmp_path / "map.toml").write_bytes(MAP)
    town.write_rows(rows(6))
    town.write_rows([row(0), row(1, signer="")], "bad.csv")
    (tmp_path / "name").write_text(town.names[1])
    town.import_rows(rows(6))
    town.write_rows(rows(9), "more.csv")
    town.ledger.close()
    return tmp_path


@pytest.mark.parametrize("words", [["--help"], ["-h"], *([name, "--help"] for name in _COMMANDS)])
def test_every_command_explains_itself(shell: Shell, words: list[str]) -> None:
    code, out, _ = shell(*words)
    assert code == 0
    assert out.startswith("Usage: ")


@pytest.mark.parametrize(
    "words",
    [
        ["key", "new"], ["pack", "lint"], ["pack", "publish"], ["pack", "catalogue"],
        ["pack", "list"], ["pack", "new"], ["pack", "show"], ["pack", "diff"], ["consent", "give"],
        ["pack", "simulate"], ["consent", "withdraw"], ["consent", "attributes"], ["demo", "tamper"],
    ],
)  # fmt: skip
def test_every_subcommand_explains_itself(shell: Shell, words: list[str]) -> None:
    code, out, _ = shell(*words, "--help")
    assert (code, out.startswith("Usage: ")) == (0, True)


def test_it_runs_as_a_program(tmp_path: Path) -> None:
    ran = subprocess.run(
        [Path(sys.executable).with_name("standing"), "verify", tmp_path, "--json"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stdout) == (3, "")
    assert json.loads(ran.stderr)["error"]["code"] == "E-LEDGER-01"


# --- exit 3: the call itself ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        ["nonsense"],
        ["verify", "--nonsense"],
        ["init"],
        ["init", "--key", "k", "--origin", "a.example/b", "--day", "2025-01-01"],
        ["key", "new", "wizard", "-o", "x"],
        ["score"],
        ["score", "someone"],
        ["score", "someone", "--all", "--context", "transit"],
        ["import", "rows.csv", "--map", "nowhere.toml", "--key", "metro"],
        ["verify", "--report", "nowhere"],
        ["enrol", "--key", "k", "--adult-since", "2000-01-01"],
        ["consent", "attributes", "--key", "k", "--context", "transit"],
        ["consent", "attributes", "--key", "k", "--context", "transit", "--clear", "--region", "r"],
        ["demo", "tamper", "--what", "nothing"],
        ["example", "nothing"],
        ["demo", "--subjects", "1"],
    ],
)
def test_a_call_that_cannot_be_understood_exits_3(shell: Shell, words: list[str]) -> None:
    error = shell.bad(3, *words)["error"]
    assert error["code"] in {"E-CLI-01", "E-FILE-01"}
    code, out, err = shell(*words)
    assert (code, out) == (3, "")
    assert err.startswith(error["code"])


@pytest.mark.parametrize(
    "words",
    [
        ["verify", "nowhere"],
        ["score", "s_x", "--context", "transit", "--ledger", "nowhere"],
        ["tick", "--ledger", "nowhere"],
        ["pack", "list", "--ledger", "nowhere"],
        ["report", "s_x", "-o", "out", "--ledger", "nowhere"],
    ],
)
def test_where_there_is_no_ledger_the_exit_is_3(
    shell: Shell, words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert shell.bad(3, *words)["error"]["code"] == "E-LEDGER-01"


def test_a_missing_input_file_exits_3(shell: Shell, place: Path) -> None:
    ledger = place / "ledger"
    for words in (
        ["pack", "lint", place / "no.yaml"],
        ["import", place / "no.csv", "--map", place / "map.toml", "--key",
         f"metro={place}/metro.key", "--ledger", ledger],
        ["import", place / "rows.csv", "--map", place / "no.toml", "--key",
         f"metro={place}/metro.key", "--ledger", ledger],
        ["tick", "--ledger", place],
        ["verify", ledger, "--against", place / "no.checkpoint"],
        ["decide", "--key", place / "no.key", "--purpose", "p", "--transaction", "t",
         "--reference", "r", "--ledger", ledger],
    ):  # fmt: skip
        shell.bad(3, *words)


# --- exit 1: refused ------------------------------------------------------------------------------


def test_bad_rows_are_listed_beside_the_error(shell: Shell, place: Path) -> None:
    words = [
        "import", place / "bad.csv", "--map", place / "map.toml", "--ledger", place / "ledger",
        "--key", f"metro={place}/metro.key", "--today", format_day(TODAY),
    ]  # fmt: skip
    value = shell.bad(1, *words)
    assert value["error"]["code"] == "E-ROW-00"
    assert value["total"] == 1
    assert [set(r) for r in value["rows"]] == [{"row", "code", "reason", "remedy"}]
    assert value["rows"][0]["row"] == 2
    code, out, err = shell(*words)
    assert (code, out) == (1, "")
    assert "row 2: " in err
    assert ".." not in err


def test_what_is_not_allowed_exits_1(shell: Shell, place: Path) -> None:
    ledger = ["--ledger", place / "ledger"]
    cases = {
        "E-PEOPLE-10": ["score", "s_nobody", "--context", CONTEXT, *ledger],
        "E-LEDGER-02": ["init", *ledger, "--key", place / "city.key", "--origin", "x.example/y"],
        "E-KEY-10": ["revoke", place / "bus.key.pub", "--reason", "r", "--key",
                     place / "metro.key", *ledger],
        "E-KEY-16": ["consent", "give", "--key", place / "city.key.pub", "--context", CONTEXT,
                     *ledger],
        "E-PEOPLE-01": ["enrol", "--key", place / "city.key.pub", "--kind", "dog", *ledger],
    }  # fmt: skip
    for code, words in cases.items():
        assert shell.bad(1, *words)["error"]["code"] == code


def test_a_pack_with_findings_exits_1_and_still_prints_one_object(
    shell: Shell, tmp_path: Path
) -> None:
    from standing.packs import shipped

    good, bad = tmp_path / "good.yaml", tmp_path / "bad.yaml"
    good.write_bytes(shipped("transit"))
    assert shell.good("pack", "lint", good) == {"ok": True, "findings": []}
    bad.write_bytes(shipped("transit").replace(b"notice_days: 14", b"notice_days: 1"))
    if bad.read_bytes() == good.read_bytes():
        bad.write_bytes(good.read_bytes() + b"colour: red\n")
    code, out, _ = shell("pack", "lint", bad, "--json")
    assert code == 1
    assert json.loads(out)["ok"] is False


# --- exit 2: a proof does not hold ----------------------------------------------------------------


def test_a_changed_ledger_exits_2_and_names_the_check(shell: Shell, place: Path) -> None:
    assert shell.good("verify", place / "ledger")["ok"] is True
    document = next((place / "ledger" / "log" / "documents").iterdir())
    document.write_bytes(document.read_bytes() + b" ")
    code, out, _ = shell("verify", place / "ledger", "--json")
    value = json.loads(out)
    assert code == 2
    assert value["ok"] is False
    failed = {c["name"]: c["problem"] for c in value["checks"] if not c["ok"]}
    assert "documents" in failed
    assert all(set(problem) == FIVE for problem in failed.values())
    code, out, _ = shell("verify", place / "ledger")
    assert code == 2
    assert "does NOT hold" in out


def test_a_trust_file_in_another_form_exits_2(shell: Shell, place: Path) -> None:
    (place / "ledger" / "trust.json").write_text("{}")
    code, _, _ = shell("verify", place / "ledger", "--json")
    assert code == 2
    assert shell.bad(2, "tick", "--ledger", place / "ledger")["error"]["code"] == "E-TRUST-01"


# --- exit 0: a ledger's life ----------------------------------------------------------------------


def test_rows_scores_answers_and_reports_through_the_command_line(
    shell: Shell, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STANDING_LEDGER", str(place / "ledger"))
    day = ["--today", format_day(TODAY)]
    done = shell.good(
        "import", place / "more.csv", "--map", place / "map.toml", "--key",
        f"metro={place}/metro.key", *day,
    )  # fmt: skip
    assert (done["records"], done["already_there"], done["refused"]) == (3, 6, 0)
    name = (place / "name").read_text()
    scored = shell.good("score", name, "--context", CONTEXT)
    assert scored["raw"] == 1000 + sum(r["counted"] for r in scored["reasons"])
    assert shell.good("score", "--all", "--context", CONTEXT, *day)["subjects"] == 5
    ask = ["decide", "--key", place / "bus.key", "--purpose", "ride"]
    answers = [
        shell.good(*ask, "--transaction", f"for {who}", "--reference", who, *day)["answer"]
        for who in ("card-1", "nobody")
    ]
    assert answers == ["clear", "clear"]
    shell.good("tick", "--today", format_day(TODAY + 1))
    report = shell.good("report", name, "-o", place / "report.json")
    assert json.loads((place / "report.json").read_text())["simulated"] is True
    assert report["kind"] == "for reading, unsigned"
    write_key_file(place / "court.key", new_key("auditor", "court"))
    shell.good(
        "report", name, "--context", CONTEXT, "--for", place / "court.key.pub", "-o", place / "r"
    )
    ok = ["--report", place / "r", "--trust", place / "ledger" / "trust.json"]
    assert shell.good("verify", *ok, "--key", place / "court.key")["ok"] is True
    assert shell("verify", *ok, "--key", place / "bus.key", "--json")[0] == 2
    (place / "kept").write_bytes((place / "ledger" / "log" / "checkpoint").read_bytes())
    assert shell.good("verify", "--against", place / "kept")["compared_with"] is not None
    assert len(shell.good("pack", "list")["packs"]) == 1


def test_region_and_group_are_stated_read_and_taken_back(
    shell: Shell, place: Path, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STANDING_LEDGER", str(place / "ledger"))
    me = town.people[1]
    write_key_file(place / "me.key", KeyFile("subject", "me", me, me.public))
    name = (place / "name").read_text()
    mine = ["consent", "attributes", "--key", place / "me.key", "--context", CONTEXT]
    mine += ["--today", format_day(TODAY)]

    def held() -> object:
        shell.good("report", name, "-o", place / "report.json")
        return json.loads((place / "report.json").read_text())["contexts"][0]["attributes"]

    stated = shell.good(*mine, "--region", "de-by", "--group", "age-65")
    assert stated == {"context": CONTEXT, "region": "de-by", "group": "age-65"}
    assert held() == {"region": "de-by", "group": "age-65", "since": format_day(TODAY)}
    assert shell.bad(1, *mine, "--region", "Bayern!")["error"]["code"] == "E-PEOPLE-13"
    code, out, _ = shell(*mine, "--group", "age-65")
    assert (code, out) == (0, "You state group age-65 in transit. No score depends on it.\n")
    code, out, _ = shell(*mine, "--clear")
    assert (code, out) == (0, "You state no region and no group in transit.\n")
    assert held() is None
    assert shell.bad(1, *mine, "--clear")["error"]["code"] == "E-PEOPLE-15"
    assert shell.good("verify")["ok"] is True


def test_whoever_has_the_code_answers_a_challenge_and_agrees_to_less(
    shell: Shell, place: Path, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STANDING_LEDGER", str(place / "ledger"))
    key = town.people[1]
    write_key_file(place / "me.key", KeyFile("subject", "me", key, key.public))
    made = shell.good(
        "link", "challenge", "badge-9", "--context", CONTEXT, "--key", place / "metro.key",
        "-o", place / "badge.challenge",
    )  # fmt: skip
    answer = ["link", "answer", place / "badge.challenge", "--key", place / "me.key", "--code"]
    error = shell.bad(1, *answer, "abcd-efgh-ijkl-mnop")["error"]
    assert error["code"] == "E-LINK-04"
    assert shell.good(*answer, made["code"]) == {"linked": True}
    scored = shell.good("score", "badge-9", "--context", CONTEXT)
    assert scored["subject"] == (place / "name").read_text()
    told = ["--context", CONTEXT, "--key", place / "me.key"]
    assert "metro" in shell.good("consent", "text", "--context", CONTEXT)["text"]
    error = shell.bad(1, "consent", "narrow", *told, "--issuer", "metro")["error"]
    assert error["code"] == "E-CONSENT-02"
    shell.bad(3, "consent", "narrow", *told)
    assert shell.good("consent", "give", *told)["subject"] == scored["subject"]
    assert shell.good("verify")["ok"] is True


def test_an_issuer_links_a_reference_to_the_holder_of_a_key(
    shell: Shell, place: Path, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STANDING_LEDGER", str(place / "ledger"))
    for name, key in (("me", town.people[1]), ("stranger", new_key("subject", "x").key)):
        assert key is not None
        write_key_file(place / f"{name}.key", KeyFile("subject", name, key, key.public))
    told = ["--context", CONTEXT, "--issuer", "metro", "--key", place / "metro.key"]
    done = shell.good("link", "in-person", place / "me.key.pub", "badge-7", *told)
    assert done["subject"] == (place / "name").read_text()
    assert shell.good("score", "badge-7", "--context", CONTEXT)["subject"] == done["subject"]
    error = shell.bad(1, "link", "in-person", place / "stranger.key", "badge-8", *told)["error"]
    assert error["code"] == "E-PEOPLE-08"
    told[1] = "rail"
    error = shell.bad(1, "link", "in-person", place / "me.key", "badge-8", *told)["error"]
    assert error["code"] == "E-PEOPLE-16"


def test_who_is_asked_for_a_region_reads_that_it_is_voluntary(shell: Shell) -> None:
    _, out, _ = shell("consent", "attributes", "--help")
    words = " ".join(out.split())
    for promise in ("This is voluntary", "whether rules would hit one region or group harder",
                    "never touches a score", "ends with your consent"):  # fmt: skip
        assert promise in words


def test_a_new_ledger_and_its_people_through_the_command_line(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for role, name in (("operator", "city"), ("attester", "registry"), ("subject", "me")):
        made = shell.good("key", "new", role, "-o", f"{name}.key")
        assert (made["role"], made["name"]) == (role, name)
    assert (tmp_path / "me.key").stat().st_mode & 0o077 == 0
    first = ["--clock", "simulated", "--day", "2025-01-01"]
    assert shell.good("init", "--key", "city.key", "--origin", "a.example/b", *first)["log_size"]
    until = ["--until", "2026-01-01", "--key", "city.key"]
    shell.good("accredit", "registry.key.pub", "--role", "attester", *until)
    shell.good(
        "enrol", "--key", "me.key.pub", "--adult-since", "2000-01-01", "--attester", "registry.key"
    )
    assert shell.bad(1, "enrol", "--key", "me.key.pub")["error"]["code"] == "E-PEOPLE-02"
    shell.bad(1, "consent", "give", "--key", "me.key", "--context", "transit")
    shell.bad(1, "tick", "--today", "2024-12-31")
    shell.bad(1, "tick", "--today", "tomorrow")
    shell.good("revoke", "registry.key.pub", "--reason", "left", "--key", "city.key")
    assert shell.good("verify", "ledger")["ok"] is True


@pytest.mark.slow
def test_the_demo_verifies_and_a_tampered_copy_does_not(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    directory = tmp_path / "demo"
    made = shell.good("demo", "--dir", directory, "--subjects", "10", "--once")
    assert made["verified"] is True
    for words in map(shlex.split, made["next"]):  # what the demo tells its reader to try
        if words[1] not in {"serve", "demo"}:
            shell.good(*words[1:])
    for what in ("record", "statement", "tile", "consent", "score", "pack"):
        tampered = shell.good("demo", "--dir", directory, "tamper", "--what", what)
        code, out, _ = shell("verify", tampered["dir"], "--json")
        assert (code, json.loads(out)["ok"]) == (2, False), what
