"""Verifier keys and signature lines: one spelling, nothing displaced."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standing.errors import Refused
from standing.wire.keys import PublicKey, SigningKey
from standing.wire.notes import (
    COSIGNATURE_TYPE,
    ED25519_TYPE,
    ML_DSA_44_TYPE,
    NoteKey,
    NoteSignature,
    add_signatures,
    format_signatures,
    key_id,
    parse_note,
    parse_signatures,
    parse_vkey,
    sign_note,
)

KEY = SigningKey.from_seed(bytes(range(32)))
POST = SigningKey.from_seed(bytes(range(32)), "ML-DSA-44")
KEYS = [
    NoteKey("log.example/a", ED25519_TYPE, KEY.public),
    NoteKey("见证.example", COSIGNATURE_TYPE, KEY.public),
    NoteKey("w", ML_DSA_44_TYPE, POST.public),
]
NOTE = sign_note("text\n", "log.example/a", KEY)
# The example in the documentation of golang.org/x/mod/sumdb/note.
GO_VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"


@pytest.mark.parametrize("key", KEYS, ids=lambda key: str(key.kind))
def test_a_verifier_key_comes_back(key):
    assert parse_vkey(key.vkey()) == key


def test_a_verifier_key_of_another_program_is_read():
    key = parse_vkey(GO_VKEY)
    assert (key.name, key.kind, key.key_id.hex()) == ("PeterNeumann", 1, "c74f20a3")
    assert key.vkey() == GO_VKEY


def test_one_key_has_another_id_in_each_role():
    ids = {NoteKey("n", kind, KEY.public).key_id for kind in (ED25519_TYPE, COSIGNATURE_TYPE)}
    assert len(ids) == 2


@given(st.integers(0, len(GO_VKEY) * 8 - 1))
def test_one_flipped_bit_is_refused(bit):
    data = bytearray(GO_VKEY.encode())
    data[bit // 8] ^= 1 << bit % 8
    with pytest.raises(Refused):
        parse_vkey(data.decode(errors="surrogateescape"))


def _vkey(name: str, data: bytes) -> str:
    shown = key_id(name, data[0], data[1:]).hex()
    return f"{name}+{shown}+{base64.b64encode(data).decode()}"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a+b",
        GO_VKEY + "\n",
        " " + GO_VKEY,
        GO_VKEY.replace("c74f20a3", "C74F20A3"),
        GO_VKEY.replace("c74f20a3", "c74f20a4"),
        GO_VKEY.replace("c74f20a3", "0c74f20a3"),
        GO_VKEY + "=",
        GO_VKEY[:-1],
        "Peter\tNeumann" + GO_VKEY[12:],
        "Peter\u2003Neumann" + GO_VKEY[12:],
        "Peter\x01Neumann" + GO_VKEY[12:],
        "Peter\udcffNeumann" + GO_VKEY[12:],
        _vkey("n", b"\x02" + KEY.public.raw),
        _vkey("n", b"\x01" + KEY.public.raw + b"\0"),
        _vkey("n", b"\x01"),
        _vkey("n", b"\x04" + bytes([1, *bytes(31)])),  # a point of small order
        _vkey("n", b"\x06" + KEY.public.raw),
        _vkey("n", b"\x01" + POST.public.raw),
    ],
)
def test_any_other_text_is_no_verifier_key(text):
    with pytest.raises(Refused) as caught:
        parse_vkey(text)
    assert caught.value.code in {"E-VKEY-01", "E-KEY-02"}


@pytest.mark.parametrize(
    ("name", "kind", "public"),
    [
        ("", 1, KEY.public),
        ("a b", 1, KEY.public),
        ("n", 6, KEY.public),
        ("n", 1, POST.public),
        ("n", 5, KEY.public),
    ],
)
def test_a_key_of_another_kind_than_stated_is_refused(name, kind, public: PublicKey):
    with pytest.raises(Refused) as caught:
        NoteKey(name, kind, public)
    assert caught.value.code == "E-VKEY-01"


LINES = [NoteSignature(f"w{n}", bytes([n, 0, 0, 1]), bytes(72)) for n in range(3)]


def test_lines_are_added_after_what_stands_there():
    grown = add_signatures(NOTE, LINES)
    assert grown.startswith(NOTE)
    assert grown == NOTE + format_signatures(LINES)
    assert parse_note(grown).signatures[1:] == tuple(LINES)


def test_a_second_line_of_one_key_displaces_nothing():
    forged = parse_note(NOTE).signatures[0]._replace(signature=bytes(64))
    assert add_signatures(NOTE, [forged, LINES[0], LINES[0]]) == add_signatures(NOTE, LINES[:1])


def test_a_note_with_many_large_lines_is_read_and_more_than_100_are_refused():
    large = [NoteSignature("w", n.to_bytes(4), bytes(2428)) for n in range(99)]
    grown = add_signatures(NOTE, large)
    assert len(parse_note(grown).signatures) == 100
    with pytest.raises(Refused) as caught:
        add_signatures(grown, [NoteSignature("w", b"\xff\0\0\0", bytes(2428))])
    assert caught.value.code == "E-NOTE-01"


@given(
    st.lists(
        st.builds(
            NoteSignature,
            st.from_regex(r"[a-z./]{1,9}", fullmatch=True),
            st.binary(min_size=4, max_size=4),
            st.binary(min_size=1, max_size=99),
        ),
        min_size=1,
        max_size=9,
        unique_by=lambda line: line[:2],
    )
)
def test_signature_lines_come_back(lines):
    assert parse_signatures(format_signatures(lines)) == tuple(lines)


@pytest.mark.parametrize(
    "data",
    [b"", b"\n", b"text\n", format_signatures(LINES) + b"\n", b"x\n\n" + format_signatures(LINES)],
)
def test_anything_else_is_no_list_of_signature_lines(data):
    with pytest.raises(Refused) as caught:
        parse_signatures(data)
    assert caught.value.code == "E-NOTE-01"


def test_a_control_character_in_a_signers_name_is_refused():
    with pytest.raises(Refused):
        parse_note("text\n\n— a\x01b AAAAAAA=\n".encode())
