"""Whoever holds vault and keys can withhold a case whole; an altered one is found by name."""

import msgspec
import pytest

from standing.cases.lifecycles import case_of
from standing.errors import Refused
from standing.ledger import _cases
from standing.ledger._world import working_days
from standing.vault import Evidence, leaf_of, new_salt, preimage, seal
from standing.wire.keys import SigningKey
from tests.support import CONTEXT, TODAY, row
from tests.unit.cases.test_contest import ruling


@pytest.fixture
def court(town):
    """Records of persons 0 and 1, a contest of person 0 with a file and a hearing asked for."""
    town.add_court()
    with town.ledger.publishing_later():
        town.accredit("insider", "reviewer", "metro")
    town.import_rows([row(0), row(5), row(1)])
    town.move_to(TODAY + 20)
    town.case = town.contest(0, town.record_of(0))
    files = [("ticket.txt", b"valid on that day")]
    town.ledger.step(town.case.name, "add", {"words": "See it."}, key=town.people[0], files=files)
    return town


def problem(town, check="cases"):
    """Verify, demand that one check alone fails, and give what it says."""
    wrong = {c.name: c.problem for c in town.ledger.verify().checks if not c.ok}
    assert list(wrong) == [check], wrong
    return f"{wrong[check].what} {wrong[check].why} ({wrong[check].where})"


def plant(town, draft, *, owner=None):
    """Store a signed step as whoever holds vault and keys can, with every index in order."""
    core = town.ledger._core
    before = list(core.vault.cases.steps(draft.step.opening)) if draft.step.opening else []
    if owner is not None:
        draft = _cases.Draft(draft.step, owner, draft.evidence)
    steps = [*before, (leaf_of(draft.step), draft.step)]
    days = working_days(town.ledger._core, CONTEXT)
    case = case_of(steps, subject=draft.subject, day=core.today, days=days)
    with core.vault.transaction():
        _cases.store_step(core, draft, case)
    return case


def step(town, event, facts, key, case=None):
    name = (case or town.case).name
    return town.ledger.draft_step(name, event, facts, by=key.public).signed(key)


def execute(town, sql, *values):
    town.ledger._core.vault.db.execute(sql, values)


def leaf_at(town, number):
    return town.ledger._core.vault.cases.steps(town.case.opening)[number][0]


def test_what_nobody_touched_holds_before_and_after_its_marks(court):
    rule = ruling(court, court.ledger.case(court.case.name))
    court.ledger.step(court.case.name, "rule", rule, key=court.keys["first"].key)
    checks = {c.name: c for c in court.ledger.verify().checks}
    assert (checks["cases"].ok, checks["cases"].count) == (True, 3)
    court.move_to(TODAY + 21)
    court.ledger.tick()
    assert court.ledger.verify().ok


def test_a_case_that_moved_by_itself_holds_whether_or_not_anybody_looked(court):
    court.move_to(TODAY + 60)
    court.ledger.tick()
    assert court.ledger.case(court.case.name).state == "lapsed"
    assert court.ledger.verify().ok


def test_a_ruling_signed_by_nobody_is_found(court):
    key = SigningKey.generate()
    plant(court, step(court, "rule", ruling(court, court.ledger.case(court.case.name)), key))
    said = problem(court)
    assert "nobody who might take it" in said
    assert f"case {court.case.name} step 2" in said


def test_a_ruling_whose_signature_is_anothers_is_found(court):
    rule = ruling(court, court.ledger.case(court.case.name))
    draft = step(court, "rule", rule, court.keys["first"].key)
    forged = step(court, "rule", rule, SigningKey.generate())
    mixed = msgspec.structs.replace(draft.step, proof=forged.step.proof)
    plant(court, _cases.Draft(mixed, draft.subject))
    assert "not signed by the reviewer" in problem(court)


def test_a_ruling_altered_after_signing_is_found(court):
    rule = ruling(court, court.ledger.case(court.case.name))
    draft = step(court, "rule", rule, court.keys["first"].key)
    worse = msgspec.structs.replace(draft.step, facts=draft.step.facts | {"outcome": "uphold"})
    plant(court, _cases.Draft(worse, draft.subject))
    assert "not signed by the reviewer" in problem(court)


def test_a_reviewer_of_the_issuers_house_is_found(court):
    rule = ruling(court, court.ledger.case(court.case.name))
    plant(court, step(court, "rule", rule, court.keys["insider"].key))
    said = problem(court)
    assert "insider is employed by metro, as is the issuer metro" in said
    assert court.case.name in said


def test_a_ruling_that_opened_less_than_all_is_found(court):
    plant(court, step(court, "rule", ruling(court, court.case), court.keys["first"].key))
    assert "not opened" in problem(court)


def test_a_reviewer_whose_right_had_ended_is_found(court):
    key = court.keys["first"].key
    court.ledger.revoke(key.public.thumbprint, "left", by=court.keys["city"])
    court.move_to(TODAY + 21)
    court.ledger.tick()
    court.ledger.score_all(CONTEXT)
    plant(court, step(court, "rule", ruling(court, court.ledger.case(court.case.name)), key))
    assert "nobody who might take it" in problem(court)


def test_a_right_that_ends_later_that_day_was_one(court):
    key = court.keys["first"].key
    rule = ruling(court, court.ledger.case(court.case.name))
    court.ledger.step(court.case.name, "rule", rule, key=key)
    court.ledger.revoke(key.public.thumbprint, "left", by=court.keys["city"])
    assert court.ledger.verify().ok
    court.move_to(TODAY + 30)
    court.ledger.score_all(CONTEXT)
    assert court.ledger.verify().ok


def test_a_role_that_cannot_take_the_step_is_found(court):
    plant(court, step(court, "take-back", {}, court.keys["first"].key))
    assert "a reviewer took the step 'take-back'" in problem(court)


def bury(town, document):
    """Store a document of person 0 past every index, as whoever holds the keys can."""
    vault = town.ledger._core.vault
    number, data = vault.people.find(town.names[0]), preimage(document)
    leaf = leaf_of(document)
    sealed = seal(vault.keys.require(number, CONTEXT), leaf, data)
    row = leaf, type(document).__name__.lower(), document.day, number, CONTEXT, sealed
    execute(town, "INSERT INTO documents VALUES (?,?,?,?,?,?,NULL,NULL)", *row)


def test_two_steps_of_one_number_are_found(court):
    draft = step(court, "add", {"words": "And this."}, court.people[0])
    twin = msgspec.structs.replace(draft.step, number=1)
    bury(court, _cases.Draft(twin, draft.subject).signed(court.people[0]).step)
    said = problem(court)
    assert "stands twice" in said
    assert "[0, 1, 1]" in said


def test_a_step_left_out_is_found(court):
    court.ledger.step(court.case.name, "ask-hearing", key=court.people[0])
    leaf = leaf_at(court, 1)
    for table in ("steps", "documents"):
        execute(court, f"DELETE FROM {table} WHERE leaf=?", leaf)
    said = problem(court)
    assert "WITHHELD" in said
    assert "[0, 2]" in said


def test_a_case_without_its_beginning_is_found(court):
    leaf = leaf_at(court, 0)
    for table in ("steps", "documents"):
        execute(court, f"DELETE FROM {table} WHERE leaf=?", leaf)
    assert "lost its beginning" in problem(court)


def test_a_case_removed_whole_with_its_indexes_leaves_its_file_behind(court):
    for leaf in (leaf_at(court, 0), leaf_at(court, 1)):
        execute(court, "DELETE FROM documents WHERE leaf=?", leaf)
        execute(court, "DELETE FROM steps WHERE leaf=?", leaf)
    execute(court, "DELETE FROM cases")
    assert "A file belongs to no step" in problem(court)


def test_a_contest_of_anothers_record_is_found(court):
    facts = {
        "target": "record", "named": court.record_of(1), "words": "Mine.", "issuer": "metro",
        "again": False,
    }  # fmt: skip
    draft = court.ledger.draft_opening(
        court.names[0], CONTEXT, "contest", "file", facts, by=court.people[0].public
    )
    plant(court, draft.signed(court.people[0]))
    assert "is no record of this subject" in problem(court)


def test_a_step_kept_for_another_subject_is_found(court):
    number = court.ledger._core.vault.people.find(court.names[1])
    plant(court, step(court, "add", {"words": "Mine."}, court.people[0]), owner=number)
    assert "kept for another" in problem(court)


def test_a_step_out_of_place_is_found(court):
    case = court.ledger.case(court.case.name)
    rule = ruling(court, case)
    court.ledger.step(case.name, "rule", rule, key=court.keys["first"].key)
    with pytest.raises(Refused, match="E-CASE-03"):
        plant(court, step(court, "add", {"words": "More."}, court.people[0]))
    bury(court, step(court, "add", {"words": "More."}, court.people[0]).step)
    assert "has no place in its case" in problem(court)


def test_facts_of_another_form_are_found(court):
    draft = step(court, "add", {"words": "More."}, court.people[0])
    odd = msgspec.structs.replace(draft.step, facts={"words": 7})
    bury(court, _cases.Draft(odd, draft.subject).signed(court.people[0]).step)
    assert "has no place in its case" in problem(court)


def test_a_file_that_is_gone_is_found(court):
    execute(court, "DELETE FROM documents WHERE kind='evidence'")
    assert "A file of a case is missing" in problem(court)


def test_a_file_that_nobody_brought_is_found(court):
    core = court.ledger._core
    number = core.vault.people.find(court.names[0])
    file = Evidence(new_salt(), court.ledger.today, CONTEXT, court.names[0], "a.txt", b"x")
    with core.vault.transaction():
        core.vault.add(file, number, CONTEXT)
    assert "A file belongs to no step" in problem(court)


def test_the_ledgers_own_key_closes_nothing_of_somebody_who_stays(court):
    key = court.ledger._core.answer_key
    plant(court, step(court, "leave", {}, key))
    assert "nothing called for" in problem(court)


def test_the_ledgers_own_key_doubts_no_record_by_itself(court):
    key = court.ledger._core.answer_key
    facts = {
        "target": "record", "named": court.record_of(0, 1), "words": "Doubtful.",
        "issuer": "metro", "again": False,
    }  # fmt: skip
    draft = court.ledger.draft_opening(
        court.names[0], CONTEXT, "contest", "file", facts, by=key.public
    )
    plant(court, draft.signed(key))
    assert "nothing called for" in problem(court)


def test_a_step_written_back_to_an_earlier_day_is_found(court):
    court.move_to(TODAY + 25)
    court.ledger.tick()
    draft = step(court, "add", {"words": "Long ago."}, court.people[0])
    early = msgspec.structs.replace(draft.step, day=TODAY + 21)
    plant(court, _cases.Draft(early, draft.subject).signed(court.people[0]))
    said = problem(court, "marks")
    assert "never committed to" in said
    court.move_to(TODAY + 26)
    court.ledger.tick()
    assert "another day than its marks allow" in problem(court, "marks")


@pytest.mark.parametrize(
    ("sql", "table"),
    [
        ("UPDATE cases SET due=due+1", "cases"),
        ("UPDATE cases SET lifecycle='reply'", "cases"),
        ("DELETE FROM cases", "cases"),
        ("DELETE FROM steps WHERE number=1", "steps"),
        ("INSERT INTO freezes VALUES (7, 'transit', 1, x'00', 2)", "freezes"),
        ("INSERT INTO keys VALUES (7, 1, x'00')", "keys"),
    ],
)
def test_an_index_that_its_documents_do_not_give_is_found(court, sql, table):
    execute(court, sql)
    assert f"table of {table} is not what its documents give" in problem(court)
