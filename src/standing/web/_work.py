"""Work lists: a reviewer's, an issuer's and a desk's desk; what waits, since when, on whom."""

from collections.abc import Sequence
from typing import Any, Final

from litestar import Response, get, post

from standing.ledger import Ledger
from standing.ledger.case_views import WorkLine
from standing.pages.draw import Mark, Plot, Reach, Row, Table, rect, words
from standing.web._papers import Paper, Proof
from standing.web._people import require
from standing.web._sign import to_sign
from standing.web._site import OfSite, Req
from standing.web._voice import Voice

_ROW: Final = 40
_ROOM: Final = 78.0
_MOST: Final = 20
_BAR: Final = 14


@get(["/review", "/review.json"])
async def review(request: Req, site: OfSite) -> Response[bytes]:
    """Show what waits for a reviewer, the first due first."""
    person = require(site.visit(request).person, "reviewer")
    lines = await site.ask(lambda ledger: ledger.work_lines(person.key))
    voice = site.visit(request).voice
    return site.show(
        request, "work.html", {"work": lines}, private=True, has_twin=True,
        title=voice.say("Your desk"), plot=ageing_plot(lines, voice), holding=person.holding,
        names=await site.names(),
    )  # fmt: skip


@get(["/issuer", "/issuer.json"])
async def issuer(request: Req, site: OfSite) -> Response[bytes]:
    """Show what waits for an issuer, and the way to bring rows."""
    person = require(site.visit(request).person, "issuer")
    lines = await site.ask(lambda ledger: ledger.work_lines(person.key))
    voice = site.visit(request).voice
    return site.show(
        request, "work.html", {"work": lines}, private=True, has_twin=True,
        title=voice.say("Issuer"), plot=ageing_plot(lines, voice), holding=person.holding,
        names=await site.names(),
    )  # fmt: skip


@get(["/desk", "/desk.json"])
async def desk(request: Req, site: OfSite) -> Response[bytes]:
    """Show what a desk does for people without keys."""
    person = require(site.visit(request).person, "desk")
    lines = await site.ask(lambda ledger: ledger.work_lines(person.key))
    contexts = await site.ask(_contexts)
    voice = site.visit(request).voice
    mine = [c for c in contexts if not person.holding.contexts or c in person.holding.contexts]
    return site.show(
        request, "work.html", {"work": lines}, private=True, has_twin=True,
        title=voice.say("Desk"), plot=ageing_plot(lines, voice), holding=person.holding,
        contexts=mine, names=await site.names(),
    )  # fmt: skip


def _contexts(ledger: Ledger) -> list[str]:
    return sorted({line.context for line in ledger.packs() if line.published})


@post("/desk/stop")
async def stop(request: Req, site: OfSite) -> Response[bytes]:
    """Stop whoever stands at the desk, without their key; the answer tells of nobody."""
    person = require(site.visit(request).person, "desk")
    form = await request.form()
    name, context = str(form.get("name", "")).strip(), str(form.get("context", ""))
    draft = await site.ask(lambda ledger: ledger.draft_freeze(name, context, by=person.key))
    voice = site.visit(request).voice

    def take(ledger: Ledger, proofs: list[Proof]) -> str:
        ledger.take_freeze(draft.proved(proofs[0]), context)
        return "/desk/stopped"

    paper = Paper(
        title=voice.say("Stop somebody's recording"),
        lines=[(voice.say("Known as"), name), (voice.say("Context"), context)],
        effect=voice.say(
            "Whoever it is: no record, no score and no answer from now on. It can be undone with"
            " the person's own key for 14 days."
        ),
        digests=[draft.digest],
        take=take,
        back="/desk",
    )
    return await to_sign(site, person, paper)


@get("/desk/stopped")
async def stopped(request: Req, site: OfSite) -> Response[bytes]:
    require(site.visit(request).person, "desk")
    return site.show(request, "stopped.html", {}, private=True)


@post("/desk/contest")
async def contest(request: Req, site: OfSite) -> Response[bytes]:
    """File a contest for whoever stands at the desk, under the desk's own key."""
    person = require(site.visit(request).person, "desk")
    form = await request.form()
    said = {name: str(form.get(name, "")).strip() for name in ("name", "context", "named", "words")}
    facts: dict[str, Any] = {"target": "record", "named": said["named"], "words": said["words"]}
    draft = await site.ask(
        lambda ledger: ledger.draft_opening(
            said["name"], said["context"], "contest", "file", facts, by=person.key
        )
    )
    await site.ask(lambda ledger: ledger.check_step(draft))
    voice = site.visit(request).voice

    def take(ledger: Ledger, proofs: list[Proof]) -> str:
        return f"/cases/{ledger.take_step(draft.proved(proofs[0])).name}"

    paper = Paper(
        title=voice.say("Contest for somebody"),
        lines=[
            (voice.say("Known as"), said["name"]),
            (voice.say("Context"), said["context"]),
            (voice.say("The record"), said["named"]),
            (voice.say("In their own words"), said["words"]),
        ],
        effect=voice.say("points are set aside at once; the issuer is told"),
        digests=[draft.digest],
        take=take,
        back="/desk",
    )
    return await to_sign(site, person, paper)


# --- ageing --------------------------------------------------------------------------------------


def ageing_plot(work: Sequence[WorkLine], voice: Voice) -> Plot | None:
    """Draw how old each case is and how long there still is."""
    if not work:
        return None
    shown = list(work)[:_MOST]
    reach = Reach([[line.age_days + max(line.days_left or 0, 0)] for line in shown])
    marks: list[Mark] = []
    for place, line in enumerate(shown):
        marks += _line(line, 4 + place * _ROW, reach, voice)
    first = shown[0]
    if first.days_left is None:
        title = voice.say_n("%(n)s case waits", "%(n)s cases wait", len(work))
    else:
        title = voice.say_n(
            "%(n)s case waits; the first is due in %(days)s days",
            "%(n)s cases wait; the first is due in %(days)s days",
            len(work),
            days=voice.number(first.days_left),
        )
    return Plot(
        "ageing",
        title,
        voice.say(
            "A filled bar is how many days a case has been open, the outlined one how many are"
            " left before time decides by itself."
        ),
        4 + len(shown) * _ROW,
        tuple(marks),
        Table(
            voice.say("What waits"),
            (voice.say("Case"), voice.say("Days open"), voice.say("Days left")),
            tuple(
                Row(
                    line.case,
                    (
                        voice.number(line.age_days),
                        "–" if line.days_left is None else voice.number(line.days_left),
                    ),
                )
                for line in work
            ),
        ),
    )


def _line(line: WorkLine, y: float, reach: Reach, voice: Voice) -> list[Mark]:
    open_for = reach.length(line.age_days) * _ROOM
    left = reach.length(max(line.days_left or 0, 0)) * _ROOM
    label = f"{voice.say(line.lifecycle)} {line.case[:10]}… · {line.context}"
    told = voice.say_n("%(n)s day open", "%(n)s days open", line.age_days)
    if line.days_left is not None:
        told += voice.say_n(", %(n)s day left", ", %(n)s days left", line.days_left)
    marks = [words("start", 0, y + 11, label)]
    if open_for:
        marks.append(rect("burden", 0, max(open_for, 0.4), y + 16, _BAR))
    if left:
        marks.append(rect("own", open_for, left, y + 16, _BAR))
    marks.append(words("n start small", open_for + left, y + 28, told, dx=6))
    return marks


ROUTES: Final = (review, issuer, desk, stop, stopped, contest)
