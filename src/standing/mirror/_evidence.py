"""Keeps two checkpoints that one log signed and that may not both be true.

`evidence/<name>/held` is the mirror's, `offered` the log's other one. Where they contradict each
other for sure the name begins with `proven`, and `proof` is an add-checkpoint body that ends in
the larger one and proves which root that one has at the smaller's size. Where the source gave too
little to tell it begins with `open`, and with `unsigned` where moreover no known key of the log
signed the other one. Nothing is ever removed from there.
"""

import base64
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Literal

from standing.log._layout import write_file

EVIDENCE_DIR: Final = "evidence"

_MAX_KEPT: Final = 1000
"""Of each sort: what proves nothing must not fill the disk, nor keep out what does."""
_NAME_LENGTH: Final = 32


Sort = Literal["proven", "open", "unsigned"]


def keep(directory: Path, held: bytes, offered: bytes, sort: Sort, proof: bytes = b"") -> str:
    """Keep both notes, durable when it returns; gives the folder's name within the mirror."""
    name = f"{sort}-{hashlib.sha256(held + offered).hexdigest()[:_NAME_LENGTH]}"
    kept = directory / EVIDENCE_DIR
    there = [path.name for path in kept.iterdir()] if kept.is_dir() else []
    if name not in there and sum(other.startswith(sort) for other in there) < _MAX_KEPT:
        if proof:
            write_file(directory, f"{EVIDENCE_DIR}/{name}/proof", proof)
        write_file(directory, f"{EVIDENCE_DIR}/{name}/held", held)
        write_file(directory, f"{EVIDENCE_DIR}/{name}/offered", offered)
    return f"{EVIDENCE_DIR}/{name}"


def proof_from(size: int, path: Sequence[bytes], larger: bytes) -> bytes:
    """Write a consistency proof from `size` to a checkpoint as an add-checkpoint body."""
    lines = "".join(f"{base64.b64encode(node).decode()}\n" for node in path)
    return f"old {size}\n{lines}\n".encode() + larger
