"""An accountable reputation ledger: signed records, public rules, checkable answers.

`standing.open(directory)` gives a `Ledger` whose verbs read like the command line.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from standing.engine import RealClock, SimulatedClock
    from standing.ledger import Ledger, create
    from standing.ledger import open_ledger as open  # noqa: A004 - reads standing.open(...)

__all__ = ["Ledger", "RealClock", "SimulatedClock", "create", "open"]

_DOORS = {
    "Ledger": ("standing.ledger", "Ledger"),
    "RealClock": ("standing.engine", "RealClock"),
    "SimulatedClock": ("standing.engine", "SimulatedClock"),
    "create": ("standing.ledger", "create"),
    "open": ("standing.ledger", "open_ledger"),
}


def __getattr__(name: str) -> Any:
    """Load the door's names at first use, so that `standing --help` stays fast."""
    if name in _DOORS:
        import importlib  # noqa: PLC0415 - see above

        module, attribute = _DOORS[name]
        return getattr(importlib.import_module(module), attribute)
    raise AttributeError(name)
