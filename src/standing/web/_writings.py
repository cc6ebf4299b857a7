"""What somebody is in the middle of writing: in memory, for an hour, for one session."""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from standing.errors import Refused
from standing.web._people import Person
from standing.web._problems import N_, too_large

_KEPT_SECONDS: Final = 3600
_MOST: Final = 5_000
_MOST_BYTES: Final = 512 << 20
MOST_FILES: Final = 10
MOST_FILE_BYTES: Final = 10 << 20


@dataclass
class Writing:
    """The answers of one form that has several pages."""

    answers: dict[str, str] = field(default_factory=dict)
    files: list[tuple[str, bytes]] = field(default_factory=list)

    @property
    def size_bytes(self) -> int:
        """How much its files hold."""
        return sum(len(data) for _, data in self.files)


class Writings:
    """Everything that is being written, by session and place."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: OrderedDict[tuple[bytes, str], tuple[float, Writing]] = OrderedDict()

    def of(self, person: Person, place: str) -> Writing:
        """Give what somebody has written at a place; empty at first."""
        now = self._clock()
        while self._kept and (len(self._kept) > _MOST or next(iter(self._kept.values()))[0] <= now):
            self._kept.popitem(last=False)
        name = person.session.token, place
        _, writing = self._kept.pop(name, (0.0, Writing()))
        self._kept[name] = now + _KEPT_SECONDS, writing
        return writing

    def add_file(self, writing: Writing, name: str, data: bytes) -> None:
        """Keep a file with a writing; raises `E-WEB-05` where there are too many, or too large."""
        held = sum(kept.size_bytes for _, kept in self._kept.values())
        if len(writing.files) >= MOST_FILES or held + len(data) > _MOST_BYTES:
            raise too_large()
        if not 0 < len(data) <= MOST_FILE_BYTES:
            raise Refused(
                "E-WEB-05",
                N_("This is too much to take at once."),
                why=N_("A file is empty, or larger than ten megabytes."),
                fix=N_("Send what shows the point: a page, a picture, a short recording."),
            )
        writing.files.append((name, data))

    def drop(self, person: Person, place: str) -> None:
        """Forget a writing."""
        self._kept.pop((person.session.token, place), None)
