"""'Not me': the issuer proves who it was; what the same reference did since is in doubt (L60)."""

import pytest

from standing.errors import Refused
from standing.wire.days import format_day
from tests.support import CONTEXT, TODAY, row
from tests.unit.cases.test_contest import ruling


def records(town, person=0):
    found = town.ledger.report(town.names[person])["contexts"][0]["records"]
    return {r["basis"]: r["record"] for r in found}


@pytest.fixture
def lost(town):
    """Acts by card-0 before and after it was lost; another card of the same person."""
    town.add_court()
    town.link(town.names[0], "second-card")
    town.move_to(TODAY + 9)
    acts = {
        "before": ("card-0", TODAY + 1, "fare-unpaid"),
        "first": ("card-0", TODAY + 4, "fare-unpaid"),
        "then": ("card-0", TODAY + 6, "fare-unpaid"),
        "good": ("card-0", TODAY + 7, "helped"),
        "other": ("second-card", TODAY + 6, "fare-unpaid"),
    }
    town.import_rows(
        [
            row(n, card=card, day=format_day(day), type=kind, basis=basis, zones="")
            for n, (basis, (card, day, kind)) in enumerate(acts.items())
        ]
    )
    town.move_to(TODAY + 30)
    town.records = records(town)
    return town


def not_me(town, record, **changes):
    facts = {"ground": "not-me", "last_use": TODAY + 3} | changes
    return town.contest(0, record, **facts)


def open_on(town):
    return {
        case.first.named: case
        for case in town.ledger.cases(town.names[0], CONTEXT)
        if case.lifecycle == "contest"
    }


@pytest.mark.parametrize("way", ["conceded", "annulled"])
def test_all_by_that_reference_since_its_last_use_is_set_aside_and_reviewed(lost, way):
    case = not_me(lost, lost.records["first"])
    before = lost.ledger.score("card-0", CONTEXT).score.score
    if way == "conceded":
        key = lost.keys["metro"].key
        lost.ledger.step(case.name, "concede", {"words": "Not them."}, key=key)
    else:
        lost.ledger.step(case.name, "rule", ruling(lost, case), key=lost.keys["first"].key)
    doubted = open_on(lost)
    assert set(doubted) == {lost.records["first"], lost.records["then"]}
    then = doubted[lost.records["then"]]
    assert (then.state, then.due) == ("open", doubted[lost.records["first"]].opened + 8)
    assert lost.ledger.who(then, then.events[0]) == "the ledger"
    assert lost.ledger.score("card-0", CONTEXT).score.score == before + 50
    lost.move_to(then.due)
    assert lost.ledger.case(then.name).state == "lapsed"
    lost.ledger.tick()
    checks = lost.ledger.verify().checks
    assert all(c.ok for c in checks), [c.problem for c in checks if not c.ok]


def test_what_was_doubted_is_decided_like_any_contest(lost):
    case = not_me(lost, lost.records["first"])
    lost.ledger.step(case.name, "concede", {"words": "Not them."}, key=lost.keys["metro"].key)
    then = open_on(lost)[lost.records["then"]]
    with pytest.raises(Refused, match="E-CASE-05"):  # no second contest beside it
        lost.contest(0, lost.records["then"])
    after = lost.ledger.step(
        then.name, "rule", ruling(lost, then, "uphold"), key=lost.keys["first"].key
    )
    assert after.state == "ruled"
    assert lost.ledger.verify().ok


def test_the_issuer_has_five_working_days_and_no_more(lost):
    case = not_me(lost, lost.records["first"])
    facts = {"until": TODAY + 45, "reasons": "The video takes longer to find."}
    with pytest.raises(Refused, match="E-CASE-05"):
        lost.ledger.step(case.name, "extend", facts, key=lost.keys["first"].key)
    lost.move_to(case.due)
    assert lost.ledger.case(case.name).state == "lapsed"
    assert set(open_on(lost)) == {lost.records["first"]}


def test_an_upheld_record_doubts_nothing(lost):
    case = not_me(lost, lost.records["first"])
    rule = ruling(lost, case, "uphold")
    lost.ledger.step(case.name, "rule", rule, key=lost.keys["first"].key)
    assert set(open_on(lost)) == {lost.records["first"]}


def test_not_me_says_when_the_reference_was_last_used_rightly(lost):
    for changes in ({"last_use": None}, {"ground": "wrong"}):
        with pytest.raises(Refused, match="E-CASE-05"):
            not_me(lost, lost.records["first"], **changes)


def test_a_contest_that_the_law_opened_bars_no_staff(lost):
    case = not_me(lost, lost.records["first"])
    lost.ledger.step(case.name, "concede", {"words": "Not them."}, key=lost.keys["metro"].key)
    before = len(records(lost))
    # whoever signed "first" (inspector-1) is barred; whoever signed "then" (inspector-0) is not
    day = format_day(lost.ledger.today)
    lost.import_rows([row(11, card="second-card", day=day, type="helped", signer="inspector-1")])
    assert len(records(lost)) == before
    lost.import_rows([row(14, card="second-card", day=day, type="helped", signer="inspector-0")])
    assert len(records(lost)) == before + 1


# --- L63 ------------------------------------------------------------------------------------------


def test_papers_that_excuse_are_shown_and_not_kept(lost):
    paper = [("doctor.pdf", b"a letter of a doctor")]
    facts = {
        "target": "record", "named": lost.records["first"], "words": "I was ill.",
        "ground": "excused",
    }  # fmt: skip
    vault = lost.ledger._core.vault
    with pytest.raises(Refused, match="E-CASE-05"):
        lost.ledger.open_case(
            lost.names[0], CONTEXT, "contest", "file", facts, key=lost.people[0], files=paper
        )
    case = lost.ledger.open_case(
        lost.names[0], CONTEXT, "contest", "file", facts, key=lost.people[0]
    )
    with pytest.raises(Refused, match="E-CASE-05"):
        lost.ledger.step(
            case.name, "add", {"words": "The letter."}, key=lost.people[0], files=paper
        )
    lost.ledger.step(case.name, "ask-hearing", key=lost.people[0])
    heard = {
        "on": lost.ledger.today, "present": ["the subject", "the reviewer"],
        "minutes": "A letter of a doctor was shown; it covers that day.",
    }  # fmt: skip
    lost.ledger.step(case.name, "hear", heard, key=lost.keys["first"].key)
    rule = ruling(lost, case)
    assert lost.ledger.step(case.name, "rule", rule, key=lost.keys["first"].key).state == "closed"
    assert list(vault.filed.documents(kind="evidence")) == []
