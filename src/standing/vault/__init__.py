"""The private side: subjects, consents, references, sealed records, and the keys to forget them.

`Vault` is the door. What is stored here is ciphertext and keyed hashes; what the log commits to
are salted leaves of the documents and records kept here. The vault decides nothing about rules.
"""

from standing.vault._asked import Earlier, Questions, Recalled
from standing.vault._attributes import (
    attributes_padding,
    held_attributes,
    is_attributes_code,
    last_attributes,
)
from standing.vault._batches import (
    LeafKind,
    SealedBatch,
    StoredBatch,
    pack_bodies,
    postings_from,
)
from standing.vault._consents import Terms, unbroken_since
from standing.vault._documents import (
    Adult,
    Attributes,
    Consent,
    Contents,
    Deletion,
    Document,
    Erasure,
    Evidence,
    Followed,
    Intake,
    Link,
    Presented,
    Question,
    Recall,
    Record,
    Step,
    Subject,
    Withdrawal,
    contents_digest,
    leaf_of,
    new_salt,
    parse_preimage,
    preimage,
    signed_digest,
)
from standing.vault._erasure import Going
from standing.vault._filed import OpenDocument, OpenRecord
from standing.vault._keys import (
    KEYS_SCHEMA,
    OPERATOR,
    SealingKeys,
    Secret,
    case_name,
    record_id,
    seal,
    unseal,
)
from standing.vault._outbox import DROPPED, TOLD, UNDELIVERED, WAITING, Message, Outbox
from standing.vault._people import Linked
from standing.vault._rights import Right
from standing.vault._runs import ROWID, Rows, known_rows, load_run_rows
from standing.vault._schema import SCHEMA
from standing.vault._vault import Vault

__all__ = [
    "DROPPED",
    "KEYS_SCHEMA",
    "OPERATOR",
    "ROWID",
    "SCHEMA",
    "TOLD",
    "UNDELIVERED",
    "WAITING",
    "Adult",
    "Attributes",
    "Consent",
    "Contents",
    "Deletion",
    "Document",
    "Earlier",
    "Erasure",
    "Evidence",
    "Followed",
    "Going",
    "Intake",
    "LeafKind",
    "Link",
    "Linked",
    "Message",
    "OpenDocument",
    "OpenRecord",
    "Outbox",
    "Presented",
    "Question",
    "Questions",
    "Recall",
    "Recalled",
    "Record",
    "Right",
    "Rows",
    "SealedBatch",
    "SealingKeys",
    "Secret",
    "Step",
    "StoredBatch",
    "Subject",
    "Terms",
    "Vault",
    "Withdrawal",
    "attributes_padding",
    "case_name",
    "contents_digest",
    "held_attributes",
    "is_attributes_code",
    "known_rows",
    "last_attributes",
    "leaf_of",
    "load_run_rows",
    "new_salt",
    "pack_bodies",
    "parse_preimage",
    "postings_from",
    "preimage",
    "record_id",
    "seal",
    "signed_digest",
    "unbroken_since",
    "unseal",
]
