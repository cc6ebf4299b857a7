"""Whoever has to act sees it from the day on which it arose, and nobody of an issuer's staff."""

import json

import pytest

from standing.cases.work import Task
from standing.errors import Refused
from standing.ledger.work_text import work_facts, work_text
from tests.unit.cases.conftest import TODAY


def waiting(stage, name):
    return stage.ledger.worklist(stage.keys[name].public)


def lines(stage, name):
    return stage.ledger.work_lines(stage.keys[name].public)


def contest(stage, record=None, **more):
    facts = {"target": "record", "named": record or stage.unpaid, "words": "I paid."}
    return stage.open("card-1", "contest", "file", facts, "resident", **more)


def rule(stage, case, by, outcome="uphold", step="rule"):
    return stage.step(
        case, step,
        {"outcome": outcome, "reasons": "The receipt is for this train and this day.",
         "opened": [case.first.named]}, by=by,
    )  # fmt: skip


def test_an_issuer_sees_a_contest_of_its_record_on_the_day_it_is_filed(stage):
    case = contest(stage)
    [work] = waiting(stage, "railway")
    assert (work.case.name, work.tasks, work.due) == (
        case.name,
        (Task("issuer", "answer"),),
        case.due,
    )
    [record] = work.records
    assert (record["record"], record["reference"]) == (stage.unpaid, "card-1")


def test_nobody_of_an_issuers_staff_is_named_in_a_work_list(stage):
    contest(stage)
    for name in ("railway", "review-board"):
        [line] = lines(stage, name)
        told = work_text(line) + json.dumps(work_facts(line))
        assert "train manager 7" not in told


def test_how_an_issuer_knows_somebody_is_shown_to_that_issuer_alone(stage):
    contest(stage)
    [line] = lines(stage, "review-board")
    assert "card-1" not in work_text(line) + json.dumps(work_facts(line))


def test_what_was_answered_waits_for_the_reviewer_alone(stage):
    case = contest(stage)
    stage.step(case, "answer", {"words": "Our reader was out of order."}, by="railway")
    assert waiting(stage, "railway") == []
    [work] = waiting(stage, "review-board")
    assert work.waits_on == (Task("reviewer", "rule"),)


def test_a_reviewer_sees_no_case_that_it_may_not_decide(stage):
    case = contest(stage)
    rule(stage, case, "review-board")
    stage.step(case, "appeal", {"words": "Look again."}, by="resident")
    assert waiting(stage, "review-board") == []
    [work] = waiting(stage, "second-review")
    assert work.tasks == (Task("reviewer", "decide"),)
    stage.step(case, "recuse", {"reasons": "I know the resident well."}, by="second-review")
    assert waiting(stage, "second-review") == []


def test_a_hearing_that_was_asked_for_comes_before_the_ruling(stage):
    case = contest(stage)
    stage.step(case, "ask-hearing", by="resident")
    [work] = waiting(stage, "review-board")
    assert [task.step for task in work.tasks] == ["hear"]


def test_an_issuer_is_told_what_became_of_its_record(stage):
    case = contest(stage)
    rule(stage, case, "review-board", "annul")
    [work] = waiting(stage, "railway")
    assert work.tasks == (Task("issuer", "outcome"),)
    stage.move(200)
    assert waiting(stage, "railway") == []


def test_a_reviewer_sees_a_proposed_restriction_and_a_desk_a_hardship(stage):
    case = stage.open(
        "card-1", "restriction", "propose",
        {"code": "no-high-speed", "records": [stage.forged], "days": 60,
         "words": "A ticket that a court found to be forged."}, "rail-sales",
    )  # fmt: skip
    assert [w.case.name for w in waiting(stage, "review-board")] == [case.name]
    assert waiting(stage, "counter") == []
    stage.step(case, "open", by="review-board")
    stage.step(
        case, "decide",
        {"days": 60, "reasons": "rail.forged-ticket is proven.", "opened": [stage.forged],
         "active_seconds": 200}, by="review-board",
    )  # fmt: skip
    assert waiting(stage, "second-review") == []
    stage.step(
        case, "hardship",
        {"ground": "funeral", "first": TODAY, "last": TODAY + 2, "words": "My aunt."}, by="resident",
    )  # fmt: skip
    [work] = waiting(stage, "counter")
    assert [task.step for task in work.tasks] == ["release"]
    assert work.due == TODAY + 1
    stage.step(case, "release", {"step": work.tasks[0].about}, by="counter")
    assert waiting(stage, "counter") == []


def test_the_first_due_comes_first(stage):
    first = contest(stage)
    stage.move(1)
    second = contest(stage, stage.forged)
    assert [w.case.name for w in waiting(stage, "review-board")] == [first.name, second.name]


def test_a_reply_stands_beside_the_record_in_a_work_list(stage):
    stage.open("card-1", "reply", "reply", {"record": stage.unpaid, "words": "The gate was open."},
               "resident")  # fmt: skip
    contest(stage)
    [line] = lines(stage, "review-board")
    assert "The gate was open." in work_text(line)


@pytest.mark.parametrize("name", ["rail-sales", "resident", "oversight"])
def test_no_work_waits_for_other_keys(stage, name):
    with pytest.raises(Refused, match="E-WORK-01"):
        waiting(stage, name)
