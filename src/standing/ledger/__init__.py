"""The verbs, and the order between vault and log."""

from standing.ledger._decide import Decision
from standing.ledger._delivery import Delivery
from standing.ledger._ledger import Ledger, create, open_ledger
from standing.ledger._letters import Letter, Principal, WayBack
from standing.ledger._recalls import RecallView
from standing.ledger._register import Registered
from standing.ledger._restore import Restored, restore
from standing.ledger._scores import Improvement, Population, SubjectScore
from standing.ledger._tick import Ticked

__all__ = [
    "Decision",
    "Delivery",
    "Improvement",
    "Ledger",
    "Letter",
    "Population",
    "Principal",
    "RecallView",
    "Registered",
    "Restored",
    "SubjectScore",
    "Ticked",
    "WayBack",
    "create",
    "open_ledger",
    "restore",
]
