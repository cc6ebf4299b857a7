"""COSE_Sign1: exact bytes are signed, and one statement has one entry."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standing.errors import Broken, Refused
from standing.wire import cbor, cose
from standing.wire.cose import parse_sign1, sign1
from standing.wire.keys import PublicKey, SigningKey

KEY = SigningKey.from_seed(bytes(range(32)))
HEADER = {cose.CWT: {cose.CWT_ISS: "issuer", cose.CWT_SUB: "slot/1"}, cose.TYP: "a/b"}
STATEMENT = sign1(KEY, HEADER, b"payload")
PROTECTED = cbor.encode({cose.ALG: -8, cose.KID: KEY.public.thumbprint})


def _signed(protected: dict, *, payload: bytes | None = b"p", unprotected: dict | None = None):
    """Sign any header, also one that `sign1` would not write."""
    header = cbor.encode(protected)
    signature = KEY.sign(cose.sig_structure(header, payload or b""))
    return b"\xd2" + cbor.encode([header, unprotected or {}, payload, signature])


def test_a_statement_carries_algorithm_key_and_claims_under_its_signature():
    parsed = parse_sign1(STATEMENT)
    assert parsed.protected == {cose.ALG: -8, cose.KID: KEY.public.thumbprint, **HEADER}
    assert (parsed.kid, parsed.payload) == (KEY.public.thumbprint, b"payload")
    parsed.verify(KEY.public)


def test_the_signed_bytes_are_those_of_rfc_9052():
    parsed = parse_sign1(STATEMENT)
    by_hand = b"\x84\x6aSignature1" + b"".join(
        (b"\x58" + bytes([len(part)]) if len(part) > 23 else bytes([0x40 + len(part)])) + part
        for part in (parsed.protected_bytes, b"", b"payload")
    )
    assert parsed.sig_structure() == by_hand
    assert parsed.statement_hash == hashlib.sha256(by_hand).digest()


def test_what_travels_in_the_unprotected_header_does_not_change_the_entry():
    carrying = sign1(KEY, HEADER, b"payload", unprotected={cose.RECEIPTS: [b"receipt"], 33: b"c"})
    parsed = parse_sign1(carrying)
    parsed.verify(KEY.public)
    assert carrying != STATEMENT
    assert parsed.entry_bytes == STATEMENT
    assert parsed.statement_hash == parse_sign1(STATEMENT).statement_hash


def test_header_labels_that_nobody_here_knows_are_kept():
    statement = sign1(KEY, {**HEADER, 9999: ["new", 1], "text": b"too"}, b"p")
    parsed = parse_sign1(statement)
    assert parsed.protected[9999] == ["new", 1]
    assert parsed.entry_bytes == statement


def test_a_detached_payload_is_asked_for():
    parsed = parse_sign1(sign1(KEY, HEADER, b"payload", detached=True))
    assert parsed.payload is None
    parsed.verify(KEY.public, b"payload")
    for payload, error in ((None, Refused), (b"another", Broken)):
        with pytest.raises(error):
            parsed.verify(KEY.public, payload)


def test_a_payload_given_twice_is_refused():
    with pytest.raises(Refused) as caught:
        parse_sign1(STATEMENT).verify(KEY.public, b"payload")
    assert caught.value.code == "E-COSE-03"


def test_both_identifiers_of_ed25519_are_read_and_only_the_old_one_is_written():
    newer = parse_sign1(_signed({cose.ALG: -19, cose.KID: b"k"}))
    newer.verify(KEY.public)
    assert parse_sign1(STATEMENT).protected[cose.ALG] == -8


def test_another_algorithm_than_the_keys_is_broken():
    passkey = PublicKey(
        "ES256",
        bytes.fromhex(
            "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
            "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
        ),
    )
    with pytest.raises(Broken) as caught:
        parse_sign1(STATEMENT).verify(passkey)
    assert caught.value.code == "E-COSE-04"


def test_another_key_did_not_sign():
    with pytest.raises(Broken) as caught:
        parse_sign1(STATEMENT).verify(SigningKey.generate().public)
    assert caught.value.code == "E-SIG-02"


@given(st.integers(0, len(STATEMENT) * 8 - 1))
def test_one_flipped_bit_ends_a_statement(bit):
    data = bytearray(STATEMENT)
    data[bit // 8] ^= 1 << bit % 8
    with pytest.raises((Refused, Broken)):
        parse_sign1(bytes(data)).verify(KEY.public)


SIGNATURE = bytes(64)
BAD = {
    "nothing": b"",
    "no tag": STATEMENT[1:],
    "another tag": b"\xd1" + STATEMENT[1:],
    "the tag in two bytes": b"\xd8\x12" + STATEMENT[1:],
    "a byte too many": STATEMENT + b"\x00",
    "three parts": b"\xd2" + cbor.encode([PROTECTED, {}, b""]),
    "no array": b"\xd2" + cbor.encode({}),
    "header no bytes": b"\xd2" + cbor.encode([{}, {}, b"", SIGNATURE]),
    "empty header": b"\xd2" + cbor.encode([b"", {}, b"", SIGNATURE]),
    "header no map": b"\xd2" + cbor.encode([b"\x80", {}, b"", SIGNATURE]),
    "header not deterministic": b"\xd2" + cbor.encode([b"\xa1\x01\x38\x07", {}, b"", SIGNATURE]),
    "header with trailing byte": b"\xd2" + cbor.encode([PROTECTED + b"\0", {}, b"", SIGNATURE]),
    "unprotected no map": b"\xd2" + cbor.encode([PROTECTED, [], b"", SIGNATURE]),
    "payload text": b"\xd2" + cbor.encode([PROTECTED, {}, "text", SIGNATURE]),
    "signature short": b"\xd2" + cbor.encode([PROTECTED, {}, b"", SIGNATURE[1:]]),
    "signature text": b"\xd2" + cbor.encode([PROTECTED, {}, b"", "s"]),
    "no algorithm": _signed({cose.KID: b"k"}),
    "an unknown algorithm": _signed({cose.ALG: -37}),
    "algorithm as text": _signed({cose.ALG: "EdDSA"}),
    "algorithm true": _signed({cose.ALG: True}),
    "a label of bytes": _signed({cose.ALG: -8, b"l": 1}),
    "a header in both": _signed({cose.ALG: -8, 4: b"k"}, unprotected={4: b"k"}),
    "crit unprotected": _signed({cose.ALG: -8}, unprotected={cose.CRIT: [1]}),
    "crit unknown": _signed({cose.ALG: -8, cose.CRIT: [9999], 9999: 1}),
    "crit absent": _signed({cose.ALG: -8, cose.CRIT: [cose.CWT]}),
    "crit empty": _signed({cose.ALG: -8, cose.CRIT: []}),
    "crit no list": _signed({cose.ALG: -8, cose.CRIT: 1}),
}


@pytest.mark.parametrize("name", BAD)
def test_other_bytes_are_refused(name):
    with pytest.raises(Refused):
        parse_sign1(BAD[name])


def test_a_critical_header_that_is_understood_is_accepted():
    statement = _signed({cose.ALG: -8, cose.CRIT: [cose.CWT], cose.CWT: {1: "i"}})
    parse_sign1(statement).verify(KEY.public)


def test_a_statement_without_key_id_has_none_to_give():
    with pytest.raises(Refused) as caught:
        _ = parse_sign1(_signed({cose.ALG: -8})).kid
    assert caught.value.code == "E-COSE-02"


def test_a_statement_is_at_most_65535_bytes_long():
    longest = sign1(KEY, HEADER, bytes(65_535 - len(STATEMENT) + 5))
    assert len(longest) == 65_535
    parse_sign1(longest)
    with pytest.raises(Refused) as caught:
        parse_sign1(sign1(KEY, HEADER, bytes(65_535 - len(STATEMENT) + 6)))
    assert caught.value.code == "E-COSE-01"


def test_a_million_byte_header_is_refused_before_it_is_read():
    with pytest.raises(Refused) as caught:
        parse_sign1(sign1(KEY, {99: bytes(1_000_000)}, b""))
    assert caught.value.code == "E-COSE-01"


@given(st.binary(max_size=80))
def test_any_bytes_are_parsed_or_refused(data):
    try:
        parsed = parse_sign1(b"\xd2" + data)
    except Refused:
        return
    assert parsed.protected
