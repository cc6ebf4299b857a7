"""Verify a report with nothing but the trust file and the recipient's key."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from standing import charter, policy
from standing.audit._broken import broken
from standing.audit._verify import Check, Verification
from standing.audit.trust import Trust
from standing.cases import reports, scores
from standing.errors import StandingError
from standing.vault import (
    Consent,
    Link,
    OpenRecord,
    Record,
    Withdrawal,
    parse_preimage,
    record_id,
    signed_digest,
)
from standing.verify.checkpoints import Checkpoint, verify_checkpoint_by_any
from standing.verify.tree import leaf_hash, verify_inclusion
from standing.wire import cose
from standing.wire.days import format_day
from standing.wire.keys import PublicKey, SigningKey
from standing.wire.proofs import verify_proof


@dataclass
class _Examined:
    """What a report proves, step by step."""

    trust: Trust
    content: dict[str, Any]
    checkpoint: Checkpoint | None = None
    statements: dict[int, cose.Sign1] = field(default_factory=dict)
    keys: dict[bytes, charter.Accredit] = field(default_factory=dict)
    log_keys: dict[bytes, tuple[str, PublicKey]] = field(default_factory=dict)
    genesis: charter.Genesis | None = None
    consents: list[Consent] = field(default_factory=list)
    withdrawals: list[Withdrawal] = field(default_factory=list)
    references: dict[str, int] = field(default_factory=dict)
    records: list[OpenRecord] = field(default_factory=list)


def verify_report(sealed: bytes, trust: Trust, recipient: SigningKey, today: int) -> Verification:
    """Open a report and check every step from record to checkpoint, and the score."""
    checks: list[Check] = []
    try:
        signed = reports.open_report(sealed, recipient)
        examined = _Examined(trust, reports.signed_payload(signed))
        steps: dict[str, tuple[Callable[[], int], str]] = {
            "entries": (lambda: _entries(examined), "entries that the report leaves out"),
            "signature": (lambda: _signature(examined, signed, recipient, today), ""),
            "documents": (lambda: _documents(examined), "a later withdrawal"),
            "records": (lambda: _records(examined), "whether an issuer told the truth"),
            "score": (lambda: _score(examined), "records that the report leaves out"),
        }
        for name, (step, unchecked) in steps.items():
            checks.append(Check(name, ok=True, count=step(), unchecked=unchecked))
    except StandingError as problem:
        checks.append(Check("report", ok=False, count=0, unchecked="the rest", problem=problem))
        return Verification(tuple(checks), 0, b"", None)
    except (KeyError, TypeError, ValueError, IndexError) as problem:
        wrong = broken("The report has an unknown form.", f"{problem!r}.", "report")
        checks.append(Check("report", ok=False, count=0, unchecked="the rest", problem=wrong))
        return Verification(tuple(checks), 0, b"", None)
    size = examined.checkpoint.size if examined.checkpoint else 0
    root = examined.checkpoint.root if examined.checkpoint else b""
    return Verification(tuple(checks), size, root, None)


def _entries(examined: _Examined) -> int:
    trust = examined.trust
    for index, entry, _ in examined.content["entries"]:
        if index == 0 and leaf_hash(entry).hex() != trust.genesis:
            raise broken("The report is of another ledger.", "Its genesis differs.", "entry 0")
        _learn(examined, index, cose.parse_sign1(entry))
    checkpoint = _checkpoint(examined)
    examined.checkpoint = checkpoint
    for index, entry, path in examined.content["entries"]:
        verify_inclusion(index, checkpoint.size, leaf_hash(entry), path, checkpoint.root)
    if examined.genesis is None:
        raise broken("The report lacks the genesis.", "No right can be traced.", "entry 0")
    return len(examined.statements)


def _checkpoint(examined: _Examined) -> Checkpoint:
    """Read the report's checkpoint with the first key, or one that the operator named later."""
    data, origin = examined.content["checkpoint"], examined.trust.origin
    later = [key for purpose, key in examined.log_keys.values() if purpose == "checkpoint"]
    return verify_checkpoint_by_any(data, origin, [examined.trust.checkpoint_key, *later])


def _log_key(examined: _Examined, signed: cose.Sign1, purpose: str) -> PublicKey:
    """Give the log's key that signed a document, if it is one for this purpose."""
    named, key = examined.log_keys.get(signed.kid, ("", None))
    if named != purpose or key is None:
        raise broken(
            f"A document is not signed with the ledger's {purpose} key.",
            "The report shows no entry that names its key.",
            "report",
        )
    return key


def _learn(examined: _Examined, index: int, sign1: cose.Sign1) -> None:
    examined.statements[index] = sign1
    match charter.parse_statement(sign1):
        case charter.Genesis() as genesis if index == 0:
            sign1.verify(PublicKey.from_cose_key(genesis.operator_key))
            examined.genesis = genesis
        case charter.KeySet() as key_set:
            _by_operator(examined, sign1)
            key = charter.read_log_key(key_set.purpose, key_set.key)
            examined.log_keys[key.thumbprint] = key_set.purpose, key
        case charter.Accredit() as right:
            _by_operator(examined, sign1)
            examined.keys[PublicKey.from_cose_key(right.key).thumbprint] = right
        case _:
            pass


def _by_operator(examined: _Examined, sign1: cose.Sign1) -> None:
    assert examined.genesis is not None, "entry 0 comes first"
    sign1.verify(PublicKey.from_cose_key(examined.genesis.operator_key))


def _signature(examined: _Examined, signed: bytes, recipient: SigningKey, today: int) -> int:
    key = _log_key(examined, cose.parse_sign1(signed, max_bytes=len(signed)), "answer")
    content = reports.read_report(signed, key)
    if content["recipient"] != recipient.public.thumbprint:
        raise broken("The report is for somebody else.", "It names another key.", "report")
    if today > content["expires"]:
        raise broken(
            "The report has expired.", f"It held to {format_day(content['expires'])}.", "report"
        )
    return 1


def _documents(examined: _Examined) -> int:
    for entry, position, data, path in examined.content["documents"]:
        sign1 = examined.statements[entry]
        marks = charter.parse_statement(sign1)
        if not isinstance(marks, charter.Marks):
            raise broken("A document is under no marks.", "Its entry is another.", f"entry {entry}")
        sign1.verify(_log_key(examined, sign1, "clerk"))
        verify_inclusion(position, marks.size, leaf_hash(data), path, marks.root)
        _take(examined, parse_preimage(data))
    return len(examined.content["documents"])


def _take(examined: _Examined, document: Any) -> None:
    assert examined.genesis is not None, "checked before"
    rp_id = examined.genesis.rp_id
    subject = examined.content["subject"]
    if getattr(document, "pseudonym", subject) != subject:
        raise broken("A document is about somebody else.", "Its pseudonym differs.", "report")
    match document:
        case Consent():
            key = PublicKey.from_cose_key(document.key)
            verify_proof(document.proof, key, signed_digest(document), rp_id=rp_id)
            examined.consents.append(document)
        case Withdrawal():
            examined.withdrawals.append(document)
        case Link():
            if document.issuer:
                right = examined.keys[document.kid]
                key = PublicKey.from_cose_key(right.key)
                verify_proof(document.proof, key, signed_digest(document), rp_id=rp_id)
            examined.references[document.reference] = document.day
        case _:
            pass


def _records(examined: _Examined) -> int:
    for entry, position, data, path, included in examined.content["records"]:
        sign1 = examined.statements[entry]
        batch = charter.parse_statement(sign1)
        record = parse_preimage(data)
        if not isinstance(batch, charter.Batch) or not isinstance(record, Record):
            raise broken("A record is in no batch.", "Its entry is another.", f"entry {entry}")
        right = examined.keys.get(sign1.kid)
        if right is None or right.name != record.issuer or batch.context not in right.contexts:
            raise broken(
                "A record's issuer had no right.", "It is not accredited.", f"entry {entry}"
            )
        sign1.verify(PublicKey.from_cose_key(right.key))
        leaf = leaf_hash(data)
        verify_inclusion(position, batch.size, leaf, path, batch.root)
        if record.reference not in examined.references:
            raise broken(
                "A record's reference is not linked.", "No link is shown.", record_id(leaf)
            )
        opened = OpenRecord(leaf, record, 0, position, entry, included)
        examined.records.append(opened)
    return len(examined.records)


def _score(examined: _Examined) -> int:
    content = examined.content
    day = content["day"]
    packs = [policy.parse_pack(data) for data in content["packs"]]
    published = {s.payload for s in examined.statements.values() if charter.kind_of(s) == "pack"}
    for data in content["packs"]:
        if hashlib.sha256(data).digest() not in published:
            raise broken("A pack is not in the log.", "No statement names its digest.", "packs")
    schedule = policy.Schedule((int(pack.force), pack) for pack in packs)
    since = _since(examined, day)
    facts = scores.facts_of([r for r in examined.records if r.included <= day], since)
    result = policy.score(facts, schedule, day)
    if [result.raw, result.score, result.band] != content["score"]:
        raise broken(
            "The score cannot be recomputed.",
            f"The report says {content['score']}, its records give {result.score}.",
            "score",
        )
    return 1


def _since(examined: _Examined, day: int) -> int:
    live = [c for c in examined.consents if c.day <= day < c.until]
    return min((c.day for c in live), default=0)
