"""The rule-makers' way: a change, what the linter and a simulation say of it, two signatures."""

from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.visitor import Visitor
from tests.support import CONTEXT

Visit = Callable[..., Visitor]
_SIMULATION_MS = 60_000


def test_two_rule_makers_change_a_pack_see_what_it_does_and_publish_it_on_a_date(
    visit: Visit,
) -> None:
    ann = visit("ann")
    ann.go("/studio")
    ann.click("Transit")
    text, findings = (
        ann.page.get_by_label("The pack"),
        ann.main.get_by_role("region", name="What the linter says"),
    )
    before = text.input_value()
    text.fill(before.replace("points: -50", "points: -900"))
    ann.click("Save and check")
    expect(findings).to_contain_text("Got: -900")

    after = before.replace("points: -50", "points: -40").replace(
        "force: '2025-11-03'", "force: '2026-11-03'"
    )
    text.fill(after)
    ann.click("Save and check")
    expect(text).to_have_value(after)
    expect(findings).to_contain_text("L38")  # no simulation is named yet
    ann.click("Simulate on everybody")
    expect(ann.main).to_contain_text("Who falls, who rises", timeout=_SIMULATION_MS)
    ann.click("Name the simulation")
    expect(findings).not_to_contain_text("L38")
    ann.click("Sign and publish")
    expect(ann.main).to_contain_text("Version 2 waits for the second signature")
    expect(ann.main).to_contain_text("Signed by ann; in force from 3 November 2026.")

    ben = visit("ben")
    ben.go(f"/studio/{CONTEXT}")
    expect(ben.main).to_contain_text("Signed by ann")
    ben.click("Sign as the second")
    expect(ben.main).not_to_contain_text("waits for the second signature")

    anybody = visit()
    anybody.go("/log/packs")
    anybody.click("with version 1")
    expect(anybody.main).to_contain_text("the newer from 3 November 2026")
    expect(anybody.main).to_contain_text("milder")
