"""A witness over HTTP; C2SP tlog-witness.

`POST /add-checkpoint` cosigns, `GET /` says who this is and whom it watches,
`GET /<SHA-256 of an origin, in hex>/checkpoint` gives the newest cosigned checkpoint.
"""

import asyncio
import re
from typing import Final

from standing.errors import StandingError
from standing.serve._http import Answer, RateLimit, Receive, Scope, read_body
from standing.serve._simple import SimpleApp
from standing.witness import MAX_BODY_BYTES, Witness, origin_hash

_RATE: Final = 100.0
_CHECKPOINT: Final = re.compile(r"/([0-9a-f]{64})/checkpoint", re.ASCII)
_FRESH: Final = ((b"cache-control", b"no-cache"),)


class WitnessApp(SimpleApp):
    """The ASGI application; what it does to the disk happens in a thread."""

    def __init__(self, witness: Witness) -> None:
        self._witness = witness
        self._limit = RateLimit(_RATE)

    async def answer(self, scope: Scope, receive: Receive) -> Answer:
        """Answer one request."""
        path = scope["path"]
        if path == "/add-checkpoint":
            self.allow(scope, "POST")
            return await self._add(scope, receive)
        self.allow(scope, "GET", "HEAD")
        found = _CHECKPOINT.fullmatch(path)
        if found is not None:
            return await asyncio.to_thread(self._checkpoint, found.group(1))
        if path == "/":
            return Answer(200, await asyncio.to_thread(_front_page, self._witness))
        return Answer(404, b"There is nothing here.\n")

    async def _add(self, scope: Scope, receive: Receive) -> Answer:
        self._limit.take(scope)
        body = await read_body(scope, receive, most=MAX_BODY_BYTES)
        try:
            given = await asyncio.to_thread(self._witness.add_checkpoint, body)
        except StandingError as error:  # the disk failed: nothing was cosigned
            return Answer(503, f"{error.code} {error.what}\n".encode())
        return Answer(given.status, given.body, given.content_type.encode())

    def _checkpoint(self, digest: str) -> Answer:
        note = self._witness.checkpoint_of_hash(digest)
        if note is None:
            return Answer(404, b"No checkpoint of such a log was cosigned here.\n")
        return Answer(200, note, headers=_FRESH)


def _front_page(witness: Witness) -> bytes:
    lines = [f"This is the witness {witness.name}.", "", "Its keys:"]
    lines += [key.vkey() for key in witness.cosigners]
    lines += ["", "The logs it watches, each with its newest cosigned checkpoint:"]
    lines += [f"{origin} /{origin_hash(origin)}/checkpoint" for origin in sorted(witness.logs)]
    found = witness.count_evidence()
    lines += ["", f"Pairs of checkpoints kept because both may not be true: {found}"]
    return ("\n".join(lines) + "\n").encode()
