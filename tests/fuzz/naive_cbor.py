"""The deterministic CBOR of RFC 8949 section 4.2.1, read item by item without any library.

Written apart from the product's own code, which decodes with a library and compares bytes. Both
must take and refuse the same bytes.
"""

from typing import Any

MOST_LEVELS = 32
_SIMPLE = {20: False, 21: True, 22: None}
_KEYS = (0, 1, 2, 3)  # integers, bytes, text


class Odd(ValueError):  # noqa: N818 - what the bytes are
    """No deterministic CBOR of a document."""


def decode(data: bytes) -> Any:
    """Give the one value, or raise `Odd`."""
    value, end = item(data, 0)
    if end != len(data):
        raise Odd
    return value


def item(data: bytes, at: int) -> tuple[Any, int]:
    """Give the value that begins at a place, and where it ends; raises `Odd`."""
    return _item(data, at, 0)


def _item(data: bytes, at: int, level: int) -> tuple[Any, int]:
    major, short, argument, at = _head(data, at)
    if major == 7:
        if short not in _SIMPLE:
            raise Odd
        return _SIMPLE[short], at
    if major in {0, 1}:
        return (-1 - argument if major else argument), at
    if major in {2, 3}:
        return _string(data, at, argument, text=major == 3)
    if major == 6 or level >= MOST_LEVELS:
        raise Odd
    return (_list if major == 4 else _map)(data, at, argument, level + 1)


def _head(data: bytes, at: int) -> tuple[int, int, int, int]:
    """Give major type, the five low bits, the argument and where the content begins."""
    if at >= len(data):
        raise Odd
    major, short = data[at] >> 5, data[at] & 31
    if short < 24:
        return major, short, short, at + 1
    length = {24: 1, 25: 2, 26: 4, 27: 8}.get(short, 0)
    end = at + 1 + length
    argument = int.from_bytes(data[at + 1 : end])
    least = {1: 24, 2: 1 << 8, 4: 1 << 16, 8: 1 << 32}.get(length)
    if least is None or end > len(data) or argument < least or major == 7:
        raise Odd
    return major, short, argument, end


def _string(data: bytes, at: int, length: int, *, text: bool) -> tuple[Any, int]:
    end = at + length
    if end > len(data):
        raise Odd
    try:
        return (data[at:end].decode() if text else data[at:end]), end
    except UnicodeDecodeError as error:
        raise Odd from error


def _list(data: bytes, at: int, length: int, level: int) -> tuple[Any, int]:
    items: list[Any] = []
    while len(items) < length:
        item, at = _item(data, at, level)
        items.append(item)
    return items, at


def _map(data: bytes, at: int, length: int, level: int) -> tuple[Any, int]:
    items: dict[Any, Any] = {}
    before = b""
    while len(items) < length:
        if at >= len(data) or data[at] >> 5 not in _KEYS:
            raise Odd
        key, after = _item(data, at, level)
        written = data[at:after]
        if written <= before:
            raise Odd
        before = written
        items[key], at = _item(data, after, level)
    return items, at
