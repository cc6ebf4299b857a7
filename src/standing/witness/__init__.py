"""A witness of other logs: it remembers the newest checkpoint of each and cosigns what follows.

`Witness` is the door of the service, `ask` and `collect` are the doors of a log that wants
cosignatures. C2SP tlog-witness. A witness knows nothing of ledgers, people or entries.
"""

from standing.witness._ask import Conflict, Cosigned, ask, collect
from standing.witness._request import MAX_BODY_BYTES
from standing.witness._store import Evidence
from standing.witness._witness import Answer, Witness, origin_hash

__all__ = [
    "MAX_BODY_BYTES",
    "Answer",
    "Conflict",
    "Cosigned",
    "Evidence",
    "Witness",
    "ask",
    "collect",
    "origin_hash",
]
