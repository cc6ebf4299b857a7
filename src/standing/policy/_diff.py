"""Two packs of one context in words: each difference, whom it helps, and what a record becomes.

`milder` and `harsher` are for the subject: fewer points lost, a shorter memory, more notice, fewer
askers are milder. `neutral` is what helps nobody, or helps on some days and burdens on others.
Pure; the effects come from the specification scorer.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, Literal

import msgspec

from standing.errors import Refused
from standing.policy._diff_parts import PARTS, Difference
from standing.policy._fold import RecordFact, score
from standing.policy._hit import burdens, most_at_once
from standing.policy._schedule import Schedule
from standing.policy._schema import Pack
from standing.policy._words import names_of
from standing.wire.days import format_day

_AGES: Final = (90, 180, 365)


class Effect(msgspec.Struct, frozen=True):
    """What one record of an act counts at one moment under each pack; None: not weighed.

    `moment`: `notice` is the day on which its notice ends, a number is its age in days, `at once`
    the worst that all records of the act can come to on one day. The act "" is all burdens at once.
    """

    act: str
    name: str
    moment: Literal["notice", "90 days", "180 days", "365 days", "at once"]
    before: int | None
    after: int | None


class PackDiff(msgspec.Struct, frozen=True):
    """The differences between two packs of a context, and the effects that differ."""

    context: str
    old_version: int
    new_version: int
    old_force: int
    new_force: int
    differences: tuple[Difference, ...]
    effects: tuple[Effect, ...]


def check_one_context(old: Pack, new: Pack) -> None:
    """Raise `E-PACK-20` for packs of two contexts: nothing is ever compared across them (L41)."""
    if old.context != new.context:
        raise Refused(
            "E-PACK-20",
            "These packs rule two contexts.",
            why=f"Got {old.context} and {new.context}.",
            fix="Compare two packs of one context.",
        )


def diff_packs(old: Pack, new: Pack) -> PackDiff:
    """Compare two packs of one context; raises `E-PACK-20` for two contexts.

    Version, days of publication and force, and what the pack says about its change are no
    differences of the rules: every new version has its own.
    """
    check_one_context(old, new)
    names = names_of([*old.acts, *new.acts])
    return PackDiff(
        old.context,
        old.version,
        new.version,
        int(old.force),
        int(new.force),
        tuple(found for part in PARTS for found in part(old, new, names)),
        tuple(_effects(old, new, names)),
    )


def _effects(old: Pack, new: Pack, names: Mapping[str, str]) -> Iterator[Effect]:
    before, after = _outcomes(old), _outcomes(new)
    for act, moment in dict.fromkeys([*before, *after]):
        points = before.get((act, moment)), after.get((act, moment))
        if points[0] != points[1]:
            name = names.get(act, "All burdens together")
            yield Effect(act, name, moment, *points)


def _outcomes(pack: Pack) -> dict[tuple[str, Any], int]:
    """Score one record of each act at each moment; add what all of them can come to."""
    schedule = Schedule([(pack.force, pack)])
    ages = {"notice": pack.notice_days, **{f"{age} days": age for age in _AGES}}
    found: dict[tuple[str, Any], int] = {}
    for code, act in pack.acts.items():
        record = RecordFact("one", code, pack.force, pack.force)
        for moment, age in ages.items():
            result = score([record], schedule, pack.force + age)
            found[code, moment] = result.reasons[0].counted
        sign = -1 if act.points < 0 else 1
        found[code, "at once"] = sign * most_at_once(act)
    found["", "at once"] = -sum(most_at_once(act) for _, act in burdens(pack))
    return found


def diff_text(diff: PackDiff) -> str:
    """Write a comparison for people, one line each; ends without a line break."""
    new, old = format_day(diff.new_force), format_day(diff.old_force)
    versions = f"version {diff.new_version} from {new}, version {diff.old_version} from {old}"
    lines = [f"{diff.context}: {versions}"]
    if not diff.differences:
        lines.append("The rules are the same.")
    lines += [f"  {one.mark:<7}  {one.words}" for one in diff.differences]
    if diff.effects:
        lines += ["", "What records count, before -> after:", *_table(diff.effects)]
    return "\n".join(lines)


def _table(effects: Iterable[Effect]) -> Iterator[str]:
    rows = [
        (effect.name, _MOMENTS[effect.moment], _points(effect.before), _points(effect.after))
        for effect in effects
    ]
    wide = [max(len(row[column]) for row in rows) for column in range(4)]
    for name, moment, before, after in rows:
        yield (
            f"  {name:<{wide[0]}}  {moment:<{wide[1]}}  {before:>{wide[2]}} -> {after:>{wide[3]}}"
        )


def _points(points: int | None) -> str:
    return "not weighed" if points is None else f"{points:+d}" if points else "0"


_MOMENTS: Final = {
    "notice": "one, when notice ends",
    "90 days": "one, after 90 days",
    "180 days": "one, after 180 days",
    "365 days": "one, after 365 days",
    "at once": "the most at once",
}
