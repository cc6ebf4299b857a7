"""Scores: one subject with every reason, or a whole population with its digest."""

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

import msgspec
import numpy as np

from standing import policy
from standing.cases import scores
from standing.cases.lifecycles import Case, cases_on, open_cases
from standing.cases.standing import Reply, Standing, replies, standings
from standing.errors import Refused
from standing.ledger import _population, _rules, _world
from standing.ledger._core import Core
from standing.vault import Link
from standing.wire import cbor
from standing.wire.days import format_day

_MOST_TURNS: Final = 120
_SMALL: Final = 100_000  # leaves of a context up to which compiling costs more than it saves


@dataclass(frozen=True)
class SubjectScore:
    """One subject's score in one context on one day."""

    subject: str
    context: str
    as_of: int
    pack: bytes
    score: policy.Score
    digest: bytes
    opens: tuple[str, ...]  # perks that are due, restrictions whose records are there
    replies: Mapping[str, Reply] = field(default_factory=dict)  # said beside a record (L26)


@dataclass(frozen=True)
class Population:
    """All scores of one context on one day; `entry` is the public document that states them."""

    context: str
    as_of: int
    pack: bytes
    subjects: int
    digest: bytes
    bands: dict[str, int]
    entry: int
    histogram: tuple[tuple[int, int], ...]  # (score, subjects), ascending


@dataclass(frozen=True)
class Improvement:
    """How the score of a register's organisation rose between two days, and why."""

    reference: str
    before: int
    now: SubjectScore


def resolve(core: Core, name: str, context: str | None) -> int:
    """Find a subject by pseudonym or by reference; raises `E-PEOPLE-10`."""
    number = core.vault.people.find(name, context)
    if number is None:
        raise Refused(
            "E-PEOPLE-10",
            f"Nobody here is known as {name!r}.",
            why="It is no pseudonym of this ledger, and no reference in the context named.",
            fix="Give a pseudonym (s_...), or a reference together with --context.",
        )
    return number


def score(core: Core, name: str, context: str, as_of: int | None = None) -> SubjectScore:
    """Score one subject, with one reason a record."""
    day = core.today if as_of is None else as_of
    number, facts, cases = _history(core, name, context, day)
    pack = _rules.pack_in_force(core, context, day)
    result = policy.score(facts, _rules.schedule(core, context), day)
    return _subject_score(core, number, context, day, pack, result, cases)


def forecast(core: Core, name: str, context: str) -> tuple[policy.Outlook, ...]:
    """Give each change of one subject's score in the next 24 months, if nothing new happens."""
    _, facts, _ = _history(core, name, context, core.today)
    return policy.forecast(facts, _rules.schedule(core, context), core.today)


def history(core: Core, name: str, context: str, since: int) -> tuple[policy.Outlook, ...]:
    """Give what a score was on each day from `since` to today on which it may have changed.

    Judged as it was then: the records known by that day, the cases as they stood. Days without a
    live consent have no score and are left out.
    """
    number = resolve(core, name, context)
    schedule, calendar = _rules.schedule(core, context), _world.working_days(core, context)
    known = schedule.known_on(core.today)
    records = core.vault.filed.records_of(number, context)
    opened = open_cases(core.vault, number, context)
    turns = {core.today, since}
    for one in records:
        turns |= known.turning_days(one.record.type, one.record.day, one.included)
    for case in cases_on(opened, number, context, core.today, calendar):
        turns |= {day for day, _, _ in case.passed}
    turns |= {start for start, _, _ in core.vault.agreed.consents(number, context)}
    days = sorted(day for day in turns if since <= day <= core.today)
    found: list[policy.Outlook] = []
    for day in days[-_MOST_TURNS:]:
        with suppress(Refused):
            first = scores.live_since(core.vault, number, context, day)
            said = standings(cases_on(opened, number, context, day, calendar))
            facts = scores.facts_of((r for r in records if r.included <= day), first, said)
            was = policy.score(facts, schedule, day)
            found.append(policy.Outlook(day, was.raw, was.score, was.band))
    return tuple(found)


def what_if(
    core: Core, name: str, context: str, annulled: Sequence[str], more: Sequence[str]
) -> policy.WhatIf:
    """Suppose that records were annulled, or that acts came today; nothing is changed."""
    _, facts, _ = _history(core, name, context, core.today)
    schedule = _rules.schedule(core, context)
    return policy.what_if(facts, schedule, core.today, annulled=annulled, more=more)


def _history(
    core: Core, name: str, context: str, day: int
) -> tuple[int, list[policy.RecordFact], list[Case]]:
    number = resolve(core, name, context)
    since = scores.live_since(core.vault, number, context, day)
    records = [r for r in core.vault.filed.records_of(number, context) if r.included <= day]
    cases = _world.cases_of(core, number, context, day)
    return number, scores.facts_of(records, since, standings(cases)), cases


def said_of(core: Core, number: int, context: str, day: int) -> dict[str, Standing]:
    """Give what a subject's cases made of their records on a day."""
    return standings(_world.cases_of(core, number, context, day))


def improvements(core: Core, context: str, earlier: int, count: int) -> list[Improvement]:
    """Name the organisations whose scores rose most; there is no list of the worst (L32).

    The earlier score is what today's log gives for the acts up to that day, as if each had been
    told on its own day. Only contexts of a public register have names to print.
    """
    pack = _rules.pack_in_force(core, context, core.today)
    if _rules.pack(core, pack).public_register is None:
        raise Refused(
            "E-SCORE-01",
            f"{context!r} is not about organisations of a public register.",
            why="Nobody else is named in any list (L32).",
            fix="Ask for one subject's score instead.",
        )
    schedule = _rules.schedule(core, context)
    names = {
        number: document.document.reference
        for number in core.vault.people.numbers(context)
        for document in core.vault.filed.documents(number)
        if isinstance(document.document, Link) and document.document.context == context
    }
    facts = scores.facts_by_subject(core.vault, context, lambda _: True)
    rises = []
    for number, mine in facts.items():
        then = [
            msgspec.structs.replace(fact, noticed=fact.day) for fact in mine if fact.day <= earlier
        ]
        before = policy.score(then, schedule, earlier).score
        now = policy.score(mine, schedule, core.today)
        rises.append((now.score - before, names[number], number, before, now))
    rises.sort(key=lambda rise: (-rise[0], rise[1]))
    return [
        Improvement(
            name,
            before,
            _subject_score(
                core,
                number,
                context,
                core.today,
                pack,
                now,
                _world.cases_of(core, number, context),
            ),
        )
        for rise, name, number, before, now in rises[:count]
        if rise > 0
    ]


def _subject_score(
    core: Core, number: int, context: str, day: int, pack: bytes, result: policy.Score,
    cases: Sequence[Case],
) -> SubjectScore:  # fmt: skip
    pseudonym = core.vault.secret.pseudonym(number, context)
    opens = tuple(sorted(policy.consequences(result, _rules.pack(core, pack))))
    digest = subject_digest(pack, day, result)
    return SubjectScore(pseudonym, context, day, pack, result, digest, opens, replies(cases))


def subject_digest(pack: bytes, day: int, score: policy.Score) -> bytes:
    """Hash what a score was computed from and what came out; no log size, so it stays."""
    reasons = [[r.record, r.rule, r.face, r.aged, r.counted, r.why] for r in score.reasons]
    value = [pack, day, sorted(reasons), score.raw, score.score, score.band]
    return hashlib.sha256(cbor.encode(value)).digest()


def score_all(core: Core, context: str) -> Population:
    """Score a context's whole population, keep it in the vault, state its digest in public."""
    day = core.today
    pack_digest = _rules.pack_in_force(core, context, day)
    bands = [band.name for band in _rules.pack(core, pack_digest).bands]
    schedule = _rules.schedule(core, context)
    size = core.log.head.size
    scored = _score_everyone(core, context, schedule, day)
    rows = scored.rows()
    digest = hashlib.sha256(rows).digest()
    document = cbor.encode(["standing/scores/1", context, day, pack_digest, size, digest])
    facts = {"about": "scores", "pack": pack_digest}
    entry = core.state_in_public(document, f"scores/{context}/{format_day(day)}", facts)
    with core.vault.transaction():  # after: rows that nothing in public states would be forged ones
        core.vault.populations.keep(context, day, pack_digest, size, rows)
    held = np.bincount(scored.band, minlength=len(bands)).tolist()
    values, counts = np.unique(scored.score, return_counts=True)
    return Population(
        context,
        day,
        pack_digest,
        len(scored.numbers),
        digest,
        dict(zip(bands, held, strict=True)),
        entry,
        tuple(zip(values.tolist(), counts.tolist(), strict=True)),
    )


def _score_everyone(
    core: Core, context: str, schedule: policy.Schedule, day: int
) -> _population.Scored:
    """Score a population: a small one by the specification itself, which needs no compiler."""
    if core.vault.batches.leaves(context) > _SMALL:
        return _population.Everyone(core, context).score(schedule, day)
    everyone = scores.population(
        core.vault,
        context,
        schedule,
        day,
        lambda _: True,
        lambda number: said_of(core, number, context, day),
    )
    bands = [result.band_index for _, result in everyone]
    return _population.Scored(
        np.array([number for number, _ in everyone], np.uint64),
        np.array([result.score for _, result in everyone], np.int32),
        np.array(bands, np.uint8),
        np.zeros((len(everyone), 0), np.uint16),
    )
