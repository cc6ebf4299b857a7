"""Without JavaScript: every page is read, and whatever needs no passkey is done."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.gallery import Gallery
from tests.browser.places import PLACES, Place
from tests.browser.scene import Scene
from tests.browser.steps import contest, score, withdraw
from tests.browser.visitor import Visitor
from tests.support import CONTEXT

Visit = Callable[..., Visitor]


@pytest.fixture(scope="package")
def plain(browser: Browser, scene: Scene) -> Gallery:
    return Gallery(browser, scene, java_script_enabled=False)


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.name)
def test_a_page_is_read_without_javascript_and_says_if_it_needs_a_passkey(
    plain: Gallery, place: Place
) -> None:
    with plain.shown(place, "en", unfold=False) as visitor:
        expect(visitor.heading).to_be_visible()
        asks = visitor.page.locator("form[data-passkey]").count() > 0
        said = visitor.main.locator("noscript p", has_text="Passkeys need JavaScript.")
        expect(said).to_be_visible() if asks else expect(said).to_have_count(0)
        assert visitor.troubles == []


def test_somebody_is_heard_and_stops_without_javascript(visit: Visit) -> None:
    subject = visit("person-0", java_script_enabled=False)
    subject.click("Transit")
    burdened = score(subject.page)
    subject.main.get_by_role("link", name="Contest", exact=True).first.click()
    contest(subject, sign="Sign")
    subject.go(f"/subject/in/{CONTEXT}")
    assert score(subject.page) > burdened
    withdraw(subject, sign="Sign")
