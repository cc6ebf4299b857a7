"""The tutorials of docs/tutorials, played: each step that a page tells its reader to take.

Renews their pictures with `make shots ARGS=--tutorials`; a test plays them without.
"""

import tempfile
from collections.abc import Callable
from pathlib import Path

from standing.wire.days import format_day
from tests.browser import chromium
from tests.browser.guide import Guide
from tests.browser.scene import served_demo

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "tutorials"
PEOPLE = 2000
"""As many as in `make demo`, whose people are then the ones that the tutorials name."""
_LINTED_CHANGE = ("points: -40", "points: -50")


def public(guide: Guide) -> None:
    guide.go("/")
    guide.picture("public-home")
    guide.click("The public log")
    guide.see("Held by others, too")
    guide.unfold("What was checked, and what cannot be")
    guide.see("history")
    guide.picture("public-log", guide.visitor.page.get_by_role("heading", name="Verification"))
    guide.fill("Find an entry by its number or its statement's hash", "12")
    guide.click("Find")
    guide.picture("public-proof", guide.see("Proof that it stands in the log"))
    receipt = guide.take("COSE receipt")
    guide.click("standing")
    guide.click("Check a receipt or a proof")
    guide.bring("The file", "entry-12.cose", receipt)
    guide.click("Check")
    guide.see("It holds")
    guide.picture("public-receipt")
    guide.click("Rules")
    guide.go("/log/packs/rail/1")
    guide.see("What may follow")
    guide.picture("public-rules", guide.see("What is recorded"))
    guide.click("Contests in numbers")
    guide.see("How each reviewer decides")


def subject(guide: Guide) -> None:
    guide.enter("resident-11")
    guide.see("What happened")
    guide.picture("subject-page")
    guide.click("Driving on public roads")
    guide.see("Everybody starts at 1,000")
    guide.picture("subject-score")
    guide.unfold("Who saw this")
    guide.picture("subject-record", guide.visitor.main.locator("article.contested"))
    guide.click("Its case")
    guide.see("by itself: lapsed")
    guide.picture("subject-case")

    guide.enter("resident-07")
    guide.click("Restaurant and hotel bookings")
    guide.click("Contest")
    guide.choose("It is wrong: it was not so")
    guide.picture("subject-ground")
    guide.click("Go on")
    guide.fill(
        "What happened, and what should be so instead?",
        "I called two days before, and was told that it was fine.",
    )
    guide.click("Go on")
    guide.bring("Files", "calls.txt", b"the list of my calls")
    guide.click("Check your answers")
    guide.picture("subject-check")
    guide.click("Sign")
    guide.see("set aside")
    guide.click("Your page")
    guide.click("Metro and bus")
    guide.click("What if …")
    guide.fill("how often", "3")
    guide.select("Act", "−6 Eating banned")
    guide.click("Work it out")
    guide.click("Back")
    guide.click("Withdraw")
    guide.picture("subject-withdraw")
    guide.click("Check, then sign")
    guide.click("Sign")
    guide.see("without a live consent nobody is scored")
    guide.click("Your page")
    guide.take("As a page")
    guide.click("Leave")
    guide.see("Everything, and my place here")
    guide.choose("Only Restaurant and hotel bookings")
    guide.choose("I am sure")
    guide.click("Erase")


def issuer(guide: Guide) -> None:
    guide.enter("road-police")
    guide.see("What waits for you")
    guide.picture("issuer-page")
    guide.click("Open")
    guide.click("Answer")
    guide.fill(
        "In your own words", "The camera was checked the day before; the picture is in the file."
    )
    guide.click("Check, then sign")
    guide.click("Sign")
    guide.see("The camera was checked the day before")
    guide.click("Your page")
    guide.click("Upload a file")
    day = format_day(guide.day - 1)
    head = "id,reference,type,day,basis,signer,hours\n"
    row = "row-1,road-police-000010,road.safety-course,{day},{basis},officer-3,{hours}\n"
    empty = head + row.format(day=day, basis="", hours=6)
    guide.bring("The file: CSV or Parquet", "rows.csv", empty.encode())
    guide.click("Check and sign")
    guide.see("nothing was written")
    guide.picture("issuer-refused")
    whole = head + row.format(day=day, basis="course 7 of the driving school", hours=6)
    guide.bring("The file: CSV or Parquet", "rows.csv", whole.encode())
    told = guide.visitor.page.get_by_label("The map: which column is what").input_value()
    guide.fill("The map: which column is what", f'{told}\n[details]\nhours = "hours"\n')
    guide.click("Check and sign")
    guide.see("1 row was taken.")
    guide.picture("issuer-taken")


def reviewer(guide: Guide) -> None:
    guide.enter("review-board")
    guide.see("What waits for you")
    guide.picture("reviewer-desk")
    guide.click("Open")
    guide.see("What was said")
    guide.picture("reviewer-case")
    guide.click("Rule")
    guide.choose("annul: it never counted")
    guide.fill(
        "The reasons, in full",
        "They were somewhere else, and the camera's picture shows another car.",
    )
    guide.picture("reviewer-ruling")
    guide.click("Check, then sign")
    guide.see("What was opened")
    guide.click("Sign")
    guide.see("closed")
    guide.click("Contests in numbers")


def relying_party(guide: Guide) -> None:
    guide.enter("car-share")
    guide.choose("Book a shared car")
    guide.fill("Transaction", "booking-90001")
    guide.fill("Or the reference that you know them by", "road-police-000010")
    guide.click("Ask")
    guide.see("Under the root")
    guide.picture("relying-party-answer")
    guide.unfold("The signed answer")
    guide.fill("Transaction", "booking-90002")
    guide.fill("Or the reference that you know them by", "nobody-we-know")
    guide.click("Ask")
    guide.see("clear")

    guide.enter("resident-11")
    guide.click("Driving on public roads")
    guide.see("booking-90001")
    guide.click("Let one party ask once")
    guide.choose("car-share: Book a shared car")
    guide.click("Check, then sign")
    guide.click("Sign")
    guide.picture("relying-party-code")
    guide.unfold("The code as text")
    code = guide.visitor.page.locator("[data-copy]").first.get_attribute("data-copy") or ""

    guide.enter("car-share")
    guide.choose("Book a shared car")
    guide.fill("Transaction", "booking-90003")
    guide.fill("Their code, made for you", code)
    guide.click("Ask")
    guide.see("Under the root")


def rule_maker(guide: Guide) -> None:
    guide.enter("council")
    guide.picture("rule-maker-studio")
    guide.click("Long-distance rail")
    pack = guide.visitor.page.get_by_label("The pack")
    before = pack.input_value()
    guide.fill("The pack", before.replace("points: -40", "points: -900", 1))
    guide.click("Save and check")
    guide.see("Got: -900")
    guide.picture("rule-maker-linter")
    guide.fill(
        "The pack",
        before.replace(*_LINTED_CHANGE, 1).replace(
            "say here in one sentence", "smoking weighs more, said"
        ),
    )
    guide.click("Save and check")
    guide.click("Simulate on everybody")
    guide.see("Who falls, who rises")
    guide.picture("rule-maker-simulation", guide.visitor.page.locator("#simulation"))
    guide.click("Name the simulation")
    guide.click("Sign and publish")
    guide.see("Version 2 waits for the second signature")

    guide.enter("consumer-union")
    guide.click("Long-distance rail")
    guide.picture("rule-maker-second")
    guide.click("Sign as the second")
    guide.click("Rules")
    guide.click("with version 1")
    guide.see("harsher")
    guide.picture("rule-maker-diff")


TUTORIALS: dict[str, Callable[[Guide], None]] = {
    "public": public,
    "subject": subject,
    "issuer": issuer,
    "reviewer": reviewer,
    "relying-party": relying_party,
    "rule-maker": rule_maker,
}
"""In an order in which one city can live through all of them."""


def renew() -> str:
    """Take every picture again."""
    found = chromium.find()
    if found is None:
        return f"No pictures: {chromium.missing()}. To take them: {chromium.HOW}."
    folder = FOLDER / "pictures"
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.png"):
        old.unlink()
    with (
        chromium.running(found) as browser,
        tempfile.TemporaryDirectory() as made,
        served_demo(Path(made), PEOPLE) as scene,
    ):
        for play in TUTORIALS.values():
            guide = Guide(browser, scene, folder)
            play(guide)
            guide.close()
    taken = sorted(folder.glob("*.png"))
    size = sum(file.stat().st_size for file in taken)
    return f"{len(taken)} pictures, {size:,} bytes: {folder}"
