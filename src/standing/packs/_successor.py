"""The next version of a published pack, as text to begin with, or with its simulation named."""

import hashlib
import json
from typing import Any, Final

import yaml

from standing import policy
from standing.policy.simulation import Simulation, document
from standing.wire.days import format_day

_LEAST_NOTICE: Final = 30
_WIDTH: Final = 100


def successor(pack: policy.Pack, today: int, *, summary: str) -> dict[str, Any]:
    """Give what might follow a pack, published today, in force when its next window begins."""
    published = policy.canonical(pack)
    first, width = pack.change.first_force, pack.window_days
    windows = -(-(today + _LEAST_NOTICE - first) // width)
    plain: dict[str, Any] = json.loads(published)
    return plain | {
        "version": pack.version + 1,
        "published": format_day(today),
        "force": format_day(first + windows * width),
        "change": {
            "first_force": format_day(first),
            "summary": summary,
            "previous": hashlib.sha256(published).hexdigest(),
        },
    }


def written(plain: dict[str, Any]) -> str:
    """Write a pack as people read it, its parts in the order in which they are described."""
    order = policy.Pack.__struct_fields__
    ordered = {name: plain[name] for name in order if name in plain}
    text: str = yaml.safe_dump(
        ordered, sort_keys=False, default_flow_style=None, width=_WIDTH, allow_unicode=True
    )
    return text


def with_simulation(pack: policy.Pack, result: Simulation) -> str:
    """Write a pack that names its simulation and says what it showed."""
    plain: dict[str, Any] = json.loads(policy.canonical(pack))
    plain["change"]["simulation"] = hashlib.sha256(document(result)).hexdigest()
    impact = result.impact
    plain["impact"] = {"result": impact.result}
    if impact.result == "shown":
        plain["impact"] |= {
            "low_permille": impact.low_permille, "high_permille": impact.high_permille,
        }  # fmt: skip
    return written(plain)
