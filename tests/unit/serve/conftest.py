"""A ledger whose issuers bring documents, and its server."""

import pytest

from tests.unit.serve.support import found, serving


@pytest.fixture
def office(tmp_path):
    return found(tmp_path / "ledger")


@pytest.fixture
def server(office):
    with serving(office) as served:
        yield served
