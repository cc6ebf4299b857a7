"""Signed notes, as other programs of the format write and read them."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standing.errors import Broken, Refused
from standing.wire.keys import PublicKey, SigningKey
from standing.wire.notes import (
    Note,
    NoteSignature,
    ed25519_key_id,
    format_note,
    parse_note,
    sign_note,
    vkey,
)

KEY = SigningKey.from_seed(bytes(range(32)))
NAME = "ledger.example/log"
TEXT = "first line\nsecond line\n"
NOTE = sign_note(TEXT, NAME, KEY)

# The example in the documentation of golang.org/x/mod/sumdb/note.
GO_VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
).encode()


def test_a_note_of_another_program_verifies():
    raw = base64.b64decode(GO_VKEY.split("+", 2)[2])[1:]
    key = PublicKey("Ed25519", raw)
    parse_note(GO_NOTE).verify("PeterNeumann", key)
    assert vkey("PeterNeumann", key) == GO_VKEY
    assert format_note(parse_note(GO_NOTE)) == GO_NOTE


def test_a_note_comes_back_and_verifies():
    note = parse_note(NOTE)
    note.verify(NAME, KEY.public)
    assert (note.text, len(note.signatures)) == (TEXT, 1)
    assert note.signatures[0].key_id == ed25519_key_id(NAME, KEY.public.raw)


def test_signatures_of_others_and_of_unknown_types_are_kept_and_ignored():
    witness = NoteSignature("witness.example", b"\x01\x02\x03\x04", bytes(72))
    note = parse_note(NOTE)
    carried = format_note(Note(note.text, (witness, *note.signatures)))
    parse_note(carried).verify(NAME, KEY.public)
    assert format_note(parse_note(carried)) == carried


def test_an_empty_line_inside_the_text_belongs_to_the_text():
    note = sign_note("a\n\nb\n", NAME, KEY)
    assert parse_note(note).text == "a\n\nb\n"


@pytest.mark.parametrize(
    ("name", "key"), [("another", KEY), (NAME, SigningKey.from_seed(bytes(32)))]
)
def test_a_note_without_the_wanted_signer_is_broken(name, key):
    with pytest.raises(Broken) as caught:
        parse_note(NOTE).verify(name, key.public)
    assert caught.value.code == "E-NOTE-02"


def test_a_line_of_the_right_key_with_a_wrong_signature_is_broken():
    other = sign_note("other\n", NAME, KEY)
    with pytest.raises(Broken) as caught:
        Note(TEXT, parse_note(other).signatures).verify(NAME, KEY.public)
    assert caught.value.code == "E-SIG-02"


LINE = NOTE.decode().split("\n\n")[1]
BAD = {
    "nothing": b"",
    "no empty line": NOTE.replace(b"\n\n", b"\n"),
    "no newline at the end": NOTE[:-1],
    "an empty line at the end": NOTE + b"\n",
    "no text": b"\n" + LINE.encode(),
    "a hyphen for the dash": NOTE.replace("—".encode(), b"-"),
    "no signature": (TEXT + "\n").encode(),
    "a tab": NOTE.replace(b"first line", b"first\tline"),
    "a carriage return": NOTE.replace(b"first line", b"first line\r"),
    "no UTF-8": b"\xff" + NOTE,
    "a name with a plus sign": NOTE.replace(NAME.encode(), b"a+b"),
    "a line of three words": NOTE[:-1] + b" more\n",
    "base64 without its padding": NOTE.replace(b"=\n", b"\n"),
    "base64 with loose bits": (TEXT + "\n— a AAAAAAF=\n").encode(),
    "a key id alone": (TEXT + "\n— a AAAAAA==\n").encode(),
    "one key twice": NOTE + LINE.encode(),
    "a hundred and one signatures": (
        TEXT + "\n" + "".join(f"— n{i} AAAAAAA=\n" for i in range(101))
    ).encode(),
    "too long": sign_note("x" * 1_000_000 + "\n", NAME, KEY),
}


@pytest.mark.parametrize("name", BAD)
def test_other_bytes_are_no_note(name):
    with pytest.raises(Refused) as caught:
        parse_note(BAD[name])
    assert caught.value.code == "E-NOTE-01"


@pytest.mark.parametrize(
    ("text", "name"), [("no newline", NAME), ("bell\a\n", NAME), (TEXT, "a b"), (TEXT, "")]
)
def test_what_cannot_be_read_is_not_written(text, name):
    with pytest.raises(Refused):
        sign_note(text, name, KEY)


@given(st.integers(0, len(NOTE) * 8 - 1))
def test_one_flipped_bit_ends_a_note(bit):
    data = bytearray(NOTE)
    data[bit // 8] ^= 1 << bit % 8
    with pytest.raises((Refused, Broken)):
        parse_note(bytes(data)).verify(NAME, KEY.public)
