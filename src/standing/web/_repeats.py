"""Requests that may be sent again after a lost answer: `Idempotency-Key`, for a day.

What was answered lies in the store sealed under the key itself, which the client alone holds: it
tells nobody anything, and nothing of it need be forgotten. A request whose process died is done
anew, and the ledger, whose acts are durable before they are answered, decides by itself.
See draft-ietf-httpapi-idempotency-key-header-07.
"""

import hashlib
import os
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from standing.errors import Refused
from standing.serve import Message, Scope, Send
from standing.web._people import Person
from standing.web._store import Store

FIELD: Final = b"idempotency-key"
KEPT_SECONDS: Final = 24 * 3600
_SHORTEST, _LONGEST = 16, 200
_MOST_ANSWER: Final = 1_000_000
_DONE: Final = range(200, 300)
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_NONCE_BYTES: Final = 12
_Keep = Callable[[Callable[[Store], Any]], Awaitable[Any]]


class _Kept(msgspec.Struct, frozen=True, array_like=True):
    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


class InProgress(Refused):
    """The same request is being answered just now; `wait_seconds` says when to come again."""

    wait_seconds = 1

    def __init__(self) -> None:
        super().__init__(
            "E-WEB-22",
            "This request is being answered already.",
            why="Another with the same Idempotency-Key has not ended yet.",
            fix="Send it again in a moment.",
        )


def key_in(scope: Scope, headers: Mapping[bytes, str]) -> str | None:
    """Read the key of a request that changes something; raises `E-WEB-21` for an unfit one."""
    text = headers.get(FIELD)
    if text is None or scope["method"] in _SAFE:
        return None
    plain = text.strip().removeprefix('"').removesuffix('"')
    if not (_SHORTEST <= len(plain) <= _LONGEST and plain.isascii() and plain.isprintable()):
        raise Refused(
            "E-WEB-21",
            "This is no Idempotency-Key.",
            why=f"It has {_SHORTEST} to {_LONGEST} printable characters that nobody else guesses.",
            fix="Use a random UUID, a new one for each thing that is to be done once.",
        )
    return plain


class Repeat:
    """One request with a key: answered as it was before, or answered now and kept."""

    def __init__(self, keep: _Keep, person: Person, key: str, scope: Scope, body: bytes) -> None:
        self._keep = keep
        parts = person.session.key, key.encode()
        self._name = hashlib.sha256(b"name" + b"\0".join(parts)).digest()
        self._cipher = AESGCM(hashlib.sha256(b"seal" + b"\0".join(parts)).digest())
        asked = (
            scope["method"].encode(), str(scope["path"]).encode(), scope["query_string"],
            hashlib.sha256(body).digest(),
        )  # fmt: skip
        self._request = hashlib.sha256(b"\0".join(asked)).digest()

    async def earlier(self) -> Callable[[Send], Awaitable[None]] | None:
        """Give what sends the earlier answer, or nothing: then this is the first time."""
        found = await self._keep(
            lambda store: store.first_time(self._name, self._request, KEPT_SECONDS)
        )
        if found is None:
            return None
        request, sealed = found
        if request != self._request:
            raise Refused(
                "E-WEB-23",
                "This Idempotency-Key was used for another request.",
                why="Method, address or body differ from those that came with it first.",
                fix="Use a new key for a new request.",
            )
        if not sealed:
            raise InProgress
        return self._sender(sealed)

    def _sender(self, sealed: bytes) -> Callable[[Send], Awaitable[None]]:
        try:
            nonce, rest = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
            kept = msgspec.msgpack.decode(self._cipher.decrypt(nonce, rest, None), type=_Kept)
        except (InvalidTag, msgspec.MsgspecError) as error:  # the file was changed by somebody
            raise InProgress from error
        headers = [*kept.headers, (b"idempotency-replayed", b"true")]

        async def send_again(send: Send) -> None:
            start = {"type": "http.response.start", "status": kept.status, "headers": headers}
            await send(start)
            await send({"type": "http.response.body", "body": kept.body})

        return send_again

    async def settle(self, answer: "Watched") -> None:
        """Keep an answer that something was done by; let anything else be asked again."""
        if answer.status in _DONE and answer.is_whole:
            kept = _Kept(answer.status, answer.headers, bytes(answer.body))
            nonce = os.urandom(_NONCE_BYTES)
            sealed = nonce + self._cipher.encrypt(nonce, msgspec.msgpack.encode(kept), None)
            await self._keep(lambda store: store.answered(self._name, sealed))
        else:
            await self._keep(lambda store: store.not_answered(self._name))


class Watched:
    """An answer on its way out, copied."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self.body = bytearray()
        self.is_whole = False

    async def __call__(self, message: Message) -> None:
        """Pass a message on."""
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], list(message.get("headers", ()))
        elif message["type"] == "http.response.body":
            self.body += message.get("body", b"")
            self.is_whole = not message.get("more_body") and len(self.body) <= _MOST_ANSWER
        await self._send(message)
