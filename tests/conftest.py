"""Fixtures that many rooms' tests share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import Town, make_ledger


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    """Five people with consent, a pack in force, no records yet."""
    made = make_ledger(tmp_path)
    yield made
    made.ledger.close()
