"""The Merkle tree of RFC 9162: leaves, nodes, inclusion and consistency.

Pure functions of bytes. A `verify_` function gives nothing back or raises `Broken`.
"""

import hashlib
from collections.abc import Sequence
from typing import Final

from standing.errors import Broken

HASH_BYTES: Final = 32
EMPTY_ROOT: Final = hashlib.sha256(b"").digest()
Hashes = Sequence[bytes] | bytes
"""Leaf hashes, one by one or as one run of 32 bytes each."""


def leaf_hash(entry: bytes) -> bytes:
    """Hash an entry: SHA-256(0x00, entry), RFC 9162 section 2.1.1."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash two subtrees: SHA-256(0x01, left, right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def as_list(hashes: Hashes) -> list[bytes]:
    """Cut a run of hashes into a list; raises `E-TREE-01` where a hash has not 32 bytes."""
    if isinstance(hashes, bytes):
        if len(hashes) % HASH_BYTES:
            raise _broken("A run of hashes is cut short.")
        return [hashes[i : i + HASH_BYTES] for i in range(0, len(hashes), HASH_BYTES)]
    return list(hashes)


def next_level(level: Sequence[bytes]) -> list[bytes]:
    """Hash neighbours together; an odd last one rises as it is."""
    sha256 = hashlib.sha256
    above = [
        sha256(b"\x01" + left + right).digest()
        for left, right in zip(level[::2], level[1::2], strict=False)
    ]
    if len(level) % 2:
        above.append(level[-1])
    return above


def root_of(hashes: Hashes) -> bytes:
    """Give the root over leaf hashes, in order."""
    level = as_list(hashes)
    if not level:
        return EMPTY_ROOT
    while len(level) > 1:
        level = next_level(level)
    return level[0]


def inclusion_path(hashes: Hashes, index: int) -> list[bytes]:
    """Give the path that proves the leaf at `index`, lowest first (RFC 9162 section 2.1.3.1)."""
    level = as_list(hashes)
    if not 0 <= index < len(level):
        raise _broken(f"There is no leaf {index} in a tree of {len(level)}.")
    path = []
    while len(level) > 1:
        sibling = index ^ 1
        if sibling < len(level):
            path.append(level[sibling])
        level = next_level(level)
        index >>= 1
    return path


def root_from_inclusion(index: int, size: int, leaf: bytes, path: Sequence[bytes]) -> bytes:
    """Recompute the root from a leaf and its path (RFC 9162 section 2.1.3.2)."""
    if not 0 <= index < size or any(len(h) != HASH_BYTES for h in (leaf, *path)):
        raise _broken("An inclusion proof names a leaf outside the tree or holds a bad hash.")
    first, last, node = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            raise _broken("An inclusion proof is too long.")
        if first & 1 or first == last:
            node = node_hash(sibling, node)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            node = node_hash(node, sibling)
        first, last = first >> 1, last >> 1
    if last:
        raise _broken("An inclusion proof is too short.")
    return node


def verify_inclusion(
    index: int, size: int, leaf: bytes, path: Sequence[bytes], root: bytes
) -> None:
    """Raise `E-TREE-01` unless the leaf stands at `index` under `root`."""
    if root_from_inclusion(index, size, leaf, path) != root:
        raise _broken("An inclusion proof leads to another root.")


def consistency_path(hashes: Hashes, old: int) -> list[bytes]:
    """Prove that the first `old` leaves are a prefix (RFC 9162 section 2.1.4.1)."""
    leaves = as_list(hashes)
    if not 0 < old <= len(leaves):
        raise _broken(f"A tree of {len(leaves)} has no earlier size {old}.")
    return _subproof(leaves, old, whole=True)


def _subproof(leaves: Sequence[bytes], old: int, *, whole: bool) -> list[bytes]:
    size = len(leaves)
    if old == size:
        return [] if whole else [root_of(leaves)]
    split = 1 << ((size - 1).bit_length() - 1)
    if old <= split:
        return [*_subproof(leaves[:split], old, whole=whole), root_of(leaves[split:])]
    return [*_subproof(leaves[split:], old - split, whole=False), root_of(leaves[:split])]


def verify_consistency(
    old_size: int, old_root: bytes, new_size: int, new_root: bytes, path: Sequence[bytes]
) -> None:
    """Raise `E-TREE-01` unless the older tree is a prefix of the newer (RFC 9162 2.1.4.2)."""
    if not 0 < old_size <= new_size or any(len(h) != HASH_BYTES for h in path):
        raise _broken("A consistency proof is for impossible sizes or holds a bad hash.")
    if old_size == new_size:
        if path or old_root != new_root:
            raise _broken("Two trees of one size have different roots.")
        return
    hashes = list(path)
    if old_size & (old_size - 1) == 0:
        hashes.insert(0, old_root)
    if (old_root, new_root) != _roots_from_path(old_size, new_size, hashes):
        raise _broken("A consistency proof leads to other roots: history was rewritten.")


def _roots_from_path(old_size: int, new_size: int, hashes: Sequence[bytes]) -> tuple[bytes, bytes]:
    if not hashes:
        raise _broken("A consistency proof is empty.")
    first, last = old_size - 1, new_size - 1
    while first & 1:
        first, last = first >> 1, last >> 1
    old = new = hashes[0]
    for node in hashes[1:]:
        if last == 0:
            raise _broken("A consistency proof is too long.")
        if first & 1 or first == last:
            old, new = node_hash(node, old), node_hash(node, new)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            new = node_hash(new, node)
        first, last = first >> 1, last >> 1
    if last:
        raise _broken("A consistency proof is too short.")
    return old, new


def _broken(why: str) -> Broken:
    return Broken(
        "E-TREE-01",
        "A tree proof does not hold.",
        why=why,
        fix="Fetch the proof and the checkpoint again; if it stays, keep both as evidence.",
    )
