"""COSE receipts of RFC 9942 with RFC 9162 SHA-256 proofs: this entry stands in that log.

The root is recomputed from the entry and the path; it is the detached payload of the signature.
One signature over a root serves every entry under it, because the header is constant.
"""

from typing import Any, Final

import cbor2

from standing.errors import Broken, Refused
from standing.verify.tree import HASH_BYTES, leaf_hash, root_from_inclusion
from standing.wire import cbor, cose
from standing.wire.keys import EDDSA, PublicKey, SigningKey

VDS_RFC9162_SHA256: Final = 1
_INCLUSION: Final = -1
_PROOF_PARTS: Final = 3

# CBOR heads (RFC 8949 section 3) that every receipt is made of.
_SHORT: Final = 24
_ARRAY: Final = 0x80
_ARRAY_8: Final = 0x98
_HASH_HEAD: Final = b"\x58\x20"  # a byte string of 32
_PROOFS_HEAD: Final = bytes.fromhex("a119018ca12081")  # {396: {-1: [


def receipt_protected(origin: str, kid: bytes) -> bytes:
    """Write the protected header that all receipts of one log and key share."""
    return cbor.encode(
        {
            cose.ALG: EDDSA,
            cose.KID: kid,
            cose.VDS: VDS_RFC9162_SHA256,
            cose.CWT: {cose.CWT_ISS: origin, cose.CWT_SUB: origin},
        }
    )


def sign_root(key: SigningKey, protected: bytes, root: bytes) -> bytes:
    """Sign a root for the receipts of every entry under it."""
    return key.sign(cose.sig_structure(protected, root))


def encode_receipt(
    protected: bytes, signature: bytes, index: int, size: int, path: list[bytes]
) -> bytes:
    """Write the receipt of one entry; the path has at least one hash (RFC 9942)."""
    nodes = _HASH_HEAD.join(path)
    if len(nodes) != len(path) * (HASH_BYTES + len(_HASH_HEAD)) - len(_HASH_HEAD):
        raise Refused(
            "E-RECEIPT-02",
            "A log of one entry gives no receipt.",
            why="The standard's inclusion proof has at least one hash.",
            fix="Append a second entry first.",
        )
    # put together from parts, at a third of an encoder's cost: a busy log makes thousands a second
    proof = b"".join(
        (
            b"\x83",  # an array of three: size, index, path
            cbor2.dumps(size),
            cbor2.dumps(index),
            bytes([_ARRAY | len(path)]) if len(path) < _SHORT else bytes([_ARRAY_8, len(path)]),
            _HASH_HEAD,
            nodes,
        )
    )
    return b"".join(
        (
            b"\xd2\x84",  # tag 18, an array of four
            cbor2.dumps(protected),
            _PROOFS_HEAD,
            cbor2.dumps(proof),
            b"\xf6",  # the payload, the root, travels apart
            cbor2.dumps(signature),
        )
    )


def verify_receipt(receipt: bytes, entry: bytes, key: PublicKey) -> tuple[int, int, bytes]:
    """Give (index, size, root) that the receipt proves for this entry, or raise.

    The root is signed; index and size are not (RFC 9942), and another pair can share the path.
    Compare size and root with a checkpoint before relying on either.
    """
    sign1 = cose.parse_sign1(receipt)
    size, index, path = _inclusion(sign1)
    if sign1.payload is not None or sign1.protected.get(cose.VDS) != VDS_RFC9162_SHA256:
        raise _broken("It is of another kind of tree, or carries a root of its own.")
    if sign1.kid != key.thumbprint:
        raise _broken("It was signed with another key.")
    root = root_from_inclusion(index, size, leaf_hash(entry), path)
    sign1.verify(key, root)
    return index, size, root


def _inclusion(sign1: cose.Sign1) -> tuple[int, int, list[bytes]]:
    proofs: Any = sign1.unprotected.get(cose.PROOFS)
    inclusion = proofs.get(_INCLUSION) if isinstance(proofs, dict) else None
    if not isinstance(inclusion, list) or len(inclusion) != 1 or type(inclusion[0]) is not bytes:
        raise _broken("It holds no single inclusion proof.")
    proof = cbor.decode(inclusion[0], what="inclusion proof")
    if (
        not isinstance(proof, list)
        or len(proof) != _PROOF_PARTS
        or type(proof[0]) is not int
        or type(proof[1]) is not int
        or not isinstance(proof[2], list)
        or not proof[2]
        or any(type(h) is not bytes for h in proof[2])
    ):
        raise _broken("Its inclusion proof is not size, index and hashes.")
    return proof[0], proof[1], proof[2]


def _broken(why: str) -> Broken:
    return Broken(
        "E-RECEIPT-01",
        "The receipt does not hold.",
        why=why,
        fix="Ask the log for the receipt again.",
    )
