"""Bounds on what a client may send: the bytes of a head, and the time that head and body take.

A request that arrives whole, as nearly all do, costs no timer.
"""

import asyncio
from typing import Any, Final, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from standing.serve._http import Problem

MOST_HEAD_BYTES: Final = 16_384
_HEAD_SECONDS: Final = 10.0
_BODY_SECONDS: Final = 10.0
_PHRASES: Final = {408: "Request Timeout", 431: "Request Header Fields Too Large"}


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's HTTP protocol, which alone would wait for a head's end for ever, of any length."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._in_head = True
        self._head_bytes = 0
        self._came = 0  # bytes of the piece that is being read, and of the head before it
        self._ended = 0  # requests that were read to their end
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Give the first head its time."""
        super().connection_made(cast("asyncio.Transport", transport))
        self._timer = self.loop.call_later(_HEAD_SECONDS, self._too_slow)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the timer."""
        self._stop_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Count what belongs to an unfinished head; give an unfinished body its time."""
        ended = self._ended
        self._came = self._head_bytes + len(data)
        super().data_received(data)
        if self.transport is None or self.transport.is_closing():
            return
        if not self._in_head:
            if self._timer is None:
                self._timer = self.loop.call_later(_BODY_SECONDS, self._too_slow)
        elif self._ended == ended:  # or else the bytes ended a request, and began no other
            self._head_bytes += len(data)
            if self._head_bytes > MOST_HEAD_BYTES:
                self._refuse(431, f"The header fields exceed {MOST_HEAD_BYTES} bytes.")
            elif self._timer is None:
                self._timer = self.loop.call_later(_HEAD_SECONDS, self._too_slow)

    def on_headers_complete(self) -> None:
        """Begin the request, unless its head came in one piece that is too long."""
        self._in_head = False
        self._head_bytes = 0
        self._stop_timer()
        if self._came > MOST_HEAD_BYTES:  # maybe with its body, maybe not
            fields = sum(len(name) + len(value) for name, value in self.headers)
            if fields + len(self.url) > MOST_HEAD_BYTES:
                self._refuse(431, f"The header fields exceed {MOST_HEAD_BYTES} bytes.")
                return
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Pass a body on, unless its request was refused."""
        if not self.transport.is_closing():
            super().on_body(body)

    def on_message_complete(self) -> None:
        """Expect the next head."""
        self._in_head = True
        self._ended += 1
        self._stop_timer()
        if not self.transport.is_closing():
            super().on_message_complete()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _too_slow(self) -> None:
        self._timer = None
        if self.transport.is_closing():
            return
        if self._in_head:
            self._refuse(408, f"The header fields took more than {_HEAD_SECONDS:g} seconds.")
        elif self.cycle.response_started:
            self.transport.close()
        else:
            self._refuse(408, f"The body did not arrive within {_BODY_SECONDS:g} seconds.")

    def _refuse(self, status: int, detail: str) -> None:
        answer = Problem(status, _PHRASES[status], detail).answer()
        head = (
            f"HTTP/1.1 {status} {_PHRASES[status]}\r\n"
            f"content-type: {answer.content_type.decode()}\r\n"
            f"content-length: {len(answer.body)}\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + answer.body)
        self.transport.close()
