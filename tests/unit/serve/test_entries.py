"""Registration: the answers that SCRAPI names, byte for byte the same whenever they are asked."""

import base64

import pytest

from standing.wire import cbor, cose
from tests.support import FOUNDED
from tests.unit.serve.support import COSE, process, serving


def hash_of(statement: bytes) -> str:
    return cose.parse_sign1(statement).statement_hash.hex()


def test_a_statement_is_registered_and_its_receipt_verifies_with_the_published_key(server, office):
    before = server.size
    statement = office.document()
    answer = server.post(statement)
    assert answer.status == 201
    assert answer.headers["content-type"] == COSE
    assert answer.headers["location"] == f"/entries/{hash_of(statement)}"
    index, size, _ = server.check(answer.body, statement)
    assert (index, size) == (before, before + 1)
    assert server.size == before + 1


def test_the_same_statement_again_gives_the_same_receipt_and_the_log_does_not_grow(server, office):
    statement = office.document()
    receipt = server.register(statement)
    size = server.size
    server.register(office.document())
    again = server.post(statement)
    assert (again.status, again.body) == (201, receipt)
    asked = server.get(f"/entries/{hash_of(statement)}")
    assert (asked.status, asked.body, asked.headers["content-type"]) == (200, receipt, COSE)
    assert asked.headers["location"] == f"/entries/{hash_of(statement)}"
    assert server.size == size + 1


def test_a_receipt_stays_the_same_after_its_key_was_changed_and_the_server_restarted(office):
    first, second = office.document(), office.document()
    with serving(office) as server:
        receipt = server.register(first)
        (old,) = server.receipt_keys()
    with office.open() as ledger:
        _, new = ledger.rotate_key("receipt", by=office.keys["city"])
    with serving(office) as server:
        assert list(server.receipt_keys()) == [old, new]
        assert server.get(f"/entries/{hash_of(first)}").body == receipt
        assert server.register(first) == receipt
        server.check(receipt, first)
        later = server.register(second)
        assert cose.parse_sign1(later).kid == new
        server.check(later, second)


def test_a_key_is_found_by_its_id_in_both_spellings_and_another_is_not(server):
    (kid,) = server.receipt_keys()
    for name in (kid.hex(), base64.urlsafe_b64encode(kid).rstrip(b"=").decode()):
        answer = server.get(f"/.well-known/scitt-keys/{name}")
        assert (answer.status, answer.headers["content-type"]) == (200, "application/cbor")
        key = cbor.decode(answer.body)
        assert (key[1], key[2], key[3], key[-1]) == (1, kid, -8, 6)
    for name in ("00" * 32, "", "%2e%2e", kid.hex().upper()):
        answer = server.get(f"/.well-known/scitt-keys/{name}")
        assert answer.problem[:2] == (404, "No such key")


def test_what_travels_in_the_open_header_is_emptied_and_changes_nothing(server, office):
    plain = office.document()
    parts = cbor.decode(plain[1:])
    receipt = server.register(office.document())
    parts[1] = {cose.RECEIPTS: [receipt], 33: b"x" * 60_000, "note": "travels along"}
    dressed = b"\xd2" + cbor.encode(parts)
    answer = server.post(dressed)
    assert answer.status == 201
    assert answer.headers["location"] == f"/entries/{hash_of(plain)}"
    index, _, _ = server.check(answer.body, plain)
    stored = server.on_writer(lambda ledger: ledger._core.log.entry(index))
    assert cbor.decode(stored[1:])[1] == {}
    assert stored == plain
    assert server.register(plain) == answer.body


@pytest.mark.parametrize("size", [20_000, 60_000])
def test_a_long_statement_in_one_piece_is_taken_like_a_short_one(server, office, size):
    from standing import charter

    envelope = charter.Envelope("document", bytes(32), "text/plain", {"words": "x" * size})
    statement = charter.sign_envelope(office.key("dora"), "dora", "long", envelope)
    head = f"POST /entries HTTP/1.1\r\nhost: x\r\ncontent-length: {len(statement)}\r\n"
    status, got = server.raw(f"{head}connection: close\r\n\r\n".encode() + statement)
    assert (status, hash_of(statement).encode() in got) == (201, True)


def test_documents_are_taken_with_either_digest_and_without_a_content_type(server, office):
    for digest in (b"\x01" * 32, b"\x02" * 64):
        statement = office.document(digest=digest)
        answer = server.ask("POST", "/entries", statement)
        server.check(answer.body, statement)


def test_an_issuer_accredited_over_http_is_heard_in_the_next_request(server, office):
    from standing import charter
    from tests.support import UNTIL, new_key

    office.keys["fay"] = new_key("issuer", "fay")
    early = office.document("fay")
    assert server.post(early).problem[:2] == (400, "Rejected")
    accredit = charter.Accredit(
        office.keys["fay"].public.cose_key(), "issuer", "fay", "fay", ("document",), (), "", UNTIL
    )
    server.register(charter.sign_statement(office.key("city"), "city", "accredit/fay", accredit))
    for statement in (early, office.document("fay")):
        server.check(server.register(statement), statement)


def test_the_day_moves_before_the_first_statement_of_a_new_day(server, office):
    server.register(office.document())
    before = server.size
    server.on_writer(lambda ledger: ledger.advance_to(FOUNDED + 2))
    statement = office.document()
    index, size, _ = server.check(server.register(statement), statement)
    assert (index, size) == (before + 2, before + 3)  # marks and the day came first
    assert server.on_writer(lambda ledger: ledger.state.day) == FOUNDED + 2


def test_a_clock_behind_the_ledger_is_not_the_statements_fault(office):
    with serving(office, day=FOUNDED + 2) as server:
        server.register(office.document())
    statement = office.document()
    with serving(office, day=FOUNDED + 1) as server:
        answer = server.post(statement)
        status, title, detail = answer.problem
        assert (status, title, "[E-CLOCK-02]" in detail) == (503, "Busy", True)
        assert answer.headers["retry-after"]
        assert server.get("/checkpoint").status == 200
    with serving(office, day=FOUNDED + 2) as server:
        server.check(server.register(statement), statement)


def test_with_a_helper_process_the_answers_are_the_same(office):
    good, early = office.document(), office.document("gone")
    with serving(office, helpers=1) as server:
        receipt = server.register(good)
        server.check(receipt, good)
        status, title, detail = server.post(early).problem
        assert (status, title, "[E-CHARTER-03]" in detail) == (400, "Rejected", True)
        flipped = good[:-1] + bytes([good[-1] ^ 1])
        assert "[E-SIG-0" in server.post(flipped).problem[2]
    with process(office, "--today", "2024-10-05", helpers=1) as server:
        assert server.register(good) == receipt
        later = office.document()
        server.check(server.register(later), later)
        assert server.end() == (0, "")
