"""Without a mouse: everything is reached by Tab, and one sees where one is."""

from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.visitor import Visitor
from tests.support import CONTEXT
from tests.unit.web.support import Served

Visit = Callable[..., Visitor]
_MOST_STOPS = 150
_WHERE = """() => {
  const found = document.activeElement, look = getComputedStyle(found);
  const box = found.getBoundingClientRect();
  const said = found.labels?.[0]?.innerText || found.getAttribute("aria-label") || found.innerText;
  return {
    said: (said || "").trim(),
    isBody: found === document.body,
    isSeen: parseFloat(look.outlineWidth) >= 2 && look.outlineStyle !== "none"
      && box.right > 0 && box.bottom > 0 && box.left < innerWidth && box.top < innerHeight,
  };
}"""


def tab_to(visitor: Visitor, said: str) -> None:
    """Press Tab until what is called so has the focus; it is always seen what has it."""
    for _ in range(_MOST_STOPS):
        visitor.page.keyboard.press("Tab")
        stop = visitor.page.evaluate(_WHERE)
        assert stop["isSeen"] or stop["isBody"], f"{stop['said']!r} does not show the focus"
        if stop["said"] == said:
            return
    raise AssertionError(f"Tab never reaches {said!r} on {visitor.page.url}")


def press(visitor: Visitor, said: str, key: str = "Enter") -> None:
    tab_to(visitor, said)
    visitor.page.keyboard.press(key)


def follow(visitor: Visitor, said: str) -> None:
    tab_to(visitor, said)
    with visitor.page.expect_navigation():
        visitor.page.keyboard.press("Enter")


def test_the_first_stop_of_a_page_leads_past_its_head(visit: Visit) -> None:
    anybody = visit()
    anybody.go("/log")
    anybody.page.keyboard.press("Tab")
    first = anybody.page.get_by_role("link", name="To the page's content")
    expect(first).to_be_focused()
    expect(first).to_be_in_viewport()
    anybody.page.keyboard.press("Enter")
    expect(anybody.main).to_be_focused()
    anybody.page.keyboard.press("Tab")
    assert anybody.page.evaluate("document.activeElement.closest('main') !== null")


def test_what_unfolds_and_what_scrolls_is_reached_without_a_mouse(visit: Visit) -> None:
    anybody = visit()
    anybody.go(f"/log/packs/{CONTEXT}/1")
    table = anybody.page.get_by_role("region", name="What one record weighs, by its age in days")
    expect(table).to_be_hidden()
    press(anybody, "The same as a table")
    expect(table).to_be_visible()
    tab_to(anybody, "What one record weighs, by its age in days")


def test_a_record_is_contested_without_a_mouse(town: Served, visit: Visit) -> None:
    subject = visit()
    keyboard = subject.page.keyboard
    subject.go(town.link("person-0"))
    press(subject, "To the page's content")
    follow(subject, "Sign in")
    follow(subject, "Transit")
    follow(subject, "Contest")

    expect(subject.heading).to_have_text("What is wrong?")
    press(subject, "It is wrong: it was not so", "Space")
    follow(subject, "Go on")
    tab_to(subject, "What happened, and what should be so instead?")
    keyboard.type("I had a ticket.")
    follow(subject, "Go on")
    expect(subject.heading).to_have_text("What shows it?")
    follow(subject, "Check your answers")
    expect(subject.heading).to_have_text("Check your answers")
    follow(subject, "Sign")
    expect(subject.main).to_contain_text("by itself: lapsed")


def test_a_switch_of_language_keeps_the_page_and_what_was_said(visit: Visit) -> None:
    subject = visit("person-0")
    subject.go(f"/subject/in/{CONTEXT}")
    subject.main.get_by_role("link", name="Contest", exact=True).first.click()
    subject.page.get_by_role("radio", name="It is wrong: it was not so").check()
    subject.click("Go on")
    subject.page.get_by_label("What happened").fill("I had a ticket.")
    subject.click("Go on")
    place = subject.page.url
    follow(subject, "简体中文")
    expect(subject.page.locator("html")).to_have_attribute("lang", "zh-Hans")
    assert subject.page.url == place
    subject.go(place.removeprefix(subject.url).replace("/evidence", "/words"))
    expect(subject.page.locator("#words")).to_have_value("I had a ticket.")
    follow(subject, "English")
    expect(subject.heading).to_have_text("In your own words")
