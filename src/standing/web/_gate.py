"""What every request passes before a page sees it, and every answer before a browser does.

Which host was asked, whether another site asked in a visitor's name, how often an address asks,
which language; then the headers that keep a page from loading, framing or telling anything.
"""

from collections.abc import Awaitable, Callable
from typing import Final
from urllib.parse import urlsplit

from litestar.types import ASGIApp

from standing.errors import Refused
from standing.serve import Message, Receive, Scope, Send
from standing.web import _static
from standing.web._metrics import Measured, log_line
from standing.web._people import Person
from standing.web._problems import N_, problem_of
from standing.web._rates import Rates
from standing.web._repeats import Repeat, Watched, key_in
from standing.web._signed import DECISIONS, again, is_signed, message_of, read_body, session_of
from standing.web._site import Site
from standing.web._visit import LANGUAGE_COOKIE, Visit, met, read_visit

_Header = tuple[bytes, bytes]
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_STATIC: Final = "/static/"
_ANY_HOST: Final = frozenset({"/healthz", "/metrics"})
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_PERMISSIONS: Final = (
    "camera=(), microphone=(), geolocation=(), payment=(), usb=(),"
    " publickey-credentials-get=(self), publickey-credentials-create=(self)"
)
_HEADERS: Final[tuple[_Header, ...]] = (
    (b"content-security-policy", _POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", _PERMISSIONS.encode()),
)
_TLS_ONLY: Final[_Header] = (b"strict-transport-security", b"max-age=31536000")
_YEAR_SECONDS: Final = 31_536_000


class Gate:
    """Stands in front of the pages."""

    def __init__(self, site: Site, app: ASGIApp) -> None:
        self._site = site
        self._app = app
        self._rates = Rates(site.settings.rate)
        self._asking = Rates(site.settings.asks)
        self._headers = _HEADERS if site.is_local else (*_HEADERS, _TLS_ONLY)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        send = self._guarded(scope, Measured(scope, send, self._note))
        visit = read_visit(scope)
        if visit.path.startswith(_STATIC):
            await _send_file(visit, scope, send)
            return
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        try:
            self._check(scope, visit, headers)
            if is_signed(scope, headers):
                body = await read_body(receive)
                person: Person | None = await self._sender(scope, body)
                receive = again(body, receive)
            else:
                person = await self._site.person(visit)
            repeat = None
            if person is not None and (key := key_in(scope, headers)) is not None:
                body = await read_body(receive)
                receive = again(body, receive)
                repeat = Repeat(self._site.keep, person, key, scope, body)
                if (earlier := await repeat.earlier()) is not None:
                    await earlier(send)
                    return
        except Exception as error:  # noqa: BLE001 - whatever it is, a browser gets a page
            await self._refuse(visit, error, send)
            return
        if visit.chosen is not None and visit.method in _SAFE:
            await self._speak(visit, visit.chosen, send)
            return
        met(scope, person)
        if scope["method"] == "HEAD":
            scope["method"] = "GET"  # its body is dropped on the way out
        if repeat is None:
            await self._app(scope, receive, send)  # type: ignore[arg-type]
            return
        answer = Watched(send)
        try:
            await self._app(scope, receive, answer)  # type: ignore[arg-type]
        finally:
            await repeat.settle(answer)

    async def _sender(self, scope: Scope, body: bytes) -> Person:
        """Find who signed a request of a program."""
        site = self._site
        host = next((v for n, v in scope["headers"] if n == b"host"), b"").decode("latin-1")
        message = message_of(scope, f"{site.scheme}://{host}")
        key = await site.work(lambda: site.signatures.verify(message, body))
        found = await site.ask(lambda ledger: ledger.holding(key))
        return Person(session_of(key.cose_key()), key, found, is_fresh=True)

    def _note(self, answer: Measured) -> None:
        """Count an answer, and write its line: a route, a status, a time; nobody's address."""
        self._site.metrics.count(answer.method, answer.route, answer.status, answer.seconds)
        if self._site.settings.is_logged:
            log_line(
                "request", method=answer.method, route=answer.route, status=answer.status,
                ms=round(1000 * answer.seconds, 1), bytes=answer.length,
            )  # fmt: skip

    def _check(self, scope: Scope, visit: Visit, headers: dict[bytes, str]) -> None:
        if visit.path not in _ANY_HOST:
            _check_host(headers.get(b"host", ""), self._site.rp_id)
        _check_site(visit, headers)
        # a relying party asks for all its customers, from one address
        rates = self._asking if visit.path == DECISIONS else self._rates
        rates.take(scope)

    async def _refuse(self, visit: Visit, error: Exception, send: Send) -> None:
        problem = problem_of(error)
        media_type, body = self._site.pages.problem(visit, problem)
        headers = [(name.lower().encode(), value.encode()) for name, value in problem.headers]
        await _send(send, problem.status, media_type, body, headers)

    async def _speak(self, visit: Visit, language: str, send: Send) -> None:
        """Remember a language, and give the same page in it."""
        secure = "" if self._site.is_local else "; Secure"
        cookie = (
            f"{LANGUAGE_COOKIE}={language}; Path=/; Max-Age={_YEAR_SECONDS}; SameSite=Lax"
            f"; HttpOnly{secure}"
        )
        place = visit.without_choice()
        await _send(
            send, 303, "text/plain; charset=utf-8", b"",
            [(b"location", place.encode()), (b"set-cookie", cookie.encode()),
             (b"cache-control", b"no-store")],
        )  # fmt: skip

    def _guarded(self, scope: Scope, send: Send) -> Callable[[Message], Awaitable[None]]:
        """Put the headers on an answer, and take the body off one to HEAD."""
        is_head = scope["method"] == "HEAD"

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *self._headers]
            elif is_head and message["type"] == "http.response.body":
                message["body"] = b""
            await send(message)

        return guarded


def _check_host(host: str, rp_id: str) -> None:
    """Refuse a name that is not this ledger's: another site's name may lead here, too."""
    name = (urlsplit(f"//{host}").hostname or "") if host.isascii() else ""
    is_own = name == rp_id or name.endswith(f".{rp_id}")
    if not is_own and not (rp_id == "localhost" and name in {"127.0.0.1", "::1"}):
        raise Refused(
            "E-WEB-06",
            N_("These pages have another name."),
            why=N_("The address in the browser is not the one that this ledger was founded with."),
            fix=N_("Open them by that name; passkeys are bound to it."),
            where=rp_id,
        )


def _check_site(visit: Visit, headers: dict[bytes, str]) -> None:
    """Refuse what another site asks for in a visitor's name."""
    site = headers.get(b"sec-fetch-site")
    is_reading = visit.method in _SAFE
    if site is not None:
        is_visit = is_reading and headers.get(b"sec-fetch-mode") == "navigate"
        fine = site == "same-origin" or (is_reading and site == "none") or is_visit
    elif is_reading:
        fine = True
    else:
        # an old browser tells its origin; a program tells neither, and has no cookie to misuse
        origin = headers.get(b"origin")
        named = urlsplit(origin).netloc if origin is not None else None
        fine = named == headers.get(b"host") if named is not None else b"cookie" not in headers
    if not fine:
        raise Refused(
            "E-WEB-07",
            N_("Another site asked for this in your name."),
            why=N_("Pages and forms of this ledger are used from its own pages alone."),
            fix=N_("Open the ledger's own page and do it there."),
        )


async def _send_file(visit: Visit, scope: Scope, send: Send) -> None:
    digest, _, name = visit.path.removeprefix(_STATIC).partition("/")
    file = _static.find(digest, name)
    if file is None or visit.method not in _SAFE:
        await _send(send, 404, "text/plain; charset=utf-8", b"There is no such file.\n", [])
        return
    accepts = next((v for n, v in scope["headers"] if n == b"accept-encoding"), b"")
    headers = [
        (b"cache-control", b"public, max-age=31536000, immutable"),
        (b"vary", b"accept-encoding"),
    ]
    body = file.data
    if b"gzip" in accepts:
        headers.append((b"content-encoding", b"gzip"))
        body = file.packed
    await _send(send, 200, file.media_type, body, headers)


async def _send(
    send: Send, status: int, media_type: str, body: bytes, headers: list[_Header]
) -> None:
    own = [(b"content-type", media_type.encode()), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": [*own, *headers]})
    await send({"type": "http.response.body", "body": body})
