"""A second version of the city's rail rules, not published: something to compare and simulate."""

import hashlib
import json
from pathlib import Path
from typing import Any, Final

import yaml

from standing import policy
from standing.wire.days import format_day

PACKS_DIR: Final = "demo-packs"
CONTEXT: Final = "rail"
_LEAST_NOTICE: Final = 30
_HEAD: Final = """\
# A proposal, not published: smoking weighs more, help gives more. Change it, and simulate again.
"""
_WHY: Final = (
    "No simulation has run yet; the one that does shows the effect on groups, as far as people say"
    " which one they belong to."
)


def write_proposal(directory: Path, pack: policy.Pack, today: int) -> Path:
    """Write the version that might follow `pack`, in force when its next window begins."""
    file = directory / PACKS_DIR / f"{pack.context}-{pack.version + 1}.yaml"
    file.parent.mkdir()
    plain = _next(pack, today)
    ordered = {name: plain[name] for name in pack.__struct_fields__}
    text = yaml.safe_dump(ordered, sort_keys=False, default_flow_style=None, width=100)
    file.write_text(_HEAD + text, encoding="utf-8")
    return file


def _next(pack: policy.Pack, today: int) -> dict[str, Any]:
    published = policy.canonical(pack)
    first, width = pack.change.first_force, pack.window_days
    windows = -(-(today + _LEAST_NOTICE - first) // width)
    plain: dict[str, Any] = json.loads(published)
    plain |= {
        "version": pack.version + 1,
        "published": format_day(today),
        "force": format_day(first + windows * width),
        "justifications": {"L42": _WHY},
        "change": {
            "first_force": format_day(first),
            "summary": "Smoking weighs more, help gives more",
            "previous": hashlib.sha256(published).hexdigest(),
        },
    }
    plain["acts"]["rail.smoking"]["points"] = -50
    plain["acts"]["rail.help-given"]["points"] = 30
    return plain
