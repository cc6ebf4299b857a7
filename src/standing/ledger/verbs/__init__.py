"""The verbs of a ledger, a file a group. Each calls one function of the rooms beside.

Every class stands on one open `Core` and keeps nothing of its own; `Ledger` is all of them.
"""

from standing.ledger.verbs._cases import CaseVerbs
from standing.ledger.verbs._log import LogVerbs
from standing.ledger.verbs._parties import PartyVerbs
from standing.ledger.verbs._records import RecordVerbs
from standing.ledger.verbs._rules import RuleVerbs
from standing.ledger.verbs._subjects import SubjectVerbs
from standing.ledger.verbs._upkeep import UpkeepVerbs

__all__ = [
    "CaseVerbs",
    "LogVerbs",
    "PartyVerbs",
    "RecordVerbs",
    "RuleVerbs",
    "SubjectVerbs",
    "UpkeepVerbs",
]
