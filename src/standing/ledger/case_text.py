"""A case as plain values and as text: what the command line, reports and letters print."""

from collections.abc import Callable
from typing import Any

from standing.cases.lifecycles import (
    SILENCE,
    Case,
    Event,
    begins,
    days_of,
    outcome_of,
    table_of,
)
from standing.ledger.public import View
from standing.wire.days import format_day

_DAYS = frozenset({"on", "until", "first", "last", "last_use"})


Who = Callable[[Case, Event], str]


class StepFacts(View, frozen=True, kw_only=True):
    """One step: who took it and what it says."""

    step: int
    day: str
    event: str
    by: str
    says: dict[str, Any]


class Passed(View, frozen=True, kw_only=True):
    """One change of state: by a step, or by time that ran out."""

    day: str
    by: str
    state: str


class CaseFacts(View, frozen=True, kw_only=True):
    """A case: state, clock, every step. `line` says what it is, and what happens by itself."""

    case: str
    lifecycle: str
    context: str
    state: str
    outcome: str
    means: str
    since: str
    opened: str
    due: str | None
    then: str | None
    line: str
    steps: tuple[StepFacts, ...]
    passed: tuple[Passed, ...]


def case_facts(case: Case, who: Who) -> CaseFacts:
    """Give a case: state, clock, and every step with who took it and what it says."""
    return CaseFacts(**head_of(case), steps=tuple(step_of(case, e, who) for e in case.events))


def head_of(case: Case) -> dict[str, Any]:
    """Give what `CaseFacts` says of a case beside its steps."""
    state = table_of(case.lifecycle).states[case.state]
    return {
        "case": case.name,
        "lifecycle": case.lifecycle,
        "context": case.context,
        "state": case.state,
        "outcome": outcome_of(case) if case.lifecycle == "contest" else "",
        "means": state.means,
        "since": format_day(case.since),
        "opened": format_day(case.opened),
        "due": None if case.due is None else format_day(case.due),
        "then": state.clock.then if state.clock and case.due is not None else None,
        "line": _line(case),
        "passed": tuple(
            Passed(day=format_day(day), by=by, state=then) for day, by, then in case.passed
        ),
    }


def step_of(case: Case, event: Event, who: Who) -> StepFacts:
    """Give one step."""
    return StepFacts(
        step=event.number,
        day=format_day(event.day),
        event=event.name,
        by=who(case, event),
        says=said_by(event.facts),
    )


def said_by(facts: Any) -> dict[str, Any]:
    """Give what a step says with days as dates and bytes in hex; what it leaves out is left out."""
    values: dict[str, Any] = {}
    for name in facts.__struct_fields__:
        value = getattr(facts, name)
        if value in (None, "", (), False) or name == "at":  # seconds: for a guard, not for readers
            continue
        if name in _DAYS:
            value = format_day(value)
        elif isinstance(value, bytes):
            value = value.hex()
        elif isinstance(value, tuple):
            value = [v.hex() if isinstance(v, bytes) else v for v in value]
        values[name] = value
    return values


def _line(case: Case) -> str:
    """Write on one line what a case is, and what happens by itself."""
    state = table_of(case.lifecycle).states[case.state]
    line = f"{case.name}: {case.lifecycle} {case.state} since {format_day(case.since)}"
    ruling = case.last("rule", "decide") if case.state in {"ruled", "closed"} else None
    if ruling is not None:
        line += f" ({ruling.facts.outcome})"
    if case.lifecycle == "restriction":
        line += _restriction_days(case)
    if state.clock and case.due is not None:
        line += f"; on {format_day(case.due)} by itself: {state.clock.then}"
    return line


def _restriction_days(case: Case) -> str:
    begin = begins(case)
    if begin is None or case.state not in {"decided", "confirmed"}:
        return ""
    return f", from {format_day(begin)} for {days_of(case)} days"


def case_text(case: CaseFacts) -> str:
    """Write a whole case: what it is, and every step in order with who took it."""
    lines = [case.line, f"  {case.means}"]
    steps = iter(case.steps)
    for one in case.passed:
        if one.by == SILENCE:
            lines.append(f"  {one.day}  time ran out: {one.state}")
            continue
        step = next(steps)
        lines.append(f"  {one.day}  {step.step}  {one.by}, by {step.by}: {one.state}")
        lines += [f"      {name}: {_shown(value)}" for name, value in step.says.items()]
    return "\n".join(lines)


def _shown(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
