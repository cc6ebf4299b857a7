"""The frame of a small ASGI application: start-up, methods, problems, hang-ups."""

import asyncio
import contextlib
from abc import ABC, abstractmethod

from standing.serve._http import Answer, ClientGone, Problem, Receive, Scope, Send


class SimpleApp(ABC):
    """Answers HTTP requests one by one and keeps nothing between them."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection's scope."""
        if scope["type"] == "lifespan":
            await _live(receive, send)
        elif scope["type"] == "http":
            await self._serve(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            answer = await self.answer(scope, receive)
        except Problem as problem:
            answer = problem.answer()
        except ClientGone:
            return
        with contextlib.suppress(asyncio.CancelledError):
            await answer.send(send, head=scope["method"] == "HEAD")

    @abstractmethod
    async def answer(self, scope: Scope, receive: Receive) -> Answer:
        """Answer one request, or raise a `Problem`."""

    @staticmethod
    def allow(scope: Scope, *methods: str) -> None:
        """Raise a 405 problem for any other method."""
        if scope["method"] not in methods:
            allowed = ", ".join(methods)
            raise Problem(
                405,
                "Method Not Allowed",
                f"Use {allowed}.",
                headers=[(b"allow", allowed.encode())],
            )


async def _live(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
