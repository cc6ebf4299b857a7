"""`pack diff`, `pack show` and `pack new`: packs as people read and write them."""

import hashlib
from pathlib import Path

import msgspec
import pytest

from standing import policy
from standing.packs import NAMES, shipped
from standing.wire.days import format_day
from tests.support import CONTEXT, FORCE, TODAY, pack
from tests.unit.cli.test_cli import Shell, place, shell

__all__ = ["place", "shell"]  # fixtures

IMPACT = {"result": "not shown", "low_permille": 0, "high_permille": 0}


def canonical(plain: object) -> bytes:
    return msgspec.json.encode(plain, order="deterministic")


@pytest.fixture
def later(place: Path) -> Path:
    """Version 2 of the ledger's pack with its simulation, as files beside the ledger."""
    first = policy.canonical(policy.parse_pack(pack()))
    plain = msgspec.json.decode(first)
    previous = hashlib.sha256(first).hexdigest()
    plain |= {"version": 2, "published": format_day(TODAY), "force": format_day(FORCE + 365)}
    plain["acts"]["helped"]["points"] = 6
    plain["change"] |= {"summary": "More for help", "previous": previous}
    rules = policy.rules_digest(policy.parse_pack(canonical(plain))).hex()
    simulation = canonical(
        {"format": "standing/simulation/1", "context": CONTEXT, "old_pack": previous,
         "new_rules": rules, "impact": IMPACT}
    )  # fmt: skip
    plain["change"]["simulation"] = hashlib.sha256(simulation).hexdigest()
    (place / "first.json").write_bytes(first)
    (place / "second.json").write_bytes(canonical(plain))
    (place / "simulation.json").write_bytes(simulation)
    return place


def test_a_pack_is_compared_published_and_compared_again(shell: Shell, later: Path) -> None:
    ledger = later / "ledger"
    words = "Helped: a record gives 6 points instead of 5."
    files = shell.good("pack", "diff", later / "first.json", later / "second.json")
    assert [(one["mark"], one["words"]) for one in files["differences"]] == [("milder", words)]
    keys = ["--key", later / "ann.key", "--key", later / "ben.key"]
    told = ["pack", "publish", later / "second.json", *keys, "--ledger", ledger]
    assert shell.bad(1, *told)["error"]["code"] == "E-PACK-19"
    done = shell.good(*told, "--simulation", later / "simulation.json")
    held = shell.good("pack", "diff", f"{CONTEXT}@1", done["pack"], "--ledger", ledger)
    assert held == files
    code, out, _ = shell("pack", "diff", f"{CONTEXT}@1", f"{CONTEXT}@2", "--ledger", ledger)
    assert code == 0
    assert f"  milder   {words}\n" in out
    kept = ledger / "log" / "documents" / hashlib.sha256(out.rstrip("\n").encode()).hexdigest()
    assert kept.read_text() == out.rstrip("\n")  # the words of the comparison are public
    assert shell.good("verify", ledger)["ok"]


def test_a_document_that_the_pack_attaches_is_given_with_it(shell: Shell, later: Path) -> None:
    keys = ["--key", later / "ann.key", "--key", later / "ben.key"]
    told = ["pack", "publish", later / "second.json", *keys, "--ledger", later / "ledger",
            "--simulation", later / "simulation.json", "--attach", later / "first.json"]  # fmt: skip
    assert shell.bad(1, *told)["error"]["code"] == "E-PACK-23"


def test_a_pack_that_is_nowhere_is_missed(shell: Shell, place: Path) -> None:
    ledger = ["--ledger", place / "ledger"]
    error = shell.bad(1, "pack", "diff", f"{CONTEXT}@1", f"{CONTEXT}@7", *ledger)["error"]
    assert error["code"] == "E-PACK-25"
    error = shell.bad(3, "pack", "diff", f"{CONTEXT}@1", place / "nothing.yaml", *ledger)["error"]
    assert error["code"] == "E-FILE-01"


# --- show and new ---------------------------------------------------------------------------------


def test_a_pack_is_shown_from_a_file_and_from_the_ledger(shell: Shell, later: Path) -> None:
    told = shell.good("pack", "show", later / "first.json")
    assert told["pack"]["context"] == CONTEXT
    assert [one["to_next"] for one in told["arithmetic"]["acts"]] == [3, None]
    assert shell.good("pack", "show", f"{CONTEXT}@1", "--ledger", later / "ledger") == told
    code, out, _ = shell("pack", "show", later / "first.json")
    assert code == 0
    assert "3 records in one window: mid;" in out


@pytest.mark.parametrize("name", [*NAMES, "bus"])
def test_a_starter_pack_passes_the_linter_and_keeps_the_sample_s_comments(
    shell: Shell, tmp_path: Path, name: str
) -> None:
    file = tmp_path / "pack.yaml"
    shell.good("pack", "new", name, "-o", file)
    assert shell.good("pack", "lint", file)["ok"]
    made = policy.parse_pack(file.read_bytes())
    assert (made.context, made.linter, made.force) == (name, 2, made.published + 30)
    sample = shipped(name if name in NAMES else "transit").decode()
    notes = [line for line in sample.splitlines() if line.startswith("#")]
    assert set(notes) <= set(file.read_text().splitlines())


def test_a_starter_pack_takes_its_rules_from_another_sample(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "pack.yaml"
    shell.good("pack", "new", "night-train", "--from", "rail", "-o", file)
    made, rail = policy.parse_pack(file.read_bytes()), policy.parse_pack(shipped("rail"))
    assert (made.context, made.score_of) == ("night-train", ("night-train",))
    assert {one.context for one in made.restrictions} == {"night-train"}
    assert (made.acts, made.bands) == (rail.acts, rail.bands)


def test_no_file_is_overwritten(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "pack.yaml"
    file.write_text("mine")
    assert shell.bad(1, "pack", "new", "rail", "-o", file)["error"]["code"] == "E-PACK-26"
    assert file.read_text() == "mine"
    nowhere = tmp_path / "nowhere" / "pack.yaml"
    assert shell.bad(1, "pack", "new", "rail", "-o", nowhere)["error"]["code"] == "E-PACK-26"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["rail", "--from", "moon"], "E-PACK-27"),
        (["Not A Code"], "E-PACK-02"),
        (["two\nlines: 1"], "E-PACK-02"),
        ([r"\1"], "E-PACK-02"),
    ],
)
def test_a_starter_pack_for_no_context_is_not_written(
    shell: Shell, tmp_path: Path, words: list[str], code: str
) -> None:
    file = tmp_path / "pack.yaml"
    assert shell.bad(1, "pack", "new", *words, "-o", file)["error"]["code"] == code
    assert not file.exists()


def test_a_starter_pack_is_for_the_day_that_is_named(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "pack.yaml"
    shell.good("pack", "new", "tram", "--day", "2027-03-01", "-o", file)
    made = policy.parse_pack(file.read_bytes())
    assert [format_day(day) for day in (made.published, made.force)] == ["2027-03-01", "2027-03-31"]
    words = ["pack", "new", "tram", "--day", "soon", "-o", tmp_path / "other.yaml"]
    assert shell.bad(1, *words)["error"]["code"] == "E-DAY-01"


# --- lint and publish -----------------------------------------------------------------------------


def test_what_a_pack_must_justify_keeps_it_out_until_it_does(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "pack.yaml"
    text = shipped("hospitality").decode()
    text = text.replace("  - {name: strained, least: 800}", "  - {name: strained, least: 850}")
    file.write_text(text)
    code, out, _ = shell("pack", "lint", file)
    assert code == 1
    assert "Or justify it: a text of 40 characters or more at justifications.L39." in out
    assert out.endswith("\nThe pack does not load: 1 to correct. What each code wants: "
                        "docs/reference/linter.md.\n")  # fmt: skip
    file.write_text(f"{text}\njustifications: {{L39: {'for a reason ' * 4}}}\n")
    code, out, _ = shell("pack", "lint", file)
    assert code == 0
    assert out.endswith(" Justified in the pack.\nThe pack passes every code.\n")


def test_one_signature_is_said_to_be_one(shell: Shell, later: Path) -> None:
    ledger = ["--ledger", later / "ledger"]
    told = ["pack", "publish", later / "second.json", *ledger,
            "--simulation", later / "simulation.json", "--key"]  # fmt: skip
    code, out, _ = shell(*told, later / "ann.key")
    assert code == 0
    assert "once. It is published when a second rule-maker signs it:" in out
    assert "waits for the second" in shell("pack", "list", *ledger)[1]
    done = shell.good(*told, later / "ben.key")
    assert done["published"] is True
    assert shell("pack", "list", *ledger)[1].endswith(f", {done['pack']}\n")


def test_the_catalogue_that_ships_needs_no_file(shell: Shell, place: Path) -> None:
    done = shell.good("pack", "catalogue", "--key", place / "ann.key", "--ledger", place / "ledger")
    acts = policy.canonical(policy.parse_catalogue(shipped("catalogue")))
    assert done["catalogue"] == hashlib.sha256(acts).hexdigest()


def test_a_simulation_tells_what_the_pack_names(shell: Shell, later: Path) -> None:
    told = shell.good("pack", "simulate", later / "second.json", "-o", later / "new.json",
                      "--ledger", later / "ledger")  # fmt: skip
    assert told["written"] == [str(later / "new.json")]
    assert told["sha256"] == hashlib.sha256((later / "new.json").read_bytes()).hexdigest()


@pytest.mark.parametrize("language", ["en", "zh-Hans"])
def test_a_simulation_is_drawn_as_a_page_that_says_how_to_make_it_again(
    shell: Shell, later: Path, language: str
) -> None:
    page = later / "page.html"
    told = shell.good("pack", "simulate", later / "second.json", "--html", page,
                      "--language", language, "--ledger", later / "ledger")  # fmt: skip
    assert told["written"] == [str(page)]
    text = page.read_text()
    assert f'lang="{language}"' in text
    assert f"--html {page}" in text


@pytest.mark.parametrize("option", ["-o", "--html"])
@pytest.mark.parametrize("where", ["absent/file", "."])
def test_a_place_that_cannot_be_written_is_refused_before_anything_is_scored(
    shell: Shell, later: Path, option: str, where: str
) -> None:
    before = sorted(later.iterdir())
    code, _, err = shell("pack", "simulate", later / "second.json", option, later / where,
                         "--ledger", later / "ledger")  # fmt: skip
    assert (code, err.split()[0]) == (3, "E-FILE-06")
    assert sorted(later.iterdir()) == before


@pytest.mark.parametrize("added", ["fare-unpaid=", "fare-unpaid=0", "fare-unpaid=x", "a=-1"])
def test_acts_to_suppose_have_a_count_or_none(shell: Shell, later: Path, added: str) -> None:
    code, _, err = shell("what-if", "card-1", "--context", "transit", "--add", added,
                         "--ledger", later / "ledger")  # fmt: skip
    assert (code, err.split()[0]) == (3, "E-CLI-01")
