"""A passkey in software: what a browser and its device do, and what dishonest ones could."""

import base64
import hashlib
import json
import os
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from standing.wire.keys import PublicKey

_PRESENT, _VERIFIED, _ATTESTED = 0x01, 0x04, 0x40


@dataclass
class Authenticator:
    """One credential of one site."""

    origin: str
    rp_id: str = "localhost"
    credential: bytes = field(default_factory=lambda: os.urandom(16))
    verified: bool = True
    counter: int = 0

    def __post_init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())

    @property
    def public(self) -> PublicKey:
        numbers = self._key.public_key().public_numbers()
        return PublicKey("ES256", b"\x04" + numbers.x.to_bytes(32) + numbers.y.to_bytes(32))

    def make(self, options: dict[str, Any]) -> str:
        """Answer creation options."""
        client = self._client("webauthn.create", options["challenge"])
        length = len(self.credential).to_bytes(2)
        attested = bytes(16) + length + self.credential + self.public.cose_key()
        data = self._data(_ATTESTED) + attested
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        return self._answer({"clientDataJSON": client, "attestationObject": attestation})

    def use(self, options: dict[str, Any]) -> str:
        """Answer request options."""
        self.counter += 1
        client = self._client("webauthn.get", options["challenge"])
        data = self._data(0)
        signed = data + hashlib.sha256(client).digest()
        signature = self._key.sign(signed, ec.ECDSA(hashes.SHA256()))
        return self._answer(
            {"clientDataJSON": client, "authenticatorData": data, "signature": signature}
        )

    def _client(self, kind: str, challenge: str) -> bytes:
        value = {
            "type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False,
        }  # fmt: skip
        return json.dumps(value).encode()

    def _data(self, flags: int) -> bytes:
        flags |= _PRESENT | (_VERIFIED if self.verified else 0)
        site = hashlib.sha256(self.rp_id.encode()).digest()
        return site + bytes([flags]) + self.counter.to_bytes(4)

    def _answer(self, response: dict[str, bytes]) -> str:
        name = _text(self.credential)
        return json.dumps({
            "id": name, "rawId": name, "type": "public-key", "clientExtensionResults": {},
            "response": {key: _text(value) for key, value in response.items()},
        })  # fmt: skip


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
