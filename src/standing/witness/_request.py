"""The body of an add-checkpoint request; C2SP tlog-witness, section "add-checkpoint".

Strict and bounded: one spelling, at most 63 hashes, at most 256 KiB.
"""

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from standing.errors import Refused
from standing.verify.tree import HASH_BYTES

MAX_BODY_BYTES: Final = 262_144
"""Room for 63 hashes and a checkpoint with more than fifty ML-DSA-44 lines."""

_MAX_HASHES: Final = 63
_OLD: Final = re.compile(r"old (0|[1-9][0-9]{0,18})", re.ASCII)


@dataclass(frozen=True)
class Request:
    """The size the log thinks the witness holds, the proof from there, and the checkpoint note."""

    old_size: int
    path: tuple[bytes, ...]
    checkpoint: bytes


def format_request(old_size: int, path: Sequence[bytes], checkpoint: bytes) -> bytes:
    """Write a request body; raises `E-WITNESS-01` for one that a witness could not read."""
    hashes = "".join(f"{base64.b64encode(node).decode()}\n" for node in path)
    body = f"old {old_size}\n{hashes}\n".encode() + checkpoint
    if parse_request(body) != Request(old_size, tuple(path), checkpoint):
        raise _unfit("Its parts do not read as they were given.")
    return body


def parse_request(body: bytes) -> Request:
    """Read a request body; raises `E-WITNESS-01`. The checkpoint's form is not looked at."""
    if len(body) > MAX_BODY_BYTES:
        raise _unfit(f"It has {len(body)} bytes; at most {MAX_BODY_BYTES} are read.")
    head, gap, checkpoint = body.partition(b"\n\n")
    try:
        first, *rest = head.decode("ascii").split("\n")
    except UnicodeDecodeError as error:
        raise _unfit("A line before the checkpoint is not ASCII.") from error
    match = _OLD.fullmatch(first)
    if not gap or match is None:
        raise _unfit("It does not begin with old and a size, or has no empty line.")
    if len(rest) > _MAX_HASHES:
        raise _unfit(f"It has {len(rest)} hashes; a proof has at most {_MAX_HASHES}.")
    return Request(int(match.group(1)), tuple(map(_hash, rest)), checkpoint)


def _hash(line: str) -> bytes:
    try:
        data = base64.b64decode(line, validate=True)
    except ValueError:
        data = b""
    if len(data) != HASH_BYTES or base64.b64encode(data).decode() != line:
        raise _unfit("A proof line is not the base64 of 32 bytes.")
    return data


def _unfit(why: str) -> Refused:
    return Refused(
        "E-WITNESS-01",
        "This is no add-checkpoint request.",
        why=why,
        fix="Send it as the tlog-witness protocol of C2SP says.",
    )
