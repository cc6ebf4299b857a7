"""What the city's residents say of themselves: a region, a group beside it, or nothing at all.

Nobody has to, so many do not. The codes are invented and stand for nobody; they give simulation
something to divide by. Reads nothing back.
"""

import random
from collections.abc import Iterable
from typing import Final

from standing.ledger import Ledger
from standing.wire.keys import SigningKey

_REGIONS: Final = ("harbour", "hills", "market", "north", "old-town", "riverside")
_GROUPS: Final = ("group-a", "group-b", "group-c")
_WITH_REGION_PERCENT: Final = 60
_OF_THEM_WITH_GROUP_PERCENT: Final = 50


def say_something(
    ledger: Ledger, key: SigningKey, contexts: Iterable[str], chance: random.Random
) -> None:
    """Let one resident state a region and perhaps a group, in contexts that may restrict (L42)."""
    region, group = _choose(chance)
    if region:
        for context in contexts:
            ledger.give_attributes(key, context, region=region, group=group)


def _choose(chance: random.Random) -> tuple[str, str]:
    if chance.randrange(100) >= _WITH_REGION_PERCENT:
        return "", ""
    has_group = chance.randrange(100) < _OF_THEM_WITH_GROUP_PERCENT
    return chance.choice(_REGIONS), chance.choice(_GROUPS) if has_group else ""
