"""The report for reading: complete, free, unlimited, unsigned, with who asked and why."""

import json

import msgspec
import pytest

from standing import pages
from standing.cases.reports import REPORT_DAYS
from standing.errors import Refused
from standing.ledger.facts import score_text
from standing.wire.days import format_day
from standing.wire.keys import SigningKey, load_key_file
from tests.unit.cases.conftest import TODAY
from tests.unit.pages.reading import Page

WORDS = "The gate stood open. <script>alert(1)</script> \u202e门开着。"


@pytest.fixture
def lived(stage):
    resident = stage.keys["resident"].public
    stage.open(resident, "contact", "set", {"kind": "email", "address": "ann@example.org"},
               "resident", context="")  # fmt: skip
    stage.open(resident, "mandate", "give",
               {"key": stage.key_of("counter"), "kind": "adviser", "name": "Ada", "acts": ["read"],
                "until": TODAY + 10}, "resident", context="")  # fmt: skip
    reply = stage.open("card-1", "reply", "reply", {"record": stage.unpaid, "words": WORDS},
                       "resident")  # fmt: skip
    stage.step(reply, "answer", {"words": "It is a barrier, not a gate."}, by="railway")
    case = stage.open(
        "card-1", "contest", "file",
        {"target": "record", "named": stage.unpaid, "words": "I paid; see the receipt."},
        "resident", files=[("receipt.txt", b"paid 12.40")],
    )  # fmt: skip
    stage.case = case
    asker = load_key_file(stage.folder / "keys" / "rail-sales.key")
    question = stage.ledger.ask(asker, "rail", "high-speed-sale", "booking-7", "card-1", b"n" * 16)
    stage.ledger.decide(question)
    stage.move(1)
    stage.ledger.tick()
    return stage


def report(stage):
    return stage.ledger.report(stage.keys["resident"].public)


def test_it_holds_records_replies_cases_words_files_and_who_asked(lived):
    held = report(lived)
    [context] = held["contexts"]
    record = next(r for r in context["records"] if r["record"] == lived.unpaid)
    assert record["reply"]["words"] == WORDS
    assert record["reply"]["answer"] == "It is a barrier, not a gate."
    assert record["status"] == "contested"
    assert lived.case.name in record["cases"]
    [case] = [c for c in context["cases"] if c["case"] == lived.case.name]
    assert case["steps"][0]["says"]["words"] == "I paid; see the receipt."
    assert case["steps"][0]["files"][0]["name"] == "receipt.txt"
    [asked] = context["asked"]
    assert (asked["by"], asked["purpose"], asked["transaction"], asked["answer"]) == (
        "rail-sales", "high-speed-sale", "booking-7", "clear",
    )  # fmt: skip
    [mandate] = held["mandates"]
    assert mandate["steps"][0]["says"]["name"] == "Ada"
    assert [c["address"] for c in held["contacts"]] == ["ann@example.org"]
    assert context["told"]
    assert context["consents"][0]["from"] == format_day(TODAY - 32)


def test_it_is_free_and_as_often_as_one_likes(lived):
    size, rows = lived.ledger.log_size, lived.ledger._core.vault.db.total_changes
    assert report(lived) == report(lived) == report(lived)
    assert (lived.ledger.log_size, lived.ledger._core.vault.db.total_changes) == (size, rows)


def test_it_bears_no_signature_in_any_form(lived):
    held = report(lived)
    keys = {k.hex() for k in lived.ledger.state.roll.log_keys}
    text = json.dumps(held)
    assert "bears no signature" in held["note"]
    for form in (text, pages.report_page(held), pages.report_pdf(held).decode("latin-1")):
        assert "/Sig" not in form
        assert not any(key in form for key in keys)


def test_a_verifiable_one_is_for_one_context_one_recipient_and_thirty_days(lived):
    from standing.audit import parse_trust, verify_report
    from standing.cases.reports import open_report, signed_payload

    court, other = SigningKey.generate(), SigningKey.generate()
    sealed = lived.ledger.report_for("card-2", "rail", court.public)
    content = signed_payload(open_report(sealed, court))
    assert content["context"] == "rail"
    assert content["recipient"] == court.public.thumbprint
    assert content["expires"] == lived.ledger.today + REPORT_DAYS == lived.ledger.today + 30
    with pytest.raises(Exception, match="E-REPORT-02"):
        open_report(sealed, other)
    trust = parse_trust((lived.ledger.directory / "trust.json").read_bytes(), where="trust.json")
    assert verify_report(sealed, trust, court, lived.ledger.today).ok
    assert not verify_report(sealed, trust, court, lived.ledger.today + 31).ok


@pytest.mark.parametrize("language", pages.LANGUAGES)
def test_everything_is_on_the_page_and_on_paper(lived, language):
    held = report(lived)
    page = Page(pages.report_page(held, language))
    for word in (
        lived.unpaid, lived.forged, lived.case.name, "The gate stood open.", "receipt.txt",
        "booking-7", "rail-sales", "ann@example.org", "Ada", "train manager 7",
        held["contexts"][0]["cases"][0]["steps"][0]["day"],
    ):  # fmt: skip
        assert word in page.shown, word
    assert pages.report_pdf(held, language) == pages.report_pdf(held, language)


def test_what_somebody_wrote_runs_nowhere_and_turns_no_line_around(lived):
    held = report(lived)
    page = pages.report_page(held)
    assert "<script>" not in page
    assert "\u202e" not in page
    assert "[202e]" in page


def test_a_reply_stands_wherever_its_record_is_shown(lived):
    scored = lived.ledger.scored("card-1", "rail")
    assert "The gate stood open." in score_text(scored)
    reasons = {r["record"]: r for r in msgspec.to_builtins(scored)["reasons"]}
    assert reasons[lived.unpaid]["reply"]["words"] == WORDS
    assert "reply" not in reasons[lived.forged]
    [work] = lived.ledger.worklist(lived.keys["review-board"].public)
    assert work.records[0]["reply"]["words"] == WORDS
    assert any(
        record["reply"] and record["reply"]["words"] == WORDS
        for record in report(lived)["contexts"][0]["records"]
    )


def test_access_and_rectification_are_answered_within_28_days(lived):
    """Access is this very report; rectification is a contest, whose silence ends it in time."""
    assert report(lived)["day"] == format_day(lived.ledger.today)
    case = lived.ledger.case(lived.case.name)
    assert case.due - case.opened <= 28
    lived.step(case, "extend", {"until": case.opened + 20, "reasons": "A witness is travelling."},
               by="review-board")  # fmt: skip
    assert lived.ledger.case(case.name).due - case.opened <= 28
    lived.step(case, "add", {"words": "Another receipt.", "more_time": True}, by="resident",
               files=[("second.txt", b"x")])  # fmt: skip
    longest = lived.ledger.case(case.name)
    assert longest.due - case.opened <= 28 + 59  # the subject's own new evidence is the reason
    lived.move(60)
    assert lived.ledger.case(case.name).state == "lapsed"


# --- evidence ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["resident", "railway", "review-board"])
def test_a_file_goes_out_again_to_its_owner_and_to_who_has_a_part_in_its_case(lived, name):
    leaf = lived.ledger.case(lived.case.name).first.files[0]
    kept = lived.ledger.evidence(leaf, lived.keys[name].public)
    assert (kept.name, kept.data) == ("receipt.txt", b"paid 12.40")


@pytest.mark.parametrize("name", ["neighbour", "rail-sales", "counter", "oversight"])
def test_a_file_goes_to_nobody_else(lived, name):
    leaf = lived.ledger.case(lived.case.name).first.files[0]
    with pytest.raises(Refused) as refused:
        lived.ledger.evidence(leaf, lived.keys[name].public)
    with pytest.raises(Refused) as nothing:
        lived.ledger.evidence(b"\0" * 32, lived.keys[name].public)
    assert refused.value.code == nothing.value.code == "E-EVIDENCE-01"
    assert refused.value.why == nothing.value.why
