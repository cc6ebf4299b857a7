"""How often one address may ask for pages: the server's buckets, with a refusal for people."""

from collections.abc import Mapping
from typing import Any

from standing.errors import Refused
from standing.serve import Buckets, client_of
from standing.web._problems import N_


class TooMany(Refused):
    """An address asked too often; `wait_seconds` says when to come again."""

    def __init__(self, wait_seconds: int) -> None:
        super().__init__(
            "E-WEB-08",
            N_("This address asked too often."),
            why=N_("Everybody shares these pages."),
            fix=N_("Wait a moment, and try again."),
        )
        self.wait_seconds = wait_seconds


class Rates:
    """`rate` a second for each address, `burst` at once after a pause."""

    def __init__(self, rate: float, burst: float | None = None) -> None:
        self._buckets = Buckets(rate, 4 * rate if burst is None else burst)

    def take(self, scope: Mapping[str, Any], cost: float = 1.0) -> None:
        """Take from a client's bucket; raises `E-WEB-08` when it is empty."""
        wait = self._buckets.take(client_of(scope), cost)
        if wait:
            raise TooMany(wait)
