"""Who may say what: each refusal by its code, and a replay that gives the live state."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from standing import charter
from standing.charter import Accredit, Batch, DayMoved, Envelope, Genesis, KeySet, Marks, Revoke
from standing.errors import StandingError
from standing.wire import cbor, cose
from standing.wire.days import LAST_DAY
from standing.wire.keys import SigningKey
from tests.support import make_ledger, rows

DAY = 100
ORIGIN = "test.example/charter"
ROOT = bytes(range(32))
CATALOGUE = b"c" * 32
KEYS = {
    name: SigningKey.generate()
    for name in ("city", "checkpoint", "receipt", "clerk", "answer", "ann", "ben", "metro", "new")
}
GENESIS = Genesis(
    ORIGIN, "simulated", DAY, 86_400, "localhost", "city", "office",
    KEYS["city"].public.cose_key(), KEYS["checkpoint"].public.cose_key(),
)  # fmt: skip


def say(name: str, statement: object, issuer: str = "") -> bytes:
    sign = charter.sign_envelope if isinstance(statement, Envelope) else charter.sign_statement
    return sign(KEYS[name], issuer or name, "slot", statement)


def public(name: str) -> bytes:
    return KEYS[name].public.cose_key()


def right(key: str, role: str, kinds: tuple[str, ...], **changes: object) -> Accredit:
    made = Accredit(public(key), role, key, f"{key} office", kinds, (), "", DAY + 50)
    return msgspec.structs.replace(made, **changes)


def pack(digest: bytes = b"p" * 32, **changes: object) -> Envelope:
    facts = {"context": "transit", "version": 1, "force": DAY + 5, "linter": 1,
             "catalogue": CATALOGUE}  # fmt: skip
    return Envelope("pack", digest, "application/yaml", facts | changes)


FOUNDING = [
    say("city", GENESIS),
    *(say("city", KeySet(purpose, public(purpose))) for purpose in ("receipt", "clerk", "answer")),
    say("city", right("ann", "rule-maker", ("catalogue", "pack"))),
    say("city", right("ben", "rule-maker", ("catalogue", "pack"))),
    say("city", right("metro", "issuer", ("batch",), contexts=("transit",))),
    say("ann", Envelope("catalogue", CATALOGUE, "application/yaml", {})),
]
PACKED = [say("ann", pack()), say("ben", pack())]
LATER = [say("clerk", Marks(1, ROOT, 64, DAY + 4), ORIGIN), say("clerk", DayMoved(DAY + 5), ORIGIN)]
IN_FORCE = [*FOUNDING, *PACKED, *LATER]
BATCH = Batch(1, ROOT, 32, "transit")


def state_of(entries: list[bytes]) -> charter.State:
    state = charter.replay(entries)
    assert state is not None
    return state


def refusal(before: list[bytes], statement: bytes) -> str:
    """Give the code under which a statement is refused, and see that nothing changed."""
    state = charter.replay(before)
    rows_before = charter.encode_state(state) if state else {}
    with pytest.raises(StandingError) as caught:
        charter.admit(state, cose.parse_sign1(statement))
    assert rows_before == (charter.encode_state(state) if state else {})
    return caught.value.code


def after(*entries: bytes) -> list[bytes]:
    return [*FOUNDING, *entries]


def changed(**changes: object) -> bytes:
    return say("city", msgspec.structs.replace(GENESIS, **changes))


METRO_ID = KEYS["metro"].public.thumbprint
CASES: dict[str, Callable[[], tuple[list[bytes], bytes]]] = {
    "01 an unknown key": lambda: (FOUNDING, say("new", BATCH)),
    "02 not the clerk": lambda: (FOUNDING, say("city", DayMoved(DAY))),
    "02 marks not the clerk's": lambda: (FOUNDING, say("metro", Marks(1, ROOT, 64, DAY))),
    "03 a revoked key": lambda: (
        after(*PACKED, *LATER, say("city", Revoke(METRO_ID, "lost"))), say("metro", BATCH),
    ),
    "04 an ended right": lambda: (
        after(
            say("clerk", Marks(1, ROOT, 64, DAY + 50), ORIGIN),
            say("clerk", DayMoved(DAY + 51), ORIGIN),
        ),
        say("metro", BATCH),
    ),
    "05 a kind not given": lambda: (FOUNDING, say("metro", pack())),
    "06 another's name": lambda: (IN_FORCE, say("metro", BATCH, "tram")),
    "07 no genesis first": lambda: ([], say("city", DayMoved(DAY))),
    "08 no such clock": lambda: ([], changed(clock="lunar")),
    "08 an uneven interval": lambda: ([], changed(interval_seconds=7 * 3600)),
    "08 no interval": lambda: ([], changed(interval_seconds=0)),
    "08 a day before days": lambda: ([], changed(day=-1)),
    "09 not its operator": lambda: ([], say("new", GENESIS, "city")),
    "11 no such purpose": lambda: (FOUNDING, say("city", KeySet("snooping", public("new")))),
    "12 a key twice": lambda: (FOUNDING, say("city", KeySet("clerk", public("metro")))),
    "12 the checkpoint key": lambda: (
        FOUNDING, say("city", right("checkpoint", "issuer", ("batch",))),
    ),
    "13 a kind beyond the role": lambda: (
        FOUNDING, say("city", right("new", "issuer", ("pack",))),
    ),
    "13 no such role": lambda: (FOUNDING, say("city", right("new", "king", ("batch",)))),
    "14 a day gone by": lambda: (
        FOUNDING, say("city", right("new", "issuer", ("batch",), until=DAY - 1)),
    ),
    "14 no name": lambda: (FOUNDING, say("city", right("new", "issuer", ("batch",), name=""))),
    "15 a name of others": lambda: (
        FOUNDING, say("city", right("new", "issuer", ("batch",), name="metro")),
    ),
    "16 nothing to revoke": lambda: (FOUNDING, say("city", Revoke(b"k" * 32, "why"))),
    "16 the operator itself": lambda: (
        FOUNDING, say("city", Revoke(KEYS["city"].public.thumbprint, "why")),
    ),
    "16 revoked before": lambda: (
        after(say("city", Revoke(METRO_ID, "a"))), say("city", Revoke(METRO_ID, "b")),
    ),
    "17 a day back": lambda: (FOUNDING, say("clerk", DayMoved(DAY - 1), ORIGIN)),
    "18 marks missing": lambda: (FOUNDING, say("clerk", DayMoved(DAY + 1), ORIGIN)),
    "19 marks twice": lambda: (
        after(LATER[0]), say("clerk", Marks(1, ROOT, 64, DAY + 4), ORIGIN),
    ),
    "20 another context": lambda: (
        IN_FORCE, say("metro", msgspec.structs.replace(BATCH, context="rail")),
    ),
    "21 no pack": lambda: (FOUNDING, say("metro", BATCH)),
    "21 a pack not yet in force": lambda: (after(*PACKED), say("metro", BATCH)),
    "21 a pack signed once": lambda: (after(PACKED[0], *LATER), say("metro", BATCH)),
    "22 an unknown catalogue": lambda: (FOUNDING, say("ann", pack(catalogue=b"x" * 32))),
    "22 a day that no calendar has": lambda: (FOUNDING, say("ann", pack(force=-(2**40)))),
    "22 facts of another form": lambda: (FOUNDING, say("ann", pack(colour="red"))),
    "22 signed twice by one": lambda: (after(PACKED[0]), PACKED[0]),
    "22 signed a third time": lambda: (after(*PACKED), PACKED[1]),
    "22 other facts": lambda: (after(PACKED[0]), say("ben", pack(version=2))),
    "22 in force too soon": lambda: (
        after(say("ann", pack(force=DAY))), say("ben", pack(force=DAY)),
    ),
    "22 a version again": lambda: (after(*PACKED), say("ann", pack(b"q" * 32, force=DAY + 9))),
    "22 in force no later": lambda: (after(*PACKED), say("ann", pack(b"q" * 32, version=2))),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_statement_without_right_is_refused_by_its_code_and_changes_nothing(case: str) -> None:
    before, statement = CASES[case]()
    assert refusal(before, statement) == f"E-CHARTER-{case[:2]}"


def test_a_second_genesis_is_refused() -> None:
    assert refusal(FOUNDING, FOUNDING[0]) in {"E-CHARTER-05", "E-CHARTER-10"}


def test_every_refusal_code_of_a_reachable_rule_has_a_case() -> None:
    assert {case[:2] for case in CASES} == {f"{n:02}" for n in range(1, 23)} - {"10"}


def test_a_statement_whose_signature_was_changed_is_refused() -> None:
    for entry in IN_FORCE:
        state = charter.replay(IN_FORCE[: IN_FORCE.index(entry)])
        broken = entry[:-1] + bytes([entry[-1] ^ 1])
        with pytest.raises(StandingError):
            charter.admit(state, cose.parse_sign1(broken))
        skipped = charter.admit(state, cose.parse_sign1(broken), check_signature=False)
        assert skipped == charter.admit(state, cose.parse_sign1(entry))


def test_a_batch_of_the_right_issuer_under_rules_in_force_is_admitted() -> None:
    before = state_of(IN_FORCE)
    later = charter.admit(before, cose.parse_sign1(say("metro", BATCH)))
    assert later.size == before.size + 1
    assert later.roll is before.roll


def test_a_pack_is_published_by_two_signatures_on_the_same_bytes() -> None:
    assert state_of(after(PACKED[0])).packs_of("transit") == []
    assert state_of(after(*PACKED)).packs_of("transit") == [(DAY + 5, b"p" * 32)]


def test_the_newest_key_of_a_purpose_signs() -> None:
    entries = after(say("city", KeySet("clerk", public("new"))))
    assert state_of(entries).log_key("clerk") == public("new")
    assert refusal(entries, say("clerk", DayMoved(DAY), ORIGIN)) == "E-CHARTER-02"
    charter.admit(state_of(entries), cose.parse_sign1(say("new", DayMoved(DAY), ORIGIN)))


def test_what_a_key_said_before_its_revocation_stays() -> None:
    entries = [*IN_FORCE, say("metro", BATCH), say("city", Revoke(METRO_ID, "lost"))]
    assert state_of(entries).roll.keys[METRO_ID].revoked_entry == len(entries) - 1


def test_a_state_comes_back_from_its_rows_at_every_entry() -> None:
    state, stored = None, {}
    for entry in IN_FORCE:
        before, state = state, charter.admit(state, cose.parse_sign1(entry))
        stored |= charter.encode_state(state, before)
        again = charter.decode_state(stored["clock"], stored["roll"])
        assert again == state
        assert charter.encode_state(again) == stored


def test_replaying_a_ledgers_entries_gives_its_live_state(tmp_path: Path) -> None:
    town = make_ledger(tmp_path, subjects=1)
    town.import_rows(rows(4))
    log = town.ledger._core.log
    entries = [bytes(log.entry(index)) for index in range(log.head.size)]
    live = town.ledger.state
    town.ledger.close()
    assert charter.replay(entries) == live


@pytest.mark.parametrize(
    "statement",
    [
        Batch(2, ROOT, 32, "transit"), Batch(1, ROOT[:-1], 32, "transit"),
        Batch(1, ROOT, 16, "transit"), Batch(1, ROOT, 48, "transit"), Marks(1, ROOT, 32, DAY),
        Envelope("document", b"short", "text/plain", {}),
        DayMoved(-1), DayMoved(LAST_DAY + 1), DayMoved(-(2**64)),
        right("new", "issuer", ("batch",), until=LAST_DAY + 1),
        msgspec.structs.replace(GENESIS, day=LAST_DAY + 1),
    ],
)  # fmt: skip
def test_a_statement_of_another_form_is_none(statement: object) -> None:
    with pytest.raises(StandingError) as caught:
        charter.parse_statement(cose.parse_sign1(say("city", statement)))
    assert caught.value.code == "E-STATEMENT-01"


def test_a_statement_that_does_not_name_its_type_is_none() -> None:
    header = {cose.CWT: {1: "city", 2: "slot"}, cose.TYP: "application/vnd.standing.revoke.v1+cose"}
    payload = {"type": "standing/revoke/1", "kid": METRO_ID, "reason": "lost"}
    named = cose.sign1(KEYS["city"], header, cbor.encode(payload))
    assert charter.parse_statement(cose.parse_sign1(named)) == Revoke(METRO_ID, "lost")
    del payload["type"]
    with pytest.raises(StandingError) as caught:
        charter.parse_statement(
            cose.parse_sign1(cose.sign1(KEYS["city"], header, cbor.encode(payload)))
        )
    assert caught.value.code == "E-STATEMENT-01"


def test_statements_come_back_as_they_were_signed() -> None:
    for statement in (GENESIS, BATCH, DayMoved(DAY), Revoke(METRO_ID, "x"), pack()):
        again = charter.parse_statement(cose.parse_sign1(say("city", statement)))
        assert again == statement
