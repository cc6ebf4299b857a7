"""Simulating a pack over a whole population: what would change, for how many, for whom.

The one reader of regions and groups beside the audit. A simulation changes nothing and is no
statement; its document may be published with the pack (`pack publish --simulation`).
"""

import hashlib
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from standing import policy
from standing.errors import Refused
from standing.ledger import _rules
from standing.ledger._core import Core
from standing.ledger._population import Everyone
from standing.policy.columns import Ints
from standing.policy.simulation import Labels, Names, Side, Simulation, simulate


class Simulated(NamedTuple):
    """A simulation, and what the linter still has against the new pack (code and line)."""

    result: Simulation
    findings: tuple[policy.Finding, ...]


def simulate_pack(core: Core, new: bytes, against: bytes | None = None) -> Simulated:
    """Compare a pack, published or not, with the one in force or with another one.

    Both are judged as if each had ruled alone; how many move on the first day of force, under the
    milder of both (L37), is told beside it. Raises `E-PACK-20` for packs of two contexts.
    """
    pack = policy.parse_pack(new)
    digest = _rules.pack_in_force(core, pack.context, core.today) if against is None else None
    old = policy.parse_pack(against) if against is not None else _rules.pack(core, digest or b"")
    policy.check_one_context(old, pack)
    everyone = Everyone(core, pack.context)
    published = core.state.packs_of(pack.context)
    first = published[0][0] if published else old.change.first_force  # both have the same windows
    sides = (_side(everyone, core, old, first), _side(everyone, core, pack, first))
    said = core.vault.rights.attributes(pack.context, core.today)
    _, catalogue = _rules.current_catalogue(core)
    after_force, force_day = _milder_law(core, everyone, pack)
    result = simulate(
        (old, pack),
        sides,
        Names(
            core.today,
            (digest or hashlib.sha256(policy.canonical(old)).digest()).hex(),
            hashlib.sha256(policy.canonical(pack)).hexdigest(),
            policy.rules_digest(pack).hex(),
            force_day,
        ),
        divisions={
            "region": _labels(everyone, {number: one[0] for number, one in said.items()}),
            "group": _labels(everyone, {number: one[1] for number, one in said.items()}),
        },
        impact_by="group",
        on_force_day=after_force,
    )
    findings = tuple(f for f in policy.lint(new, catalogue) if f.level != "justified")
    return Simulated(result, findings)


def _side(everyone: Everyone, core: Core, pack: policy.Pack, first: int) -> Side:
    """Score everyone as if one pack had ruled from the context's first day of force."""
    alone = policy.Schedule([(first, pack)])
    masks = policy.tally_masks(pack)
    scored = everyone.score(alone, core.today, masks if any(masks.values()) else None)
    counts = {
        name: scored.tally[:, place] if place < scored.tally.shape[1] else np.zeros(1, np.uint16)
        for place, name in enumerate(policy.counters(pack))
    }
    nobody = np.zeros(len(scored.score), bool)
    met = {code: nobody | held for code, held in policy.met(pack, counts).items()}
    titles = {r.code: ("restriction", str(r.title)) for r in pack.restrictions}
    titles |= {p.code: ("perk", str(p.title)) for p in pack.perks}
    rules = alone.rules_on(core.today)
    return Side(scored.score, scored.band, tuple(rules.names), rules.band(pack.base), met, titles)


def _milder_law(
    core: Core, everyone: Everyone, pack: policy.Pack
) -> tuple[tuple[Ints, Ints] | None, int | None]:
    """Score everyone on the first day of force, without the new pack and with it."""
    published = [
        (force, _rules.pack(core, digest)) for force, digest in core.state.packs_of(pack.context)
    ]
    if not published or published[-1][1].version >= pack.version:
        return None, None
    day = max(core.today, int(pack.force))
    try:
        later = policy.Schedule([*published, (pack.force, pack)])
    except Refused:  # its windows do not fit those of the context; the linter says so
        return None, None
    before = everyone.score(_rules.schedule(core, pack.context), day).score
    after = everyone.score(later, day).score
    return (before, after), day


def _labels(everyone: Everyone, said: Mapping[int, str]) -> Labels:
    names = tuple(sorted({name for name in said.values() if name}))
    places = {name: place for place, name in enumerate(names)}
    labels = np.full(len(everyone.numbers), -1, np.int32)
    for row, number in enumerate(everyone.numbers.tolist()):
        labels[row] = places.get(said.get(number, ""), -1)
    return Labels(labels, names)
