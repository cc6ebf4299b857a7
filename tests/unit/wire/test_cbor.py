"""One value, one byte string, and no other byte string is read."""

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from standing.errors import Refused
from standing.wire.cbor import MAX_DEPTH, decode, encode

INTEGERS = st.integers(min_value=-(1 << 64), max_value=(1 << 64) - 1)
SCALARS = st.none() | st.booleans() | INTEGERS | st.binary() | st.text()
KEYS = INTEGERS | st.binary(max_size=8) | st.text(max_size=8)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=20,
)

# RFC 8949, appendix A: value and encoding.
EXAMPLES = [
    (0, "00"),
    (23, "17"),
    (24, "1818"),
    (100, "1864"),
    (1000, "1903e8"),
    (1000000000000, "1b000000e8d4a51000"),
    (18446744073709551615, "1bffffffffffffffff"),
    (-18446744073709551616, "3bffffffffffffffff"),
    (-1, "20"),
    (-1000, "3903e7"),
    (False, "f4"),
    (True, "f5"),
    (None, "f6"),
    (b"\x01\x02\x03\x04", "4401020304"),
    ("IETF", "6449455446"),
    ("\u6c34", "63e6b0b4"),
    ([], "80"),
    ([1, [2, 3], [4, 5]], "8301820203820405"),
    ({}, "a0"),
    ({1: 2, 3: 4}, "a201020304"),
    ({"a": 1, "b": [2, 3]}, "a26161016162820203"),
]

BAD_CBOR = {
    "nothing": "",
    "an array cut short": "8201",
    "text cut short": "6261",
    "a length beyond memory": "5b7fffffffffffffff",
    "an array length beyond memory": "9b7fffffffffffffff00",
    "text that is no UTF-8": "61ff",
    "an indefinite array": "9f01ff",
    "an indefinite map": "bf0102ff",
    "indefinite bytes": "5f4101ff",
    "a break alone": "ff",
    "a half float": "f93c00",
    "a double": "fb3ff0000000000000",
    "a float in a list": "81fb3ff0000000000000",
    "not a number": "f97e00",
    "undefined": "f7",
    "a simple value": "f0",
    "a date tag": "c074323031332d30332d32315432303a30343a30305a",
    "a big integer": "c249010000000000000000",
    "a set": "d9010281" + "01",
    "a shared value": "d81c80",
    "a reference to itself": "d81c81d81d00",
    "self-described CBOR": "d9d9f700",
    "an unknown tag": "d9271000",
    "the same key twice": "a201020103",
    "keys that Python holds for equal": "a20102f503",
    "a list as key": "a1800" + "0",
    "a map as key": "a1a000",
    "null as key": "a1f600",
    "true as key": "a1f500",
    "reserved head": "1c",
    "too deep": "81" * (MAX_DEPTH + 1) + "00",
    "very deep": "81" * 100_000 + "00",
}

ODD_CBOR = {
    "a byte after the value": "0000",
    "0 in two bytes": "1800",
    "255 in three bytes": "1900ff",
    "an integer in nine bytes": "1b00000000ffffffff",
    "a length in two bytes": "580161",
    "a long array head": "98" + "01" + "00",
    "keys out of order": "a203040102",
    "keys sorted by length first": "a2" + "20" + "00" + "1864" + "00",
}


@pytest.mark.parametrize(("value", "encoded"), EXAMPLES)
def test_the_examples_of_the_standard_hold(value, encoded):
    assert encode(value).hex() == encoded
    assert decode(bytes.fromhex(encoded)) == value


def test_map_keys_are_sorted_by_their_bytes_not_by_their_length():
    # RFC 8949 section 4.2.1 gives this very order.
    keys = [10, 100, -1, "z", "aa"]
    data = encode(dict.fromkeys(reversed(keys), 0))
    assert list(decode(data)) == keys


@pytest.mark.parametrize("name", BAD_CBOR)
def test_bytes_that_are_no_document_are_refused(name):
    with pytest.raises(Refused) as caught:
        decode(bytes.fromhex(BAD_CBOR[name]), what="pack")
    assert caught.value.code == "E-CBOR-02"
    assert "pack" in caught.value.what


@pytest.mark.parametrize("name", ODD_CBOR)
def test_a_second_spelling_of_a_value_is_refused(name):
    with pytest.raises(Refused) as caught:
        decode(bytes.fromhex(ODD_CBOR[name]))
    assert caught.value.code == "E-CBOR-03"


@pytest.mark.parametrize(
    "value",
    [1.5, [1.5], {1: [0.0]}, 1 << 64, -(1 << 64) - 1, {None: 1}, {(1,): 1}, {1}, pytest.param(object(), id="an object"), "\ud800",
     bytearray(b"a"), {"a": {"b": 1j}}],
    ids=repr,
)  # fmt: skip
def test_a_value_that_has_no_one_encoding_is_refused(value):
    with pytest.raises(Refused) as caught:
        encode(value)
    assert caught.value.code == "E-CBOR-01"


def test_a_value_that_contains_itself_is_refused():
    loop: list[object] = []
    loop.append(loop)
    with pytest.raises(Refused):
        encode(loop)


def test_a_tuple_is_written_as_an_array():
    assert encode((1, (2,))) == encode([1, [2]])


@given(VALUES)
def test_a_value_comes_back_as_it_was(value):
    assert decode(encode(value)) == value


@given(VALUES)
def test_another_decoder_reads_the_same(value):
    assert cbor2.loads(encode(value)) == value


@given(st.dictionaries(KEYS, st.integers(0, 9), max_size=8))
def test_the_order_in_which_a_map_was_filled_leaves_no_trace(value):
    assert encode(dict(reversed(value.items()))) == encode(value)


@given(st.binary(max_size=40))
def test_whatever_is_read_is_written_back_byte_for_byte(data):
    try:
        value = decode(data)
    except Refused:
        return
    assert encode(value) == data
