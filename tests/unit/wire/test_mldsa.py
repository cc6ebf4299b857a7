"""ML-DSA-44 keys: where they may stand, and where they may not."""

import base64
import hashlib
import json
import pickle
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standing.errors import Broken, Refused
from standing.wire import _mldsa, cbor, cose
from standing.wire.keys import (
    KeyFile,
    PublicKey,
    SigningKey,
    algorithm_of,
    format_key_file,
    parse_key_file,
)
from standing.wire.notes import sign_note

KEY = SigningKey.from_seed(bytes(32), "ML-DSA-44")
SIGNATURE = KEY.sign(b"message")
FILE = KeyFile("witness", "W", KEY, KEY.public)
PRIVATE = format_key_file(FILE, private=True)


def test_the_key_of_the_zero_seed_is_the_one_of_the_jose_draft():
    # draft-ietf-cose-dilithium, the ML-DSA-44 example: the JWK thumbprint (RFC 7638) is its kid
    pub = base64.urlsafe_b64encode(KEY.public.raw).rstrip(b"=").decode()
    required = json.dumps({"alg": "ML-DSA-44", "kty": "AKP", "pub": pub}, separators=(",", ":"))
    thumbprint = base64.urlsafe_b64encode(hashlib.sha256(required.encode()).digest())
    assert thumbprint.rstrip(b"=") == b"T4xl70S7MT6Zeq6r9V9fPJGVn76wfnXJ21-gyo0Gu6o"


def test_a_signature_holds_and_is_hedged():
    KEY.public.verify(SIGNATURE, b"message")
    assert (len(SIGNATURE), len(KEY.public.raw)) == (2420, 1312)
    assert KEY.sign(b"message") != SIGNATURE


@given(st.integers(0, 2420 * 8 - 1))
def test_one_flipped_bit_ends_a_signature(bit):
    data = bytearray(SIGNATURE)
    data[bit // 8] ^= 1 << bit % 8
    with pytest.raises(Broken):
        KEY.public.verify(bytes(data), b"message")


@pytest.mark.parametrize("cut", [b"", SIGNATURE[:-1], SIGNATURE + b"\0", bytes(2420), bytes(64)])
def test_a_signature_of_another_form_is_broken(cut):
    with pytest.raises(Broken) as caught:
        KEY.public.verify(cut, b"message")
    assert caught.value.code == "E-SIG-02"


@pytest.mark.parametrize("length", [0, 32, 1311, 1313])
def test_a_key_of_another_length_is_refused(length):
    with pytest.raises(Refused) as caught:
        PublicKey("ML-DSA-44", bytes(length))
    assert caught.value.code == "E-KEY-02"


def test_seeds_have_32_bytes_and_es256_keys_are_never_held():
    for seed, alg in [(bytes(31), "ML-DSA-44"), (bytes(32), "ES256")]:
        with pytest.raises(Refused) as caught:
            SigningKey(seed, alg)
        assert caught.value.code == "E-KEY-04"


def test_a_key_survives_pickling_and_never_prints_its_seed():
    key = SigningKey.generate("ML-DSA-44")
    again = pickle.loads(pickle.dumps(key))
    assert (again.public, again.alg, again.seed) == (key.public, "ML-DSA-44", key.seed)
    assert key.seed.hex() not in repr(key)


def test_its_cose_key_is_read_only_where_it_is_asked_for():
    data = KEY.public.cose_key()
    assert cbor.decode(data) == {1: 7, 3: -48, -1: KEY.public.raw}
    assert PublicKey.from_cose_key(data, ml_dsa=True) == KEY.public
    assert KEY.public.thumbprint == hashlib.sha256(data).digest()
    with pytest.raises(Refused) as caught:
        PublicKey.from_cose_key(data)
    assert caught.value.code == "E-KEY-03"


@pytest.mark.parametrize(
    "members",
    [
        {1: 7, 3: -49, -1: KEY.public.raw},
        {1: 7, -1: KEY.public.raw},
        {1: 7, 3: -48, -1: 6},
        {1: 7, 3: -48, -1: KEY.public.raw, -2: bytes(32)},
        {1: 1, 3: -48, -1: KEY.public.raw},
        {1: 1, 3: -48, -1: 6, -2: bytes(32)},
        {1: 7, 3: -48, -1: KEY.public.raw[:-1]},
    ],
)
def test_any_other_cose_key_is_refused(members):
    with pytest.raises(Refused):
        PublicKey.from_cose_key(cbor.encode(members), ml_dsa=True)


def test_no_statement_and_no_plain_note_is_signed_with_it():
    with pytest.raises(Refused) as caught:
        algorithm_of(-48)
    assert caught.value.code == "E-KEY-01"
    with pytest.raises(Refused) as caught:
        cose.sign1(KEY, {}, b"payload")
    assert caught.value.code == "E-COSE-05"
    with pytest.raises(Refused) as caught:
        sign_note("text\n", "name", KEY)
    assert caught.value.code == "E-NOTE-01"


def test_a_key_file_is_a_jwk_with_one_spelling():
    members = json.loads(PRIVATE)
    assert (members["kty"], members["alg"]) == ("AKP", "ML-DSA-44")
    assert members["priv"] == "A" * 43
    read = parse_key_file(PRIVATE, where="x")
    assert read.key is not None
    assert (read.key.seed, read.public, read.role) == (bytes(32), KEY.public, "witness")
    public = format_key_file(FILE, private=False)
    assert parse_key_file(public, where="x").key is None
    assert b"priv" not in public


@given(st.integers(0, len(PRIVATE) * 8 - 1))
def test_one_flipped_bit_never_gives_the_same_key_file(bit):
    data = bytearray(PRIVATE)
    data[bit // 8] ^= 1 << bit % 8
    try:
        read = parse_key_file(bytes(data), where="x")
    except Refused:
        return
    assert (read.role, read.name) != (FILE.role, FILE.name)


@pytest.mark.parametrize(
    ("remove", "add"),
    [
        ("alg", {"crv": "Ed25519"}),
        ("priv", {"d": "A" * 43}),
        (None, {"x": "A" * 43}),
        (None, {"priv": "B" + "A" * 42}),
        (None, {"alg": "ML-DSA-65"}),
    ],
)
def test_members_of_the_other_kind_are_refused(remove, add):
    members = {name: text for name, text in json.loads(PRIVATE).items() if name != remove}
    data = json.dumps(members | add, indent=2, sort_keys=True) + "\n"
    with pytest.raises(Refused):
        parse_key_file(data.encode(), where="x")


def test_a_library_without_it_is_named_when_a_key_is_used(monkeypatch):
    for kept in (_mldsa._private, _mldsa._public, _mldsa._try_out):
        kept.cache_clear()
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.asymmetric.mldsa", None)
    monkeypatch.delattr("cryptography.hazmat.primitives.asymmetric.mldsa", raising=False)
    public = PublicKey("ML-DSA-44", KEY.public.raw)  # a key may be named, and not used
    for use in (lambda: SigningKey(bytes(32), "ML-DSA-44"), lambda: public.verify(b"", b"")):
        with pytest.raises(Refused) as caught:
            use()
        assert caught.value.code == "E-KEY-09"
