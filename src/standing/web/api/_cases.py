"""Cases: what waits, one case with its files, opening one, its next step, stopping somebody."""

import base64
import binascii
from typing import Any, Final, get_type_hints

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery, JSONBody

from standing.cases.lifecycles import Day, kind_of
from standing.errors import Refused
from standing.interface import (
    CaseWish,
    Draft,
    StepWish,
    StopWish,
    Taken,
)
from standing.ledger import Ledger
from standing.ledger.case_text import CaseFacts
from standing.ledger.case_views import CaseView, WorkLine
from standing.web._cases import plain_name
from standing.web._fields import move_of
from standing.web._papers import Proof
from standing.web._people import Person
from standing.web._problems import malformed
from standing.web._site import OfSite, Req, Site
from standing.web._writings import MOST_FILE_BYTES
from standing.web.api._common import SIGNED, problems, sender
from standing.web.api._drafts import seen, waiting
from standing.wire.days import parse_day

_TAGS: Final = ["cases"]
_MOST_BYTES: Final = 20_000_000


# --- looking -------------------------------------------------------------------------------------


@get("/work", security=SIGNED, tags=_TAGS, responses=problems(),
     summary="What waits for a reviewer, an issuer or a desk, the first due first")  # fmt: skip
async def work(request: Req, site: OfSite) -> list[WorkLine]:
    person = sender(request, site, "reviewer", "issuer", "desk")
    return await site.ask(lambda ledger: ledger.work_lines(person.key))


@get("/cases", security=SIGNED, tags=_TAGS, responses=problems(404),
     summary="Your cases in a context, with every step; or those of no context")  # fmt: skip
async def own(request: Req, site: OfSite, context: FromQuery[str] = "") -> list[CaseFacts]:
    person = sender(request, site, "subject")
    return await site.ask(lambda ledger: ledger.case_list(person.key, context))


@get("/cases/{name:str}", security=SIGNED, tags=_TAGS, responses=problems(404),
     summary="One case, for whoever has a part in it")  # fmt: skip
async def case(request: Req, site: OfSite, name: FromPath[str]) -> CaseView:
    person = sender(request, site)
    return await site.ask(lambda ledger: ledger.case_for(name, person.key))


@get("/cases/{name:str}/files/{leaf:str}", security=SIGNED, tags=_TAGS, responses=problems(404),
     media_type="application/octet-stream", summary="A file that a step brought")  # fmt: skip
async def file(
    request: Req, site: OfSite, name: FromPath[str], leaf: FromPath[str]
) -> Response[bytes]:
    person = sender(request, site)
    try:
        named = bytes.fromhex(leaf)
    except ValueError:
        named = b""

    def ask(ledger: Ledger) -> bytes:
        ledger.case_for(name, person.key)
        return ledger.evidence(named, person.key).data

    headers = {"Cache-Control": "no-store", "Content-Disposition": "attachment"}
    return Response(await site.ask(ask), media_type="application/octet-stream", headers=headers)


# --- acts ----------------------------------------------------------------------------------------


@post("/cases", status_code=201, security=SIGNED, tags=["acts"], responses=problems(404),
      request_max_body_size=_MOST_BYTES, summary="Draft the step that opens a case")  # fmt: skip
async def open_case(request: Req, site: OfSite, data: JSONBody[CaseWish]) -> Draft:
    person = sender(request, site)
    facts, files = _facts(data.lifecycle, data), _files(data)

    def draft_it(ledger: Ledger) -> Any:
        draft = ledger.draft_opening(
            data.subject or person.key, data.context, data.lifecycle, data.event, facts,
            by=person.key, files=files,
        )  # fmt: skip
        ledger.check_step(draft)
        return draft

    try:
        draft = await site.ask(draft_it)
    except Refused:
        # whoever stands at a desk is there; a proposal is refused alike by the ledger itself
        if data.subject and person.role != "desk" and data.lifecycle != "restriction":
            raise _nobody() from None
        raise
    return await _step(site, person, draft, files)


def _nobody() -> Refused:
    return Refused(
        "E-WEB-24",
        "You may not open this about anybody by that name.",
        why="It stands for nobody, you have no part in it, or the step does not fit.",
        fix="Look at the name and the context, or let their desk open it.",
    )


@post("/cases/{name:str}/steps", status_code=201, security=SIGNED, tags=["acts"],
      responses=problems(404), request_max_body_size=_MOST_BYTES,
      summary="Draft the next step of a case")  # fmt: skip
async def step(request: Req, site: OfSite, name: FromPath[str], data: JSONBody[StepWish]) -> Draft:
    person = sender(request, site)
    found = await site.ask(lambda ledger: ledger.case_for(name, person.key))
    facts, files = _facts(found.lifecycle, data), _files(data)

    def draft_it(ledger: Ledger) -> Any:
        draft = ledger.draft_step(found.case, data.event, facts, by=person.key, files=files)
        ledger.check_step(draft)
        return draft

    return await _step(site, person, await site.ask(draft_it), files)


async def _step(site: Site, person: Person, draft: Any, files: list[tuple[str, bytes]]) -> Draft:
    def take(ledger: Ledger, proofs: list[Proof]) -> Taken:
        after = ledger.take_step(draft.proved(proofs[0]))
        return Taken(place=f"/api/v1/cases/{after.name}", name=after.name)

    size = sum(len(data) for _, data in files)
    return await waiting(site, person, seen(draft), take, size)


@post("/stops", status_code=201, security=SIGNED, tags=["acts"], responses=problems(404),
      summary="Draft a request to stop somebody without their key; it tells of nobody")  # fmt: skip
async def stop(request: Req, site: OfSite, data: JSONBody[StopWish]) -> Draft:
    person = sender(request, site, "desk", "issuer")
    draft = await site.ask(
        lambda ledger: ledger.draft_freeze(data.name, data.context, by=person.key)
    )

    def take(ledger: Ledger, proofs: list[Proof]) -> Taken:
        ledger.take_freeze(draft.proved(proofs[0]), data.context)
        return Taken(place="", name=data.name)

    return await waiting(site, person, seen(draft), take, 0)


# --- reading -------------------------------------------------------------------------------------


def _facts(lifecycle: str, wish: StepWish) -> dict[str, Any]:
    """Read what a step says: days as dates, bytes in base64; its table judges the rest."""
    hints = get_type_hints(move_of(lifecycle, wish.event).facts, include_extras=True)
    said: dict[str, Any] = {}
    for name, value in wish.facts.items():
        kind = kind_of(hints[name])[0] if name in hints else None
        if isinstance(value, str) and kind is Day:
            said[name] = int(parse_day(value))
        elif isinstance(value, str) and kind is bytes:
            said[name] = _bytes(name, value)
        else:
            said[name] = value
    return said


def _bytes(name: str, text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        raise malformed(f"{name} is no base64.") from None


def _files(wish: StepWish) -> list[tuple[str, bytes]]:
    for one in wish.files:
        if not 0 < len(one.data) <= MOST_FILE_BYTES:
            raise malformed(f"A file has 1 to {MOST_FILE_BYTES:,} bytes.")
    return [(plain_name(one.name), one.data) for one in wish.files]


ROUTES: Final = (work, own, case, file, open_case, step, stop)
