"""Verify a report with nothing but the trust file and the recipient's key."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import msgspec

from standing import charter, policy
from standing.audit._broken import broken
from standing.audit._linked import check_link
from standing.audit._report_cases import ReportScene, check_report_cases, shown
from standing.audit._rights import Rights
from standing.audit._verify import Check, ShownRecord, Verification
from standing.audit.trust import Trust
from standing.cases import reports, scores
from standing.cases.lifecycles import Case
from standing.cases.standing import standings
from standing.errors import StandingError
from standing.vault import (
    Consent,
    Link,
    OpenRecord,
    Record,
    Step,
    Withdrawal,
    leaf_of,
    parse_preimage,
    record_id,
    signed_digest,
    unbroken_since,
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
    accredited: dict[bytes, charter.Accreditation] = field(default_factory=dict)
    named_keys: dict[bytes, charter.LogKey] = field(default_factory=dict)
    log_keys: dict[bytes, tuple[str, PublicKey]] = field(default_factory=dict)
    genesis: charter.Genesis | None = None
    entry_days: list[tuple[int, int]] = field(default_factory=list)
    consents: dict[bytes, Consent] = field(default_factory=dict)
    withdrawals: list[Withdrawal] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    steps: dict[bytes, Step] = field(default_factory=dict)
    records: list[OpenRecord] = field(default_factory=list)
    cases: list[Case] = field(default_factory=list)
    waiting: int = 0

    @cached_property
    def rights(self) -> Rights:
        """The roll as the report's entries give it."""
        assert self.genesis is not None, "checked before"
        roll = charter.Roll(self.accredited, self.named_keys, (), {})
        return Rights(charter.State(self.genesis, roll, 0, 0, 0), self.day_at)

    def day_at(self, entry: int) -> int:
        """Give the day of the last day statement shown up to an entry."""
        assert self.genesis is not None, "checked before"
        days = [day for index, day in self.entry_days if index <= entry]
        return days[-1] if days else self.genesis.day

    @cached_property
    def packs(self) -> list[policy.Pack]:
        """The packs of the context, in order of force."""
        return [policy.parse_pack(data) for data in self.content["packs"]]

    def keys_of_subject(self) -> list[bytes]:
        """List the COSE_Keys that consents or the ledger's own word give the subject."""
        vouched = [key for key, role, _ in self.content["keys"] if role == "subject"]
        return [*(consent.key for consent in self.consents.values()), *vouched]


def verify_report(sealed: bytes, trust: Trust, recipient: SigningKey, today: int) -> Verification:
    """Open a report and check every step from record to checkpoint, its cases, and the score."""
    checks: list[Check] = []
    try:
        signed = reports.open_report(sealed, recipient)
        examined = _Examined(trust, reports.signed_payload(signed))
        steps: dict[str, Callable[[], tuple[int, str]]] = {
            "entries": lambda: (_entries(examined), "entries that the report leaves out"),
            "signature": lambda: (_signature(examined, signed, recipient, today), ""),
            "documents": lambda: _documents(examined),
            "records": lambda: (_records(examined), "whether an issuer told the truth"),
            "cases": lambda: _cases(examined),
            "score": lambda: (
                _score(examined), "records, cases and last steps that the report leaves out",
            ),
        }  # fmt: skip
        for name, step in steps.items():
            count, unchecked = step()
            checks.append(Check(name, ok=True, count=count, unchecked=unchecked))
    except StandingError as problem:
        checks.append(Check("report", ok=False, count=0, unchecked="the rest", problem=problem))
        return Verification(tuple(checks), 0, b"", None)
    except Exception as problem:  # noqa: BLE001 - whatever a strange report makes a library raise
        wrong = broken("The report has an unknown form.", f"{problem!r}.", "report")
        checks.append(Check("report", ok=False, count=0, unchecked="the rest", problem=wrong))
        return Verification(tuple(checks), 0, b"", None)
    size = examined.checkpoint.size if examined.checkpoint else 0
    root = examined.checkpoint.root if examined.checkpoint else b""
    return Verification(tuple(checks), size, root, None, _shown(examined))


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
            named = charter.LogKey(key_set.purpose, key_set.key, index)
            examined.named_keys[key.thumbprint] = named
        case charter.Accredit() as said:
            _by_operator(examined, sign1)
            right = charter.Accreditation(
                said.key, said.role, said.name, said.employer, said.kinds, said.contexts,
                said.sector, said.until, index,
            )  # fmt: skip
            examined.accredited[PublicKey.from_cose_key(said.key).thumbprint] = right
        case charter.Revoke() as revoked:
            _by_operator(examined, sign1)
            ended = msgspec.structs.replace(examined.accredited[revoked.kid], revoked_entry=index)
            examined.accredited[revoked.kid] = ended
        case charter.DayMoved() as moved:
            sign1.verify(_log_key(examined, sign1, "clerk"))
            examined.entry_days.append((index, moved.day))
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


def _documents(examined: _Examined) -> tuple[int, str]:
    content = examined.content
    documents = []
    for entry, position, data, path in content["documents"]:
        sign1 = examined.statements[entry]
        marks = charter.parse_statement(sign1)
        if not isinstance(marks, charter.Marks):
            raise broken("A document is under no marks.", "Its entry is another.", f"entry {entry}")
        sign1.verify(_log_key(examined, sign1, "clerk"))
        verify_inclusion(position, marks.size, leaf_hash(data), path, marks.root)
        documents.append(data)
    examined.waiting = len(content["waiting"])
    parsed = [parse_preimage(data) for data in [*documents, *content["waiting"]]]
    for document in sorted(parsed, key=lambda one: _ORDER.get(type(one).__name__, 9)):
        _take(examined, document)
    waits = f"{examined.waiting} that wait for the next interval; " if examined.waiting else ""
    return len(parsed), f"{waits}a later withdrawal"


_ORDER = {"Consent": 0, "Withdrawal": 1, "Link": 2, "Step": 3}


def _take(examined: _Examined, document: Any) -> None:
    assert examined.genesis is not None, "checked before"
    rp_id = examined.genesis.rp_id
    content = examined.content
    if (document.pseudonym, document.context) != (content["subject"], content["context"]):
        raise broken(
            "A document is about somebody or something else.",
            "Its pseudonym or its context differs.",
            "report",
        )
    match document:
        case Consent():
            key = PublicKey.from_cose_key(document.key)
            verify_proof(document.proof, key, signed_digest(document), rp_id=rp_id)
            examined.consents[leaf_of(document)] = document
        case Withdrawal():
            _check_withdrawal(examined, document, rp_id)
            examined.withdrawals.append(document)
        case Link():
            held = examined.keys_of_subject()
            check_link(document, examined.rights, held, rp_id, f"reference {document.reference}")
            examined.links.append(document)
        case Step():
            examined.steps[leaf_of(document)] = document
        case _:
            raise broken("A document has no place in a report.", "Its kind is another.", "report")


def _check_withdrawal(examined: _Examined, document: Withdrawal, rp_id: str) -> None:
    keys = [PublicKey.from_cose_key(key) for key in examined.keys_of_subject()]
    problem: StandingError | None = None
    for key in keys:
        try:
            verify_proof(document.proof, key, signed_digest(document), rp_id=rp_id)
        except StandingError as found:
            problem = found
        else:
            return
    raise problem or broken("A withdrawal is of nobody shown.", "No consent is shown.", "report")


def _records(examined: _Examined) -> int:
    for entry, position, data, path, included in examined.content["records"]:
        sign1 = examined.statements[entry]
        batch = charter.parse_statement(sign1)
        record = parse_preimage(data)
        if not isinstance(batch, charter.Batch) or not isinstance(record, Record):
            raise broken("A record is in no batch.", "Its entry is another.", f"entry {entry}")
        signer = examined.rights.accredited(sign1.kid, included, batch.context)
        right = examined.accredited.get(sign1.kid)
        is_issuer = signer is not None and (signer.role, signer.name) == ("issuer", record.issuer)
        if right is None or not is_issuer or right.since_entry > entry:
            raise broken(
                "A record's issuer had no right.", "It is not accredited.", f"entry {entry}"
            )
        sign1.verify(PublicKey.from_cose_key(right.key))
        leaf = leaf_hash(data)
        verify_inclusion(position, batch.size, leaf, path, batch.root)
        if record.reference not in {link.reference for link in examined.links}:
            raise broken(
                "A record's reference is not linked.", "No link is shown.", record_id(leaf)
            )
        opened = OpenRecord(leaf, record, 0, position, entry, included)
        examined.records.append(opened)
    return len(examined.records)


def _cases(examined: _Examined) -> tuple[int, str]:
    scene = ReportScene(
        rights=examined.rights,
        subject=examined.content["subject"],
        context=examined.content["context"],
        own_keys=[consent.key for consent in examined.consents.values()],
        vouched=examined.content["keys"],
        packs=examined.packs,
        opened=examined.records,
        withdrawn=frozenset(one.day for one in examined.withdrawals),
        steps=examined.steps,
    )
    examined.cases = check_report_cases(scene, examined.content["day"])
    vouched = scene.vouched_steps
    unchecked = f"{vouched} steps under keys that only the ledger vouches for" if vouched else ""
    return len(examined.steps), unchecked


def _score(examined: _Examined) -> int:
    content = examined.content
    published = {s.payload for s in examined.statements.values() if charter.kind_of(s) == "pack"}
    for data in content["packs"]:
        if hashlib.sha256(data).digest() not in published:
            raise broken("A pack is not in the log.", "No statement names its digest.", "packs")
    result = _scored(examined)
    if [result.raw, result.score, result.band] != content["score"]:
        raise broken(
            "The score cannot be recomputed.",
            f"The report says {content['score']}, its records give {result.score}.",
            "score",
        )
    return 1


def _scored(examined: _Examined) -> policy.Score:
    day = examined.content["day"]
    schedule = policy.Schedule((int(pack.force), pack) for pack in examined.packs)
    records = [record for record in examined.records if record.included <= day]
    facts = scores.facts_of(records, _since(examined, day), standings(examined.cases))
    return policy.score(facts, schedule, day)


def _since(examined: _Examined, day: int) -> int:
    """Give the first day that counts: of the unbroken consent, or of always for a register."""
    if not examined.consents and all(not link.issuer for link in examined.links):
        return 0
    ends = {one.consent: one.day for one in examined.withdrawals}
    windows = (
        (consent.day, min(consent.until, ends.get(leaf, consent.until)))
        for leaf, consent in examined.consents.items()
    )
    since = unbroken_since(windows, day)
    if since is None:
        raise broken("Nobody agreed to this.", "No consent is live on the report's day.", "report")
    return since


def _shown(examined: _Examined) -> tuple[ShownRecord, ...]:
    result = _scored(examined)
    counted = {reason.record: reason.counted for reason in result.reasons}
    return shown(examined.records, examined.cases, counted)
