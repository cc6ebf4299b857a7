"""The studio: a pack as text, what the linter says, what it would do to everybody, and publishing.

Simulations run in a process of their own, on the ledger as it lies on the disk, so that nobody's
page waits for them. Publishing is signed by rule-makers' own key files: on the command line, or,
in the demo alone, by the server with theirs.
"""

from typing import Final

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from standing import pages as sheets
from standing import policy
from standing.errors import Refused, StandingError
from standing.interface import DraftLine, PackDraft, ProblemDetails
from standing.ledger import Ledger
from standing.packs import successor, with_simulation, written
from standing.policy.simulation import document
from standing.web._people import Person, require
from standing.web._problems import N_, malformed, problem_of
from standing.web._site import OfSite, Req, Site, see_other

MOST_TEXT: Final = 400_000
_SUMMARY: Final = "say here in one line what changes"


# --- pages ---------------------------------------------------------------------------------------


@get(["/studio", "/studio.json"])
async def studio(request: Req, site: OfSite) -> Response[bytes]:
    require(site.visit(request).person, "rule-maker")
    packs = await site.ask(Ledger.packs)
    facts = {"packs": packs, "drafts": await draft_lines(site)}
    return site.show(request, "studio.html", facts, private=True, has_twin=True)


async def draft_lines(site: Site) -> list[DraftLine]:
    """List every rule-maker's drafts."""
    drafts = await site.keep(lambda store: store.drafts())
    return [DraftLine(context=d.context, author=d.author, saved=d.saved) for d in drafts]


@get("/studio/{context:str}")
async def edit(request: Req, site: OfSite, context: FromPath[str]) -> Response[bytes]:
    person = require(site.visit(request).person, "rule-maker")
    draft = await draft_of(site, person, context)
    return await _edit(request, site, context, draft.text)


async def draft_of(site: Site, person: Person, context: str) -> PackDraft:
    """Give a rule-maker's own draft, else another's, else the newest pack as text to begin with."""
    drafts = await site.keep(lambda store: store.drafts())
    mine = [d for d in drafts if d.context == context]
    mine.sort(key=lambda draft: draft.author != person.holding.name)
    text = mine[0].text if mine else await site.ask(lambda ledger: _newest(ledger, context))
    return await read_draft(site, context, text)


async def read_draft(site: Site, context: str, text: str) -> PackDraft:
    """Tell what the linter says of a text, and what of its context waits for a second signature."""
    return await site.ask(lambda ledger: _read(ledger, context, text))


def _read(ledger: Ledger, context: str, text: str) -> PackDraft:
    try:
        findings, unread = tuple(ledger.lint(text.encode())), None
    except Refused as problem:
        findings, unread = (), msgspec.convert(problem_of(problem).as_dict(), ProblemDetails)
    lines = ledger.packs()
    return PackDraft(
        context=context,
        text=text,
        findings=findings,
        unread=unread,
        waiting=tuple(one for one in lines if one.context == context and not one.published),
    )


def _newest(ledger: Ledger, context: str) -> str:
    """Write what might follow the newest published pack of a context; raises `E-PACK-25`."""
    lines = [line for line in ledger.packs() if line.context == context and line.published]
    name = lines[0].digest if lines else context
    plain = successor(ledger.pack(name), ledger.today, summary=_SUMMARY)
    return written(plain)


async def start_simulation(site: Site, context: str, text: str) -> None:
    """Begin to simulate a pack; raises `E-PACK-25` for no context, or what it does not read by."""
    await _check_context(site, context)
    policy.parse_pack(text.encode())  # what does not read cannot be tried
    site.simulations.start(context, text)


async def _check_context(site: Site, context: str) -> None:
    await site.ask(lambda ledger: _newest(ledger, context))


async def save_draft(site: Site, person: Person, context: str, text: str) -> None:
    """Keep a rule-maker's draft of a context; raises `E-PACK-25` for the name of none."""
    if not 0 < len(text) <= MOST_TEXT:
        raise malformed(N_("The text of a pack is empty, or too long."))
    await _check_context(site, context)
    author = person.holding.name
    await site.keep(lambda store: store.save_draft(context, author, text))


async def _edit(
    request: Req, site: Site, context: str, text: str, problem: StandingError | None = None
) -> Response[bytes]:
    draft = await read_draft(site, context, text)
    running = site.simulations.of.get(context)
    language = site.visit(request).voice.language
    sections = (
        sheets.simulation_sections(running.result, language)
        if running is not None and running.result is not None
        else ()
    )
    return site.show(
        request, "edit.html", {"context": context}, private=True,
        status=422 if problem is not None else 200, draft=draft, problem=problem, running=running,
        sections=sections, is_same=running is not None and running.text == text,
        names=await site.names(),
    )  # fmt: skip


@post("/studio/{context:str}")
async def save(request: Req, site: OfSite, context: FromPath[str]) -> Response[bytes]:
    """Save a draft; then check it, simulate it, or sign it."""
    person = require(site.visit(request).person, "rule-maker")
    form = await request.form()
    text = str(form.get("text", "")).replace("\r\n", "\n")
    await save_draft(site, person, context, text)
    place = f"/studio/{context}"
    match form.get("do"):
        case "simulate":
            await start_simulation(site, context, text)
            return see_other(f"{place}#simulation")
        case "name":
            await name_simulation(site, person, context, text)
            return see_other(place)
        case "sign":
            return await _sign(request, site, person, context, text)
        case _:
            return see_other(place)


async def name_simulation(site: Site, person: Person, context: str, text: str) -> None:
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
