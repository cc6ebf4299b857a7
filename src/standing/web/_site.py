"""What every handler is given: the one writer behind the pages, settings, and how to answer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

import msgspec
from litestar import Request, Response
from litestar.datastructures import State
from litestar.di import NamedDependency

from standing.ledger import Ledger
from standing.serve import Registrar
from standing.web._pages import HTML_TYPE, Pages
from standing.web._visit import Visit, visit_of

Req = Request[Any, Any, State]
_T = TypeVar("_T")
_Stamp = tuple[int, int, int]
_JSON_TYPE: Final = "application/json"
_PUBLIC: Final = "no-cache"
_PRIVATE: Final = "no-store"
_VARY: Final = "Cookie, Accept-Language"


@dataclass(frozen=True)
class Settings:
    """How the pages run. `rate`: requests a second that one address may send."""

    rate: float = 50.0


@dataclass
class Site:
    """A running site. Verbs run on the writer's thread, never on the event loop."""

    writer: Registrar
    settings: Settings
    pages: Pages
    rp_id: str
    _kept: dict[str, tuple[_Stamp, Any]] = field(default_factory=dict)

    async def ask(self, verb: Callable[[Ledger], _T]) -> _T:
        """Call a verb of the ledger."""
        return await self.writer.call(verb)

    async def ask_again(self, name: str, verb: Callable[[Ledger], _T]) -> _T:
        """Call a verb whose result stays while neither log, cases nor day change.

        `name` tells verbs apart; nothing about one person is asked for here.
        """

        def kept(ledger: Ledger) -> _T:
            stamp = (ledger.log_size, ledger.changes, ledger.today)
            found = self._kept.get(name)
            if found is None or found[0] != stamp:
                found = self._kept[name] = stamp, verb(ledger)
            value: _T = found[1]
            return value

        return await self.writer.call(kept)

    @property
    def is_local(self) -> bool:
        """Whether the site answers on this machine alone, where no TLS is needed."""
        return self.rp_id == "localhost"

    @staticmethod
    def visit(request: Req) -> Visit:
        """Give what is known of a request."""
        return visit_of(request.scope)

    def show(
        self,
        request: Req,
        template: str,
        facts: Mapping[str, Any],
        *,
        status: int = 200,
        private: bool = False,
        **drawn: Any,
    ) -> Response[bytes]:
        """Answer with a page, or with its facts where the address ends in `.json`.

        `drawn`: what only people need (plots); `private`: nobody on the way may keep it.
        """
        visit = self.visit(request)
        headers = {
            "Cache-Control": _PRIVATE if private else _PUBLIC,
            "Vary": "Cookie, Accept-Language",
        }
        if visit.wants_json:
            data = msgspec.json.encode(facts)
            return Response(data, media_type=_JSON_TYPE, status_code=status, headers=headers)
        page = self.pages.render(visit, template, {**facts, **drawn})
        headers["Content-Language"] = visit.voice.language
        return Response(page, media_type=HTML_TYPE, status_code=status, headers=headers)


OfSite = NamedDependency[Site]
"""What a handler declares to be given the site."""


def see_other(place: str) -> Response[bytes]:
    """Lead on to another page after something was done."""
    headers = {"Location": place, "Cache-Control": "no-store"}
    return Response(b"", status_code=303, headers=headers, media_type="text/plain")


def address_of(request: Req) -> str:
    """Give the address of this site as the visitor typed it."""
    return f"{request.url.scheme}://{request.url.netloc}"
