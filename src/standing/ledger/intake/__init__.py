"""Rows in, sealed batches out: reading, mapping, checking, the issuer's side and the vault's.

`take_file` is the door where both sides are at one place: a file is checked whole before anything
of it is written. An issuer elsewhere makes batches with `make_batches` and sends them with
`encode_batches`; the ledger reads them with `parse_batches` and `read_batches`, and takes them
with `take_sent`.
"""

from standing.ledger.intake._blocks import BadRow
from standing.ledger.intake._make import make_batches
from standing.ledger.intake._map import RowMap, parse_map
from standing.ledger.intake._own import OwnBatch
from standing.ledger.intake._rules import FileRules, Rules
from standing.ledger.intake._sent import (
    BadRecord,
    RecordsRefused,
    SentBatch,
    read_batches,
    take_sent,
)
from standing.ledger.intake._take import Imported, Progress, RowsRefused, Writer, take_file
from standing.ledger.intake._wire import (
    MAX_BATCHES,
    MAX_BYTES,
    MAX_RECORDS,
    encode_batches,
    parse_batches,
    sendings,
)

__all__ = [
    "MAX_BATCHES",
    "MAX_BYTES",
    "MAX_RECORDS",
    "BadRecord",
    "BadRow",
    "FileRules",
    "Imported",
    "OwnBatch",
    "Progress",
    "RecordsRefused",
    "RowMap",
    "RowsRefused",
    "Rules",
    "SentBatch",
    "Writer",
    "encode_batches",
    "make_batches",
    "parse_batches",
    "parse_map",
    "read_batches",
    "sendings",
    "take_file",
    "take_sent",
]
