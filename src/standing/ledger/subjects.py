"""What somebody looks at about themselves: score and why, records, who asked, what can be done.

For whoever holds the key, and nobody else. Plain values: days are dates.
"""

from standing import policy
from standing.cases.lifecycles import Case
from standing.cases.notices import Asked, Noticed
from standing.cases.standing import Reply, Standing, replies, standings
from standing.errors import Refused
from standing.ledger import _inbox, _rules, _scores, _world
from standing.ledger._core import Core
from standing.ledger.public import View
from standing.ledger.score_views import At, at
from standing.vault import Consent, Link, OpenRecord, leaf_of
from standing.wire.days import format_day

_YEARS_BACK = 730


class Band(View, frozen=True, kw_only=True):
    """A named stretch of the scale."""

    name: str
    least: int


class Opens(View, frozen=True, kw_only=True):
    """What a score and its records open: a perk that is due, or a restriction that may be asked."""

    code: str
    title: str
    kind: str


class Question(View, frozen=True, kw_only=True):
    """Who asked, for what, and what was answered."""

    day: str
    by: str
    purpose: str
    transaction: str
    reference: str
    answer: str


class Card(View, frozen=True, kw_only=True):
    """One record: what it says, what it counts and why, when it fades, what can be done."""

    record: str
    type: str
    name: str
    face: int
    counted: int
    why: str
    status: str
    day: str
    issuer: str
    signer: str
    basis: str
    details: dict[str, int | str]
    included: str
    entry: int
    counts_from: str
    next_change: str | None
    expires: str
    contest_until: str | None
    can_contest: bool
    reply: str | None
    cases: tuple[str, ...]
    seen: tuple[Question, ...]


class Given(View, frozen=True, kw_only=True):
    """One consent, as it was given and maybe withdrawn."""

    since: str
    until: str
    withdrawn: str | None
    purposes: tuple[str, ...]
    issuers: tuple[str, ...]
    is_live: bool


class Known(View, frozen=True, kw_only=True):
    """How an issuer knows the subject."""

    reference: str
    issuer: str
    since: str


class CaseLine(View, frozen=True, kw_only=True):
    """One case in a list."""

    case: str
    lifecycle: str
    state: str
    about: str
    opened: str
    since: str
    due: str | None


class Mine(View, frozen=True, kw_only=True):
    """One context of one subject; `none` says why there is no score."""

    context: str
    title: str
    subject: str
    day: str
    version: int
    base: int
    floor: int
    ceiling: int
    bands: tuple[Band, ...]
    score: int | None
    raw: int | None
    band: str
    none: str
    opens: tuple[Opens, ...]
    cards: tuple[Card, ...]
    history: tuple[At, ...]
    forecast: tuple[At, ...]
    consents: tuple[Given, ...]
    references: tuple[Known, ...]
    asked: tuple[Question, ...]
    cases: tuple[CaseLine, ...]


class Place(View, frozen=True, kw_only=True):
    """One context in a subject's overview."""

    context: str
    title: str
    subject: str
    score: int | None
    band: str
    has_consent: bool
    records: int
    open_cases: int


def places(core: Core, number: int) -> list[Place]:
    """List the contexts about people that have rules, with what a subject has in each."""
    found = []
    for context in sorted({entry.context for entry in core.state.roll.packs.values()}):
        if not core.state.packs_of(context):
            continue
        pack = _rules.pack(core, _rules.next_pack(core, context))
        if pack.about_people:
            found.append(_place(core, number, context, pack))
    return found


def _place(core: Core, number: int, context: str, pack: policy.Pack) -> Place:
    is_named = context in core.vault.contexts_of(number)
    subject = core.vault.secret.pseudonym(number, context) if is_named else ""
    has_consent = core.vault.live_consent(number, context, core.today) is not None
    score: int | None = None
    band = ""
    if is_named and has_consent:
        try:
            scored = _scores.score(core, subject, context).score
            score, band = scored.score, scored.band
        except Refused:
            pass  # agreed to rules that are not in force yet
    cases = _world.cases_of(core, number, context) if is_named else []
    return Place(
        context=context,
        title=pack.title,
        subject=subject,
        score=score,
        band=band,
        has_consent=has_consent,
        records=len(core.vault.records_of(number, context)) if is_named else 0,
        open_cases=sum(case.due is not None for case in cases),
    )


def mine(core: Core, number: int, context: str) -> Mine:
    """Give everything that a subject looks at in a context."""
    pack = _rules.pack(core, _rules.next_pack(core, context))
    subject = core.vault.secret.pseudonym(number, context)
    cases = _world.cases_of(core, number, context)
    scored, none = _scored(core, subject, context)
    since = max(core.today - _YEARS_BACK, 0)
    return Mine(
        context=context,
        title=pack.title,
        subject=subject,
        day=format_day(core.today),
        version=pack.version,
        base=pack.base,
        floor=pack.floor,
        ceiling=pack.ceiling,
        bands=tuple(Band(name=band.name, least=band.least) for band in pack.bands),
        score=scored.score.score if scored else None,
        raw=scored.score.raw if scored else None,
        band=scored.score.band if scored else "",
        none=none,
        opens=_opens(pack, scored),
        cards=_cards(core, number, context, pack, cases),
        history=at(_scores.history(core, subject, context, since)) if scored else (),
        forecast=at(_scores.forecast(core, subject, context)) if scored else (),
        consents=_consents(core, number, context),
        references=_references(core, number, context),
        asked=tuple(map(_question, _inbox.asked_of(core, number, context)))[::-1],
        cases=tuple(case_line(case) for case in cases)[::-1],
    )


def _scored(core: Core, subject: str, context: str) -> tuple[_scores.SubjectScore | None, str]:
    try:
        return _scores.score(core, subject, context), ""
    except Refused as problem:
        return None, problem.why


def _opens(pack: policy.Pack, scored: _scores.SubjectScore | None) -> tuple[Opens, ...]:
    titles = {one.code: (one.title, "restriction") for one in pack.restrictions}
    titles |= {one.code: (one.title, "perk") for one in pack.perks}
    codes = scored.opens if scored else ()
    return tuple(
        Opens(code=code, title=titles[code][0], kind=titles[code][1])
        for code in codes
        if code in titles
    )


def _cards(
    core: Core, number: int, context: str, pack: policy.Pack, cases: list[Case]
) -> tuple[Card, ...]:
    records = {opened.id: opened for opened in core.vault.records_of(number, context)}
    reasons = _inbox.reasons_of(core, number, context, list(records.values()), cases)
    said, answered = standings(cases), replies(cases)
    asked = _inbox.asked_of(core, number, context)
    names = {one.code: one.name for one in policy.arithmetic(pack).acts}
    cards = [
        _card(
            core, records[noticed.id], noticed, reasons.get(noticed.id),
            said.get(noticed.id, Standing()).status, answered.get(noticed.id), names, cases, asked,
        )
        for noticed in _inbox.noticed(core, number, context, cases)
    ]  # fmt: skip
    return tuple(sorted(cards, key=lambda card: (card.day, card.record), reverse=True))


def _card(
    core: Core, opened: OpenRecord, noticed: Noticed, reason: policy.Reason | None, status: str,
    reply: Reply | None, names: dict[str, str], cases: list[Case], asked: list[Asked],
) -> Card:  # fmt: skip
    record = opened.record
    late = noticed.contest_until is not None and core.today > noticed.contest_until
    return Card(
        record=opened.id,
        type=record.type,
        name=names.get(record.type, record.type),
        face=reason.face if reason else 0,
        counted=reason.counted if reason else 0,
        why=reason.why if reason else "",
        status=status,
        day=format_day(record.day),
        issuer=record.issuer,
        signer=record.signer,
        basis=record.basis,
        details=dict(record.details),
        included=format_day(opened.included),
        entry=opened.entry,
        counts_from=format_day(noticed.counts_from),
        next_change=None if noticed.changes is None else format_day(noticed.changes),
        expires=format_day(noticed.expires),
        contest_until=(
            None if noticed.contest_until is None else format_day(noticed.contest_until)
        ),
        can_contest=noticed.negative and not noticed.is_contested and not late,
        reply=None if reply is None else reply.words,
        cases=tuple(case.name for case in cases if opened.id in about(case)),
        seen=tuple(
            _question(one)
            for one in asked
            if noticed.counts_from <= one.day < noticed.expires and noticed.negative
        ),
    )


def about(case: Case) -> tuple[str, ...]:
    """Name what a case is about: records, or what else it names."""
    match case.lifecycle:
        case "contest":
            return (case.first.named,)
        case "restriction":
            return tuple(case.first.records)
        case "reply" | "record":
            return (case.first.record,)
        case _:
            return ()


def case_line(case: Case) -> CaseLine:
    """Give a case on one line."""
    return CaseLine(
        case=case.name,
        lifecycle=case.lifecycle,
        state=case.state,
        about=", ".join(name for name in about(case) if name),
        opened=format_day(case.opened),
        since=format_day(case.since),
        due=None if case.due is None else format_day(case.due),
    )


def _consents(core: Core, number: int, context: str) -> tuple[Given, ...]:
    given = {one.leaf: one for one in _inbox.given(core, number, context)}
    live = core.vault.live_consents(number, context, core.today)
    found = []
    for opened in core.vault.documents(number, "consent"):
        consent = opened.document
        if isinstance(consent, Consent) and consent.context == context:
            one = given.get(leaf_of(consent))
            withdrawn = one.withdrawn if one else None
            found.append(
                Given(
                    since=format_day(consent.day),
                    until=format_day(consent.until),
                    withdrawn=None if withdrawn is None else format_day(withdrawn),
                    purposes=consent.purposes,
                    issuers=consent.issuers,
                    is_live=opened.leaf in live,
                )
            )
    return tuple(sorted(found, key=lambda one: one.since, reverse=True))


def _references(core: Core, number: int, context: str) -> tuple[Known, ...]:
    return tuple(
        Known(reference=link.reference, issuer=link.issuer, since=format_day(link.day))
        for opened in core.vault.documents(number, "link")
        if isinstance(link := opened.document, Link) and link.context == context
    )


def _question(asked: Asked) -> Question:
    return Question(
        day=format_day(asked.day),
        by=asked.party,
        purpose=asked.purpose,
        transaction=asked.transaction,
        reference=asked.reference,
        answer=asked.answer,
    )
