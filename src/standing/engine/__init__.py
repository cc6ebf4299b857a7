"""Engines order statements that the charter admits; this one is embedded in one process."""

from standing.engine.clock import Clock, RealClock, SimulatedClock, today
from standing.engine.embedded import Embedded, Keys, read_state

__all__ = ["Clock", "Embedded", "Keys", "RealClock", "SimulatedClock", "read_state", "today"]
