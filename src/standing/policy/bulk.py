"""Scores of whole populations, over columns instead of records: the same integers, no reasons.

`Columns` holds what scoring needs of every record of one context, sorted by subject, act type and
day. `score_columns` folds them with compiled code. `Incremental` keeps scores up to date: a new
day, new records and new rulings touch only the subjects whom they can change. Property tests hold
both equal to `policy.score`. Importing this door loads a compiler (numba); `standing.policy` alone
does not.
"""

from standing.policy._incremental import Incremental, Ruling
from standing.policy._score_columns import (
    Population,
    digest_into,
    digest_of,
    score_columns,
)
from standing.policy._tables import NEVER, STATUSES, Ints
from standing.policy.columns import (
    NOTHING,
    Columns,
    columns_of,
    empty,
    facts_at,
    merged,
)

__all__ = [
    "NEVER",
    "NOTHING",
    "STATUSES",
    "Columns",
    "Incremental",
    "Ints",
    "Population",
    "Ruling",
    "columns_of",
    "digest_into",
    "digest_of",
    "empty",
    "facts_at",
    "merged",
    "score_columns",
]
