"""What everybody may see: log, entries and proofs, roll, packs, contests in numbers."""

import asyncio
import base64
import binascii
from collections.abc import AsyncIterator
from typing import Annotated, Any, Final

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath, QueryParameter
from litestar.response import ServerSentEvent, ServerSentEventMessage

from standing import policy
from standing.interface import (
    EntryPage,
    PackFacts,
)
from standing.ledger import Ledger
from standing.ledger.public import (
    ContestNumbers,
    DaySize,
    Entry,
    Holder,
    LogKey,
    Overview,
    PackLine,
    Proven,
)
from standing.web._packs import pack_facts
from standing.web._problems import malformed
from standing.web._site import OfSite, Req
from standing.web._verification import facts_of
from standing.web.api._common import as_written, problems

_MOST: Final = 500
_USUAL: Final = 50
_MOST_PROOF: Final = 200_000
_LOOK_SECONDS: Final = 1.0
_LONGEST_SECONDS: Final = 300.0
_CURSOR: Final = b"before "


Cursor = Annotated[str | None, QueryParameter(description="The `next` of the page before.")]
Limit = Annotated[int, QueryParameter(ge=1, le=_MOST, description="How many at most.")]


@get("/log", responses=problems(), summary="The log's head and its newest checkpoints")
async def log(site: OfSite) -> Overview:
    return await site.ask_again("overview", Ledger.overview)


@get("/log/trust", responses=as_written(dict[str, str]), media_type="application/json",
     summary="The trust file, as this server offers it; a verifier has its own")  # fmt: skip
async def trust(site: OfSite) -> Response[bytes]:
    data = await site.ask_again("trust", lambda ledger: ledger.trust_file)
    return Response(data, media_type="application/json")


@get("/log/verification", responses=problems(),
     summary="How the verification beside the pages stands, and what it found")  # fmt: skip
async def verification(site: OfSite) -> dict[str, Any]:
    return facts_of(site.settings.verification)


@get("/log/growth", responses=problems(), summary="The log's size at the end of each day")
async def growth(site: OfSite) -> list[DaySize]:
    return await site.ask_again("growth", Ledger.growth)


@get("/log/entries", responses=problems(400), summary="Entries, newest first, in pages")
async def entries(site: OfSite, cursor: Cursor = None, limit: Limit = _USUAL) -> EntryPage:
    before = None if cursor is None else _read_cursor(cursor)
    return await site.ask(lambda ledger: _page(ledger, before, limit))


@get("/log/entries/{which:str}", responses=problems(400, 404), summary="One entry, with its path")
async def entry(site: OfSite, which: FromPath[str]) -> Entry:
    return await site.ask(lambda ledger: ledger.entry(which))


@get("/log/entries/{which:str}/tlog-proof", responses=problems(400, 404), media_type="text/plain",
     summary="A C2SP tlog-proof of an entry")  # fmt: skip
async def tlog_proof(site: OfSite, which: FromPath[str]) -> bytes:
    return (await site.ask(lambda ledger: ledger.proof(which, "tlog-proof")))[1]


@get("/log/entries/{which:str}/receipt", responses=problems(400, 404),
     media_type="application/cose", summary="A COSE receipt of an entry")  # fmt: skip
async def receipt(site: OfSite, which: FromPath[str]) -> bytes:
    return (await site.ask(lambda ledger: ledger.proof(which, "receipt")))[1]


@post("/log/checks", status_code=200, responses=problems(400, 403, 413, 422),
      summary="Check a receipt, a tlog-proof, or a statement that carries its receipt")  # fmt: skip
async def check(request: Req, site: OfSite) -> Proven:
    data = await request.body()
    if not 0 < len(data) <= _MOST_PROOF:
        raise malformed(f"The body has {len(data):,} bytes; a proof has 1 to {_MOST_PROOF:,}.")
    return await site.ask(lambda ledger: ledger.check(data))


@get("/documents/{digest:str}", responses=problems(404), media_type="application/octet-stream",
     summary="A public document (a pack, a catalogue, a text) by its digest")  # fmt: skip
async def document(site: OfSite, digest: FromPath[str]) -> bytes:
    return await site.ask(lambda ledger: ledger.document(digest))


@get("/log/keys", responses=problems(), summary="The log's own keys of today, by purpose")
async def keys(site: OfSite) -> list[LogKey]:
    return await site.ask_again("log keys", Ledger.log_keys)


@get("/log/roll", responses=problems(), summary="Every key that ever had a right")
async def roll(site: OfSite) -> list[Holder]:
    return await site.ask_again("roll", Ledger.roll)


@get("/packs", responses=problems(), summary="Every pack, by context, newest first")
async def packs(site: OfSite) -> list[PackLine]:
    return await site.ask_again("packs", Ledger.packs)


@get("/packs/{context:str}/{version:int}", responses=problems(400, 404), summary="One pack")
async def pack(site: OfSite, context: FromPath[str], version: FromPath[int]) -> PackFacts:
    return await site.ask(lambda ledger: pack_facts(ledger, f"{context}@{version}"))


@get("/packs/{context:str}/{old:int}/{new:int}", responses=problems(400, 404),
     summary="How one version of a pack differs from another")  # fmt: skip
async def diff(
    site: OfSite, context: FromPath[str], old: FromPath[int], new: FromPath[int]
) -> policy.PackDiff:
    return await site.ask(
        lambda ledger: policy.diff_packs(
            ledger.pack(f"{context}@{old}"), ledger.pack(f"{context}@{new}")
        )
    )


@get("/contests", responses=problems(), summary="Contests in numbers")
async def contests(site: OfSite) -> ContestNumbers:
    return await site.ask_again("contest numbers", Ledger.contest_numbers)


@get("/contests/reviewers", responses=problems(),
     summary="What each reviewer decided, in numbers; those under five are left out")  # fmt: skip
async def reviewers(site: OfSite) -> dict[str, dict[str, int]]:
    rates = await site.ask_again("rates", Ledger.rates)
    found: dict[str, dict[str, int]] = rates["reviewers"]
    return found


@get("/events", responses=problems(), summary="The log's head whenever it grows (SSE)")
async def events(site: OfSite) -> ServerSentEvent:
    return ServerSentEvent(_heads(site))


@get("/openapi.json", include_in_schema=False)
async def description(request: Req) -> Response[bytes]:
    data = msgspec.json.encode(request.app.openapi_schema.to_schema())
    return Response(data, media_type="application/vnd.oai.openapi+json")


async def _heads(site: OfSite) -> AsyncIterator[ServerSentEventMessage]:
    """Tell the head now and when it changes; ends after a while, so that a client comes again."""
    told = -1
    for _ in range(int(_LONGEST_SECONDS / _LOOK_SECONDS)):
        if site.is_closing:
            return
        size, root = await site.ask(lambda ledger: (ledger.log_size, ledger.root.hex()))
        if size != told:
            told = size
            data = msgspec.json.encode({"size": size, "root": root}).decode()
            yield ServerSentEventMessage(data=data, event="head", id=str(size))
        await asyncio.sleep(_LOOK_SECONDS)


def _page(ledger: Ledger, before: int | None, limit: int) -> EntryPage:
    size = ledger.log_size
    stop = size if before is None else min(before, size)
    start = max(0, stop - limit)
    lines = tuple(ledger.entries(start, stop)[::-1])
    return EntryPage(entries=lines, size=size, next=_cursor(start) if start else None)


def _cursor(before: int) -> str:
    return base64.urlsafe_b64encode(_CURSOR + b"%d" % before).rstrip(b"=").decode()


def _read_cursor(text: str) -> int:
    try:
        data = base64.urlsafe_b64decode(text.encode() + b"=" * (-len(text) % 4))
        if data.startswith(_CURSOR) and data[len(_CURSOR) :].isdigit():
            place = int(data[len(_CURSOR) :])
            if _cursor(place) == text:
                return place
    except (ValueError, binascii.Error):
        pass
    raise malformed("The cursor is not one that a page gave as its next.")


ROUTES: Final = (
    log, trust, verification, growth, entries, entry, tlog_proof, receipt, check, document, keys,
    roll, packs, pack, diff, contests, reviewers, events, description,
)  # fmt: skip
