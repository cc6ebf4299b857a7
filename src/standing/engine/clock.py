"""The clock a ledger is given: the machine's, or a simulated one that only moves when told."""

import time
from typing import Protocol

from standing.errors import Refused
from standing.wire.days import format_day

SECONDS_A_DAY = 86_400


class Clock(Protocol):
    """Tells seconds since 1970-01-01T00:00Z; `kind` is `real` or `simulated`."""

    kind: str

    def now(self) -> int:
        """Give whole seconds since 1970."""
        ...


def today(clock: Clock) -> int:
    """Give the clock's day."""
    return clock.now() // SECONDS_A_DAY


class RealClock:
    """The machine's clock."""

    kind = "real"

    def now(self) -> int:
        """Give whole seconds since 1970."""
        return int(time.time())


class SimulatedClock:
    """A clock that stands at the first second of a day until it is moved forward."""

    kind = "simulated"

    def __init__(self, day: int) -> None:
        self._day = day

    def now(self) -> int:
        """Give the first second of the simulated day."""
        return self._day * SECONDS_A_DAY

    def advance_to(self, day: int) -> None:
        """Move to a later day (or stay); raises `E-CLOCK-01` for an earlier one."""
        if day < self._day:
            raise Refused(
                "E-CLOCK-01",
                f"A clock does not go back to {format_day(day)}.",
                why=f"It stands at {format_day(self._day)}.",
                fix="Name a later day.",
            )
        self._day = day
