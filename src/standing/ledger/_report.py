"""Verifiable reports: one context for a named recipient.

It is sealed to its recipient's key, holds for 30 days, and carries every proof that its
verification needs (L49). The report for reading is in `_reading`.
"""

from typing import Any, Final

from standing import charter
from standing.cases.reports import REPORT_DAYS, seal_report, sign_report
from standing.errors import Refused
from standing.ledger import _scores
from standing.ledger._core import Core
from standing.vault import (
    Consent,
    Link,
    OpenRecord,
    Withdrawal,
    preimage,
)
from standing.verify.tree import inclusion_path
from standing.wire import cose
from standing.wire.keys import PublicKey

_PUBLIC_KINDS: Final = frozenset({"genesis", "key", "accredit", "revoke", "catalogue", "pack"})
_SHOWN: Final = (Consent, Link, Withdrawal)  # a recipient sees no other document of the subject


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
