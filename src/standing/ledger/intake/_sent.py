"""Batches that came from elsewhere, believed in nothing: first their bytes, then their rows.

A batch must be what this code would have made of the same rows: one spelling of every record, the
smallest tree, a statement that says in public what batches say and nothing else. Then its rows are
checked as a file's are, and only then is it looked up whose they are.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
import numpy as np

from standing import charter
from standing.cases.record_rules import SECOND
from standing.errors import Refused, StandingError
from standing.ledger.intake._blocks import BadRow
from standing.ledger.intake._facts import Facts, row_ids
from standing.ledger.intake._faults import (
    Found,
    check_each,
    check_texts,
    conduct_fault,
    day_fault,
    filled,
)
from standing.ledger.intake._own import SALT_BYTES, OwnBatch, leaves_of, tree_size
from standing.ledger.intake._rules import Rules
from standing.ledger.intake._seal import People, Sealer
from standing.ledger.intake._take import NAMED_ROWS, Writer
from standing.ledger.intake._wire import check_bounds
from standing.ledger.public import View
from standing.vault import Record, Rows, Vault, known_rows, preimage
from standing.verify.tree import HASH_BYTES, as_list, root_of
from standing.wire import cbor, cose
from standing.wire.days import parse_day

_LABELS: Final = frozenset({cose.ALG, cose.KID, cose.CWT, cose.TYP})
_CLAIMS: Final = frozenset({cose.CWT_ISS, cose.CWT_SUB})
_SLOT: Final = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})/[0-9a-f]{12}", re.ASCII)


@dataclass(frozen=True, slots=True)
class SentBatch:
    """A batch whose bytes hold together; whether its key signed it, the charter says."""

    own: OwnBatch
    sign1: cose.Sign1
    issuer: str
    context: str
    leaves: list[bytes]  # of the records
    records: list[Record]


class BadRecord(View, frozen=True, kw_only=True):
    """A record that cannot be taken: its place, its own name, what is wrong, what to do.

    The first batch and its first record are 1.
    """

    batch: int
    record: int
    row: str
    code: str
    reason: str
    remedy: str


class RecordsRefused(Refused):
    """Batches with bad records: `records` names up to 100 of them, `total` counts all.

    Where nothing is wrong but that rows are there already, every one is named.
    """

    def __init__(self, records: Sequence[BadRecord], total: int) -> None:
        first = records[0]
        super().__init__(
            "E-BATCH-10",
            f"{total} of the records cannot be taken; nothing was written.",
            why=f"Batch {first.batch}, record {first.record}: {first.reason.rstrip('.')}."
            f"{' Others follow.' if total > 1 else ''}",
            fix="Correct these rows or leave them out, make the batches again, and send those.",
            where=f"batch {first.batch}, record {first.record}",
        )
        self.records = list(records)
        self.total = total

    def __reduce__(self) -> tuple[Any, ...]:
        """Cross process borders with the records."""
        return type(self), (self.records, self.total)


# --- bytes ------------------------------------------------------------------------------------


def read_batches(batches: Sequence[OwnBatch]) -> list[SentBatch]:
    """Read batches of one issuer in one context; raises `E-BATCH-03` to `E-BATCH-09`."""
    check_bounds(batches)
    sent = [_read_batch(own, f"batch {number}") for number, own in enumerate(batches, 1)]
    first = sent[0]
    for number, one in enumerate(sent, 1):
        if (one.issuer, one.context) != (first.issuer, first.context):
            raise Refused(
                "E-BATCH-09",
                "The batches are of several issuers or contexts.",
                why=f"Got {one.issuer!r} in {one.context!r} after {first.issuer!r} in"
                f" {first.context!r}.",
                fix="Send the batches of each issuer and context for themselves.",
                where=f"batch {number}",
            )
    _check_unlike(sent)
    return sent


def _read_batch(own: OwnBatch, where: str) -> SentBatch:
    sign1, statement = _read_statement(own.signed, where)
    leaves = leaves_of(own.records)
    size = tree_size(len(leaves))
    got = len(leaves) + len(own.padding) // HASH_BYTES
    if len(own.padding) % HASH_BYTES or not got == size == statement.size:
        raise _unlike_tree(
            f"{len(leaves)} records are padded to {size} leaves; got {got}, and the statement says"
            f" {statement.size}.",
            where,
        )
    if root_of(b"".join(leaves) + own.padding) != statement.root:
        raise _unlike_tree("The leaves, in this order, have another root.", where)
    issuer = charter.issuer_of(sign1)
    records = []
    for number, data in enumerate(own.records, 1):
        place = f"{where}, record {number}"
        record = _read_record(data, place)
        if (record.issuer, record.context) != (issuer, statement.context):
            raise Refused(
                "E-BATCH-07",
                "A record names another issuer or context than its batch.",
                why=f"Got {record.issuer!r} in {record.context!r}; the statement says {issuer!r}"
                f" in {statement.context!r}.",
                fix="Put each record into a batch of its own issuer and context.",
                where=place,
            )
        records.append(record)
    return SentBatch(own, sign1, issuer, statement.context, leaves, records)


def _read_statement(signed: bytes, where: str) -> tuple[cose.Sign1, charter.Batch]:
    try:
        sign1 = cose.parse_sign1(signed)
        statement = charter.parse_statement(sign1)
    except StandingError as problem:
        raise _unlike_statement(f"{problem.what} {problem.why}", where) from None
    if not isinstance(statement, charter.Batch):
        raise _unlike_statement("It is of another kind.", where)
    claims = sign1.protected[cose.CWT]
    if sign1.unprotected or sign1.protected.keys() != _LABELS or claims.keys() != _CLAIMS:
        raise _unlike_statement("Its headers hold more than algorithm, key, claims, type.", where)
    if not _is_slot(claims[cose.CWT_SUB], statement.context):
        raise _unlike_statement("Its slot does not read CONTEXT/YYYY-MM-DD/12 hex digits.", where)
    return sign1, statement


def _is_slot(slot: str, context: str) -> bool:
    """Tell whether a slot is a batch's: it stands in public, and has no room for a name."""
    match = _SLOT.fullmatch(slot.removeprefix(f"{context}/"))
    if match is None or not slot.startswith(f"{context}/"):
        return False
    try:
        parse_day(match[1])
    except Refused:
        return False
    return True


def _read_record(data: bytes, where: str) -> Record:
    try:
        value = cbor.decode(data, what="record")
        record = msgspec.convert(value, Record, builtin_types=(bytes,))
        why = "" if preimage(record) == data else "It is written in another form."
    except Refused as problem:
        why = problem.why
    except msgspec.ValidationError as problem:
        why = f"{problem}."
    if why:
        raise Refused(
            "E-BATCH-06",
            "The bytes are no record.",
            why=why,
            fix="Encode each record as docs/reference/formats.md says under Leaves.",
            where=where,
        )
    return record


def _check_unlike(sent: Sequence[SentBatch]) -> None:
    """Refuse salts of another length, and any salt or leaf that comes twice."""
    salts: set[bytes] = set()
    leaves: set[bytes] = set()
    for number, one in enumerate(sent, 1):
        for place, record in enumerate(one.records, 1):
            if len(record.salt) != SALT_BYTES or record.salt in salts:
                raise _alike("salt", f"batch {number}, record {place}")
            salts.add(record.salt)
        for leaf in [*one.leaves, *as_list(one.own.padding)]:
            if leaf in leaves:
                raise _alike("leaf", f"batch {number}")
            leaves.add(leaf)


def _alike(what: str, where: str) -> Refused:
    return Refused(
        "E-BATCH-08",
        f"A {what} is not 32 random bytes.",
        why="It has another length, or came before in these batches.",
        fix="Draw each salt and each leaf of padding anew from the system's randomness.",
        where=where,
    )


def _unlike_statement(why: str, where: str) -> Refused:
    return Refused(
        "E-BATCH-04",
        "This is not the statement of a batch.",
        why=why,
        fix="Sign it as docs/reference/formats.md says: what it holds stands in public for ever.",
        where=where,
    )


def _unlike_tree(why: str, where: str) -> Refused:
    return Refused(
        "E-BATCH-05",
        "The records and the padding are not the tree that was signed.",
        why=why,
        fix="Send the records in the order of their leaves, and all leaves that pad the tree.",
        where=where,
    )


# --- rows -------------------------------------------------------------------------------------


def take_sent(writer: Writer, vault: Vault, rules: Rules, sent: Sequence[SentBatch]) -> None:
    """Check the rows of batches, then seal and write all of them; raises `RecordsRefused`."""
    records = [record for one in sent for record in one.records]
    facts = _facts(records)
    ids = row_ids(rules.row_key, zip(facts.issuer, facts.row, strict=True))
    bad = _check_records(rules, facts)
    if bad:
        raise RecordsRefused(_named(bad[:NAMED_ROWS], sent), len(bad))
    there = _there(vault, ids)
    if there:
        raise RecordsRefused(_named(there, sent), len(there))
    if rules.is_register:
        writer.register_subjects(rules.context, frozenset(facts.reference))
    sealer = Sealer(rules, People(vault, rules), facts)
    sealed = []
    first = 0
    for one in sent:
        rows = range(first, first := first + len(one.records))
        sealed.append(sealer.seal(one.issuer, rows, one.own, one.leaves))
    writer.write_batches(sealed, ids)


def _there(vault: Vault, ids: Rows) -> list[BadRow]:
    """Name the rows known from before; dropped ones are known alike, so it tells of no consent."""
    return [
        BadRow(place + 1, "E-ROW-21", "its row is there already", "leave it out")
        for place in np.flatnonzero(known_rows(vault.known_row_ids(), ids)).tolist()
    ]


def _facts(records: Sequence[Record]) -> Facts:
    return Facts(
        len(records),
        [record.issuer for record in records],
        [record.reference for record in records],
        [record.type for record in records],
        [record.day for record in records],
        [record.basis for record in records],
        [record.signer for record in records],
        [record.identified for record in records],
        [record.details for record in records],
        [record.row for record in records],
    )


def _check_records(rules: Rules, facts: Facts) -> list[BadRow]:
    """Name each record that is bad with its first fault, as the check of a file does."""
    found: Found = {}
    parted = [signer.partition(SECOND) for signer in facts.signer]
    texts = {
        "issuer": facts.issuer,
        "reference": facts.reference,
        "type": facts.type,
        "basis": facts.basis,
        "signer": [first for first, _, _ in parted],
        "second": [second for _, _, second in parted],
        "identified": facts.identified,
    }
    for place, (_, between, second) in enumerate(parted):
        if between and not second:
            found[place] = BadRow(
                place + 1, "E-ROW-19", "its signer announces a second one who is not there",
                "name the second signer, or only the first",
            )  # fmt: skip
    check_texts(found, texts, rules)
    days = {day: fault for day in set(facts.day) if (fault := day_fault(day, rules)) is not None}
    for place, day in enumerate(facts.day) if days else ():
        if day in days:
            code, reason, remedy = days[day]
            found.setdefault(place, BadRow(place + 1, code, f"its day {reason}", remedy))
    _check_conduct(found, rules, facts)
    check_each(found, "id", facts.row, filled)
    _check_once(found, facts.row)
    return [bad for _, bad in sorted(found.items())]


def _check_conduct(found: Found, rules: Rules, facts: Facts) -> None:
    """Check act types and details: exactly what a file's row could have come to."""
    seen: dict[tuple[object, ...], tuple[str, str, str] | None] = {}
    for place, (act, details) in enumerate(zip(facts.type, facts.details, strict=True)):
        key = (act, *details.items())
        if key not in seen:
            seen[key] = _conduct_fault(rules, act, details)
        fault = seen[key]
        if fault is not None:
            found.setdefault(place, BadRow(place + 1, *fault))


def _conduct_fault(
    rules: Rules, act: str, details: dict[str, int | str]
) -> tuple[str, str, str] | None:
    try:
        wanted = rules.conduct(act, {name: str(value) for name, value in details.items()})
    except Refused as problem:
        return conduct_fault(problem)
    if wanted != details:
        return (
            "E-ROW-33",
            "its details are not written as details are",
            "write whole numbers as numbers, and leave out what is empty",
        )
    return None


def _check_once(found: Found, rows: Sequence[str]) -> None:
    first: dict[str, int] = {}
    for place, row in enumerate(rows):
        before = first.setdefault(row, place)
        if before != place and place not in found:
            found[place] = BadRow(
                place + 1,
                "E-ROW-20",
                "its id stands in an earlier record of these batches",
                "send each row once",
            )


def _named(bad: Sequence[BadRow], sent: Sequence[SentBatch]) -> list[BadRecord]:
    """Say in which batch each bad record stands."""
    starts = np.cumsum([0, *(len(one.records) for one in sent)])
    named = []
    for one in bad:
        place = one.row - 1
        batch = int(np.searchsorted(starts, place, "right")) - 1
        at = place - int(starts[batch])
        row = sent[batch].records[at].row
        named.append(
            BadRecord(
                batch=batch + 1, record=at + 1, row=row, code=one.code, reason=one.reason,
                remedy=one.remedy,
            )
        )  # fmt: skip
    return named
