"""Rules: hold a pack against the linter, and simulate it over everybody; publishing is SCRAPI's."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

import msgspec
from litestar import get, post
from litestar.params import FromPath
from litestar.response import ServerSentEvent, ServerSentEventMessage

from standing import policy
from standing.errors import Refused
from standing.interface import (
    SimulationView,
)
from standing.policy.simulation import document
from standing.web._problems import malformed
from standing.web._simulations import Running
from standing.web._site import OfSite, Req, Site
from standing.web.api._common import SIGNED, problems, sender

_TAGS: Final = ["rules"]
_MOST_TEXT: Final = 400_000
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
    text = await _text(request)
    findings = await site.ask(lambda ledger: ledger.lint(text))
    blocking = [finding for finding in findings if finding.level != "justified"]
    if blocking:
        raise Refused(
            "E-WEB-26",
            "This pack cannot be simulated yet.",
            why=f"The linter finds {len(blocking)} things that keep it out.",
            fix="Correct what POST /api/v1/packs/lint names.",
        )
    site.simulations.start(context, text.decode())
    return SimulationView(state="running")


@get("/simulations/{context:str}", security=SIGNED, tags=_TAGS, responses=problems(404),
     summary="The newest simulation of a context")  # fmt: skip
async def simulation(request: Req, site: OfSite, context: FromPath[str]) -> SimulationView:
    sender(request, site, "rule-maker")
    return _view(_running(site, context))


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


async def _text(request: Req) -> bytes:
    data = await request.body()
    if not 0 < len(data) <= _MOST_TEXT:
        raise malformed(f"A pack has 1 to {_MOST_TEXT:,} bytes of YAML; these are {len(data):,}.")
    return data


ROUTES: Final = (lint, simulate, simulation, events)
