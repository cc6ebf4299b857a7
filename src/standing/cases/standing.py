"""What cases make of a subject's records and answers on one day: the one place where they bite."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

import msgspec

from standing.cases.lifecycles import (
    CONTEST_OPEN,
    Case,
    RecordView,
    is_released,
    outcome_among,
    tally,
)
from standing.policy import Pack, RecordFact, Score, is_triggered
from standing.vault import OpenRecord

_RANK: Final = {
    "effective": 0, "corrected": 1, "contested": 2, "lapsed": 3, "retracted": 4, "annulled": 5,
}  # fmt: skip
"""Of several contests of one record the later word here holds."""
_STATUS: Final = {
    "annul": "annulled", "conceded": "annulled", "left": "annulled", "reentered": "annulled",
    "lapsed": "lapsed",
}  # fmt: skip


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
    # one contest of a record follows another: what a later one corrects or brings back holds
    for case in sorted(every.values(), key=_in_order):
        if case.lifecycle == "contest" and case.first.target == "record":
            _take(found, case.first.named, _contested(case, every))
        elif case.lifecycle == "record" and case.state == "retracted":
            _take(found, case.first.record, Standing("retracted", case.name))
        elif case.lifecycle == "record" and case.state == "source-ends":
            _end(found, case.first.record, case.first.on)
    return found


def _in_order(case: Case) -> tuple[int, bool, bytes]:
    is_again = case.lifecycle == "contest" and case.first.again
    return case.opened, is_again, case.opening


def _end(found: dict[str, Standing], record: str, on: int) -> None:
    before = found.get(record, Standing())
    ends = on if before.expires is None else min(on, before.expires)
    found[record] = replace(before, expires=ends)


def _take(found: dict[str, Standing], record: str, said: Standing) -> None:
    before = found.get(record, Standing())
    is_stronger = _RANK[said.status] >= _RANK[before.status]
    ruled = said if said.status == "corrected" else before
    noticed = before.noticed if said.noticed is None else said.noticed
    found[record] = Standing(
        said.status if is_stronger else before.status,
        said.case if is_stronger else before.case,
        ruled.type, ruled.day, noticed, before.expires,
    )  # fmt: skip


def _contested(case: Case, every: Mapping[str, Case]) -> Standing:
    if case.state in CONTEST_OPEN:
        return Standing("contested", case.name)
    outcome = outcome_among(case, every)
    ruling, again = case.last("rule", "decide"), case.last("re-enter")
    if outcome == "correct" and ruling is not None:
        return Standing("corrected", case.name, ruling.facts.type, ruling.facts.on)
    if outcome == "reentered" and again is not None:
        return Standing("effective", case.name, noticed=again.day)
    # in a contest that it was merged into, new evidence and corrections are of the other record
    return Standing(_STATUS.get(outcome, "effective"), case.name)


def applied(fact: RecordFact, standing: Standing | None) -> RecordFact:
    """Give a record as the rules see it after its cases."""
    if standing is None:
        return fact
    status = "effective" if standing.status == "corrected" else standing.status
    kind, day = standing.type or fact.type, fact.day if standing.day is None else standing.day
    is_corrected = (kind, day) != (fact.type, fact.day)
    return msgspec.structs.replace(
        fact,
        type=kind,
        day=day,
        recorded=(fact.type, fact.day) if is_corrected else None,
        noticed=fact.noticed if standing.noticed is None else standing.noticed,
        status=status,
        source_expires=standing.expires,
    )


@dataclass(frozen=True, slots=True)
class Reply:
    """What a subject says beside a record, and what its issuer answers (L26)."""

    case: str
    words: str
    answer: str = ""


def replies(cases: Iterable[Case]) -> dict[str, Reply]:
    """Give the reply that stands beside each record, wherever the record is shown."""
    found: dict[str, Reply] = {}
    for case in cases:
        if case.lifecycle != "reply" or case.state == "removed":
            continue
        said = case.last("reply", "change")
        assert said is not None, "a reply begins with its words"
        answer = case.last("answer") if case.state == "answered" else None
        found[case.first.record] = Reply(
            case.name, said.facts.words, answer.facts.words if answer else ""
        )
    return found


def stands(score: Score) -> frozenset[str]:
    """Name the records that count, or that only the limit of their kind hides."""
    return frozenset(r.record for r in score.reasons if r.counted or r.why == "cap")


def views(
    records: Iterable[OpenRecord], pack: Pack, score: Score | None, said: Mapping[str, Standing]
) -> dict[str, RecordView]:
    """Give records as guards and restrictions see them; nothing stands where nothing is scored.

    `said`: what cases made of them; a corrected record is of its right act type and day.
    """
    standing_now = stands(score) if score is not None else frozenset()
    seen = {}
    for opened in records:
        record, now = opened.record, said.get(opened.id, Standing())
        kind = now.type or record.type
        act = pack.acts.get(kind)
        seen[opened.id] = RecordView(
            id=opened.id, issuer=record.issuer, type=kind,
            day=record.day if now.day is None else now.day,
            signer=record.signer, reference=record.reference,
            negative=act is not None and act.points < 0, noticed=opened.included,
            stands=opened.id in standing_now,
        )  # fmt: skip
    return seen


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
    restriction = pack.restriction(case.first.code)
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
    every = {case.name: case for case in cases}
    return max(
        (
            case.since
            for case in every.values()
            if case.lifecycle == "contest"
            and (case.first.target, case.first.named) == ("link", reference)
            and outcome_among(case, every) == "annul"
        ),
        default=-1,
    )
