"""The examples in the docstrings run, the library's door first."""

import doctest
import importlib

import pytest

MODULES = [
    "standing.ledger._ledger",
    "standing.pages._voice",
    "standing.wire.cbor",
    "standing.wire.days",
    "standing.log._layout",
]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_hold(name: str) -> None:
    outcome = doctest.testmod(importlib.import_module(name))
    assert outcome.attempted > 0
    assert outcome.failed == 0
