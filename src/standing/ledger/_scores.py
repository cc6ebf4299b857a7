"""Scores: one subject with every reason, or a whole population with its digest."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from standing import policy
from standing.errors import Refused
from standing.ledger import _rules
from standing.ledger._core import Core
from standing.vault import LeafKind, OpenRecord
from standing.wire import cbor
from standing.wire.days import format_day

SCORE_ROW = np.dtype([("subject", "<u8"), ("score", "<i4"), ("band", "u1")])


@dataclass(frozen=True)
class SubjectScore:
    """One subject's score in one context on one day."""

    subject: str
    context: str
    as_of: int
    pack: bytes
    score: policy.Score
    digest: bytes


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


def resolve(core: Core, name: str, context: str | None) -> int:
    """Find a subject by pseudonym or by reference; raises `E-PEOPLE-10`."""
    number = core.vault.find(name, context)
    if number is None:
        raise Refused(
            "E-PEOPLE-10",
            f"Nobody here is known as {name!r}.",
            why="It is no pseudonym of this ledger, and no reference in the context named.",
            fix="Give a pseudonym (s_...), or a reference together with --context.",
        )
    return number


def live_since(core: Core, number: int, context: str, day: int) -> int:
    """Give the first day whose acts may count for a subject; raises `E-PEOPLE-11` without consent."""
    subject = core.vault.subject(number)
    if subject is not None and subject[0] != "person":
        return 0
    consent = core.vault.live_consent(number, context, day)
    if consent is None:
        raise Refused(
            "E-PEOPLE-11",
            f"There is no score in {context!r} for this subject.",
            why="No consent of theirs is live there, and nobody is scored without it.",
            fix="Nothing needs doing: absence is neutral.",
        )
    return consent[0]


def facts_of(records: Iterable[OpenRecord], since: int) -> list[policy.RecordFact]:
    """Turn opened records into what the rules see: type, day, day of notice."""
    return [
        policy.RecordFact(id=r.id, type=r.record.type, day=r.record.day, noticed=r.included)
        for r in records
        if r.record.day >= since
    ]


def score(core: Core, name: str, context: str, as_of: int | None = None) -> SubjectScore:
    """Score one subject, with one reason a record."""
    day = core.today if as_of is None else as_of
    number = resolve(core, name, context)
    since = live_since(core, number, context, day)
    pack = _rules.pack_in_force(core, context, day)
    records = [r for r in core.vault.records_of(number, context) if r.included <= day]
    facts = facts_of(records, since)
    result = policy.score(facts, _rules.schedule(core, context), day)
    pseudonym = core.vault.secret.pseudonym(number, context)
    return SubjectScore(pseudonym, context, day, pack, result, subject_digest(pack, day, result))


def subject_digest(pack: bytes, day: int, score: policy.Score) -> bytes:
    """Hash what a score was computed from and what came out; no log size, so it stays."""
    reasons = [[r.record, r.rule, r.face, r.aged, r.counted, r.why] for r in score.reasons]
    value = [pack, day, sorted(reasons), score.raw, score.score, score.band]
    return hashlib.sha256(cbor.encode(value)).digest()


def population(core: Core, context: str, day: int) -> list[tuple[int, policy.Score]]:
    """Score everyone with live consent (or from a register), by ascending vault id."""
    rules = _rules.schedule(core, context)
    facts = dict(_facts_by_subject(core, context, day))
    scored = []
    for number in core.vault.numbers(context):
        try:
            since = live_since(core, number, context, day)
        except Refused:
            continue
        mine = [fact for fact in facts.get(number, ()) if fact.day >= since]
        scored.append((number, policy.score(mine, rules, day)))
    return scored


def _facts_by_subject(
    core: Core, context: str, day: int
) -> Iterator[tuple[int, list[policy.RecordFact]]]:
    found: dict[int, list[policy.RecordFact]] = {}
    for batch in core.vault.batches.each():
        if batch.context != context or batch.entry is None or batch.day > day:
            continue
        for position, kind in enumerate(batch.kinds):
            if kind == LeafKind.RECORD:
                opened = core.vault.open_record(batch, position)
                found.setdefault(batch.owners[position], []).extend(facts_of([opened], 0))
    yield from found.items()


def population_rows(scored: list[tuple[int, policy.Score]], bands: list[str]) -> bytes:
    """Lay scores out as the population digest reads them."""
    rows = np.empty(len(scored), SCORE_ROW)
    rows["subject"] = [number for number, _ in scored]
    rows["score"] = [score.score for _, score in scored]
    rows["band"] = [bands.index(score.band) for _, score in scored]
    return rows.tobytes()


def score_all(core: Core, context: str) -> Population:
    """Score a context's whole population, keep it in the vault, state its digest in public."""
    day = core.today
    pack_digest = _rules.pack_in_force(core, context, day)
    pack = _rules.pack(core, pack_digest)
    bands = [band.name for band in pack.bands]
    scored = population(core, context, day)
    digest = policy.population_digest(
        (number, result.score, bands.index(result.band)) for number, result in scored
    )
    rows = population_rows(scored, bands)
    with core.vault.transaction():
        core.vault.store_scores(context, day, pack_digest, rows, digest)
    document = cbor.encode(["standing/scores/1", context, day, pack_digest, digest])
    entry = core.state_in_public(
        document, f"scores/{context}/{format_day(day)}", {"about": "scores", "pack": pack_digest}
    )
    counts = {name: 0 for name in bands}
    for _, result in scored:
        counts[result.band] += 1
    return Population(context, day, pack_digest, len(scored), digest, counts, entry)
