"""What a subject sees of themselves: places, one context in full, inbox, all to take away."""

from typing import Any, Final

from litestar import Response, get
from litestar.params import FromPath, FromQuery

from standing import pages as sheets
from standing.ledger import Ledger
from standing.web._people import Person, require, require_fresh
from standing.web._site import OfSite, Req, Site
from standing.web._timeline import forecast_plot, timeline_plot
from standing.web._waterfall import waterfall_plot

_NEWEST: Final = 8
_HTML: Final = "text/html"
_PDF: Final = "application/pdf"
_MOST_MORE: Final = 20


def subject(request: Req, site: Site) -> Person:
    """Give the subject who is signed in."""
    return require(site.visit(request).person, "subject")


@get(["/subject", "/subject.json"])
async def overview(request: Req, site: OfSite) -> Response[bytes]:
    person = subject(request, site)
    language = site.visit(request).voice.language

    def facts(ledger: Ledger) -> dict[str, Any]:
        news = ledger.notices(person.key, language=language)
        return {
            "places": ledger.places(person.key),
            "news": news[:_NEWEST],
            "more": len(news) > _NEWEST,
        }

    return site.show(
        request, "subject.html", await site.ask(facts), private=True, has_twin=True,
        names=await site.names(),
    )  # fmt: skip


@get(["/subject/inbox", "/subject/inbox.json"])
async def inbox(request: Req, site: OfSite) -> Response[bytes]:
    person = subject(request, site)
    language = site.visit(request).voice.language
    news = await site.ask(lambda ledger: ledger.notices(person.key, language=language))
    return site.show(
        request, "inbox.html", {"news": news}, private=True, has_twin=True,
        names=await site.names(),
    )  # fmt: skip


@get("/subject/in/{context:str}")
async def context(request: Req, site: OfSite, context: FromPath[str]) -> Response[bytes]:
    person = subject(request, site)
    name = context.removesuffix(".json")
    mine = await site.ask(lambda ledger: ledger.mine(person.key, name))
    voice = site.visit(request).voice
    return site.show(
        request, "context.html", {"mine": mine}, private=True, has_twin=True,
        timeline=timeline_plot(mine, voice), waterfall=waterfall_plot(mine, voice),
        forecast=forecast_plot(mine, voice), names=await site.names(),
    )  # fmt: skip


@get("/subject/in/{context:str}/what-if")
async def what_if(
    request: Req,
    site: OfSite,
    context: FromPath[str],
    without: FromQuery[list[str] | None] = None,
    more: FromQuery[list[str] | None] = None,
    count: FromQuery[int] = 1,
) -> Response[bytes]:
    """Suppose that records were annulled, or that acts came today; nothing is changed."""
    person = subject(request, site)
    name = context.removesuffix(".json")
    gone = [record for record in without or [] if record]
    acts = [act for act in more or [] if act] * max(1, min(count, _MOST_MORE))

    def ask(ledger: Ledger) -> tuple[Any, Any, Any]:
        mine = ledger.mine(person.key, name)
        supposed = ledger.suppose(person.key, name, annulled=gone, more=acts)
        return mine, supposed, ledger.pack(f"{name}@{mine.version}")

    mine, supposed, pack = await site.ask(ask)
    voice = site.visit(request).voice
    facts = {
        "mine": mine, "without": gone, "more": acts, "as_if": supposed.as_if.score,
        "band": supposed.as_if.band, "as_is": supposed.as_is.score,
    }  # fmt: skip
    return site.show(
        request, "what-if.html", facts, private=True, pack=pack, count=count,
        names=await site.names(),
        forecast=forecast_plot(mine, voice, supposed.forecast_as_if if gone or acts else ()),
    )  # fmt: skip


@get(["/subject/everything.json", "/subject/everything.html", "/subject/everything.pdf"])
async def everything(request: Req, site: OfSite) -> Response[bytes]:
    """Give everything that is held, for reading: it bears no signature, so nobody can demand it."""
    person = require_fresh(subject(request, site))
    visit = site.visit(request)
    report = await site.ask(lambda ledger: ledger.report(person.key))
    ending = visit.path.rpartition(".")[2]
    headers = {
        "Content-Disposition": f'attachment; filename="standing-everything.{ending}"',
        "Cache-Control": "no-store",
    }
    if ending == "json":
        answer = site.show(request, "", report, private=True)
        answer.headers["Content-Disposition"] = headers["Content-Disposition"]
        return answer
    language = visit.voice.language
    if ending == "pdf":
        data = await site.work(lambda: sheets.report_pdf(report, language))
        return Response(data, media_type=_PDF, headers=headers)
    data = (await site.work(lambda: sheets.report_page(report, language))).encode()
    return Response(data, media_type=_HTML, headers=headers)


ROUTES: Final = (overview, inbox, context, what_if, everything)
