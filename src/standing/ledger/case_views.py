"""A case as those see it who have a part in it: its steps and words, its files, what they may do.

For anybody else there is no such case, in the same words as where there is none.
"""

from typing import Any

import msgspec

from standing.cases.lifecycles import (
    Case,
    Event,
    Signer,
    World,
    files_of,
    may_step,
    table_of,
)
from standing.cases.notices import LANGUAGES, case_items
from standing.cases.standing import replies
from standing.cases.work import ANSWER, OUTCOME, Task, tasks_of
from standing.errors import Refused
from standing.ledger import _inbox, _world
from standing.ledger._core import Core
from standing.ledger._worklist import Work, is_theirs, record_facts, worklist
from standing.ledger.case_text import CaseFacts, StepFacts, head_of, step_of
from standing.ledger.public import View
from standing.ledger.subjects import CaseLine, about, case_line
from standing.vault import Evidence
from standing.wire.days import format_day
from standing.wire.keys import PublicKey

_OWNERS = frozenset({"subject", "representative", "second-key"})


class FileView(View, frozen=True, kw_only=True):
    """One file that a step brought; no name: it was erased."""

    leaf: str
    name: str
    bytes: int


class StepView(StepFacts, frozen=True, kw_only=True):
    """One step, with its files; `is_own`: the viewer took it."""

    files: tuple[FileView, ...]
    is_own: bool


class Happened(View, frozen=True, kw_only=True):
    """One thing that happened, in each language: a step, or time that ran out."""

    day: str
    en: str
    zh: str


class CaseView(CaseFacts, frozen=True, kw_only=True):
    """A whole case. `role`: the viewer's in it; `may`: the steps that they may take now."""

    steps: tuple[StepView, ...]
    age_days: int
    is_over: bool
    about: tuple[str, ...]
    role: str
    may: tuple[str, ...]
    happened: tuple[Happened, ...]
    records: tuple[dict[str, Any], ...]


class WorkLine(View, frozen=True, kw_only=True):
    """One line of a work list: what waits, since when, until when, on whom.

    `do`: the steps that the viewer may take; `commands`: how each is typed.
    """

    case: str
    lifecycle: str
    context: str
    state: str
    opened: str
    age_days: int
    due: str | None
    days_left: int | None
    do: tuple[str, ...]
    commands: tuple[str, ...]
    waits_on: tuple[str, ...]
    records: tuple[dict[str, Any], ...]


def case_for(core: Core, name: str, key: PublicKey) -> CaseView:
    """Give a case to somebody with a part in it; raises `E-CASE-06` for all others."""
    try:
        case = _world.find_case(core, name)
    except Refused as problem:
        if problem.code != "E-CASE-06":
            raise
        raise _none(name) from None
    signer = _part_of(core, case, key.thumbprint)
    if signer is None:
        raise _none(name)
    return _view(core, case, signer)


def _part_of(core: Core, case: Case, kid: bytes) -> Signer | None:
    """Tell in which role somebody has a part in a case; None for those who have none."""
    signer = _world.who_is(core, kid, case.subject, case.context, case.lifecycle)
    if signer is None:
        return None
    if signer.role in _OWNERS or any(event.kid == kid for event in case.events):
        return signer
    if signer.role == "issuer":
        named = {getattr(case.first, "issuer", "")} | _issuers(core, case)
        return signer if signer.name in named else None
    world = _world.world_of(core, case.subject, case.context)
    is_asked = any(is_theirs(case, task, signer, world) for task in tasks_of(case))
    return signer if is_asked else None


def _issuers(core: Core, case: Case) -> set[str]:
    """Name the issuers of the records that a restriction stands on."""
    if case.lifecycle != "restriction":
        return set()
    named = set(about(case))
    records = core.vault.records_of(case.subject, case.context)
    return {opened.record.issuer for opened in records if opened.id in named}


def _view(core: Core, case: Case, signer: Signer) -> CaseView:
    world = _world.world_of(core, case.subject, case.context)
    return CaseView(
        **head_of(case),
        age_days=core.today - case.opened,
        is_over=table_of(case.lifecycle).states[case.state].final,
        about=tuple(name for name in about(case) if name),
        role=signer.role,
        may=_may(case, signer, world),
        steps=tuple(_step(core, case, event, signer.kid) for event in case.events),
        happened=_happened(core, case),
        records=tuple(_records(core, case, is_own=signer.role == "issuer")),
    )


def _may(case: Case, signer: Signer, world: World) -> tuple[str, ...]:
    """List the steps that somebody may take, first what waits for them."""
    table = table_of(case.lifecycle)
    waiting = {task.step for task in tasks_of(case) if is_theirs(case, task, signer, world)}
    found = [
        move.event
        for move in table.moves
        if move.sources and may_step(table, case, move.event, signer, world)
    ]
    return tuple(sorted(found, key=lambda event: event not in waiting))


def _step(core: Core, case: Case, event: Event, kid: bytes) -> StepView:
    told = step_of(case, event, lambda c, e: _world.name_of(core, c, e))
    return StepView(
        **msgspec.structs.asdict(told),
        files=tuple(file_of(core, leaf) for leaf in files_of(event)),
        is_own=event.kid == kid,
    )


def file_of(core: Core, leaf: bytes) -> FileView:
    """Tell of a file by its leaf; without a name, it was erased."""
    try:
        kept = core.vault.document(leaf).document
    except Refused:
        return FileView(leaf=leaf.hex(), name="", bytes=0)
    assert isinstance(kept, Evidence), "a step names evidence"
    return FileView(leaf=leaf.hex(), name=kept.name, bytes=len(kept.data))


def _happened(core: Core, case: Case) -> tuple[Happened, ...]:
    subject = core.vault.secret.pseudonym(case.subject, case.context) if case.subject else ""
    items = case_items(case, subject, _inbox.sayers(core), lambda _: "")
    assert LANGUAGES == ("en", "zh-Hans"), "the view names them"
    return tuple(
        Happened(day=format_day(item.day), en=item.words.en, zh=item.words.zh) for item in items
    )


def _records(core: Core, case: Case, *, is_own: bool) -> list[dict[str, Any]]:
    wanted = set(about(case))
    said = replies(_world.cases_of(core, case.subject, case.context)) if case.subject else {}
    return [
        {**record_facts(opened, said.get(opened.id), is_own=is_own),
         "details": dict(opened.record.details), "entry": opened.entry}
        for opened in core.vault.records_of(case.subject, case.context)
        if opened.id in wanted
    ]  # fmt: skip


def work_lines(core: Core, key: PublicKey) -> list[WorkLine]:
    """List what waits for the holder of a key, the first due first; raises `E-WORK-01`."""
    return [_work_line(core, work) for work in worklist(core, key)]


def _work_line(core: Core, work: Work) -> WorkLine:
    case = work.case
    return WorkLine(
        case=case.name,
        lifecycle=case.lifecycle,
        context=case.context,
        state=case.state,
        opened=format_day(case.opened),
        age_days=core.today - case.opened,
        due=None if work.due is None else format_day(work.due),
        days_left=None if work.due is None else work.due - core.today,
        do=tuple(task.step for task in work.tasks),
        commands=tuple(_command(case, task) for task in work.tasks),
        waits_on=tuple(sorted({f"{task.role}: {task.step}" for task in work.waits_on})),
        records=work.records,
    )


def _command(case: Case, task: Task) -> str:
    if task.step == OUTCOME:
        return f"standing case show {case.name}"
    more = " --words WORDS" if task.step == ANSWER else ""
    more = f" --step {task.about}" if task.step == "release" else more
    return f"standing {case.lifecycle} {task.step} {case.name} --key YOUR.key{more}"


def own_cases(core: Core, number: int) -> list[CaseLine]:
    """List a subject's cases that belong to no context: keys, contacts, mandates."""
    return [case_line(case) for case in _world.cases_of(core, number, "")][::-1]


def _none(name: str) -> Refused:
    return Refused(
        "E-CASE-06",
        f"There is no case {name!r} here.",
        why="It was erased with its subject, never was, or you have no part in it.",
        fix="Open your own page: your cases are listed there.",
    )
