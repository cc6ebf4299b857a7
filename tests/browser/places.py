"""Every page that there is: its route, who opens it, where, and what is done on it to see it.

A test holds the routes of this table against the router's: a page that is not in it is not tested.
"""

from collections.abc import Callable
from dataclasses import dataclass

from tests.browser.steps import TICKET
from tests.browser.visitor import Visitor

Act = Callable[[Visitor], None]


@dataclass(frozen=True)
class Place:
    """A page as somebody sees it. Names of the scene stand in braces.

    `who`: whose demo key signs in, nobody's where it is empty; `+ROLE`: somebody with a passkey and
    that role, or none. `act`: leads on from the address.
    """

    route: str
    path: str
    who: str = ""
    act: Act | None = None
    state: str = ""

    @property
    def name(self) -> str:
        return f"{self.route} {self.state}".strip()


# --- what is done on a page to see another state of it -------------------------------------------


def _send(visitor: Visitor) -> None:
    """Send the page's own form as it stands."""
    visitor.send(visitor.main.locator("form button").first)


def _check_a_receipt(visitor: Visitor) -> None:
    receipt = visitor.page.request.get(f"{visitor.url}/log/entries/3/receipt").body()
    file = {"name": "receipt", "mimeType": "application/cose", "buffer": receipt}
    visitor.page.locator("input[type=file]").set_input_files([file])
    _send(visitor)


def _choose_a_ground(visitor: Visitor) -> None:
    visitor.page.locator("#g-not-me").check()
    _send(visitor)


def _say_it(visitor: Visitor) -> None:
    _choose_a_ground(visitor)
    visitor.page.locator("#words").fill("I was at work all day, and lent nobody my card.")
    visitor.page.locator("#last_use").fill("2026-01-31")
    _send(visitor)


def _add_a_file(visitor: Visitor) -> None:
    _say_it(visitor)
    if not visitor.page.locator("ul.files").count():  # it is kept with the session
        visitor.page.locator("#files").set_input_files([TICKET])
        visitor.send(visitor.page.locator("button[name=add]"))


def _check_answers(visitor: Visitor) -> None:
    _add_a_file(visitor)
    visitor.send(visitor.page.locator("main form:not(.plain) button:not([name])"))


def _agree(visitor: Visitor) -> None:
    for name in ("purposes", "issuers"):
        visitor.page.locator(f"input[name={name}]").first.check()
    _send(visitor)


def _rule(visitor: Visitor) -> None:
    visitor.page.locator("#f-outcome-annul").check()
    visitor.page.locator("#f-reasons").fill("The letter shows it.")
    _send(visitor)


def _make_a_code(visitor: Visitor) -> None:
    visitor.page.locator("input[name=for]").first.check()
    _send(visitor)
    _send(visitor)


def _bring_bad_rows(visitor: Visitor) -> None:
    rows = b"reference,type,day,basis,signer,id\ncard-1,flying,2026-02-30,,,1\ncard-2,,,,,2\n"
    file = {"name": "rows.csv", "mimeType": "text/csv", "buffer": rows}
    visitor.page.locator("input[type=file]").set_input_files([file])
    _send(visitor)


def _ask_about_nobody(visitor: Visitor) -> None:
    visitor.page.locator("input[name=for]").first.check()
    visitor.page.locator("#transaction").fill(f"trip {id(visitor)}")
    visitor.page.locator("#reference").fill("nobody that is known")
    _send(visitor)


def _write_nonsense(visitor: Visitor) -> None:
    visitor.page.locator("#text").fill("format: nothing\n")
    _send(visitor)


def _publish(visitor: Visitor) -> None:
    visitor.send(visitor.page.locator("button[value=sign]"))


# --- the table -----------------------------------------------------------------------------------

CONTEST = "/subject/contest/{context:str}/{record:str}/{step:str}"
_CONTEST = "/subject/contest/{where}/{record}"
OPENING = "/open/{context:str}/{lifecycle:str}/{event:str}"
STEP = "/cases/{name:str}/{event:str}"

PLACES = (
    # everybody's
    Place("/", "/"),
    Place("/log", "/log"),
    Place("/log/growth", "/log/growth"),
    Place("/log/entries", "/log/entries"),
    Place("/log/entries/{which:str}", "/log/entries/12"),
    Place("/log/check", "/log/check"),
    Place("/log/check", "/log/check", act=_check_a_receipt, state="holds"),
    Place("/log/roll", "/log/roll"),
    Place("/log/packs", "/log/packs"),
    Place("/log/packs/{context:str}/{version:str}", "/log/packs/rail/1"),
    Place("/log/packs/{context:str}/{version:str}", "/log/packs/food-hygiene/1", state="register"),
    Place("/log/packs/{context:str}/{old:str}/{new:str}", "/log/packs/rail/1/2"),
    Place("/log/contests", "/log/contests"),
    Place("/log/verification", "/log/verification"),
    Place("/signin", "/signin"),
    Place("/signin/new", "/signin/new"),
    Place("/link/{token:str}", "/link/{token}"),
    Place("/left", "/left"),
    Place("", "/nowhere", state="an error"),
    # a subject's
    Place("/subject", "/subject", "{contested}"),
    Place("/subject/inbox", "/subject/inbox", "{contested}"),
    Place("/subject/in/{context:str}", "/subject/in/{in}", "{contested}", state="contested"),
    Place("/subject/in/{context:str}", "/subject/in/rail", "{refused}", state="restricted"),
    Place("/subject/in/{context:str}/what-if", "/subject/in/{where}/what-if", "{burdened}"),
    Place(
        "/subject/in/{context:str}/what-if",
        "/subject/in/{where}/what-if?without={record}",
        "{burdened}",
        state="worked out",
    ),
    Place("/subject/consent/{context:str}", "/subject/consent/rail", "{winner}", state="new"),
    Place("/subject/consent/{context:str}", "/subject/consent/{where}", "{burdened}"),
    Place(
        "/subject/consent/{context:str}",
        "/subject/consent/{where}",
        "{burdened}",
        _send,
        "nothing changed",
    ),
    Place("/subject/withdraw/{context:str}", "/subject/withdraw/{in}", "{contested}"),
    Place("/subject/leave", "/subject/leave", "{contested}"),
    Place("/subject/present/{context:str}", "/subject/present/{at}", "{asked}"),
    Place("/subject/code/{name:str}", "/subject/present/{at}", "{asked}", _make_a_code),
    Place(CONTEST, f"{_CONTEST}/ground", "{burdened}", state="ground"),
    Place(CONTEST, f"{_CONTEST}/ground", "{burdened}", _choose_a_ground, "words"),
    Place(CONTEST, f"{_CONTEST}/ground", "{burdened}", _add_a_file, "evidence"),
    Place("/sign/{name:str}", f"{_CONTEST}/ground", "{burdened}", _check_answers),
    Place("/cases/{name:str}", "/cases/{won}", "{winner}", state="won"),
    Place("/cases/{name:str}", "/cases/{restricted}", "{refused}", state="restricted"),
    Place(STEP, "/cases/{running}/add", "{contested}", state="add"),
    Place(STEP, "/cases/{restricted}/object", "{refused}", state="object"),
    Place(STEP, "/cases/{restricted}/hardship", "{refused}", state="hardship"),
    Place(OPENING, "/open/{where}/contest/file", "{burdened}", state="contest"),
    Place(OPENING, "/open/{where}/reply/reply?record={record}", "{burdened}", state="reply"),
    Place(OPENING, "/open/-/mandate/give", "{burdened}", state="mandate"),
    Place(OPENING, "/open/-/second-key/register", "{burdened}", state="second key"),
    Place(OPENING, "/open/-/contact/set", "{burdened}", state="contact"),
    Place(OPENING, "/open/{where}/hold/hold", "{burdened}", state="hold"),
    Place("/again", "/again?next=/subject/leave", "{burdened}"),
    Place("/subject", "/subject", "+subject", state="a newcomer's"),
    Place("/again", "/again?next=/subject/leave", "+subject", state="with a passkey"),
    Place("/sign/{name:str}", "/subject/consent/rail", "+subject", _agree, "with a passkey"),
    # a reviewer's
    Place("/review", "/review", "review-board"),
    Place("/cases/{name:str}", "/cases/{running}", "review-board", state="to rule"),
    Place(STEP, "/cases/{running}/rule", "review-board", state="rule"),
    Place(STEP, "/cases/{running}/rule", "review-board", _rule, "rule, to sign"),
    # an organisation's
    Place("/issuer", "/issuer", "{issuer}"),
    Place("/issuer/rows", "/issuer/rows", "{issuer}"),
    Place("/issuer/rows", "/issuer/rows", "{issuer}", _bring_bad_rows, "refused"),
    Place(STEP, "/cases/{running}/answer", "{issuer}", state="answer"),
    Place("/ask", "/ask", "rail-operator"),
    Place("/ask", "/ask", "rail-operator", _ask_about_nobody, "answered"),
    Place("/desk", "/desk", "library-desk"),
    Place("/desk/stopped", "/desk/stopped", "library-desk"),
    Place("/issuer/rows", "/issuer/rows", "+issuer", state="with a passkey"),
    Place("/ask", "/ask", "+relying-party", state="with a passkey"),
    Place("/me", "/me", "oversight"),
    Place("/me", "/me", "+", state="stands for nobody"),
    # a rule-maker's
    Place("/studio", "/studio", "council"),
    Place("/studio/{context:str}", "/studio/air", "council", _send),
    Place("/studio/{context:str}", "/studio/transit", "consumer-union", state="second signature"),
    Place("/studio/{context:str}", "/studio/road", "council", _write_nonsense, "unread"),
    Place("/studio/{context:str}", "/studio/recycling", "+rule-maker", _publish, "to publish"),
)
"""Every page, in the order in which somebody may look through them."""

NO_PAGES = frozenset({
    "/healthz", "/metrics", "/log/trust.json", "/me/key.pub", "/log/find",
    "/log/entries/{which:str}/tlog-proof", "/log/entries/{which:str}/receipt",
    "/cases/{name:str}/files/{leaf:str}", "/subject/everything.html", "/subject/everything.pdf",
})  # fmt: skip
"""What answers with a file, a line or another address; `.json` and `/api` go without saying."""
