"""What the plain ASGI applications share: bounded reading, answers, problem details, limits.

Plain ASGI, because a registration costs little beside what a framework would add to it.
"""

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import dataclass
from typing import Any, Final

import cbor2

from standing.errors import StandingError
from standing.serve._buckets import Buckets, client_of

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Header = tuple[bytes, bytes]

CBOR_TYPE: Final = b"application/cbor"
COSE_TYPE: Final = b"application/cose"
TEXT_TYPE: Final = b"text/plain; charset=utf-8"
_PROBLEM_TYPE: Final = b"application/concise-problem-details+cbor"
_TITLE, _DETAIL = -1, -2  # RFC 9290
_LENGTH_DIGITS: Final = 18


@dataclass(frozen=True)
class Answer:
    """One HTTP answer. `headers` come beside Content-Type and Content-Length."""

    status: int
    body: bytes = b""
    content_type: bytes = TEXT_TYPE
    headers: tuple[Header, ...] = ()

    async def send(self, send: Send, *, head: bool = False) -> None:
        """Write the answer; without its body for HEAD."""
        headers = [
            (b"content-type", self.content_type),
            (b"content-length", b"%d" % len(self.body)),
            *self.headers,
        ]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if head else self.body})


class Problem(Exception):  # noqa: N818 - a problem is an answer, not a fault of the program
    """An answer that says what is wrong: concise problem details (RFC 9290)."""

    def __init__(
        self, status: int, title: str, detail: str, *, headers: Iterable[Header] = ()
    ) -> None:
        super().__init__(title)
        self.status = status
        self.title = title
        self.detail = detail
        self.headers = tuple(headers)

    def answer(self) -> Answer:
        """Give the answer to send."""
        body = cbor2.dumps({_TITLE: self.title, _DETAIL: self.detail}, canonical=True)
        return Answer(self.status, body, _PROBLEM_TYPE, self.headers)


def detail_of(error: StandingError) -> str:
    """Write an error for problem details: what, why and what to do, with its code."""
    return f"{error.what} {error.why} {error.fix} [{error.code}]"


async def read_body(scope: Scope, receive: Receive, *, most: int) -> bytes:
    """Read a request's body; 413 beyond `most` bytes, 400 for an odd length.

    Raises `ClientGone` if the client hangs up before the end, or was too slow: there is nobody to
    answer (`serve._protocol` bounds the time).
    """
    declared = header(scope, b"content-length")
    if declared is not None and _length(declared) > most:
        raise _too_large(most)
    parts: list[bytes] = []
    length = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        part = message.get("body", b"")
        length += len(part)
        if length > most:
            raise _too_large(most)
        if not message.get("more_body"):
            return b"".join([*parts, part]) if parts else part
        parts.append(part)


class ClientGone(Exception):  # noqa: N818 - not a fault of the program
    """The client hung up while it was sending."""


def _length(declared: bytes) -> int:
    """Read Content-Length as RFC 9110 writes it; not every server in front has done so."""
    if not declared.isdigit() or len(declared) > _LENGTH_DIGITS:
        raise Problem(
            400,
            "Bad Request",
            "Content-Length is no number of bytes. Send the body again with its length.",
            headers=[(b"connection", b"close")],
        )
    return int(declared)


def _too_large(most: int) -> Problem:
    return Problem(
        413,
        "Content Too Large",
        f"At most {most} bytes are read here. Sign a digest and keep large contents elsewhere.",
        headers=[(b"connection", b"close")],
    )


def header(scope: Scope, name: bytes) -> bytes | None:
    """Give the first header of a name (in small letters), if there is one."""
    for key, value in scope["headers"]:
        if key == name:
            found: bytes = value
            return found
    return None


class RateLimit:
    """The budget of a client address: `rate` a second, twice as many at once after a pause."""

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._buckets = Buckets(rate, 2 * rate)

    def take(self, scope: Scope) -> None:
        """Take one request from the client's budget; raises a 429 problem when it is spent."""
        wait = self._buckets.take(client_of(scope))
        if wait:
            raise Problem(
                429,
                "Too Many Requests",
                f"At most {self._rate:g} requests a second from one address are taken."
                f" Try again in {wait} s.",
                headers=[(b"retry-after", b"%d" % wait)],
            )

    def charge(self, scope: Scope, cost: float) -> None:
        """Take more for a request that was answered already."""
        self._buckets.charge(client_of(scope), cost)
