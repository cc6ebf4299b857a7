"""Cosignatures: others than the log state that they saw a checkpoint; C2SP tlog-cosignature.

Ed25519 (cosignature/v1) signs the time and the checkpoint's whole text. ML-DSA-44 (subtree/v1)
signs names, time, size and root, and no extension line. A log signs its own checkpoints with
ML-DSA-44 in the same way: its origin is the cosigner's name, its time is 0. Does not decide whose
cosignatures count: that is `verify.quorum`.
"""

from standing.verify._cosigned import Cosigner, cosign, cosigner_of, find_line, verify_line
from standing.verify.checkpoints import parse_checkpoint

__all__ = [
    "Cosigner",
    "cosign",
    "cosigner_of",
    "find_line",
    "verify_cosignature",
    "verify_line",
]


def verify_cosignature(data: bytes, cosigner: Cosigner) -> int:
    """Give the time of a cosigner's line under a checkpoint note, in seconds since 1970.

    The log's own signature is not looked at. Raises `E-CHECKPOINT-01` for no checkpoint,
    `E-COSIGN-01` for no line of this cosigner, `E-COSIGN-02` for a line of another form,
    `E-SIG-..` for a signature that does not hold.
    """
    checkpoint, note = parse_checkpoint(data)
    return verify_line(checkpoint, note, cosigner)
