"""How a valid thing is spoiled: by bits, bytes and lengths, by other numbers, values and spellings.

An edit asks `pick(n)` for a number from 0 to n - 1 wherever it has a choice, so that hypothesis can
make the choices in a test and a seeded generator can make them under atheris.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from standing.wire import cbor
from tests.fuzz import naive_cbor

Pick = Callable[[int], int]
Edit = Callable[[Pick, bytes, Sequence[bytes]], bytes]
_T = TypeVar("_T")

MOST_EDITS = 4
_NUMBER = re.compile(rb"[0-9]+")
_LONGEST_CUT = 64
_MOST_DIGITS = 4000  # Python reads no longer number

# what parsers of text and of CBOR trip over
_PIECES = (
    *(b"\n", b"\n\n", b"\r", b"\0", b" ", b"\t", b"+", b"=", b"==", b"-", b".", b"/", b"..", b"../"),
    *("\u2014 ".encode(), "\u00a0".encode(), "\u0661".encode(), "\u2028".encode(), b"\xed\xa0\x80"),
    *(b"\xff", b"\x7f", b"\xc0\x80", b"\xf9\x7e\x00", b"\xf7", b"\xf6", b"\xc2\x40", b"\x5f", b"\x9f"),
    *(b"\x18\x00", b"\x1b" + b"\xff" * 8, b"\x3b" + b"\xff" * 8, b"\x81" * 40, b"[" * 2000),
)  # fmt: skip
_NUMBERS = (
    *(b"0", b"00", b"-1", b"1e3", b"1.0", b"+1", b"1_0", b" 1", "\u0661".encode(), b"0x1"),
    *(b"256", b"4294967296", b"9223372036854775808", b"18446744073709551616", b"9" * 5000),
)
_VALUES = (
    *(0, 1, 23, 24, -1, 1 << 31, 1 << 63, (1 << 64) - 1, -(1 << 64), True, None),
    *("", "text", "\u202e", b"", bytes(31), bytes(32), [], {}, [0], {1: 1}, {"type": ""}),
)


def mutate(pick: Pick, seeds: Sequence[bytes], *, in_cbor: bool) -> bytes:
    """Give one of the seeds after one to four edits, half of them of values if it is CBOR."""
    data = _one(pick, seeds)
    for _ in range(1 + pick(MOST_EDITS)):
        by_value = in_cbor and pick(2)
        edit = write_a_value_otherwise if by_value else _one(pick, EDITS)
        data = edit(pick, data, seeds)
    return data


def _one(pick: Pick, choices: Sequence[_T]) -> _T:
    return choices[pick(len(choices))]


def _place(pick: Pick, data: bytes) -> int:
    return pick(max(len(data), 1))


def _stretch(pick: Pick, data: bytes) -> tuple[int, int]:
    start = _place(pick, data)
    return start, start + 1 + pick(_LONGEST_CUT)


def flip_a_bit(pick: Pick, data: bytes, _: Sequence[bytes]) -> bytes:
    at, bit = _place(pick, data), 1 << pick(8)
    return data[:at] + bytes(byte ^ bit for byte in data[at : at + 1]) + data[at + 1 :]


def set_a_byte(pick: Pick, data: bytes, _: Sequence[bytes]) -> bytes:
    at = _place(pick, data)
    return data[:at] + bytes([pick(256)]) + data[at + 1 :]


def cut_off(pick: Pick, data: bytes, _: Sequence[bytes]) -> bytes:
    return data[: _place(pick, data)]


def take_out(pick: Pick, data: bytes, _: Sequence[bytes]) -> bytes:
    start, end = _stretch(pick, data)
    return data[:start] + data[end:]


def say_twice(pick: Pick, data: bytes, _: Sequence[bytes]) -> bytes:
    start, end = _stretch(pick, data)
    return data[:end] + data[start:]


def splice(pick: Pick, data: bytes, seeds: Sequence[bytes]) -> bytes:
    """Begin as one and end as another."""
    other = _one(pick, seeds)
    return data[: _place(pick, data)] + other[_place(pick, other) :]


def put_in(pick: Pick, data: bytes, _: Sequence[bytes]) -> bytes:
    at = _place(pick, data)
    return data[:at] + _one(pick, _PIECES) + data[at:]


def write_a_number_otherwise(pick: Pick, data: bytes, _: Sequence[bytes]) -> bytes:
    """Replace a run of decimal digits, or write it with a zero in front or one more."""
    runs = [match.span() for match in _NUMBER.finditer(data)]
    if not runs:
        return data
    start, end = _one(pick, runs)
    digits = data[start:end]
    more = str(int(digits[:_MOST_DIGITS]) + 1).encode()
    return data[:start] + _one(pick, (b"0" + digits, more, *_NUMBERS)) + data[end:]


def write_a_head_otherwise(pick: Pick, data: bytes, _: Sequence[bytes]) -> bytes:
    """Read a byte as a CBOR head and give it another length, or the same in more bytes."""
    at = _place(pick, data)
    first = data[at : at + 1]
    if not first or first[0] & 31 > 27:
        return data
    extra = {24: 1, 25: 2, 26: 4, 27: 8}.get(first[0] & 31, 0)
    argument = int.from_bytes(data[at + 1 : at + 1 + extra]) if extra else first[0] & 31
    changed = max(0, argument + _one(pick, (0, 0, 1, -1, 1 << 31, 1 << 62)))
    width = _one(pick, (0, 1, 2, 4, 8))
    if changed >= (1 << 8 * width if width else 24):
        width = 8
    low = {0: changed, 1: 24, 2: 25, 4: 26, 8: 27}[width]
    written = (changed % (1 << 64)).to_bytes(width) if width else b""
    return data[:at] + bytes([first[0] & 0xE0 | low]) + written + data[at + 1 + extra :]


def write_a_value_otherwise(pick: Pick, data: bytes, _: Sequence[bytes]) -> bytes:
    """Change one value inside an array or a map of CBOR, so that what is around it still reads."""
    found = []
    for at, byte in enumerate(data):
        if byte >> 5 in {4, 5} and byte & 31:
            try:
                found.append((at, *naive_cbor.item(data, at)))
            except naive_cbor.Odd:
                continue
    if not found:
        return data
    at, value, end = _one(pick, found)
    return data[:at] + cbor.encode(_changed(pick, value)) + data[end:]


def _changed(pick: Pick, value: Any) -> Any:
    if not value or not isinstance(value, list | dict):
        return _one(pick, _VALUES)
    place = _one(pick, list(value) if isinstance(value, dict) else range(len(value)))
    copy = value.copy()
    match _one(pick, ("inside", "inside", "less", "more", "border")):
        case "less":
            del copy[place]
        case "more" if isinstance(copy, list):
            copy.append(copy[place])
        case "more":
            copy["more"] = copy[place]
        case "border" if isinstance(copy, dict):
            _move_a_border(copy)
        case _:
            copy[place] = _changed(pick, copy[place])
    return copy


def _move_a_border(items: dict[Any, Any]) -> None:
    """Let one string of bytes end sooner and the next begin there."""
    strings = [key for key, value in items.items() if isinstance(value, bytes) and value]
    if len(strings) > 1:
        one, two = strings[:2]
        items[one], items[two] = items[one][:-1], items[one][-1:] + items[two]


EDITS: tuple[Edit, ...] = (
    flip_a_bit,
    set_a_byte,
    cut_off,
    take_out,
    say_twice,
    splice,
    put_in,
    write_a_number_otherwise,
    write_a_head_otherwise,
)
