"""Keys: odd ones are refused, two libraries agree, a name is for ever."""

import hashlib
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standing.errors import Broken, Refused, StandingError
from standing.wire import _ed25519, cbor
from standing.wire.keys import PublicKey, SigningKey, algorithm_of
from tests.vectors import load

ODD = load("ed25519.json")
MESSAGE = bytes.fromhex(ODD["message"])
KEY = SigningKey.from_seed(bytes(range(32)))
LIBRARIES = [_ed25519.is_signed_by_sodium, _ed25519.is_signed_by_cryptography]

# RFC 8032 section 7.1: seed, public key, message, signature.
RFC_8032 = [
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
]


@pytest.mark.parametrize(("seed", "public", "message", "signature"), RFC_8032)
def test_the_examples_of_rfc_8032_hold(seed, public, message, signature):
    key = SigningKey.from_seed(bytes.fromhex(seed))
    assert key.public.raw.hex() == public
    assert key.sign(bytes.fromhex(message)).hex() == signature
    key.public.verify(bytes.fromhex(signature), bytes.fromhex(message))


@pytest.mark.parametrize("case", ODD["signatures"], ids=lambda case: case["name"])
def test_an_odd_signature_is_refused_with_its_code(case):
    outcome = "ok"
    try:
        KEY.public.verify(bytes.fromhex(case["signature"]), MESSAGE)
    except Broken as error:
        outcome = error.code
    assert outcome == case["outcome"]


@pytest.mark.parametrize("case", ODD["signatures"], ids=lambda case: case["name"])
def test_both_libraries_judge_alike_what_passes_our_own_checks(case):
    signature = bytes.fromhex(case["signature"])
    if case["outcome"] == "E-SIG-01":
        return
    verdicts = {is_signed(KEY.public.raw, signature, MESSAGE) for is_signed in LIBRARIES}
    assert verdicts == {case["outcome"] == "ok"}


@given(st.binary(max_size=64), st.integers(0, 511))
def test_one_flipped_bit_ends_a_signature_in_both_libraries(message, bit):
    signature = bytearray(KEY.sign(message))
    signature[bit // 8] ^= 1 << bit % 8
    with pytest.raises(Broken):
        KEY.public.verify(bytes(signature), message)
    if _ed25519.is_plain_point(signature[:32]) and _ed25519.is_canonical_scalar(signature[32:]):
        for is_signed in LIBRARIES:
            assert not is_signed(KEY.public.raw, bytes(signature), message)


@pytest.mark.parametrize("case", ODD["keys"], ids=lambda case: case["name"])
def test_an_odd_public_key_is_refused(case):
    outcome = "ok"
    try:
        PublicKey("Ed25519", bytes.fromhex(case["public"]))
    except Refused as error:
        outcome = error.code
    assert outcome == case["outcome"]


@pytest.mark.parametrize("case", ODD["keys"], ids=lambda case: case["name"])
def test_the_check_without_pynacl_judges_keys_alike(case):
    raw = bytes.fromhex(case["public"])
    plain = len(raw) == 32 and _ed25519.is_plain_point(raw)
    assert (plain and _ed25519.is_prime_order_point_slow(raw)) == (case["outcome"] == "ok")


@given(st.binary(min_size=32, max_size=32))
def test_any_32_bytes_are_judged_alike_with_and_without_pynacl(raw):
    fast = _ed25519.is_prime_order_point(raw)
    slow = _ed25519.is_plain_point(raw) and _ed25519.is_prime_order_point_slow(raw)
    assert fast == slow


def test_both_libraries_sign_alike_and_without_pynacl_all_still_works(monkeypatch):
    signature = KEY.sign(MESSAGE)
    monkeypatch.setattr(_ed25519, "_sodium", None)
    assert KEY.sign(MESSAGE) == signature
    KEY.public.verify(signature, MESSAGE)
    _ed25519.is_prime_order_point.cache_clear()
    assert SigningKey.from_seed(bytes(32)).public.raw != KEY.public.raw


def test_a_cose_key_comes_back_as_the_same_key():
    key = KEY.public
    assert PublicKey.from_cose_key(key.cose_key()) == key
    assert {key: 1}[PublicKey.from_cose_key(key.cose_key())] == 1


def test_the_newer_identifier_names_the_same_key():
    newer = cbor.encode({1: 1, 3: -19, -1: 6, -2: KEY.public.raw})
    assert PublicKey.from_cose_key(newer) == KEY.public
    assert algorithm_of(-19) == algorithm_of(-8) == "Ed25519"


def test_the_thumbprint_hashes_the_required_members_alone():
    # a map of three, in bytewise order of its keys: 1 (kty), -1 (crv), -2 (x: 32 bytes)
    required = bytes.fromhex("a301012006215820") + KEY.public.raw
    assert KEY.public.thumbprint == hashlib.sha256(required).digest()


def test_the_thumbprint_example_of_rfc_9679_holds():  # its section 6
    x = "65eda5a12577c2bae829437fe338701a10aaa375e1bb5b5de108de439c08551d"
    y = "1e52ed75701163f7f9e40ddf9f341b3dc9ba860af7e0ca7ca7e9eecd0084d19c"
    key = PublicKey("ES256", bytes.fromhex("04" + x + y))
    assert (
        key.thumbprint.hex() == "496bd8afadf307e5b08c64b0421bf9dc01528a344a43bda88fadd1669da253ec"
    )


@pytest.mark.parametrize(
    "members",
    [
        {1: 1, -1: 6, -2: KEY.public.raw},
        {1: 1, 3: -7, -1: 6, -2: KEY.public.raw},
        {1: 1, 3: -8, -1: 6, -2: KEY.public.raw, -4: bytes(32)},
        {1: 1, 3: -8, -1: 7, -2: KEY.public.raw},
        {1: 2, 3: -7, -1: 1, -2: bytes(32)},
        {1: 1, 3: True, -1: 6, -2: KEY.public.raw},
        [],
        {},
    ],
    ids=["no alg", "alg of another curve", "private", "Ed448", "no y", "alg true", "list", "empty"],
)
def test_a_cose_key_with_other_members_is_refused(members):
    with pytest.raises(Refused) as caught:
        PublicKey.from_cose_key(cbor.encode(members))
    assert caught.value.code == "E-KEY-03"


def test_a_cose_key_has_no_second_spelling():
    cases = {case["name"]: case for case in load("proofs.json")["cases"]}
    passkey = bytes.fromhex(cases["a passkey"]["key"])
    members = cbor.decode(passkey)
    x, y = members[-2], members[-3]
    for odd in (
        {**members, -2: x[:-1], -3: x[-1:] + y},  # together they are the same point
        {**members, -2: x + y[:1], -3: y[1:]},
        {**members, -1: True},  # True == 1
        {1: True, 3: -8, -1: 6, -2: KEY.public.raw},
    ):
        with pytest.raises(Refused) as caught:
            PublicKey.from_cose_key(cbor.encode(odd))
        assert caught.value.code == "E-KEY-03"
    assert PublicKey.from_cose_key(passkey).cose_key() == passkey


@pytest.mark.parametrize("raw", [b"", b"\x04" + bytes(64), b"\x02" + bytes(32)])
def test_a_point_that_is_not_on_p256_is_refused(raw):
    with pytest.raises(Refused) as caught:
        PublicKey("ES256", raw)
    assert caught.value.code == "E-KEY-02"


@pytest.mark.parametrize("identifier", [None, "EdDSA", -7.0, True, -37, 0])
def test_an_unknown_algorithm_is_refused(identifier):
    with pytest.raises(Refused) as caught:
        algorithm_of(identifier)
    assert caught.value.code == "E-KEY-01"


def test_a_seed_of_another_length_is_refused():
    with pytest.raises(Refused) as caught:
        SigningKey.from_seed(b"short")
    assert caught.value.code == "E-KEY-04"


def test_a_private_key_never_prints_itself():
    assert KEY.seed.hex() not in repr(KEY)
    assert KEY.public.thumbprint.hex()[:16] in repr(KEY)


def test_keys_cross_process_borders():
    assert KEY.public.thumbprint
    assert pickle.loads(pickle.dumps(KEY.public)) == KEY.public
    assert pickle.loads(pickle.dumps(KEY)).public == KEY.public


def test_two_generated_keys_differ():
    assert SigningKey.generate().seed != SigningKey.generate().seed


def test_every_error_says_what_to_do():
    with pytest.raises(StandingError) as caught:
        KEY.public.verify(bytes(64), b"")
    assert all(value for name, value in caught.value.as_dict().items() if name != "where")
