"""Anyone can make a presentation; it is judged from itself alone, once, by one party."""

import shutil

import msgspec
import pytest

from standing.cases import presentations
from standing.cases.presentations import read_presentation
from standing.engine import SimulatedClock
from standing.errors import StandingError
from standing.ledger import open_ledger
from standing.vault import Link, new_salt
from standing.wire import cbor
from standing.wire.days import format_day
from standing.wire.keys import SigningKey
from tests.unit.ledger.test_decide import statements_of

from .counter import CONTEXT, PURPOSE, TODAY, Counter

PERK, CODE = "seat-choice", "no-high-speed"


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    folder = tmp_path_factory.mktemp("counter")
    counter = Counter(folder)
    counter.record(0, "rail.help-given")
    counter.move(14)
    counter.ledger.close()
    return counter


@pytest.fixture
def counter(built, tmp_path):
    """Person 0 has a good record that counts; 1 and 2 have none."""
    shutil.copytree(built.folder / "ledger", tmp_path / "ledger")
    made = object.__new__(Counter)
    made.__dict__.update(built.__dict__)
    made.folder, made.clock = tmp_path, SimulatedClock(TODAY + 14)
    made.ledger = open_ledger(tmp_path / "ledger", clock=made.clock)
    yield made
    made.ledger.close()


def code_of(call, *args):
    with pytest.raises(StandingError) as refused:
        call(*args)
    return refused.value.code


# --- what it opens --------------------------------------------------------------------------------


def test_a_perk_that_is_due_is_told_and_to_nobody_else(counter):
    stranger = SigningKey.generate()
    keys = [*counter.people, stranger]
    assert [counter.answer(key) for key in keys] == [PERK, "clear", "clear", "clear"]
    assert counter.ledger.verify().ok


def test_by_reference_no_perk_is_told(counter):
    question = counter.ledger.ask(
        counter.keys["sales"], CONTEXT, PURPOSE, "by card", "card-0", bytes(16), "a slower train"
    )
    assert counter.ledger.decide(question).answer.answer == "clear"


def test_a_perk_waits_for_the_same_length_of_consent_from_everyone(counter):
    key = counter.people[0]
    counter.ledger.withdraw(key, CONTEXT)
    assert counter.answer(key) == "clear"
    counter.move(1)
    counter.ledger.consent(key, CONTEXT)
    counter.move(20)
    counter.record(0, "rail.help-given")
    counter.move(344)
    assert counter.answer(key) == "clear"
    counter.move(1)
    assert counter.answer(key) == PERK


def test_a_restriction_in_force_is_told_where_no_perk_is_due(counter):
    counter.restrict(1)
    assert counter.answer(counter.people[1]) == CODE
    token = counter.present(counter.people[1])
    assert counter.ledger.decide(counter.ask(token, alternative="")).answer.answer == "clear"


def test_consent_to_another_purpose_alone_answers_clear(counter):
    counter.restrict(1)
    assert counter.answer(counter.people[1]) == CODE
    assert counter.answer(counter.people[0]) == PERK
    for person in (0, 1):
        counter.ledger.consent(counter.people[person], CONTEXT, ["luggage"])
        assert counter.answer(counter.people[person]) == "clear"


def test_a_perk_that_is_due_no_more_is_recalled_and_a_stranger_s_clear_is_not(counter):
    for key in (*counter.people, SigningKey.generate()):
        counter.answer(key)
    counter.ledger.withdraw(counter.people[0], CONTEXT)
    counter.ledger.withdraw(counter.people[1], CONTEXT)
    [message] = counter.ledger.recalls(counter.keys["sales"])
    assert message.recalled.since == counter.ledger.today
    assert counter.ledger.verify().ok


def test_the_subject_sees_each_question_that_its_presentation_led_to(counter):
    counter.answer(counter.people[0])
    shown = counter.ledger.report(counter.names[0], CONTEXT)["contexts"][0]["asked"]
    assert [(one["by"], one["answer"], one["reference"]) for one in shown] == [("sales", PERK, "")]
    assert counter.ledger.report(counter.names[1], CONTEXT)["contexts"][0]["asked"] == []


# --- one form for everyone ------------------------------------------------------------------------


def test_whoever_makes_one_it_has_one_form_and_one_length(counter):
    counter.ledger.withdraw(counter.people[1], CONTEXT)
    tokens = [counter.present(key) for key in (*counter.people, SigningKey.generate())]
    assert len({len(token) for token in tokens}) == 1
    outer = [msgspec.structs.replace(read_presentation(t), id=b"", sealed=b"") for t in tokens]
    assert len(set(outer)) == 1


def test_a_passkey_s_presentation_is_no_longer_than_another(counter):
    draft = presentations.draft(
        counter.people[0].public, origin="counter.example/log",
        answer_key=counter.ledger._core.answer_key.public,
        party=counter.keys["sales"].public, context=CONTEXT, purpose=PURPOSE, last_day=TODAY + 14,
    )  # fmt: skip
    passkey = ["webauthn", bytes(37), b"{}" * 150, bytes(64)]
    assert len(draft.proved(passkey)) == len(counter.present(counter.people[0]))
    assert code_of(draft.proved, ["webauthn", bytes(37), bytes(1_000), bytes(64)]) == "E-PRESENT-09"


def test_strangers_and_those_who_left_get_equal_answers_and_equal_work(counter):
    counter.ledger.withdraw(counter.people[1], CONTEXT)
    counter.ledger.withdraw(counter.people[2], CONTEXT)
    counter.answer(counter.people[0])  # the day's first
    keys = [counter.people[1], counter.people[2], SigningKey.generate(), counter.people[0]]
    seen = [statements_of(counter, counter.ask(counter.present(key))) for key in keys]
    answers = [
        (msgspec.structs.replace(one.answer, transaction="", nonce=b"", answer=""),
         len(one.signed) - len(one.answer.transaction) - len(one.answer.answer))
        for one, _ in seen
    ]  # fmt: skip
    assert len(set(answers)) == 1
    work = [statements for _, statements in seen]
    assert work[0] == work[1] == work[2] == work[3]


# --- what is refused ------------------------------------------------------------------------------


def test_a_token_made_for_another_party_is_refused_and_not_spent(counter):
    counter.answer(counter.people[1])  # the day's first
    token = counter.present(counter.people[0], "desk")
    before = counter.ledger._core.vault.db.total_changes
    assert code_of(counter.ledger.decide, counter.ask(token, "sales")) == "E-PRESENT-03"
    assert counter.ledger._core.vault.db.total_changes == before
    assert counter.ledger.decide(counter.ask(token, "desk")).answer.answer == PERK


def test_a_token_is_good_once(counter):
    token = counter.present(counter.people[0])
    asked = counter.ask(token)
    first = counter.ledger.decide(asked)
    assert counter.ledger.decide(asked) == first
    assert code_of(counter.ledger.decide, counter.ask(token)) == "E-PRESENT-10"


def test_a_token_is_good_today_and_tomorrow_at_most(counter):
    today = counter.ledger.today
    tokens = {
        ahead: counter.present(counter.people[0], last_day=today + ahead) for ahead in (-1, 0, 1, 2)
    }
    later = [counter.present(counter.people[0], last_day=today + ahead) for ahead in (0, 1)]
    outcomes = []
    for token in tokens.values():
        try:
            outcomes.append(counter.ledger.decide(counter.ask(token)).answer.answer)
        except StandingError as refusal:
            outcomes.append(refusal.code)
    assert outcomes == ["E-PRESENT-05", PERK, PERK, "E-PRESENT-05"]
    counter.move(1)
    assert code_of(counter.ledger.decide, counter.ask(later[0])) == "E-PRESENT-05"
    assert counter.ledger.decide(counter.ask(later[1])).answer.answer == PERK


def test_a_token_for_another_purpose_context_or_ledger_is_refused(counter):
    key = counter.people[0]
    made = {"party": counter.keys["sales"].public, "context": CONTEXT, "purpose": PURPOSE,
            "last_day": counter.ledger.today, "origin": "counter.example/log",
            "answer_key": counter.ledger._core.answer_key.public}  # fmt: skip
    for change, code in (
        ({"purpose": "seat-sale"}, "E-PRESENT-04"),
        ({"context": "air"}, "E-PRESENT-04"),
        ({"origin": "another.example/log"}, "E-PRESENT-02"),
        ({"answer_key": SigningKey.generate().public}, "E-PRESENT-06"),
    ):
        token = presentations.present(key, **made | change)
        assert code_of(counter.ledger.decide, counter.ask(token)) == code
    assert (
        counter.ledger.decide(counter.ask(presentations.present(key, **made))).answer.answer == PERK
    )


def test_a_token_changed_anywhere_is_refused_the_same_for_everyone(counter):
    for key in (counter.people[0], counter.people[1], SigningKey.generate()):
        token = counter.present(key)
        parts = cbor.decode(token)
        for place, other in ((6, bytes(16)), (8, bytes(len(parts[8])))):
            changed = [*parts[:place], other, *parts[place + 1 :]]
            code = code_of(counter.ledger.decide, counter.ask(cbor.encode(changed)))
            assert code == {6: "E-PRESENT-08", 8: "E-PRESENT-07"}[place]
        assert code_of(counter.ledger.decide, counter.ask(token[:-1])) == "E-PRESENT-01"
        assert code_of(counter.ledger.decide, counter.ask(b"x" * 100)) == "E-PRESENT-01"


def test_another_s_inner_part_cannot_be_put_into_one_s_own_token(counter):
    mine, theirs = counter.present(counter.people[1]), counter.present(counter.people[0])
    mixed = cbor.encode([*cbor.decode(mine)[:-1], cbor.decode(theirs)[-1]])
    assert code_of(counter.ledger.decide, counter.ask(mixed)) == "E-PRESENT-08"


def test_a_question_is_about_a_reference_or_a_presentation(counter):
    from standing.cases.decisions import Asked, sign_question

    token = counter.present(counter.people[0])
    both = Asked(CONTEXT, PURPOSE, "t", "card-0", counter.ledger.today, bytes(16), "", token)
    signed = sign_question(counter.keys["sales"].key, "sales", both)
    assert code_of(counter.ledger.decide, signed) == "E-DECIDE-12"


def test_a_token_sealed_to_an_answer_key_of_before_still_opens(counter):
    token = counter.present(counter.people[0])
    counter.ledger.rotate_key("answer", by=counter.keys["city"])
    assert counter.ledger.decide(counter.ask(token)).answer.answer == PERK
    assert counter.answer(counter.people[0]) == PERK
    counter.ledger.close()
    counter.ledger = open_ledger(counter.folder / "ledger", clock=counter.clock)
    late = counter.present(counter.people[0])
    assert counter.ledger.decide(counter.ask(late)).answer.answer == PERK


# --- references that are not one person's ---------------------------------------------------------


def ask_by(counter, card):
    question = counter.ledger.ask(
        counter.keys["sales"], CONTEXT, PURPOSE, f"by {card} {counter.ledger.today}", card,
        bytes(16), "a slower train",
    )  # fmt: skip
    return counter.ledger.decide(question).answer.answer


def test_a_restriction_is_not_answered_by_a_card_that_a_family_shares(counter):
    counter.ledger.link(
        counter.names[1], "family-card", CONTEXT, issuer="railway",
        by=counter.keys["railway"].key, shared=True,
    )  # fmt: skip
    counter.restrict(1)
    assert [ask_by(counter, card) for card in ("card-1", "family-card")] == [CODE, "clear"]


def test_whoever_holds_a_card_sees_what_was_asked_in_their_own_time(counter):
    ask_by(counter, "card-1")
    counter.move(1)
    core = counter.ledger._core
    number = core.vault.people.find(counter.names[2])
    link = Link(
        new_salt(), core.today, CONTEXT, "card-1", counter.names[2], "railway", b"", False, b"", "",
        [],
    )  # fmt: skip
    with core.vault.transaction():
        before = core.vault.people.find(counter.names[1])
        core.vault.people.end_link(before, CONTEXT, "card-1", core.today)
        core.vault.add(link, number, CONTEXT)
    ask_by(counter, "card-1")
    shown = [
        [one["day"] for one in counter.ledger.report(name, CONTEXT)["contexts"][0]["asked"]]
        for name in counter.names[1:]
    ]
    assert shown == [[format_day(core.today - 1)], [format_day(core.today)]]
