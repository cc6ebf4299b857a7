"""Checks of one case: each step in its place, by a key that had the right, under lasting guards.

The same checks serve the audit of a vault and of a report; a `Scene` says what either knows.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from standing.audit._broken import broken
from standing.cases.lifecycles import (
    Case,
    Event,
    RecordView,
    Signer,
    WorkingDays,
    World,
    case_of,
    check_lasting,
    event_of,
    table_of,
)
from standing.errors import StandingError
from standing.vault import Step, case_name, signed_digest
from standing.wire.keys import PublicKey
from standing.wire.proofs import verify_proof

Steps = Sequence[tuple[bytes, Step]]


class Scene(Protocol):
    """What is known about one subject in one context."""

    number: int
    context: str
    pseudonym: str
    rp_id: str
    days: WorkingDays

    def who(self, step: Step) -> tuple[Signer, PublicKey] | None:
        """Tell whose key took a step, in which role on its day; None for nobody who might."""
        ...

    def world(self, day: int) -> World:
        """Give what the guards of a day looked at."""
        ...

    def is_gone(self, name: str) -> bool:
        """Tell whether a record was there and was erased."""
        ...

    def is_caused(self, event: Event, world: World) -> bool:
        """Tell whether the law opened what the ledger's own key signed."""
        ...


@dataclass(frozen=True, slots=True)
class Lazy(Sequence[Case]):
    """Other cases, folded when a guard asks for them."""

    fold: Callable[[], Sequence[Case]]

    def __getitem__(self, at: Any) -> Any:
        return self.fold()[at]

    def __iter__(self) -> Iterator[Case]:
        return iter(self.fold())

    def __len__(self) -> int:
        return len(self.fold())


@dataclass(frozen=True, slots=True)
class LazyRecords(Mapping[str, RecordView]):
    """A subject's records, looked at when a guard asks for them."""

    look: Callable[[], Mapping[str, RecordView]]

    def __getitem__(self, name: str) -> RecordView:
        return self.look()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.look())

    def __len__(self) -> int:
        return len(self.look())


def check_steps(scene: Scene, steps: Steps) -> Case:
    """Check every step of a case; gives the case on the day of its last step."""
    opening, name = steps[0][0], case_name(steps[0][0])
    _check_numbers(scene, steps)
    case: Case | None = None
    for place, (leaf, step) in enumerate(steps):
        where = f"case {name} step {step.number}"
        try:
            event = event_of(leaf, step)
            before = case_of(steps[:place], subject=scene.number, day=step.day, days=scene.days)
            case = case_of(steps[: place + 1], subject=scene.number, day=step.day, days=scene.days)
        except StandingError as problem:
            raise broken(
                "A step has no place in its case.", f"{problem.what} {problem.why}", where
            ) from problem
        _check_step(scene, step, before, event, where)
    assert case is not None, f"{opening.hex()} has a first step"
    return case


def _check_numbers(scene: Scene, steps: Steps) -> None:
    opening, first = steps[0]
    where = f"case {case_name(opening)}"
    numbers = [step.number for _, step in steps]
    if numbers != list(range(len(numbers))):
        raise broken(
            "A step of a case is WITHHELD, or stands twice.", f"Their numbers are {numbers}.", where
        )
    days = [step.day for _, step in steps]
    if days != sorted(days):
        raise broken("The steps of a case are not in the order of their days.", f"{days}.", where)
    for number, (leaf, step) in enumerate(steps):
        said = (step.context, step.pseudonym, step.lifecycle, step.opening)
        wanted = (
            scene.context, scene.pseudonym, first.lifecycle, b"" if leaf == opening else opening,
        )  # fmt: skip
        if said != wanted:
            raise broken(
                "A step is in the case of somebody or something else.",
                "It names another subject, context, lifecycle or opening step.",
                f"{where} step {number}",
            )


def _check_step(scene: Scene, step: Step, before: Case | None, event: Event, where: str) -> None:
    found = scene.who(step)
    if found is None:
        raise broken(
            "A step was taken by nobody who might take it.",
            f"The key of its {step.event!r} stood for nobody with a part in this case on its day.",
            where,
        )
    signer, key = found
    try:
        verify_proof(step.proof, key, signed_digest(step), rp_id=scene.rp_id)
    except StandingError as problem:
        raise broken(
            f"A step is not signed by the {signer.role} that it names.", problem.why, where
        ) from problem
    world = scene.world(step.day)
    wrong = check_lasting(table_of(step.lifecycle), before, event, signer, world)
    is_gone = _names_what_is_gone(scene, before, event)
    if wrong is not None and not is_gone:
        raise broken("A step was not open to whoever took it.", f"Found that {wrong}.", where)
    if signer.role == "ledger" and not is_gone and not scene.is_caused(event, world):
        raise broken(
            "The ledger took a step that nothing called for.",
            f"Its key signed {step.event!r}, and the law did not open it then.",
            where,
        )


def _names_what_is_gone(scene: Scene, before: Case | None, event: Event) -> bool:
    names: list[str] = []
    for facts in (event.facts, None if before is None else before.first):
        names += [getattr(facts, "named", ""), getattr(facts, "record", "")]
        names += getattr(facts, "records", ())
    return any(scene.is_gone(name) for name in names if name)


def by_case(steps: Mapping[bytes, Step]) -> dict[bytes, list[tuple[bytes, Step]]]:
    """Group steps by the leaf of the one that opens their case, in order of number."""
    found: dict[bytes, list[tuple[bytes, Step]]] = {}
    for leaf, step in steps.items():
        found.setdefault(step.opening or leaf, []).append((leaf, step))
    for opening, listed in found.items():
        listed.sort(key=lambda one: (one[1].number, one[0] != opening))
    return found


def not_me_upheld(others: Sequence[Case], record: str, world: World) -> bool:
    """Tell whether a "not me" that was right on a day puts a record in doubt (L60)."""
    doubted = world.records.get(record)
    for case in others:
        said = case.first
        if case.lifecycle != "contest" or said.ground != "not-me" or case.since != world.day:
            continue
        is_right = case.state == "conceded" or (
            case.state == "closed" and case.last("rule", "decide").facts.outcome == "annul"  # type: ignore[union-attr]
        )
        named = world.records.get(said.named)
        if is_right and named and doubted and named.reference == doubted.reference:
            return doubted.negative and doubted.day > said.last_use
    return False
