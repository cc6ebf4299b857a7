"""What every handler is given: the one writer behind the pages, settings, and how to answer."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar
from urllib.parse import quote

import msgspec
from litestar import Request, Response
from litestar.datastructures import State
from litestar.di import NamedDependency

from standing.ledger import Ledger
from standing.serve import Registrar
from standing.signed_requests import Signatures
from standing.web._looked import Looked
from standing.web._metrics import Metrics
from standing.web._names import Names, names_in
from standing.web._pages import HTML_TYPE, Pages
from standing.web._papers import Papers
from standing.web._passkeys import Challenges
from standing.web._people import Person
from standing.web._questions import Questions
from standing.web._rates import Rates
from standing.web._simulations import Simulations
from standing.web._store import Session, Store
from standing.web._visit import Visit, visit_of
from standing.web._writings import Writings
from standing.wire.keys import KeyFile, PublicKey, load_key_file

Req = Request[Any, Any, State]
_T = TypeVar("_T")
_Stamp = Callable[[Ledger], tuple[Any, ...]]
_JSON_TYPE: Final = "application/json"
_PUBLIC: Final = "no-cache"
_PRIVATE: Final = "no-store"
_MOST_LOOKED: Final = 10_000
_IN_ADDRESS: Final = "/?#[]@!$&'()*+,;=:%~"  # RFC 3986: what an address is written with


def _everything(ledger: Ledger) -> tuple[Any, ...]:
    return ledger.log_size, ledger.changes, ledger.today


def _roll(ledger: Ledger) -> tuple[Any, ...]:
    """Packs stand on the roll, which is the same object until something on it changes."""
    return (ledger.state.roll,)


class Verification(Protocol):
    """A verification that runs beside the pages."""

    @property
    def facts(self) -> dict[str, Any]:
        """How it stands, and what it found."""
        ...


@dataclass(frozen=True)
class Settings:
    """How the pages run.

    `rate`: requests a second that one address may send. `asks`: relying parties' questions a
    second from one address. `tries`: attempts a second to sign in or
    to enrol, twenty at once. `demo_keys`: a folder whose key files the server signs with, for
    whoever came by a one-use link; in the demo alone. `verification`: one that runs beside.
    `is_logged`: a line of JSON a request on standard error.
    """

    rate: float = 50.0
    asks: float = 500.0
    tries: float = 0.2
    demo_keys: Path | None = None
    verification: Verification | None = None
    is_logged: bool = False


@dataclass
class Site:
    """A running site. Verbs run on the writer's thread, never on the event loop."""

    writer: Registrar
    settings: Settings
    pages: Pages
    store: Store
    rp_id: str
    papers: Papers = field(default_factory=Papers)
    drafts: Papers = field(default_factory=Papers)
    challenges: Challenges = field(default_factory=Challenges)
    writings: Writings = field(default_factory=Writings)
    metrics: Metrics = field(default_factory=Metrics)
    signatures: Signatures = field(default_factory=Signatures)
    is_closing: bool = False
    simulations: Simulations = field(init=False)
    _looked: dict[tuple[bytes, str], Looked] = field(default_factory=dict)
    _kept: dict[str, tuple[tuple[Any, ...], Any]] = field(default_factory=dict)

    async def ask(self, verb: Callable[[Ledger], _T]) -> _T:
        """Call a verb of the ledger."""
        return await self.writer.call(verb)

    async def ask_again(
        self, name: str, verb: Callable[[Ledger], _T], hangs_on: _Stamp = _everything
    ) -> _T:
        """Call a verb whose result stays while what it hangs on does: log, cases and day.

        `name` tells verbs apart; nothing about one person is asked for here.
        """

        def kept(ledger: Ledger) -> _T:
            stamp = hangs_on(ledger)
            found = self._kept.get(name)
            if found is None or found[0] != stamp:
                found = self._kept[name] = stamp, verb(ledger)
            value: _T = found[1]
            return value

        return await self.writer.call(kept)

    async def names(self) -> Names:
        """Give what the rules call things."""
        return await self.ask_again("names", names_in, _roll)

    def __post_init__(self) -> None:
        self.simulations = Simulations(self.writer.directory)
        self.questions = Questions(self.writer)
        self.tries = Rates(self.settings.tries, burst=20 + 20 * self.settings.tries)

    async def keep(self, work: Callable[[Store], _T]) -> _T:
        """Do something with the store of sessions, in a thread."""
        return await asyncio.to_thread(work, self.store)

    async def work(self, work: Callable[[], _T]) -> _T:
        """Do something long in a thread, away from the event loop and the writer."""
        return await asyncio.to_thread(work)

    async def person(self, visit: Visit) -> Person | None:
        """Find who is behind a visit, by the session that its cookie names."""
        token = visit.cookies.get(self.cookie)
        session = await self.keep(lambda store: store.find(token)) if token else None
        return await self.whose(session) if session is not None else None

    async def whose(self, session: Session) -> Person:
        """Tell who is behind a session, as the ledger has it today."""
        key = PublicKey.from_cose_key(session.key)
        found = await self.ask(lambda ledger: ledger.holding(key))
        return Person(session, key, found, self.store.is_fresh(session))

    def looked(self, person: Person, case: str) -> Looked:
        """Give what a reviewer has looked at in a case, in this session."""
        if len(self._looked) > _MOST_LOOKED:
            self._looked.pop(next(iter(self._looked)))
        return self._looked.setdefault((person.session.token, case), Looked())

    @property
    def cookie(self) -> str:
        """Name the cookie of a session; `__Host-` binds it to one host, under TLS."""
        return "standing" if self.is_local else "__Host-standing"

    def origin(self, request: Req) -> str:
        """Give this site's own origin: its pages begin with it, its passkeys are used on it."""
        return f"{self.scheme}://{request.headers.get('host', '')}"

    @property
    def scheme(self) -> str:
        """What this site's addresses begin with."""
        return "http" if self.is_local else "https"

    def demo_key(self, name: str) -> KeyFile:
        """Read a key file of the demo."""
        assert self.settings.demo_keys is not None, "links are made in the demo alone"
        return load_key_file(self.settings.demo_keys / f"{name}.key")

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
    headers = {"Location": quote(place, safe=_IN_ADDRESS), "Cache-Control": "no-store"}
    return Response(b"", status_code=303, headers=headers, media_type="text/plain")
