"""Verifiable reports: one context for a named recipient.

It is sealed to its recipient's key, holds for 30 days, and carries every proof that its
verification needs (L49). The report for reading is in `_reading`.
"""

from typing import Any, Final

from standing import charter
from standing.cases.reports import REPORT_DAYS, seal_report, sign_report
from standing.ledger import _scores, _world
from standing.ledger._core import Core
from standing.vault import (
    Consent,
    Link,
    OpenRecord,
    Step,
    Withdrawal,
    preimage,
)
from standing.verify.tree import inclusion_path
from standing.wire import cose
from standing.wire.keys import PublicKey

_PUBLIC_KINDS: Final = frozenset({"genesis", "key", "accredit", "revoke", "catalogue", "pack"})
_DATED: Final = frozenset({"accredit", "revoke"})  # on which day they were said is shown too
_SHOWN: Final = (Consent, Link, Withdrawal)  # a recipient sees no other document of the subject
_CASES: Final = frozenset({"contest", "restriction", "reply", "record", "link", "stop"})


def verifiable(core: Core, name: str, context: str, recipient: PublicKey) -> bytes:
    """Make the sealed report of one context, with every proof inside."""
    key = core.require_answer_key("E-REPORT-01", "A verifiable report is signed.")
    scored = _scores.score(core, name, context)
    number = _scores.resolve(core, name, context)
    records = core.vault.filed.records_of(number, context)
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
    return seal_report(sign_report(key, core.trust.origin, content), recipient)


def _entries(core: Core) -> set[int]:
    """Name the public statements that rights are traced by, with the days on which they came."""
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
        for opened in core.vault.filed.documents(number, "consent")
        if isinstance(opened.document, Consent) and opened.document.context == context
    }
    asked = {
        opened.document.kid
        for opened in core.vault.filed.documents(number, "step")
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
    trees = {row: (entry, leaves) for row, _, entry, leaves in core.vault.marks.every()}
    proven: list[Any] = []
    waiting: list[bytes] = []
    entries: set[int] = set()
    for opened in core.vault.filed.documents(number):
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
