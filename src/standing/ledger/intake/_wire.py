"""Several batches as one document: what an issuer elsewhere sends.

The CBOR array `["standing/batches/1", [[statement, [record, ...], padding], ...]]`, deterministic.
It is read by hand, head by head: a general reader would make an object of every byte that a
stranger sends. What the batches say is read by whoever takes them.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from standing.errors import Refused
from standing.ledger.intake._own import OwnBatch
from standing.wire import cbor

MAX_BYTES: Final = 20_000_000
MAX_BATCHES: Final = 100
MAX_RECORDS: Final = 16_384
"""In one batch."""
MAX_RECORD_BYTES: Final = 16_384
"""A record has nine short texts and coded details."""

_FORMAT: Final = "standing/batches/1"
_HEAD_BYTES: Final = 5  # at most, where lengths are below 4 GiB
_BYTES, _TEXT, _ARRAY = 2, 3, 4  # major types of RFC 8949
_SHORT: Final = 24
_LEAST: Final = {1: 24, 2: 1 << 8, 4: 1 << 16, 8: 1 << 32}
"""The least number that needs so many bytes."""


def encode_batches(batches: Sequence[OwnBatch]) -> bytes:
    """Write batches as one document; raises `E-BATCH-01` or `-03` beyond the bounds."""
    check_bounds(batches)
    parts = [[own.signed, list(own.records), own.padding] for own in batches]
    data = cbor.encode([_FORMAT, parts])
    _check_length(data)
    return data


def parse_batches(data: bytes) -> list[OwnBatch]:
    """Read a document of batches: its form and bounds, not yet what the batches say.

    Raises `E-BATCH-01` for too many bytes, `E-BATCH-02` for another form, `E-BATCH-03` for too
    many batches or records, or none.
    """
    _check_length(data)
    cursor = _Cursor(data)
    cursor.expect(_ARRAY, 2)
    if cursor.run(_TEXT) != _FORMAT.encode():
        raise cursor.malformed(f"Wanted the text {_FORMAT!r} first.")
    count = cursor.head(_ARRAY)
    check_count(count, MAX_BATCHES, "batches")
    batches = [_parse_batch(cursor, number) for number in range(1, count + 1)]
    cursor.end()
    return batches


def sendings(batches: Iterable[OwnBatch]) -> Iterator[list[OwnBatch]]:
    """Put batches together, in order, into lists that one document holds."""
    together: list[OwnBatch] = []
    size = room = MAX_BYTES - 2 * _HEAD_BYTES - len(_FORMAT)
    for own in batches:
        needed = _most_bytes(own)
        if together and (len(together) == MAX_BATCHES or needed > room):
            yield together
            together, room = [], size
        together.append(own)
        room -= needed
    if together:
        yield together


def check_bounds(batches: Sequence[OwnBatch]) -> None:
    """Refuse more than a document holds, or nothing; raises `E-BATCH-03`."""
    check_count(len(batches), MAX_BATCHES, "batches")
    for number, own in enumerate(batches, 1):
        where = f"batch {number}"
        check_count(len(own.records), MAX_RECORDS, "records", where)
        check_count(max(map(len, own.records)), MAX_RECORD_BYTES, "bytes of a record", where)


def _most_bytes(own: OwnBatch) -> int:
    inside = len(own.signed) + sum(map(len, own.records)) + len(own.padding)
    return inside + _HEAD_BYTES * (len(own.records) + 4)


def _parse_batch(cursor: "_Cursor", number: int) -> OwnBatch:
    where = f"batch {number}"
    cursor.expect(_ARRAY, 3)
    signed = cursor.run(_BYTES)
    count = cursor.head(_ARRAY)
    check_count(count, MAX_RECORDS, "records", where)
    records = tuple(cursor.run(_BYTES) for _ in range(count))
    check_count(max(map(len, records)), MAX_RECORD_BYTES, "bytes of a record", where)
    return OwnBatch(signed, records, cursor.run(_BYTES))


class _Cursor:
    """Reads deterministic CBOR from front to back, one head at a time."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def head(self, major: int) -> int:
        """Read the head of a type; gives its number."""
        first = self._cut(1)[0]
        if first >> 5 != major:
            raise self.malformed(f"Got CBOR type {first >> 5}, wanted {major}.")
        low = first & 31
        if low < _SHORT:
            return low
        width = 1 << low - _SHORT
        number = int.from_bytes(self._cut(width)) if width in _LEAST else -1
        if number < _LEAST.get(width, 0):
            raise self.malformed("A length is not written in its shortest form.")
        return number

    def expect(self, major: int, number: int) -> None:
        """Read the head of a type with that number alone."""
        got = self.head(major)
        if got != number:
            raise self.malformed(f"Got {got} parts, wanted {number}.")

    def run(self, major: int) -> bytes:
        """Read a whole byte string or text."""
        return self._cut(self.head(major))

    def end(self) -> None:
        """Refuse what comes after."""
        if self._at != len(self._data):
            raise self.malformed("Something comes after it.")

    def _cut(self, length: int) -> bytes:
        start, self._at = self._at, self._at + length
        if self._at > len(self._data):
            raise self.malformed("It is cut short.")
        return self._data[start : self._at]

    def malformed(self, why: str) -> Refused:
        """Make the error for bytes that are no such document."""
        return Refused(
            "E-BATCH-02",
            "The bytes are no document of batches.",
            why=why,
            fix="Write it as docs/reference/formats.md says, in deterministic CBOR.",
            where=f"byte {min(self._at, len(self._data))}",
        )


def _check_length(data: bytes) -> None:
    if len(data) > MAX_BYTES:
        raise Refused(
            "E-BATCH-01",
            "The document of batches is too long.",
            why=f"Got {len(data)} bytes; at most {MAX_BYTES} are allowed.",
            fix="Send fewer batches at once.",
        )


def check_count(count: int, most: int, of: str, where: str = "") -> None:
    """Refuse a number beyond its bound, or 0; raises `E-BATCH-03`."""
    if not 1 <= count <= most:
        raise Refused(
            "E-BATCH-03",
            f"There are too many {of}, or none.",
            why=f"Got {count}; 1 to {most} are allowed.",
            fix="Make smaller batches, and send fewer of them at once.",
            where=where,
        )
