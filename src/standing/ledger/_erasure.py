"""Erasing: at once on request, 30 days after leaving by itself, and to the last byte.

One transaction of the vault takes everything out and states which leaves it was; it names nobody.
What follows needs nobody's name either (keys that seal nothing, gaps in pages, the copy of the
keys), so that whatever cuts it off, the next start finishes it.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Final

from standing.cases.decisions import parse_question
from standing.cases.lifecycles import CONTEST_OPEN, Case, case_of
from standing.columns import ColumnStore
from standing.errors import Refused
from standing.ledger import _backup, _people, _recalls, _rules, _world
from standing.ledger._core import Core
from standing.vault import Going, Link, Presented, case_name
from standing.wire import cose
from standing.wire.days import format_day
from standing.wire.keys import PublicKey, SigningKey

ERASED_AFTER_DAYS: Final = 30
STEP_BACK_DAYS: Final = 14
DECISION_DAYS: Final = 184  # as long as a decision is likely to be contested (L20, L44)
_FOREVER: Final = 2**31


@dataclass(frozen=True)
class Erased:
    """What an erasure did.

    `documents` and `records` are 0 for a desk: they would say who was here. `complete`: no trace
    is left in any file; else another process kept a view, and `tick` finishes. `key_backup` says
    what became of the copy of the keys.
    """

    contexts: tuple[str, ...]
    documents: int
    records: int
    complete: bool
    key_backup: _backup.Renewed


# --- on request ---------------------------------------------------------------------------------


def erase(core: Core, key: SigningKey, context: str | None, *, subject: str = "") -> Erased:
    """Erase a subject in one context, or everywhere with their place, at once.

    `key` is the subject's own, or a desk's with `subject`, by whatever name they are known. Whoever
    has not withdrawn does so with it. Raises `E-ERASE-02` while a claim or a contest needs it.
    """
    _check_ready(core)
    if context is not None:
        _rules.next_pack(core, context)
    if subject:
        return _at_desk(core, key, context, subject)
    return erase_own(core, key.public, context)


def erase_own(core: Core, key: PublicKey, context: str | None) -> Erased:
    """Erase whoever has just shown that they hold a key; raises as `erase` does."""
    _check_ready(core)
    number = _people.subject_of(core, key)
    contexts = core.vault.filed.places(number) if context is None else (context,)
    if context is not None and not core.vault.filed.placed(number, context):
        raise Refused(
            "E-ERASE-03",
            f"Nothing of you is held in {context!r}.",
            why="You never agreed there, or it was erased before.",
            fix="Nothing is left to erase.",
        )
    return _erase(core, number, contexts, with_place=context is None)


def step_back(core: Core, key: SigningKey, context: str) -> Erased:
    """Be as if one had never agreed in a context, within 14 days of the first consent there."""
    _check_ready(core)
    number = _people.subject_of(core, key.public)
    given = [since for since, _, _ in core.vault.agreed.consents(number, context)]
    if not given or core.today >= min(given) + STEP_BACK_DAYS:
        raise Refused(
            "E-ERASE-04",
            f"There is no stepping back in {context!r}.",
            why=f"Your first consent there is more than {STEP_BACK_DAYS} days old."
            if given
            else "You gave no consent there.",
            fix="Withdraw, or erase: standing erase. It comes to the same.",
        )
    return _erase(core, number, (context,), with_place=False)


def _check_ready(core: Core) -> None:
    core.check_clock()
    if core.vault.db.in_transaction:
        raise Refused(
            "E-ERASE-01",
            "Nothing is erased inside a bulk block.",
            why="Keys would be destroyed before the vault forgets.",
            fix="End the block first.",
        )


def _at_desk(core: Core, key: SigningKey, context: str | None, subject: str) -> Erased:
    """Erase for somebody at a desk; about nobody, the answer and what is written are the same."""
    signer = _world.signer_of(core, key.public.thumbprint, 0, context or "", "stop")
    right = core.state.roll.keys.get(key.public.thumbprint)
    if signer.role != "desk" or right is None or (context is None and right.contexts):
        raise Refused(
            "E-ERASE-05",
            "This key cannot erase for somebody else.",
            why="It takes a desk's, accredited here; for all contexts, one accredited for all.",
            fix="Erase with the person's own key, or at such a desk.",
        )
    number = _world.known_as(core, subject, context)
    contexts = core.vault.filed.places(number) if context is None else (context,)
    done = _erase(
        core, number, contexts if number else (), with_place=bool(number) and context is None
    )
    named = (context,) if context is not None else ()
    return Erased(named, 0, 0, done.complete, done.key_backup)


def _erase(core: Core, number: int, contexts: Sequence[str], *, with_place: bool) -> Erased:
    kind = core.vault.people.subject(number)
    if kind is not None and kind[0] != "person":
        raise Refused(
            "E-ERASE-06",
            "Only a person is erased on request.",
            why="Records about an organisation come from a public register, and end with it.",
            fix="Contest what is wrong: standing contest file.",
        )
    for context in contexts:
        reason = _obstacle(core, number, context, by_clock=False)
        if reason is not None:
            raise Refused(
                "E-ERASE-02",
                f"This cannot be erased in {context!r} yet.",
                why=reason,
                fix="Release the hold or take the contest back, or contest this refusal:"
                " standing contest file --target erasure.",
            )
    goings = [_whole(core, number, context) for context in contexts]
    if with_place:
        goings.append(_whole(core, number, ""))
    documents = _take_out(core, goings)
    records = sum(len(going.records) for going in goings)
    complete = core.finish_erasing([(going.subject, going.context) for going in goings])
    return Erased(tuple(contexts), documents, records, complete, _backup.renew(core))


# --- what stands in the way ---------------------------------------------------------------------


def _obstacle(core: Core, number: int, context: str, *, by_clock: bool) -> str | None:
    """Say why something must stay for now, or nothing."""
    cases = _world.cases_of(core, number, context)
    for case in cases:
        if case.lifecycle == "hold" and case.state == "held":
            until = format_day(case.first.until)
            return f"{case.name} holds it until {until} for a claim: {case.first.claim}."
    periods = _periods(core, number, context)
    for case in cases:
        is_open = case.lifecycle == "contest" and case.state in CONTEST_OPEN
        if is_open and _is_wanted(core, periods, case, by_clock=by_clock):
            return f"The contest {case.name} is open, and goes on to its ruling."
    return None


def _is_wanted(core: Core, periods: Sequence["_Period"], case: Case, *, by_clock: bool) -> bool:
    """Tell whether the subject wants a contest finished.

    Withdrawal closed it unless they did; one that they filed after leaving, they want. Where a
    consent ran out by itself, it goes on until they ask for more.
    """
    if not by_clock and periods and core.today < periods[-1].end:
        return False  # whoever leaves with this act did not ask for it
    mine = [period for period in periods if period.since <= case.opened]
    if not mine or core.today < mine[-1].end:
        return False
    then = mine[-1]
    return then.how == "withdrawn" or case.opened > then.end or (by_clock and then.how == "ran out")


@dataclass(frozen=True)
class _Period:
    """A stretch of consent without a gap: from, to before, how it ended, and left on which day."""

    since: int
    end: int
    how: str  # "withdrawn", "stopped", "ran out"
    left: int


def _periods(core: Core, number: int, context: str) -> list[_Period]:
    """List a subject's stretches of consent, oldest first."""
    stops = {
        case.opened: case.entered("stopped") or _FOREVER
        for case in _world.cases_of(core, number, context)
        if case.lifecycle == "stop" and case.state != "resumed"
    }
    found: list[_Period] = []
    for since, until, withdrawn in core.vault.agreed.given(number, context):
        period = _Period(since, until, "ran out", until)
        stopped = next((day for day in sorted(stops) if since <= day < until), None)
        if stopped is not None:
            period = _Period(since, stopped, "stopped", stops[stopped])
        if withdrawn is not None:
            period = _Period(since, min(withdrawn, period.end), "withdrawn", withdrawn)
        if found and period.since <= found[-1].end:
            before = found.pop()
            period = max(before, period, key=lambda p: (p.end, p.left))
            period = _Period(before.since, period.end, period.how, period.left)
        found.append(period)
    return found


# --- what goes ----------------------------------------------------------------------------------


def _whole(core: Core, number: int, context: str) -> Going:
    """Plan to take out all of a subject in a context, or, with none, their place."""
    return Going(
        number, context, whole=True, before=_FOREVER,
        leaves=tuple(leaf for leaf, _, _ in core.vault.filed.placed(number, context)),
        references=tuple(_references(core, number, context)),
        records=tuple(core.vault.filed.places_of(number, context)),
    )  # fmt: skip


def _references(core: Core, number: int, context: str) -> list[bytes]:
    documents = (opened.document for opened in core.vault.filed.documents(number, "link"))
    return sorted(
        {
            core.vault.secret.reference(context, document.reference)
            for document in documents
            if isinstance(document, Link) and document.context == context
        }
    )


def _earlier(core: Core, number: int, context: str, since: int) -> Going:
    """Plan to take out what a subject left behind in a context before they agreed anew.

    Their references stay; the sealing key, which the new consent uses, stays as well.
    """
    return Going(
        number, context, whole=False, before=since,
        leaves=tuple(sorted(_leaves_before(core, number, context, since))),
        records=tuple(core.vault.filed.places_of(number, context, before=since)),
    )  # fmt: skip


def _leaves_before(core: Core, number: int, context: str, since: int) -> set[bytes]:
    """Name the documents of an earlier stretch: a case goes whole, with the files that it names.

    One that decides a later case stays for as long as that one does.
    """
    placed = core.vault.filed.placed(number, context)
    every = [
        core.vault.cases.steps(o)
        for o, _, _ in core.vault.cases.every(subject=number, context=context)
    ]
    deciding = {
        step.facts["into"]
        for steps in every
        if steps[0][1].day >= since
        for _, step in steps
        if step.event == "merge"
    }
    gone: set[bytes] = set()
    kept: set[bytes] = set()
    for steps in every:
        opening, first = steps[0]
        is_over = first.day < since and case_name(opening) not in deciding
        some = gone if is_over else kept
        for leaf, step in steps:
            some |= {leaf, *step.facts.get("files", ())}
    return (
        gone | {leaf for leaf, kind, day in placed if day < since and kind not in {"link", "step"}}
    ) - kept


# --- doing it -----------------------------------------------------------------------------------


def _take_out(
    core: Core, goings: Sequence[Going], questions: Sequence[tuple[bytes, bytes]] = ()
) -> int:
    """Take it all out in one transaction, and what was asked about it; gives how many documents.

    `questions`: (name, leaf) of others that go too. Within no other transaction: the bulk store
    is settled once this one has ended.
    """
    gone = [leaf for _, leaf in questions]
    with ExitStack() as stack:
        for going in goings:
            if going.context and going.subject:
                ended = core.vault.agreed.ended_among(
                    going.subject, going.context, set(going.leaves)
                )
                stack.enter_context(core.forgetting(going.subject, going.context, -ended))
        stack.enter_context(core.vault.transaction())
        for name, leaf in questions:
            core.vault.asked.drop(name, leaf)
        for going in goings:
            if going.context and going.subject:
                before = None if going.whole else going.before
                gone += _recalls.forget_questions(core, going.subject, going.context, before)
        core.vault.erasures.forget(goings, core.today, questions=gone)
    for going in goings:
        if not going.whole and going.context:  # they are still here, with what came later
            ColumnStore(core.columns_folder, going.context).remove()
    return len(gone) + sum(len(going.leaves) for going in goings)


# --- by the clock -------------------------------------------------------------------------------


def materialise(core: Core) -> None:
    """Once a day, do what time has made due; finish what was cut off; renew the copy of the keys.

    Nothing here has a legal effect: what goes has not been used since the day on which it ended.
    """
    if core.vault.read_only or core.vault.db.in_transaction or core.today < core.state.day:
        return
    if core.swept != core.today:
        goings = [*_left(core), *_nobodys_stops(core)]
        questions = _old_questions(core)
        if goings or questions:
            _take_out(core, goings, questions)
            core.finish_erasing([(g.subject, g.context) for g in goings if g.whole])
        core.swept = core.today
    core.finish_erasing()
    _backup.keep_fresh(core)


def _left(core: Core) -> Iterator[Going]:
    """Plan for those who left a context 30 days ago and asked for nothing."""
    day = core.today - ERASED_AFTER_DAYS
    for number, context in core.vault.agreed.ended_by(day):
        periods = _periods(core, number, context)
        over = [period for period in periods if period.left <= day]
        if not over or _obstacle(core, number, context, by_clock=True) is not None:
            continue
        if len(over) == len(periods):
            yield _whole(core, number, context)
        elif over == periods[: len(over)]:
            yield _earlier(core, number, context, periods[len(over)].since)


def _nobodys_stops(core: Core) -> list[Going]:
    """Plan for the stops of nobody: they go when others do, so that none tells by staying."""
    leaves: list[bytes] = []
    days = _world.working_days(core, "")
    for opening, _, _ in core.vault.cases.every(subject=0, lifecycle="stop"):
        steps = core.vault.cases.steps(opening)
        case = case_of(steps, subject=0, day=core.today, days=days)
        stopped = case.entered("stopped") if case is not None else None
        if stopped is not None and stopped + ERASED_AFTER_DAYS <= core.today:
            leaves += [leaf for leaf, _ in steps]
    return [Going(0, "", whole=False, before=0, leaves=tuple(leaves))] if leaves else []


def _old_questions(core: Core) -> list[tuple[bytes, bytes]]:
    """Name the questions that nobody is likely to contest any more, unless somebody does (L44)."""
    needed: dict[tuple[int, str], bool] = {}
    found = []
    for name, leaf in core.vault.asked.before(core.today - DECISION_DAYS):
        whose = _asked_about(core, leaf)
        if whose not in needed:
            needed[whose] = _needs_answers(core, *whose)
        if not needed[whose]:
            found.append((name, leaf))
    return found


def _asked_about(core: Core, leaf: bytes) -> tuple[int, str]:
    """Give whom a question was about, and in which context; 0 for nobody."""
    kept = core.vault.asked.question(leaf)
    asked = parse_question(cose.parse_sign1(kept.question))
    if isinstance(kept, Presented):
        return core.vault.people.subject_of_key(kept.maker, kept.day) or 0, asked.context
    held = core.vault.people.holder(asked.context, asked.reference, kept.day)
    return (held.subject if held is not None else 0), asked.context


def _needs_answers(core: Core, number: int, context: str) -> bool:
    """Tell whether a claim or a contest needs what was answered about a subject."""
    return number != 0 and any(
        (case.lifecycle == "hold" and case.state == "held")
        or (
            case.lifecycle == "contest"
            and case.first.target == "decision"
            and case.state in CONTEST_OPEN
        )
        for case in _world.cases_of(core, number, context)
    )
