"""Batches made where the rows arise: a file in, signed batches out, without a ledger.

All that is needed are the issuer's key and public documents. Whose consent is live nobody knows
here, and nobody is told: every row of the file is sent, and the ledger answers all of them alike.
"""

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from standing.errors import Refused
from standing.ledger.intake._blocks import Table
from standing.ledger.intake._check import check_block, mapped_block
from standing.ledger.intake._facts import row_ids
from standing.ledger.intake._map import parse_map
from standing.ledger.intake._own import Making, OwnBatch, cut
from standing.ledger.intake._rules import FileRules
from standing.ledger.intake._take import (
    NAMED_ROWS,
    Progress,
    RowsRefused,
    already_there,
    open_mapped,
)
from standing.ledger.intake._wire import MAX_RECORDS, check_count
from standing.vault import Rows
from standing.wire.keys import SigningKey

_KEY_BYTES: Final = 32


def make_batches(
    path: Path,
    map_data: bytes,
    keys: Mapping[str, SigningKey],
    *,
    catalogue: bytes,
    pack: bytes,
    today: int,
    map_where: str = "map",
    leave_out: Collection[tuple[str, str]] = (),
    batch_records: int = 500,
    progress: Progress = lambda *_: None,
) -> Iterator[OwnBatch]:
    """Check a whole file at once, then make its batches one by one as they are asked for.

    `catalogue` and `pack` are the documents in force, `leave_out` the rows that the ledger has
    already: (issuer, row). Raises `RowsRefused`, `E-FILE-..` and `E-MAP-..` before the first.
    """
    check_count(batch_records, MAX_RECORDS, "records")
    rules = FileRules(
        map_data=map_data,
        map_where=map_where,
        context=parse_map(map_data, where=map_where).context,
        catalogue=catalogue,
        pack=pack,
        today=today,
        issuers=frozenset(keys),
        row_key=os.urandom(_KEY_BYTES),
    )
    if rules.parsed_pack.context != rules.context:
        raise Refused(
            "E-MAP-03",
            "The map and the pack are of different contexts.",
            why=f"The map says {rules.context!r}, the pack {rules.parsed_pack.context!r}.",
            fix="Give the pack that is in force for the map's context.",
            where=map_where,
        )
    table = open_mapped(path, rules)
    skip = _checked(rules, table, _known(rules, leave_out), progress)
    return _each(rules, table, skip, keys, batch_records, progress)


def _checked(
    rules: FileRules, table: Table, known: Sequence[Rows], progress: Progress
) -> list[bytes]:
    """Check every row; gives which rows of each block are left out."""
    checked = []
    total = sum(block.rows for block in table.blocks)
    for block in table.blocks:
        checked.append(check_block(rules, table, block))
        progress("check", block.first_row + block.rows - 1, total)
    skip, repeated = already_there(rules, known, table, checked)
    bad = [row for one in checked for row in one.bad] + repeated
    if bad:
        bad.sort(key=lambda row: row.row)
        fix = "Correct the rows and make the batches again."
        raise RowsRefused(bad[:NAMED_ROWS], len(bad), table.path, fix)
    return skip


def _known(rules: FileRules, names: Collection[tuple[str, str]]) -> list[Rows]:
    ids = row_ids(rules.row_key, names)
    return [ids[np.argsort(ids["hi"])]] if len(ids) else []


def _each(
    rules: FileRules,
    table: Table,
    skip: Sequence[bytes],
    keys: Mapping[str, SigningKey],
    batch_records: int,
    progress: Progress,
) -> Iterator[OwnBatch]:
    total = sum(block.rows for block in table.blocks)
    for block, gone in zip(table.blocks, skip, strict=True):
        if not all(gone):
            facts = mapped_block(rules, table, block)
            making = Making(facts, rules.context, rules.today, keys)
            for issuer, rows in cut(facts, keys, skip=gone, batch_records=batch_records):
                yield making.batch(issuer, rows)[0]
        progress("make", block.first_row + block.rows - 1, total)
