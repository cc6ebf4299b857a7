"""Simulation of a pack over a population: what it does, told in counts that point at nobody.

`Side` is a population under one pack; `simulate` compares two of them. What people said of
themselves comes in as labels of rows, under names that this room does not know; no scorer has an
argument for them.
"""

from collections.abc import Mapping
from typing import NamedTuple

import msgspec
import numpy as np

from standing.policy import _simulation
from standing.policy._schema import Impact, Pack
from standing.policy._simulation import FORMAT, Flip, Part, Scale, Side, Simulation
from standing.policy._tables import Ints
from standing.policy._text import dump

__all__ = [
    "Flip",
    "Impact",
    "Labels",
    "Names",
    "Part",
    "Scale",
    "Side",
    "Simulation",
    "document",
    "simulate",
]


class Labels(NamedTuple):
    """What subjects said of themselves: a place in `names` a subject, -1 for nothing."""

    labels: Ints
    names: tuple[str, ...]


class Names(NamedTuple):
    """What a simulation is about: digests in hex, and the day."""

    day: int
    old_pack: str
    new_pack: str
    new_rules: str
    milder_law_day: int | None = None


def simulate(
    packs: tuple[Pack, Pack],
    sides: tuple[Side, Side],
    names: Names,
    *,
    divisions: Mapping[str, Labels],
    impact_by: str,
    on_force_day: tuple[Ints, Ints] | None = None,
) -> Simulation:
    """Compare one population under an old and a new pack.

    `on_force_day`: scores on the new pack's first day of force, without it and with it, each window
    under the milder law. Everything lists the same subjects in the same order.
    """
    before, after = sides
    lower, same, higher = _simulation.changes(before.score, after.score)
    width, bins, (held_before, held_after) = _simulation.histograms(before, after)
    parts = {
        name: _simulation.parts(np.asarray(said.labels), said.names, before, after)
        for name, said in divisions.items()
    }
    return Simulation(
        format=FORMAT,
        context=packs[1].context,
        day=names.day,
        old_pack=names.old_pack,
        new_pack=names.new_pack,
        new_rules=names.new_rules,
        old_title=_title(packs[0]),
        new_title=_title(packs[1]),
        subjects=_simulation.shown(len(before.score)) or 0,
        lower=lower,
        same=same,
        higher=higher,
        old_bands=before.bands,
        new_bands=after.bands,
        moves=_simulation.moves_of(before, after),
        bin_width=width,
        bins=bins,
        before=tuple(held_before),
        after=tuple(held_after),
        flips=_simulation.flips(before, after),
        parts=parts,
        impact=_simulation.impact_of(parts.get(impact_by, ())),
        on_force_day=None if on_force_day is None else _falls_and_rises(*on_force_day),
        milder_law_day=names.milder_law_day,
        scales=(_scale(packs[0]), _scale(packs[1])),
    )


def document(result: Simulation) -> bytes:
    """Give the bytes that may be published with the new pack: canonical JSON, as packs are."""
    return dump(msgspec.to_builtins(result))


def _scale(pack: Pack) -> Scale:
    return Scale(pack.base, tuple(band.least for band in pack.bands))


def _title(pack: Pack) -> str:
    return f"{pack.title}, version {pack.version}"


def _falls_and_rises(before: Ints, after: Ints) -> tuple[int | None, int | None]:
    lower, _, higher = _simulation.changes(before, after)
    return lower, higher
