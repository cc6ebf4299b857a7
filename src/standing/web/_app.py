"""Pages and interface as one ASGI application beside the log's own paths."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Final
from urllib.parse import urlencode

from litestar import Litestar, Response
from litestar.di import Provide
from litestar.exceptions import HTTPException

from standing.errors import StandingError
from standing.ledger import Ledger
from standing.serve import Beside, MakeBeside, Receive, Registrar, Scope, Send
from standing.web import (
    _cases,
    _consent,
    _contest,
    _log,
    _ops,
    _packs,
    _party,
    _present,
    _sign,
    _signin,
    _studio,
    _subject,
    _verification,
    _work,
    api,
)
from standing.web._gate import Gate
from standing.web._metrics import log_line
from standing.web._pages import Pages
from standing.web._problems import problem_of
from standing.web._site import Req, Settings, Site, see_other
from standing.web._store import FILE, Store
from standing.wire.keys import PublicKey

_ROOMS: Final = (
    _cases, _consent, _contest, _log, _ops, _packs, _party, _present, _sign, _signin, _studio,
    _subject, _verification, _work,
)  # fmt: skip
_MOST_BYTES: Final = 1_000_000
_SWEEP_SECONDS: Final = 600
_LEADS: Final = {"E-WEB-09": "/signin", "E-WEB-11": "/again"}
"""Where somebody goes first who may not open a page yet."""


class SiteApp:
    """Answers every path that is not the log's."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._app = Litestar(
            route_handlers=[api.ROUTER, *(route for room in _ROOMS for route in room.ROUTES)],
            dependencies={"site": Provide(lambda: site, sync_to_thread=False)},
            exception_handlers={
                HTTPException: self._problem,
                StandingError: self._problem,
                Exception: self._problem,
            },
            openapi_config=api.DESCRIPTION,
            include_in_schema=False,
            request_max_body_size=_MOST_BYTES,
            logging_config=None,
        )
        self._gate = Gate(site, self._app)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        await self._gate(scope, receive, send)

    @asynccontextmanager
    async def lifespan(self) -> AsyncIterator[None]:
        """Live as long as the server does."""
        site = self._site
        async with self._app.lifespan():
            sweeping = asyncio.create_task(self._sweep())
            try:
                yield
            finally:
                site.is_closing = True
                sweeping.cancel()
                site.simulations.close()
                site.store.close()

    async def _sweep(self) -> None:
        """Sweep now and then; what keeps it from being done once is said, and tried again."""
        while True:
            try:
                await self._sweep_once()
            except Exception as error:  # noqa: BLE001 - a full disk must not end it for good
                log_line("sweep", failed=type(error).__name__)
            await asyncio.sleep(_SWEEP_SECONDS)

    async def _sweep_once(self) -> None:
        """Forget what has ended, and the passkeys of keys that stand for nobody (any more)."""
        site = self._site
        await site.keep(Store.sweep)
        keys = await site.keep(Store.keys)
        standing = {key for key in keys if await site.ask(partial(_stands, key))}
        await site.keep(lambda store: store.keep_only(standing, keys))

    def _problem(self, request: Req, error: Exception) -> Response[bytes]:
        problem, visit = problem_of(error), self._site.visit(request)
        lead = _LEADS.get(problem.error.code)
        if lead is not None and visit.method == "GET" and not visit.wants_json:
            return see_other(f"{lead}?{urlencode({'next': visit.here})}")
        media_type, body = self._site.pages.problem(visit, problem)
        headers = {**dict(problem.headers), "Cache-Control": "no-store"}
        return Response(body, media_type=media_type, status_code=problem.status, headers=headers)


def make_site(settings: Settings | None = None) -> MakeBeside:
    """Prepare the site; the server calls the result with its one writer."""

    def make(writer: Registrar) -> Beside:
        genesis = writer.genesis
        pages = Pages(is_simulated=genesis.clock == "simulated")
        store = Store(writer.directory / FILE)
        return SiteApp(Site(writer, settings or Settings(), pages, store, genesis.rp_id))

    return make


def _stands(key: bytes, ledger: Ledger) -> bool:
    return bool(ledger.holding(PublicKey.from_cose_key(key)).role)
