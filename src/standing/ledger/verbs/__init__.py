"""The verbs of a ledger, a file a group. Each calls one function of the rooms beside.

Every class stands on one open `Core` and keeps nothing of its own; `Ledger` is all of them. The
table is flat for its callers: the client of a served ledger has the same verbs, so that a command
or a page names one without knowing where it runs, or in which file it lies here. No verb stands
in two groups; a test says so. See docs/adr/0022-rooms-and-groups.md.
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
