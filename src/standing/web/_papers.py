"""Documents that wait for a signature: written, shown, and signed by whoever is to sign them.

Kept in memory alone, for ten minutes, bound to one session: what is never signed leaves no trace.
"""

import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from standing.errors import Refused
from standing.ledger import Ledger
from standing.web._people import Person
from standing.web._problems import N_, too_large

_GOOD_SECONDS: Final = 600
_MOST_BYTES: Final = 256 << 20
_OF_ONE: Final = 4

Proof = list[Any]
Line = tuple[str, str]


@dataclass(frozen=True)
class Paper:
    """A document before it is signed: what is shown of it, and what taking it does.

    `take` gets the proofs, one for each digest, and gives the address to go on to; a program's
    gives what was done.
    """

    title: str
    lines: Sequence[Line]
    effect: str
    digests: Sequence[bytes]
    take: Callable[[Ledger, list[Proof]], Any]
    back: str
    size_bytes: int = 0
    proofs: list[Proof] = field(default_factory=list)  # of the first digests, where there are more


class Papers:
    """Everything that waits, by the name that its page has."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._waiting: OrderedDict[str, tuple[bytes, float, Paper]] = OrderedDict()

    def add(self, person: Person, paper: Paper) -> str:
        """Keep a paper; gives its name. One person has a few at a time: the oldest goes."""
        self._forget_old()
        mine = [n for n, (owner, _, _) in self._waiting.items() if owner == person.session.token]
        for name in mine[: len(mine) - _OF_ONE + 1]:
            del self._waiting[name]
        held = sum(waiting.size_bytes for _, _, waiting in self._waiting.values())
        if held + paper.size_bytes > _MOST_BYTES:
            raise too_large()
        name = secrets.token_urlsafe(16)
        self._waiting[name] = person.session.token, self._clock() + _GOOD_SECONDS, paper
        return name

    def find(self, person: Person, name: str) -> Paper:
        """Give a paper to whoever it belongs to; raises `E-WEB-14`."""
        self._forget_old()
        owner, _, paper = self._waiting.get(name, (b"", 0.0, None))
        if paper is None or owner != person.session.token:
            raise Refused(
                "E-WEB-14",
                N_("Nothing waits for your signature here."),
                why=N_("It was signed already, or ten minutes have passed."),
                fix=N_("Look whether it was taken; if not, fill in the form again."),
            )
        return paper

    def drop(self, name: str) -> None:
        """Forget a paper."""
        self._waiting.pop(name, None)

    def _forget_old(self) -> None:
        now = self._clock()
        while self._waiting and next(iter(self._waiting.values()))[1] <= now:
            self._waiting.popitem(last=False)
