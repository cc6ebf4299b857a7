"""What answers while a ledger is still being made: one page that says how far it is."""

import asyncio
import time
from html import escape
from typing import Final

from standing.serve import App, Message, Receive, Scope, Send

_PAGE: Final = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="1">
<title>One moment · standing</title>
</head>
<body>
<main>
<h1>One moment: the invented city is being made</h1>
<p lang="zh-Hans">请稍候：正在生成虚构的城市。</p>
<p>{told}</p>
</main>
</body>
</html>
"""
_HEADERS: Final = [
    (b"content-type", b"text/html; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"retry-after", b"1"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
]


class Waiting:
    """Answers for an application that is not there yet, and hands over to it when it is."""

    def __init__(self) -> None:
        self.told = ""
        self._asked = time.monotonic()
        self._app: App | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._life: asyncio.Task[None] | None = None
        self._end = asyncio.Event()

    @property
    def quiet_seconds(self) -> float:
        """How long ago somebody last asked for anything."""
        return time.monotonic() - self._asked

    def hand_over(self, app: App) -> None:
        """Let an application answer from now on; returns when it is ready. From another thread."""
        assert self._loop is not None, "the server has started"
        asyncio.run_coroutine_threadsafe(self._start(app), self._loop).result()

    def close(self) -> None:
        """Let the application end; returns when it has. From another thread."""
        assert self._loop is not None, "the server has started"
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result()

    async def _close(self) -> None:
        self._app = None
        self._end.set()
        if self._life is not None:
            await self._life

    async def _start(self, app: App) -> None:
        ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._life = asyncio.create_task(self._live(app, ready))
        await asyncio.wait([self._life, ready], return_when=asyncio.FIRST_COMPLETED)
        if not ready.done():
            self._life.result()  # it ended before it was ready: raise why
        self._app = app

    async def _live(self, app: App, ready: "asyncio.Future[None]") -> None:
        """Run an application's lifespan until the server ends."""
        began = False

        async def receive() -> Message:
            nonlocal began
            if not began:
                began = True
                return {"type": "lifespan.startup"}
            await self._end.wait()
            return {"type": "lifespan.shutdown"}

        async def send(message: Message) -> None:
            if message["type"] == "lifespan.startup.complete" and not ready.done():
                ready.set_result(None)

        await app({"type": "lifespan"}, receive, send)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or live as long as the server."""
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
            return
        self._asked = time.monotonic()
        if self._app is not None:
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            body = _PAGE.format(told=escape(self.told)).encode()
            await send({"type": "http.response.start", "status": 503, "headers": _HEADERS})
            await send({"type": "http.response.body", "body": body})

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        self._loop = asyncio.get_running_loop()
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await send({"type": "lifespan.startup.complete"})
                continue
            await self._close()
            await send({"type": "lifespan.shutdown.complete"})
            return
