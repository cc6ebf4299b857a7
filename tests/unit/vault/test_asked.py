"""What is kept of questions: hashes that tell nothing alone, and counts."""

from base64 import b32decode

import pytest

from standing.vault import Question, Questions, new_salt
from tests.support import CONTEXT, TODAY, row

PARTY, OTHER = b"p" * 32, b"o" * 32


def note(vault, transaction, party=PARTY, day=TODAY):
    vault.asked.note(
        party,
        transaction,
        day=day,
        question=b"asked",
        answer=b"told",
        expires=1,
        checkpoint=vault.asked.keep_checkpoint(b"cp"),
    )


def test_a_transaction_is_known_again_under_its_own_key_alone(town):
    vault = town.ledger._core.vault
    with vault.transaction():
        note(vault, "trip")
    assert vault.asked.earlier(PARTY, "trip").checkpoint == b"cp"
    assert vault.asked.earlier(OTHER, "trip") is None
    assert vault.asked.earlier(PARTY, "trip ") is None


def test_what_is_kept_of_a_transaction_names_neither_it_nor_what_was_asked(town):
    vault = town.ledger._core.vault
    with vault.transaction():
        note(vault, "trip-in-clear")
    [kept] = vault.db.execute("SELECT * FROM asked")
    assert not any(isinstance(value, bytes) and b"in-clear" in value for value in kept)
    assert b"asked" not in kept
    assert b"told" not in kept


def test_checkpoints_are_kept_once(town):
    vault = town.ledger._core.vault
    with vault.transaction():
        for n in range(3):
            note(vault, f"trip-{n}")
    assert vault.db.execute("SELECT count(*) FROM checkpoints").fetchone() == (1,)


def test_hashes_of_different_things_never_meet(town):
    secret = town.ledger._core.vault.secret
    key = town.people[0].public.cose_key()
    hashes = [
        secret.reference(CONTEXT, "x"), secret.maker(CONTEXT, b"x"), secret.transaction(b"x", "x"),
        secret.trace(b"x"), secret.maker(CONTEXT, key), secret.maker("rail", key),
        secret.transaction(b"ab", "c"), secret.transaction(b"a", "bc"),
    ]  # fmt: skip
    assert len(set(hashes)) == len(hashes)
    assert {len(one) for one in hashes} == {16}


def test_only_questions_leave_a_look_up_as_it_is(town):
    vault = town.ledger._core.vault
    before = vault.changes
    town.ledger.decide(town.ask("card-1"))  # with the day's marks, and the first look
    town.ledger.decide(town.ask("card-1"))
    before = vault.changes
    town.ledger.decide(town.ask("card-1"))
    assert vault.changes == before
    for act in (
        lambda: town.import_rows([row(0)]),
        lambda: town.ledger.withdraw(town.people[4], CONTEXT),
        town.add_person,
        lambda: town.link(town.names[0], "another card"),
    ):
        before = vault.changes
        act()
        assert vault.changes > before


def test_what_was_taken_back_counts_as_a_change(town):
    vault = town.ledger._core.vault
    before = vault.changes, vault.undone
    with pytest.raises(ZeroDivisionError), vault.transaction():
        raise ZeroDivisionError
    assert (vault.changes, vault.undone) == (before[0] + 1, before[1] + 1)


def test_a_clear_question_is_watched_from_its_day_to_its_end(town):
    vault = town.ledger._core.vault
    name = vault.secret.reference(CONTEXT, "card-1")
    noon = TODAY * 86_400 + 43_200
    with vault.transaction():
        kept = Question(new_salt(), TODAY, b"q", b"a")
        leaf = vault.asked.add(kept, name, noon + 86_400)
        other = Question(new_salt(), TODAY, b"q", b"a")
        watched = vault.asked.add(other, name, Questions.NEVER)
    days = range(TODAY - 1, TODAY + 4)
    assert [vault.asked.clear_on(name, day) == [leaf] for day in days] == [False, True, True, False, False]  # fmt: skip
    assert vault.asked.watched() == [(name, watched)]


def test_somebody_is_the_same_for_a_seed_and_has_a_live_consent(town):
    vault, today = town.ledger._core.vault, town.ledger.today
    # just before each name, and one after them all
    seeds = [b32decode(name[2:26].upper()) for name in town.names]
    found = [vault.rights.somebody(CONTEXT, today, seed) for seed in seeds]
    assert found == [vault.people.find(name) for name in town.names]
    last = b32decode("Z" * 24)
    assert vault.rights.somebody(CONTEXT, today, last) == vault.people.find(min(town.names))
    for key in town.people[1:]:
        town.ledger.withdraw(key, CONTEXT)
    left = vault.people.find(town.names[0])
    assert {vault.rights.somebody(CONTEXT, today, seed) for seed in seeds} == {left}
    assert vault.rights.somebody("rail", today, seeds[0]) is None
