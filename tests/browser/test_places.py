"""Every page, in both languages: for every sense, on every screen, on paper; nothing is logged."""

from dataclasses import dataclass
from itertools import product
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT

from standing.web import _app
from standing.web._voice import LANGUAGES
from tests.browser.gallery import Gallery
from tests.browser.places import NO_PAGES, PLACES
from tests.browser.visitor import Visitor

_RULES = {
    "runOnly": {
        "type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
    },
    "resultTypes": ["violations"],
}  # fmt: skip
_RUN_AXE = """async options => {
  const found = await axe.run(document, options);
  const tell = node => node.html.slice(0, 200) + " " + node.failureSummary;
  return found.violations.map(one => [one.id, one.nodes.map(tell)]);
}"""
_NARROW = 320
_WHOLE = {"width": 1200, "height": 900}
_PAPER = {"width": 718, "height": 1000}  # A4 without margins, in CSS pixels
_SCROLLED = ".scroll, pre, textarea"  # what may be wider than the screen; nothing scrolls on paper
_TOO_WIDE = """scrolled => {
  const room = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= room) return [];
  return [...document.querySelectorAll("body *")]
    .filter(found => found.getBoundingClientRect().right > room + 0.5 && !(scrolled && found.closest(scrolled)))
    .map(found => found.outerHTML.slice(0, 120));
}"""
_UNPRINTED = """() => {
  const said = [];
  const tell = (found, why) => said.push(why + ": " + found.outerHTML.slice(0, 120));
  const parts = text => (text.match(/[\\d.]+/g) || []).map(Number);
  for (const found of document.querySelectorAll("body, body *")) {
    if (!found.checkVisibility()) continue;
    const look = getComputedStyle(found);
    const isDrawn = found.closest("svg") !== null;
    const colours = [look.color, look.backgroundColor, look.borderTopColor, look.borderLeftColor];
    for (const colour of isDrawn ? [look.fill, look.stroke] : colours) {
      const [r, g, b, alpha = 1] = parts(colour);
      if (r !== undefined && alpha > 0 && Math.max(r, g, b) - Math.min(r, g, b) > 2) tell(found, "coloured " + colour);
    }
    const [r, , , alpha = 1] = parts(look.backgroundColor);
    if (!isDrawn && alpha > 0 && r < 200) tell(found, "dark " + look.backgroundColor);
  }
  for (const found of document.querySelectorAll("main details > :not(summary)"))
    if (!found.closest("form, nav") && found.getBoundingClientRect().height === 0) tell(found, "folded away");
  for (const found of document.querySelectorAll("h1, main > p, main > dl, main > section"))
    if (!found.hidden && found.getBoundingClientRect().height === 0) tell(found, "left out");
  return said;
}"""


def test_every_page_that_the_router_knows_is_looked_at() -> None:
    known = {
        path
        for room in _app._ROOMS
        for handler in room.ROUTES
        if "GET" in handler.http_methods
        for path in handler.paths
        if not path.endswith(".json")
    }
    assert known - NO_PAGES == {place.route for place in PLACES} - {""}


@dataclass
class Look:
    """What was seen of one page in one language; each list is empty where all is well."""

    troubles: list[str]
    too_wide: list[str]
    unprinted: list[str]
    too_wide_for_paper: list[str]
    barriers: list[Any]


def _look(visitor: Visitor, scheme: str) -> Look:
    page = visitor.page
    too_wide = page.evaluate(_TOO_WIDE, _SCROLLED)
    page.set_viewport_size(_PAPER)
    page.emulate_media(media="print", color_scheme="dark")
    unprinted, too_wide_for_paper = page.evaluate(_UNPRINTED), page.evaluate(_TOO_WIDE)
    troubles = list(visitor.troubles)  # before anything strange comes into the page
    page.set_viewport_size(_WHOLE)
    page.emulate_media(media="screen", color_scheme=scheme)
    page.evaluate(AXE_SCRIPT)
    return Look(troubles, too_wide, unprinted, too_wide_for_paper, page.evaluate(_RUN_AXE, _RULES))


@pytest.fixture(
    scope="package",
    params=product(PLACES, LANGUAGES),
    ids=lambda param: f"{param[0].name}, {param[1]}",
)
def look(gallery: Gallery, request: pytest.FixtureRequest) -> Look:
    """Look at a page once, for all the tests below; colours are the same in all languages."""
    place, language = request.param
    with gallery.shown(place, language, width=_NARROW) as visitor:
        return _look(visitor, "light" if language == "en" else "dark")


def test_a_page_meets_wcag_2_2_aa(look: Look) -> None:
    assert look.barriers == []


def test_a_page_fits_a_screen_of_320_pixels(look: Look) -> None:
    assert look.too_wide == []


def test_a_page_prints_whole_and_in_grey(look: Look) -> None:
    assert look.unprinted == []
    assert look.too_wide_for_paper == []


def test_a_page_breaks_no_policy_and_logs_no_error(look: Look) -> None:
    assert look.troubles == []
