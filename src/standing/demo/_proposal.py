"""A second version of the city's rail rules, not published: something to compare and simulate."""

from pathlib import Path
from typing import Final

from standing import policy
from standing.packs import successor, written

PACKS_DIR: Final = "demo-packs"
CONTEXT: Final = "rail"
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
    plain = successor(pack, today, summary="Smoking weighs more, help gives more")
    plain["justifications"] = {"L42": _WHY}
    plain["acts"]["rail.smoking"]["points"] = -50
    plain["acts"]["rail.help-given"]["points"] = 30
    file.write_text(_HEAD + written(plain), encoding="utf-8")
    return file
