"""Rows in, sealed batches out: reading, mapping, checking, the issuer's side and the vault's.

`take_file` is the door. A file is checked whole before anything of it is written.
"""

from standing.ledger.intake._blocks import BadRow
from standing.ledger.intake._map import RowMap, parse_map
from standing.ledger.intake._rules import FileRules, Rules
from standing.ledger.intake._take import Imported, Progress, RowsRefused, take_file

__all__ = [
    "BadRow",
    "FileRules",
    "Imported",
    "Progress",
    "RowMap",
    "RowsRefused",
    "Rules",
    "parse_map",
    "take_file",
]
