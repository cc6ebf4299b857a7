"""Requests of programs: who signed one, read from its head and body before any handler sees it."""

import hashlib
from collections.abc import Mapping
from typing import Final

from standing.errors import Refused
from standing.serve import Message, Receive, Scope
from standing.signed_requests import Message as Signed
from standing.web._problems import too_large
from standing.web._store import Session

API: Final = "/api/"
DECISIONS: Final = "/api/v1/decisions"
MOST_BYTES: Final = 20_000_000
_FIELD: Final = b"signature-input"


def is_signed(scope: Scope, headers: Mapping[bytes, str]) -> bool:
    """Tell whether a request is a program's that carries a signature."""
    return _FIELD in headers and str(scope["path"]).startswith(API)


def message_of(scope: Scope, origin: str) -> Signed:
    """Give a request as its sender signed it. Fields of one name are joined, as HTTP says."""
    fields: dict[str, str] = {}
    for name, value in scope["headers"]:
        text = value.decode("latin-1")
        key = name.decode("latin-1")
        fields[key] = f"{fields[key]}, {text}" if key in fields else text
    path = scope.get("raw_path") or str(scope["path"]).encode()
    query = scope["query_string"]
    target = path.split(b"?")[0] + (b"?" + query if query else b"")
    return Signed(scope["method"], origin + target.decode("latin-1"), fields)


def session_of(cose_key: bytes) -> Session:
    """Stand for the sender of one request: what waits for a signature is theirs by their key."""
    token = hashlib.sha256(b"standing signed requests" + cose_key).digest()
    return Session(token, cose_key, "", b"", 0, 0, 0)


async def read_body(receive: Receive, most: int = MOST_BYTES) -> bytes:
    """Read a whole body; raises `E-WEB-05` beyond `most` bytes."""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise Gone
        part = message.get("body", b"")
        size += len(part)
        if size > most:
            raise too_large()
        parts.append(part)
        if not message.get("more_body"):
            return b"".join(parts)


def again(body: bytes, receive: Receive) -> Receive:
    """Give a body that was read to whoever reads it next."""
    is_read = False

    async def give() -> Message:
        nonlocal is_read
        if is_read:
            return await receive()
        is_read = True
        return {"type": "http.request", "body": body, "more_body": False}

    return give


class Gone(Refused):
    """The client hung up before its request was whole."""

    def __init__(self) -> None:
        super().__init__(
            "E-WEB-04",
            "This request cannot be understood.",
            why="It ended before it was whole.",
            fix="Send it again.",
        )
