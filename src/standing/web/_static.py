"""Files that pages load: read once, named by their digest, kept by browsers for ever."""

import gzip
import hashlib
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final, NamedTuple

_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}
_DIGITS: Final = 12


class File(NamedTuple):
    """One file as it is sent."""

    data: bytes
    packed: bytes
    media_type: str
    digest: str


def _read(folder: Traversable, under: str = "") -> dict[str, File]:
    found: dict[str, File] = {}
    for item in folder.iterdir():
        name = f"{under}{item.name}"
        if item.is_dir():
            found |= _read(item, f"{name}/")
            continue
        media_type = _TYPES.get(name[name.rfind(".") :])
        if media_type is not None:
            data = item.read_bytes()
            digest = hashlib.sha256(data).hexdigest()[:_DIGITS]
            found[name] = File(data, gzip.compress(data, 9, mtime=0), media_type, digest)
    return found


FILES: Final = _read(files("standing.web") / "static")


def address(name: str) -> str:
    """Give the address of a file; a KeyError for one that does not ship."""
    return f"/static/{FILES[name].digest}/{name}"


def find(digest: str, name: str) -> File | None:
    """Find a file by its whole address; nothing outside the folder has a name here."""
    file = FILES.get(name)
    return file if file is not None and file.digest == digest else None
