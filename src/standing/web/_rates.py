"""How often one address may ask: a bucket each, kept for the newest addresses alone."""

import math
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, Final

from standing.errors import Refused
from standing.web._problems import N_

_KEPT: Final = 65_536


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
    """Token buckets: `rate` a second, `burst` at once after a pause."""

    def __init__(
        self, rate: float, burst: float | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._rate = rate
        self._burst = 4 * rate if burst is None else burst
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, scope: Mapping[str, Any], cost: float = 1.0) -> None:
        """Take from a client's bucket; raises `E-WEB-08` when it is empty."""
        client = scope.get("client")
        self.take_of(client[0] if client else "", cost)

    def take_of(self, name: str, cost: float = 1.0) -> None:
        """Take from a named bucket."""
        now = self._clock()
        tokens, since = self._buckets.pop(name, (self._burst, now))
        tokens = min(self._burst, tokens + (now - since) * self._rate)
        is_empty = tokens < cost
        self._buckets[name] = (tokens if is_empty else tokens - cost), now
        if len(self._buckets) > _KEPT:
            self._buckets.popitem(last=False)
        if is_empty:
            raise TooMany(max(1, math.ceil((cost - tokens) / self._rate)))
