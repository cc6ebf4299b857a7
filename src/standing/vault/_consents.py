"""Consents over time: which one holds on a day, what it names, and since when without a break.

Of several that are live the one given last holds, and of two of one day what both name. A stop
without a key cuts a consent; what was withdrawn ends on its day. Decides nothing about rules.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

_T = TypeVar("_T")
Window = tuple[int, int, _T]  # from, until, what


@dataclass(frozen=True, slots=True)
class Given:
    """One consent as the index has it: its days with a withdrawal applied, and its terms hashed."""

    since: int
    until: int
    leaf: bytes
    terms: bytes


@dataclass(frozen=True, slots=True)
class Terms:
    """What a subject agreed to: for which purposes, with records by which issuers."""

    purposes: frozenset[str]
    issuers: frozenset[str]


def cut(windows: Iterable[Window[_T]], freezes: Iterable[tuple[int, int]]) -> list[Window[_T]]:
    """Take the frozen days out of windows, in order of time.

    A stop does not touch what was given later: whoever stopped may begin anew.
    """
    stops = list(freezes)
    kept: list[Window[_T]] = []
    for given, ended, what in windows:
        pieces = [(given, ended)]
        for since, until in stops:
            if given <= since < ended:  # as it was given: another stop may have cut it before
                parts = (p for a, b in pieces for p in ((a, min(b, since)), (max(a, until), b)))
                pieces = [(a, b) for a, b in parts if a < b]
        kept += [(a, b, what) for a, b in pieces]
    return sorted(kept, key=lambda window: window[:2])


def holding(
    given: Sequence[Given], freezes: Sequence[tuple[int, int]]
) -> list[Window[tuple[Given, ...]]]:
    """Give the stretches of time with the consents that hold in each: several of one day do."""
    lasting = ((one.since, one.until, one) for one in given if one.since < one.until)
    pieces = cut(lasting, freezes)
    if len(pieces) == 1:
        start, end, one = pieces[0]
        return [(start, end, (one,))]
    edges = sorted({edge for start, end, _ in pieces for edge in (start, end)})
    found: list[Window[tuple[Given, ...]]] = []
    for start, end in pairwise(edges):
        live = [one for a, b, one in pieces if a <= start < b]
        newest = max((one.since for one in live), default=0)
        last = tuple(one for one in live if one.since == newest)
        if last:
            found.append((start, end, last))
    return found


def unbroken_since(windows: Iterable[tuple[int, int]], day: int) -> int | None:
    """Give the first day of the consent that holds on a day, renewals counted as one with it.

    A consent is renewed by another that is given while it lives.
    """
    listed = list(windows)
    first = min((a for a, b in listed if a <= day < b), default=None)
    if first is None:
        return None
    while earlier := [a for a, b in listed if a < first < b]:
        first = min(earlier)
    return first
