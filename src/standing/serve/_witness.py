"""A witness over HTTP: a plain ASGI application; C2SP tlog-witness.

`POST /add-checkpoint` cosigns, `GET /` says who this is and whom it watches,
`GET /<SHA-256 of an origin, in hex>/checkpoint` gives the newest cosigned checkpoint.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

from standing.errors import StandingError
from standing.witness._request import MAX_BODY_BYTES
from standing.witness._witness import TEXT, Answer, Witness, origin_hash

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_BODY_SECONDS: Final = 15.0
_CHECKPOINT: Final = re.compile(r"/([0-9a-f]{64})/checkpoint", re.ASCII)


class WitnessApp:
    """The ASGI application; what it does to the disk happens in a thread."""

    def __init__(self, witness: Witness) -> None:
        self._witness = witness

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http":
            await _send(send, await self._answer(scope, receive), head=scope["method"] == "HEAD")

    async def _answer(self, scope: Scope, receive: Receive) -> Answer:
        method, path = scope["method"], scope["path"]
        reads = method in {"GET", "HEAD"}
        if path == "/add-checkpoint":
            return await self._add(receive) if method == "POST" else _not_allowed("POST")
        found = _CHECKPOINT.fullmatch(path)
        if path != "/" and found is None:
            return Answer(404, b"There is nothing here.\n")
        if not reads:
            return _not_allowed("GET")
        if found is None:
            return Answer(200, _front_page(self._witness))
        return await asyncio.to_thread(self._checkpoint, found.group(1))

    async def _add(self, receive: Receive) -> Answer:
        try:
            async with asyncio.timeout(_BODY_SECONDS):
                body = await _read_body(receive)
        except TimeoutError:
            return Answer(408, b"The request did not end in time.\n")
        if body is None:
            return Answer(413, b"The request is too long.\n")
        try:
            return await asyncio.to_thread(self._witness.add_checkpoint, body)
        except StandingError as error:  # the disk failed: nothing was cosigned
            return Answer(503, f"{error.code} {error.what}\n".encode())

    def _checkpoint(self, digest: str) -> Answer:
        note = self._witness.checkpoint_of_hash(digest)
        if note is None:
            return Answer(404, b"No checkpoint of such a log was cosigned here.\n")
        return Answer(200, note)


def _front_page(witness: Witness) -> bytes:
    lines = [f"This is the witness {witness.name}.", "", "Its keys:"]
    lines += [key.vkey() for key in witness.cosigners]
    lines += ["", "The logs it watches, each with its newest cosigned checkpoint:"]
    lines += [f"{origin} /{origin_hash(origin)}/checkpoint" for origin in sorted(witness.logs)]
    found = len(witness.evidence())
    lines += ["", f"Pairs of checkpoints kept because both may not be true: {found}"]
    return ("\n".join(lines) + "\n").encode()


def _not_allowed(allowed: str) -> Answer:
    return Answer(405, f"Use {allowed}.\n".encode())


async def _read_body(receive: Receive) -> bytes | None:
    """Give the whole body, or nothing if it is too long or the sender has gone."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        body += message.get("body", b"")
        if len(body) > MAX_BODY_BYTES:
            return None
        if not message.get("more_body", False):
            return bytes(body)


async def _send(send: Send, answer: Answer, *, head: bool) -> None:
    headers = [
        (b"content-type", (answer.content_type or TEXT).encode()),
        (b"content-length", str(len(answer.body)).encode()),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
    ]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if head else answer.body})
