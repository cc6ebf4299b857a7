"""Work lists: what waits for an issuer, a reviewer or a desk, from the day on which it arose.

Nobody of an issuer's staff is named to anybody (L21). Who may not decide a case does not see it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from standing.cases.lifecycles import Case, Signer, World, may_step, table_of
from standing.cases.standing import Reply, replies
from standing.cases.work import OUTCOME, Task, due_of, tasks_of
from standing.errors import Refused
from standing.ledger import _world
from standing.ledger._core import Core
from standing.vault import OpenRecord
from standing.wire.days import format_day
from standing.wire.keys import PublicKey

_WORKING: Final = frozenset({"issuer", "reviewer", "desk"})
_LIFECYCLES: Final = {
    "issuer": ("contest",),
    "reviewer": ("contest", "restriction"),
    "desk": ("restriction",),
}
OUTCOME_DAYS: Final = 184


@dataclass(frozen=True, slots=True)
class Work:
    """One case in which something waits for the holder of a key."""

    case: Case
    tasks: tuple[Task, ...]  # what this key may do
    waits_on: tuple[Task, ...]  # what anybody has to do
    due: int | None
    records: tuple[dict[str, Any], ...]


def worklist(core: Core, key: PublicKey) -> list[Work]:
    """List the cases that wait for the holder of a key, the first due first.

    Raises `E-WORK-01` for a key that has no work here.
    """
    right = core.state.roll.keys.get(key.thumbprint)
    if right is None or right.role not in _WORKING:
        raise Refused(
            "E-WORK-01",
            "No work waits for this key.",
            why="It is the key of no issuer, reviewer or desk on the roll."
            if right is None
            else f"It is the key of the {right.role} {right.name}.",
            fix="Give --key the file of an issuer, a reviewer or a desk.",
        )
    found = [
        work
        for lifecycle in _LIFECYCLES[right.role]
        for case in _cases(core, lifecycle, right.role, right.contexts)
        if (work := _work(core, case, key.thumbprint)) is not None
    ]
    return sorted(found, key=lambda work: (work.due is None, work.due, work.case.name))


def _cases(core: Core, lifecycle: str, role: str, contexts: tuple[str, ...]) -> Iterator[Case]:
    """Find the cases in which something may wait: those with a clock, and what ended lately."""
    is_running = role == "reviewer" and lifecycle == "contest"  # those all have a clock
    listed = (
        core.vault.cases.running(lifecycle)
        if is_running
        else core.vault.cases.every(lifecycle=lifecycle)
    )
    wanted: dict[tuple[int, str], set[bytes]] = {}
    for opening, number, context in listed:
        if not contexts or context in contexts:
            wanted.setdefault((number, context), set()).add(opening)
    for (number, context), openings in wanted.items():
        for case in _world.cases_of(core, number, context):
            if case.opening in openings and _may_wait(core, case, role):
                yield case


def _may_wait(core: Core, case: Case, role: str) -> bool:
    if not table_of(case.lifecycle).states[case.state].final:
        return True
    return role == "issuer" and case.since >= core.today - OUTCOME_DAYS


def _work(core: Core, case: Case, kid: bytes) -> Work | None:
    signer = _world.who_is(core, kid, case.subject, case.context, case.lifecycle)
    waiting = tasks_of(case)
    if signer is None or not waiting:
        return None
    world = _world.world_of(core, case.subject, case.context)
    mine = tuple(task for task in waiting if is_theirs(case, task, signer, world))
    if not mine:
        return None
    dues = [due for task in mine if (due := due_of(case, task)) is not None]
    others = tuple(task for task in waiting if task.step != OUTCOME)
    records = tuple(_records(core, case, is_own=signer.role == "issuer"))
    return Work(case, mine, others, min(dues, default=None), records)


def is_theirs(case: Case, task: Task, signer: Signer, world: World) -> bool:
    """Tell whether somebody may do what waits."""
    if task.role != signer.role:
        return False
    if task.step == OUTCOME:
        return bool(case.first.issuer == signer.name)
    return may_step(table_of(case.lifecycle), case, task.step, signer, world)


def _records(core: Core, case: Case, *, is_own: bool) -> Iterator[dict[str, Any]]:
    """Show the records that a case is about, each with its reply; not who signed them (L21).

    How an issuer knows the subject is shown to that issuer alone.
    """
    named = case.first.records if case.lifecycle == "restriction" else (case.first.named,)
    wanted = set(named)
    said = replies(_world.cases_of(core, case.subject, case.context))
    for opened in core.vault.filed.records_of(case.subject, case.context):
        if opened.id in wanted:
            yield record_facts(opened, said.get(opened.id), is_own=is_own)


def record_facts(opened: OpenRecord, reply: Reply | None, *, is_own: bool) -> dict[str, Any]:
    """Show one record to somebody with a part in its case; not who signed it (L21)."""
    record = opened.record
    return {
        "record": opened.id,
        "type": record.type,
        "day": format_day(record.day),
        "issuer": record.issuer,
        "reference": record.reference if is_own else "",
        "basis": record.basis,
        "reply": None if reply is None else {"words": reply.words, "answer": reply.answer},
    }
