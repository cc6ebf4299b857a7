"""ML-DSA-44 (FIPS 204) by cryptography, which has it only in newer releases and builds.

The import waits until a key is used: a verifier of Ed25519 alone never needs it. Context strings
are empty, as the cosignature format asks.
"""

import functools
from typing import Any, Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

from standing.errors import Refused

PUBLIC_LENGTH: Final = 1312
SEED_LENGTH: Final = 32
SIGNATURE_LENGTH: Final = 2420


def public_of(seed: bytes) -> bytes:
    """Derive the public key of a 32-byte seed; raises `E-KEY-09` where the library lacks it."""
    raw: bytes = _private(seed).public_key().public_bytes_raw()
    return raw


def sign(seed: bytes, data: bytes) -> bytes:
    """Sign data; hedged with fresh randomness, so two signatures of one text differ."""
    signature: bytes = _private(seed).sign(data)
    return signature


def is_signed(public: bytes, signature: bytes, data: bytes) -> bool:
    """Answer whether the signature is this key's over the data."""
    try:
        _public(public).verify(signature, data)
    except InvalidSignature:
        return False
    return True


@functools.lru_cache(maxsize=64)
def _private(seed: bytes) -> Any:
    return _library("MLDSA44PrivateKey").from_seed_bytes(seed)


@functools.lru_cache(maxsize=1024)
def _public(raw: bytes) -> Any:
    return _library("MLDSA44PublicKey").from_public_bytes(raw)


def _library(name: str) -> Any:
    try:
        from cryptography.hazmat.primitives.asymmetric import mldsa  # noqa: PLC0415 - may be absent

        kind = getattr(mldsa, name)
        _try_out(mldsa)
    except (ImportError, AttributeError, UnsupportedAlgorithm) as error:
        raise Refused(
            "E-KEY-09",
            "This installation cannot use ML-DSA-44 keys.",
            why=f"The cryptography library says: {error}.",
            fix="Install a newer cryptography built on OpenSSL 3.5, or leave ML-DSA-44 keys out.",
        ) from error
    return kind


@functools.cache
def _try_out(mldsa: Any) -> None:
    """Find out now, not at a signature, whether the library beneath has the algorithm."""
    mldsa.MLDSA44PrivateKey.from_seed_bytes(bytes(SEED_LENGTH))
