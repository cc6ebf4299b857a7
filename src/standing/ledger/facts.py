"""Results as plain values and as text: what the command line and the reports print."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import msgspec

from standing.audit import Check, Verification
from standing.charter import State
from standing.ledger._decide import Decision
from standing.ledger._scores import Population
from standing.ledger.score_views import At, Forecast, ReplyView, Scored, Supposed
from standing.vault import Recalled
from standing.verify.checkpoints import parse_checkpoint
from standing.wire.days import format_day

_BAR = 40


def score_text(scored: Scored) -> str:
    """Write a score with one line a record, whose points sum to it."""
    where = f"{scored.subject} in {scored.context}, {scored.as_of}"
    lines = [f"{where}: {scored.score} points, band {scored.band}"]
    for r in scored.reasons:
        change = f", changes {r.next_change}" if r.next_change is not None else ""
        lines.append(
            f"  {r.counted:+6d}  {r.rule}  {r.record}  ({r.why}; on its face {r.face:+d}{change},"
            f" gone {r.expires})"
        )
        lines += _replied(r.reply)
    if not scored.reasons:
        lines.append("  no records: the score is the base that everyone starts from")
    if scored.opens:
        lines.append(f"  opens: {', '.join(scored.opens)} (a restriction only if a human decides)")
    return "\n".join(lines)


def _replied(reply: ReplyView | None) -> list[str]:
    """Write what is said beside a record, and the answer to it."""
    if reply is None:
        return []
    answer = [f"          the issuer answers: {reply.answer}"] if reply.answer else []
    return [f"          the subject replies: {reply.words}", *answer]


def forecast_text(told: Forecast) -> str:
    """Write one line a change, from today on.

    Above the ceiling or below the floor points change and the score does not: that is no line.
    """
    today, *later = told.outlooks
    lines = [
        f"{told.subject} in {told.context}: {today.score} points today, if nothing new happens:",
        f"  {today.day}  today  {today.score:>6}  {today.band}",
    ]
    last = today
    for outlook in later:
        if outlook.score != last.score:
            step = outlook.score - last.score
            lines.append(f"  {outlook.day} {step:+6d}  {outlook.score:>6}  {outlook.band}")
            last = outlook
    if last is today:
        lines.append("  no change in the next 24 months")
    return "\n".join(lines)


def what_if_text(supposed: Supposed) -> str:
    """Say what would be different, and until when."""
    as_is, as_if = supposed.as_is, supposed.as_if
    head = (
        f"On {supposed.day}: {as_if.score} points, band {as_if.band},"
        f" instead of {as_is.score}, band {as_is.band}. Nothing was changed."
    )
    days = sorted({o.day for o in (*supposed.forecast_as_is, *supposed.forecast_as_if)})
    pairs = [
        (day, _at(supposed.forecast_as_is, day), _at(supposed.forecast_as_if, day)) for day in days
    ]
    lines = [
        f"  {day}  {if_so:>6}  instead of {else_so:>6}"
        for (_, *before), (day, else_so, if_so) in pairwise([("", None, None), *pairs])
        if before != [else_so, if_so]
    ]
    if all(else_so == if_so for _, else_so, if_so in pairs):
        lines = ["  no difference in the next 24 months"]
    return "\n".join([head, *lines])


def _at(outlooks: Sequence[At], day: str) -> int:
    return [outlook.score for outlook in outlooks if outlook.day <= day][-1]


def population_facts(population: Population) -> dict[str, Any]:
    """Give a population's bands, histogram and digest."""
    return {
        "context": population.context,
        "as_of": format_day(population.as_of),
        "subjects": population.subjects,
        "bands": population.bands,
        "histogram": [[score, count] for score, count in histogram(population)],
        "pack": population.pack.hex(),
        "digest": population.digest.hex(),
        "entry": population.entry,
    }


def histogram(population: Population, bins: int = 12) -> list[tuple[int, int]]:
    """Count subjects in stretches of equal width: (first score of the stretch, subjects)."""
    if not population.histogram:
        return []
    low, high = population.histogram[0][0], population.histogram[-1][0]
    width = max(1, -(-(high - low + 1) // bins))
    counts: dict[int, int] = {}
    for score, count in population.histogram:
        start = low + (score - low) // width * width
        counts[start] = counts.get(start, 0) + count
    return [(s, counts.get(s, 0)) for s in range(low, high + 1, width)]


def population_text(population: Population) -> str:
    """Draw the bands and the histogram."""
    lines = [
        f"{population.context}, {format_day(population.as_of)}: {population.subjects:,} subjects"
    ]
    lines += [f"  {name:<14} {count:>8,}" for name, count in population.bands.items()]
    rows = histogram(population)
    most = max((count for _, count in rows), default=1) or 1
    lines += [
        f"  {start:>10,} {'█' * (count * _BAR // most):<{_BAR}} {count:>7,}"
        for start, count in rows
    ]
    lines.append(
        f"  population digest {population.digest.hex()}, stated in entry {population.entry}"
    )
    return "\n".join(lines)


def decision_facts(decision: Decision) -> dict[str, Any]:
    """Give an answer by name."""
    answer = decision.answer
    checkpoint, _ = parse_checkpoint(answer.checkpoint)
    return {
        "answer": answer.answer,
        "purpose": answer.purpose,
        "transaction": answer.transaction,
        "pack": answer.pack.hex(),
        "day": format_day(answer.day),
        "nonce": answer.nonce.hex(),
        "checkpoint": {"size": checkpoint.size, "root": checkpoint.root.hex()},
        "expires": answer.expires,
        "signature": decision.signed.hex(),
    }


def recall_facts(recalled: Recalled, state: State, day: int) -> dict[str, Any]:
    """Give a recall by name, for the operator: whose, and whether its deletion is confirmed."""
    right = state.roll.keys.get(recalled.party)
    is_late = recalled.confirmed is None and day >= recalled.due
    said = "NOT confirmed in time" if is_late else "not confirmed yet"
    return {
        "party": right.name if right else recalled.party.hex()[:16],
        "key": recalled.party.hex(),
        "transaction": recalled.transaction,
        "since": format_day(recalled.since),
        "confirm_before": format_day(recalled.due),
        "confirmed": None if recalled.confirmed is None else format_day(recalled.confirmed),
        "state": said if recalled.confirmed is None else "deletion confirmed",
    }


def verification_facts(verification: Verification) -> dict[str, Any]:
    """Give a verification's checks by name, and a report's records with what is said of each."""
    shown = [
        msgspec.to_builtins(record) | {"day": format_day(record.day)}
        for record in verification.records
    ]
    return ({"records": shown} if shown else {}) | {
        "ok": verification.ok,
        "checks": [_check_facts(check) for check in verification.checks],
        "log_size": verification.log_size,
        "root": verification.root.hex(),
        "compared_with": verification.compared_with,
    }


def _check_facts(check: Check) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "name": check.name,
        "ok": check.ok,
        "count": check.count,
        "unchecked": check.unchecked,
    }
    if check.problem is not None:
        facts["problem"] = check.problem.as_dict()
    return facts


def verification_text(verification: Verification) -> str:
    """Write one line a check, and for a failed one what it means and what to do."""
    lines = []
    for check in verification.checks:
        sign = "ok    " if check.ok else "FAILED"
        unchecked = f"   (not checked: {check.unchecked})" if check.unchecked else ""
        if check.name == "history" and verification.compared_with is None and check.ok:
            lines.append(f"  --     {check.unchecked}")
            continue
        lines.append(f"  {sign} {check.name:<12} {check.count:>10,}{unchecked}")
        if check.problem is not None:
            lines.append(f"         {check.problem.what} {check.problem.why}")
            lines.append(f"         where: {check.problem.where or check.name}")
            lines.append(f"         do: {check.problem.fix}")
    for record in verification.records:
        case = f" ({record.case})" if record.case else ""
        lines.append(
            f"  {record.counted:+6d}  {format_day(record.day)}  {record.type}  {record.id}"
            f"  {record.status}{case}"
        )
        if record.reply:
            lines.append(f"          the subject says: {record.reply}")
        if record.answer:
            lines.append(f"          {record.issuer} says: {record.answer}")
    verdict = (
        "Everything that was checked holds." if verification.ok else "This ledger does NOT hold."
    )
    size = f"log size {verification.log_size:,}, root {verification.root.hex()}"
    return "\n".join([*lines, size, verdict])
