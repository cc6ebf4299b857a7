"""What a subject sees and does: places, contexts, inbox, consent, withdrawal, leaving."""

from typing import Annotated, Any, Final

from litestar import delete, get, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from standing.interface import (
    AttributesWish,
    ConsentText,
    ConsentWish,
    Draft,
    Enrolment,
    ErasedView,
    LinkWish,
    Sender,
    Taken,
    WithdrawalWish,
)
from standing.ledger import Ledger
from standing.ledger.public import Asker
from standing.ledger.score_views import Forecast, Scored, Supposed
from standing.ledger.subjects import CaseLine, Mine, Place
from standing.web._papers import Proof
from standing.web._site import OfSite, Req
from standing.web.api._common import SIGNED, Language, present, problems, sender
from standing.web.api._drafts import seen, waiting
from standing.wire.days import parse_day

_TAGS: Final = ["subjects"]
AsOf = Annotated[str | None, QueryParameter(description="An earlier day (default: today).")]
Within = Annotated[str | None, QueryParameter(description="Only this context (default: all).")]


# --- looking -------------------------------------------------------------------------------------


@get("/me", security=SIGNED, tags=_TAGS, responses=problems(), summary="Who sent this request")
async def me(request: Req, site: OfSite) -> Sender:
    person = sender(request, site)
    return Sender(key=person.key.thumbprint.hex(), holding=person.holding)


@get("/contexts", security=SIGNED, tags=_TAGS, responses=problems(),
     summary="Every context about people, with what you have there")  # fmt: skip
async def contexts(request: Req, site: OfSite) -> list[Place]:
    person = sender(request, site, "subject")
    return await site.ask(lambda ledger: ledger.places(person.key))


@get("/contexts/{context:str}", security=SIGNED, tags=_TAGS, responses=problems(404),
     summary="One context in full: score, records, who asked, what fades when")  # fmt: skip
async def context(request: Req, site: OfSite, context: FromPath[str]) -> Mine:
    person = sender(request, site, "subject")
    return await site.ask(lambda ledger: ledger.mine(person.key, context))


@get("/contexts/{context:str}/score", security=SIGNED, tags=_TAGS, responses=problems(404),
     summary="Your score on a day, with one reason a record")  # fmt: skip
async def score(request: Req, site: OfSite, context: FromPath[str], as_of: AsOf = None) -> Scored:
    person = sender(request, site, "subject")
    day = None if as_of is None else parse_day(as_of)
    return await site.ask(lambda ledger: ledger.scored(person.key, context, day))


@get("/contexts/{context:str}/forecast", security=SIGNED, tags=_TAGS, responses=problems(404),
     summary="What your score becomes in 24 months, if nothing new happens")  # fmt: skip
async def forecast(request: Req, site: OfSite, context: FromPath[str]) -> Forecast:
    person = sender(request, site, "subject")
    return await site.ask(lambda ledger: ledger.outlook(person.key, context))


@get("/contexts/{context:str}/what-if", security=SIGNED, tags=_TAGS, responses=problems(404),
     summary="Suppose that records were annulled, or acts came today; nothing changes")  # fmt: skip
async def what_if(
    request: Req,
    site: OfSite,
    context: FromPath[str],
    without: FromQuery[list[str] | None] = None,
    more: FromQuery[list[str] | None] = None,
) -> Supposed:
    person = sender(request, site, "subject")
    return await site.ask(
        lambda ledger: ledger.suppose(person.key, context, annulled=without or [], more=more or [])
    )


@get("/contexts/{context:str}/askers", security=SIGNED, tags=_TAGS, responses=problems(),
     summary="Who may ask what here: for whom you may make a presentation")  # fmt: skip
async def askers(request: Req, site: OfSite, context: FromPath[str]) -> list[Asker]:
    sender(request, site, "subject")
    return await site.ask(lambda ledger: ledger.askers(context))


@get("/contexts/{context:str}/consent-text", tags=["public"], responses=problems(404),
     summary="The text that a consent of today agrees to")  # fmt: skip
async def consent_text(site: OfSite, context: FromPath[str]) -> ConsentText:
    text = await site.ask(lambda ledger: ledger.consent_text(context))
    return ConsentText(context=context, text=text.decode())


@get("/inbox", security=SIGNED, tags=_TAGS, responses=problems(),
     summary="What happened about you, newest first")  # fmt: skip
async def inbox(
    request: Req, site: OfSite, language: Language = "en", context: Within = None
) -> list[dict[str, Any]]:
    person = sender(request, site, "subject")
    return await site.ask(lambda ledger: ledger.notices(person.key, context, language))


@get("/own-cases", security=SIGNED, tags=_TAGS, responses=problems(),
     summary="Your cases of no context: keys, contacts, mandates")  # fmt: skip
async def own_cases(request: Req, site: OfSite) -> list[CaseLine]:
    person = sender(request, site, "subject")
    return await site.ask(lambda ledger: ledger.own_cases(person.key))


@get("/everything", security=SIGNED, tags=_TAGS, responses=problems(),
     summary="Everything held on you, for reading; it bears no signature")  # fmt: skip
async def everything(request: Req, site: OfSite, context: Within = None) -> dict[str, Any]:
    person = present(request, site, "subject")
    return await site.ask(lambda ledger: ledger.report(person.key, context))


# --- acts ----------------------------------------------------------------------------------------


@post("/enrolments", status_code=201, security=SIGNED, tags=_TAGS, responses=problems(),
      summary="Give the sender's key a place; nothing is recorded without consent")  # fmt: skip
async def enrol(request: Req, site: OfSite, data: JSONBody[Enrolment]) -> Sender:
    person = sender(request, site)
    site.tries.take(request.scope)
    await site.ask(lambda ledger: ledger.enrol(person.key, data.kind))
    found = await site.ask(lambda ledger: ledger.holding(person.key))
    return Sender(key=person.key.thumbprint.hex(), holding=found)


@post("/consents", status_code=201, security=SIGNED, tags=["acts"], responses=problems(404),
      summary="Draft a consent")  # fmt: skip
async def consent(request: Req, site: OfSite, data: JSONBody[ConsentWish]) -> Draft:
    person = sender(request, site, "subject")

    def draft_it(ledger: Ledger) -> Any:
        if data.narrower:
            return ledger.draft_narrower(
                person.key, data.context, purposes=data.purposes, issuers=data.issuers
            )
        chosen = ledger.purposes_of(data.context) if data.purposes is None else data.purposes
        return ledger.draft_consent(person.key, data.context, chosen, data.days, data.issuers)

    draft = await site.ask(draft_it)

    def take(ledger: Ledger, proofs: list[Proof]) -> Taken:
        name = ledger.give_consent(ledger.proved(draft, proofs[0]))
        return Taken(place=f"/api/v1/contexts/{data.context}", name=name)

    return await waiting(site, person, seen(draft), take, 0)


@post("/withdrawals", status_code=201, security=SIGNED, tags=["acts"], responses=problems(404),
      summary="Draft the end of every consent in a context")  # fmt: skip
async def withdraw(request: Req, site: OfSite, data: JSONBody[WithdrawalWish]) -> Draft:
    person = sender(request, site, "subject")
    drafts = await site.ask(lambda ledger: ledger.draft_withdrawals(person.key, data.context))

    def take(ledger: Ledger, proofs: list[Proof]) -> Taken:
        signed = [ledger.proved(d, p) for d, p in zip(drafts, proofs, strict=True)]
        name = ledger.take_withdrawals(person.key, signed, finish=data.finish)
        return Taken(place=f"/api/v1/contexts/{data.context}", name=name)

    return await waiting(site, person, seen(*drafts), take, 0)


@post("/attributes", status_code=201, security=SIGNED, tags=["acts"], responses=problems(404),
      summary="Draft a statement of your region or group, if you want to; in no score")  # fmt: skip
async def attributes(request: Req, site: OfSite, data: JSONBody[AttributesWish]) -> Draft:
    person = sender(request, site, "subject")
    draft = await site.ask(
        lambda ledger: ledger.draft_attributes(
            person.key, data.context, region=data.region, group=data.group
        )
    )

    def take(ledger: Ledger, proofs: list[Proof]) -> Taken:
        ledger.take_attributes(ledger.proved(draft, proofs[0]))
        return Taken(place=f"/api/v1/contexts/{data.context}", name=draft.pseudonym)

    return await waiting(site, person, seen(draft), take, 0)


@post("/links", status_code=201, security=SIGNED, tags=["acts"], responses=problems(404),
      summary="Draft the answer to an issuer's challenge: the reference is yours")  # fmt: skip
async def link(request: Req, site: OfSite, data: JSONBody[LinkWish]) -> Draft:
    person = sender(request, site, "subject")
    site.tries.take(request.scope)
    draft = await site.ask(
        lambda ledger: ledger.draft_answer(data.challenge, data.code, person.key)
    )

    def take(ledger: Ledger, proofs: list[Proof]) -> Taken:
        ledger.take_answer(ledger.proved(draft, proofs[0]))
        return Taken(place=f"/api/v1/contexts/{draft.context}", name=draft.reference)

    return await waiting(site, person, seen(draft), take, 0)


@delete("/contexts/{context:str}", status_code=200, security=SIGNED, tags=_TAGS,
        responses=problems(404), summary="Erase all that is held of you in a context")  # fmt: skip
async def leave(request: Req, site: OfSite, context: FromPath[str]) -> ErasedView:
    person = present(request, site, "subject")
    done = await site.ask(lambda ledger: ledger.erase_own(person.key, context))
    return _erased(done)


@delete("/me", status_code=200, security=SIGNED, tags=_TAGS, responses=problems(404),
        summary="Erase all that is held of you, with the key")  # fmt: skip
async def leave_all(request: Req, site: OfSite) -> ErasedView:
    person = present(request, site, "subject")
    done = await site.ask(lambda ledger: ledger.erase_own(person.key, None))
    await site.keep(lambda store: store.forget([person.session.key]))
    return _erased(done)


def _erased(done: Any) -> ErasedView:
    return ErasedView(
        contexts=done.contexts, documents=done.documents, records=done.records,
        complete=done.complete,
    )  # fmt: skip


ROUTES: Final = (
    me, contexts, context, score, forecast, what_if, askers, consent_text, inbox, own_cases,
    everything, enrol, consent, withdraw, attributes, link, leave, leave_all,
)  # fmt: skip
