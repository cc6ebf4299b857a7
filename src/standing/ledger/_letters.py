"""Letters: what somebody is told in full when a restriction or a contest is decided.

A proposal of a restriction and the decision on it each have a letter: at most four principal
reasons by counted points, the text of each duty, when each record expires, how to contest and how
to recover, what stays open instead, and who outside can be turned to (L34). A ruling has one too.
A letter follows from the steps, the records and the rules; nothing of it is stored.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from standing import policy
from standing.cases import notices
from standing.cases.lifecycles import Case, Event, begins, case_of, days_of
from standing.cases.standing import Reply, replies
from standing.errors import Refused
from standing.ledger import _inbox, _rules, _world
from standing.ledger._core import Core
from standing.ledger._tick import settings_of
from standing.policy import Pack
from standing.vault import OpenRecord

MOST_REASONS: Final = 4
_KINDS: Final = {
    ("restriction", "propose"): "proposal",
    ("restriction", "decide"): "decision",
    ("restriction", "settle"): "decision",
    ("restriction", "decline"): "decision",
    ("contest", "rule"): "ruling",
    ("contest", "decide"): "ruling",
    ("contest", "concede"): "ruling",
    ("contest", "dismiss"): "ruling",
}


@dataclass(frozen=True, slots=True)
class WayBack:
    """One way in which a record's points come back: a lesson, a service, time itself."""

    kind: str
    act: str
    points: int


@dataclass(frozen=True, slots=True)
class Principal:
    """One principal reason: a record, what it counts, the duty behind it, and the doors beside."""

    record: str
    type: str
    act: str  # in the catalogue's words
    day: int
    issuer: str
    counted: int
    duty_title: str
    duty_text: str
    duty_citation: str
    expires: int
    reply: Reply | None
    contest: str
    contest_until: int | None
    ways_back: tuple[WayBack, ...]


@dataclass(frozen=True, slots=True)
class Proposed:
    """What the restriction is, in the pack's words, and what stays open instead."""

    code: str
    title: str
    days: int
    begins: int | None
    own_term: str
    alternative: str
    price_percent: int
    time_percent: int


@dataclass(frozen=True, slots=True)
class Letter:
    """One letter, ready to be written in a language."""

    kind: str  # proposal, decision or ruling
    ledger: str
    is_simulated: bool
    day: int
    context: str
    subject: str
    case: str
    step: int
    words: notices.Words  # what happened, as the notice says it
    by: str
    reasons: str  # as whoever took the step wrote them
    principal: tuple[Principal, ...]
    others: int  # records that it stands on beside these
    restriction: Proposed | None
    doors: tuple[notices.Door, ...]
    next: notices.Next | None
    external: str  # who outside can be turned to
    external_from: str  # "settings", "pack", or "" where nobody is named


def letter(core: Core, name: str, step: int | None = None) -> Letter:
    """Write the letter about a step of a case, the last one that has a letter unless it is named.

    Raises `E-LETTER-01` where there is none.
    """
    today = _world.find_case(core, name)
    event = _event(today, step)
    steps = core.vault.cases.steps(today.opening)[: event.number + 1]
    days = _world.working_days(core, today.context)
    case = case_of(steps, subject=today.subject, day=event.day, days=days)
    assert case is not None, "its steps are of that day or earlier"
    pack = _rules.pack(core, _rules.pack_in_force(core, case.context, event.day))
    restriction = _restriction(case, pack)
    named = case.first.records if case.lifecycle == "restriction" else _contested(case)
    principal = _principal(core, case, pack, named, event.day)
    item = _item(core, case)
    external, source = _external(core, pack)
    return Letter(
        kind=_KINDS[case.lifecycle, event.name],
        ledger=core.trust.origin,
        is_simulated=core.state.genesis.clock == "simulated",
        day=event.day,
        context=case.context,
        subject=core.vault.secret.pseudonym(case.subject, case.context),
        case=case.name,
        step=event.number,
        words=item.words,
        by=_world.name_of(core, case, event),
        reasons=getattr(event.facts, "reasons", "") or getattr(event.facts, "words", ""),
        principal=principal[:MOST_REASONS],
        others=max(0, len(principal) - MOST_REASONS),
        restriction=restriction,
        doors=item.doors,
        next=item.next,
        external=external,
        external_from=source,
    )


def _event(case: Case, step: int | None) -> Event:
    written = [event for event in case.events if (case.lifecycle, event.name) in _KINDS]
    if step is not None:
        written = [event for event in written if event.number == step]
    if not written:
        steps = ", ".join(sorted({event for _, event in _KINDS}))
        raise Refused(
            "E-LETTER-01",
            "There is no letter about this.",
            why=f"{case.name} has no such step yet; letters are written about: {steps}.",
            fix=f"See its steps: standing case show {case.name}.",
            where=case.name,
        )
    return written[-1]


def _contested(case: Case) -> tuple[str, ...]:
    return (case.first.named,) if case.first.target == "record" else ()


def _item(core: Core, case: Case) -> notices.Item:
    """Give the notice of the letter's step, with what could be done from that day on."""
    subject = core.vault.secret.pseudonym(case.subject, case.context)
    items = notices.case_items(
        case, subject, _inbox.sayers(core),
        _inbox.namer(core, str(case.subject)),
    )  # fmt: skip
    return items[-1]


def _restriction(case: Case, pack: Pack) -> Proposed | None:
    if case.lifecycle != "restriction":
        return None
    listed = pack.restriction(case.first.code)
    if listed is None:  # a later pack dropped it
        return Proposed(case.first.code, "", days_of(case), begins(case), "", "", 0, 0)
    other = listed.alternative
    return Proposed(
        listed.code, listed.title, days_of(case), begins(case), listed.own_term, other.title,
        other.price_percent, other.time_percent,
    )  # fmt: skip


def _external(core: Core, pack: Pack) -> tuple[str, str]:
    """Name who outside can be turned to, and where that is written."""
    settled = settings_of(core).letters.external_body
    if settled:
        return settled, "settings"
    for organisation in pack.organisations:
        if organisation.role == "second-reviewer":
            return f"{organisation.name} ({organisation.employer})", "pack"
    return "", ""


# --- principal reasons ------------------------------------------------------------------------


def _principal(
    core: Core, case: Case, pack: Pack, named: Sequence[str], day: int
) -> tuple[Principal, ...]:
    """List the records that a case stands on, the heaviest by counted points first."""
    number, context = case.subject, case.context
    records = core.vault.filed.records_of(number, context)
    cases = _world.cases_of(core, number, context, day)
    counted = _inbox.reasons_of(core, number, context, records, cases, day)
    said = replies(cases)
    catalogue = _rules.catalogue_of_pack(core, context, day)
    found = [
        _reason(core, case, pack, catalogue, opened, counted.get(opened.id), said.get(opened.id))
        for opened in records
        if opened.id in named
    ]
    return tuple(sorted(found, key=lambda reason: (reason.counted, reason.day, reason.record)))


def _reason(
    core: Core, case: Case, pack: Pack, catalogue: policy.Catalogue | None, opened: OpenRecord,
    counted: policy.Reason | None, reply: Reply | None,
) -> Principal:  # fmt: skip
    record = opened.record
    act = pack.acts.get(record.type)
    listed = catalogue.types.get(record.type) if catalogue else None
    duty = listed.duty if listed else None
    subject = core.vault.secret.pseudonym(case.subject, case.context)
    days = _world.working_days(core, case.context)
    return Principal(
        record=opened.id,
        type=record.type,
        act=listed.act if listed else record.type,
        day=record.day,
        issuer=record.issuer,
        counted=counted.counted if counted else 0,
        duty_title=duty.title if duty else "",
        duty_text=duty.text if duty else "",
        duty_citation=duty.citation if duty else "",
        expires=counted.expires if counted else record.day + (act.validity_days if act else 0),
        reply=reply,
        contest=f"standing contest file {subject} --context {case.context} --key YOUR.key"
        f" --target record --named {opened.id} --words WORDS",
        contest_until=_inbox.last_day(days, opened.included, pack.contest_days),
        ways_back=tuple(_ways_back(pack, record.type)),
    )


def _ways_back(pack: Pack, kind: str) -> Iterator[WayBack]:
    for recovery in pack.recoveries:
        if kind in recovery.restores:
            yield WayBack(recovery.kind, recovery.act, recovery.points)
