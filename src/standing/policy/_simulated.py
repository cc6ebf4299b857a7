"""The document that says what a later pack would have done; a pack names it by its digest.

Only what publication compares is read here: which packs were compared, and the impact on groups.
"""

from typing import Literal

import msgspec

from standing.errors import Refused
from standing.policy._schema import Code, Digest, Impact
from standing.policy._text import TextProblem, read


class Simulated(msgspec.Struct, frozen=True):
    """What a simulation compared, and the impact that it found; more keys are allowed.

    `old_pack`: the digest of the pack before. `new_rules`: `rules_digest` of the new one, whose own
    digest is not known yet: the new pack names the simulation.
    """

    format: Literal["standing/simulation/1"]
    context: Code
    old_pack: Digest
    new_rules: Digest
    impact: Impact


def parse_simulation(data: bytes) -> Simulated:
    """Read a simulation, canonical JSON; raises `E-PACK-24` for anything else."""
    try:
        plain, _ = read(data)
        found = msgspec.convert(plain, Simulated)
    except (TextProblem, msgspec.ValidationError) as problem:
        raise _unreadable(str(problem)) from None
    if not data.startswith(b"{"):
        raise _unreadable("line 1: YAML")
    return found


def _unreadable(problem: str) -> Refused:
    return Refused(
        "E-PACK-24",
        "This is no simulation that standing can read.",
        why=f"It must be canonical JSON of standing/simulation/1. Got: {problem}.",
        fix="Give the file that the simulation wrote, unchanged.",
    )
