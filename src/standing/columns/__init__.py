"""The bulk store: a context's records as columns on disk, for scoring whole populations.

A cache of the vault in `DIR/columns/`, in clear and without names: vault numbers, act types, days,
statuses. It can be removed at any time and is rebuilt from the vault; it belongs in no backup.
Whoever reads it learns when which vault number did what; whoever changes it changes what the next
population is scored from until it is rebuilt, which `standing verify` finds by scoring from the
records themselves.
"""

from standing.columns._segment import SEGMENT_COLUMNS, Segment
from standing.columns._store import BLANK, ColumnStore, Forgetting, blocks, clean_columns

__all__ = [
    "BLANK",
    "SEGMENT_COLUMNS",
    "ColumnStore",
    "Forgetting",
    "Segment",
    "blocks",
    "clean_columns",
]
