"""Odd keys and signatures as attackers make them, each refused with its code, by both libraries' way.

The vectors of `ed25519.json` have one of each kind; here are all of each kind, computed afresh.
"""

import pytest

from standing.errors import Broken, Refused, StandingError
from standing.wire import _ed25519 as curve
from standing.wire import cbor
from standing.wire.keys import PublicKey, SigningKey
from standing.wire.proofs import verify_proof
from tests.vectors import load, make

KEY = SigningKey.from_seed(make.SEED)
MESSAGE = b"a message"
GOOD = KEY.sign(MESSAGE)
S = int.from_bytes(GOOD[32:], "little")
ORDER, PRIME = curve._ORDER, curve._P
SIGN = 1 << 255


def _bytes(number):
    return number.to_bytes(32, "little")


def _small_points():
    points = [(0, 1, 1, 0)]
    while len(points) < 8:
        points.append(curve._add(points[-1], make._torsion()))
    return points


SMALL = [make._encode(point) for point in _small_points()]
# the same eight and all other ways to write their y: unreduced, and with a sign that x = 0 has not
SMALL_WRITTEN = sorted(
    {
        _bytes(written | sign)
        for point in SMALL
        for y in [int.from_bytes(point, "little") & (SIGN - 1)]
        for written in (y, y + PRIME)
        for sign in (0, SIGN)
        if written < SIGN
    }
)
MIXED = [
    make._encode(curve._add(curve._decode_point(KEY.public.raw), point))
    for point in _small_points()[1:]
]
UNREDUCED = [_bytes(y | sign) for y in range(PRIME, SIGN) for sign in (0, SIGN)]


def code_of(call, *arguments):
    try:
        call(*arguments)
    except StandingError as error:
        return error.code
    return "ok"


def test_there_are_eight_points_of_small_order_and_more_ways_to_write_them():
    assert len(set(SMALL)) == 8
    assert set(SMALL) < set(SMALL_WRITTEN)
    assert bytes(32) in SMALL  # the key of zeros alone is a point of order 4


@pytest.mark.parametrize("raw", [*SMALL_WRITTEN, *UNREDUCED, *MIXED], ids=bytes.hex)
def test_a_key_of_small_or_mixed_order_or_unreduced_is_refused(raw):
    with pytest.raises(Refused) as caught:
        PublicKey("Ed25519", raw)
    assert caught.value.code == "E-KEY-02"
    assert not (curve.is_plain_point(raw) and curve.is_prime_order_point_slow(raw))


@pytest.mark.parametrize("length", [0, 1, 31, 33, 64])
def test_a_key_of_another_length_is_refused(length):
    assert code_of(PublicKey, "Ed25519", (KEY.public.raw * 2)[:length]) == "E-KEY-02"


@pytest.mark.parametrize("commitment", [*SMALL_WRITTEN, *UNREDUCED], ids=bytes.hex)
def test_a_commitment_of_small_order_or_unreduced_is_refused(commitment):
    forged = make._forge(0, commitment, KEY.public.raw, MESSAGE)
    assert code_of(KEY.public.verify, forged, MESSAGE) == "E-SIG-01"
    assert code_of(KEY.public.verify, commitment + GOOD[32:], MESSAGE) == "E-SIG-01"


@pytest.mark.parametrize("twist", range(1, 8))
def test_a_commitment_of_mixed_order_does_not_verify_in_either_library(twist):
    point = curve._add(curve._multiply(make._base(), 77), _small_points()[twist])
    forged = make._forge(77, make._encode(point), KEY.public.raw, MESSAGE)
    assert code_of(KEY.public.verify, forged, MESSAGE) == "E-SIG-02"
    assert not curve.is_signed_by_sodium(KEY.public.raw, forged, MESSAGE)
    assert not curve.is_signed_by_cryptography(KEY.public.raw, forged, MESSAGE)


@pytest.mark.parametrize(
    "scalar",
    [S + ORDER * n for n in range(1, 16) if S + ORDER * n < 1 << 256]
    + [ORDER, ORDER + 1, 1 << 253, 1 << 255, S | 1 << 255, (1 << 256) - 1],
)
def test_a_scalar_from_the_order_up_is_refused(scalar):
    assert code_of(KEY.public.verify, GOOD[:32] + _bytes(scalar), MESSAGE) == "E-SIG-01"


@pytest.mark.parametrize("scalar", [0, 1, S ^ 1, ORDER - S, ORDER - 1])
def test_another_reduced_scalar_does_not_verify(scalar):
    assert code_of(KEY.public.verify, GOOD[:32] + _bytes(scalar), MESSAGE) == "E-SIG-02"


@pytest.mark.parametrize("length", [0, 1, 32, 63, 65, 96, 128])
def test_a_signature_of_another_length_is_refused(length):
    assert code_of(KEY.public.verify, (GOOD * 2)[:length], MESSAGE) == "E-SIG-01"


# --- ES256, a passkey's ----------------------------------------------------------------------------

N = make.P256_ORDER
PROOFS = load("proofs.json")
PASSKEY = PublicKey("ES256", make._PASSKEY_POINT)
PROOF = cbor.decode(
    next(bytes.fromhex(c["proof"]) for c in PROOFS["cases"] if c["name"] == "a passkey")
)
EDGES = [(0, 1), (1, 0), (0, 0), (N, 1), (1, N), (N + 1, 1), (1, N + 1), ((1 << 256) - 1, 1)]


def _der(*numbers):
    """DER by hand, since a library refuses to write some of these."""
    body = b""
    for number in numbers:
        data = number.to_bytes((number.bit_length() + 8) // 8)
        body += b"\x02" + bytes([len(data)]) + data
    return b"\x30" + bytes([len(body)]) + body


def _outcome(signature):
    proof = [*PROOF[:3], signature]
    digest = bytes.fromhex(PROOFS["digest"])
    return code_of(lambda: verify_proof(proof, PASSKEY, digest, rp_id=PROOFS["rp_id"]))


def _numbers():
    r_length = PROOF[3][3]
    return int.from_bytes(PROOF[3][4 : 4 + r_length]), int.from_bytes(PROOF[3][6 + r_length :])


def test_the_passkeys_own_numbers_are_accepted_with_the_low_s_alone():
    r, s = _numbers()
    assert _outcome(_der(r, s)) == "ok"
    assert _outcome(_der(r, N - s)) == "E-SIG-03"


@pytest.mark.parametrize("numbers", EDGES)
def test_a_number_outside_the_group_is_no_proof(numbers):
    assert _outcome(_der(*numbers)) == "E-PROOF-01"


def test_other_numbers_are_no_proof():
    r, s = _numbers()
    for numbers in ((r, s + N), (r + N, s), (-r % N, s), (1, 1), (r, 1), (s, r)):
        assert _outcome(_der(*numbers)) in {"E-PROOF-01", "E-SIG-02", "E-SIG-03"}


@pytest.mark.parametrize("numbers", EDGES)
def test_the_stored_form_with_such_a_number_does_not_verify(numbers):
    r, s = numbers
    with pytest.raises(Broken) as caught:
        PASSKEY.verify(r.to_bytes(32) + s.to_bytes(32), MESSAGE)
    assert caught.value.code == ("E-SIG-03" if s > N // 2 else "E-SIG-02")


@pytest.mark.parametrize("length", [0, 63, 65, 96])
def test_the_stored_form_has_one_length(length):
    assert code_of(PASSKEY.verify, bytes(length), MESSAGE) == "E-SIG-03"
