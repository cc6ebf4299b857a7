"""The issuer's side: rows become salted records, a padded tree of their leaves, and a signature.

It needs the issuer's key, and neither ledger nor vault. What it gives is all that the vault's side
is told: the signed statement, the records' own bytes, and the random leaves that pad the tree.
"""

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import cbor2

from standing import charter
from standing.ledger.intake._facts import Facts
from standing.verify.tree import root_of
from standing.wire import cbor
from standing.wire.days import format_day
from standing.wire.keys import SigningKey

SALT_BYTES: Final = 32
_SMALLEST_TREE: Final = 32
_LEAF_BYTES: Final = 32
_SLOT_BYTES: Final = 6  # drawn by lot, so that no two statements are alike
_TYPE: Final = "standing/record/1"
_ARRAY_OF_12: Final = b"\x8c"
_BYTES_OF_32: Final = b"\x58\x20"


@dataclass(frozen=True, slots=True)
class OwnBatch:
    """A batch as its issuer sends it."""

    signed: bytes  # the statement, a COSE_Sign1
    records: tuple[bytes, ...]  # the preimages, in the order of their leaves
    padding: bytes  # 32 random bytes a leaf; they come after the records'


def tree_size(records: int) -> int:
    """Give how many leaves so many records are padded to."""
    return max(_SMALLEST_TREE, 1 << (records - 1).bit_length())


def leaves_of(records: Iterable[bytes]) -> list[bytes]:
    """Give the records' leaves."""
    sha256 = hashlib.sha256
    return [sha256(b"\0" + data).digest() for data in records]


class Making:
    """Makes batches of some rows."""

    def __init__(
        self, facts: Facts, context: str, today: int, keys: Mapping[str, SigningKey]
    ) -> None:
        self._columns = _Columns(facts)
        self._context = context
        self._today = today
        self._keys = keys

    def batch(self, issuer: str, rows: Sequence[int]) -> tuple[OwnBatch, list[bytes]]:
        """Salt, encode, hash, pad and sign this issuer's rows; gives the records' leaves too."""
        records = self._columns.records(self._context, issuer, rows)
        leaves = leaves_of(records)
        size = tree_size(len(rows))
        padding = os.urandom(_LEAF_BYTES * (size - len(rows)))
        root = root_of(b"".join(leaves) + padding)
        slot = f"{self._context}/{format_day(self._today)}/{os.urandom(_SLOT_BYTES).hex()}"
        statement = charter.Batch(charter.VDS_RFC9162_SHA256, root, size, self._context)
        signed = charter.sign_statement(self._keys[issuer], issuer, slot, statement)
        return OwnBatch(signed, tuple(records), padding), leaves


def cut(
    facts: Facts,
    issuers: Iterable[str],
    *,
    skip: bytes,
    bad: frozenset[int] = frozenset(),
    batch_records: int,
) -> Iterator[tuple[str, Sequence[int]]]:
    """Cut rows into batches, each of one issuer: gives (issuer, places of its rows).

    `skip` holds one byte a row, 1 where it is already there; `bad` are places of bad rows, whose
    whole batch is left out.
    """
    places: dict[str, list[int]] = {issuer: [] for issuer in issuers}
    unknown: list[int] = []  # rows of issuers without a key are bad rows: their place is kept
    for place, issuer in enumerate(facts.issuer):
        if not skip[place]:
            places.get(issuer, unknown).append(place)
    for issuer, mine in places.items():
        for start in range(0, len(mine), batch_records):
            rows = mine[start : start + batch_records]
            if not bad or bad.isdisjoint(rows):
                yield issuer, rows


class _Columns:
    """The facts of a block in CBOR, value by value: most values repeat and are encoded once.

    A deterministic array is its head followed by its items' encodings, so that putting encoded
    items together gives the bytes that `preimage(Record(...))` gives; a test holds them equal.
    """

    def __init__(self, facts: Facts) -> None:
        self._reference = _encoded(facts.reference)
        self._type = _encoded(facts.type)
        self._day = _encoded(facts.day)
        self._basis = _encoded(facts.basis)
        self._signer = _encoded(facts.signer)
        self._identified = _encoded(facts.identified)
        different = {id(details): details for details in facts.details}
        seen = {place: cbor.encode(details) for place, details in different.items()}
        self._details = [seen[id(details)] for details in facts.details]
        self._row = [cbor2.dumps(row) for row in facts.row]

    def records(self, context: str, issuer: str, rows: Sequence[int]) -> list[bytes]:
        """Encode rows, each under a salt of its own."""
        before = _ARRAY_OF_12 + cbor2.dumps(_TYPE) + _BYTES_OF_32
        after = cbor2.dumps(context) + cbor2.dumps(issuer)
        salts = os.urandom(SALT_BYTES * len(rows))
        return [
            self._record(before, salts[start : start + SALT_BYTES], after, place)
            for start, place in zip(range(0, len(salts), SALT_BYTES), rows, strict=True)
        ]

    def _record(self, before: bytes, salt: bytes, after: bytes, place: int) -> bytes:
        return b"".join(
            (
                before,
                salt,
                after,
                self._reference[place],
                self._type[place],
                self._day[place],
                self._basis[place],
                self._signer[place],
                self._identified[place],
                self._details[place],
                self._row[place],
            )
        )


def _encoded(values: Sequence[int] | Sequence[str]) -> list[bytes]:
    different = set(values)
    if len(different) > len(values) // 2:
        return list(map(cbor2.dumps, values))
    seen = {value: cbor2.dumps(value) for value in different}
    return [seen[value] for value in values]
