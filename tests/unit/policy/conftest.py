"""The sample catalogue and packs, read once; small builders for histories."""

from pathlib import Path

import pytest

from standing import policy

ROOT = Path(__file__).parents[3]
PACKS = ROOT / "src" / "standing" / "packs"
FIXTURES = ROOT / "tests" / "packs"
NAMES = (
    "transit", "rail", "air", "road", "hospitality", "recycling", "food-hygiene", "punctuality",
)  # fmt: skip


@pytest.fixture(scope="session")
def catalogue():
    return policy.parse_catalogue((PACKS / "catalogue.yaml").read_bytes())


@pytest.fixture(scope="session")
def packs(catalogue):
    return {
        name: policy.load_pack((PACKS / f"{name}.yaml").read_bytes(), catalogue) for name in NAMES
    }


@pytest.fixture(scope="session")
def passing():
    return (FIXTURES / "passing.yaml").read_bytes()
