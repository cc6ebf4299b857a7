"""A private document that is gone was erased by name, or it is WITHHELD and found."""

import pytest

from standing import charter
from standing.vault import Contents, Erasure, contents_digest, leaf_of, new_salt
from standing.wire import cose
from tests.support import CONTEXT, NOTICE_DAYS, TODAY, row

COUNTED = TODAY + NOTICE_DAYS


@pytest.fixture
def court(town):
    """A contest with evidence, a question, and somebody erased: all under marks."""
    town.add_court()
    town.import_rows([row(0, zones=""), row(1)])
    town.move_to(COUNTED)
    case = town.contest(0, town.record_of(0))
    town.ledger.step(
        case.name,
        "add",
        {"words": "The ticket."},
        key=town.people[0],
        files=[("t.jpg", b"picture")],
    )
    town.ledger.decide(town.ask("card-2"))
    town.ledger.erase(CONTEXT, key=town.people[3])
    town.move_to(COUNTED + 1)
    town.ledger.tick()
    return town


def problems(town):
    return {check.name: str(check.problem) for check in town.ledger.verify().checks if not check.ok}


def test_what_was_erased_by_name_is_not_missing(court):
    assert problems(court) == {}


@pytest.mark.parametrize(
    "kind",
    ["step", "evidence", "question", "consent", "link", "subject", "intake", "erasure", "contents"],
)
def test_a_document_of_any_kind_that_is_gone_is_withheld(court, kind):
    query = "DELETE FROM documents WHERE leaf=(SELECT max(leaf) FROM documents WHERE kind=?)"
    assert court.ledger._core.vault.db.execute(query, (kind,)).rowcount == 1
    assert "WITHHELD" in problems(court)["marks"]


def test_an_erasure_that_was_never_committed_to_excuses_nothing(court):
    """A document is removed and named by an erasure that stands in no marks: the day gives it away."""
    vault = court.ledger._core.vault
    with vault.transaction():
        [(leaf,)] = vault.db.execute("SELECT max(leaf) FROM documents WHERE kind='evidence'")
        vault.db.execute("DELETE FROM documents WHERE leaf=?", (leaf,))
        vault.add(Erasure(new_salt(), court.ledger.state.day - 1, (leaf,)))
    assert "never committed to in public" in problems(court)["marks"]


def test_an_erasure_that_names_random_leaves_hides_nothing(court):
    vault = court.ledger._core.vault
    stored = {row[0] for row in vault.db.execute("SELECT leaf FROM documents")}
    [(_, _, _, leaves)] = list(vault.marks.every())[-1:]
    padding = next(
        leaf for at in range(0, len(leaves), 32) if (leaf := leaves[at : at + 32]) not in stored
    )
    with vault.transaction():
        vault.add(Erasure(new_salt(), court.ledger.today, (padding,)))
    assert "WITHHELD" in problems(court)["marks"]


def test_a_table_of_contents_that_leaves_one_out_is_found(court):
    """Whoever holds the clerk's key may sign anything; the documents that are here contradict it."""
    core = court.ledger._core
    court.ledger.score_all(CONTEXT)
    court.contest(1, court.record_of(1))
    court.move_to(COUNTED + 2)
    waiting = core.vault.marks.waiting()
    contents = Contents(new_salt(), core.today, len(waiting) - 1, contents_digest(waiting[1:]))
    leaves = [*waiting, leaf_of(contents)]
    leaves += [new_salt() for _ in range(64 - len(leaves))]
    through = core.engine.clock.now() // core.state.genesis.interval_seconds - 1
    from standing.verify.tree import root_of

    marks = charter.Marks(charter.VDS_RFC9162_SHA256, root_of(leaves), 64, through)
    signed = core.engine.sign_marks(marks)
    with core.vault.transaction():
        core.vault.add(contents)
        core.vault.marks.stage(cose.parse_sign1(signed).statement_hash, leaves)
    core._include_marks([signed], core._propose([], [signed]))
    core.publish()
    assert "WITHHELD" in problems(court)["marks"]


def test_marks_that_never_reached_the_log_leave_no_table_of_contents_behind(court):
    core = court.ledger._core
    court.contest(1, court.record_of(1))
    court.move_to(COUNTED + 2)
    core._stage_due_marks()
    core._forget_staged()
    count = "SELECT count(*) FROM documents WHERE kind='contents' AND marks IS NULL"
    assert core.vault.db.execute(count).fetchone() == (0,)
    court.ledger.tick()
    assert problems(court) == {}


def test_an_erasure_that_is_not_finished_says_so(court):
    vault = court.ledger._core.vault
    with vault.transaction():
        vault.erasures.forget([], court.ledger.today)
    assert "standing tick" in problems(court)["databases"]
    court.ledger.tick()
    assert problems(court) == {}
