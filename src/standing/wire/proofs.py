"""Proofs: how a person or a reviewer signs a private document, by a key file or by a passkey.

A proof stands beside the document it proves and signs the document's SHA-256 digest. It is an
array: `["cose", signature]` by an Ed25519 key, or `["webauthn", authenticator data, client data,
signature]`, a passkey's assertion (WebAuthn Level 3, section 7.2). Proofs are never public.
Does not know whose key it should be: the caller brings it.
"""

import base64
import hashlib
import json
from typing import Any, Final
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import utils

from standing.errors import Broken, Refused
from standing.wire import cbor
from standing.wire.cbor import Value
from standing.wire.cose import ALG, TYP, sig_structure
from standing.wire.keys import EDDSA, PublicKey, SigningKey

# Constant, so that a proof is its signature; the type keeps it apart from every statement.
_PROTECTED: Final = cbor.encode({ALG: EDDSA, TYP: "application/standing-proof+cose"})

_DIGEST_BYTES: Final = 32
_AUTHENTICATOR_BYTES: Final = 37  # rp id hash, flags, counter; extensions may follow
_USER_PRESENT, _USER_VERIFIED = 0x01, 0x04
_BACKUP_ELIGIBLE, _BACKED_UP, _EXTENSIONS = 0x08, 0x10, 0x80
_P256_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_MAX_CLIENT_DATA: Final = 4096


def make_proof(key: SigningKey, digest: bytes) -> list[Value]:
    """Prove a document by its SHA-256 digest with a key file's key."""
    _check_digest(digest)
    return ["cose", key.sign(sig_structure(_PROTECTED, digest))]


def verify_proof(proof: list[Any], key: PublicKey, digest: bytes, *, rp_id: str) -> None:
    """Raise `Broken` unless the key proves the document of this digest.

    `rp_id` is the host name that the ledger's genesis pins for passkeys. `E-PROOF-01`: no proof;
    `E-PROOF-02`: a passkey's assertion for something else; `E-SIG-..`: the signature.
    """
    _check_digest(digest)
    match proof:
        case ["cose", bytes(signature)] if key.alg == "Ed25519":
            key.verify(signature, sig_structure(_PROTECTED, digest))
        case ["webauthn", bytes(authenticator), bytes(client), bytes(signature)]:
            _check_client_data(client, digest, rp_id)
            _check_authenticator_data(authenticator, rp_id)
            fixed = _fixed_size(signature) if key.alg == "ES256" else signature
            key.verify(fixed, authenticator + hashlib.sha256(client).digest())
        case _:
            raise _unfit("Wanted cose with a signature, or webauthn with three byte strings.")


def normalise_proof(proof: list[Any]) -> list[Any]:
    """Give the one spelling of a proof that may be stored.

    Authenticators emit either of two values s for ES256; both verify. The lower is kept, so that
    nobody can make a second proof out of the first. `E-PROOF-01` for a signature that is no DER.
    """
    match proof:
        case ["webauthn", bytes(authenticator), bytes(client), bytes(signature)]:
            return ["webauthn", authenticator, client, _with_low_s(signature)]
        case _:
            return proof


def _with_low_s(signature: bytes) -> bytes:
    if signature[:1] != b"\x30":  # an Ed25519 passkey: 64 bytes with one spelling already
        return signature
    r, s = _der_parts(signature)
    return utils.encode_dss_signature(r, min(s, _P256_ORDER - s))


def _fixed_size(signature: bytes) -> bytes:
    """Turn an authenticator's DER into r and s of 32 bytes each; `key.verify` refuses a high s."""
    r, s = _der_parts(signature)
    return r.to_bytes(32) + s.to_bytes(32)


def _der_parts(signature: bytes) -> tuple[int, int]:
    try:
        r, s = utils.decode_dss_signature(signature)  # strict: takes DER's one spelling alone
    except ValueError as error:
        raise _unfit("The signature is no DER sequence of two numbers.") from error
    if not (0 < r < _P256_ORDER and 0 < s < _P256_ORDER):
        raise _unfit("A number of the signature lies outside the group.")
    return r, s


def _check_authenticator_data(data: bytes, rp_id: str) -> None:
    if len(data) < _AUTHENTICATOR_BYTES:
        raise _unfit(f"The authenticator data has {len(data)} bytes; at least 37 are needed.")
    flags = data[32]
    if (len(data) > _AUTHENTICATOR_BYTES) != bool(flags & _EXTENSIONS):
        raise _unfit("The authenticator data's length does not fit its flags.")
    if data[:32] != hashlib.sha256(rp_id.encode()).digest():
        raise _elsewhere(f"The passkey answered for another site than {rp_id}.")
    if flags & _USER_PRESENT == 0 or flags & _USER_VERIFIED == 0:
        raise _elsewhere("The authenticator did not verify that its owner was there.")
    if flags & _BACKED_UP and not flags & _BACKUP_ELIGIBLE:
        raise _elsewhere("The authenticator claims a backup of a key that cannot be backed up.")


def _check_client_data(data: bytes, digest: bytes, rp_id: str) -> None:
    members = _json_object(data)
    challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    if members.get("type") != "webauthn.get":
        raise _elsewhere("The passkey signed something that is no assertion (type webauthn.get).")
    if members.get("challenge") != challenge:
        raise _elsewhere("The passkey signed another document: the challenge is not its digest.")
    if members.get("crossOrigin", False) is not False or "topOrigin" in members:
        raise _elsewhere("The passkey was used inside a frame of another site.")
    if not _is_origin_of(members.get("origin"), rp_id):
        raise _elsewhere(f"The passkey was used on {members.get('origin')!r}, not on {rp_id}.")


def _json_object(data: bytes) -> dict[str, Any]:
    if len(data) > _MAX_CLIENT_DATA:
        raise _unfit(f"The client data has {len(data)} bytes; at most {_MAX_CLIENT_DATA} may be.")
    try:
        members = json.loads(data.decode(), object_pairs_hook=_without_twins)
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise _unfit("The client data is no JSON.") from error
    if not isinstance(members, dict):
        raise _unfit("The client data is no JSON object.")
    return members


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _unfit("The client data names a member twice.")
    return members


def _is_origin_of(origin: object, rp_id: str) -> bool:
    if not isinstance(origin, str):
        return False
    try:
        parts = urlsplit(origin)
        host = parts.hostname or ""
    except ValueError:
        return False
    local = rp_id == "localhost" and parts.scheme == "http"
    inside = host == rp_id or host.endswith(f".{rp_id}")
    return inside and (parts.scheme == "https" or local)


def _check_digest(digest: bytes) -> None:
    if len(digest) != _DIGEST_BYTES:
        raise _unfit(f"The document's digest has {len(digest)} bytes; SHA-256 gives 32.")


def _unfit(why: str) -> Refused:
    return Refused(
        "E-PROOF-01",
        "This is no proof.",
        why=why,
        fix="Sign the document again with the key file, or with the passkey in a browser.",
    )


def _elsewhere(why: str) -> Broken:
    return Broken(
        "E-PROOF-02",
        "The passkey's answer does not prove this document.",
        why=why,
        fix="Show the document again on the ledger's own site and confirm it with the passkey.",
    )
