"""Issuers' batches and relying parties' questions: signed where they arise, and sent here."""

from typing import Final

from litestar import Response, get, post

from standing.interface import (
    Answered,
    BatchesTaken,
    Count,
)
from standing.ledger import Ledger, RecallView
from standing.ledger.intake import (
    MAX_BYTES,
    Imported,
    RecordsRefused,
    parse_batches,
)
from standing.web._problems import malformed
from standing.web._site import OfSite, Req
from standing.web.api._common import SIGNED, problems, sender

_PARTIES: Final = ["relying parties"]
_MOST_SAID: Final = 100_000


@post("/batches", status_code=200, security=SIGNED, tags=["issuers"], responses=problems(415),
      request_max_body_size=MAX_BYTES, summary="Take batches that an issuer signed")  # fmt: skip
async def batches(request: Req, site: OfSite) -> Response[BatchesTaken]:
    person = sender(request, site, "issuer")
    data = await request.body()

    def take(ledger: Ledger) -> Imported:
        return ledger.take_batches(parse_batches(data), by=person.key)

    try:
        done = await site.ask(take)
    except RecordsRefused as problem:
        refused = BatchesTaken(
            records=0, batches=0, already_there=0, bad=tuple(problem.records), total=problem.total
        )
        return Response(refused, status_code=422)
    return Response(
        BatchesTaken(records=done.records, batches=done.batches, already_there=done.already_there)
    )


@post("/decisions", status_code=200, tags=_PARTIES, responses=problems(415),
      summary="Answer a signed question (COSE_Sign1), once a transaction")  # fmt: skip
async def decide(request: Req, site: OfSite) -> Answered:
    """Answer a question, whose own signature tells who asks: it needs no second one."""
    decision = await site.questions.ask(await _said(request))
    given = decision.answer
    return Answered(
        answer=given.answer, purpose=given.purpose, transaction=given.transaction,
        signed=decision.signed,
    )  # fmt: skip


@get("/recalls", security=SIGNED, tags=_PARTIES, responses=problems(),
     summary="The recalls of your answers that you have not confirmed")  # fmt: skip
async def recalls(request: Req, site: OfSite) -> list[RecallView]:
    person = sender(request, site)  # a key that may no longer ask still deletes what it holds
    return await site.ask(lambda ledger: ledger.recalls_of(person.key))


@post("/recalls/confirmations", status_code=200, tags=_PARTIES, responses=problems(415),
      summary="Confirm (COSE_Sign1) that recalled answers are deleted")  # fmt: skip
async def confirm(request: Req, site: OfSite) -> Count:
    said = await _said(request)
    return Count(count=await site.ask(lambda ledger: ledger.take_confirmation(said)))


@post("/followed", status_code=200, tags=_PARTIES, responses=problems(415),
      summary="Say (COSE_Sign1) which transactions took place after your questions")  # fmt: skip
async def followed(request: Req, site: OfSite) -> Count:
    said = await _said(request)
    return Count(count=await site.ask(lambda ledger: ledger.take_followed(said)))


async def _said(request: Req) -> bytes:
    data = await request.body()
    if not 0 < len(data) <= _MOST_SAID:
        raise malformed(f"A signed message has 1 to {_MOST_SAID:,} bytes; these are {len(data):,}.")
    return data


ROUTES: Final = (batches, decide, recalls, confirm, followed)
