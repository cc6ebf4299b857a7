"""RFC 9162 word for word, recursively: slow, and written apart from the product's own code."""

from hashlib import sha256


def split(n: int) -> int:
    k = 1
    while k * 2 < n:
        k *= 2
    return k


def root(entries: list[bytes]) -> bytes:
    """MTH(D[n]), section 2.1.1."""
    if not entries:
        return sha256().digest()
    if len(entries) == 1:
        return sha256(b"\x00" + entries[0]).digest()
    k = split(len(entries))
    return sha256(b"\x01" + root(entries[:k]) + root(entries[k:])).digest()


def path(m: int, entries: list[bytes]) -> list[bytes]:
    """PATH(m, D[n]), section 2.1.3.1."""
    if len(entries) == 1:
        return []
    k = split(len(entries))
    if m < k:
        return [*path(m, entries[:k]), root(entries[k:])]
    return [*path(m - k, entries[k:]), root(entries[:k])]


def proof(m: int, entries: list[bytes]) -> list[bytes]:
    """PROOF(m, D[n]), section 2.1.4.1."""
    return _subproof(m, entries, whole=True)


def _subproof(m: int, entries: list[bytes], *, whole: bool) -> list[bytes]:
    if m == len(entries):
        return [] if whole else [root(entries)]
    k = split(len(entries))
    if m <= k:
        return [*_subproof(m, entries[:k], whole=whole), root(entries[k:])]
    return [*_subproof(m - k, entries[k:], whole=False), root(entries[:k])]
