"""A person's proof over a document: their own key, or a passkey.

Both are made over the SHA-256 of a document. `["cose", signature]` signs the COSE Sig_structure
with the digest as payload; `["webauthn", authenticator data, client data, signature]` is a passkey
assertion (W3C WebAuthn level 2, section 7.2) whose challenge is the digest.
"""

import base64
import hashlib
import json
from typing import Any, Final

from standing.errors import Broken, Refused
from standing.wire import cose
from standing.wire.keys import ES256, PublicKey, SigningKey

_PROTECTED: Final = b"\xa1\x01\x27"  # {1: -8}: the algorithm, as every statement names it
_USER_PRESENT: Final = 0x01
_USER_VERIFIED: Final = 0x04
_RP_HASH_BYTES: Final = 32
_SMALLEST_AUTHENTICATOR_DATA: Final = 37
_P256_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_HALF_ORDER: Final = _P256_ORDER // 2
_SCALAR: Final = 32
_WEBAUTHN_PARTS: Final = 4


def make_proof(key: SigningKey, digest: bytes) -> list[Any]:
    """Prove with an own Ed25519 key."""
    return ["cose", key.sign(cose.sig_structure(_PROTECTED, digest))]


def verify_proof(proof: list[Any], key: PublicKey, digest: bytes, *, rp_id: str) -> None:
    """Raise `Broken` unless the holder of `key` proved this digest, for this `rp_id`."""
    match proof:
        case ["cose", bytes() as signature]:
            key.verify(signature, cose.sig_structure(_PROTECTED, digest))
        case ["webauthn", bytes() as authenticator, bytes() as client, bytes() as signature]:
            _check_authenticator(authenticator, rp_id)
            _check_client(client, digest)
            if key.alg == ES256 and _high_s(signature):
                raise _unproven("Its signature is stored with a high S.")
            key.verify(signature, authenticator + hashlib.sha256(client).digest())
        case _:
            raise _unproven("It is neither a cose nor a webauthn proof.")


def normalise_proof(proof: list[Any]) -> list[Any]:
    """Turn an arriving passkey signature with a high S into the low one, which alone is stored."""
    if len(proof) == _WEBAUTHN_PARTS and proof[0] == "webauthn" and _high_s(proof[3]):
        r, s = _scalars(proof[3])
        return [*proof[:3], _der(r, _P256_ORDER - s)]
    return proof


def _check_authenticator(data: bytes, rp_id: str) -> None:
    if len(data) < _SMALLEST_AUTHENTICATOR_DATA:
        raise _unproven("Its authenticator data is too short.")
    if data[:_RP_HASH_BYTES] != hashlib.sha256(rp_id.encode()).digest():
        raise _unproven(f"It was made for another relying party id than {rp_id!r}.")
    flags = data[_RP_HASH_BYTES]
    if not flags & _USER_PRESENT or not flags & _USER_VERIFIED:
        raise _unproven("The authenticator did not verify its user.")


def _check_client(data: bytes, digest: bytes) -> None:
    try:
        client = json.loads(data)
        kind, challenge = client["type"], client["challenge"]
    except (ValueError, KeyError, TypeError):
        raise _unproven("Its client data is not what a browser writes.") from None
    wanted = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    if kind != "webauthn.get" or challenge != wanted or client.get("crossOrigin") is True:
        raise _unproven("Its client data is for another document, ceremony or site.")


def _high_s(signature: bytes) -> bool:
    scalars = _scalars(signature)
    return scalars is not None and scalars[1] > _HALF_ORDER


def _scalars(signature: bytes) -> Any:
    from cryptography.hazmat.primitives.asymmetric.utils import (  # noqa: PLC0415 - only for passkeys
        decode_dss_signature,
    )

    try:
        return decode_dss_signature(signature)
    except ValueError:
        return None


def _der(r: int, s: int) -> bytes:
    from cryptography.hazmat.primitives.asymmetric.utils import (  # noqa: PLC0415 - only for passkeys
        encode_dss_signature,
    )

    return encode_dss_signature(r, s)


def _unproven(why: str) -> Refused | Broken:
    return Broken(
        "E-PROOF-01",
        "The proof does not hold.",
        why=why,
        fix="Have the document signed again by the person's own key or passkey.",
    )
