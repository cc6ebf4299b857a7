"""One answer for everyone: enrolled, unknown and withdrawn people cannot be told apart."""

import re
import sqlite3
from pathlib import Path

import msgspec
import pytest

from standing.errors import StandingError
from standing.ledger._decide import Decision
from standing.wire import cbor, cose
from tests.support import CONTEXT, TODAY, Town, new_key, rows

_LITERALS = re.compile(r"[xX]'[0-9A-Fa-f]*'|'(?:[^']|'')*'|\b\d+\b")
_REPEATED = re.compile(r"\?(?:,\s*\?)+")


def statements_of(town: Town, question: bytes) -> tuple[Decision, list[str]]:
    """Answer a question and list every SQL statement it took, without its values."""
    seen: list[str] = []

    def note(database: str, text: str) -> None:
        plain = _REPEATED.sub("?", _LITERALS.sub("?", text))
        seen.append(f"{database}: {plain}")

    core = town.ledger._core
    databases: dict[str, sqlite3.Connection] = {
        "vault": core.vault.db,
        "keys": core.vault.keys.db,
        "log": core.log.db,
    }
    for name, db in databases.items():
        db.set_trace_callback(lambda text, name=name: note(name, text))
    try:
        decision = town.ledger.decide(question)
    finally:
        for db in databases.values():
            db.set_trace_callback(None)
    return decision, seen


@pytest.fixture
def asked(town: Town) -> Town:
    """Rows about everyone are in; card-0 has withdrawn; the day's marks are out."""
    town.import_rows(rows(20))
    town.ledger.withdraw(town.people[0], CONTEXT)
    town.ledger.decide(town.ask("warm-up"))
    return town


def plain(decision: Decision) -> tuple[object, int]:
    """Give an answer but for what names its own question, and its length."""
    return msgspec.structs.replace(decision.answer, transaction=""), len(decision.signed)


def test_enrolled_unknown_and_withdrawn_get_equal_bytes_and_equal_work(asked: Town) -> None:
    outcomes = [statements_of(asked, asked.ask(who)) for who in ("card-1", "nobody", "card-0")]
    assert len({plain(decision) for decision, _ in outcomes}) == 1
    work = [seen for _, seen in outcomes]
    assert work[0]
    assert work[0] == work[1] == work[2]


def test_the_first_question_of_a_day_is_no_different_either(asked: Town) -> None:
    work = []
    for day, who in enumerate(("card-1", "nobody", "card-0"), start=TODAY + 1):
        asked.move_to(day)
        work.append(statements_of(asked, asked.ask(who))[1])
    assert work[0] == work[1] == work[2]


def test_the_answer_names_its_question_and_nothing_of_a_person(asked: Town) -> None:
    answer = asked.ledger.decide(asked.ask("card-1", b"\x01" * 16, "trip-1")).answer
    assert (answer.answer, answer.purpose, answer.transaction) == ("clear", "ride", "trip-1")
    assert answer.nonce == b"\x01" * 16
    assert answer.day == TODAY


def test_a_question_is_kept_and_shown_to_whom_it_is_about(asked: Town) -> None:
    asked.ledger.decide(asked.ask("card-1"))
    shown = asked.ledger.report(asked.names[1], CONTEXT)["contexts"][0]["asked"]
    assert [(q["by"], q["purpose"], q["reference"]) for q in shown] == [("bus", "ride", "card-1")]
    assert asked.ledger.verify().ok


def test_only_the_purposes_that_the_pack_names_may_be_asked(asked: Town) -> None:
    ask = asked.ledger.ask
    question = ask(asked.keys["bus"], CONTEXT, "marketing", "t", "card-1", b"n" * 16)
    with pytest.raises(StandingError, match="marketing"):
        asked.ledger.decide(question)


def test_a_key_that_is_no_relying_partys_cannot_ask(asked: Town) -> None:
    for key in (asked.keys["metro"], new_key("relying-party", "bus")):
        with pytest.raises(StandingError) as caught:
            asked.ledger.ask(key, CONTEXT, "ride", "t", "card-1", b"n" * 16)
        assert caught.value.code == "E-KEY-13"


def test_a_revoked_relying_party_gets_no_answer(asked: Town) -> None:
    question = asked.ask("card-1")
    asked.ledger.revoke(asked.keys["bus"].public.thumbprint, "left", by=asked.keys["city"])
    with pytest.raises(StandingError):
        asked.ledger.decide(question)


def test_a_question_changed_on_its_way_gets_no_answer(asked: Town) -> None:
    question = bytearray(asked.ask("card-1"))
    question[-1] ^= 1
    with pytest.raises(StandingError):
        asked.ledger.decide(bytes(question))


def test_the_vault_never_holds_a_reference_in_clear(asked: Town, tmp_path: Path) -> None:
    asked.ledger.decide(asked.ask("card-1-asked-in-clear"))
    asked.ledger.close()
    for path in asked.directory.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert b"card-1" not in data, path
            assert b"ticket 1" not in data, path


def test_a_question_that_does_not_name_its_type_is_none(asked: Town) -> None:
    signed = cose.parse_sign1(asked.ask("card-1"))
    members = cbor.decode(signed.payload)
    del members["type"]
    header = {label: signed.protected[label] for label in (cose.CWT, cose.TYP)}
    with pytest.raises(StandingError) as caught:
        asked.ledger.decide(cose.sign1(asked.keys["bus"].key, header, cbor.encode(members)))
    assert caught.value.code == "E-DECIDE-02"
