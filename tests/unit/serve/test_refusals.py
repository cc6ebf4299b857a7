"""Each refusal over HTTP: its status, its title, our code in its detail; the log stays as it was."""

import contextlib
import socket
import threading
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from standing import charter
from standing.errors import StandingError
from standing.serve import _protocol
from standing.wire import cbor, cose
from tests.support import FOUNDED
from tests.unit.serve.support import (
    COSE,
    PROBLEM,
    Answer,
    process,
    read_to_end,
    serving,
    standing_command,
)

SMALL_ORDER = b"\x01" + bytes(31)  # the neutral point
REJECTED, MALFORMED = (400, "Rejected"), (400, "Malformed request")


def parts_of(statement):
    """Take a statement apart: protected header, open header, payload, signature."""
    protected, unprotected, payload, signature = cbor.decode(statement[1:])
    return cbor.decode(protected), unprotected, payload, signature


def put_together(protected, unprotected, payload, signature):
    header = protected if isinstance(protected, bytes) else cbor.encode(protected)
    return b"\xd2" + cbor.encode([header, unprotected, payload, signature])


def named_algorithm(office, alg, length=64):
    protected, open_header, payload, _ = parts_of(office.document())
    return put_together(protected | {cose.ALG: alg}, open_header, payload, bytes(length))


def without_payload(office):
    protected, open_header, _, signature = parts_of(office.document())
    return put_together(protected, open_header, None, signature)


def with_signature(office, signature):
    protected, open_header, payload, _ = parts_of(office.document())
    return put_together(protected, open_header, payload, signature)


def flipped(office):
    data = office.document()
    return data[:-1] + bytes([data[-1] ^ 1])


def unsigned_payload(office):
    protected, open_header, payload, signature = parts_of(office.document())
    return put_together(protected, open_header, bytes([payload[0] ^ 1]) + payload[1:], signature)


def by_a_stranger(office):
    from tests.support import new_key

    office.keys["zoe"] = new_key("issuer", "zoe")
    return office.document("zoe")


def a_key_twice(office):
    data = office.document()
    at = data.index(b"\xa0", 3)  # the empty open header
    return data[:at] + b"\xa2\x18\x21\x00\x18\x21\x00" + data[at + 1 :]


def a_long_integer(office):
    protected, _, payload, signature = parts_of(office.document())
    header = cbor.encode(protected).replace(b"\x01\x27", b"\x18\x01\x27", 1)
    return put_together(header, {}, payload, signature)


def of_bytes(count):
    def make(office, who="dora"):
        made, words = b"", count - 500
        while len(made) != count:
            words += count - len(made) if made else 0
            about = {"words": "x" * words}
            envelope = charter.Envelope("document", bytes(32), "text/plain", about)
            made = charter.sign_envelope(office.key(who), who, "long", envelope)
        return made

    return make


def own_kind(statement, name="city"):
    def make(office):
        return charter.sign_statement(office.key(name), name, "slot", statement)

    return make


def catalogue_of_an_issuer(office):
    envelope = charter.Envelope("catalogue", bytes(32), "application/json", {})
    return charter.sign_envelope(office.key("dora"), "dora", "catalogue", envelope)


def batch_of_an_issuer(office):
    batch = charter.Batch(1, bytes(32), 32, "transit")
    return charter.sign_statement(office.key("dora"), "dora", "batch", batch)


CASES = {
    "ES384": (lambda o: named_algorithm(o, -35, 96), (400, "Bad Signature Algorithm"), "E-KEY-01"),
    "ES384 in 64 bytes": (lambda o: named_algorithm(o, -35), (400, "Bad Signature Algorithm"), "E-KEY-01"),
    "ML-DSA-44": (lambda o: named_algorithm(o, -48, 2420), (400, "Bad Signature Algorithm"), "E-KEY-01"),
    "an algorithm by name": (lambda o: named_algorithm(o, "EdDSA"), (400, "Bad Signature Algorithm"), "E-KEY-01"),
    "ES256 under an Ed25519 key": (lambda o: named_algorithm(o, -7), (400, "Bad Signature Algorithm"), "E-COSE-04"),
    "no payload": (without_payload, (400, "Payload Missing"), "E-STATEMENT-02"),
    "R of small order": (lambda o: with_signature(o, SMALL_ORDER + bytes(32)), REJECTED, "E-SIG-01"),
    "S not reduced": (lambda o: with_signature(o, b"\x58" + b"\x66" * 31 + b"\xff" * 32), REJECTED, "E-SIG-01"),
    "a flipped bit in the signature": (flipped, REJECTED, "E-SIG-0"),
    "a flipped bit in the payload": (unsigned_payload, REJECTED, "E-SIG-02"),
    "a key on no roll": (by_a_stranger, REJECTED, "E-CHARTER-01"),
    "a revoked key": (lambda o: o.document("gone"), REJECTED, "E-CHARTER-03"),
    "a kind beyond the right": (catalogue_of_an_issuer, (400, "Rejected"), "E-"),
    "another issuer's name": (lambda o: o.document("dora", issuer="emil"), REJECTED, "E-CHARTER-06"),
    "a key of a map twice": (a_key_twice, MALFORMED, "E-CBOR-0"),
    "a longer integer": (a_long_integer, MALFORMED, "E-CBOR-03"),
    "bytes behind": (lambda o: o.document() + b"\x00", MALFORMED, "E-CBOR-0"),
    "another tag": (lambda o: b"\xd1" + o.document()[1:], MALFORMED, "E-COSE-02"),
    "no tag": (lambda o: o.document()[1:], MALFORMED, "E-COSE-02"),
    "nothing": (lambda _: b"", MALFORMED, "E-COSE-02"),
    "half of it": (lambda o: o.document()[:100], MALFORMED, "E-CBOR-02"),
    "nested without end": (lambda _: b"\xd2" + b"\x81" * 60_000, MALFORMED, "E-CBOR-02"),
    "65,536 bytes": (of_bytes(65_536), MALFORMED, "E-COSE-01"),
    "a document of 65,535 bytes by a revoked key": (lambda o: of_bytes(65_535)(o, "gone"), REJECTED, "E-CHARTER-03"),
    "a batch": (batch_of_an_issuer, (403, "Forbidden"), "E-REGISTER-01"),
    "marks": (own_kind(charter.Marks(1, bytes(32), 64, FOUNDED)), (403, "Forbidden"), "E-REGISTER-01"),
    "a day": (own_kind(charter.DayMoved(FOUNDED)), (403, "Forbidden"), "E-REGISTER-01"),
    "a key of the log": (
        lambda o: own_kind(charter.KeySet("clerk", o.keys["dora"].public.cose_key()))(o),
        (403, "Forbidden"), "E-REGISTER-01",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """One ledger and its server for all refusals: none of them may change it."""
    from tests.unit.serve.support import found

    office = found(tmp_path_factory.mktemp("refusals") / "ledger")
    with serving(office) as server:
        yield server, office


@pytest.mark.parametrize("case", CASES)
def test_a_refusal_has_its_status_its_title_and_our_code_and_changes_nothing(shared, case):
    server, office = shared
    make, expected, code = CASES[case]
    before = server.on_writer(lambda ledger: (ledger.log_size, ledger.checkpoint))
    status, title, detail = server.post(make(office)).problem
    assert (status, title) == expected
    assert f"[{code}" in detail
    assert server.on_writer(lambda ledger: (ledger.log_size, ledger.checkpoint)) == before


def test_the_longest_statement_is_taken(office):
    with serving(office) as server:
        statement = of_bytes(65_535)(office)
        server.check(server.register(statement), statement)


@pytest.mark.parametrize(
    ("kind", "door"),
    [
        ("a batch", "standing import"),
        ("marks", "standing tick"),
        ("a day", "the first statement of a new day"),
        ("a key of the log", "standing key rotate"),
    ],
)
def test_what_comes_through_another_door_is_told_which(shared, kind, door):
    server, office = shared
    assert door in server.post(CASES[kind][0](office)).problem[2].replace(
        "The ledger", "the ledger"
    )


def test_a_key_of_the_log_that_stands_already_gives_its_receipt(shared):
    server, _ = shared
    entry = server.on_writer(lambda ledger: ledger._core.log.entry(2))
    assert charter.kind_of(cose.parse_sign1(entry)) == "key"
    assert server.check(server.register(entry), entry)[0] == 2


def test_an_accreditation_that_has_ended_is_refused(office):
    with serving(office, day=FOUNDED + 1) as server:
        status, title, detail = server.post(office.document("late")).problem
        assert (status, title, "[E-CHARTER-04]" in detail) == (400, "Rejected", True)
        server.register(office.document())


def test_after_every_refusal_the_server_serves_and_has_said_nothing(office):
    statements = [make(office) for make, _, _ in CASES.values()]
    good = office.document()
    with process(office) as server:
        for statement in statements:
            assert server.post(statement).status in {400, 403}
        receipt = server.register(good)
        server.check(receipt, good)
        assert server.end() == (0, "")


def test_a_batch_that_stands_in_the_log_gives_its_receipt(town):
    from tests.support import TODAY, rows
    from tests.unit.serve.support import Served, Settings

    town.import_rows(rows(6))
    log = town.ledger._core.log
    (batch, *_) = [
        entry for entry in log.entries() if charter.kind_of(cose.parse_sign1(entry)) == "batch"
    ]
    size = town.ledger.log_size
    server = Served(town.ledger, Settings(helpers=0, rate=1e6))
    try:
        receipt = server.register(batch)
        assert server.check(receipt, batch)[0] < size
        assert server.size == size
    finally:
        server.close()
    assert town.ledger.state.day == TODAY


# --- HTTP itself ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "title"),
    [
        ("GET", "/entries/xyz", None, 400, "Invalid locator"),
        ("GET", "/entries/" + "A" * 64, None, 400, "Invalid locator"),
        ("GET", "/entries/" + "a" * 63, None, 400, "Invalid locator"),
        ("GET", "/entries/" + "g" * 64, None, 400, "Invalid locator"),
        ("GET", "/entries/", None, 400, "Invalid locator"),
        ("GET", "/entries/" + "0" * 64, None, 404, "Not Found"),
        ("GET", "/", None, 404, "Not Found"),
        ("GET", "/elsewhere", None, 404, "Not Found"),
        ("GET", "/entries", None, 404, "Not Found"),
        ("POST", "/", b"x", 404, "Not Found"),
        ("POST", "/checkpoint", b"x", 404, "Not Found"),
        ("PUT", "/entries", b"x", 405, "Method Not Allowed"),
        ("DELETE", "/entries/" + "0" * 64, None, 405, "Method Not Allowed"),
        ("OPTIONS", "/entries", None, 405, "Method Not Allowed"),
        ("POST", "/entries", bytes(charter.MAX_POSTED_BYTES + 1), 413, "Content Too Large"),
        ("POST", "/documents", bytes(charter.MAX_DEPOSIT_BYTES + 1), 413, "Content Too Large"),
    ],
)
def test_other_requests_have_their_status_and_title(shared, method, path, body, status, title):
    server, _ = shared
    if status == 413:
        head = f"POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: {len(body)}\r\n\r\n".encode()
        got, whole = server.raw(head + body)
        assert (got, title.encode() in whole, PROBLEM.encode() in whole) == (status, True, True)
        return
    assert server.ask(method, path, body).problem[:2] == (status, title)


def test_another_media_type_is_refused_and_parameters_are_not(shared):
    server, office = shared
    for wrong in ("text/plain", "application/json", "multipart/form-data; boundary=x"):
        answer = server.ask("POST", "/entries", office.document(), content_type=wrong)
        assert answer.problem[:2] == (415, "Unsupported Media Type")
    for right in (COSE, f'{COSE}; cose-type="cose-sign1"', "Application/COSE"):
        assert server.ask("POST", "/entries", office.document(), content_type=right).status == 201


def test_a_body_in_chunks_beyond_the_limit_is_refused_before_its_end(shared):
    server, _ = shared
    head = b"POST /entries HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"
    chunk = b"10000\r\n" + bytes(65_536) + b"\r\n"
    assert server.raw(head + chunk * 5)[0] == 413


def test_a_statement_in_chunks_is_taken(shared):
    server, office = shared
    statement = office.document()
    head = b"POST /entries HTTP/1.1\r\nhost: x\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n"
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in statement)
    assert server.raw(head + chunks + b"0\r\n\r\n")[0] == 201


@pytest.mark.parametrize("pieces", [1, 1000])
def test_a_million_bytes_of_header_fields_are_431(shared, pieces):
    server, office = shared
    fields = b"".join(b"x-%d: %s\r\n" % (n, b"y" * (1_000_000 // pieces)) for n in range(pieces))
    status, whole = server.raw(b"GET /checkpoint HTTP/1.1\r\nhost: x\r\n" + fields + b"\r\n")
    assert (status, PROBLEM.encode() in whole) == (431, True)
    assert server.raw(b"GET /" + b"y" * 1_000_000)[0] == 431
    server.register(office.document())


def test_bytes_that_are_no_http_are_400(shared):
    server, _ = shared
    assert server.raw(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(100))[0] == 400
    assert server.raw(b"POST /entries HTTP/1.1\r\ncontent-length: -1\r\n\r\n")[0] == 400


def test_a_header_that_drips_is_408(shared, monkeypatch):
    server, _ = shared
    monkeypatch.setattr(_protocol, "_HEAD_SECONDS", 0.3)
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as peer:
        began = time.monotonic()
        peer.sendall(b"GET /")
        with contextlib.suppress(ConnectionError):
            while time.monotonic() - began < 5:
                peer.sendall(b"x")
                peer.settimeout(0.02)
                with contextlib.suppress(TimeoutError):
                    if got := peer.recv(4096):
                        break
        assert got.startswith(b"HTTP/1.1 408 ")
        assert time.monotonic() - began < 3


def test_a_connection_that_says_nothing_is_ended_and_one_between_requests_is_kept(
    shared, monkeypatch
):
    server, _ = shared
    monkeypatch.setattr(_protocol, "_HEAD_SECONDS", 0.3)
    assert server.raw(b"")[0] == 408
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as peer:
        for pause in (0.7, 0):
            peer.sendall(b"GET /checkpoint HTTP/1.1\r\nhost: x\r\n\r\n")
            assert peer.recv(65_536).startswith(b"HTTP/1.1 200 ")
            time.sleep(pause)
        peer.sendall(b"GET /che")
        assert read_to_end(peer)[0] == 408


@pytest.mark.parametrize("first", [b"", b"\xd2"])
def test_a_body_that_does_not_come_is_408(shared, monkeypatch, first):
    server, _ = shared
    monkeypatch.setattr(_protocol, "_BODY_SECONDS", 0.3)
    began = time.monotonic()
    head = b"POST /entries HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n"
    status, whole = server.raw(head + first)
    assert (status, PROBLEM.encode() in whole) == (408, True)
    assert time.monotonic() - began < 5


def test_a_client_that_leaves_in_the_middle_of_a_body_brings_nothing(shared):
    server, office = shared
    before = server.size
    statement = office.document()
    for cut in (0, 1, 50, len(statement) - 1):
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as peer:
            head = f"POST /entries HTTP/1.1\r\nhost: x\r\ncontent-length: {len(statement)}\r\n\r\n"
            peer.sendall(head.encode() + statement[:cut])
    time.sleep(0.1)
    assert server.size == before
    server.register(statement)
    assert server.size == before + 1


def test_too_many_requests_are_429_with_the_time_to_wait(office):
    with serving(office, rate=2) as server:
        statement = office.document()
        answers = [server.post(statement) for _ in range(6)]
        assert [answer.status for answer in answers[:4]] == [201] * 4
        refused = answers[-1]
        assert refused.problem[:2] == (429, "Too Many Requests")
        assert int(refused.headers["retry-after"]) >= 1
        assert server.get("/checkpoint").status == 200  # reading is not counted
        time.sleep(int(refused.headers["retry-after"]) + 0.2)
        assert server.post(statement).status == 201


def test_who_sends_bad_statements_is_slowed_down_sooner(office):
    with serving(office, rate=5) as server:
        statuses = [server.post(b"nonsense").status for _ in range(4)]
        assert statuses[:2] == [400, 400]
        assert statuses[-1] == 429


# --- whatever arrives ------------------------------------------------------------------------------


def _mutations(seed):
    def cut(data, at, other):
        return data[: at % len(data)] + other + data[at % len(data) :]

    def over(data, at, other):
        at %= len(data)
        return data[:at] + other + data[at + len(other) :]

    places, bits = st.integers(0, 10_000), st.binary(max_size=6)
    return st.builds(lambda f, a, b: f(seed, a, b), st.sampled_from([cut, over]), places, bits)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-70, 300) | st.binary(max_size=5) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.integers(-20, 400) | st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_whatever_arrives_is_a_claim_or_an_error_of_ours(data, shared):
    """An exception of another kind would end the process that examines."""
    _, office = shared
    statement = office.document()
    protected, open_header, payload, signature = parts_of(statement)
    label = data.draw(st.sampled_from([*protected, 2, 5, "x"]))
    odd = put_together(
        protected | {label: data.draw(VALUES)}, open_header, data.draw(st.just(payload) | st.none() | st.binary(max_size=40)), signature
    )  # fmt: skip
    keys = {key.public.thumbprint: key.public for key in office.keys.values()}
    for body in (odd, data.draw(_mutations(statement))):
        with contextlib.suppress(StandingError):
            charter.examine(body, keys)


PAYLOADS = {
    kind: f"application/vnd.standing.{kind}.v1+cose"
    for kind in ("genesis", "key", "accredit", "revoke", "day", "batch", "marks")
}


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(kind=st.sampled_from(sorted(PAYLOADS)), value=VALUES, extra=VALUES)
def test_whatever_an_accredited_key_signs_is_judged(kind, value, extra, shared):
    server, office = shared
    header = {cose.CWT: {1: "city", 2: "slot"}, cose.TYP: PAYLOADS[kind], "more": extra}
    signed = cose.sign1(office.key("city"), header, cbor.encode(value))
    assert server.post(signed).status in {400, 403}


def test_requests_at_once_from_a_crowd_of_bad_clients_leave_the_server_as_it_was(shared):
    server, office = shared
    before = server.size
    answers: list[Answer] = []

    def send(number):
        make, _, _ = list(CASES.values())[number % len(CASES)]
        answers.append(server.post(make(office)))

    threads = [threading.Thread(target=send, args=(number,)) for number in range(2 * len(CASES))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status for answer in answers} == {400, 403}
    assert server.size == before


def test_the_ledger_is_whole_after_all_refusals(office):
    with serving(office) as server:
        for make, _, _ in CASES.values():
            server.post(make(office))
        server.register(office.document())
    ran = standing_command("log", "audit", "--ledger", office.directory)
    assert ran.returncode == 0, ran.stderr
