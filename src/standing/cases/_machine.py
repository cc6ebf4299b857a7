"""One machine for every lifecycle: a table of states, events, guards and effects, and a fold.

A case is its steps. What it is on a day follows from the steps up to that day and the table
alone: a clock that has run out moves it by itself, whether or not anybody looked. The same fold
serves verbs, scores, answers and the audit; the reference prints the same tables.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import msgspec

from standing.cases._time import NEVER, WorkingDays
from standing.errors import Refused
from standing.policy import Pack
from standing.vault import case_name
from standing.wire.days import format_day

SILENCE: Final = "(silence)"
_MAX_TURNS: Final = 20  # by itself, a case comes to rest


class Facts(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a step says; each event has its own fields, and unknown ones are refused."""


@dataclass(frozen=True, slots=True)
class Signer:
    """Who takes a step: in which role, under which name, employed by whom, with which key."""

    role: str
    name: str
    employer: str
    kid: bytes


@dataclass(frozen=True, slots=True)
class Event:
    """One step as the machine reads it."""

    number: int
    day: int
    name: str
    facts: Any
    kid: bytes
    leaf: bytes


@dataclass(frozen=True, slots=True)
class Case:
    """One case on one day."""

    lifecycle: str
    opening: bytes
    subject: int
    context: str
    state: str
    since: int  # the day on which it came into this state
    due: int | None  # the first day on which it moves by itself
    events: tuple[Event, ...]
    passed: tuple[tuple[int, str, str], ...]  # (day, event or SILENCE, state then)

    @property
    def name(self) -> str:
        """The case's public name: `c_...`."""
        return case_name(self.opening)

    @property
    def opened(self) -> int:
        """The day of the first step."""
        return self.events[0].day

    @property
    def first(self) -> Any:
        """The facts of the first step."""
        return self.events[0].facts

    def last(self, *names: str) -> Event | None:
        """Give the last event of these names."""
        return next((event for event in reversed(self.events) if event.name in names), None)

    def every(self, *names: str) -> list[Event]:
        """List the events of these names."""
        return [event for event in self.events if event.name in names]

    def entered(self, state: str) -> int | None:
        """Give the day on which the case last came into a state."""
        return next((day for day, _, then in reversed(self.passed) if then == state), None)


@dataclass(frozen=True, slots=True)
class RecordView:
    """What a guard sees of a record."""

    id: str
    issuer: str
    type: str
    day: int
    signer: str
    reference: str
    negative: bool
    noticed: int
    stands: bool = False  # it counts today, or only the limit of its kind hides it


@dataclass(frozen=True)
class World:
    """What a guard may look at beside the case. An auditor can build it again, but for `stands`."""

    day: int
    now: int = 0  # seconds, for what is counted in minutes
    is_simulated: bool = False
    pack: Pack | None = None
    days: WorkingDays = field(default_factory=WorkingDays)
    operator: str = ""  # its employer
    employers: Mapping[str, str] = field(default_factory=dict)  # of issuers and parties, by name
    parties: frozenset[str] = frozenset()  # employers of the context's relying parties
    reviewers: tuple[Signer, ...] = ()
    records: Mapping[str, RecordView] = field(default_factory=dict)
    others: Sequence[Case] = ()
    files: frozenset[bytes] = frozenset()  # evidence of this subject in this context
    decided_today: Callable[[Signer], int] = lambda _signer: 0  # restrictions, by this human
    who: Callable[[bytes], Signer | None] = lambda _kid: None  # whose key it is, or was
    is_known_key: Callable[[bytes], bool] = lambda _key: False  # it stands or stood for a subject
    milder: Callable[[str, Any], bool] = lambda _record, _facts: True


@dataclass(frozen=True, slots=True)
class Guard:
    """A condition on a step: in words, with the code it enforces, and what is wrong if it fails.

    `lasting`: it looks at nothing that a later day changes, so that an audit checks it again.
    `of_signer`: it looks at nothing that the step says, so that a work list asks it beforehand.
    """

    code: str
    words: str
    wrong: Callable[[Case | None, Event, Signer, World], str | None]
    lasting: bool = False
    of_signer: bool = False


@dataclass(frozen=True, slots=True)
class Clock:
    """How long a state lasts by itself, in words, and what it becomes."""

    words: str
    until: Callable[[Case, WorkingDays], int]
    then: str


@dataclass(frozen=True, slots=True)
class State:
    """One state of a lifecycle: what it means for the subject; its clock, if it has one."""

    means: str
    clock: Clock | None = None
    final: bool = False


@dataclass(frozen=True, slots=True)
class Move:
    """One event: who may cause it, from which states, to which, under which guards, to what end.

    No source: it opens a case. Several targets: `choose` picks one.
    """

    event: str
    by: tuple[str, ...]
    sources: tuple[str, ...]
    targets: tuple[str, ...]
    does: str
    facts: type[Facts]
    guards: tuple[Guard, ...] = ()
    choose: Callable[[Case | None, Event], str] | None = None

    def target(self, case: Case | None, event: Event) -> str:
        """Give the state that the event leads to."""
        if self.choose is not None:
            return self.choose(case, event)
        if self.targets == ("=",):
            assert case is not None, "what changes nothing opens nothing"
            return case.state
        return self.targets[0]


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """The whole table of one kind of case."""

    name: str
    title: str
    states: Mapping[str, State]
    moves: tuple[Move, ...]
    within: bool = True  # a case belongs to one context

    def move(self, event: str) -> Move:
        """Find the move of an event; raises `E-CASE-01`."""
        for move in self.moves:
            if move.event == event:
                return move
        raise Refused(
            "E-CASE-01",
            f"There is no step {event!r} in a {self.title}.",
            why=f"The steps are: {', '.join(move.event for move in self.moves)}.",
            fix="See the table of this lifecycle in docs/reference/lifecycles.md.",
        )


def read_facts(move: Move, facts: Mapping[str, Any]) -> Any:
    """Read what a step says; raises `E-CASE-02` for anything but the event's own fields."""
    try:
        return msgspec.convert(dict(facts), move.facts, builtin_types=(bytes,))
    except msgspec.ValidationError as problem:
        raise Refused(
            "E-CASE-02",
            f"The step {move.event!r} says something that it cannot say.",
            why=f"{problem}.",
            fix="Give the fields that the reference lists for this step.",
        ) from None


def fold(
    table: Lifecycle, events: Sequence[Event], *, subject: int, context: str, day: int,
    days: WorkingDays,
) -> Case:  # fmt: skip
    """Give what a case is on a day. Raises `E-CASE-03` where a step had no place."""
    case: Case | None = None
    for event in events:
        if event.day > day:
            break
        if case is not None:
            case = _pass_time(table, case, event.day, days)
        move = table.move(event.name)
        _check_place(table, move, case)
        state = move.target(case, event)
        if case is None:
            case = Case(
                table.name, event.leaf, subject, context, state, event.day, None, (event,),
                ((event.day, event.name, state),),
            )  # fmt: skip
        else:
            since = case.since if state == case.state else event.day
            case = replace(
                case, state=state, since=since, events=(*case.events, event),
                passed=(*case.passed, (event.day, event.name, state)),
            )  # fmt: skip
        case = _wound(table, case, days)
    assert case is not None, "a case has an opening step"
    return _pass_time(table, case, day, days)


def step_on(
    table: Lifecycle, case: Case | None, event: Event, signer: Signer, world: World
) -> None:
    """Check that a step may be taken; raises `E-CASE-03` to `-05`."""
    move = table.move(event.name)
    _check_place(table, move, case)
    _check_role(table, move, signer)
    for guard in move.guards:
        wrong = guard.wrong(case, event, signer, world)
        if wrong is not None:
            raise Refused(
                "E-CASE-05",
                f"This step is not open: {guard.words} ({guard.code}).",
                why=wrong[:1].upper() + wrong[1:].rstrip(".") + ".",
                fix=f"See the step {move.event!r} of {table.name} in docs/reference/lifecycles.md.",
                where=case.name if case else table.name,
            )


def may_step(table: Lifecycle, case: Case, event: str, signer: Signer, world: World) -> bool:
    """Tell whether somebody may take a step in a case, as far as that hangs on who they are."""
    move = table.move(event)
    asked = Event(len(case.events), world.day, event, None, signer.kid, b"")
    return (
        case.state in move.sources
        and signer.role in move.by
        and all(
            guard.wrong(case, asked, signer, world) is None
            for guard in move.guards
            if guard.of_signer
        )
    )


def check_lasting(
    table: Lifecycle, case: Case | None, event: Event, signer: Signer, world: World
) -> str | None:
    """Tell what an auditor finds wrong with a step that was taken, or nothing."""
    move = table.move(event.name)
    if signer.role not in move.by:
        return f"a {signer.role} took the step {event.name!r}"
    for guard in move.guards:
        if guard.lasting:
            wrong = guard.wrong(case, event, signer, world)
            if wrong is not None:
                return f"{guard.code}: {wrong}"
    return None


def _check_role(table: Lifecycle, move: Move, signer: Signer) -> None:
    if signer.role not in move.by:
        raise Refused(
            "E-CASE-04",
            f"This key cannot take the step {move.event!r} in a {table.title}.",
            why=f"It is a key of role {signer.role}; the step is open to: {', '.join(move.by)}.",
            fix="Use a key that holds one of these roles.",
        )


def _check_place(table: Lifecycle, move: Move, case: Case | None) -> None:
    state = case.state if case else ""
    if (case is None) != (not move.sources) or (case and state not in move.sources):
        here = (
            f"The case is {state!r} since {format_day(case.since)}" if case else "No case is open"
        )
        raise Refused(
            "E-CASE-03",
            f"The step {move.event!r} has no place here.",
            why=f"{here}; it can be taken from: {', '.join(move.sources) or 'the beginning'}.",
            fix="Look at the case first: standing case show NAME.",
            where=case.name if case else table.name,
        )


def _wound(table: Lifecycle, case: Case, days: WorkingDays) -> Case:
    clock = table.states[case.state].clock
    until = None if clock is None else clock.until(case, days)
    return replace(case, due=None if until is None or until >= NEVER else until)


def _pass_time(table: Lifecycle, case: Case, day: int, days: WorkingDays) -> Case:
    for _ in range(_MAX_TURNS):
        if case.due is None or case.due > day:
            return case
        clock = table.states[case.state].clock
        assert clock is not None, "only a clock makes something due"
        case = replace(
            case, state=clock.then, since=case.due,
            passed=(*case.passed, (case.due, SILENCE, clock.then)),
        )  # fmt: skip
        case = _wound(table, case, days)
    raise AssertionError(f"{table.name} does not come to rest")
