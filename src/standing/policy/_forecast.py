"""The exact forecast: what a score becomes by the passing of days alone.

Under the packs in force today, with open contests unresolved and the notices already given.
A score changes only on days that the rules name for a record (end of notice, a step of its age
table, its expiry), so judging those days finds every change.
"""

from collections.abc import Iterable

import msgspec

from standing.policy._fold import RecordFact, score
from standing.policy._schedule import Schedule


class Outlook(msgspec.Struct, frozen=True):
    """What the score is from `day` on, if nothing new happens."""

    day: int
    raw: int
    score: int
    band: str


def forecast(
    records: Iterable[RecordFact], schedule: Schedule, as_of: int, *, months: int = 24
) -> tuple[Outlook, ...]:
    """Give each change of one subject's score in the months to come, today's score first.

    A month is 30 or 31 days, twelve are 365. Raises as `score` does.
    """
    facts = list(records)
    known = schedule.known_on(as_of)
    end = as_of + months * 365 // 12
    turns = {as_of}
    for fact in facts:
        for kind, on in {(fact.type, fact.day), fact.recorded or (fact.type, fact.day)}:
            turns |= known.turning_days(kind, on, fact.noticed)
        if fact.source_expires is not None:
            turns.add(fact.source_expires)
    outlooks: list[Outlook] = []
    for day in sorted(turn for turn in turns if as_of <= turn <= end):
        result = score(facts, known, day)
        if not outlooks or result.raw != outlooks[-1].raw:
            outlooks.append(Outlook(day, result.raw, result.score, result.band))
    return tuple(outlooks)
