"""What the operator measures: requests by route, the log's size; nothing that points at anybody.

Routes are templates (`/subject/{context}`), never addresses; no visitor, key or name is kept.
"""

import json
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from standing.serve import Message, Scope, Send

_BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
_METHODS: Final = frozenset({"DELETE", "GET", "HEAD", "POST", "OPTIONS"})


class Metrics:
    """Counts of one running site."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "standing_requests_total", "Requests answered.", ("method", "route", "status"),
            registry=self._registry,
        )  # fmt: skip
        self._seconds = Histogram(
            "standing_request_seconds", "Time to the whole answer.", ("route",),
            registry=self._registry, buckets=_BUCKETS,
        )  # fmt: skip
        self._size = Gauge("standing_log_entries", "Entries of the log.", registry=self._registry)
        self._day = Gauge("standing_day", "The ledger's day.", registry=self._registry)

    def count(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count an answer."""
        known = method if method in _METHODS else "OTHER"
        self._requests.labels(known, route, status).inc()
        self._seconds.labels(route).observe(seconds)

    def text(self, size: int, day: int) -> bytes:
        """Write everything in Prometheus' text format."""
        self._size.set(size)
        self._day.set(day)
        return generate_latest(self._registry)


def log_line(event: str, **facts: Any) -> None:
    """Write one line of JSON to standard error."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    print(json.dumps({"time": now, "event": event, **facts}), file=sys.stderr, flush=True)  # noqa: T201 - it is the log


class Measured:
    """Watches one answer leave: its status, its length, and how long it took."""

    def __init__(self, scope: Scope, send: Send, note: Callable[["Measured"], None]) -> None:
        self.scope = scope
        self.method: str = scope["method"]
        self.status = 0
        self.length = 0
        self._send = send
        self._note = note
        self._began = time.perf_counter()

    async def __call__(self, message: Message) -> None:
        """Pass a message on."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
        elif message["type"] == "http.response.body":
            self.length += len(message.get("body", b""))
            if not message.get("more_body"):
                self._note(self)
        await self._send(message)

    @property
    def seconds(self) -> float:
        """How long it has taken so far."""
        return time.perf_counter() - self._began

    @property
    def route(self) -> str:
        """The template of the address, which names nobody."""
        found: str = self.scope.get("path_template") or ""
        if found:
            return found
        return "/static" if self.scope["path"].startswith("/static/") else "(none)"
