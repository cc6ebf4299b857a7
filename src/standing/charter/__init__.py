"""Who may say what: a pure, deterministic state machine over public statements.

`admit(state, statement)` gives the next state or raises; replaying the log's entries gives the
same state on every machine. It reads no clock, no file, no network: the day is a statement too.
It does not decide what a score is, and it never sees a person.
"""

from standing.charter._admit import admit, replay, signer_of
from standing.charter._claims import (
    MAX_DEPOSIT_BYTES,
    MAX_POSTED_BYTES,
    Claim,
    admit_claim,
    examine,
    read_deposit,
    sign_deposit,
)
from standing.charter._state import (
    LOG_PURPOSES,
    ML_DSA_PURPOSE,
    ROLES,
    Accreditation,
    LogKey,
    PackEntry,
    Roll,
    State,
    decode_state,
    encode_state,
    read_log_key,
)
from standing.charter._statements import (
    KINDS,
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
    issuer_of,
    kind_of,
    parse_statement,
    sign_envelope,
    sign_statement,
)

__all__ = [
    "KINDS",
    "LOG_PURPOSES",
    "MAX_DEPOSIT_BYTES",
    "MAX_POSTED_BYTES",
    "ML_DSA_PURPOSE",
    "ROLES",
    "VDS_RFC9162_SHA256",
    "Accredit",
    "Accreditation",
    "Batch",
    "Claim",
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
    "admit_claim",
    "decode_state",
    "encode_state",
    "examine",
    "issuer_of",
    "kind_of",
    "parse_statement",
    "read_deposit",
    "read_log_key",
    "replay",
    "sign_deposit",
    "sign_envelope",
    "sign_statement",
    "signer_of",
]
