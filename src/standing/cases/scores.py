"""From opened records to scores: who is scored, on what, and a population's rows and digest."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

import numpy as np

from standing import policy
from standing.cases.standing import Standing, applied
from standing.errors import Refused
from standing.vault import LeafKind, OpenRecord, Vault

SCORE_ROW: Final = np.dtype([("subject", "<u8"), ("score", "<i4"), ("band", "u1")])


def live_since(vault: Vault, number: int, context: str, day: int) -> int:
    """Give the first day whose acts may count; raises `E-PEOPLE-11` where no consent is live.

    A renewed consent goes on where the one before it began.
    """
    subject = vault.people.subject(number)
    if subject is not None and subject[0] != "person":
        return 0
    since = vault.agreed.consent_since(number, context, day)
    if since is None:
        raise Refused(
            "E-PEOPLE-11",
            f"There is no score in {context!r} for this subject.",
            why="No consent of theirs is live there, and nobody is scored without it.",
            fix="Nothing needs doing: absence is neutral.",
        )
    return since


def facts_of(
    records: Iterable[OpenRecord], since: int, said: Mapping[str, Standing] | None = None
) -> list[policy.RecordFact]:
    """Turn opened records into what the rules see: type, day, day of notice, status.

    `said`: what cases made of some of them.
    """
    facts = [
        policy.RecordFact(id=r.id, type=r.record.type, day=r.record.day, noticed=r.included)
        for r in records
        if r.record.day >= since
    ]
    return ruled(facts, said, since) if said else facts


def ruled(
    facts: Iterable[policy.RecordFact], said: Mapping[str, Standing], since: int
) -> list[policy.RecordFact]:
    """Give records as their cases left them; one that a ruling puts before `since` is none."""
    after = (applied(fact, said.get(fact.id)) for fact in facts)
    return [fact for fact in after if fact.day >= since]


def population(
    vault: Vault,
    context: str,
    schedule: policy.Schedule,
    day: int,
    included: Callable[[int], bool],
    said: Callable[[int], Mapping[str, Standing]],
) -> list[tuple[int, policy.Score]]:
    """Score everyone with live consent (or from a register), by ascending vault id.

    `included` tells of a log entry whether its records were there when the scores were made;
    `said` what cases made of a subject's records.
    """
    touched = {number for _, number, _ in vault.cases.every(context=context)}
    facts = facts_by_subject(vault, context, included)
    scored = []
    for number in vault.people.numbers(context):
        try:
            since = live_since(vault, number, context, day)
        except Refused:
            continue
        mine = [fact for fact in facts.get(number, ()) if fact.day >= since]
        if number in touched:
            mine = ruled(mine, said(number), since)
        scored.append((number, policy.score(mine, schedule, day)))
    return scored


def facts_by_subject(
    vault: Vault, context: str, included: Callable[[int], bool]
) -> dict[int, list[policy.RecordFact]]:
    """Open every included record of a context, by subject."""
    found: dict[int, list[policy.RecordFact]] = {}
    for batch in vault.batches.each():
        if batch.context != context or batch.entry is None or not included(batch.entry):
            continue
        for position, kind in enumerate(batch.kinds):
            if kind == LeafKind.RECORD:
                opened = vault.filed.open_record(batch, position)
                found.setdefault(batch.owners[position], []).extend(facts_of([opened], 0))
    return found


def population_rows(scored: Iterable[tuple[int, policy.Score]], bands: list[str]) -> bytes:
    """Lay scores out, one row a subject, as the population digest reads them."""
    rows = [(number, score.score, bands.index(score.band)) for number, score in scored]
    return np.array(rows, SCORE_ROW).tobytes()


def digest_of_rows(rows: bytes) -> bytes:
    """Give the population digest of stored rows; raises `E-VAULT-13` where they are cut short."""
    if len(rows) % SCORE_ROW.itemsize:
        raise Refused(
            "E-VAULT-13",
            "Stored scores are cut short.",
            why="Their rows do not fill the column.",
            fix="Score the population again: standing score --all.",
        )
    return policy.population_digest(np.frombuffer(rows, SCORE_ROW).tolist())
