"""The catalogue and the sample packs that ship with standing, as their authors wrote them."""

from importlib import resources

from standing.packs._starter import starter
from standing.packs._successor import successor, with_simulation, written

__all__ = ["NAMES", "shipped", "starter", "successor", "with_simulation", "written"]

NAMES = (
    "transit", "rail", "air", "road", "hospitality", "recycling", "food-hygiene", "punctuality",
)  # fmt: skip


def shipped(name: str) -> bytes:
    """Read `catalogue` or one of the eight packs by name."""
    return (resources.files(__name__) / f"{name}.yaml").read_bytes()
