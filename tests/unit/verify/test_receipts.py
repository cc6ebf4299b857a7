"""COSE receipts, against the vectors of `receipts.json`."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standing.errors import Broken, Refused
from standing.verify.receipts import encode_receipt, receipt_protected, sign_root, verify_receipt
from standing.verify.tree import leaf_hash, root_of
from standing.wire import cbor, cose
from standing.wire.keys import PublicKey, SigningKey
from tests.unit.verify import naive
from tests.vectors import load

VECTORS = load("receipts.json")
LOG_KEY = PublicKey.from_cose_key(bytes.fromhex(VECTORS["key"]))
ENTRIES = [bytes.fromhex(entry) for entry in VECTORS["entries"]]
ORIGIN = VECTORS["origin"]
LOG = SigningKey.from_seed(bytes(range(32))[::-1])
PROTECTED = receipt_protected(ORIGIN, LOG_KEY.thumbprint)


@pytest.mark.parametrize("case", VECTORS["receipts"], ids=lambda c: f"{c['index']}-of-{c['size']}")
def test_every_entry_is_proved_at_every_size(case):
    index, size = case["index"], case["size"]
    root = naive.root(ENTRIES[:size])
    receipt = bytes.fromhex(case["receipt"])
    assert verify_receipt(receipt, ENTRIES[index], LOG_KEY) == (index, size, root)
    assert root.hex() == VECTORS["roots"][size]


def test_a_receipt_names_its_log_and_key_under_the_signature():
    parsed = cose.parse_sign1(bytes.fromhex(VECTORS["receipts"][0]["receipt"]))
    assert parsed.protected == {
        cose.ALG: -8,
        cose.KID: LOG_KEY.thumbprint,
        cose.VDS: 1,
        cose.CWT: {cose.CWT_ISS: ORIGIN, cose.CWT_SUB: ORIGIN},
    }
    assert parsed.payload is None


def test_a_receipt_is_for_its_entry_alone():
    receipt = bytes.fromhex(VECTORS["receipts"][0]["receipt"])
    with pytest.raises(Broken):
        verify_receipt(receipt, ENTRIES[1], LOG_KEY)


def test_a_receipt_by_another_key_is_broken():
    receipt = bytes.fromhex(VECTORS["receipts"][0]["receipt"])
    with pytest.raises(Broken) as caught:
        verify_receipt(receipt, ENTRIES[0], SigningKey.from_seed(bytes(32)).public)
    assert caught.value.code == "E-RECEIPT-01"


@given(st.data())
def test_one_flipped_bit_ends_a_receipt(data):
    case = VECTORS["receipts"][-3]
    receipt = bytearray.fromhex(case["receipt"])
    bit = data.draw(st.integers(0, len(receipt) * 8 - 1))
    receipt[bit // 8] ^= 1 << bit % 8
    with pytest.raises((Broken, Refused)):
        verify_receipt(bytes(receipt), ENTRIES[case["index"]], LOG_KEY)


def test_a_log_of_one_entry_gives_no_receipt():
    with pytest.raises(Refused) as caught:
        encode_receipt(PROTECTED, bytes(64), 0, 1, [])
    assert caught.value.code == "E-RECEIPT-02"


LEAVES = [leaf_hash(entry) for entry in ENTRIES[:2]]
ROOT = root_of(LEAVES)
SIGNATURE = sign_root(LOG, PROTECTED, ROOT)


def _receipt(unprotected, *, protected=PROTECTED, payload=None):
    signature = LOG.sign(cose.sig_structure(protected, payload or ROOT))
    return b"\xd2" + cbor.encode([protected, unprotected, payload, signature])


def _proof(*parts):
    return {cose.PROOFS: {-1: [cbor.encode(list(parts))]}}


GOOD = _proof(2, 0, [LEAVES[1]])
OTHER_TREE = cbor.encode({cose.ALG: -8, cose.KID: LOG_KEY.thumbprint, cose.VDS: 2})
NO_TREE = cbor.encode({cose.ALG: -8, cose.KID: LOG_KEY.thumbprint})
BAD = {
    "no proof": _receipt({}),
    "proofs no map": _receipt({cose.PROOFS: []}),
    "a consistency proof": _receipt({cose.PROOFS: {-2: [b""]}}),
    "no inclusion proof": _receipt({cose.PROOFS: {-1: []}}),
    "two inclusion proofs": _receipt({cose.PROOFS: {-1: GOOD[cose.PROOFS][-1] * 2}}),
    "a proof that is no bytes": _receipt({cose.PROOFS: {-1: [[2, 0, [LEAVES[1]]]]}}),
    "a proof with a byte behind it": _receipt(
        {cose.PROOFS: {-1: [GOOD[cose.PROOFS][-1][0] + b"\x00"]}}
    ),
    "a proof of two parts": _receipt(_proof(2, 0)),
    "a proof without path": _receipt(_proof(2, 0, [])),
    "size zero": _receipt(_proof(0, 0, [LEAVES[1]])),
    "size true": _receipt(_proof(True, 0, [LEAVES[1]])),
    "a negative index": _receipt(_proof(2, -1, [LEAVES[1]])),
    "an index at the size": _receipt(_proof(2, 2, [LEAVES[1]])),
    "a size beyond its path": _receipt(_proof(2**63, 0, [LEAVES[1]])),
    "a hash of 31 bytes": _receipt(_proof(2, 0, [LEAVES[1][1:]])),
    "a hash of text": _receipt(_proof(2, 0, ["x"])),
    "another kind of tree": _receipt(GOOD, protected=OTHER_TREE),
    "no kind of tree": _receipt(GOOD, protected=NO_TREE),
    "a root of its own": _receipt(GOOD, payload=ROOT),
}


def test_a_receipt_made_by_hand_verifies():
    assert verify_receipt(_receipt(GOOD), ENTRIES[0], LOG_KEY) == (0, 2, ROOT)
    assert _receipt(GOOD) == encode_receipt(PROTECTED, SIGNATURE, 0, 2, [LEAVES[1]])


@pytest.mark.parametrize("name", BAD)
def test_other_forms_are_no_receipt(name):
    with pytest.raises((Broken, Refused)):
        verify_receipt(BAD[name], ENTRIES[0], LOG_KEY)
