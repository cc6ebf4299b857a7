"""Reports: everything held on a subject for reading, and one context for a named recipient.

A report for reading bears no signature. A verifiable one is for one context, sealed to its
recipient's key, holds for 30 days, and carries every proof that its verification needs (L49).
"""

from typing import Any, Final

from standing import charter
from standing.cases import read_question
from standing.cases.reports import REPORT_DAYS, seal_report, sign_report
from standing.errors import Refused
from standing.ledger import _scores, _world
from standing.ledger._core import Core
from standing.vault import (
    Consent,
    Document,
    Link,
    OpenDocument,
    OpenRecord,
    Question,
    Step,
    Withdrawal,
    held_attributes,
    last_attributes,
    preimage,
)
from standing.verify.tree import inclusion_path
from standing.wire.days import format_day
from standing.wire.keys import PublicKey

_PUBLIC_KINDS: Final = frozenset({"genesis", "key", "accredit", "revoke", "catalogue", "pack"})
_DATED: Final = frozenset({"accredit", "revoke"})  # on which day they were said is shown too
_SHOWN: Final = (Consent, Link, Withdrawal)  # a recipient sees no other document of the subject
_CASES: Final = frozenset({"contest", "restriction", "reply", "record", "link", "stop"})


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
    questions = [q for link in links for q in _asked(core, number, context, link.reference)]
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


def _asked(core: Core, number: int, context: str, reference: str) -> list[Question]:
    """Give the questions about a reference while it stood for a subject, or for nobody before."""
    held = core.vault.links(context, reference)
    spans = [
        (one.since if place else 0, one.until)
        for place, one in enumerate(held)
        if one.subject == number
    ]
    return [
        question
        for question in core.vault.questions(context, reference)
        if any(first <= question.day <= last for first, last in spans)
    ]


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


def _question(core: Core, question: Question) -> dict[str, object]:
    right, asked = read_question(core.state, question.question)
    return {
        "by": right.name,
        "day": format_day(question.day),
        "purpose": asked.purpose,
        "transaction": asked.transaction,
        "reference": asked.reference,
    }


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
    entries = _entries(core)
    entries |= {record.entry for record in records}
    proven, waiting, marked = _documents(core, number, context)
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
        "waiting": waiting,
        "keys": _vouched(core, number, context),
        "score": [scored.score.raw, scored.score.score, scored.score.band],
    }
    return seal_report(sign_report(core.answer_key, core.trust.origin, content), recipient)


def _entries(core: Core) -> set[int]:
    """Name the public statements that rights are traced by, with the days on which they came."""
    from standing.wire import cose  # noqa: PLC0415 - one use

    found: set[int] = set()
    day = 0
    for index in range(core.log.head.size):
        kind = charter.kind_of(cose.parse_sign1(core.log.entry(index)))
        if kind == "day":
            day = index
        if kind in _PUBLIC_KINDS:
            found |= {index, day} if kind in _DATED else {index}
    return found


def _vouched(core: Core, number: int, context: str) -> list[list[Any]]:
    """List the keys of steps that neither a consent nor the log shows: (COSE_Key, role, name).

    A recovered key, a mandate or a second key stands in a case of no context, whose name would
    join this context with others. The ledger vouches for them with its signature.
    """
    known = set(core.state.roll.keys) | _world.ledger_keys(core)
    known |= {
        PublicKey.from_cose_key(opened.document.key).thumbprint
        for opened in core.vault.documents(number, "consent")
        if isinstance(opened.document, Consent) and opened.document.context == context
    }
    asked = {
        opened.document.kid
        for opened in core.vault.documents(number, "step")
        if isinstance(opened.document, Step) and _is_shown(opened.document, context)
    }
    return [
        [key.cose_key(), signer.role, signer.name]
        for key, signer in _world.trusted_keys(core, number)
        if key.thumbprint in asked - known
    ]


def _is_shown(document: object, context: str) -> bool:
    if isinstance(document, Step):
        return document.context == context and document.lifecycle in _CASES
    return isinstance(document, _SHOWN) and document.context == context


def _proven_record(core: Core, record: OpenRecord) -> list[Any]:
    batch = core.vault.batches.get(record.batch)
    path = inclusion_path(batch.leaves, record.position)
    return [record.entry, record.position, preimage(record.record), path, record.included]


def _documents(core: Core, number: int, context: str) -> tuple[list[Any], list[bytes], set[int]]:
    """Give what a recipient sees: proven documents, those that wait for marks, marks' entries.

    Relief holds at once, so a step of this interval is shown before the log commits to it: its own
    signature stands under it, and the report is signed.
    """
    trees = {row: (entry, leaves) for row, _, entry, leaves in core.vault.marks()}
    proven: list[Any] = []
    waiting: list[bytes] = []
    entries: set[int] = set()
    for opened in core.vault.documents(number):
        if not _is_shown(opened.document, context):
            continue
        entry, leaves = (None, b"") if opened.marks is None else trees[opened.marks]
        if entry is None or opened.position is None:
            waiting.append(preimage(opened.document))
            continue
        path = inclusion_path(leaves, opened.position)
        proven.append([entry, opened.position, preimage(opened.document), path])
        entries.add(entry)
    return proven, waiting, entries
