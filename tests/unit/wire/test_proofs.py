"""Proofs by own keys and by passkeys, against the vectors of `proofs.json`."""

import pytest
from cryptography.hazmat.primitives.asymmetric import utils
from hypothesis import given
from hypothesis import strategies as st

from standing.errors import Refused, StandingError
from standing.wire import cbor, cose
from standing.wire.keys import PublicKey, SigningKey
from standing.wire.proofs import make_proof, normalise_proof, verify_proof
from tests.vectors import load, make

VECTORS = load("proofs.json")
DIGEST = bytes.fromhex(VECTORS["digest"])
RP_ID = VECTORS["rp_id"]
CASES = {case["name"]: case for case in VECTORS["cases"]}


def _proof(name):
    return cbor.decode(bytes.fromhex(CASES[name]["proof"]))


def _key(name):
    return PublicKey.from_cose_key(bytes.fromhex(CASES[name]["key"]))


def _outcome(proof, key, rp_id=RP_ID):
    try:
        verify_proof(proof, key, DIGEST, rp_id=rp_id)
    except StandingError as error:
        return error.code
    return "ok"


@pytest.mark.parametrize("name", CASES)
def test_a_vector_has_its_outcome(name):
    assert _outcome(_proof(name), _key(name)) == CASES[name]["outcome"]


def test_a_high_s_is_stored_as_the_low_one():
    arrived, stored = _proof("high S"), _proof("a passkey")
    assert normalise_proof(arrived) == stored
    assert normalise_proof(stored) == stored
    assert _outcome(stored, _key("a passkey")) == "ok"


@pytest.mark.parametrize("name", ["an own key", "an Ed25519 passkey"])
def test_a_proof_with_one_spelling_is_stored_as_it_came(name):
    assert normalise_proof(_proof(name)) == _proof(name)


def test_a_signature_that_is_no_der_cannot_be_stored():
    proof = _proof("a passkey")
    with pytest.raises(Refused) as caught:
        normalise_proof([*proof[:3], b"\x30\x02\x01\x01"])
    assert caught.value.code == "E-PROOF-01"


@pytest.mark.parametrize("scalars", [(0, 1), (1, 0), (1 << 256, 1)])
def test_numbers_outside_the_group_are_no_signature(scalars):
    proof = _proof("a passkey")
    odd = [*proof[:3], utils.encode_dss_signature(*scalars)]
    assert _outcome(odd, _key("a passkey")) == "E-PROOF-01"


def test_a_proof_can_be_checked_by_any_cose_library():
    key = SigningKey.from_seed(bytes(32))
    _, signature = make_proof(key, DIGEST)
    protected = cbor.encode({1: -8, 16: "application/standing-proof+cose"})
    whole = b"\xd2" + cbor.encode([protected, {}, None, signature])
    cose.parse_sign1(whole).verify(key.public, DIGEST)


def test_a_proof_is_no_statement_over_the_same_digest():
    key = SigningKey.from_seed(bytes(32))
    statement = cose.parse_sign1(cose.sign1(key, {}, DIGEST))
    assert _outcome(["cose", statement.signature], key.public) == "E-SIG-02"


@pytest.mark.parametrize(
    ("origin", "outcome"),
    [
        ("http://localhost:8000", "ok"),
        ("https://localhost", "ok"),
        ("ftp://localhost", "E-PROOF-02"),
        ("http://[", "E-PROOF-02"),
        (7, "E-PROOF-02"),
    ],
)
def test_a_passkey_of_localhost_may_be_used_without_tls(origin, outcome):
    proof = make._assert(make._authenticator("localhost"), make._client(DIGEST, origin=origin))
    assert _outcome(proof, _key("a passkey"), rp_id="localhost") == outcome


def test_client_data_longer_than_a_browser_writes_is_refused():
    proof = make._assert(make._authenticator(), make._client(DIGEST, more="x" * 5000))
    assert _outcome(proof, _key("a passkey")) == "E-PROOF-01"


@pytest.mark.parametrize("length", [0, 31, 33])
def test_only_a_sha256_digest_is_proved(length):
    key = SigningKey.from_seed(bytes(32))
    with pytest.raises(Refused):
        make_proof(key, bytes(length))
    with pytest.raises(Refused):
        verify_proof(["cose", bytes(64)], key.public, bytes(length), rp_id=RP_ID)


@given(st.data())
def test_one_flipped_bit_ends_a_passkeys_proof(data):
    proof = _proof("a passkey")
    part = data.draw(st.integers(1, 3))
    changed = bytearray(proof[part])
    bit = data.draw(st.integers(0, len(changed) * 8 - 1))
    changed[bit // 8] ^= 1 << bit % 8
    proof[part] = bytes(changed)
    assert _outcome(proof, _key("a passkey")) != "ok"
