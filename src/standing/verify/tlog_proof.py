"""Proofs that travel alone: entry, path and checkpoint in one text; C2SP tlog-proof.

Whoever holds the entry, the proof and the keys needs no network and no log. `extra` is not
covered by any signature, and nothing here believes it.
"""

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from standing.errors import Broken, Refused, Usage
from standing.verify.checkpoints import Checkpoint, parse_checkpoint
from standing.verify.quorum import TrustPolicy, verify_log_line
from standing.verify.tree import HASH_BYTES, verify_inclusion
from standing.wire.notes import NoteKey

HEADER: Final = "c2sp.org/tlog-proof@v1"

_INDEX: Final = re.compile(r"index (0|[1-9][0-9]{0,18})", re.ASCII)
_EXTRA: Final = "extra "
_MAX_PATH: Final = 63
_MAX_BYTES: Final = 2_000_000


@dataclass(frozen=True)
class TlogProof:
    """An entry's place, its inclusion path (lowest first), a checkpoint note, and extra bytes.

    Made by `parse_tlog_proof` or by hand; `extra` is None where the line is absent.
    """

    index: int
    path: tuple[bytes, ...]
    checkpoint: bytes
    extra: bytes | None = None

    def format(self) -> bytes:
        """Write the proof; raises `E-TLOGPROOF-01` for one that could not be read again."""
        lines = [HEADER]
        if self.extra is not None:
            lines.append(_EXTRA + _to_text(self.extra))
        lines += [f"index {self.index}", *map(_to_text, self.path)]
        data = ("\n".join(lines) + "\n\n").encode() + self.checkpoint
        if parse_tlog_proof(data) != self:
            raise _unfit("Its parts do not read as they were given.")
        return data

    def verify(
        self, leaf: bytes, keys: Sequence[NoteKey] = (), policy: TrustPolicy | None = None
    ) -> Checkpoint:
        """Give the checkpoint under which the entry stands, or raise.

        `leaf` is the entry's leaf hash (`tree.leaf_hash`). Each of `keys` (a log's, of kind 0x01
        or 0x06) must have signed the checkpoint under its origin; a policy's quorum must have
        cosigned it, and, where no keys are given, one of the policy's logs signed it. Raises
        `E-TLOGPROOF-02` if nothing says which log to believe, `E-TLOGPROOF-03` for the
        checkpoint of another log, `E-TREE-01` for a path that does not lead to its root, and
        what `TrustPolicy.verify` and `verify_cosignature` raise.
        """
        if not keys and (policy is None or not policy.logs):
            raise Usage(
                "E-TLOGPROOF-02",
                "Nothing says which log the proof must be of.",
                why="Got no key of a log, and no trust policy that lists logs.",
                fix="Give the log's verifier key, or a trust policy with a log line.",
            )
        checkpoint, note = parse_checkpoint(self.checkpoint)
        for key in keys:
            if key.name != checkpoint.origin:
                raise Broken(
                    "E-TLOGPROOF-03",
                    "The proof is of another log.",
                    why=f"Got {checkpoint.origin!r}, wanted {key.name!r}.",
                    fix="Ask the log you trust for the proof.",
                )
            verify_log_line(checkpoint, note, key)
        if policy is not None and keys:
            policy.require_quorum(checkpoint, note)
        elif policy is not None:
            policy.verify(self.checkpoint)
        verify_inclusion(self.index, checkpoint.size, leaf, self.path, checkpoint.root)
        return checkpoint


def parse_tlog_proof(data: bytes) -> TlogProof:
    """Read a proof; raises `E-TLOGPROOF-01` for another form, `E-CHECKPOINT-01` for its end."""
    if len(data) > _MAX_BYTES:
        raise _unfit(f"It has {len(data)} bytes; at most {_MAX_BYTES} are read.")
    head, gap, checkpoint = data.partition(b"\n\n")
    try:
        lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError as error:
        raise _unfit("A line before the checkpoint is not ASCII.") from error
    if not gap or lines.pop(0) != HEADER:
        raise _unfit(f"It does not begin with {HEADER}, or has no empty line.")
    extra = _from_text(lines.pop(0)[len(_EXTRA) :]) if _has_extra(lines) else None
    match = _INDEX.fullmatch(lines[0]) if lines else None
    if match is None:
        raise _unfit("It states no index.")
    path = tuple(map(_from_text, lines[1:]))
    if len(path) > _MAX_PATH or any(len(node) != HASH_BYTES for node in path):
        raise _unfit("Its path is longer than 63 hashes, or a hash has not 32 bytes.")
    parse_checkpoint(checkpoint)
    return TlogProof(int(match.group(1)), path, checkpoint, extra)


def _has_extra(lines: Sequence[str]) -> bool:
    return bool(lines) and lines[0].startswith(_EXTRA)


def _to_text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _from_text(text: str) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise _unfit("A line is no base64.") from error
    if _to_text(data) != text:
        raise _unfit("A line's base64 is oddly written.")
    return data


def _unfit(why: str) -> Refused:
    return Refused(
        "E-TLOGPROOF-01",
        "This is not a tlog-proof.",
        why=why,
        fix="Ask for the proof again; see the tlog-proof format of C2SP.",
    )
