"""How a cosignature is made and checked; the public door is `verify.cosignatures`.

C2SP tlog-cosignature, sections "Ed25519 signed message" and "ML-DSA-44 signed message".
"""

import functools
import struct
from typing import TYPE_CHECKING, Final

from standing.errors import Broken, Refused
from standing.wire.keys import PublicKey, SigningKey
from standing.wire.notes import COSIGNATURE_TYPE, ML_DSA_44_TYPE, Note, NoteKey, NoteSignature

if TYPE_CHECKING:
    from standing.verify.checkpoints import Checkpoint

Cosigner = NoteKey
"""A key of kind 0x04 or 0x06."""

_LABEL: Final = b"subtree/v1\n\0"
_TIME: Final = struct.Struct(">Q")
_MAX_TIME: Final = (1 << 63) - 1
_MAX_NAME_BYTES: Final = 255
_KINDS: Final[dict[str, int]] = {"Ed25519": COSIGNATURE_TYPE, "ML-DSA-44": ML_DSA_44_TYPE}
_SIGNATURE_BYTES: Final = {COSIGNATURE_TYPE: 64, ML_DSA_44_TYPE: 2420}


def cosigner_of(name: str, key: PublicKey) -> Cosigner:
    """Name a cosigner's key, of the kind that fits its algorithm.

    Raises `E-COSIGN-03` for an algorithm or name that cannot cosign.
    """
    kind = _KINDS.get(key.alg)
    if kind is None:
        raise _cannot(f"Got a key for {key.alg}; Ed25519 and ML-DSA-44 keys cosign.")
    return NoteKey(name, kind, key)


def cosign(
    key: SigningKey, name: str, checkpoint: "Checkpoint", text: str, timestamp: int
) -> NoteSignature:
    """Cosign a checkpoint; the key's algorithm decides between the two forms.

    `text` is the signed text of the checkpoint's note, `timestamp` the time in seconds since 1970,
    or 0 for an ML-DSA-44 line that does not state that this is the newest tree seen. The caller has
    checked that the checkpoint is consistent. Raises `E-COSIGN-03` for what cannot be written.
    """
    cosigner = cosigner_of(name, key.public)
    signature = key.sign(_message(cosigner, checkpoint, text, timestamp))
    return NoteSignature(name, cosigner.key_id, _TIME.pack(timestamp) + signature)


def verify_line(checkpoint: "Checkpoint", note: Note, cosigner: Cosigner) -> int:
    """Do as `verify_cosignature` does, with a checkpoint that is parsed already."""
    line = find_line(note, cosigner)
    if line is None:
        raise Broken(
            "E-COSIGN-01",
            "The checkpoint is not cosigned by the key asked for.",
            why=f"No signature line of {cosigner.name!r} with key id {cosigner.key_id.hex()}.",
            fix="Ask this cosigner for its cosignature, or fetch the checkpoint again.",
        )
    length = _SIGNATURE_BYTES.get(cosigner.kind, 0)
    timestamp = int.from_bytes(line.signature[: _TIME.size])
    if not length or len(line.signature) != _TIME.size + length or timestamp > _MAX_TIME:
        raise Broken(
            "E-COSIGN-02",
            "The cosignature has another form than its key's.",
            why=f"Got {len(line.signature)} bytes from a key of kind {cosigner.kind}; wanted a"
            f" time below 2^63 in 8 bytes, and a signature of {length}.",
            fix="Ask the cosigner for its cosignature again.",
        )
    message = _message(cosigner, checkpoint, note.text, timestamp)
    cosigner.public.verify(line.signature[_TIME.size :], message)
    return timestamp


def find_line(note: Note, key: NoteKey) -> NoteSignature | None:
    """Give the line that claims to be this key's, if there is one; nothing is verified."""
    wanted = (key.name, _key_id(key))
    return next((line for line in note.signatures if line[:2] == wanted), None)


@functools.lru_cache(maxsize=1024)
def _key_id(key: NoteKey) -> bytes:
    return key.key_id


def _message(cosigner: Cosigner, checkpoint: "Checkpoint", text: str, timestamp: int) -> bytes:
    """Give the bytes that are signed; tlog-cosignature, one section for each of the two kinds."""
    if not 0 <= timestamp <= _MAX_TIME:
        raise _cannot(f"Got the time {timestamp}; wanted seconds since 1970, below 2^63.")
    if cosigner.kind == COSIGNATURE_TYPE:
        return f"cosignature/v1\ntime {timestamp}\n{text}".encode()
    return b"".join(
        (
            _LABEL,
            _short(cosigner.name),
            _TIME.pack(timestamp),
            _short(checkpoint.origin),
            _TIME.pack(0),
            _TIME.pack(checkpoint.size),
            checkpoint.root,
        )
    )


def _short(name: str) -> bytes:
    encoded = name.encode()
    if len(encoded) > _MAX_NAME_BYTES:
        raise _cannot(f"A name has {len(encoded)} bytes; an ML-DSA-44 cosignature holds 255.")
    return bytes([len(encoded)]) + encoded


def _cannot(why: str) -> Refused:
    return Refused(
        "E-COSIGN-03",
        "This cannot be cosigned.",
        why=why,
        fix="Use an Ed25519 or ML-DSA-44 key, names of at most 255 bytes, and a clock that runs.",
    )
