"""A subject's way through the pages, with a passkey on their own device."""

from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.steps import agree, contest, enrol, record_ride, rule, score, withdraw
from tests.browser.visitor import Visitor
from tests.support import CONTEXT
from tests.unit.web.support import Served

Visit = Callable[..., Visitor]
MINE = f"/subject/in/{CONTEXT}"


def test_a_subject_enrols_agrees_is_recorded_is_heard_stops_and_leaves(
    town: Served, visit: Visit
) -> None:
    subject = visit()
    page = subject.page
    enrol(subject)
    agree(subject)
    expect(page.locator("p.score")).to_contain_text("1,000")

    record_ride(town, subject)
    subject.go(MINE)
    assert score(page) == 950
    card = page.get_by_role("article", name="Fare unpaid")
    expect(card).to_contain_text("−50")
    expect(card.get_by_text("Who saw this")).to_be_visible()
    card.get_by_role("link", name="Contest").click()
    contest(subject)
    case = page.url

    subject.go(MINE)
    assert score(page) == 1000  # set aside from the moment of filing
    expect(card).to_contain_text("contested")

    reviewer = visit("first")
    reviewer.page.goto(case)
    rule(reviewer)

    page.goto(case)
    expect(subject.main).to_contain_text("The ticket shows that it was paid.")
    subject.go(MINE)
    assert score(page) == 1000
    expect(card).to_contain_text("annulled")

    withdraw(subject)
    subject.go("/subject/leave")
    page.get_by_role("checkbox", name="I am sure").check()
    subject.click("Erase")
    expect(subject.heading).to_have_text("You have left")
    subject.go("/subject")
    expect(subject.heading).to_have_text("Sign in")


def test_a_subject_who_agreed_twice_stops_with_one_signature_after_the_other(visit: Visit) -> None:
    subject = visit()
    enrol(subject)
    agree(subject, 90)
    agree(subject, 365)
    withdraw(subject, signatures=2)
    subject.go(MINE)
    expect(subject.page.locator("#consents").get_by_text("live", exact=True)).to_have_count(0)


def test_a_subject_signs_out_and_in_again_with_the_same_passkey(visit: Visit) -> None:
    subject = visit()
    enrol(subject)
    subject.page.get_by_role("button", name="Sign out").click()
    subject.go("/subject")
    expect(subject.heading).to_have_text("Sign in")
    subject.click("Sign in with a passkey")
    expect(subject.heading).to_have_text("Your page")
    assert subject.page.url.endswith("/subject")


def test_a_device_without_a_passkey_of_this_site_is_told_so(visit: Visit) -> None:
    stranger = visit()
    stranger.add_passkeys()
    stranger.go("/signin")
    stranger.click("Sign in with a passkey")
    expect(stranger.page.get_by_role("alert")).to_contain_text("The passkey was not used.")
