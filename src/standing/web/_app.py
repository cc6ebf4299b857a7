"""Pages and interface as one ASGI application beside the log's own paths."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from litestar import Litestar, Response
from litestar.di import Provide
from litestar.exceptions import HTTPException

from standing.errors import StandingError
from standing.serve import Beside, MakeBeside, Receive, Registrar, Scope, Send
from standing.web import _log, _packs
from standing.web._gate import Gate
from standing.web._pages import Pages
from standing.web._problems import problem_of
from standing.web._site import Req, Settings, Site

_MOST_BYTES: Final = 1_000_000


class SiteApp:
    """Answers every path that is not the log's."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._app = Litestar(
            route_handlers=[*_log.ROUTES, *_packs.ROUTES],
            dependencies={"site": Provide(lambda: site, sync_to_thread=False)},
            exception_handlers={
                HTTPException: self._problem,
                StandingError: self._problem,
                Exception: self._problem,
            },
            openapi_config=None,
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
        async with self._app.lifespan():
            yield

    def _problem(self, request: Req, error: Exception) -> Response[bytes]:
        problem = problem_of(error)
        media_type, body = self._site.pages.problem(self._site.visit(request), problem)
        headers = {**dict(problem.headers), "Cache-Control": "no-store"}
        return Response(body, media_type=media_type, status_code=problem.status, headers=headers)


def make_site(settings: Settings | None = None) -> MakeBeside:
    """Prepare the site; the server calls the result with its one writer."""

    def make(writer: Registrar) -> Beside:
        genesis = writer.genesis
        pages = Pages(is_simulated=genesis.clock == "simulated")
        return SiteApp(Site(writer, settings or Settings(), pages, genesis.rp_id))

    return make
