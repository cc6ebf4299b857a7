"""The report for reading: everything held on a subject, complete, free, for nobody but them.

It bears no signature, so that nobody can be made to show it as proof (L35, L49). What was said
beside a record stands beside it, and what became of it in its cases, and who was told what.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from standing import policy
from standing.cases.lifecycles import Case, files_of
from standing.cases.notices import LANGUAGES, Asked, case_items
from standing.cases.standing import Reply, Standing, replies, standings
from standing.errors import Refused
from standing.ledger import _inbox, _scores, _world, score_views
from standing.ledger._contacts import contacts_of
from standing.ledger._core import Core
from standing.ledger.case_text import case_facts
from standing.ledger.case_views import file_of
from standing.ledger.subjects import about
from standing.vault import (
    Adult,
    Consent,
    Document,
    Link,
    OpenRecord,
    held_attributes,
    last_attributes,
    leaf_of,
)
from standing.wire.days import format_day

_SECONDS_A_DAY = 86_400


def for_reading(core: Core, name: str, context: str | None) -> dict[str, object]:
    """Give everything held on a subject, by context; `context` narrows it to one."""
    return read_number(core, _scores.resolve(core, name, context), context)


def read_number(core: Core, number: int, context: str | None) -> dict[str, object]:
    """Give everything held on a subject by their number."""
    contexts = [context] if context else core.vault.contexts_of(number)
    texts = [opened.document for opened in core.vault.documents(number)]
    nowhere = _world.cases_of(core, number, "")
    return {
        "note": "For reading. This report bears no signature.",
        "day": format_day(core.today),
        "ledger": core.trust.origin,
        "simulated": core.state.genesis.clock == "simulated",
        "adult_since": next(
            (format_day(d.adult_since) for d in texts if isinstance(d, Adult)), None
        ),
        "contexts": [_readable(core, number, c, texts) for c in contexts],
        "mandates": [_case(core, c) for c in nowhere if c.lifecycle == "mandate"],
        "contacts": _contacts(core, number),
        "keys": [_case(core, c) for c in nowhere if c.lifecycle in {"second-key", "recovery"}],
        "told": _told(core, number, ""),
    }


def _readable(core: Core, number: int, context: str, texts: list[Document]) -> dict[str, object]:
    pseudonym = core.vault.secret.pseudonym(number, context)
    links = [d for d in texts if isinstance(d, Link) and d.context == context]
    cases = _world.cases_of(core, number, context)
    try:
        scored = score_views.scored(_scores.score(core, pseudonym, context))
        score: object = msgspec.to_builtins(scored)
    except Refused as problem:
        score = {"none": problem.why}
    return {
        "context": context,
        "subject": pseudonym,
        "score": score,
        "consents": _consents(core, number, context, texts),
        "attributes": _attributes(core, number, context, texts),
        "references": [_link(d) for d in links],
        "records": _records(core, number, context, cases),
        "asked": [_asked(asked) for asked in _inbox.asked_of(core, number, context)],
        "cases": [_case(core, case) for case in cases],
        "told": _told(core, number, context),
    }


# --- parts ------------------------------------------------------------------------------------


def _consents(
    core: Core, number: int, context: str, texts: Iterable[Document]
) -> list[dict[str, object]]:
    given = {consent.leaf: consent for consent in _inbox.given(core, number, context)}
    found: list[dict[str, object]] = []
    for document in texts:
        if isinstance(document, Consent) and document.context == context:
            consent = given.get(leaf_of(document))
            withdrawn = consent.withdrawn if consent else None
            found.append(
                {
                    "from": format_day(document.day),
                    "until": format_day(document.until),
                    "withdrawn": None if withdrawn is None else format_day(withdrawn),
                    "purposes": list(document.purposes),
                    "issuers": list(document.issuers),
                    "text": document.text.hex(),
                }
            )
    return found


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


def _records(
    core: Core, number: int, context: str, cases: Sequence[Case]
) -> list[dict[str, object]]:
    said, answered = standings(cases), replies(cases)
    records = core.vault.records_of(number, context)
    reasons = _inbox.reasons_of(core, number, context, records, list(cases))
    return [
        {
            **_record(opened),
            **_weight(reasons.get(opened.id)),
            "status": said.get(opened.id, Standing()).status,
            "reply": _reply(answered.get(opened.id)),
            "cases": [case.name for case in cases if opened.id in about(case)],
        }
        for opened in records
    ]


def _reply(reply: Reply | None) -> object:
    return None if reply is None else msgspec.to_builtins(score_views.replied(reply))


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


def _weight(reason: policy.Reason | None) -> dict[str, object]:
    if reason is None:
        return {"counted": 0, "why": "", "expires": None}
    return {
        "counted": reason.counted, "why": reason.why, "expires": format_day(reason.expires),
    }  # fmt: skip


def _asked(asked: Asked) -> dict[str, object]:
    shown: dict[str, object] = {
        "by": asked.party,
        "day": format_day(asked.day),
        "purpose": asked.purpose,
        "transaction": asked.transaction,
        "reference": asked.reference,
        "answer": asked.answer,
    }
    if asked.alternative:
        shown["alternative"] = asked.alternative
    if asked.is_presented:
        shown["presentation"] = "made with the subject's own key"
    return shown


def _case(core: Core, case: Case) -> dict[str, Any]:
    """Give a case with all its steps and words, and its files by name."""
    told = case_facts(case, lambda c, e: _world.name_of(core, c, e))
    facts: dict[str, Any] = msgspec.to_builtins(told)
    for step, event in zip(facts["steps"], case.events, strict=True):
        step["files"] = [msgspec.to_builtins(file_of(core, leaf)) for leaf in files_of(event)]
    subject = core.vault.secret.pseudonym(case.subject, case.context)
    items = case_items(case, subject, _inbox.sayers(core), lambda _: "")
    facts["happened"] = [
        {"day": format_day(item.day), **dict(zip(LANGUAGES, item.words, strict=True))}
        for item in items
    ]
    return facts


def _contacts(core: Core, number: int) -> list[dict[str, object]]:
    return [
        {
            "case": kept.case,
            "kind": kept.kind,
            "address": kept.address,
            "language": kept.language,
            "since": format_day(kept.since),
            "removed": None if kept.removed is None else format_day(kept.removed),
        }
        for kept in contacts_of(core, number)
    ]


def _told(core: Core, number: int, context: str) -> list[dict[str, str]]:
    """Tell who was told that there is something, when, and what became of it."""
    return [
        {
            "recipient": recipient.removeprefix("@"),
            "item": item,
            "day": format_day(message.made // _SECONDS_A_DAY),
            "state": message.state,
        }
        for recipient, item, message in core.vault.outbox.told_about(number, context)
    ]
