"""How often one client may ask: a token bucket for each address, kept for the newest alone."""

import math
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, Final

_KEPT: Final = 65_536


def client_of(scope: Mapping[str, Any]) -> str:
    """Give the address that a request came from; of a named proxy, the one that it came for."""
    client = scope.get("client")
    return str(client[0]) if client else ""


class Buckets:
    """`rate` a second for each client, `burst` at once after a pause."""

    def __init__(
        self, rate: float, burst: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._rate = rate
        self._burst = burst
        self._clock = clock
        self._kept: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, client: str, cost: float = 1.0) -> int:
        """Take from a client's bucket; gives 0, or the seconds until there is enough in it."""
        held = self._held(client)
        is_enough = held >= cost
        self._keep(client, held - cost if is_enough else held)
        return 0 if is_enough else max(1, math.ceil((cost - held) / self._rate))

    def charge(self, client: str, cost: float) -> None:
        """Take what a request turned out to cost, even into debt, but no deeper than the burst."""
        self._keep(client, max(self._held(client) - cost, -self._burst))

    def _held(self, client: str) -> float:
        held, since = self._kept.pop(client, (self._burst, self._clock()))
        return min(self._burst, held + (self._clock() - since) * self._rate)

    def _keep(self, client: str, held: float) -> None:
        self._kept[client] = held, self._clock()
        if len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
