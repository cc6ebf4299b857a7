"""Proofs that travel alone."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standing.errors import Broken, Refused, StandingError, Usage
from standing.verify.checkpoints import Checkpoint
from standing.verify.cosignatures import cosign, cosigner_of
from standing.verify.quorum import parse_trust_policy
from standing.verify.tlog_proof import TlogProof, parse_tlog_proof
from standing.verify.tree import inclusion_path, leaf_hash, root_of
from standing.wire.keys import SigningKey
from standing.wire.notes import NoteKey, add_signatures, sign_note, vkey

ORIGIN = "ledger.example/log"
LOG = SigningKey.from_seed(bytes(32))
LOG_POST = SigningKey.from_seed(bytes(32), "ML-DSA-44")
WITNESS = SigningKey.from_seed(b"w" * 32)
LEAVES = [leaf_hash(b"%d" % n) for n in range(13)]
CHECKPOINT = Checkpoint(ORIGIN, 13, root_of(LEAVES))
TEXT = CHECKPOINT.text()
NOTE = add_signatures(
    sign_note(TEXT, ORIGIN, LOG),
    [
        cosign(LOG_POST, ORIGIN, CHECKPOINT, TEXT, 0),
        cosign(WITNESS, "w.example", CHECKPOINT, TEXT, 5),
    ],
)
KEY = NoteKey(ORIGIN, 1, LOG.public)
KEYS = [KEY, NoteKey(ORIGIN, 6, LOG_POST.public)]
COSIGNER = cosigner_of("w.example", WITNESS.public)
POLICY = parse_trust_policy(
    f"log {vkey(ORIGIN, LOG.public)}\nwitness w {COSIGNER.vkey()}\nquorum w\n".encode()
)


def proof_of(index: int, extra: bytes | None = None, note: bytes = NOTE) -> TlogProof:
    return TlogProof(index, tuple(inclusion_path(LEAVES, index)), note, extra)


PROOF = proof_of(6, b"extra")
DATA = PROOF.format()


def test_a_proof_is_the_text_of_the_specification():
    head, _, checkpoint = DATA.partition(b"\n\n")
    assert checkpoint == NOTE
    assert head.decode().split("\n") == [
        "c2sp.org/tlog-proof@v1",
        "extra ZXh0cmE=",
        "index 6",
        *(base64.b64encode(node).decode() for node in inclusion_path(LEAVES, 6)),
    ]


@pytest.mark.parametrize("extra", [None, b"", b"\0\xff"])
@pytest.mark.parametrize("index", range(13))
def test_each_entry_has_its_proof(index, extra):
    proof = parse_tlog_proof(proof_of(index, extra).format())
    assert proof == proof_of(index, extra)
    assert proof.verify(LEAVES[index], KEYS, POLICY) == CHECKPOINT
    assert proof.verify(LEAVES[index], [KEY]) == CHECKPOINT
    assert proof.verify(LEAVES[index], policy=POLICY) == CHECKPOINT


def test_a_log_of_one_entry_has_an_empty_path():
    text = Checkpoint(ORIGIN, 1, LEAVES[0]).text()
    proof = TlogProof(0, (), sign_note(text, ORIGIN, LOG))
    assert parse_tlog_proof(proof.format()).verify(LEAVES[0], [KEY]).size == 1


def test_another_entry_or_place_does_not_verify():
    with pytest.raises(Broken) as caught:
        PROOF.verify(LEAVES[5], [KEY])
    assert caught.value.code == "E-TREE-01"
    with pytest.raises(Broken):
        TlogProof(5, PROOF.path, NOTE).verify(LEAVES[6], [KEY])
    with pytest.raises(Broken):
        TlogProof(13, PROOF.path, NOTE).verify(LEAVES[6], [KEY])


def test_every_key_asked_for_must_have_signed():
    plain = proof_of(6, note=sign_note(TEXT, ORIGIN, LOG))
    plain.verify(LEAVES[6], [KEY])
    with pytest.raises(Broken) as caught:
        plain.verify(LEAVES[6], KEYS)
    assert caught.value.code == "E-COSIGN-01"
    with pytest.raises(Broken) as caught:
        plain.verify(LEAVES[6], [KEY], POLICY)
    assert caught.value.code == "E-QUORUM-03"


def test_a_proof_of_another_log_is_broken():
    with pytest.raises(Broken) as caught:
        PROOF.verify(LEAVES[6], [NoteKey("other", 1, LOG.public)])
    assert caught.value.code == "E-TLOGPROOF-03"


@pytest.mark.parametrize("policy", [None, parse_trust_policy(b"quorum none\n")])
def test_a_proof_without_a_log_to_believe_is_not_checked(policy):
    with pytest.raises(Usage) as caught:
        PROOF.verify(LEAVES[6], [], policy)
    assert caught.value.code == "E-TLOGPROOF-02"


HASH = base64.b64encode(bytes(32))
HEAD = b"c2sp.org/tlog-proof@v1\n"
BAD = [
    b"",
    b"\n\n" + NOTE,
    HEAD,
    HEAD + b"\n" + NOTE,
    HEAD + b"extra AA==\n\n" + NOTE,
    HEAD + b"index 01\n\n" + NOTE,
    HEAD + b"index -1\n\n" + NOTE,
    HEAD + b"index 1 \n\n" + NOTE,
    HEAD + b"index 6\r\n\n" + NOTE,
    HEAD + b"index 6\n" + NOTE,
    HEAD + b"index 6\nindex 6\n\n" + NOTE,
    HEAD + b"index 6\nextra AA==\n\n" + NOTE,
    HEAD + b"extra AA\nindex 6\n\n" + NOTE,
    HEAD + b"extra AB==\nindex 6\n\n" + NOTE,
    HEAD + b"index 6\n" + HASH[:-4] + b"\n\n" + NOTE,
    HEAD + b"index 6\n" + HASH[:-2] + b"B=\n\n" + NOTE,
    HEAD + b"index 6\n\xff\n\n" + NOTE,
    HEAD + b"index 6\n" + (HASH + b"\n") * 64 + b"\n" + NOTE,
    HEAD.replace(b"v1", b"v2") + b"index 6\n\n" + NOTE,
    HEAD + b"extra " + b"A" * 2_000_000 + b"\nindex 6\n\n" + NOTE,
    HEAD + b"index 6\n\n\n" + NOTE[:-1],
]


@pytest.mark.parametrize("case", range(len(BAD)))
def test_any_other_bytes_are_no_proof(case):
    with pytest.raises(Refused) as caught:
        parse_tlog_proof(BAD[case])
    assert caught.value.code in {"E-TLOGPROOF-01", "E-CHECKPOINT-01", "E-NOTE-01"}


def test_what_cannot_be_read_is_not_written():
    for proof in (TlogProof(-1, (), NOTE), TlogProof(0, (b"short",), NOTE), TlogProof(0, (), b"")):
        with pytest.raises(Refused):
            proof.format()


@given(st.integers(0, len(DATA) * 8 - 1))
def test_one_flipped_bit_ends_a_proof_or_lies_in_the_extra_data(bit):
    data = bytearray(DATA)
    data[bit // 8] ^= 1 << bit % 8
    try:
        proof = parse_tlog_proof(bytes(data))
        assert proof != PROOF
        proof.verify(LEAVES[6], KEYS, POLICY)
    except StandingError:
        return
    assert proof.extra != PROOF.extra
