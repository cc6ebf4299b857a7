"""What cases make of a subject's records and answers on one day: the one place where they bite."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import msgspec

from standing.cases.lifecycles import (
    CONTEST_OPEN,
    RESTRICTION_LIVE,
    Case,
    RecordView,
    is_released,
    outcome_of,
    tally,
)
from standing.policy import Pack, RecordFact, Score, is_triggered

_RANK: Final = {
    "effective": 0, "corrected": 1, "contested": 2, "lapsed": 3, "retracted": 4, "annulled": 5,
}  # fmt: skip
"""Of several contests of one record the later word here holds."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What became of one record: `type`, `day`, `noticed`, `expires` replace what it says."""

    status: str = "effective"
    case: str = ""  # the case that says so
    type: str = ""
    day: int | None = None
    noticed: int | None = None
    expires: int | None = None


def standings(cases: Iterable[Case]) -> dict[str, Standing]:
    """Give what became of each record that some case touches; the cases are of one day."""
    every = {case.name: case for case in cases}
    found: dict[str, Standing] = {}
    for case in every.values():
        if case.lifecycle == "contest" and case.first.target == "record":
            _take(found, case.first.named, _contested(case, every))
        elif case.lifecycle == "record" and case.state == "retracted":
            _take(found, case.first.record, Standing("retracted", case.name))
    for case in every.values():
        if case.lifecycle == "record" and case.state == "source-ends":
            before = found.get(case.first.record, Standing())
            ends = min(case.first.on, case.first.on if before.expires is None else before.expires)
            found[case.first.record] = _with_end(before, ends)
    return found


def _with_end(before: Standing, ends: int) -> Standing:
    return Standing(before.status, before.case, before.type, before.day, before.noticed, ends)


def _take(found: dict[str, Standing], record: str, said: Standing) -> None:
    before = found.get(record)
    if before is None or _RANK[said.status] >= _RANK[before.status]:
        found[record] = said


def _contested(case: Case, every: Mapping[str, Case]) -> Standing:
    if case.state == "merged":
        merge = case.last("merge")
        into = every.get(merge.facts.into) if merge else None
        if into is None or into.state in CONTEST_OPEN:
            return Standing("contested", case.name)
        # what was decided of the one holds for the other; a correction names one record's facts
        outcome = outcome_of(into)
        if outcome == "correct":
            return Standing("effective", into.name)
        return _decided(into, outcome)
    if case.state in CONTEST_OPEN:
        return Standing("contested", case.name)
    return _decided(case, outcome_of(case))


def _decided(case: Case, outcome: str) -> Standing:
    match outcome:
        case "annul" | "conceded" | "left":
            return Standing("annulled", case.name)
        case "lapsed":
            return Standing("lapsed", case.name)
        case "correct":
            ruling = case.last("rule", "decide")
            assert ruling is not None, "a correction is a ruling"
            return Standing("corrected", case.name, ruling.facts.type, ruling.facts.on)
        case "reentered":
            again = case.last("re-enter")
            assert again is not None, "its state says so"
            return Standing("effective", case.name, noticed=again.day)
        case _:
            return Standing("effective", case.name)


def applied(fact: RecordFact, standing: Standing | None) -> RecordFact:
    """Give a record as the rules see it after its cases."""
    if standing is None:
        return fact
    status = "effective" if standing.status == "corrected" else standing.status
    return msgspec.structs.replace(
        fact,
        type=standing.type or fact.type,
        day=fact.day if standing.day is None else standing.day,
        noticed=fact.noticed if standing.noticed is None else standing.noticed,
        status=status,
        source_expires=standing.expires,
    )


def stands(score: Score) -> frozenset[str]:
    """Name the records that count, or that only the limit of their kind hides."""
    return frozenset(r.record for r in score.reasons if r.counted or r.why == "cap")


def in_force(
    case: Case, pack: Pack, records: Mapping[str, RecordView], cases: Iterable[Case], day: int
) -> bool:
    """Tell whether a restriction is in force on the day of these cases (L30, L52, L54).

    Not begun, ended, released, anything contested, or records that no longer meet its trigger:
    then it is not. It is not for whom nothing is recorded any more, which the caller knows.
    """
    if case.state != "begun" or is_released(case, day):
        return False
    if any(other.lifecycle == "contest" and other.state in CONTEST_OPEN for other in cases):
        return False
    restriction = next((r for r in pack.restrictions if r.code == case.first.code), None)
    if restriction is None:  # a later pack dropped it
        return False
    named = [records[name] for name in case.first.records if name in records]
    return bool(is_triggered(restriction.trigger, tally(pack, named)))


def recovered_keys(cases: Iterable[Case]) -> dict[int, bytes]:
    """Give the keys that recoveries make a subject's own, each with its first day."""
    found = {}
    for case in sorted(cases, key=lambda case: case.name):
        if case.lifecycle == "recovery" and case.state in {"waiting", "done"}:
            since = case.due if case.state == "waiting" else case.entered("done")
            assert since is not None, "its state has a day"
            found[since] = case.first.key
    return found


def refusal_annulled(cases: Iterable[Case], reference: str) -> int:
    """Give the day of the last ruling that annulled the refusal of a link; -1 for none (L57).

    From then on the reference may be linked to these cases' subject, in the place of another who
    held it on that day.
    """
    return max(
        (
            case.since
            for case in cases
            if case.lifecycle == "contest"
            and (case.first.target, case.first.named) == ("link", reference)
            and outcome_of(case) == "annul"
        ),
        default=-1,
    )


def open_restrictions(cases: Iterable[Case]) -> list[Case]:
    """List the restrictions that are proposed, announced or in force."""
    return [c for c in cases if c.lifecycle == "restriction" and c.state in RESTRICTION_LIVE]
