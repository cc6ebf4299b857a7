"""What a rule of the linter reports: which code, where in the document, got and allowed."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from standing.policy._schema import Act, Catalogue, Pack
from standing.policy._text import Path


class Hit(NamedTuple):
    """One place of a pack that one code does not allow."""

    code: str
    path: Path
    got: str
    allowed: str


Rule = Callable[[Pack, Catalogue], Iterator[Hit]]


def burdens(pack: Pack) -> list[tuple[str, Act]]:
    """Give the negative acts of a pack."""
    return [(code, act) for code, act in pack.acts.items() if act.points < 0]


def live_windows(act: Act) -> int:
    """Give how many windows can hold counting records of a type at once."""
    return (act.validity_days + act.window_days - 2) // act.window_days + 1


def most_at_once(act: Act) -> int:
    """Give the most points that one type can come to on any day."""
    return act.cap * live_windows(act)
