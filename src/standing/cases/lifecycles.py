"""Every lifecycle of the ledger: each exists once, as a table that the reference prints."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from standing.cases._contest import CONTEST, is_again, outcome_of
from standing.cases._contest import OPEN as CONTEST_OPEN
from standing.cases._guards import Day, files_of, independent
from standing.cases._kinds import kind_of
from standing.cases._machine import (
    SILENCE,
    Case,
    Event,
    Facts,
    Lifecycle,
    Move,
    RecordView,
    Signer,
    World,
    check_lasting,
    fold,
    may_step,
    read_facts,
    step_on,
)
from standing.cases._others import (
    CONTACT,
    HOLD,
    KEY,
    LINK,
    MANDATE,
    RECORD,
    RECOVERY,
    REPLY,
    STOP,
    may_act,
)
from standing.cases._restriction import (
    A_DAY,
    DECISIONS,
    RESTRICTION,
    begins,
    days_of,
    is_released,
    tally,
)
from standing.cases._restriction import LIVE as RESTRICTION_LIVE
from standing.cases._time import NEVER, WorkingDays
from standing.cases._together import outcome_among, together
from standing.errors import Refused
from standing.vault import Step, Vault

__all__ = [
    "A_DAY", "CONTEST_OPEN", "DECISIONS", "LIFECYCLES", "NEVER", "RESTRICTION_LIVE", "SILENCE",
    "Case", "Day", "Event", "Facts", "Lifecycle", "Move", "RecordView", "Signer", "WorkingDays",
    "World", "begins", "case_of", "cases_on", "check_lasting", "days_of", "event_of", "files_of",
    "fold", "fold_cases", "independent", "is_again", "is_released", "kind_of", "may_act",
    "may_step", "open_cases", "outcome_among", "outcome_of", "read_facts", "step_on", "table_of",
    "tally", "together",
]  # fmt: skip

_TABLES = (
    CONTEST, RESTRICTION, REPLY, RECORD, LINK, STOP, MANDATE, KEY, RECOVERY, CONTACT, HOLD,
)  # fmt: skip
LIFECYCLES: Final[Mapping[str, Lifecycle]] = {table.name: table for table in _TABLES}
"""The tables by name."""


def table_of(name: str) -> Lifecycle:
    """Give a lifecycle by name; raises `E-CASE-01`."""
    table = LIFECYCLES.get(name)
    if table is None:
        raise Refused(
            "E-CASE-01",
            f"There is no lifecycle {name!r}.",
            why=f"The lifecycles are: {', '.join(LIFECYCLES)}.",
            fix="See docs/reference/lifecycles.md.",
        )
    return table


def event_of(leaf: bytes, step: Step) -> Event:
    """Read a private document as a step of its lifecycle; raises `E-CASE-01`, `E-CASE-02`."""
    move = table_of(step.lifecycle).move(step.event)
    return Event(step.number, step.day, step.event, read_facts(move, step.facts), step.kid, leaf)


def case_of(
    steps: Iterable[tuple[bytes, Step]], *, subject: int, day: int, days: WorkingDays
) -> Case | None:
    """Fold the steps of one case, in order, up to a day; nothing where it opens later."""
    listed = [(leaf, step) for leaf, step in steps if step.day <= day]
    if not listed:
        return None
    first = listed[0][1]
    return fold(
        table_of(first.lifecycle), [event_of(leaf, step) for leaf, step in listed],
        subject=subject, context=first.context, day=day, days=days,
    )  # fmt: skip


def fold_cases(
    vault: Vault, number: int, context: str, day: int, days: Callable[[], WorkingDays]
) -> list[Case]:
    """Fold every case of a subject in a context on a day, in order of name.

    What one decides of another shows in both: see `together`.
    """
    opened = open_cases(vault, number, context)
    return cases_on(opened, number, context, day, days()) if opened else []


def open_cases(
    vault: Vault, number: int, context: str
) -> list[tuple[Lifecycle, tuple[Event, ...]]]:
    """Open every case of a subject in a context, in order of name, to be folded on many days."""
    found = []
    for opening, _, _ in vault.cases.every(subject=number, context=context):
        steps = vault.cases.steps(opening)
        table = table_of(steps[0][1].lifecycle)
        found.append((table, tuple(event_of(leaf, step) for leaf, step in steps)))
    return found


def cases_on(
    opened: Iterable[tuple[Lifecycle, Sequence[Event]]],
    number: int, context: str, day: int, days: WorkingDays,
) -> list[Case]:  # fmt: skip
    """Fold cases that were opened, as they were on a day."""
    return together(
        [
            fold(table, events, subject=number, context=context, day=day, days=days)
            for table, events in opened
            if events[0].day <= day
        ]
    )
