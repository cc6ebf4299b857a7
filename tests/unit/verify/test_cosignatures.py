"""Cosignatures of both kinds, against bytes written out here by hand."""

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standing.errors import Broken, Refused
from standing.verify.checkpoints import Checkpoint, verify_checkpoint
from standing.verify.cosignatures import cosign, cosigner_of, verify_cosignature
from standing.wire.keys import PublicKey, SigningKey
from standing.wire.notes import (
    Note,
    NoteKey,
    NoteSignature,
    add_signatures,
    format_note,
    parse_note,
    sign_note,
)

LOG = SigningKey.from_seed(bytes(range(32)))
LOG_POST = SigningKey.from_seed(bytes(range(32)), "ML-DSA-44")
CLASSIC = SigningKey.from_seed(b"w" * 32)
POST = SigningKey.from_seed(b"w" * 32, "ML-DSA-44")
WITNESSES = {"Ed25519": CLASSIC, "ML-DSA-44": POST}
NAME = "witness.example/w1"
ORIGIN = "ledger.example/log"
CHECKPOINT = Checkpoint(ORIGIN, 20852163, bytes(range(32)), ("clock simulated",))
TEXT = CHECKPOINT.text()
SIGNED = sign_note(TEXT, ORIGIN, LOG)
NOW = 1_679_315_147


def cosigned(key: SigningKey, timestamp: int = NOW) -> bytes:
    return add_signatures(SIGNED, [cosign(key, NAME, CHECKPOINT, TEXT, timestamp)])


COSIGNED = {alg: cosigned(key) for alg, key in WITNESSES.items()}
each = pytest.mark.parametrize("alg", WITNESSES)


@each
def test_a_cosignature_gives_its_time(alg):
    key = WITNESSES[alg]
    assert verify_cosignature(COSIGNED[alg], cosigner_of(NAME, key.public)) == NOW
    verify_checkpoint(COSIGNED[alg], ORIGIN, LOG.public)


def test_the_bytes_signed_are_those_of_the_specification():
    ed25519 = parse_note(COSIGNED["Ed25519"]).signatures[1]
    header = b"cosignature/v1\ntime 1679315147\n"
    assert ed25519.signature[:8] == NOW.to_bytes(8)
    CLASSIC.public.verify(ed25519.signature[8:], header + TEXT.encode())
    post = parse_note(COSIGNED["ML-DSA-44"]).signatures[1]
    message = (
        b"subtree/v1\n\0"
        b"\x12witness.example/w1"
        + NOW.to_bytes(8)
        + b"\x12ledger.example/log"
        + (0).to_bytes(8)
        + (20852163).to_bytes(8)
        + bytes(range(32))
    )
    POST.public.verify(post.signature[8:], message)
    for line, kind, public in [(ed25519, b"\x04", CLASSIC), (post, b"\x06", POST)]:
        named = NAME.encode() + b"\n" + kind + public.public.raw
        assert line.key_id == hashlib.sha256(named).digest()[:4]


def test_the_example_of_the_specification_names_its_witness():
    # tlog-cosignature prints a key id and a time; its key is not printed
    line = base64.b64decode(
        "jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA=="
    )
    assert (len(line), int.from_bytes(line[4:12])) == (4 + 8 + 64, NOW)


@each
@given(data=st.data())
def test_one_flipped_bit_anywhere_ends_a_cosignature(alg, data):
    note = COSIGNED[alg]
    cosigner = cosigner_of(NAME, WITNESSES[alg].public)
    line = note.index(f"— {NAME}".encode())
    place = data.draw(st.integers(0, len(note) * 8 - 1))
    flipped = bytearray(note)
    flipped[place // 8] ^= 1 << place % 8
    covered = not len(TEXT.encode()) < place // 8 < line  # the log's own line is not looked at
    if alg == "ML-DSA-44":
        extensions = TEXT.encode().index(b"clock")
        covered = covered and not extensions <= place // 8 < len(TEXT.encode())
    try:
        verify_cosignature(bytes(flipped), cosigner)
    except (Broken, Refused):
        return
    assert not covered


@each
@pytest.mark.parametrize("name", ["witness.example/w2", ORIGIN])
def test_a_cosignature_under_another_name_is_absent(alg, name):
    with pytest.raises(Broken) as caught:
        verify_cosignature(COSIGNED[alg], cosigner_of(name, WITNESSES[alg].public))
    assert caught.value.code == "E-COSIGN-01"


@each
@pytest.mark.parametrize(
    "change",
    [
        lambda s: s[:-1],
        lambda s: s + b"\0",
        lambda s: s[:8],
        lambda s: s[:7],
        lambda s: b"\x80" + s[1:],
    ],
)
def test_a_line_of_another_form_is_broken(alg, change):
    note = parse_note(COSIGNED[alg])
    line = note.signatures[1]
    odd = format_note(Note(note.text, (line._replace(signature=change(line.signature)),)))
    with pytest.raises(Broken) as caught:
        verify_cosignature(odd, cosigner_of(NAME, WITNESSES[alg].public))
    assert caught.value.code == "E-COSIGN-02"


@each
def test_a_cosignature_of_another_time_size_or_root_does_not_hold(alg):
    line = parse_note(COSIGNED[alg]).signatures[1]
    later = line._replace(signature=(NOW + 1).to_bytes(8) + line.signature[8:])
    root = Checkpoint(ORIGIN, CHECKPOINT.size, bytes(32), CHECKPOINT.extensions)
    size = Checkpoint(ORIGIN, CHECKPOINT.size + 1, CHECKPOINT.root, CHECKPOINT.extensions)
    for text, signature in [(TEXT, later), (root.text(), line), (size.text(), line)]:
        with pytest.raises(Broken) as caught:
            verify_cosignature(
                format_note(Note(text, (signature,))), cosigner_of(NAME, WITNESSES[alg].public)
            )
        assert caught.value.code == "E-SIG-02"


def test_a_plain_ed25519_line_is_no_cosignature():
    with pytest.raises(Broken) as caught:
        verify_cosignature(SIGNED, NoteKey(ORIGIN, 1, LOG.public))
    assert caught.value.code == "E-COSIGN-02"


def test_only_ml_dsa_leaves_extension_lines_unsigned():
    other = Checkpoint(ORIGIN, CHECKPOINT.size, CHECKPOINT.root, ("clock real",)).text()
    for alg, key in WITNESSES.items():
        line = parse_note(COSIGNED[alg]).signatures[1]
        note = format_note(Note(other, (line,)))
        if alg == "ML-DSA-44":
            assert verify_cosignature(note, cosigner_of(NAME, key.public)) == NOW
        else:
            with pytest.raises(Broken):
                verify_cosignature(note, cosigner_of(NAME, key.public))


@pytest.mark.parametrize("timestamp", [-1, 1 << 63])
@each
def test_a_time_out_of_range_is_not_signed(alg, timestamp):
    with pytest.raises(Refused) as caught:
        cosign(WITNESSES[alg], NAME, CHECKPOINT, TEXT, timestamp)
    assert caught.value.code == "E-COSIGN-03"


def test_long_names_and_passkeys_do_not_cosign():
    with pytest.raises(Refused) as caught:
        cosign(POST, "w" * 256, CHECKPOINT, TEXT, NOW)
    assert caught.value.code == "E-COSIGN-03"
    assert cosign(POST, "w" * 255, CHECKPOINT, TEXT, NOW).name == "w" * 255
    point = "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c2964fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
    with pytest.raises(Refused) as caught:
        cosigner_of(NAME, PublicKey("ES256", bytes.fromhex(point)))
    assert caught.value.code == "E-COSIGN-03"


def test_a_log_signs_its_own_checkpoints_with_ml_dsa_beside_ed25519():
    both = add_signatures(SIGNED, [cosign(LOG_POST, ORIGIN, CHECKPOINT, TEXT, 0)])
    assert verify_checkpoint(both, ORIGIN, LOG.public, LOG_POST.public) == CHECKPOINT
    assert verify_checkpoint(both, ORIGIN, LOG.public) == CHECKPOINT


def test_where_ml_dsa_is_wanted_its_line_must_stand_and_hold():
    line = cosign(LOG_POST, ORIGIN, CHECKPOINT, TEXT, 0)
    bad = line._replace(signature=bytes(8) + bytes(2420))
    alone = format_note(Note(TEXT, (line,)))
    cases = [
        (SIGNED, "E-COSIGN-01"),
        (add_signatures(SIGNED, [bad]), "E-SIG-02"),
        (alone, "E-NOTE-02"),
    ]
    for note, code in cases:
        with pytest.raises(Broken) as caught:
            verify_checkpoint(note, ORIGIN, LOG.public, LOG_POST.public)
        assert caught.value.code == code


def test_lines_of_strangers_do_not_disturb():
    stranger = NoteSignature(NAME, b"\x01\x02\x03\x04", bytes(9))
    note = add_signatures(SIGNED, [stranger, *parse_note(COSIGNED["Ed25519"]).signatures])
    assert verify_cosignature(note, cosigner_of(NAME, CLASSIC.public)) == NOW
