"""The vault's side: whose record it is, whether it may be kept, and under which key it is sealed.

Rows without live consent get the same work as others: they are encoded, hashed and encrypted,
under a key that is thrown away, and nothing of them is stored but a leaf. The issuer sees no
difference, in the answer or in the public tree.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from standing.cases.lifecycles import fold_cases
from standing.cases.limits import Limits, limits_of
from standing.ledger.intake._blocks import Block, Table
from standing.ledger.intake._check import mapped_block
from standing.ledger.intake._facts import Facts
from standing.ledger.intake._own import Making, OwnBatch, cut
from standing.ledger.intake._rules import FileRules, Rules
from standing.vault import LeafKind, Right, SealedBatch, Vault, pack_bodies, seal
from standing.wire import cose
from standing.wire.keys import SigningKey

_KEY_BYTES: Final = 32
_LEAF_BYTES: Final = 32


@dataclass(frozen=True)
class Sealing:
    """What the second pass over a file needs beside the rules."""

    rules: FileRules
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
    """Turn a block's rows into signed, sealed batches: the two sides, one after the other."""
    rules = sealing.rules
    facts = mapped_block(rules, table, block)
    making = Making(facts, rules.context, rules.today, sealing.keys)
    sealer = Sealer(rules, people, facts)
    taken = np.zeros(facts.count, np.bool_)
    batches: list[SealedBatch] = []
    for issuer, rows in cut(
        facts, sealing.keys, skip=skip, bad=bad, batch_records=sealing.batch_records
    ):
        own, leaves = making.batch(issuer, rows)
        batches.append(sealer.seal(issuer, rows, own, leaves))
        taken[rows] = True
    return SealedBlock(batches, taken)


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
        self._context = rules.context
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


class Sealer:
    """Seals batches of some rows."""

    def __init__(self, rules: Rules, people: People, facts: Facts) -> None:
        self._rules = rules
        self._facts = facts
        self._rights = people.of(set(facts.reference))
        self._throwaway = AESGCM(os.urandom(_KEY_BYTES))

    def seal(
        self, issuer: str, rows: Sequence[int], own: OwnBatch, leaves: Sequence[bytes]
    ) -> SealedBatch:
        """Seal one batch; `leaves` are those of its records, which are these rows."""
        kinds, owners, bodies = self._records(issuer, rows, own.records, leaves)
        all_leaves = b"".join(leaves) + own.padding
        padding = len(all_leaves) // _LEAF_BYTES - len(rows)
        return SealedBatch(
            signed=own.signed,
            statement=cose.parse_sign1(own.signed).statement_hash,
            issuer=issuer,
            context=self._rules.context,
            kinds=bytes(kinds) + bytes(padding),  # LeafKind.PADDING is 0
            leaves=all_leaves,
            owners=np.array([*owners, *([0] * padding)], "<u8").tobytes(),
            bodies=pack_bodies(bodies + [b""] * padding),
        )

    def _records(
        self, issuer: str, rows: Sequence[int], records: Sequence[bytes], leaves: Sequence[bytes]
    ) -> tuple[list[int], list[int], list[bytes]]:
        """Seal records one by one: a loop that an import of millions spends its time in."""
        rights, stranger = self._rights, (None, self._throwaway, None)
        references, days = self._facts.reference, self._facts.day
        record, dropped = int(LeafKind.RECORD), int(LeafKind.DROPPED)
        kinds: list[int] = []
        owners: list[int] = []
        bodies: list[bytes] = []
        for place, data, leaf in zip(rows, records, leaves, strict=True):
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
        return kinds, owners, bodies

    def _allows(self, limited: Limited, issuer: str, place: int) -> bool:
        facts = self._facts
        act, signer = facts.type[place], facts.signer[place]
        negative = self._rules.is_negative(act)
        return limited.allows(issuer, act, facts.day[place], signer, negative=negative)
