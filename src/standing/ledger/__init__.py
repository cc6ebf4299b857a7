"""The verbs, and the order between vault and log."""

from standing.ledger._ledger import Ledger, create, open_ledger, require_file
from standing.ledger._register import Registered
from standing.ledger._scores import Improvement, Population, SubjectScore

__all__ = [
    "Improvement",
    "Ledger",
    "Population",
    "Registered",
    "SubjectScore",
    "create",
    "open_ledger",
    "require_file",
]
