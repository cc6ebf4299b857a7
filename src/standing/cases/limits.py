"""What a subject's contests forbid an issuer to store about them: a contest has no price.

For 184 days after a contest the staff concerned cannot issue on that subject, and that issuer's
negative records need a second signer of another unit (L67); what was annulled or lapsed does not
come in again as another row (L25). Whoever delivers such rows is answered as for any other: they
are dropped, because an answer would tell who is enrolled.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from standing.cases.lifecycles import Case, outcome_among
from standing.cases.record_rules import signers_of
from standing.vault import Record

BARRED_DAYS: Final = 184
_GONE: Final = frozenset({"annul", "conceded", "left", "lapsed"})


@dataclass(frozen=True, slots=True)
class Limits:
    """What may not be stored about one subject in one context on one day."""

    staff: frozenset[tuple[str, str]]  # (issuer, name) who may sign nothing
    units: Mapping[str, frozenset[str]]  # issuer: units whose second signature is not enough
    gone: frozenset[tuple[str, str, int]]  # (issuer, type, day) that may not come in again

    def forbid(self, issuer: str, type_: str, day: int, signer: str, *, negative: bool) -> str:
        """Tell why a row may not be stored; "" if it may."""
        if (issuer, type_, day) in self.gone:
            return "a record of the same act was annulled or lapsed not 184 days before (L25)"
        first, second = signers_of(signer)
        if any((issuer, name) in self.staff for _, name in (first, *([second] if second else []))):
            return "whoever signed it was contested by this subject not 184 days before (L67)"
        units = self.units.get(issuer)
        if units is None or not negative:
            return ""
        if second is None or second[0] in units or second[0] == first[0] or second[1] == first[1]:
            return "its issuer was contested, and no second signer of another unit signed it (L67)"
        return ""


def limits_of(
    cases: Iterable[Case],
    records: Callable[[], Mapping[str, Record]],
    day: int,
    *,
    by_ledger: Callable[[bytes], bool],
    settled: bool = False,
) -> Limits | None:
    """Give what a subject's cases forbid on a day; the cases are folded on that day.

    `records` opens the subject's records by name; `by_ledger` tells whose contests the law opened.
    `settled`: only what was so before the day, for an audit that does not know the hour.
    """
    every = {case.name: case for case in cases}
    touching = [
        case
        for case in every.values()
        if case.lifecycle == "contest" and case.first.target == "record"
    ]

    def is_recent(since: int) -> bool:
        return day - BARRED_DAYS <= since <= day - settled

    filed = [c for c in touching if is_recent(c.opened) and not by_ledger(c.events[0].kid)]
    gone = [c for c in touching if is_recent(c.since) and outcome_among(c, every) in _GONE]
    if not filed and not gone:
        return None
    named = records()
    staff: set[tuple[str, str]] = set()
    units: dict[str, frozenset[str]] = {}
    for record in (named[c.first.named] for c in filed if c.first.named in named):
        first, second = signers_of(record.signer)
        concerned = (first, *([second] if second else []))
        staff |= {(record.issuer, name) for _, name in concerned}
        before = units.get(record.issuer, frozenset[str]())
        units[record.issuer] = before | {unit for unit, _ in concerned}
    again = (named[c.first.named] for c in gone if c.first.named in named)
    return Limits(frozenset(staff), units, frozenset((r.issuer, r.type, r.day) for r in again))
