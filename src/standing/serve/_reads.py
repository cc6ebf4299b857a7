"""The log's files over HTTP, as C2SP tlog-tiles asks: types, cache headers, nothing else.

Only names that the layout can make are looked up, so no path leads out of the directory.
"""

import asyncio
import re
from pathlib import Path
from typing import Final

from standing.log import CHECKPOINT_FILE, DOCUMENTS_DIR, WITNESSED_FILE
from standing.serve._http import TEXT_TYPE, Answer, Problem

_NUMBER: Final = r"(?:x(?!000)[0-9]{3}/(?:x[0-9]{3}/)*)?[0-9]{3}"  # no zeros in front
_TILE: Final = re.compile(
    r"/tile/(?:entries|[0-9]|[1-5][0-9]|6[0-3])/"
    + _NUMBER
    + r"(?:\.p/(?:[1-9]|[1-9][0-9]|1[0-9]{2}|2[0-4][0-9]|25[0-5]))?",
    re.ASCII,
)
_DOCUMENT: Final = re.compile(r"/" + DOCUMENTS_DIR + r"/[0-9a-f]{64}", re.ASCII)
_CHECKPOINTS: Final = frozenset({f"/{CHECKPOINT_FILE}", f"/{WITNESSED_FILE}"})
_BINARY: Final = b"application/octet-stream"
_FOR_EVER: Final = ((b"cache-control", b"public, max-age=31536000, immutable"),)
_FRESH: Final = ((b"cache-control", b"no-cache"),)
_MOST_PATH: Final = 200


class Files:
    """Serves one log directory's checkpoints, tiles, bundles and documents."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    async def get(self, path: str) -> Answer | None:
        """Give the answer for a path, or None where the path is not a file's of a log."""
        if path in _CHECKPOINTS:
            return await self._file(path, TEXT_TYPE, _FRESH)
        if len(path) > _MOST_PATH:
            return None
        if _TILE.fullmatch(path) or _DOCUMENT.fullmatch(path):
            return await self._file(path, _BINARY, _FOR_EVER)
        return None

    async def _file(
        self, path: str, content_type: bytes, cache: tuple[tuple[bytes, bytes], ...]
    ) -> Answer:
        try:
            data = await asyncio.to_thread((self._directory / path[1:]).read_bytes)
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            raise Problem(
                404,
                "Not Found",
                f"The log has no file {path}. See its checkpoint for the size that it has.",
            ) from None
        return Answer(200, data, content_type, cache)
