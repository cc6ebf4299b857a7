"""How reviewers decide, in public: counts a reviewer, small ones left out (L33)."""

from collections import Counter
from collections.abc import Iterator, Mapping
from statistics import median_low
from typing import Any, Final

from standing.cases.lifecycles import CONTEST_OPEN, Case, outcome_among
from standing.ledger import _world
from standing.ledger._core import Core
from standing.ledger.public import ContestNumbers
from standing.wire import cbor
from standing.wire.days import format_day

SMALLEST: Final = 5
"""A count below this could point at somebody."""
_DECIDING: Final = frozenset({"rule", "decide", "decline", "settle", "admit", "dismiss"})


def rates(core: Core) -> dict[str, Any]:
    """Count what each reviewer decided, and how contests ended; counts under five are left out."""
    by_reviewer: dict[str, Counter[str]] = {}
    ends: Counter[str] = Counter()
    for kind in ("contest", "restriction"):
        for case, _ in _everyones(core, kind):
            for event in case.events:
                right = core.state.roll.keys.get(event.kid)
                if event.name in _DECIDING and right is not None and right.role == "reviewer":
                    said = f"{kind} {event.name} {getattr(event.facts, 'outcome', '')}".strip()
                    by_reviewer.setdefault(right.name, Counter())[said] += 1
            ends[f"{kind} {case.state}"] += 1
    return {
        "day": format_day(core.today),
        "reviewers": {name: _shown(counts) for name, counts in sorted(by_reviewer.items())},
        "cases": _shown(ends),
    }


def _everyones(core: Core, kind: str) -> Iterator[tuple[Case, Mapping[str, Case]]]:
    """Give every case of a kind, with all cases of its subject in its context by name."""
    subjects = {(number, context) for _, number, context in core.vault.cases.every(lifecycle=kind)}
    for number, context in sorted(subjects):
        every = {case.name: case for case in _world.cases_of(core, number, context)}
        yield from ((case, every) for case in every.values() if case.lifecycle == kind)


def contests(core: Core) -> ContestNumbers:
    """Count contests: how many, how they ended, how fast; counts under five are left out."""
    every = list(_everyones(core, "contest"))
    closed = [(case, others) for case, others in every if case.state not in CONTEST_OPEN]
    took = [_days_to_end(case) for case, _ in closed]
    return ContestNumbers(
        day=format_day(core.today),
        filed=_large(len(every)),
        open=_large(len(every) - len(closed)),
        outcomes=_shown(Counter(outcome_among(case, others) for case, others in closed)),
        median_days=median_low(took) if len(took) >= SMALLEST else None,
        longest_days=max(took) if len(took) >= SMALLEST else None,
        smallest=SMALLEST,
    )


def _days_to_end(case: Case) -> int:
    return case.since - case.opened


def _large(count: int) -> int | None:
    return count if count >= SMALLEST else None


def _shown(counts: Counter[str]) -> dict[str, int]:
    return {what: count for what, count in sorted(counts.items()) if count >= SMALLEST}


def publish_rates(core: Core) -> tuple[int, dict[str, Any]]:
    """State the rates in public; gives the entry, and what it states."""
    counted = rates(core)
    document = cbor.encode(["standing/rates/1", counted])
    entry = core.state_in_public(document, f"rates/{counted['day']}", {"about": "rates"})
    return entry, counted
