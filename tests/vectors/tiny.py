"""A second verifier of receipts and tree proofs, as small as it can be, that shares no code.

It reads the vector files that the product's own tests read, so that one bug cannot hide in both.
Bytes are read by hand, proofs are followed from the root down instead of from the leaf up, and the
signature is checked by a library that the product does not use first. It raises on anything odd.
"""

from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def read(  # noqa: C901, PLR0911 - one case a kind
    data: bytes, at: int = 0
) -> tuple[Any, int]:
    """Read one CBOR value of the few kinds that a receipt has; gives it and where it ends."""
    major, low = data[at] >> 5, data[at] & 31
    at += 1
    extra = {24: 1, 25: 2, 26: 4, 27: 8}.get(low, 0)
    if low > 27 and (major, low) != (7, 22) and major != 7:
        raise ValueError("indefinite")
    number = int.from_bytes(data[at : at + extra], "big") if extra else low
    at += extra
    if major == 0:
        return number, at
    if major == 1:
        return -1 - number, at
    if major in (2, 3):
        body = data[at : at + number]
        if len(body) != number:
            raise ValueError("cut short")
        return (body if major == 2 else body.decode()), at + number
    if major == 4:
        items = []
        for _ in range(number):
            item, at = read(data, at)
            items.append(item)
        return items, at
    if major == 5:
        pairs = {}
        for _ in range(number):
            key, at = read(data, at)
            pairs[key], at = read(data, at)
        return pairs, at
    if major == 6:
        value, at = read(data, at)
        return ("tag", number, value), at
    if (major, low) == (7, 22):
        return None, at
    raise ValueError("another kind")


def split(size: int) -> int:
    """Give the largest power of two below a size."""
    k = 1
    while 2 * k < size:
        k *= 2
    return k


def root_of_leaf(leaf: bytes, index: int, size: int, path: list[bytes]) -> bytes:
    """Follow an inclusion path from the top: the last hash is the root's other child."""
    if not 0 <= index < size or any(len(node) != 32 for node in path):
        raise ValueError("outside")
    if size == 1:
        if path:
            raise ValueError("too long")
        return leaf
    if not path:
        raise ValueError("too short")
    k, other = split(size), path[-1]
    if index < k:
        return sha256(b"\x01" + root_of_leaf(leaf, index, k, path[:-1]) + other).digest()
    return sha256(b"\x01" + other + root_of_leaf(leaf, index - k, size - k, path[:-1])).digest()


def roots_of_prefix(
    old: int, size: int, path: list[bytes], old_root: bytes, *, whole: bool = True
) -> tuple[bytes, bytes]:
    """Follow a consistency path from the top; gives the old root and the new one."""
    if not 0 < old <= size or any(len(node) != 32 for node in path):
        raise ValueError("outside")
    if old == size:
        if whole and path:
            raise ValueError("too long")
        node = old_root if whole else only(path)
        return node, node
    if not path:
        raise ValueError("too short")
    k, other = split(size), path[-1]
    if old <= k:
        left, right = roots_of_prefix(old, k, path[:-1], old_root, whole=whole)
        return left, sha256(b"\x01" + right + other).digest()
    left, right = roots_of_prefix(old - k, size - k, path[:-1], old_root, whole=False)
    return sha256(b"\x01" + other + left).digest(), sha256(b"\x01" + other + right).digest()


def only(path: list[bytes]) -> bytes:
    if len(path) != 1:
        raise ValueError("another length")
    return path[0]


def head(major: int, length: int) -> bytes:
    if length < 24:
        return bytes([major << 5 | length])
    return (
        bytes([major << 5 | 24, length])
        if length < 256
        else (bytes([major << 5 | 25]) + length.to_bytes(2, "big"))
    )


def check_receipt(receipt: bytes, entry: bytes, cose_key: bytes) -> tuple[int, int, bytes]:
    """Give (index, size, root) that a receipt proves for an entry, or raise."""
    key, _ = read(cose_key)
    (_, tag, (protected, unprotected, payload, signature)), end = read(receipt)
    said, _ = read(protected)
    if tag != 18 or end != len(receipt) or payload is not None or said[395] != 1:
        raise ValueError("no receipt")
    if (
        said[1] not in (-8, -19)
        or said[4] != sha256(b"\xa3\x01\x01\x20\x06\x21\x58\x20" + key[-2]).digest()
    ):
        raise ValueError("another key")
    (size, index, path), _ = read(only(unprotected[396][-1]))
    root = root_of_leaf(sha256(b"\x00" + entry).digest(), index, size, path)
    signed = b"\x84\x6aSignature1" + head(2, len(protected)) + protected + b"\x40\x58\x20" + root
    Ed25519PublicKey.from_public_bytes(key[-2]).verify(signature, signed)
    return index, size, root
