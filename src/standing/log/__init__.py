"""The append-only log: RFC 9162 tree, C2SP tiles, checkpoints, COSE receipts.

`Log` is the door. It hides hashing, fsync, tiles and checkpoint, and knows nothing of people,
rules or kinds of statements: an entry is bytes and the hash that names its statement.
"""

from standing.log._check import check_log
from standing.log._log import Head, Log

__all__ = ["Head", "Log", "check_log"]
