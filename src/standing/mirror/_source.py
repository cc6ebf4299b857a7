"""Where a mirror copies from: a log's address, or its directory on this machine."""

from pathlib import Path
from typing import Protocol

from standing.errors import Unreachable
from standing.fetch import Fetcher


class Source(Protocol):
    """Gives a log's published files by their names; what it gives is not yet believed."""

    def read(self, name: str, max_bytes: int) -> bytes | None:
        """Give a file, or nothing if it is absent; raises `Unreachable` for anything else."""


class Address:
    """A log behind an http or https address."""

    def __init__(self, url: str) -> None:
        self._fetcher = Fetcher(url)

    def read(self, name: str, max_bytes: int) -> bytes | None:
        """Fetch a file; `E-FETCH-..` if the server does not answer as it should."""
        return self._fetcher.get(name, max_bytes=max_bytes)


class Folder:
    """A log's directory, or a copy of it, on this machine."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def read(self, name: str, max_bytes: int) -> bytes | None:
        """Read a file; `E-MIRROR-03` if it is there and cannot be read."""
        try:
            with (self._directory / name).open("rb") as file:
                data = file.read(max_bytes + 1)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise _unreadable(f"The system says: {error.strerror}.", name) from error
        if len(data) > max_bytes:
            raise _unreadable(f"It has more than {max_bytes} bytes.", name)
        return data


def source_of(place: str | Path) -> Source:
    """Choose by the look of the place: an address, or else a directory."""
    if isinstance(place, str) and place.startswith(("http://", "https://")):
        return Address(place)
    return Folder(Path(place))


def _unreadable(why: str, name: str) -> Unreachable:
    return Unreachable(
        "E-MIRROR-03",
        "A file of the log cannot be read.",
        why=why,
        fix="Check the place the mirror copies from.",
        where=name,
    )
