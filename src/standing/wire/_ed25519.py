"""Ed25519 by two libraries, and the checks that they do differently; RFC 8032 section 5.1.

Two verifiers must never disagree about one signature, so everything they treat differently is
refused before a library sees it. The arithmetic here handles public values only and is not
constant-time. PyNaCl is used where installed, since it is twice as fast as cryptography.
"""

import functools
import importlib
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ed25519


def _optional(module: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError:  # the offline verifier runs without PyNaCl
        return None


_sodium: Final = _optional("nacl.bindings")
_sodium_errors: Final = _optional("nacl.exceptions")

_P: Final = 2**255 - 19
_ORDER: Final = 2**252 + 27742317777372353535851937790883648493
_D: Final = -121665 * pow(121666, -1, _P) % _P
_ROOT_OF_MINUS_ONE: Final = pow(2, (_P - 1) // 4, _P)
_SIGN: Final = 1 << 255

_Point = tuple[int, int, int, int]  # X, Y, Z, T with x = X/Z, y = Y/Z, x*y = T/Z


def is_canonical_scalar(scalar: bytes) -> bool:
    """Answer whether S is below the group order, as it is in every honest signature."""
    return int.from_bytes(scalar, "little") < _ORDER


def is_plain_point(point: bytes) -> bool:
    """Answer whether R is canonically encoded and not one of the eight small-order points."""
    y = int.from_bytes(point, "little") & (_SIGN - 1)
    return y < _P and y not in _SMALL_ORDER_Y


@functools.lru_cache(maxsize=65_536)
def is_prime_order_point(point: bytes) -> bool:
    """Answer whether A is canonical, on the curve, in the prime-order subgroup, not neutral."""
    if not is_plain_point(point):
        return False
    if _sodium is not None:
        return bool(_sodium.crypto_core_ed25519_is_valid_point(point))
    return is_prime_order_point_slow(point)


def is_signed(public: bytes, signature: bytes, data: bytes) -> bool:
    """Answer whether the signature, already checked for its form, is this key's over the data."""
    if _sodium is not None:
        return is_signed_by_sodium(public, signature, data)
    return is_signed_by_cryptography(public, signature, data)


def is_signed_by_sodium(public: bytes, signature: bytes, data: bytes) -> bool:
    """Answer `is_signed` with PyNaCl, which must be installed."""
    try:
        _sodium.crypto_sign_open(signature + data, public)
    except _sodium_errors.BadSignatureError:
        return False
    return True


def is_signed_by_cryptography(public: bytes, signature: bytes, data: bytes) -> bool:
    """Answer `is_signed` with cryptography."""
    try:
        ed25519.Ed25519PublicKey.from_public_bytes(public).verify(signature, data)
    except InvalidSignature:
        return False
    return True


def sign(seed: bytes, public: bytes, data: bytes) -> bytes:
    """Sign; both libraries give the same 64 bytes."""
    if _sodium is not None:
        return bytes(_sodium.crypto_sign(data, seed + public)[:64])
    return ed25519.Ed25519PrivateKey.from_private_bytes(seed).sign(data)


def public_of(seed: bytes) -> bytes:
    """Derive the 32 public bytes of a seed."""
    return ed25519.Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def is_prime_order_point_slow(point: bytes) -> bool:
    """Answer the same without PyNaCl, in about a millisecond."""
    decoded = _decode_point(point)
    return decoded is not None and _is_neutral(_multiply(decoded, _ORDER))


def _decode_point(point: bytes) -> _Point | None:
    """Recover x from y and the sign bit; None if no point of the curve is written so."""
    number = int.from_bytes(point, "little")
    sign, y = number >> 255, number & (_SIGN - 1)
    if y >= _P:
        return None
    u, v = (y * y - 1) % _P, (_D * y * y + 1) % _P
    x = u * pow(v, 3, _P) * pow(u * pow(v, 7, _P), (_P - 5) // 8, _P) % _P
    if v * x * x % _P != u:
        x = x * _ROOT_OF_MINUS_ONE % _P
    if v * x * x % _P != u or (x == 0 and sign):
        return None
    x = _P - x if x & 1 != sign else x
    return x, y, 1, x * y % _P


def _add(p: _Point, q: _Point) -> _Point:
    a = (p[1] - p[0]) * (q[1] - q[0]) % _P
    b = (p[1] + p[0]) * (q[1] + q[0]) % _P
    c = 2 * p[3] * q[3] * _D % _P
    d = 2 * p[2] * q[2] % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _multiply(point: _Point, scalar: int) -> _Point:
    total: _Point = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            total = _add(total, point)
        point = _add(point, point)
        scalar >>= 1
    return total


def _is_neutral(point: _Point) -> bool:
    return point[0] % _P == 0 and (point[1] - point[2]) % _P == 0


def _square_roots(square: int) -> tuple[int, ...]:
    """Give both square roots modulo the prime, or none."""
    root = pow(square, (_P + 3) // 8, _P)
    if root * root % _P != square:
        root = root * _ROOT_OF_MINUS_ONE % _P
    return (root, _P - root) if root * root % _P == square else ()


def _small_order_ys() -> frozenset[int]:
    """Give the y of the eight points whose order divides 8: 1, -1, 0 and the two of order 8."""
    # On order 8, x*x = -y*y, so the curve equation becomes d*y^4 + 2*y^2 - 1 = 0.
    squares = ((root - 1) * pow(_D, -1, _P) % _P for root in _square_roots((1 + _D) % _P))
    return frozenset({1, _P - 1, 0, *(y for square in squares for y in _square_roots(square))})


_SMALL_ORDER_Y: Final = _small_order_ys()
