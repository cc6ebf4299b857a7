"""What one case decides of another: a merged contest, and a restriction that was contested.

A case's own steps do not tell: nobody takes a step in it when the other one is ruled on, or lapses.
So this is looked at wherever cases of one subject in one context are read together.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from standing.cases._contest import OPEN, outcome_of
from standing.cases._machine import Case
from standing.cases._restriction import LIVE

_SHARED: Final = frozenset({"lapsed", "conceded", "left", "taken-back"})
_OVER: Final = frozenset({"annul", "lapsed", "conceded", "left", "reentered"})


def together(cases: Sequence[Case]) -> list[Case]:
    """Let each case show what the others decided of it; the cases are of one day."""
    every = {case.name: case for case in cases}
    joined = {name: _joined(case, every) for name, case in every.items()}
    over = {
        case.first.named: case
        for case in joined.values()
        if case.lifecycle == "contest"
        and case.first.target == "restriction"
        and outcome_among(case, joined) in _OVER
    }
    return [_annulled(joined[case.name], over) for case in cases]


def outcome_among(case: Case, every: Mapping[str, Case]) -> str:
    """Give what became of a contest, also where that was decided in another one."""
    into = _into(case, every) if case.state == "joined" else None
    return outcome_of(case if into is None else into)


def _into(case: Case, every: Mapping[str, Case]) -> Case | None:
    merge = case.last("merge")
    return every.get(merge.facts.into) if merge else None


def _joined(case: Case, every: Mapping[str, Case]) -> Case:
    into = _into(case, every) if case.lifecycle == "contest" and case.state == "merged" else None
    if into is None or into.state in OPEN:
        return case
    state = into.state if into.state in _SHARED else "joined"
    return replace(case, state=state, since=into.since)


def _annulled(case: Case, over: Mapping[str, Case]) -> Case:
    contest = over.get(case.name)
    if contest is None or case.lifecycle != "restriction":
        return case
    if case.state not in LIVE and case.since <= contest.since:
        return case  # it was over before
    return replace(case, state="annulled", since=contest.since, due=None)
