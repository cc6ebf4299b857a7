"""A reference is live once its issuer saw the credential, or its holder answered a challenge."""

import msgspec
import pytest

from standing.cases.challenges import CHALLENGE_DAYS, parse_challenge
from standing.errors import Refused, StandingError
from standing.ledger._people import sign_document, with_proof
from standing.wire.days import format_day
from standing.wire.keys import SigningKey
from standing.wire.proofs import make_proof
from tests.support import CONTEXT, TODAY, row

REASONS = "The card was sold to this person in May, as the receipt shows."


@pytest.fixture
def known(town):
    """Whether a reference stands for a person."""

    def stands_for(reference, person):
        held = town.ledger._core.vault.people.link(CONTEXT, reference)
        return held is not None and held[0] == town.ledger._core.vault.people.find(
            town.names[person]
        )

    return stands_for


def challenge(town, reference="card-9", **more):
    return town.ledger.challenge(reference, CONTEXT, by=town.keys["metro"].key, **more)


def answer(town, made, person=0, code=None):
    town.ledger.answer_challenge(made.signed, code or made.code, key=town.people[person])


def records(town, person):
    return town.ledger.report(town.names[person])["contexts"][0]["records"]


def test_whoever_has_the_code_controls_the_reference(town, known):
    made = challenge(town)
    assert not known("card-9", 0)
    answer(town, made, code=made.code.upper().replace("-", " "))
    assert known("card-9", 0)
    town.import_rows([row(0, card="card-9")])
    assert [r["signer"] for r in records(town, 0)] == ["inspector-0"]
    town.move_to(TODAY + 1)
    town.ledger.tick()
    assert town.ledger.verify().ok


def test_a_challenge_names_the_reference_and_nobody(town):
    made = challenge(town)
    _, asked = parse_challenge(made.signed)
    assert (asked.reference, asked.until) == ("card-9", TODAY + CHALLENGE_DAYS)
    assert made.code.replace("-", "").encode() not in made.signed
    assert town.names[0].encode() not in made.signed
    assert len(made.code.replace("-", "")) == 16


def test_a_challenge_writes_nothing_and_looks_nobody_up(town):
    vault = town.ledger._core.vault
    before, seen = vault.db.total_changes, []
    vault.db.set_trace_callback(seen.append)
    challenge(town)
    vault.db.set_trace_callback(None)
    assert (vault.db.total_changes, seen) == (before, [])


def test_another_code_is_refused(town, known):
    made = challenge(town)
    with pytest.raises(Refused, match="E-LINK-04"):
        answer(town, made, code="abcd-efgh-ijkl-mnop")
    with pytest.raises(Refused, match="E-LINK-04"):
        answer(town, made, code=challenge(town).code)
    assert not known("card-9", 0)


def test_a_challenge_runs_out(town, known):
    made = challenge(town)
    town.move_to(TODAY + CHALLENGE_DAYS + 1)
    with pytest.raises(Refused, match="E-LINK-03"):
        answer(town, made)
    town.move_to(TODAY + CHALLENGE_DAYS + 2)
    answer(town, challenge(town))
    assert known("card-9", 0)


def test_a_challenge_that_its_issuer_did_not_sign_is_refused(town):
    made = challenge(town)
    for at in range(0, len(made.signed), 7):
        changed = bytearray(made.signed)
        changed[at] ^= 1
        with pytest.raises(StandingError):
            town.ledger.answer_challenge(bytes(changed), made.code, key=town.people[0])
    with pytest.raises(Refused, match="E-LINK-01"):
        town.ledger.answer_challenge(town.ask("card-9"), made.code, key=town.people[0])


def test_only_an_issuer_whose_right_holds_makes_a_challenge(town):
    with pytest.raises(Refused, match="E-KEY-11"):
        town.ledger.challenge("card-9", CONTEXT, by=town.keys["bus"].key)
    with pytest.raises(Refused, match="E-PEOPLE-06"):
        town.ledger.challenge("card-9", "rail", by=town.keys["metro"].key)
    with pytest.raises(Refused, match="E-LINK-02"):
        challenge(town, " ")
    made = challenge(town)
    town.ledger.revoke(town.keys["metro"].public.thumbprint, "lost", by=town.keys["city"])
    with pytest.raises(Refused, match="E-LINK-06"):
        challenge(town)
    with pytest.raises(Refused, match="E-LINK-06"):
        answer(town, made)
    with pytest.raises(Refused, match="E-LINK-06"):
        town.link(town.names[0], "card-9")


def test_nobody_answers_before_agreeing(town):
    made = challenge(town)
    key = SigningKey.generate()
    with pytest.raises(Refused, match="E-PEOPLE-08"):
        town.ledger.answer_challenge(made.signed, made.code, key=key)
    town.ledger.enrol(key.public)
    with pytest.raises(Refused, match="E-PEOPLE-16"):
        town.ledger.answer_challenge(made.signed, made.code, key=key)


def test_nobody_answers_for_another(town):
    made = challenge(town)
    draft = town.ledger.draft_answer(made.signed, made.code, town.people[0].public)
    with pytest.raises(StandingError, match="E-SIG"):
        town.ledger.take_answer(sign_document(draft, town.people[1]))
    renamed = msgspec.structs.replace(draft, pseudonym=town.names[1])
    with pytest.raises(Refused, match="E-LINK-05"):
        town.ledger.take_answer(sign_document(renamed, town.people[0]))
    for change in ({"shared": True}, {"reference": "card-8"}, {"day": TODAY - 1}, {"issuer": "x"}):
        other = msgspec.structs.replace(draft, **change)
        with pytest.raises(Refused, match="E-LINK-05"):
            town.ledger.take_answer(sign_document(other, town.people[0]))
    town.ledger.take_answer(sign_document(draft, town.people[0]))


def test_a_shared_reference_carries_nothing_negative(town):
    answer(town, challenge(town, "family", shared=True))
    today = format_day(TODAY)
    family, pool = {"card": "family", "day": today}, {"card": "pool", "day": today}
    done = town.import_rows([row(0, **family), row(2, **family)])
    assert done.records == 2
    assert [r["type"] for r in records(town, 0)] == ["helped"]
    town.ledger.link(
        town.names[1], "pool", CONTEXT, issuer="metro", by=town.keys["metro"].key, shared=True
    )
    town.import_rows([row(6, **pool), row(8, **pool)])
    assert [r["type"] for r in records(town, 1)] == ["helped"]
    town.move_to(TODAY + 1)
    town.ledger.tick()
    assert town.ledger.verify().ok


# --- a refused link -------------------------------------------------------------------------------


def contested(town, person=1, reference="card-0"):
    facts = {"target": "link", "named": reference, "words": "I bought this card."}
    return town.ledger.open_case(
        town.names[person], CONTEXT, "contest", "file", facts, key=town.people[person]
    )


def ruled(town, case, outcome="annul"):
    ruling = {"outcome": outcome, "reasons": REASONS, "opened": ["the receipt"]}
    return town.ledger.step(case.name, "rule", ruling, key=town.keys["first"].key)


def test_a_refused_link_is_contestable_and_a_ruling_lets_it_take_the_others_place(town, known):
    town.add_court()
    town.import_rows([row(0, card="card-0")])
    made = challenge(town, "card-0")
    with pytest.raises(Refused, match="E-PEOPLE-07"):
        answer(town, made, 1)
    case = contested(town)
    with pytest.raises(Refused, match="E-PEOPLE-07"):  # not while nobody has ruled
        answer(town, made, 1)
    ruled(town, case)
    town.move_to(TODAY + 1)
    answer(town, made, 1)
    assert known("card-0", 1)
    town.import_rows([row(10, card="card-0", day=format_day(TODAY + 1))])
    assert [len(records(town, person)) for person in (0, 1)] == [1, 1]
    ends = [c for c in town.ledger.cases(town.names[0], CONTEXT) if c.lifecycle == "link"]
    assert [c.first.reference for c in ends] == ["card-0"]
    town.move_to(TODAY + 2)
    town.ledger.tick()
    assert town.ledger.verify().ok


def test_a_ruling_gives_a_reference_once(town, known):
    town.add_court()
    ruled(town, contested(town))
    answer(town, challenge(town, "card-0"), 1)
    town.move_to(TODAY + 1)
    ruled(town, contested(town, 0))
    answer(town, challenge(town, "card-0"), 0)
    assert known("card-0", 0)
    with pytest.raises(Refused, match="E-PEOPLE-07"):  # the ruling was about an earlier link
        answer(town, challenge(town, "card-0"), 1)
    town.move_to(TODAY + 2)
    town.ledger.tick()
    assert town.ledger.verify().ok


def test_an_upheld_refusal_stays(town, known):
    town.add_court()
    ruled(town, contested(town), "uphold")
    town.move_to(TODAY + 40)
    with pytest.raises(Refused, match="E-PEOPLE-07"):
        answer(town, challenge(town, "card-0"), 1)
    assert known("card-0", 0)


def test_questions_from_before_a_reference_changed_hands_are_nobody_elses(town):
    town.add_court()
    town.ledger.decide(town.ask("card-0", b"a" * 16))
    ruled(town, contested(town))
    town.move_to(TODAY + 3)
    answer(town, challenge(town, "card-0"), 1)
    town.move_to(TODAY + 4)
    town.ledger.decide(town.ask("card-0", b"b" * 16))
    asked = [
        [a["day"] for a in town.ledger.report(name)["contexts"][0]["asked"]]
        for name in town.names[:2]
    ]
    assert [len(days) for days in asked] == [1, 1]
    assert asked[0] != asked[1]


# --- what an auditor sees -------------------------------------------------------------------------


def problem(town):
    [wrong] = [c for c in town.ledger.verify().checks if not c.ok]
    assert wrong.name in {"people", "records"}
    return wrong.problem.what, wrong.problem.why


def plant(town, document, person=0):
    vault = town.ledger._core.vault
    with vault.transaction():
        vault.add(document, vault.people.find(town.names[person]), CONTEXT)


def test_a_link_without_its_code_is_found(town):
    draft = town.ledger.draft_answer(*_made(town), town.people[0].public)
    other = msgspec.structs.replace(draft, code="abcdefghijklmnop")
    plant(town, sign_document(other, town.people[0]))
    assert problem(town)[0] == "A reference is linked without its challenge."


def _made(town):
    made = challenge(town)
    return made.signed, made.code


def test_a_link_that_its_subject_did_not_prove_is_found(town):
    draft = town.ledger.draft_answer(*_made(town), town.people[0].public)
    stranger = SigningKey.generate()
    proof = make_proof(stranger, bytes(32))
    plant(town, with_proof(draft, proof))
    assert "signature" in problem(town)[0]


def test_a_challenge_of_another_reference_is_found(town):
    draft = town.ledger.draft_answer(*_made(town), town.people[0].public)
    other = msgspec.structs.replace(draft, reference="card-8")
    plant(town, sign_document(other, town.people[0]))
    assert problem(town)[0] == "A reference is linked without its challenge."


def test_a_reference_given_to_a_second_without_a_ruling_is_found(town):
    made = challenge(town, "card-new")
    draft = town.ledger.draft_answer(made.signed, made.code, town.people[0].public)
    town.ledger.take_answer(sign_document(draft, town.people[0]))
    second = msgspec.structs.replace(
        draft, pseudonym=town.names[1], kid=town.people[1].public.thumbprint
    )
    plant(town, sign_document(second, town.people[1]), 1)
    assert problem(town)[0] == "A reference stands for two subjects."


def test_a_burden_by_a_shared_reference_is_found(town):
    town.import_rows([row(0, card="card-0")])
    vault = town.ledger._core.vault
    vault.db.execute("UPDATE links SET shared=1")
    wrong = {c.name: c.problem for c in town.ledger.verify().checks if not c.ok}
    assert set(wrong) == {"people", "records"}
    assert "several people use its reference" in wrong["records"].why
