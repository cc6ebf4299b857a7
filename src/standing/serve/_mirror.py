"""A mirrored directory over HTTP: the log's files as the log would serve them; C2SP tlog-mirror.

The same files lie at the root and under the hex SHA-256 of the log's origin.
"""

import hashlib
from pathlib import Path

from standing.log import CHECKPOINT_FILE
from standing.serve._http import Answer, Receive, Scope
from standing.serve._reads import Files
from standing.serve._simple import SimpleApp


class MirrorApp(SimpleApp):
    """The ASGI application over one mirrored directory; it only reads."""

    def __init__(self, directory: Path, origin: str) -> None:
        self._files = Files(directory)
        self._origin = origin
        self._prefix = "/" + hashlib.sha256(origin.encode()).hexdigest()

    async def answer(self, scope: Scope, receive: Receive) -> Answer:  # noqa: ARG002 - no body
        """Answer one request."""
        self.allow(scope, "GET", "HEAD")
        path = scope["path"]
        if path == "/":
            return Answer(200, self._front_page())
        found = await self._files.get(path.removeprefix(self._prefix))
        return found or Answer(404, b"There is nothing here.\n")

    def _front_page(self) -> bytes:
        return (
            f"This is a mirror of the log {self._origin}.\n\n"
            f"{self._prefix}/{CHECKPOINT_FILE} says how far it goes; tiles and documents lie"
            " beside it.\n"
        ).encode()
