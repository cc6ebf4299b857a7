"""What a score's records open: perks that are due, and restrictions that might be proposed.

A restriction answers named records of its own context, never a number (L28), and only a human may
propose one; this says no more than that the records for a proposal are there. A record stands for
a consequence while it counts: not noticed, warned, contested, made good or faded to nothing; the
limit of its kind does not hide it.
"""

from collections.abc import Mapping
from typing import Any

from standing.policy._fold import Score
from standing.policy._schema import Pack, Trigger


def consequences(result: Score, pack: Pack) -> frozenset[str]:
    """Give the codes of perks that are due and of restrictions whose records are there."""
    counts: dict[str, int] = {}
    for reason in result.reasons:
        if reason.counted or reason.why == "cap":
            for name in _counters_of(pack, reason.rule):
                counts[name] = counts.get(name, 0) + 1
    return frozenset(code for code, is_met in met(pack, counts).items() if is_met)


def counters(pack: Pack) -> list[str]:
    """Name what is counted for a pack's consequences, in the order of bits and columns."""
    tiers = ["serious", "general"] if pack.restrictions else []
    return [*tiers, *(f"perk {perk.code}" for perk in pack.perks)]


def tally_masks(pack: Pack) -> dict[str, int]:
    """Give for each act type a bit mask of the counters that its records add to."""
    bits = {name: 1 << place for place, name in enumerate(counters(pack))}
    return {code: sum(bits[name] for name in _counters_of(pack, code)) for code in pack.acts}


def met(pack: Pack, counts: Mapping[str, Any]) -> dict[str, Any]:
    """Tell for each consequence whether its records are there; `counts` may hold whole columns."""
    found: dict[str, Any] = {}
    for restriction in pack.restrictions:
        found[restriction.code] = is_triggered(restriction.trigger, counts)
    for perk in pack.perks:
        found[perk.code] = counts.get(f"perk {perk.code}", 0) >= perk.records
    return found


def is_triggered(trigger: Trigger, counts: Mapping[str, Any]) -> Any:
    """Tell whether counts by tier allow a restriction; small records never do (L28).

    Either kind of record is enough where both are named. `counts` may hold whole columns.
    """
    wanted = {"serious": trigger.serious, "general": trigger.general}
    parts = [counts.get(tier, 0) >= least for tier, least in wanted.items() if least]
    return parts[0] | parts[1] if len(parts) > 1 else parts[0] if parts else False


def _counters_of(pack: Pack, code: str) -> list[str]:
    act = pack.acts.get(code)
    if act is None:
        return []
    is_tier = pack.restrictions and act.points < 0 and act.tier != "minor"
    perks = [f"perk {perk.code}" for perk in pack.perks if code in perk.acts]
    return [*([act.tier] if is_tier else []), *perks]
