"""Two implementations read one file and agree: on what holds, and on what was changed."""

import pytest
from cryptography.exceptions import InvalidSignature

from standing.errors import StandingError
from standing.verify.receipts import verify_receipt
from standing.verify.tree import leaf_hash, verify_consistency, verify_inclusion
from standing.wire.keys import PublicKey
from tests.vectors import load, tiny

RECEIPTS = load("receipts.json")
TREES = load("trees.json")
KEY = bytes.fromhex(RECEIPTS["key"])
ENTRIES = [bytes.fromhex(entry) for entry in RECEIPTS["entries"]]
ODD = (
    ValueError,
    KeyError,
    IndexError,
    TypeError,
    AttributeError,
    InvalidSignature,
    RecursionError,
)


def ours(receipt: bytes, entry: bytes) -> object:
    try:
        return verify_receipt(receipt, entry, PublicKey.from_cose_key(KEY))
    except StandingError:
        return None


def theirs(receipt: bytes, entry: bytes) -> object:
    try:
        return tiny.check_receipt(receipt, entry, KEY)
    except ODD:
        return None


def test_both_read_every_receipt_of_the_file_alike():
    for case in RECEIPTS["receipts"]:
        receipt, entry = bytes.fromhex(case["receipt"]), ENTRIES[case["index"]]
        proven = ours(receipt, entry)
        assert proven == theirs(receipt, entry)
        root = bytes.fromhex(RECEIPTS["roots"][case["size"]])
        assert proven == (case["index"], case["size"], root)


def test_neither_takes_a_receipt_for_another_entry():
    for case in RECEIPTS["receipts"]:
        other = ENTRIES[(case["index"] + 1) % len(ENTRIES)]
        receipt = bytes.fromhex(case["receipt"])
        assert ours(receipt, other) is theirs(receipt, other) is None


@pytest.mark.parametrize("case", RECEIPTS["receipts"][::5], ids=str)
def test_what_the_strict_one_takes_of_a_flipped_receipt_the_other_takes_alike(case):
    honest, entry = bytes.fromhex(case["receipt"]), ENTRIES[case["index"]]
    for at in range(len(honest)):
        for bit in (0x01, 0x20):
            changed = honest[:at] + bytes([honest[at] ^ bit]) + honest[at + 1 :]
            proven = ours(changed, entry)
            assert proven is None or proven == theirs(changed, entry), (at, bit)


def test_both_follow_every_inclusion_proof_of_the_file():
    for case in TREES["inclusion"]:
        leaf = leaf_hash(bytes.fromhex(TREES["entries"][case["index"]]))
        path = [bytes.fromhex(node) for node in case["path"]]
        root = bytes.fromhex(TREES["roots"][str(case["size"])])
        verify_inclusion(case["index"], case["size"], leaf, path, root)
        assert tiny.root_of_leaf(leaf, case["index"], case["size"], path) == root
        for wrong in (path[:-1], [*path, root], path[::-1]):
            if wrong == path:
                continue
            with pytest.raises(StandingError):
                verify_inclusion(case["index"], case["size"], leaf, wrong, root)
            try:
                assert tiny.root_of_leaf(leaf, case["index"], case["size"], wrong) != root
            except ValueError:
                continue


def test_both_follow_every_consistency_proof_of_the_file():
    for case in TREES["consistency"]:
        old, size = case["old"], case["size"]
        roots = [bytes.fromhex(TREES["roots"][str(n)]) for n in (old, size)]
        path = [bytes.fromhex(node) for node in case["path"]]
        verify_consistency(old, roots[0], size, roots[1], path)
        assert tiny.roots_of_prefix(old, size, path, roots[0]) == tuple(roots)
        for wrong in (path[:-1], [*path, roots[0]]):
            if wrong == path:
                continue
            with pytest.raises(StandingError):
                verify_consistency(old, roots[0], size, roots[1], wrong)
            try:
                assert tiny.roots_of_prefix(old, size, wrong, roots[0]) != tuple(roots)
            except ValueError:
                continue
