"""What the tables allow holds in an audit; what they do not is found, whoever planted it."""

import pytest

from standing.cases.lifecycles import A_DAY, case_of
from standing.errors import Refused
from standing.ledger import _cases
from standing.ledger._world import working_days
from standing.vault import leaf_of
from standing.wire.days import format_day
from standing.wire.keys import SigningKey

REASONS = "rail.forged-ticket of 2026-04-08 is proven."


def problems(stage):
    return {c.name: c.problem for c in stage.ledger.verify().checks if not c.ok}


def holds(stage):
    """Verify today, and again with everything under its marks."""
    before = problems(stage)
    stage.move(1)
    stage.ledger.tick()
    return not before and not problems(stage), before, problems(stage)


def plant(stage, draft):
    """Keep a signed step without asking whether it is open."""
    core = stage.ledger._core
    before = list(core.vault.cases.steps(draft.step.opening)) if draft.step.opening else []
    case = case_of(
        [*before, (leaf_of(draft.step), draft.step)], subject=draft.subject, day=core.today,
        days=working_days(stage.ledger._core, draft.step.context),
    )  # fmt: skip
    with core.vault.transaction():
        _cases.store_step(core, draft, case)
    return case


def opening(stage, lifecycle, event, facts, key, context="rail"):
    draft = stage.ledger.draft_opening("card-1", context, lifecycle, event, facts, by=key.public)
    return plant(stage, draft.signed(key))


def next_step(stage, case, event, facts, key):
    draft = stage.ledger.draft_step(case.name, event, facts, by=key.public)
    return plant(stage, draft.signed(key))


def proposal(stage, **changes):
    return {
        "code": "no-high-speed", "records": [stage.forged], "days": 60,
        "words": "A ticket that a court found to be forged.",
    } | changes  # fmt: skip


def decision(stage, **changes):
    return {
        "days": 60, "reasons": REASONS, "opened": [stage.forged], "active_seconds": 200,
    } | changes  # fmt: skip


def mandate(stage, key, by="resident", **changes):
    facts = {
        "key": key.public.cose_key(), "kind": "guardian", "name": "A. Guardian",
        "acts": ["contest"], "until": stage.ledger.today + 90,
    } | changes  # fmt: skip
    return stage.open("card-1", "mandate", "give", facts, by)


def test_a_whole_restriction_holds(stage):
    case = stage.open("card-1", "restriction", "propose", proposal(stage), "rail-sales")
    stage.step(case, "say", {"words": "I bought it in good faith."}, by="resident")
    stage.step(case, "open", by="review-board")
    stage.step(case, "decide", decision(stage), by="review-board")
    stage.step(case, "object", {"words": "It was not me."}, by="resident")
    stage.step(case, "open", by="second-review")
    facts = {"outcome": "begin", "reasons": REASONS, "active_seconds": 190}
    stage.step(case, "settle", facts, by="second-review")
    facts = {
        "ground": "court", "first": stage.ledger.today, "last": stage.ledger.today + 1,
        "words": "I am a witness.",
    }  # fmt: skip
    stage.step(case, "hardship", facts, by="resident")
    stage.step(case, "release", {"step": 7}, by="counter")
    assert holds(stage)[0], holds(stage)


def test_a_longer_decision_than_was_proposed_is_found(stage):
    case = stage.open("card-1", "restriction", "propose", proposal(stage), "rail-sales")
    stage.step(case, "open", by="review-board")
    next_step(stage, case, "decide", decision(stage, days=70), stage.keys["review-board"])
    wrong = problems(stage)
    assert list(wrong) == ["cases"]
    assert "proposed were 60" in wrong["cases"].why
    assert case.name in wrong["cases"].where


def test_a_restriction_that_its_pack_does_not_list_is_found(stage):
    facts = proposal(stage, code="no-train")
    opening(stage, "restriction", "propose", facts, stage.keys["rail-sales"])
    assert "the pack lists" in problems(stage)["cases"].why


def test_reasons_that_name_no_fact_are_found(stage):
    case = stage.open("card-1", "restriction", "propose", proposal(stage), "rail-sales")
    stage.step(case, "open", by="review-board")
    facts = decision(stage, reasons="It seems right to everybody here.")
    next_step(stage, case, "decide", facts, stage.keys["review-board"])
    assert "no record, act type or day" in problems(stage)["cases"].why


def test_a_reviewer_who_decides_more_than_a_human_can_in_a_day_is_found(stage):
    key, sales = stage.keys["review-board"], stage.keys["rail-sales"]
    for _ in range(A_DAY):
        case = opening(stage, "restriction", "propose", proposal(stage), sales)
        next_step(stage, case, "open", {}, key)
        next_step(stage, case, "decide", decision(stage), key)
    assert problems(stage) == {}
    case = opening(stage, "restriction", "propose", proposal(stage), sales)
    next_step(stage, case, "open", {}, key)
    with pytest.raises(Refused, match="at most 25 decisions"):
        stage.step(case, "decide", decision(stage), by="review-board")
    next_step(stage, case, "decide", decision(stage), key)
    wrong = problems(stage)["cases"]
    assert "(L33)" in wrong.what
    assert wrong.where == "reviewer review-board"


def test_a_contest_merged_into_that_of_another_issuer_is_found(stage):
    facts = {"target": "record", "named": stage.forged, "words": "Not forged."}
    case = stage.open("card-1", "contest", "file", facts, "resident")
    score = stage.open(
        "card-1", "contest", "file", {"target": "score", "words": "Odd."}, "resident"
    )
    next_step(stage, case, "merge", {"into": score.name}, stage.keys["review-board"])
    assert "different kinds of things" in problems(stage)["cases"].why


def test_a_retraction_by_another_issuer_is_found(stage):
    with pytest.raises(Refused, match="E-CASE"):
        stage.open("card-1", "record", "retract", {"record": stage.forged, "words": "x"}, "counter")
    facts = {"record": stage.forged, "words": "Never mind."}
    opening(stage, "record", "retract", facts, stage.keys["rail-sales"])
    assert "a relying-party took the step" in problems(stage)["cases"].why


# --- keys -----------------------------------------------------------------------------------------


def test_a_mandate_used_and_revoked_on_one_day_holds(stage):
    key = SigningKey.generate()
    case = mandate(stage, key)
    facts = {"target": "record", "named": stage.unpaid, "words": "They had a ticket."}
    stage.ledger.open_case("card-1", "rail", "contest", "file", facts, key=key)
    stage.step(case, "revoke", by="resident")
    assert holds(stage)[0], holds(stage)


def test_a_step_under_a_mandate_that_had_ended_is_found(stage):
    key = SigningKey.generate()
    mandate(stage, key, until=stage.ledger.today + 1)
    stage.move(3)
    facts = {"target": "record", "named": stage.unpaid, "words": "They had a ticket."}
    opening(stage, "contest", "file", facts, key)
    assert "nobody who might take it" in problems(stage)["cases"].what


def test_a_step_in_a_matter_that_the_mandate_does_not_name_is_found(stage):
    key = SigningKey.generate()
    mandate(stage, key)
    opening(stage, "reply", "reply", {"record": stage.unpaid, "words": "Sorry."}, key)
    assert "nobody who might take it" in problems(stage)["cases"].what


def recover(stage, new):
    guardian = SigningKey.generate()
    mandate(stage, guardian)
    facts = {"key": new.public.cose_key()}
    case = stage.open("card-1", "recovery", "ask", facts, "counter")
    return stage.ledger.step(case.name, "second", facts, key=guardian)


def test_a_recovered_key_acts_and_everything_before_it_holds(stage):
    new = SigningKey.generate()
    facts = {"target": "record", "named": stage.unpaid, "words": "I had a ticket."}
    case = stage.open("card-1", "contest", "file", facts, "resident")
    recover(stage, new)
    stage.move(7)
    stage.ledger.step(case.name, "take-back", key=new)
    stage.ledger.consent(new, "rail")
    made = stage.ledger.challenge("card-7", "rail", by=stage.keys["railway"])
    stage.ledger.answer_challenge(made.signed, made.code, key=new)
    stage.ledger.withdraw(new, "rail")
    assert holds(stage)[0], holds(stage)


def test_the_old_key_after_a_recovery_is_nobodys(stage):
    recover(stage, SigningKey.generate())
    stage.move(7)
    facts = {"record": stage.unpaid, "words": "Sorry."}
    opening(stage, "reply", "reply", facts, stage.keys["resident"])
    assert "nobody who might take it" in problems(stage)["cases"].what


def test_a_cancelled_recovery_leaves_no_key(stage):
    case = recover(stage, SigningKey.generate())
    stage.step(case, "cancel", by="resident")
    assert stage.ledger._core.vault.db.execute("SELECT * FROM keys").fetchall() == []
    assert holds(stage)[0], holds(stage)


def test_two_askers_of_one_kind_are_found(stage):
    new = SigningKey.generate().public.cose_key()
    case = stage.open("card-1", "recovery", "ask", {"key": new}, "counter")
    next_step(stage, case, "second", {"key": new}, stage.keys["counter"])
    assert "two of three different ones" in problems(stage)["cases"].why


def test_a_stop_and_its_end_hold(stage):
    case = stage.open("card-1", "stop", "freeze", {}, "counter")
    assert problems(stage) == {}
    stage.move(2)
    stage.step(case, "resume", by="resident")
    assert holds(stage)[0], holds(stage)


# --- clocks ---------------------------------------------------------------------------------------


def test_a_later_pack_with_another_calendar_winds_no_clock_again():
    from standing import policy
    from standing.cases.lifecycles import WorkingDays
    from standing.packs import shipped
    from standing.wire.days import parse_day

    first = policy.parse_pack(shipped("rail"))
    force = int(first.force)
    later = policy.redated(first, published=force + 100, force=force + 130)
    import msgspec

    calendar = policy.Pack.__annotations__["calendar"]  # the type is the pack's own
    all_week = calendar(weekend=(5, 6, 7), holidays={"2027": (first.force.__class__(force + 60),)})
    later = msgspec.structs.replace(later, calendar=all_week)
    before, after = WorkingDays.of([first]), WorkingDays.of([first, later])
    for day in range(force, force + 130 - 40):
        assert before.after(day, 5) == after.after(day, 5)
        assert before.time_to_act(day, 14) == after.time_to_act(day, 14)
    friday = parse_day("2027-05-07")
    assert friday > force + 130
    assert before.is_working(friday)
    assert not after.is_working(friday)
    assert format_day(friday) == "2027-05-07"
