"""Work that waits in a case: who has to do what, until when. Pure; a work list shows it.

A task arises when a case comes into a state, or when a step asks for it, and stays until it is
done or has no place any more. Nobody of an issuer's staff is named (L21).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from standing.cases.lifecycles import SILENCE, Case

ANSWER: Final = "answer"
OUTCOME: Final = "outcome"  # nothing to do: the issuer is told what became of its record (L24)
_RULING: Final = {"triage": "admit", "open": "rule", "appealed": "decide"}
_DECIDING: Final = {"proposed": "decide", "half": "decide", "objected": "settle"}
_HARDSHIP: Final = frozenset({"decided", "confirmed", "begun"})
_TOLD: Final = frozenset({"closed", "lapsed", "joined"})
ELSEWHERE: Final = "(elsewhere)"


@dataclass(frozen=True, slots=True)
class Task:
    """One thing that somebody has to do: which role, which step of the case's table."""

    role: str
    step: str
    about: int = -1  # the number of the step that asked for it, where one did


def tasks_of(case: Case) -> tuple[Task, ...]:
    """List what waits in a case as it is."""
    if case.lifecycle == "contest":
        return tuple(_of_contest(case))
    if case.lifecycle == "restriction":
        return tuple(_of_restriction(case))
    return ()


def _of_contest(case: Case) -> Iterator[Task]:
    state = case.state
    if state in {"open", "appealed"} and case.first.issuer and not _answered(case):
        yield Task("issuer", ANSWER)
    asked, held = case.last("ask-hearing"), case.last("hear")
    waits = asked is not None and (held is None or held.number < asked.number)
    if state in {"open", "appealed"} and waits:
        assert asked is not None, "it waits"
        yield Task("reviewer", "hear", asked.number)
    elif state in _RULING:
        yield Task("reviewer", _RULING[state])
    if state in _TOLD and case.first.issuer:
        yield Task("issuer", OUTCOME)


def _answered(case: Case) -> bool:
    """Tell whether the issuer answered in this instance."""
    answer, appeal = case.last(ANSWER), case.last("appeal")
    return answer is not None and (appeal is None or answer.number > appeal.number)


def _of_restriction(case: Case) -> Iterator[Task]:
    if case.state in _DECIDING:
        yield Task("reviewer", _DECIDING[case.state])
    if case.state in _HARDSHIP:
        released = {event.facts.step for event in case.every("release")}
        for event in case.every("hardship"):
            if event.number not in released:
                yield Task("desk", "release", event.number)
                yield Task("reviewer", "release", event.number)


def passed_of(case: Case) -> tuple[tuple[int, str, str], ...]:
    """List what happened to a case: steps, clocks, and what was decided of it in another case.

    Clocks of its own that ran on after that have moved nothing.
    """
    if case.passed[-1][2] == case.state:
        return case.passed
    before = tuple(one for one in case.passed if one[0] <= case.since)
    return (*before, (case.since, ELSEWHERE, case.state))


def is_step(by: str) -> bool:
    """Tell whether somebody took a step, or time or another case moved this one."""
    return by not in {SILENCE, ELSEWHERE}


def history(case: Case) -> Iterator[Case]:
    """Give a case as it was after each thing that happened to it, the last one being today's."""
    passed = passed_of(case)
    taken, since, before = 0, case.opened, ""
    for place, (day, by, state) in enumerate(passed, 1):
        taken += is_step(by)
        since = since if state == before else day
        before = state
        yield replace(
            case, state=state, since=since, due=None, events=case.events[:taken],
            passed=passed[:place],
        )  # fmt: skip


def arisen(case: Case) -> Iterator[tuple[Case, Task]]:
    """Give every task that ever arose in a case, with the case as it was then, in order."""
    before: frozenset[Task] = frozenset()
    for then in history(case):
        now = tasks_of(then)
        yield from ((then, task) for task in now if task not in before)
        before = frozenset(now)


def due_of(case: Case, task: Task) -> int | None:
    """Give the first day that is too late for a task; None where no clock runs for it."""
    if task.step == OUTCOME:
        return None
    if task.step == "release":
        return case.events[task.about].day + 1
    return case.due
