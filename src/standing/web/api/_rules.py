"""Rules: hold a pack against the linter, and simulate it over everybody; publishing is SCRAPI's."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Final

import msgspec
from litestar import Response, get, post, put
from litestar.params import FromPath
from litestar.response import ServerSentEvent, ServerSentEventMessage

from standing import policy
from standing.errors import Refused
from standing.interface import DraftLine, PackDraft, SimulationView
from standing.policy.simulation import document
from standing.web._problems import malformed
from standing.web._simulations import Running
from standing.web._site import OfSite, Req, Site
from standing.web._studio import (
    MOST_TEXT,
    draft_lines,
    draft_of,
    name_simulation,
    read_draft,
    save_draft,
    start_simulation,
)
from standing.web.api._common import SIGNED, as_written, problems, sender

_TAGS: Final = ["rules"]
_LOOK_SECONDS: Final = 0.5
_LONGEST_SECONDS: Final = 900.0


@post("/packs/lint", status_code=200, tags=_TAGS, responses=problems(415),
      summary="Hold a pack (YAML text) against every code")  # fmt: skip
async def lint(request: Req, site: OfSite) -> list[policy.Finding]:
    text = await _text(request)
    return await site.ask(lambda ledger: ledger.lint(text))


@post("/simulations/{context:str}", status_code=202, security=SIGNED, tags=_TAGS,
      responses=problems(404, 415), summary="Simulate a pack (YAML) over everybody")  # fmt: skip
async def simulate(request: Req, site: OfSite, context: FromPath[str]) -> SimulationView:
    sender(request, site, "rule-maker")
    await start_simulation(site, context, await _yaml(request))
    return SimulationView(state="running")


@get("/simulations/{context:str}", security=SIGNED, tags=_TAGS, responses=problems(404),
     summary="The newest simulation of a context")  # fmt: skip
async def simulation(request: Req, site: OfSite, context: FromPath[str]) -> SimulationView:
    sender(request, site, "rule-maker")
    return _view(_running(site, context))


@get("/simulations/{context:str}/document", security=SIGNED, tags=_TAGS,
     responses=as_written(dict[str, Any], 404), media_type="application/json",
     summary="The newest simulation's document, as it is published with its pack")  # fmt: skip
async def simulated(request: Req, site: OfSite, context: FromPath[str]) -> Response[bytes]:
    sender(request, site, "rule-maker")
    running = _running(site, context)
    if running.result is None:
        raise Refused(
            "E-WEB-27",
            "There is no document of this simulation.",
            why="It is still running, or it was refused.",
            fix="Look how it stands: GET the address above this one.",
        )
    return Response(document(running.result), media_type="application/json")


@get("/pack-drafts", security=SIGNED, tags=_TAGS, responses=problems(),
     summary="Every rule-maker's drafts of packs")  # fmt: skip
async def drafts(request: Req, site: OfSite) -> list[DraftLine]:
    sender(request, site, "rule-maker")
    return await draft_lines(site)


@get("/pack-drafts/{context:str}", security=SIGNED, tags=_TAGS, responses=problems(404),
     summary="Your draft, else another's, else what may follow the newest pack")  # fmt: skip
async def draft(request: Req, site: OfSite, context: FromPath[str]) -> PackDraft:
    return await draft_of(site, sender(request, site, "rule-maker"), context)


@put("/pack-drafts/{context:str}", status_code=200, security=SIGNED, tags=_TAGS,
     responses=problems(404, 415), summary="Save your draft (YAML text)")  # fmt: skip
async def save(request: Req, site: OfSite, context: FromPath[str]) -> PackDraft:
    person = sender(request, site, "rule-maker")
    text = await _yaml(request)
    await save_draft(site, person, context, text)
    return await read_draft(site, context, text)


@post("/pack-drafts/{context:str}/simulation", status_code=200, security=SIGNED, tags=_TAGS,
      responses=problems(404), summary="Name the newest simulation in your draft")  # fmt: skip
async def name(request: Req, site: OfSite, context: FromPath[str]) -> PackDraft:
    person = sender(request, site, "rule-maker")
    found = await draft_of(site, person, context)
    await name_simulation(site, person, context, found.text)
    return await draft_of(site, person, context)


@get("/simulations/{context:str}/events", security=SIGNED, tags=_TAGS, responses=problems(404),
     summary="How the newest simulation of a context goes on (SSE)")  # fmt: skip
async def events(request: Req, site: OfSite, context: FromPath[str]) -> ServerSentEvent:
    sender(request, site, "rule-maker")
    return ServerSentEvent(_states(site, _running(site, context)))


async def _states(site: Site, running: Running) -> AsyncIterator[ServerSentEventMessage]:
    """Tell that it runs, then what became of it."""
    told = ""
    for _ in range(int(_LONGEST_SECONDS / _LOOK_SECONDS)):
        view = _view(running)
        if view.state != told:
            told = view.state
            data = msgspec.json.encode(view).decode()
            yield ServerSentEventMessage(data=data, event=view.state)
        if view.state != "running" or site.is_closing:
            return
        await asyncio.sleep(_LOOK_SECONDS)


def _running(site: Site, context: str) -> Running:
    running = site.simulations.of.get(context)
    if running is None:
        raise Refused(
            "E-WEB-25",
            "There is no simulation of this context.",
            why="None was begun since the server started.",
            fix="Begin one: POST the pack to this address.",
        )
    return running


def _view(running: Running) -> SimulationView:
    if running.problem is not None:
        problem = running.problem
        return SimulationView(
            state="refused", code=problem.code, why=f"{problem.what} {problem.why}"
        )
    if running.result is None:
        return SimulationView(state="running")
    return SimulationView(state="done", result=msgspec.json.decode(document(running.result)))


async def _yaml(request: Req) -> str:
    try:
        return (await _text(request)).decode()
    except UnicodeDecodeError:
        raise malformed("A pack is text in UTF-8.") from None


async def _text(request: Req) -> bytes:
    data = await request.body()
    if not 0 < len(data) <= MOST_TEXT:
        raise malformed(f"A pack has 1 to {MOST_TEXT:,} bytes of YAML; these are {len(data):,}.")
    return data


ROUTES: Final = (
    lint, simulate, simulation, simulated, events, drafts, draft, save, name,
)  # fmt: skip
