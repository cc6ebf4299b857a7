"""The studio: a pack as text, what the linter says, what it would do to everybody, and publishing.

Simulations run in a process of their own, on the ledger as it lies on the disk, so that nobody's
page waits for them. Publishing is signed by rule-makers' own key files: on the command line, or,
in the demo alone, by the server with theirs.
"""

from typing import Final

from litestar import Response, get, post
from litestar.params import FromPath

from standing import pages as sheets
from standing import policy
from standing.errors import Refused, StandingError
from standing.ledger import Ledger
from standing.ledger.public import PackLine
from standing.packs import successor, with_simulation, written
from standing.policy.simulation import document
from standing.web._people import Person, require
from standing.web._problems import N_, malformed
from standing.web._site import OfSite, Req, Site, see_other

_MOST_TEXT: Final = 400_000
_SUMMARY: Final = "say here in one line what changes"


# --- pages ---------------------------------------------------------------------------------------


@get(["/studio", "/studio.json"])
async def studio(request: Req, site: OfSite) -> Response[bytes]:
    require(site.visit(request).person, "rule-maker")
    packs = await site.ask(Ledger.packs)
    drafts = await site.keep(lambda store: store.drafts())
    facts = {
        "packs": packs,
        "drafts": [{"context": d.context, "author": d.author, "saved": d.saved} for d in drafts],
    }
    return site.show(request, "studio.html", facts, private=True, has_twin=True)


@get("/studio/{context:str}")
async def edit(request: Req, site: OfSite, context: FromPath[str]) -> Response[bytes]:
    person = require(site.visit(request).person, "rule-maker")
    text = await _text_of(site, person, context)
    return await _edit(request, site, context, text)


async def _text_of(site: Site, person: Person, context: str) -> str:
    """Give a rule-maker's own draft, else another's, else the newest pack as text to begin with."""
    drafts = await site.keep(lambda store: store.drafts())
    mine = [d for d in drafts if d.context == context]
    mine.sort(key=lambda draft: draft.author != person.holding.name)
    if mine:
        return mine[0].text
    return await site.ask(lambda ledger: _newest(ledger, context))


def _newest(ledger: Ledger, context: str) -> str:
    """Write what might follow the newest published pack of a context; raises `E-PACK-25`."""
    lines = [line for line in ledger.packs() if line.context == context and line.published]
    name = lines[0].digest if lines else context
    plain = successor(ledger.pack(name), ledger.today, summary=_SUMMARY)
    return written(plain)


async def _edit(
    request: Req, site: Site, context: str, text: str, problem: StandingError | None = None
) -> Response[bytes]:
    findings, unread = await site.ask(lambda ledger: _lint(ledger, text))
    waiting = await site.ask(lambda ledger: _waiting(ledger, context))
    running = site.simulations.of.get(context)
    language = site.visit(request).voice.language
    sections = (
        sheets.simulation_sections(running.result, language)
        if running is not None and running.result is not None
        else ()
    )
    blocked = any(finding.level != "justified" for finding in findings) or unread is not None
    return site.show(
        request, "edit.html", {"context": context}, private=True,
        status=422 if problem is not None else 200, text=text, findings=findings, unread=unread,
        problem=problem, blocked=blocked, running=running, sections=sections, waiting=waiting,
        is_same=running is not None and running.text == text, names=await site.names(),
    )  # fmt: skip


def _lint(ledger: Ledger, text: str) -> tuple[list[policy.Finding], Refused | None]:
    try:
        return ledger.lint(text.encode()), None
    except Refused as problem:
        return [], problem


def _waiting(ledger: Ledger, context: str) -> list[PackLine]:
    """List the packs of a context that one rule-maker has signed and a second has not."""
    return [line for line in ledger.packs() if line.context == context and not line.published]


@post("/studio/{context:str}")
async def save(request: Req, site: OfSite, context: FromPath[str]) -> Response[bytes]:
    """Save a draft; then check it, simulate it, or sign it."""
    person = require(site.visit(request).person, "rule-maker")
    form = await request.form()
    text = str(form.get("text", "")).replace("\r\n", "\n")
    if not 0 < len(text) <= _MOST_TEXT:
        raise malformed(N_("The text of a pack is empty, or too long."))
    await site.ask(lambda ledger: _newest(ledger, context))  # else it is the name of no context
    author = person.holding.name
    await site.keep(lambda store: store.save_draft(context, author, text))
    place = f"/studio/{context}"
    match form.get("do"):
        case "simulate":
            policy.parse_pack(text.encode())  # what does not read cannot be tried
            site.simulations.start(context, text)
            return see_other(f"{place}#simulation")
        case "name":
            await _name_simulation(site, person, context, text)
            return see_other(place)
        case "sign":
            return await _sign(request, site, person, context, text)
        case _:
            return see_other(place)


async def _name_simulation(site: Site, person: Person, context: str, text: str) -> None:
    """Write the newest simulation's digest, and what it showed, into the draft."""
    running = site.simulations.of.get(context)
    pack = policy.parse_pack(text.encode())
    result = running.result if running is not None else None
    if result is None or result.new_rules != policy.rules_digest(pack).hex():
        raise malformed(N_("Simulate this text first: the newest simulation is of other rules."))
    author, named = person.holding.name, with_simulation(pack, result)
    await site.keep(lambda store: store.save_draft(context, author, named))


async def _sign(
    request: Req, site: Site, person: Person, context: str, text: str
) -> Response[bytes]:
    """Sign a pack with the demo's key file; a real rule-maker signs with their own, elsewhere."""
    if not person.is_demo:
        return site.show(request, "publish.html", {"context": context}, private=True, text=text)
    key = site.demo_key(person.session.demo)
    running = site.simulations.of.get(context)
    shown = document(running.result) if running is not None and running.result else None
    try:
        named = policy.parse_pack(text.encode()).change.simulation
        simulation = shown if named else None
        await site.ask(
            lambda ledger: ledger.publish_pack(text.encode(), by=[key], simulation=simulation)
        )
    except Refused as problem:
        return await _edit(request, site, context, text, problem)
    author = person.holding.name
    await site.keep(lambda store: store.drop_draft(context, author))
    return see_other(f"/studio/{context}")


@post("/studio/{context:str}/second/{digest:str}")
async def second(
    request: Req, site: OfSite, context: FromPath[str], digest: FromPath[str]
) -> Response[bytes]:
    """Put the second signature under a pack that another rule-maker has signed."""
    person = require(site.visit(request).person, "rule-maker")
    if not person.is_demo:
        raise malformed(N_("Sign with your own key file, on the command line."))
    key = site.demo_key(person.session.demo)

    def sign(ledger: Ledger) -> None:
        data = policy.canonical(ledger.pack(digest))
        ledger.publish_pack(data, by=[key])

    await site.ask(sign)
    return see_other(f"/studio/{context}")


ROUTES: Final = (studio, edit, save, second)
