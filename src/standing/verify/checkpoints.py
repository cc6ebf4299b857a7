"""Checkpoints, as C2SP tlog-checkpoint defines them: a signed note of origin, size and root.

The log signs each with Ed25519, and beside it with ML-DSA-44 where it has such a key.
"""

import base64
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from standing.errors import Broken, Refused
from standing.verify._cosigned import cosigner_of, verify_line
from standing.verify.tree import HASH_BYTES
from standing.wire.keys import PublicKey
from standing.wire.notes import Note, parse_note

_SIZE: Final = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)
_LEAST_LINES: Final = 3


@dataclass(frozen=True)
class Checkpoint:
    """What a log says of itself: its name, how many entries it has, and their root."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def text(self) -> str:
        """Write the text that is signed."""
        root = base64.b64encode(self.root).decode()
        lines = (self.origin, str(self.size), root, *self.extensions)
        return "".join(line + "\n" for line in lines)


def parse_checkpoint(data: bytes) -> tuple[Checkpoint, Note]:
    """Read a checkpoint without trusting it; raises `E-CHECKPOINT-01`."""
    note = parse_note(data)
    lines = note.text[:-1].split("\n")
    if len(lines) < _LEAST_LINES or "" in lines or not _SIZE.fullmatch(lines[1]):
        raise _unfit("It needs an origin, a size and a root, one a line.")
    try:
        root = base64.b64decode(lines[2], validate=True)
    except ValueError:
        root = b""
    if len(root) != HASH_BYTES or base64.b64encode(root).decode() != lines[2]:
        raise _unfit("Its root is not the base64 of 32 bytes.")
    return Checkpoint(lines[0], int(lines[1]), root, tuple(lines[3:])), note


def verify_checkpoint(
    data: bytes, origin: str, key: PublicKey, ml_dsa: PublicKey | None = None
) -> Checkpoint:
    """Read a checkpoint that `origin` signed with `key`; raises otherwise.

    `key` is the log's Ed25519 key. With `ml_dsa`, the log's ML-DSA-44 key, its line must be there
    too and hold as well. Raises `E-CHECKPOINT-01` or `-02`, `E-NOTE-02` or `E-COSIGN-01` for a
    missing line, `E-COSIGN-02` or `E-SIG-..` for a line that does not hold.
    """
    checkpoint, note = parse_checkpoint(data)
    if checkpoint.origin != origin:
        raise Broken(
            "E-CHECKPOINT-02",
            "The checkpoint is of another log.",
            why=f"Got {checkpoint.origin!r}, wanted {origin!r}.",
            fix="Compare it with a checkpoint of this log.",
        )
    note.verify(origin, key)
    if ml_dsa is not None:
        verify_line(checkpoint, note, cosigner_of(origin, ml_dsa))
    return checkpoint


def verify_checkpoint_by_any(data: bytes, origin: str, keys: Sequence[PublicKey]) -> Checkpoint:
    """Read a checkpoint that one of a log's keys signed, past or present; the newest stands last.

    Raises as `verify_checkpoint` does for the newest where none has signed.
    """
    for key in keys[:-1]:
        with suppress(Broken):
            return verify_checkpoint(data, origin, key)
    return verify_checkpoint(data, origin, keys[-1])


def _unfit(why: str) -> Refused:
    return Refused(
        "E-CHECKPOINT-01",
        "This is not a checkpoint.",
        why=why,
        fix="Fetch the file named checkpoint of the log again.",
    )
