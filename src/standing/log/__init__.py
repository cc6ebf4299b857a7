"""The append-only log: RFC 9162 tree, C2SP tiles, checkpoints, COSE receipts.

`Log` is the door. It hides hashing, fsync, tiles and checkpoint, and knows nothing of people,
rules or kinds of statements: an entry is bytes and the hash that names its statement.
"""

from standing.log._check import check_log
from standing.log._derive import over_bundles, read_bundle
from standing.log._layout import CHECKPOINT_FILE, DOCUMENTS_DIR, WITNESSED_FILE
from standing.log._log import Choose, Head, Log
from standing.log._publish import Publication
from standing.log._published import Published
from standing.log._signers import HeadKeys, Signers
from standing.log._tiles import MAX_BUNDLE_BYTES, Read

__all__ = [
    "CHECKPOINT_FILE",
    "DOCUMENTS_DIR",
    "MAX_BUNDLE_BYTES",
    "WITNESSED_FILE",
    "Choose",
    "Head",
    "HeadKeys",
    "Log",
    "Publication",
    "Published",
    "Read",
    "Signers",
    "check_log",
    "over_bundles",
    "read_bundle",
]
