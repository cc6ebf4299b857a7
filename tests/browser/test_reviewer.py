"""A reviewer's way: a key of their own, what waits, what the sides say, and a ruling."""

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import expect

from standing.wire.keys import load_key_file
from tests.browser.steps import contest, rule
from tests.browser.visitor import Visitor
from tests.support import CONTEXT, UNTIL
from tests.unit.web.support import Served

Visit = Callable[..., Visitor]


def accredit(served: Served, file: Path) -> None:
    """Do what an operator does with the public half that a reviewer handed in."""
    city = served.town.keys["city"]
    key = load_key_file(file).public
    served.do(
        lambda ledger: ledger.accredit(
            key, role="reviewer", name="third", employer="third house", until=UNTIL, by=city,
            contexts=[CONTEXT],
        )
    )  # fmt: skip


def test_a_reviewer_with_a_passkey_reads_everything_and_rules_with_reasons(
    town: Served, visit: Visit, tmp_path: Path
) -> None:
    subject = visit("person-0")
    subject.go(f"/subject/in/{CONTEXT}")
    subject.main.get_by_role("link", name="Contest", exact=True).first.click()
    contest(subject, sign="Sign")

    reviewer = visit()
    page = reviewer.page
    reviewer.add_passkeys()
    reviewer.go("/signin/new")
    reviewer.click("Make a passkey for an organisation")
    expect(reviewer.main).to_contain_text("stands for nobody here today")
    with page.expect_download() as taken:
        reviewer.click("Take the public half")
    half = tmp_path / "key.pub"
    taken.value.save_as(half)
    accredit(town, half)

    page.get_by_role("link", name="Your page").click()
    expect(reviewer.heading).to_contain_text("Your desk")
    expect(page.get_by_role("heading", name="1 case waits")).to_be_visible()
    line = reviewer.main.get_by_role("article")
    expect(line).to_contain_text("reviewer: rule")
    line.get_by_role("link", name="Open").click()
    expect(reviewer.main).to_contain_text("I had a ticket.")

    reviewer.click("Rule")  # nothing was opened yet
    page.get_by_role("radio", name="annul: it never counted").check()
    page.get_by_label("The reasons, in full").fill("The ticket shows that it was paid.")
    reviewer.click("Check, then sign")
    expect(page.get_by_role("alert")).to_contain_text("everything in the case was opened")
    expect(page.get_by_label("The reasons, in full")).to_have_value(
        "The ticket shows that it was paid."
    )
    reviewer.click("Back")
    rule(reviewer, sign="Sign with my passkey")

    reviewer.go("/review")
    expect(reviewer.main).to_contain_text("Nothing.")
    subject.page.reload()
    expect(subject.main).to_contain_text("The ticket shows that it was paid.")
