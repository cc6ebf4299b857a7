"""Words that a person reads for parts of a pack: names of acts, points, fading, values."""

from collections.abc import Iterable
from typing import Any

from standing.policy._schema import Act, PackDay, Recovery, Restriction, Trigger, write_day

_SHORT_DIGEST = 64


def names_of(codes: Iterable[str]) -> dict[str, str]:
    """Name each act by the last part of its code, or by all of it where two would be alike.

    >>> names_of(["transit.unpaid-fare", "a.late", "b.late"])["transit.unpaid-fare"]
    'Unpaid fare'
    """
    all_codes = list(dict.fromkeys(codes))
    tails = [code.rsplit(".", 1)[-1] for code in all_codes]
    return {
        code: tail.replace("-", " ").capitalize() if tails.count(tail) == 1 else code
        for code, tail in zip(all_codes, tails, strict=True)
    }


def one_spelling(employer: str) -> str:
    """Give what two spellings of one employer share: letters without case, single blanks.

    >>> one_spelling("City  Works") == one_spelling("city works ")
    True
    """
    return " ".join(employer.split()).casefold()


def takes(points: int) -> str:
    """Say what one record does: `takes 40 points`, `gives 5 points`."""
    if not points:
        return "counts nothing by itself"
    return f"{'takes' if points < 0 else 'gives'} {counted(abs(points), 'point')}"


def counted(number: int, word: str) -> str:
    """Give a number with its word: `1 point`, `2 points`."""
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def steps(act: Act) -> tuple[tuple[int, int], ...]:
    """Give the age table without its end."""
    return tuple((day, points) for day, points in act.ages if (day, points) != end(act))


def end(act: Act) -> tuple[int, int]:
    """Give the pair with which an age table ends."""
    return act.validity_days, 0


def fading(act: Act) -> str:
    """Say what is left with age: `30 points after 92 days, 20 points after 184 days`."""
    said = [f"{counted(abs(points), 'point')} after {day} days" for day, points in steps(act)]
    return ", ".join(said) or "as much until its end"


def listed(words: Iterable[str]) -> str:
    """Give words as one list: `a, b and c`."""
    found = list(words)
    if len(found) < 2:  # noqa: PLR2004 - a pair has an "and"
        return "".join(found) or "nothing"
    return f"{', '.join(found[:-1])} and {found[-1]}"


def route(recovery: Recovery, names: dict[str, str]) -> str:
    """Name a way back."""
    if not recovery.act:
        return recovery.kind.capitalize()
    return f"{recovery.kind.capitalize()} ({names.get(recovery.act, recovery.act)})"


def gives_back(recovery: Recovery, names: dict[str, str]) -> str:
    """Say what a way back gives."""
    what = listed(names.get(code, code).lower() for code in recovery.restores)
    if recovery.kind == "time":
        return f"{what}, by the age tables"
    often = f", at most {counted(recovery.yearly, 'time')} a year" if recovery.yearly else ""
    return f"up to {counted(recovery.points, 'point')} of {what}{often}"


def needs(trigger: Trigger) -> str:
    """Say which records allow a restriction to be proposed."""
    tiers = (("serious", trigger.serious), ("general", trigger.general), ("minor", trigger.minor))
    said = [f"{number} {tier}" for tier, number in tiers if number]
    if trigger.score_below is not None:
        said.append(f"a score below {trigger.score_below}")
    return " or ".join(said) or "nothing"


def instead(restriction: Restriction) -> str:
    """Say what stays open to someone who is restricted."""
    other = restriction.alternative
    bounds = f"at {other.price_percent} % of the price and {other.time_percent} % of the time"
    return f"{other.title} ({bounds})"


def shown(value: Any) -> str:
    """Show one value of a pack inside a sentence."""
    if isinstance(value, PackDay):
        return write_day(value)
    if isinstance(value, tuple):
        return listed(shown(part) for part in value)
    if isinstance(value, str) and len(value) == _SHORT_DIGEST and " " not in value:
        return value[:16]
    if value is None or value == "":
        return "none"
    return str(value)
