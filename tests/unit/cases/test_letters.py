"""The letter comes with the proposal and before any effect, with at most four reasons."""

import pytest

from standing import pages
from standing.cases.lifecycles import begins
from standing.errors import Refused
from standing.wire.days import format_day
from tests.support import CONTEXT, MAP, TODAY
from tests.unit.cases.conftest import TODAY as MAY
from tests.unit.pages.reading import Page

REASONS = "rail.forged-ticket of 2026-04-08 is proven."


def propose(stage, days=60):
    return stage.open(
        "card-1", "restriction", "propose",
        {"code": "no-high-speed", "records": [stage.forged], "days": days,
         "words": "A ticket that a court found to be forged."}, "rail-sales",
    )  # fmt: skip


def decide(stage, case):
    stage.step(case, "open", by="review-board")
    facts = {"days": 30, "reasons": REASONS, "opened": [stage.forged], "active_seconds": 200}
    return stage.step(case, "decide", facts, by="review-board")


def test_a_letter_comes_with_the_proposal_seven_days_before_any_effect(stage):
    case = propose(stage)
    proposed = stage.ledger.letter(case.name)
    assert (proposed.kind, proposed.day) == ("proposal", MAY)
    assert proposed.restriction.begins is None  # nothing can begin before a human has decided
    case = decide(stage, case)
    decided = stage.ledger.letter(case.name)
    assert (decided.kind, decided.day) == ("decision", MAY)
    begin = begins(case)
    assert decided.restriction.begins == begin >= decided.day + 7
    [item] = [
        i.item
        for i in stage.ledger.inbox("card-1", "rail")
        if i.item.step == case.last("decide").number and i.item.about == case.name
    ]
    assert item.day <= begin - 7
    assert stage.ledger.letter(item) == decided


def test_a_letter_says_all_that_is_needed_to_answer_it(stage):
    stage.open("card-1", "reply", "reply", {"record": stage.forged, "words": "I was cheated."},
               "resident")  # fmt: skip
    letter = stage.ledger.letter(decide(stage, propose(stage)).name)
    text = pages.letter_text(letter)
    for said in (
        "Do not present a ticket that you know to be forged",  # the duty's text
        "7 April 2029",  # expiry
        "standing contest file",  # how to contest
        "standing restriction object",
        "by itself, with time",  # how to recover
        "An ordinary train on the same route and day",  # what stays open
        "Sample Second Review (Sample Consumer Institute)",  # who outside
        "the second instance that the rules name",  # and where that is written
        "I was cheated.",  # the reply stands beside the record
        REASONS,
        "−120",
    ):
        assert said in text
    assert "train manager 7" not in text


def test_the_settings_name_who_outside_can_be_turned_to(stage):
    (stage.ledger.directory / "standing.toml").write_text(
        '[letters]\nexternal_body = "Ombudsman, Example Street 1"\n', encoding="utf-8"
    )
    letter = stage.ledger.letter(propose(stage).name)
    assert (letter.external, letter.external_from) == ("Ombudsman, Example Street 1", "settings")
    assert "The operator of this ledger names it" in pages.letter_text(letter)


def test_there_are_at_most_four_principal_reasons_the_heaviest_first(town):
    """Four of six records, by what they count; the letter says that there are more."""
    from standing.ledger import _letters

    town.add_court()
    town.import_rows(
        {"id": f"x{n}", "card": "card-0", "type": "fare-unpaid", "day": format_day(TODAY - n),
         "basis": f"ticket {n}", "signer": "inspector", "zones": ""}
        for n in range(6)
    )  # fmt: skip
    town.move_to(TODAY + 20)
    core = town.ledger._core
    case = town.contest(0, town.record_of(0))
    named = [r["record"] for r in town.ledger.report(town.names[0])["contexts"][0]["records"]]
    pack = _letters._rules.pack(core, _letters._rules.pack_in_force(core, CONTEXT, TODAY + 20))
    every = _letters._principal(core, case, pack, named, TODAY + 20)
    assert len(every) == 6
    assert [r.counted for r in every] == sorted(r.counted for r in every)
    assert _letters.MOST_REASONS == 4
    assert MAP  # the rows above are read by it


def test_a_ruling_has_a_letter(stage):
    case = stage.open(
        "card-1",
        "contest",
        "file",
        {"target": "record", "named": stage.unpaid, "words": "I paid."},
        "resident",
    )
    with pytest.raises(Refused, match="E-LETTER-01"):
        stage.ledger.letter(case.name)
    stage.step(
        case, "rule",
        {"outcome": "uphold", "reasons": "It was seen by two people.", "opened": [stage.unpaid]},
        by="review-board",
    )  # fmt: skip
    letter = stage.ledger.letter(case.name)
    text = pages.letter_text(letter)
    assert letter.kind == "ruling"
    assert "it stands as it was" in text
    assert "standing contest appeal" in text
    assert "It was seen by two people." in text


def test_a_letter_is_the_same_whenever_it_is_written(stage):
    case = propose(stage)
    before = stage.ledger.letter(case.name, 0)
    decide(stage, case)
    stage.move(40)
    assert stage.ledger.letter(case.name, 0) == before


def bare(text):
    """Leave letters and digits alone: how they are laid out is each form's own."""
    return "".join(c for c in text.casefold() if c.isalnum())


@pytest.mark.parametrize("language", pages.LANGUAGES)
def test_page_paper_and_text_say_the_same(stage, language):
    letter = stage.ledger.letter(decide(stage, propose(stage)).name)
    shown = bare(Page(pages.letter_page(letter, language)).shown)
    for line in pages.letter_text(letter, language).splitlines():
        assert bare(line) in shown, line
    assert pages.letter_pdf(letter, language).startswith(b"%PDF-")
    assert pages.letter_pdf(letter, language) == pages.letter_pdf(letter, language)
