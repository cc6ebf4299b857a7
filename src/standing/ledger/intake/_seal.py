"""The second pass: the issuer's side salts, hashes, pads and signs; the vault's side seals.

Rows without live consent get the same work as others: they are encoded, hashed and encrypted,
under a key that is thrown away, and nothing of them is stored but a leaf. The issuer sees no
difference, in the answer or in the public tree.
"""

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import cbor2
import numpy as np
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from standing import charter
from standing.cases.lifecycles import fold_cases
from standing.cases.limits import Limits, limits_of
from standing.ledger.intake._blocks import Block, Table
from standing.ledger.intake._check import Facts, Rules, mapped_block
from standing.vault import LeafKind, Right, SealedBatch, Vault, pack_bodies, seal
from standing.verify.tree import root_of
from standing.wire import cbor, cose
from standing.wire.days import format_day
from standing.wire.keys import SigningKey

SMALLEST_TREE: Final = 32
_SALT: Final = 32
_TYPE: Final = "standing/record/1"
_ARRAY_OF_12: Final = b"\x8c"
_BYTES_OF_32: Final = b"\x58\x20"


@dataclass(frozen=True)
class Sealing:
    """What the second pass needs beside the rules."""

    rules: Rules
    keys: Mapping[str, SigningKey]  # the issuers' own
    batch_records: int


@dataclass
class SealedBlock:
    """The batches of one block, and which of its rows they took."""

    batches: list[SealedBatch]
    taken: np.ndarray[tuple[int], np.dtype[np.bool_]]


def seal_block(
    sealing: Sealing,
    people: "People",
    table: Table,
    block: Block,
    skip: bytes,
    bad: frozenset[int],
) -> SealedBlock:
    """Turn a block's rows into signed, sealed batches.

    `skip` holds one byte a row, 1 where it is already there; `bad` are places of bad rows, whose
    whole batch is left out.
    """
    facts = mapped_block(sealing.rules, table, block)
    sealer = _Sealer(sealing, people, facts)
    taken = np.zeros(facts.count, np.bool_)
    batches: list[SealedBatch] = []
    for issuer, places in _by_issuer(facts.issuer, skip, sealing.keys).items():
        for start in range(0, len(places), sealing.batch_records):
            rows = places[start : start + sealing.batch_records]
            if bad and not bad.isdisjoint(rows):
                continue
            batches.append(sealer.batch(issuer, rows))
            taken[rows] = True
    return SealedBlock(batches, taken)


def _by_issuer(
    issuers: Sequence[str], skip: bytes, keys: Mapping[str, SigningKey]
) -> dict[str, list[int]]:
    places: dict[str, list[int]] = {issuer: [] for issuer in keys}
    unknown: list[int] = []  # rows of issuers without a key are bad rows: their place is kept
    for place, issuer in enumerate(issuers):
        if not skip[place]:
            places.get(issuer, unknown).append(place)
    return places


@dataclass(frozen=True, slots=True)
class Limited:
    """What of one subject's rows may be stored where not all may."""

    right: Right
    limits: Limits | None
    today: int

    def allows(self, issuer: str, type_: str, day: int, signer: str, *, negative: bool) -> bool:
        """Tell whether a row may be stored: agreed to, by a reference of their own, no price."""
        if negative and self.right.shared:
            return False
        if self.right.terms and not self._is_agreed(issuer, day):
            return False
        return self.limits is None or not self.limits.forbid(
            issuer, type_, day, signer, negative=negative
        )

    def _is_agreed(self, issuer: str, day: int) -> bool:
        """Tell whether the consent of the act's day names the issuer, and today's too."""
        return all(
            any(
                start <= wanted < end and issuer in named.issuers
                for start, end, named in self.right.terms
            )
            for wanted in (day, self.today)
        )


class People:
    """Who may be recorded in one import: each reference is looked up once a process."""

    def __init__(self, vault: Vault, rules: Rules) -> None:
        self._vault = vault
        self._rules = rules
        self._context = rules.row_map.context
        self._seen: set[str] = set()
        self._rights: dict[str, tuple[Right, bytes, Limited | None]] = {}
        # in a context without a contest nobody need be looked up once more
        self._is_contested = vault.cases.are_there("contest", self._context)

    def of(self, references: set[str]) -> dict[str, tuple[Right, AESGCM, Limited | None]]:
        """Give rights, ciphers and limits of one block's references; strangers are absent."""
        self._look_up(references)
        known = self._rights
        return {
            reference: (found[0], AESGCM(found[1]), found[2])
            for reference in references
            if (found := known.get(reference)) is not None
        }

    def _look_up(self, references: set[str]) -> None:
        new = references - self._seen
        self._seen |= new
        vault, context, today = self._vault, self._context, self._rules.today
        for reference, right in vault.rights.of(context, new, today).items():
            key = vault.keys.raw(right.subject, context)
            if key is not None:
                self._rights[reference] = right, key, self._limited(right)

    def _limited(self, right: Right) -> Limited | None:
        limits = self._limits(right.subject) if self._is_contested else None
        issuers = self._rules.issuers
        is_plain = all(issuers <= named.issuers for _, _, named in right.terms)
        if is_plain and limits is None and not right.shared:
            return None
        return Limited(right, limits, self._rules.today)

    def _limits(self, number: int) -> Limits | None:
        if not self._vault.cases.are_there("contest", self._context, number):
            return None
        rules = self._rules
        cases = fold_cases(
            self._vault, number, self._context, rules.today, lambda: rules.working_days
        )
        return limits_of(
            cases,
            lambda: {r.id: r.record for r in self._vault.filed.records_of(number, self._context)},
            rules.today,
            by_ledger=rules.ledger_keys.__contains__,
        )


class _Sealer:
    """Seals rows of one block."""

    def __init__(self, sealing: Sealing, people: People, facts: Facts) -> None:
        self._sealing = sealing
        self._facts = facts
        context = sealing.rules.row_map.context
        self._context = context
        self._columns = _Columns(facts)
        self._rights = people.of(set(facts.reference))
        self._throwaway = AESGCM(os.urandom(_SALT))

    def batch(self, issuer: str, rows: Sequence[int]) -> SealedBatch:
        """Seal one batch of this issuer's rows."""
        size = max(SMALLEST_TREE, 1 << (len(rows) - 1).bit_length())
        leaves, kinds, owners, bodies = self._records(issuer, rows)
        padding = size - len(rows)
        leaves.append(os.urandom(_SALT * padding))
        all_leaves = b"".join(leaves)
        context = self._context
        slot = f"{context}/{format_day(self._sealing.rules.today)}/{os.urandom(6).hex()}"
        statement = charter.Batch(charter.VDS_RFC9162_SHA256, root_of(all_leaves), size, context)
        signed = charter.sign_statement(self._sealing.keys[issuer], issuer, slot, statement)
        return SealedBatch(
            signed=signed,
            statement=cose.parse_sign1(signed).statement_hash,
            issuer=issuer,
            context=context,
            kinds=bytes(kinds) + bytes(padding),  # LeafKind.PADDING is 0
            leaves=all_leaves,
            owners=np.array([*owners, *([0] * padding)], "<u8").tobytes(),
            bodies=pack_bodies(bodies + [b""] * padding),
        )

    def _records(
        self, issuer: str, rows: Sequence[int]
    ) -> tuple[list[bytes], list[int], list[int], list[bytes]]:
        """Encode, hash and seal: the loop that an import of millions spends its time in."""
        salts = os.urandom(_SALT * len(rows))
        columns, rights, stranger = self._columns, self._rights, (None, self._throwaway, None)
        references, days = self._facts.reference, self._facts.day
        head = columns.head(self._context, issuer)
        record, dropped = int(LeafKind.RECORD), int(LeafKind.DROPPED)
        leaves: list[bytes] = []
        kinds: list[int] = []
        owners: list[int] = []
        bodies: list[bytes] = []
        start = 0
        for place in rows:
            end = start + _SALT
            data = columns.record(head, salts[start:end], place)
            start = end
            leaf = hashlib.sha256(b"\0" + data).digest()
            leaves.append(leaf)
            right, key, limited = rights.get(references[place], stranger)
            sealed = seal(key, leaf, data)  # strangers too: the same work, and not kept
            if (
                right is not None
                and right.covers(days[place])
                and (limited is None or self._allows(limited, issuer, place))
            ):
                kinds.append(record)
                owners.append(right.subject)
                bodies.append(sealed)
            else:
                kinds.append(dropped)
                owners.append(0)
                bodies.append(b"")
        return leaves, kinds, owners, bodies

    def _allows(self, limited: Limited, issuer: str, place: int) -> bool:
        facts = self._facts
        act, signer = facts.type[place], facts.signer[place]
        negative = self._sealing.rules.is_negative(act)
        return limited.allows(issuer, act, facts.day[place], signer, negative=negative)


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

    @staticmethod
    def head(context: str, issuer: str) -> tuple[bytes, bytes]:
        """Give what stands before and after the salt in every record of a batch."""
        before = _ARRAY_OF_12 + cbor2.dumps(_TYPE) + _BYTES_OF_32
        return before, cbor2.dumps(context) + cbor2.dumps(issuer)

    def record(self, head: tuple[bytes, bytes], salt: bytes, place: int) -> bytes:
        """Put one record's preimage together."""
        return b"".join(
            (
                head[0],
                salt,
                head[1],
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
