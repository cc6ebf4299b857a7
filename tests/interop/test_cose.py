"""COSE libraries of other people verify receipts and statements, and refuse changed ones.

Python: scitt-cose checks a receipt whole, cwt its signature again. Go: go-cose the signature,
transparency-dev/merkle and x/mod the path.
"""

import pytest

from standing.audit.trust import TRUST_FILE, parse_trust
from standing.log import Log
from standing.verify.receipts import verify_receipt
from standing.wire import cbor, cose
from standing.wire.keys import PublicKey, SigningKey, load_key_file
from tests.interop.conftest import ISSUER_KEY, STATEMENT_SIZES, statement
from tests.interop.strangers import bytes_of
from tests.unit.log.conftest import ORIGIN, RECEIPT_KEY
from tests.vectors import load

VECTORS = load("receipts.json")
TAG = b"\xd2"


def named(key: PublicKey) -> dict[str, bytes]:
    return {"key": key.cose_key(), "kid": key.thumbprint}


KEYS = {"log": named(RECEIPT_KEY.public), "issuer": named(ISSUER_KEY.public)}


@pytest.fixture(params=["go", "python"])
def ask(request):
    """Ask a stranger about receipts and statements, by default with the right keys."""
    stranger = request.getfixturevalue(request.param)
    arguments = ["receipts"] if request.param == "go" else []

    def ask(receipts=(), statements=(), **more):
        task = {**KEYS, "receipts": list(receipts), "statements": list(statements), **more}
        return stranger.ask(*arguments, **task)

    return ask


def case(log, index):
    return {"receipt": log.receipt(index), "entry": log.entry(index)}


def accepted_of(verdicts):
    return [number for number, verdict in enumerate(verdicts) if not verdict.get("refused")]


def flipped(data, start, stop):
    """Give copies, each with one bit of one byte changed, the next byte another bit."""
    for place in range(start, stop):
        changed = bytearray(data)
        changed[place] ^= 1 << place % 8
        yield bytes(changed)


def rewritten(receipt, **changes):
    """Write a receipt anew with other parts, without signing it anew."""
    parts = cose.parse_sign1(receipt)
    found = {
        "protected": parts.protected_bytes,
        "unprotected": parts.unprotected,
        "payload": parts.payload,
        "signature": parts.signature,
        **changes,
    }
    return TAG + cbor.encode(list(found.values()))


def proof_of(receipt):
    return cbor.decode(cose.parse_sign1(receipt).unprotected[cose.PROOFS][-1][0], what="proof")


def with_proof(receipt, *proof):
    return rewritten(receipt, unprotected={cose.PROOFS: {-1: [cbor.encode(list(proof))]}})


# --- accepted --------------------------------------------------------------------------------


def test_every_receipt_of_a_log_is_accepted(ask, registered):
    answer = ask([case(registered, index) for index in range(registered.head.size)])
    assert answer.accepted, answer.said
    for index, verdict in enumerate(answer.said["receipts"]):
        size = next(size for size in STATEMENT_SIZES if index < size)
        assert (verdict["index"], verdict["size"]) == (index, size)
        assert bytes_of(verdict["root"]) == registered.root_at(size)


def test_every_receipt_of_a_whole_ledger_is_accepted(ask, town):
    trust = parse_trust((town.directory / TRUST_FILE).read_bytes(), where=TRUST_FILE)
    key = load_key_file(town.directory / "keys" / "receipt.key").public
    with Log.open(
        town.directory / "log",
        origin=trust.origin,
        extensions=trust.extensions,
        signers=None,
    ) as log:
        cases = [case(log, index) for index in range(log.head.size)]
    answer = ask(cases, log=named(key))
    assert answer.accepted, answer.said
    assert [verdict["index"] for verdict in answer.said["receipts"]] == list(range(len(cases)))


def test_the_receipts_of_the_vector_file_are_accepted(ask):
    entries = [bytes.fromhex(entry) for entry in VECTORS["entries"]]
    cases = [
        {"receipt": bytes.fromhex(each["receipt"]), "entry": entries[each["index"]]}
        for each in VECTORS["receipts"]
    ]
    keys = {
        role: named(PublicKey.from_cose_key(bytes.fromhex(VECTORS[name])))
        for role, name in (("log", "key"), ("issuer", "signer"))
    }
    answer = ask(cases, entries, **keys)
    assert answer.accepted, answer.said
    for each, verdict in zip(VECTORS["receipts"], answer.said["receipts"], strict=True):
        assert bytes_of(verdict["root"]).hex() == VECTORS["roots"][each["size"]]


def test_a_receipt_names_its_log_to_scitt(python, registered):
    answer = python.ask(**KEYS, receipts=[case(registered, 0)], statements=[])
    (verdict,) = answer.said["receipts"]
    assert (verdict["issuer"], verdict["subject"]) == (ORIGIN, ORIGIN)


def test_statements_in_the_log_are_accepted(ask, registered):
    numbers = (0, 1, 255, 256, 299)
    answer = ask(statements=[registered.entry(number) for number in numbers])
    assert answer.accepted, answer.said
    for number, verdict in zip(numbers, answer.said["statements"], strict=True):
        assert (verdict["issuer"], verdict["subject"]) == ("issuer", f"slot/{number}")
        assert bytes_of(verdict["payload"]) == b"payload %d" % number


def test_a_receipt_that_a_stranger_attached_leaves_the_entry_as_it_is(ask, registered):
    given = case(registered, 256)
    answer = ask(attach=[given])
    (carried,) = map(bytes_of, answer.said["attached"])
    parsed = cose.parse_sign1(carried)
    assert parsed.entry_bytes == given["entry"]
    (receipt,) = parsed.unprotected[cose.RECEIPTS]
    assert verify_receipt(receipt, parsed.entry_bytes, RECEIPT_KEY.public)[0] == 256
    assert ask(statements=[carried]).accepted


def test_a_statement_that_a_stranger_signed_is_one_of_ours(ask):
    like = statement(7)
    claims = like.protected[cose.CWT]
    wanted = {
        "secret": ISSUER_KEY.seed,
        "issuer": claims[cose.CWT_ISS],
        "subject": claims[cose.CWT_SUB],
        "type": like.protected[cose.TYP],
        "payload": like.payload,
    }
    made = cose.parse_sign1(bytes_of(ask(sign=wanted).said["signed"]))
    made.verify(ISSUER_KEY.public)
    assert made.entry_bytes == like.entry_bytes


# --- refused ---------------------------------------------------------------------------------


def test_a_flipped_byte_in_a_receipts_signature_is_refused(ask, registered):
    good = case(registered, 200)
    signature = cose.parse_sign1(good["receipt"]).signature
    start = good["receipt"].index(signature)
    changed = list(flipped(good["receipt"], start, start + len(signature)))
    verdicts = ask([{**good, "receipt": receipt} for receipt in changed]).said["receipts"]
    assert len(verdicts) == len(signature)
    assert not accepted_of(verdicts)


def test_a_flipped_byte_in_any_hash_of_a_receipts_path_is_refused(ask, registered):
    good = case(registered, 200)
    path = proof_of(good["receipt"])[2]
    changed = []
    for sibling in path:
        start = good["receipt"].index(sibling)
        changed += flipped(good["receipt"], start, start + len(sibling))
    verdicts = ask([{**good, "receipt": receipt} for receipt in changed]).said["receipts"]
    assert len(verdicts) == 32 * len(path)
    assert not accepted_of(verdicts)


def test_a_flipped_byte_in_a_receipts_protected_header_is_refused(ask, registered):
    good = case(registered, 200)
    header = cose.parse_sign1(good["receipt"]).protected_bytes
    start = good["receipt"].index(header)
    changed = list(flipped(good["receipt"], start, start + len(header)))
    verdicts = ask([{**good, "receipt": receipt} for receipt in changed]).said["receipts"]
    assert len(verdicts) == len(header)
    assert not accepted_of(verdicts)


def test_a_receipt_for_another_entry_place_or_size_is_refused(ask, registered):
    good = case(registered, 200)
    size, index, path = proof_of(good["receipt"])
    changed = {
        "another entry": {**good, "entry": registered.entry(201)},
        "no entry": {**good, "entry": b""},
        "another receipt": {**good, "receipt": registered.receipt(201)},
        "another place": {**good, "receipt": with_proof(good["receipt"], size, index + 1, path)},
        "a smaller tree": {**good, "receipt": with_proof(good["receipt"], 128, 127, path)},
        "a shorter path": {**good, "receipt": with_proof(good["receipt"], size, index, path[:-1])},
        "a longer path": {**good, "receipt": with_proof(good["receipt"], size, index, path * 2)},
        "a root of its own": {
            **good,
            "receipt": rewritten(good["receipt"], payload=registered.root_at(size)),
        },
    }
    verdicts = ask(changed.values()).said["receipts"]
    assert [list(changed)[number] for number in accepted_of(verdicts)] == []


def test_a_receipt_of_another_log_key_is_refused(ask, registered):
    other = SigningKey.from_seed(bytes(32)).public
    for kid in (other.thumbprint, RECEIPT_KEY.public.thumbprint):
        answer = ask([case(registered, 200)], log={"key": other.cose_key(), "kid": kid})
        assert not accepted_of(answer.said["receipts"])


def test_a_flipped_byte_anywhere_in_a_statement_is_refused(ask, registered):
    good = registered.entry(256)
    verdicts = ask(statements=flipped(good, 0, len(good))).said["statements"]
    assert len(verdicts) == len(good)
    assert not accepted_of(verdicts)


# --- what a receipt does not say -------------------------------------------------------------


def test_size_and_place_in_a_receipt_are_not_signed(ask):
    """RFC 9942 signs the root alone: two shapes of a tree can share a path.

    All libraries accept it, ours too; only a checkpoint binds a root to a size.
    """
    (given,) = [each for each in VECTORS["receipts"] if (each["index"], each["size"]) == (0, 6)]
    receipt = bytes.fromhex(given["receipt"])
    _, _, path = proof_of(receipt)
    other = with_proof(receipt, 7, 0, path)
    entry, key = bytes.fromhex(VECTORS["entries"][0]), bytes.fromhex(VECTORS["key"])
    log = PublicKey.from_cose_key(key)
    assert verify_receipt(receipt, entry, log)[:2] == (0, 6)
    assert verify_receipt(other, entry, log)[:2] == (0, 7)
    answer = ask([{"receipt": other, "entry": entry}], log=named(log))
    assert answer.accepted, answer.said
    assert answer.said["receipts"][0]["size"] == 7
