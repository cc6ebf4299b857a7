"""Who may say what: a pure, deterministic state machine over public statements.

`admit(state, statement)` gives the next state or raises; replaying the log's entries gives the
same state on every machine. It reads no clock, no file, no network: the day is a statement too.
It does not decide what a score is, and it never sees a person.
"""

from standing.charter._admit import admit, replay, signer_of
from standing.charter._state import (
    LOG_PURPOSES,
    ROLES,
    Accreditation,
    LogKey,
    PackEntry,
    Roll,
    State,
    decode_state,
    encode_state,
)
from standing.charter._statements import (
    VDS_RFC9162_SHA256,
    Accredit,
    Batch,
    DayMoved,
    Envelope,
    Genesis,
    KeySet,
    Marks,
    Revoke,
    Statement,
    kind_of,
    parse_statement,
    sign_envelope,
    sign_statement,
)

__all__ = [
    "LOG_PURPOSES",
    "ROLES",
    "VDS_RFC9162_SHA256",
    "Accredit",
    "Accreditation",
    "Batch",
    "DayMoved",
    "Envelope",
    "Genesis",
    "KeySet",
    "LogKey",
    "Marks",
    "PackEntry",
    "Revoke",
    "Roll",
    "State",
    "Statement",
    "admit",
    "decode_state",
    "encode_state",
    "kind_of",
    "parse_statement",
    "replay",
    "sign_envelope",
    "sign_statement",
    "signer_of",
]
