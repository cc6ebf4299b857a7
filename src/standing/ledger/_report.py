"""Reports: everything held on a subject for reading, and one context for a named recipient.

A report for reading bears no signature. A verifiable one is for one context, sealed to its
recipient's key, holds for 30 days, and carries every proof that its verification needs (L49).
"""

from typing import Any, Final

from standing import charter
from standing.cases.answers import all_names_of
from standing.cases.decisions import parse_question
from standing.cases.reports import REPORT_DAYS, seal_report, sign_report
from standing.errors import Refused
from standing.ledger import _scores
from standing.ledger._core import Core
from standing.ledger._recalls import answered
from standing.vault import (
    Consent,
    Document,
    Link,
    OpenDocument,
    OpenRecord,
    Presented,
    Question,
    Withdrawal,
    held_attributes,
    last_attributes,
    preimage,
)
from standing.verify.tree import inclusion_path
from standing.wire import cose
from standing.wire.days import format_day
from standing.wire.keys import PublicKey

_PUBLIC_KINDS: Final = frozenset({"genesis", "key", "accredit", "revoke", "catalogue", "pack"})
_SHOWN: Final = (Consent, Link, Withdrawal)  # a recipient sees no other document of the subject


def for_reading(core: Core, name: str, context: str | None) -> dict[str, object]:
    """Give everything held on a subject, by context; `context` narrows it to one."""
    number = _scores.resolve(core, name, context)
    contexts = [context] if context else core.vault.contexts_of(number)
    documents = list(core.vault.documents(number))
    return {
        "note": "For reading. This report bears no signature.",
        "day": format_day(core.today),
        "simulated": core.state.genesis.clock == "simulated",
        "contexts": [_readable(core, number, c, documents) for c in contexts],
    }


def _readable(
    core: Core, number: int, context: str, documents: list[OpenDocument]
) -> dict[str, object]:
    pseudonym = core.vault.secret.pseudonym(number, context)
    texts = [d.document for d in documents]
    links = [d for d in texts if isinstance(d, Link) and d.context == context]
    questions = [
        question
        for name in sorted(all_names_of(core.vault, number, context))
        for question in core.vault.questions(name)
    ]
    try:
        score: object = score_facts(_scores.score(core, pseudonym, context))
    except Refused as problem:
        score = {"none": problem.why}
    return {
        "context": context,
        "subject": pseudonym,
        "score": score,
        "consents": [_consent(d) for d in texts if isinstance(d, Consent) and d.context == context],
        "attributes": _attributes(core, number, context, texts),
        "references": [_link(d) for d in links],
        "records": [_record(r) for r in core.vault.records_of(number, context)],
        "asked": [_question(core, q) for q in questions],
    }


def score_facts(scored: _scores.SubjectScore) -> dict[str, Any]:
    """Give a score as the command line and the reports print it."""
    return {
        "subject": scored.subject,
        "context": scored.context,
        "as_of": format_day(scored.as_of),
        "raw": scored.score.raw,
        "score": scored.score.score,
        "band": scored.score.band,
        "opens": list(scored.opens),
        "reasons": [
            {
                "record": r.record,
                "rule": r.rule,
                "face": r.face,
                "aged": r.aged,
                "counted": r.counted,
                "why": r.why,
                "next_change": None if r.next_change is None else format_day(r.next_change),
                "expires": format_day(r.expires),
            }
            for r in scored.score.reasons
        ],
        "digest": scored.digest.hex(),
    }


def _consent(consent: Consent) -> dict[str, object]:
    return {
        "from": format_day(consent.day),
        "until": format_day(consent.until),
        "purposes": list(consent.purposes),
        "issuers": list(consent.issuers),
        "text": consent.text.hex(),
    }


def _attributes(
    core: Core, number: int, context: str, texts: list[Document]
) -> dict[str, object] | None:
    """Show the subject what it states of itself; nobody else's report has this."""
    live = core.vault.live_consents(number, context, core.today)
    stated = held_attributes(last_attributes(texts, context), live)
    if stated is None:
        return None
    return {"region": stated.region, "group": stated.group, "since": format_day(stated.day)}


def _link(link: Link) -> dict[str, object]:
    issuer = link.issuer or "public register"
    return {"reference": link.reference, "issuer": issuer, "since": format_day(link.day)}


def _record(opened: OpenRecord) -> dict[str, object]:
    record = opened.record
    return {
        "record": opened.id,
        "type": record.type,
        "day": format_day(record.day),
        "issuer": record.issuer,
        "signer": record.signer,
        "basis": record.basis,
        "identified": record.identified,
        "details": dict(record.details),
        "included": format_day(opened.included),
        "entry": opened.entry,
    }


def _question(core: Core, kept: Question | Presented) -> dict[str, object]:
    sign1 = cose.parse_sign1(kept.question)
    asked = parse_question(sign1)
    shown: dict[str, object] = {
        "by": core.state.roll.keys[sign1.kid].name,
        "day": format_day(kept.day),
        "purpose": asked.purpose,
        "transaction": asked.transaction,
        "reference": asked.reference,
        "answer": answered(kept.answer),
    }
    if asked.alternative:
        shown["alternative"] = asked.alternative
    if isinstance(kept, Presented):
        shown["presentation"] = "made with the subject's own key"
    return shown


# --- verifiable ---------------------------------------------------------------------------------


def verifiable(core: Core, name: str, context: str, recipient: PublicKey) -> bytes:
    """Make the sealed report of one context, with every proof inside."""
    if core.answer_key is None:
        raise Refused(
            "E-REPORT-01",
            "This ledger is open for reading only.",
            why="A verifiable report is signed.",
            fix="Open it for writing: standing.open(directory).",
        )
    scored = _scores.score(core, name, context)
    number = _scores.resolve(core, name, context)
    records = core.vault.records_of(number, context)
    entries = {i for i in range(core.log.head.size) if _kind(core, i) in _PUBLIC_KINDS}
    entries |= {record.entry for record in records}
    proven, marked = _documents(core, number, context)
    entries |= marked
    content = {
        "type": "standing/report/1",
        "context": context,
        "subject": scored.subject,
        "day": scored.as_of,
        "expires": core.today + REPORT_DAYS,
        "recipient": recipient.thumbprint,
        "checkpoint": core.log.head.checkpoint,
        "entries": [[i, core.log.entry(i), core.log.inclusion(i)] for i in sorted(entries)],
        "packs": [core.log.document(digest) for _, digest in core.state.packs_of(context)],
        "records": [_proven_record(core, record) for record in records],
        "documents": proven,
        "score": [scored.score.raw, scored.score.score, scored.score.band],
    }
    return seal_report(sign_report(core.answer_key, core.trust.origin, content), recipient)


def _kind(core: Core, index: int) -> str:
    return charter.kind_of(cose.parse_sign1(core.log.entry(index)))


def _proven_record(core: Core, record: OpenRecord) -> list[Any]:
    batch = core.vault.batches.get(record.batch)
    path = inclusion_path(batch.leaves, record.position)
    return [record.entry, record.position, preimage(record.record), path, record.included]


def _documents(core: Core, number: int, context: str) -> tuple[list[Any], set[int]]:
    trees = {row: (entry, leaves) for row, _, entry, leaves in core.vault.marks()}
    proven: list[Any] = []
    entries: set[int] = set()
    for opened in core.vault.documents(number):
        document = opened.document
        if not isinstance(document, _SHOWN) or document.context != context or opened.marks is None:
            continue
        entry, leaves = trees[opened.marks]
        if entry is None or opened.position is None:
            continue
        path = inclusion_path(leaves, opened.position)
        proven.append([entry, opened.position, preimage(document), path])
        entries.add(entry)
    return proven, entries
