"""One small town, served with its pages; tests of a module share it and change it only by hand."""

from collections.abc import Iterator

import pytest

from tests.unit.web.support import Served, serve_town


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serve_town(tmp_path_factory.mktemp("served")) as made:
        yield made
