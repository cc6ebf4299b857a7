"""The public dashboard: the log, its entries with their proofs, who takes part."""

import base64
from typing import Annotated, Any, Final

from litestar import Response, get, post
from litestar.datastructures import UploadFile
from litestar.params import FromPath, FromQuery, QueryParameter

from standing.ledger import Ledger
from standing.ledger.public import DaySize, EntryLine, Overview
from standing.web._growth import growth_plot
from standing.web._merkle import path_plot
from standing.web._problems import N_, malformed
from standing.web._site import OfSite, Req, see_other

Before = Annotated[int | None, QueryParameter(ge=0)]
_PAGE: Final = 50
_PROOF_TYPES: Final = {
    "tlog-proof": "text/plain",
    "receipt": "application/cose",
}
_MOST_PROOF: Final = 200_000


@get("/")
async def home(request: Req, site: OfSite) -> Response[bytes]:
    overview = await site.ask_again("overview", Ledger.overview)
    return site.show(request, "home.html", {"overview": overview})


@get(["/log", "/log.json"])
async def log(request: Req, site: OfSite) -> Response[bytes]:
    overview, days, newest = await site.ask_again("log", _log_facts)
    voice = site.visit(request).voice
    running = site.settings.verification
    facts = {
        "overview": overview, "growth": days, "newest": newest,
        "verification": {} if running is None else running.facts,
    }  # fmt: skip
    return site.show(
        request, "log.html", facts, plot=growth_plot(days, voice), at=site.origin(request),
        has_twin=True,
    )  # fmt: skip


@get("/log/trust.json")
async def trust(site: OfSite) -> Response[bytes]:
    data = await site.ask_again("trust", lambda ledger: ledger.trust_file)
    return Response(data, media_type="application/json")


@get(["/log/growth", "/log/growth.json"])
async def growth(request: Req, site: OfSite, until: FromQuery[str] = "") -> Response[bytes]:
    days = await site.ask_again("growth", Ledger.growth)
    shown = [each for each in days if not until or each.day <= until]
    voice = site.visit(request).voice
    return site.show(
        request, "growth.html", {"growth": shown}, plot=growth_plot(shown, voice),
        at=site.origin(request), has_twin=True,
    )  # fmt: skip


@get(["/log/entries", "/log/entries.json"])
async def entries(request: Req, site: OfSite, before: Before = None) -> Response[bytes]:
    lines, size, stop = await site.ask(lambda ledger: _entries(ledger, before))
    first = lines[-1].index if lines else 0
    facts = {"entries": lines, "size": size, "next": first or None}
    return site.show(request, "entries.html", facts, stop=stop, has_twin=True)


@get("/log/find")
async def find(site: OfSite, q: FromQuery[str] = "") -> Response[bytes]:
    which = q.strip().lower().replace(" ", "")
    found = await site.ask(lambda ledger: ledger.entry(which))
    return see_other(f"/log/entries/{found.index}")


@get("/log/entries/{which:str}")
async def entry(request: Req, site: OfSite, which: FromPath[str]) -> Response[bytes]:
    name = which.removesuffix(".json")
    found = await site.ask(lambda ledger: ledger.entry(name))
    voice = site.visit(request).voice
    return site.show(
        request, "entry.html", {"entry": found}, plot=path_plot(found, voice),
        at=site.origin(request), has_twin=True,
    )  # fmt: skip


@get(["/log/entries/{which:str}/tlog-proof", "/log/entries/{which:str}/receipt"])
async def proof(request: Req, site: OfSite, which: FromPath[str]) -> Response[bytes]:
    kind = site.visit(request).path.rpartition("/")[2]
    index, data = await site.ask(lambda ledger: ledger.proof(which, kind))
    ending = {"receipt": "cose"}.get(kind, kind)
    headers = {"Content-Disposition": f'attachment; filename="entry-{index}.{ending}"'}
    return Response(data, media_type=_PROOF_TYPES[kind], headers=headers)


@get("/log/check")
async def check_form(request: Req, site: OfSite) -> Response[bytes]:
    return site.show(request, "check.html", {"proven": None})


@post("/log/check", status_code=200)
async def check(request: Req, site: OfSite) -> Response[bytes]:
    data = await _upload(request, "proof")
    proven = await site.ask(lambda ledger: ledger.check(data))
    return site.show(request, "check.html", {"proven": proven})


@get(["/log/roll", "/log/roll.json"])
async def roll(request: Req, site: OfSite) -> Response[bytes]:
    holders = await site.ask_again("roll", Ledger.roll)
    return site.show(request, "roll.html", {"roll": holders}, has_twin=True)


ROUTES: Final = (home, log, trust, growth, entries, find, entry, proof, check_form, check, roll)


def _log_facts(ledger: Ledger) -> tuple[Overview, list[DaySize], list[EntryLine]]:
    size = ledger.log_size
    newest = ledger.entries(max(0, size - 8), size)[::-1]
    return ledger.overview(), ledger.growth(), newest


def _entries(ledger: Ledger, before: int | None) -> tuple[list[EntryLine], int, int]:
    size = ledger.log_size
    stop = size if before is None else min(before, size)
    return ledger.entries(max(0, stop - _PAGE), stop)[::-1], size, stop


async def _upload(request: Req, name: str) -> bytes:
    """Read an uploaded file, as bytes or as base64 text."""
    form = await request.form()
    file: Any = form.get(name)
    if not isinstance(file, UploadFile):
        raise malformed(N_("No file was sent."))
    data = await file.read(_MOST_PROOF + 1)
    if not 0 < len(data) <= _MOST_PROOF:
        raise malformed(N_("A proof has 1 to 200,000 bytes; this file is empty, or larger."))
    try:
        return base64.b64decode(data, validate=True)
    except ValueError:
        return bytes(data)
