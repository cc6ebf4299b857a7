"""For whoever runs it: is it alive, and how does it do."""

import asyncio
from typing import Any, Final

import msgspec
from litestar import Response, get

from standing.errors import StandingError
from standing.ledger import Ledger
from standing.web._problems import no_page
from standing.web._site import OfSite, Req

_SECONDS: Final = 2.0
_METRICS_TYPE: Final = "text/plain; version=0.0.4"
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1"})
_FORWARDED: Final = ("forwarded", "x-forwarded-for", "x-real-ip")


@get("/healthz")
async def health(site: OfSite) -> Response[bytes]:
    """Answer 200 while the writer answers, 503 when it does not."""
    try:
        async with asyncio.timeout(_SECONDS):
            size, day = await site.ask(_vital)
        facts: dict[str, Any] = {"status": "ok", "log_size": size, "day": day}
        code = 200
    except (TimeoutError, StandingError) as problem:
        why = problem.code if isinstance(problem, StandingError) else "the writer does not answer"
        facts, code = {"status": "stopped", "why": why}, 503
    return Response(
        msgspec.json.encode(facts), media_type="application/json", status_code=code,
        headers={"Cache-Control": "no-store"},
    )  # fmt: skip


@get("/metrics")
async def metrics(request: Req, site: OfSite) -> Response[bytes]:
    """Give the metrics to this machine alone: what is asked often could point at somebody."""
    client = request.client.host if request.client else ""
    if client not in _LOOPBACK or any(name in request.headers for name in _FORWARDED):
        raise no_page()
    size, day = await site.ask(_vital)
    return Response(site.metrics.text(size, day), media_type=_METRICS_TYPE)


def _vital(ledger: Ledger) -> tuple[int, int]:
    return ledger.log_size, ledger.today


ROUTES: Final = (health, metrics)
