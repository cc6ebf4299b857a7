"""The server's ASGI application: SCRAPI at the root, the log's files beside it.

Another application may answer all other paths; the log's own never pass through it.
"""

import asyncio
import contextlib
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from standing.errors import StandingError
from standing.ledger import Ledger
from standing.serve._cosigning import Cosigning, run_quietly
from standing.serve._entries import DOCUMENTS, ENTRIES, KEYS, Entries, problem_of
from standing.serve._http import (
    Answer,
    ClientGone,
    Problem,
    RateLimit,
    Receive,
    Scope,
    Send,
)
from standing.serve._reads import Files
from standing.serve._registrar import Registrar

LOG_DIR = "log"
_OWN: Final = (ENTRIES, DOCUMENTS, KEYS, "/tile/", "/checkpoint")
"""What the log's own paths begin with."""


class Beside(Protocol):
    """An application that answers every path that is not the log's."""

    def lifespan(self) -> AbstractAsyncContextManager[None]:
        """Live as long as the server does."""
        ...

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        ...


MakeBeside = Callable[[Registrar], Beside]


@dataclass(frozen=True)
class Settings:
    """How a server runs. `rate`: requests a second that one address may send for writing.

    `proxy`: the address of the server in front; whom it forwards for is who asks.
    """

    helpers: int = 1
    rate: float = 500.0
    publish_seconds: float = 1.0
    witness_seconds: float = 5.0
    proxy: str = ""


class LogServer:
    """Serves one ledger's log. It opens nothing itself: the ledger is given, and not closed."""

    def __init__(
        self,
        ledger: Ledger,
        settings: Settings,
        on_stop: Callable[[StandingError], None],
        beside: MakeBeside | None = None,
    ) -> None:
        self._ledger = ledger
        self._settings = settings
        self._on_stop = on_stop
        self._files = Files(Path(ledger.directory) / LOG_DIR)
        self._registrar: Registrar | None = None
        self._entries: Entries | None = None
        self._cosigning: asyncio.Task[None] | None = None
        self._make_beside = beside
        self._beside: Beside | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection's scope."""
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
            return
        if scope["type"] != "http":
            return
        if self._beside is not None and not scope["path"].startswith(_OWN):
            await self._beside(scope, receive, send)
            return
        head = scope["method"] == "HEAD"
        try:
            answer = await self._answer(scope, receive)
        except Problem as problem:
            answer = problem.answer()
        except StandingError as error:
            answer = problem_of(error).answer()
        except ClientGone:
            return
        with contextlib.suppress(asyncio.CancelledError):
            await answer.send(send, head=head)

    async def _answer(self, scope: Scope, receive: Receive) -> Answer:
        assert self._entries is not None, "requests come after start-up"
        method, path = scope["method"], scope["path"]
        if method == "POST":
            if path == ENTRIES:
                return await self._entries.post(scope, receive)
            if path == DOCUMENTS:
                return await self._entries.deposit(scope, receive)
        elif method in {"GET", "HEAD"}:
            found = await self._get(path)
            if found is not None:
                return found
        else:
            raise Problem(405, "Method Not Allowed", "Use GET, HEAD or POST.")
        raise Problem(404, "Not Found", f"There is no {path} here for {method}.")

    async def _get(self, path: str) -> Answer | None:
        assert self._entries is not None, "requests come after start-up"
        if path == KEYS:
            return await self._entries.keys()
        place, _, name = path.rpartition("/")
        if place == KEYS:
            return await self._entries.key(name)
        if place == ENTRIES:
            return await self._entries.receipt(name)
        return await self._files.get(path)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        async with contextlib.AsyncExitStack() as open_now:
            while True:
                message = await receive()
                if message["type"] == "lifespan.shutdown":
                    break
                await self._begin(open_now)
                await send({"type": "lifespan.startup.complete"})
        await send({"type": "lifespan.shutdown.complete"})

    async def _begin(self, open_now: contextlib.AsyncExitStack) -> None:
        self._registrar = Registrar(
            self._ledger,
            helpers=self._settings.helpers,
            on_stop=self._on_stop,
            publish_seconds=self._settings.publish_seconds,
        )
        open_now.push_async_callback(self._registrar.close)
        self._entries = Entries(self._registrar, RateLimit(self._settings.rate))
        cosigning = Cosigning(self._registrar, self._settings.witness_seconds)
        self._cosigning = asyncio.create_task(run_quietly(cosigning))
        open_now.callback(self._cosigning.cancel)
        if self._make_beside is not None:
            beside = self._make_beside(self._registrar)
            await open_now.enter_async_context(beside.lifespan())
            self._beside = beside
