"""Every target over its seeds and over mutations of them, the same ones each time.

`make fuzz` runs the same targets for longer, led by the code that each input reaches.
"""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.mutations import mutate
from tests.fuzz.seeds import IN_CBOR, seeds_of
from tests.fuzz.targets import TARGETS

EXAMPLES = 250
COSTLY = {"ed25519-forged": 40, "pack": 40, "ed25519": 120}
"""Targets whose one example takes milliseconds: arithmetic in plain Python, YAML."""


@st.composite
def mutated(draw, seeds, *, in_cbor):
    return mutate(lambda count: draw(st.integers(0, count - 1)), seeds, in_cbor=in_cbor)


@pytest.mark.parametrize("name", TARGETS)
def test_every_property_holds_for_the_seeds(name):
    for data in seeds_of(name):
        TARGETS[name](data)


@pytest.mark.parametrize("name", TARGETS)
def test_every_property_holds_for_mutations_of_the_seeds(name):
    seeds = seeds_of(name)

    @settings(
        max_examples=COSTLY.get(name, EXAMPLES),
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(mutated(seeds, in_cbor=name in IN_CBOR))
    def hold(data):
        TARGETS[name](data)

    hold()
