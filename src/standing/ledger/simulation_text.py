"""A simulation as text for a terminal: who moves, what flips, for whom, and how sure that is."""

from collections.abc import Iterator, Sequence

from standing.policy import Finding
from standing.policy.simulation import Part, Simulation
from standing.wire.days import format_day

_BAR = 24
_LEFT_OUT = "·"
_FOOT = f"{_LEFT_OUT} is one to four people; other counts are rounded to fives. Nothing changed."


def simulation_text(result: Simulation, findings: Sequence[Finding]) -> str:
    """Write the whole simulation; what was left out stands as a dot."""
    return "\n".join(
        [
            *_head(result, findings),
            *_moves(result),
            *_histogram(result),
            *_flips(result),
            *_parts(result),
            *_impact(result),
            _FOOT,
        ]
    )


def _head(result: Simulation, findings: Sequence[Finding]) -> Iterator[str]:
    yield (
        f"{result.context}, {format_day(result.day)}: about {result.subjects:,} people,"
        f" {result.old_title!r} against {result.new_title!r}"
    )
    yield (
        f"  {_n(result.lower)} fall, {_n(result.same)} stay, {_n(result.higher)} rise"
        " (each pack as if it had ruled alone)"
    )
    if result.on_force_day is not None and result.milder_law_day is not None:
        lower, higher = result.on_force_day
        yield (
            f"  on {format_day(result.milder_law_day)}, its first day, under the milder of both"
            f" (L37): {_n(lower)} fall, {_n(higher)} rise"
        )
    if findings:
        codes = ", ".join(f"{f.code} (line {f.line})" for f in findings)
        yield f"  this pack would not load yet: {codes}"


def _moves(result: Simulation) -> Iterator[str]:
    yield ""
    yield "from (rows) to (columns)"
    width = max(9, *(len(name) + 2 for name in (*result.old_bands, *result.new_bands)))
    yield " " * width + "".join(f"{name:>{width}}" for name in result.new_bands)
    for name, row in zip(result.old_bands, result.moves, strict=True):
        yield f"{name:<{width}}" + "".join(f"{_n(count):>{width}}" for count in row)


def _histogram(result: Simulation) -> Iterator[str]:
    yield ""
    yield f"{'scores from':<12} {'before':<{_BAR + 9}} after"
    most = max((n for n in (*result.before, *result.after) if n is not None), default=1) or 1
    for start, before, after in zip(result.bins, result.before, result.after, strict=True):
        bars = [f"{'█' * ((n or 0) * _BAR // most):<{_BAR}}" for n in (before, after)]
        yield f"{start:>11,}  {bars[0]} {_n(before):>7} {bars[1]} {_n(after):>7}"


def _flips(result: Simulation) -> Iterator[str]:
    if not result.flips:
        return
    yield ""
    yield f"{'answers':<40} {'comes':>8} {'goes':>8} {'stays':>8}"
    for flip in result.flips:
        name = f"{flip.kind} {flip.code}"
        yield f"{name:<40} {_n(flip.comes):>8} {_n(flip.goes):>8} {_n(flip.stays):>8}"
    yield "(a restriction: the records that a proposal needs are there; a human decides)"


def _parts(result: Simulation) -> Iterator[str]:
    for division, parts in result.parts.items():
        if not parts:
            continue
        yield ""
        yield (
            f"{'by ' + division:<20} {'people':>8} {'at base or above: before':>26} {'after':>20}"
            f" {'to the others':>22}"
        )
        yield from (_part(part) for part in parts)


def _part(part: Part) -> str:
    name = part.name or "fewer than five"
    return (
        f"{name:<20} {_n(part.subjects):>8} {_share(part.before):>26} {_share(part.after):>20}"
        f" {_ratio(part.ratio):>22}"
    )


def _impact(result: Simulation) -> Iterator[str]:
    yield ""
    impact = result.impact
    if impact.result == "shown":
        yield (
            f"impact (L42): shown, ratios between {impact.low_permille} and"
            f" {impact.high_permille} thousandths with 95 % certainty"
        )
    else:
        yield (
            "impact (L42): not shown; too few people said what group they belong to, or fewer than"
            " five of one stand apart"
        )


def _n(count: int | None) -> str:
    return _LEFT_OUT if count is None else f"{count:,}"


def _share(share: tuple[int, int, int] | None) -> str:
    if share is None:
        return _LEFT_OUT
    middle, low, high = (f"{value / 10:.1f}" for value in share)
    return f"{middle} % ({low} to {high})"


def _ratio(ratio: tuple[int, int, int] | None) -> str:
    if ratio is None:
        return _LEFT_OUT
    middle, low, high = (f"{value / 1000:.3f}" for value in ratio)
    return f"{middle} ({low} to {high})"
