"""Inbox, outbox, letters, evidence and work lists from the command line."""

import json

import pytest

from tests.unit.cases.conftest import Stage, prepared
from tests.unit.cli.test_cli import shell
from tests.unit.pages.reading import Page

__all__ = ["prepared", "shell"]  # fixtures


@pytest.fixture
def place(prepared, tmp_path):
    """A closed ledger with a contest, a proposed restriction, evidence and a contact."""
    import shutil

    folder = tmp_path / "stage"
    shutil.copytree(prepared, folder)
    stage = Stage(folder)
    stage.open(stage.keys["resident"].public, "contact", "set",
               {"kind": "email", "address": "ann@example.org"}, "resident", context="")  # fmt: skip
    case = stage.open("card-1", "contest", "file",
                      {"target": "record", "named": stage.unpaid, "words": "I paid."}, "resident",
                      files=[("receipt.txt", b"paid")])  # fmt: skip
    restriction = stage.open(
        "card-1", "restriction", "propose",
        {"code": "no-high-speed", "records": [stage.forged], "days": 60,
         "words": "A ticket that a court found to be forged."}, "rail-sales",
    )  # fmt: skip
    stage.move(1)
    stage.ledger.tick()
    stage.ledger.close()
    stage.case, stage.restriction = case.name, restriction.name
    stage.leaf = case.first.files[0].hex()
    return stage


def at(place):
    return ["--ledger", place.folder / "ledger"]


def key(place, name):
    return place.folder / "keys" / f"{name}.key"


def test_an_inbox_is_shown_to_whoever_holds_the_key(shell, place):
    facts = shell.good("inbox", key(place, "resident"), *at(place))
    kinds = {item["kind"] for item in facts["items"]}
    assert {"record", "step"} <= kinds
    assert all(item["id"].startswith("n_") for item in facts["items"])
    code, out, _ = shell(
        "inbox", "card-1", "--context", "rail", "--language", "zh-Hans", *at(place)
    )
    assert code == 0
    assert "提出异议" in out


def test_an_empty_inbox_says_so(shell, place):
    code, out, _ = shell("inbox", "card-9", "--context", "rail", *at(place))
    assert code == 1  # nobody is known as that
    assert out == ""


def test_an_outbox_shows_no_address(shell, place):
    facts = shell.good("outbox", *at(place))
    [message] = facts["messages"]
    assert (message["state"], message["why"]) == ("waiting", "no-mail")
    assert "ann@example.org" not in json.dumps(facts)
    assert shell.good("outbox", "--state", "told", *at(place))["messages"] == []


def test_a_letter_is_text_page_and_paper(shell, place, tmp_path):
    page, paper = tmp_path / "letter.html", tmp_path / "letter.pdf"
    facts = shell.good("letter", place.restriction, "--html", page, "--pdf", paper, *at(place))
    assert facts["kind"] == "proposal"
    assert facts["files"] == [str(page), str(paper)]
    assert "no-high-speed" in Page(page.read_text()).shown
    assert paper.read_bytes().startswith(b"%PDF-")
    code, out, _ = shell("letter", place.restriction, *at(place))
    assert (code, "WHAT YOU CAN DO" in out) == (0, True)
    assert shell.bad(1, "letter", place.case, *at(place))["error"]["code"] == "E-LETTER-01"


def test_evidence_goes_out_to_its_owner(shell, place, tmp_path):
    out = tmp_path / "out.txt"
    facts = shell.good(
        "evidence", place.leaf, "--key", key(place, "resident"), "-o", out, *at(place)
    )
    assert (facts["name"], out.read_bytes()) == ("receipt.txt", b"paid")
    refused = shell.bad(1, "evidence", place.leaf, "--key", key(place, "neighbour"), "-o", out,
                        *at(place))  # fmt: skip
    assert refused["error"]["code"] == "E-EVIDENCE-01"
    wrong = shell.bad(3, "evidence", "zz", "--key", key(place, "resident"), "-o", out, *at(place))
    assert wrong["error"]["code"] == "E-EVIDENCE-02"


def test_what_waits_is_listed_by_key(shell, place):
    [work] = shell.good("case", "waiting", "--key", key(place, "railway"), *at(place))["waiting"]
    assert (work["case"], work["waits_on"]) == (place.case, ["issuer: answer", "reviewer: rule"])
    both = shell.good("case", "waiting", "--key", key(place, "review-board"), *at(place))["waiting"]
    assert {w["case"] for w in both} == {place.case, place.restriction}
    code, out, _ = shell("case", "waiting", "--key", key(place, "counter"), *at(place))
    assert (code, out) == (0, "Nothing waits.\n")


def test_a_report_is_json_page_and_paper(shell, place, tmp_path):
    files = [tmp_path / name for name in ("r.json", "r.html", "r.pdf")]
    facts = shell.good(
        "report", key(place, "resident"), "-o", files[0], "--html", files[1], "--pdf", files[2],
        "--language", "zh-Hans", *at(place),
    )  # fmt: skip
    assert facts["files"] == [str(file) for file in files]
    assert json.loads(files[0].read_bytes())["contexts"][0]["context"] == "rail"
    assert "记录" in Page(files[1].read_text()).shown
    assert files[2].read_bytes().startswith(b"%PDF-")
    assert (
        shell.bad(3, "report", "card-1", "--context", "rail", *at(place))["error"]["code"]
        == "E-CLI-01"
    )


def test_a_tick_says_what_it_did(shell, place):
    facts = shell.good("tick", "--today", "2026-05-20", *at(place))
    assert facts["clocks"] == 2
    assert facts["news"] > 0
    code, out, _ = shell("tick", *at(place))
    assert (code, out) == (0, "0 documents are committed to now.\n")


def test_unknown_settings_are_refused_by_name(shell, place):
    (place.folder / "ledger" / "standing.toml").write_text("[mial]\n", encoding="utf-8")
    problem = shell.bad(3, "tick", *at(place))["error"]
    assert (problem["code"], "mial" in problem["why"]) == ("E-SET-02", True)
