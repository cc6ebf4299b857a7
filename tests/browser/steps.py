"""Steps that several journeys have in common, as their visitors take them."""

from playwright.sync_api import Page, expect

from standing.wire.days import format_day
from standing.wire.keys import PublicKey, parse_key_file
from tests.browser.visitor import Visitor
from tests.support import ADULT_SINCE, CONTEXT, NOTICE_DAYS, TODAY, row
from tests.unit.web.support import Served

NOW = TODAY + 20
"""The day on which a town is served."""
CARD = "card-9"
TICKET = {"name": "ticket.txt", "mimeType": "text/plain", "buffer": b"a ticket"}


def enrol(visitor: Visitor) -> None:
    """Make a passkey for oneself."""
    visitor.add_passkeys()
    visitor.go("/signin/new")
    visitor.click("Make a passkey for myself")
    expect(visitor.heading).to_have_text("Your page")


def agree(visitor: Visitor, days: int = 365) -> None:
    """Read what taking part means, and sign it with the passkey."""
    visitor.go(f"/subject/consent/{CONTEXT}")
    visitor.page.get_by_role("checkbox", name="Ride").check()
    visitor.page.get_by_role("checkbox", name="metro").check()
    visitor.page.get_by_role("radio", name=f"{days} days").check()
    visitor.click("Check, then sign")
    expect(visitor.heading).to_have_text("Agree to be recorded")
    visitor.click("Sign with my passkey")
    expect(visitor.heading).to_have_text("Transit")


def key_of(visitor: Visitor) -> PublicKey:
    """Give the public half of the key that a visitor is signed in with, as an operator gets it."""
    answer = visitor.page.request.get(f"{visitor.url}/me/key.pub")
    return parse_key_file(answer.body(), where=answer.url).public


def record_ride(served: Served, subject: Visitor) -> None:
    """Let the registry attest a subject's age, and the issuer record a ride of theirs."""
    town, key = served.town, key_of(subject)
    served.do(lambda ledger: ledger.attest_adult(key, ADULT_SINCE, by=town.keys["registry"].key))
    name = served.do(lambda ledger: ledger.mine(key, CONTEXT).subject)
    served.do(lambda _: town.link(name, CARD))
    ride = row(99, id="ride-99", card=CARD, type="fare-unpaid", day=format_day(NOW), zones="")
    assert served.do(lambda _: town.import_rows([ride])).records == 1
    town.move_to(NOW + NOTICE_DAYS + 1)


def score(page: Page) -> int:
    """Read the score off a subject's page of a context."""
    return int(page.locator("p.score").first.inner_text().split()[0].replace(",", ""))


def contest(visitor: Visitor, sign: str = "Sign with my passkey") -> None:
    """Contest what the open page is about, in four steps, with a file; ends on the case's page."""
    page = visitor.page
    expect(visitor.heading).to_have_text("What is wrong?")
    page.get_by_role("radio", name="It is wrong: it was not so").check()
    visitor.click("Go on")
    page.get_by_label("What happened").fill("I had a ticket.")
    visitor.click("Go on")
    page.get_by_label("Files").set_input_files([TICKET])
    visitor.click("Check your answers")
    expect(visitor.heading).to_have_text("Check your answers")
    expect(visitor.main).to_contain_text("I had a ticket.")
    expect(visitor.main).to_contain_text("ticket.txt")
    visitor.click(sign)
    expect(visitor.main).to_contain_text("by itself: lapsed")


def rule(visitor: Visitor, sign: str = "Sign") -> None:
    """Open the evidence of the case on the open page, and annul what it is about."""
    with visitor.page.expect_download():
        visitor.click("ticket.txt")
    visitor.click("Rule")
    visitor.page.get_by_role("radio", name="annul: it never counted").check()
    visitor.page.get_by_label("The reasons, in full").fill("The ticket shows that it was paid.")
    visitor.click("Check, then sign")
    visitor.click(sign)
    expect(visitor.main).to_contain_text("closed")


def withdraw(visitor: Visitor, signatures: int = 1, sign: str = "Sign with my passkey") -> None:
    """Stop from the page of the context, under as many signatures as there are live consents."""
    visitor.page.locator("#consents").get_by_role("link", name="Withdraw").first.click()
    visitor.click("Check, then sign")
    for number in range(1, signatures + 1):
        if signatures > 1:
            expect(visitor.main).to_contain_text(f"Signature {number} of {signatures}")
        visitor.click(sign)
    expect(visitor.main).to_contain_text("without a live consent nobody is scored")
