"""A browser for the tests of this room; without one they are skipped, and the summary says so."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.browser import chromium
from tests.browser.gallery import Gallery
from tests.browser.scene import Scene, served_city
from tests.browser.visitor import Visitor, visiting
from tests.unit.web.support import Served, serve_town

expect.set_options(timeout=10_000)  # nothing is asserted about time: two cores may be busy


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    # not for the whole session: while Playwright runs, no other test of this process may have a loop
    path = chromium.find()
    if path is None:
        pytest.skip(f"{chromium.missing()}; {chromium.HOW}")
    with chromium.running(path) as started:
        yield started


@pytest.fixture(scope="package")
def scene(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """A city that the tests of this room look at and leave as it is."""
    with served_city(tmp_path_factory.mktemp("scene")) as served:
        yield served


@pytest.fixture(scope="package")
def gallery(browser: Browser, scene: Scene) -> Gallery:
    return Gallery(browser, scene)


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Served]:
    """A town of a test's own, to be changed."""
    with serve_town(tmp_path) as served:
        yield served


@pytest.fixture
def visit(browser: Browser, town: Served) -> Iterator[Callable[..., Visitor]]:
    """Open browsers of different people; afterwards none of them may have complained."""
    with ExitStack() as stack:
        visitors: list[Visitor] = []

        def open_one(demo: str = "", **options: Any) -> Visitor:
            visitor = stack.enter_context(visiting(browser, town.client.url, **options))
            visitors.append(visitor)
            if demo:
                visitor.go(town.link(demo))
                visitor.click("Sign in")
            return visitor

        yield open_one
        assert [trouble for visitor in visitors for trouble in visitor.troubles] == []
