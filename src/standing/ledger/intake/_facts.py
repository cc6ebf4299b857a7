"""The facts of rows by column, wherever the rows come from, and the rows' keyed identities."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from standing.ledger.intake._rules import Details
from standing.vault import ROWID, Rows


@dataclass
class Facts:
    """The facts of some rows, one value a row. Valid only where no row is bad."""

    count: int
    issuer: Sequence[str]
    reference: Sequence[str]
    type: Sequence[str]
    day: Sequence[int]
    basis: Sequence[str]
    signer: Sequence[str]
    identified: Sequence[str]
    details: Sequence[Details]
    row: Sequence[str]


def row_ids(row_key: bytes, names: Iterable[tuple[str, str]]) -> Rows:
    """Give the keyed identity of each row that an issuer names: (issuer, row)."""
    # bad rows may hold broken text; their identity is never stored
    joined = b"".join(
        hashlib.blake2b(
            f"{issuer}\0{row}".encode(errors="replace"), key=row_key, digest_size=16
        ).digest()
        for issuer, row in names
    )
    return np.frombuffer(joined, ROWID)
