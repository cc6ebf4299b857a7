"""Make the vector files of this folder again, byte for byte: python tests/vectors/make.py.

Every key comes from a fixed seed, every signature is deterministic. The files are made with this
project's own code; where an outside source exists, the test names it.
"""

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from standing.verify.receipts import encode_receipt, receipt_protected, sign_root
from standing.verify.tree import consistency_path, inclusion_path, leaf_hash, root_of
from standing.wire import _ed25519 as curve
from standing.wire import cbor, cose
from standing.wire.keys import PublicKey, SigningKey
from standing.wire.proofs import make_proof

HERE = Path(__file__).parent
ORDER = curve._ORDER
PRIME = curve._P
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
SEED = bytes(range(32))
RP_ID = "ledger.example"


# --- Ed25519 ---------------------------------------------------------------------------------


def _encode(point: tuple[int, int, int, int]) -> bytes:
    inverse = pow(point[2], -1, PRIME)
    x, y = point[0] * inverse % PRIME, point[1] * inverse % PRIME
    return (y | (x & 1) << 255).to_bytes(32, "little")


def _base() -> Any:
    return curve._decode_point((4 * pow(5, -1, PRIME) % PRIME).to_bytes(32, "little"))


def _torsion() -> Any:
    """A point of order 8: its y solves d*y^4 + 2*y^2 - 1 = 0."""
    for y in sorted(curve._SMALL_ORDER_Y):
        point = curve._decode_point(y.to_bytes(32, "little"))
        if point is not None and not curve._is_neutral(curve._multiply(point, 4)):
            return point
    raise AssertionError


def _secret(seed: bytes) -> int:
    digest = hashlib.sha512(seed).digest()
    return int.from_bytes(digest[:32], "little") & (1 << 254) - 8 | 1 << 254


def _challenge(*parts: bytes) -> int:
    return int.from_bytes(hashlib.sha512(b"".join(parts)).digest(), "little") % ORDER


def _forge(r: int, commitment: bytes, public: bytes, message: bytes) -> bytes:
    """Solve S for a commitment R written as the caller likes."""
    s = (r + _challenge(commitment, public, message) * _secret(SEED)) % ORDER
    return commitment + s.to_bytes(32, "little")


def ed25519() -> dict[str, Any]:
    key, message = SigningKey.from_seed(SEED), b"standing"
    public, good = key.public.raw, key.sign(message)
    point = curve._decode_point(public)
    assert point is not None
    torsion = _torsion()
    neutral, r = (0, 1, 1, 0), 5
    high = (int.from_bytes(good[32:], "little") + ORDER).to_bytes(32, "little")
    mixed_r = _encode(curve._add(curve._multiply(_base(), r), torsion))
    signatures = {
        "an honest signature": (good, "ok"),
        "S plus the group order": (good[:32] + high, "E-SIG-01"),
        "R neutral": (_forge(0, _encode(neutral), public, message), "E-SIG-01"),
        "R neutral, sign bit set": (
            _forge(0, (1 | 1 << 255).to_bytes(32, "little"), public, message),
            "E-SIG-01",
        ),
        "R neutral, y written as p + 1": (
            _forge(0, (PRIME + 1).to_bytes(32, "little"), public, message),
            "E-SIG-01",
        ),
        "R of order 8": (_forge(0, _encode(torsion), public, message), "E-SIG-01"),
        "R with a part of order 8": (_forge(r, mixed_r, public, message), "E-SIG-02"),
        "R off the curve": (b"\x02" + bytes(31) + good[32:], "E-SIG-02"),
        "S zero": (good[:32] + bytes(32), "E-SIG-02"),
        "63 bytes": (good[:-1], "E-SIG-01"),
        "65 bytes": (good + b"\x00", "E-SIG-01"),
        "nothing": (b"", "E-SIG-01"),
    }
    keys = {
        "an honest key": (public, "ok"),
        "the neutral point": (_encode(neutral), "E-KEY-02"),
        "a point of order 2": (_encode((0, PRIME - 1, 1, 0)), "E-KEY-02"),
        "a point of order 4": (bytes(32), "E-KEY-02"),
        "a point of order 8": (_encode(torsion), "E-KEY-02"),
        "an honest point plus order 8": (_encode(curve._add(point, torsion)), "E-KEY-02"),
        "y at the prime": (PRIME.to_bytes(32, "little"), "E-KEY-02"),
        "y above the prime": ((PRIME + 3).to_bytes(32, "little"), "E-KEY-02"),
        "all bits set": (b"\xff" * 32, "E-KEY-02"),
        "off the curve": ((2).to_bytes(32, "little"), "E-KEY-02"),
        "31 bytes": (public[:-1], "E-KEY-02"),
    }
    return {
        "about": "Ed25519 over the bytes of message; key of seed 00 01 .. 1f. RFC 8032.",
        "public": public.hex(),
        "message": message.hex(),
        "signatures": [
            {"name": name, "signature": value.hex(), "outcome": outcome}
            for name, (value, outcome) in signatures.items()
        ],
        "keys": [
            {"name": name, "public": value.hex(), "outcome": outcome}
            for name, (value, outcome) in keys.items()
        ],
    }


# --- proofs ----------------------------------------------------------------------------------


def _client(digest: bytes, **changes: object) -> bytes:
    members = {
        "type": "webauthn.get",
        "challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "origin": f"https://{RP_ID}",
        "crossOrigin": False,
        **changes,
    }
    return json.dumps(members, separators=(",", ":")).encode()


def _authenticator(rp_id: str = RP_ID, flags: int = 0x05, tail: bytes = b"") -> bytes:
    return hashlib.sha256(rp_id.encode()).digest() + bytes([flags]) + (7).to_bytes(4) + tail


_PASSKEY = ec.derive_private_key(0x5EED, ec.SECP256R1())
_PASSKEY_POINT = _PASSKEY.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _passkey_signature(data: bytes, *, high: bool = False) -> bytes:
    algorithm = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)
    r, s = utils.decode_dss_signature(_PASSKEY.sign(data, algorithm))
    low = min(s, P256_ORDER - s)
    return utils.encode_dss_signature(r, P256_ORDER - low if high else low)


def _assert(authenticator: bytes, client: bytes, *, high: bool = False) -> list[Any]:
    signed = authenticator + hashlib.sha256(client).digest()
    return ["webauthn", authenticator, client, _passkey_signature(signed, high=high)]


def _long_form(proof: list[Any]) -> list[Any]:
    """The same two numbers in DER with a length written in two bytes."""
    signature = proof[3]
    return [*proof[:3], signature[:1] + b"\x81" + signature[1:]]


def _padded(signature: bytes) -> bytes:
    """The same two numbers, the first with a zero in front that it does not need."""
    r_length = signature[3]
    longer = bytes([0x30, signature[1] + 1, 0x02, r_length + 1, 0])
    return longer + signature[4:]


def proofs() -> dict[str, Any]:
    digest = hashlib.sha256(b"a document").digest()
    other = hashlib.sha256(b"another document").digest()
    own = SigningKey.from_seed(SEED)
    passkey = PublicKey("ES256", _PASSKEY_POINT)
    good = _assert(_authenticator(), _client(digest))
    signed = _authenticator() + hashlib.sha256(_client(digest)).digest()
    cases: list[tuple[str, list[Any], PublicKey, str]] = [
        ("an own key", make_proof(own, digest), own.public, "ok"),
        ("an own key, another document", make_proof(own, other), own.public, "E-SIG-02"),
        ("an own key, passkey's form", make_proof(own, digest), passkey, "E-PROOF-01"),
        ("a passkey", good, passkey, "ok"),
        ("a passkey, subdomain", _assert(
            _authenticator(), _client(digest, origin=f"https://desk.{RP_ID}:8443")), passkey, "ok"),
        ("a passkey with extensions", _assert(
            _authenticator(flags=0x85, tail=b"\xa0"), _client(digest)), passkey, "ok"),
        ("an Ed25519 passkey", ["webauthn", _authenticator(), _client(digest), own.sign(signed)],
            own.public, "ok"),
        ("high S", _assert(_authenticator(), _client(digest), high=True), passkey, "E-SIG-03"),
        ("DER in long form", _long_form(good), passkey, "E-PROOF-01"),
        ("signature no DER", [*good[:3], b"\x01" * 64], passkey, "E-PROOF-01"),
        ("another document", _assert(_authenticator(), _client(other)), passkey, "E-PROOF-02"),
        ("another site", _assert(_authenticator("evil.example"), _client(digest)), passkey,
            "E-PROOF-02"),
        ("another origin", _assert(
            _authenticator(), _client(digest, origin="https://ledger.example.evil")), passkey,
            "E-PROOF-02"),
        ("an origin that only ends alike", _assert(
            _authenticator(), _client(digest, origin="https://evilledger.example")), passkey,
            "E-PROOF-02"),
        ("plain http", _assert(
            _authenticator(), _client(digest, origin=f"http://{RP_ID}")), passkey, "E-PROOF-02"),
        ("cross-origin", _assert(
            _authenticator(), _client(digest, crossOrigin=True)), passkey, "E-PROOF-02"),
        ("a registration", _assert(
            _authenticator(), _client(digest, type="webauthn.create")), passkey, "E-PROOF-02"),
        ("user not verified", _assert(_authenticator(flags=0x01), _client(digest)), passkey,
            "E-PROOF-02"),
        ("user not present", _assert(_authenticator(flags=0x04), _client(digest)), passkey,
            "E-PROOF-02"),
        ("backed up, not eligible", _assert(_authenticator(flags=0x15), _client(digest)), passkey,
            "E-PROOF-02"),
        ("tail without its flag", _assert(
            _authenticator(tail=b"\xa0"), _client(digest)), passkey, "E-PROOF-01"),
        ("authenticator data cut short", _assert(
            _authenticator()[:-1], _client(digest)), passkey, "E-PROOF-01"),
        ("DER with a byte behind it", [*good[:3], good[3] + b"\x00"], passkey, "E-PROOF-01"),
        ("DER with a zero too many", [*good[:3], _padded(good[3])], passkey, "E-PROOF-01"),
        ("challenge twice", _assert(
            _authenticator(), _client(digest)[:-1] + b',"challenge":"x"}'), passkey, "E-PROOF-01"),
        ("client data no JSON", _assert(_authenticator(), b"\xff"), passkey, "E-PROOF-01"),
        ("client data a list", _assert(_authenticator(), b"[]"), passkey, "E-PROOF-01"),
        ("a counter changed after signing", [
            good[0], good[1][:-1] + b"\x08", *good[2:]], passkey, "E-SIG-02"),
        ("an unknown kind", ["pgp", b""], own.public, "E-PROOF-01"),
        ("nothing", [], own.public, "E-PROOF-01"),
    ]  # fmt: skip
    return {
        "about": "Proofs over digest for rp id ledger.example; keys as COSE_Key, proofs as CBOR."
        " The passkey's private scalar is 0x5eed; its nonces follow RFC 6979.",
        "digest": digest.hex(),
        "rp_id": RP_ID,
        "cases": [
            {
                "name": name,
                "proof": cbor.encode(proof).hex(),
                "key": key.cose_key().hex(),
                "outcome": outcome,
            }
            for name, proof, key, outcome in cases
        ],
    }


# --- statements and receipts -----------------------------------------------------------------


def receipts() -> dict[str, Any]:
    signer, log = SigningKey.from_seed(SEED), SigningKey.from_seed(SEED[::-1])
    origin = "ledger.example/log"
    entries = [
        cose.sign1(
            signer,
            {cose.CWT: {cose.CWT_ISS: "issuer", cose.CWT_SUB: f"slot/{n}"}, cose.TYP: "x/y"},
            b"payload %d" % n,
        )
        for n in range(7)
    ]
    leaves = [leaf_hash(entry) for entry in entries]
    protected = receipt_protected(origin, log.public.thumbprint)
    cases = []
    for size in range(2, len(entries) + 1):
        signature = sign_root(log, protected, root_of(leaves[:size]))
        for index in range(size):
            path = inclusion_path(leaves[:size], index)
            receipt = encode_receipt(protected, signature, index, size, path)
            cases.append({"index": index, "size": size, "receipt": receipt.hex()})
    return {
        "about": "COSE receipts (RFC 9942) of every entry at every size of a log of seven.",
        "origin": origin,
        "key": log.public.cose_key().hex(),
        "signer": signer.public.cose_key().hex(),
        "entries": [entry.hex() for entry in entries],
        "roots": [root_of(leaves[:size]).hex() for size in range(len(leaves) + 1)],
        "receipts": cases,
    }


def trees() -> dict[str, Any]:
    """Every inclusion and consistency proof of a small tree, with its roots."""
    entries = [b"entry %d" % n for n in range(11)]
    leaves = [leaf_hash(entry) for entry in entries]
    sizes = range(1, len(entries) + 1)
    return {
        "about": "RFC 9162 SHA-256: roots, inclusion paths and consistency paths, lowest first.",
        "entries": [entry.hex() for entry in entries],
        "roots": {str(size): root_of(leaves[:size]).hex() for size in sizes},
        "inclusion": [
            {
                "index": index,
                "size": size,
                "path": [node.hex() for node in inclusion_path(leaves[:size], index)],
            }
            for size in sizes
            for index in range(size)
        ],
        "consistency": [
            {
                "old": old,
                "size": size,
                "path": [node.hex() for node in consistency_path(leaves[:size], old)],
            }
            for size in sizes
            for old in range(1, size + 1)
        ],
    }


FILES = {
    "ed25519.json": ed25519,
    "proofs.json": proofs,
    "receipts.json": receipts,
    "trees.json": trees,
}


def text_of(name: str) -> str:
    """Give what a vector file holds."""
    return json.dumps(FILES[name](), indent=1) + "\n"


if __name__ == "__main__":
    for file_name in FILES:
        (HERE / file_name).write_text(text_of(file_name), encoding="utf-8")
