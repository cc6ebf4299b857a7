"""Strict CBOR: one value, one byte string, in both directions.

Encoding is deterministic as RFC 8949 section 4.2.1 asks (shortest heads, definite lengths, map
keys in bytewise order of their encodings). Decoding accepts those bytes and nothing else, so a
signed document cannot be read in two ways. Floats, tags, `undefined` and other simple values
have no place in a document and are refused in both directions.
"""

import functools
from collections.abc import Mapping
from typing import Any, Final, NoReturn, TypeAlias, cast

import cbor2

from standing.errors import Refused

Value: TypeAlias = "int | bytes | str | bool | list[Value] | dict[int | str | bytes, Value] | None"
"""What a document may hold. Map keys are integers, text or bytes."""

MAX_DEPTH: Final = 32
"""Containers inside containers that a document may have; packs need about ten."""

_SHORT_KEY: Final = 64
_INT_END: Final = 1 << 64
_SCALARS: Final = frozenset({int, bytes, str, bool, type(None)})
_KEYS: Final = frozenset({int, str, bytes})
# Tags that cbor2 would turn into dates, big integers, shared references, sets and so on.
_KNOWN_TAGS: Final = (
    *(0, 1, 2, 3, 4, 5, 25, 28, 29, 30, 35, 36, 37, 52, 54, 100),
    *(256, 258, 260, 261, 1004, 43000, 55799),
)


def encode(value: object) -> bytes:
    """Encode a value deterministically; raises `E-CBOR-01` for anything that is no `Value`.

    Tuples are written as arrays.

    >>> encode({"b": 1, 10: [True, None]}).hex()
    'a20a82f5f6616201'
    """
    ordered = _ordered(value, 0)
    try:
        return cbor2.dumps(ordered)
    except (cbor2.CBORError, UnicodeError) as error:
        raise _unfit(f"The encoder says: {error}.") from error


def decode(data: bytes, *, what: str = "CBOR") -> Any:
    """Decode bytes that `encode` could have made; arrays become lists, maps become dicts.

    `what` names the document in errors. Raises `E-CBOR-02` for bytes that are no CBOR or hold a
    float, a tag or too many levels, and `E-CBOR-03` for CBOR that is not deterministic: trailing
    bytes, keys twice or out of order, long integers.
    """
    try:
        value = cbor2.loads(
            data,
            tag_hook=_refuse_tag,
            semantic_decoders=_TAGS,
            max_depth=MAX_DEPTH,
            allow_indefinite=False,
            allow_duplicate_keys=False,
        )
        _check_decoded(value, 0)
        again = cbor2.dumps(value)
    except (cbor2.CBORError, UnicodeError, Refused) as error:
        raise Refused(
            "E-CBOR-02",
            f"The bytes are no {what}.",
            why=f"Wanted one deterministic CBOR value. {_reason(error)}",
            fix="Encode the document as RFC 8949 section 4.2.1 describes, without floats and tags.",
        ) from error
    except _OutOfOrderError:
        again = b""
    if again != data:
        raise Refused(
            "E-CBOR-03",
            f"The {what} is not in deterministic form.",
            why=f"Got {len(data)} bytes that differ from the deterministic encoding of what they"
            " say.",
            fix="Use shortest integers and lengths, sort map keys bytewise, add nothing after it.",
        )
    return value


class _OutOfOrderError(Exception):
    """The keys of a decoded map are not in the order of their encodings."""


def _check_decoded(value: object, depth: int) -> None:
    """Refuse what no document holds. Map keys out of order show when it is encoded anew."""
    kind = type(value)
    if kind in _SCALARS:
        return
    if depth >= MAX_DEPTH:
        raise _unfit(f"It nests deeper than {MAX_DEPTH} levels.")
    if kind is list:
        items = cast("list[object]", value)
        if not _SCALARS.issuperset(map(type, items)):
            for item in items:
                _check_decoded(item, depth + 1)
    elif kind is dict:
        _check_decoded_map(cast("dict[object, object]", value), depth + 1)
    else:
        raise _unfit(f"Got a {kind.__name__}; allowed are int, bytes, str, bool, None, list, dict.")


def _check_decoded_map(items: dict[object, object], depth: int) -> None:
    if not _KEYS.issuperset(map(type, items)):
        raise _unfit("A map key is neither an integer nor text nor bytes.")
    before = b""
    for key, item in items.items():
        order = _order(key)
        if order <= before:
            raise _OutOfOrderError
        before = order
        if type(item) not in _SCALARS:
            _check_decoded(item, depth)


def _order(key: object) -> bytes:
    """Give a map key's encoding, by which keys are sorted; labels recur and are remembered."""
    if type(key) is int or len(cast("str | bytes", key)) <= _SHORT_KEY:
        return _remembered_order(key)
    return cbor2.dumps(key)


@functools.lru_cache(maxsize=4096, typed=True)
def _remembered_order(key: object) -> bytes:
    return cbor2.dumps(key)


def _ordered(value: object, depth: int) -> object:
    """Give the value with every map in key order; a list without containers is passed as is."""
    kind = type(value)
    if kind is int:
        _check_int(cast("int", value))
        return value
    if kind in _SCALARS:
        return value
    if depth >= MAX_DEPTH:
        raise _unfit(f"It nests deeper than {MAX_DEPTH} levels.")
    if kind is list or kind is tuple:
        return _ordered_list(cast("list[object]", value), depth + 1)
    if kind is dict:
        return _ordered_map(cast("dict[object, object]", value), depth + 1)
    raise _unfit(f"Got a {kind.__name__}; allowed are int, bytes, str, bool, None, list, dict.")


def _ordered_list(items: list[object], depth: int) -> list[object]:
    if _SCALARS.issuperset(map(type, items)):  # the common case: records, leaves, paths
        for item in items:
            if type(item) is int:
                _check_int(item)
        return items
    return [_ordered(item, depth) for item in items]


def _ordered_map(items: Mapping[object, object], depth: int) -> dict[object, object]:
    if not _KEYS.issuperset(map(type, items)):
        raise _unfit("A map key is neither an integer nor text nor bytes.")
    for key in items:
        if type(key) is int:
            _check_int(key)
    keys = sorted(items, key=_order) if len(items) > 1 else list(items)
    return {key: _ordered(items[key], depth) for key in keys}


def _check_int(value: int) -> None:
    if not -_INT_END <= value < _INT_END:
        raise _unfit(f"The integer {value} does not fit 64 bits.")


def _unfit(why: str) -> Refused:
    return Refused(
        "E-CBOR-01",
        "The value cannot stand in a document.",
        why=why,
        fix="Use whole numbers, text, bytes, true, false, null, lists and maps.",
    )


def _refuse_tag(*_: object) -> NoReturn:
    raise ValueError("a tag has no place in a document")


_TAGS: Final = dict.fromkeys(_KNOWN_TAGS, _refuse_tag)


def _reason(error: Exception) -> str:
    return error.why if isinstance(error, Refused) else f"{error}."
