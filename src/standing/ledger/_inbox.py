"""A subject's inbox: everything that happened about them, made from what the vault holds.

Nothing is stored for it, so that nothing is ever lost: a ledger that sent nothing shows the same
inbox as one that told everything. What a message about an item came to stands beside it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from standing import policy
from standing.cases import notices
from standing.cases.answers import questions_of
from standing.cases.decisions import parse_question
from standing.cases.lifecycles import NEVER, Case, Event, WorkingDays
from standing.cases.notices import Item, Noticed, Sayer
from standing.cases.scores import facts_of, live_since
from standing.cases.standing import replies, standings
from standing.errors import Refused
from standing.ledger import _rules, _world
from standing.ledger._contacts import contacts_of
from standing.ledger._core import Core
from standing.vault import UNDELIVERED, OpenRecord, Presented, Question, leaf_of
from standing.wire import cbor, cose

_NO_REASON: Final = policy.Reason("", "", 0, 0, 0, "", None, 0)


@dataclass(frozen=True, slots=True)
class Told:
    """An item, and what became of telling it: "" where nobody was to be told."""

    item: Item
    telling: str = ""  # waiting, told, undelivered or dropped: the worst of a subject's contacts


_NAMELESS: Final = frozenset({"subject", "ledger", "second-key"})
_WORST: Final = (UNDELIVERED, "waiting", "dropped", "told")


def inbox(core: Core, number: int, context: str | None) -> list[Told]:
    """List what happened about a subject in one context, or in all, oldest first.

    What belongs to no context (keys, contacts, mandates) comes with all of them, or with "".
    """
    contexts = ["", *core.vault.people.contexts_of(number)] if context is None else [context]
    items = [item for name in contexts for item in items_of(core, number, name)]
    items.sort(key=lambda item: (item.day, item.context, item.id))
    told = _tellings(core, number)
    return [Told(item, told.get(item.id, "")) for item in items]


def _tellings(core: Core, number: int) -> dict[str, str]:
    found: dict[str, str] = {}
    for kept in contacts_of(core, number):
        for item, message in core.vault.outbox.told(kept.case).items():
            before = found.get(item, message.state)
            found[item] = min(before, message.state, key=_WORST.index)
    return found


def namer(core: Core, whose: str) -> notices.Name:
    """Give what names the notices of one subject (their number, written) or one organisation."""
    return lambda seed: core.vault.secret.notice(whose, seed)


def items_of(core: Core, number: int, context: str) -> Iterator[Item]:
    """Make the items of one subject in one context ("": those of no context), in no order."""
    name = namer(core, str(number))
    cases = _world.cases_of(core, number, context)
    subject = core.vault.secret.pseudonym(number, context) if context else _anywhere(core, number)
    who = sayers(core)
    for case in cases:
        yield from notices.case_items(case, subject, who, name)
    if not context:
        return
    for said in noticed(core, number, context, cases):
        yield notices.record_item(said, subject, core.today, name)
    for asked in asked_of(core, number, context):
        yield notices.question_item(asked, subject, name)
    yield from _of_rules(core, number, context, name)


def _anywhere(core: Core, number: int) -> str:
    """Give a name by which a subject's commands find them, where no context is meant."""
    contexts = core.vault.people.contexts_of(number)
    return core.vault.secret.pseudonym(number, contexts[0]) if contexts else "YOUR.pub"


def sayers(core: Core) -> Callable[[Case, Event], Sayer]:
    """Give what tells who took a step: a role, and the name of an organisation or a person."""
    known: dict[tuple[int, bytes], Sayer] = {}

    def who(case: Case, event: Event) -> Sayer:
        key = case.subject, event.kid
        if key not in known:
            was = _world.who_was(core, event.kid, case.subject)
            known[key] = Sayer(was.role, "" if was.role in _NAMELESS else was.name)
        return known[key]

    return who


# --- records ----------------------------------------------------------------------------------


def noticed(core: Core, number: int, context: str, cases: list[Case]) -> Iterator[Noticed]:
    """Tell of every record of a subject in a context what its notice says."""
    records = core.vault.filed.records_of(number, context)
    if not records:
        return
    pack = _rules.pack(core, _rules.next_pack(core, context))
    days = _world.working_days(core, context)
    reasons = reasons_of(core, number, context, records, cases)
    answered = replies(cases)
    for opened in records:
        act = pack.acts.get(opened.record.type)
        reason = reasons.get(opened.id, _NO_REASON)
        validity = act.validity_days if act else 0
        yield Noticed(
            leaf=opened.leaf, id=opened.id, context=context, issuer=opened.record.issuer,
            type=opened.record.type, day=opened.record.day, included=opened.included,
            negative=act is not None and act.points < 0,
            counts_from=opened.included + pack.notice_days, changes=reason.next_change,
            expires=reason.expires or opened.record.day + validity,
            contest_until=last_day(days, opened.included, pack.contest_days),
            is_contested=notices.is_contested(opened.id, cases), has_reply=opened.id in answered,
        )  # fmt: skip


def last_day(days: WorkingDays, noticed_on: int, span: int) -> int | None:
    """Give the last day on which a record can be contested; None where none is set."""
    late = days.time_to_act(noticed_on, span)
    return None if late >= NEVER else late - 1


def reasons_of(
    core: Core,
    number: int,
    context: str,
    records: list[OpenRecord],
    cases: list[Case],
    day: int | None = None,
) -> dict[str, policy.Reason]:
    """Give what each record counts on a day; nothing for whom nothing is scored then."""
    at = core.today if day is None else day
    said = standings(cases)
    try:
        since = live_since(core.vault, number, context, at)
        facts = facts_of(records, since, said)
        scored = policy.score(facts, _rules.schedule(core, context), at)
    except Refused:
        return {}
    return {reason.record: reason for reason in scored.reasons}


# --- questions --------------------------------------------------------------------------------


def asked_of(core: Core, number: int, context: str) -> list[notices.Asked]:
    """List what was asked about a subject in a context, by reference or with a presentation."""
    return [
        read_asked(core, question) for _, _, question in questions_of(core.vault, number, context)
    ]


def read_asked(core: Core, question: Question | Presented) -> notices.Asked:
    """Read a kept question with its answer; what was taken once is not judged again."""
    sign1 = cose.parse_sign1(question.question)
    asked = parse_question(sign1)
    right = core.state.roll.keys.get(sign1.kid)
    answer = cbor.decode(cose.parse_sign1(question.answer).payload or b"", what="an answer")
    said = answer.get("answer", "") if isinstance(answer, dict) else ""
    return notices.Asked(
        leaf_of(question), question.day, asked.context, right.name if right else "", asked.purpose,
        asked.transaction, asked.reference, str(said), asked.alternative,
        isinstance(question, Presented),
    )  # fmt: skip


# --- rules ------------------------------------------------------------------------------------


def _of_rules(core: Core, number: int, context: str, name: notices.Name) -> Iterator[Item]:
    """Tell of packs under a consent, and of consents that have ended by themselves."""
    windows = given(core, number, context)
    for digest, entry in core.state.roll.packs.items():
        if entry.context != context or entry.published is None:
            continue
        pack = _rules.pack(core, digest)
        for item in notices.pack_items(digest, pack, entry.published, name):
            if item.day <= core.today and any(w.covers(item.day) for w in windows):
                yield item
    for window in windows:
        if window.ended_by_itself and window.until <= core.today:
            yield notices.consent_item(window.leaf, context, window.until, name)


@dataclass(frozen=True, slots=True)
class Given:
    """One consent as it was given and, maybe, withdrawn."""

    since: int
    until: int
    withdrawn: int | None
    leaf: bytes

    @property
    def ended_by_itself(self) -> bool:
        """Whether nobody withdrew it before its last day was over."""
        return self.withdrawn is None or self.withdrawn >= self.until

    def covers(self, day: int) -> bool:
        """Tell whether it held on a day, the day of a withdrawal included."""
        last = self.until - 1 if self.withdrawn is None else min(self.until - 1, self.withdrawn)
        return self.since <= day <= last


def given(core: Core, number: int, context: str) -> list[Given]:
    """List the consents that a subject gave in a context, oldest first."""
    query = (
        "SELECT since, until, withdrawn, leaf FROM consents WHERE subject=? AND context=?"
        " ORDER BY since, leaf"
    )
    return [Given(*row) for row in core.vault.db.execute(query, (number, context))]
