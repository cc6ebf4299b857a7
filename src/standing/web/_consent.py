"""Agreeing, agreeing to less, stopping, leaving: each as easy as the other, each signed."""

from typing import Any, Final

from litestar import Response, get, post
from litestar.params import FromPath

from standing import policy
from standing.errors import Refused
from standing.ledger import Ledger
from standing.ledger.subjects import Mine
from standing.web._papers import Paper, Proof
from standing.web._people import Person, require_fresh
from standing.web._problems import N_, malformed
from standing.web._sign import to_sign
from standing.web._site import OfSite, Req, Site, see_other
from standing.web._subject import subject

SPANS: Final = (90, 365, 730)
_PARTS: Final = {"en": "ENGLISH", "zh-Hans": "简体中文"}


@get("/subject/consent/{context:str}")
async def consent_page(request: Req, site: OfSite, context: FromPath[str]) -> Response[bytes]:
    person = subject(request, site)
    return await _consent(request, site, person, context)


async def _consent(
    request: Req, site: Site, person: Person, context: str, problem: Refused | None = None,
    said: Any = None,
) -> Response[bytes]:  # fmt: skip
    def ask(ledger: Ledger) -> tuple[Mine, policy.Pack, str]:
        mine = ledger.mine(person.key, context)
        text = ledger.consent_text(context).decode()
        return mine, ledger.pack(f"{context}@{mine.version}"), text

    mine, pack, text = await site.ask(ask)
    language = site.visit(request).voice.language
    live = next((given for given in mine.consents if given.is_live), None)
    chosen = {
        "purposes": said.getall("purposes", []) if said else list(live.purposes if live else ()),
        "issuers": said.getall("issuers", []) if said else list(live.issuers if live else ()),
    }
    issuers = sorted(one.name for one in pack.organisations if one.role == "issuer")
    return site.show(
        request, "consent.html", {"context": context}, private=True,
        status=422 if problem is not None else 200, mine=mine, pack=pack, live=live,
        text=_part(text, language), issuers_listed=issuers, spans=SPANS, problem=problem,
        **chosen,
    )  # fmt: skip


def _part(text: str, language: str) -> str:
    """Give one language's part of a consent text; all of it where it is not parted so."""
    heads = [line for line in text.splitlines() if line.strip() in _PARTS.values()]
    wanted = _PARTS[language]
    if wanted not in [head.strip() for head in heads]:
        return text
    after = text.split(wanted, 1)[1]
    others = [after.find(head) for head in _PARTS.values() if head != wanted and head in after]
    return after[: min(others)].strip() if others else after.strip()


@post("/subject/consent/{context:str}")
async def consent(request: Req, site: OfSite, context: FromPath[str]) -> Response[bytes]:
    person = subject(request, site)
    form = await request.form()
    try:
        days = _span(str(form.get("days", "")))
        purposes, issuers = form.getall("purposes", []), form.getall("issuers", [])
        draft = await site.ask(
            lambda ledger: ledger.draft_consent(person.key, context, purposes, days, issuers)
        )
    except Refused as problem:
        return await _consent(request, site, person, context, problem, form)
    voice, names = site.visit(request).voice, await site.names()

    def take(ledger: Ledger, proofs: list[Proof]) -> str:
        ledger.give_consent(ledger.proved(draft, proofs[0]))
        return f"/subject/in/{context}"

    paper = Paper(
        title=voice.say("Agree to be recorded"),
        lines=[
            (voice.say("Context"), names.context(context, voice)),
            (voice.say("For"), voice.listed([names.purpose(p, voice) for p in draft.purposes])),
            (voice.say("Who may record"), voice.listed(list(draft.issuers))),
            (voice.say("Until"), voice.day(draft.until)),
            (voice.say("Your name in this context"), draft.pseudonym),
            (voice.say("Digest of the text"), draft.text.hex()),
        ],
        effect=voice.say("You may step back within 14 days without a trace, and stop at any time."),
        digests=[Ledger.digest_of(draft)],
        take=take,
        back=f"/subject/consent/{context}",
    )
    return await to_sign(site, person, paper)


def _span(text: str) -> int:
    if text not in {str(days) for days in SPANS}:
        raise malformed(N_("Choose for how long."))
    return int(text)


# --- stopping ------------------------------------------------------------------------------------


@get("/subject/withdraw/{context:str}")
async def withdraw_page(request: Req, site: OfSite, context: FromPath[str]) -> Response[bytes]:
    person = subject(request, site)
    mine = await site.ask(lambda ledger: ledger.mine(person.key, context))
    open_now = [case for case in mine.cases if case.lifecycle == "contest" and case.due]
    return site.show(
        request, "withdraw.html", {"context": context}, private=True, mine=mine, contests=open_now
    )


@post("/subject/withdraw/{context:str}")
async def withdraw(request: Req, site: OfSite, context: FromPath[str]) -> Response[bytes]:
    person = subject(request, site)
    form = await request.form()
    finish = form.get("finish") == "yes"
    drafts = await site.ask(lambda ledger: ledger.draft_withdrawals(person.key, context))
    voice, names = site.visit(request).voice, await site.names()

    def take(ledger: Ledger, proofs: list[Proof]) -> str:
        signed = [ledger.proved(d, p) for d, p in zip(drafts, proofs, strict=True)]
        ledger.take_withdrawals(person.key, signed, finish=finish)
        return f"/subject/in/{context}"

    paper = Paper(
        title=voice.say("Withdraw"),
        lines=[
            (voice.say("Context"), names.context(context, voice)),
            (voice.say("Day"), voice.day(drafts[0].day)),
            (voice.say("Your name in this context"), drafts[0].pseudonym),
        ],
        effect=voice.say(
            "From this moment nothing is recorded, scored or answered here. After 30 days it is"
            " erased, or at once if you ask."
        ),
        digests=[Ledger.digest_of(draft) for draft in drafts],
        take=take,
        back=f"/subject/withdraw/{context}",
    )
    return await to_sign(site, person, paper)


# --- leaving -------------------------------------------------------------------------------------


@get("/subject/leave")
async def leave_page(request: Req, site: OfSite) -> Response[bytes]:
    person = require_fresh(subject(request, site))
    places = await site.ask(lambda ledger: ledger.places(person.key))
    held = [place for place in places if place.subject]
    return site.show(request, "leave.html", {"places": held}, private=True)


@post("/subject/leave")
async def leave(request: Req, site: OfSite) -> Response[bytes]:
    """Erase in one context, or everywhere with the key: a grave act, after a fresh proof."""
    person = require_fresh(subject(request, site))
    form = await request.form()
    context = str(form.get("context", "")) or None
    if form.get("sure") != "yes":
        raise malformed(N_("Tick that you are sure: what is erased does not come back."))
    await site.ask(lambda ledger: ledger.erase_own(person.key, context))
    if context is not None:
        return see_other("/subject")
    await site.keep(lambda store: store.forget([person.session.key]))
    answer = see_other("/left")
    answer.delete_cookie(site.cookie, path="/")
    return answer


@get("/left")
async def left(request: Req, site: OfSite) -> Response[bytes]:
    return site.show(request, "left.html", {})


ROUTES: Final = (
    consent_page, consent, withdraw_page, withdraw, leave_page, leave, left,
)  # fmt: skip
