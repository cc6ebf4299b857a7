"""Public keys and signing keys.

A key of any role is Ed25519; ES256 occurs only as a subject's passkey, ML-DSA-44 only under
checkpoints, beside Ed25519. Whatever two libraries could judge differently (odd encodings,
small-order points, high scalars) is refused before a library sees it.
COSE_Key: RFC 9052 section 7, draft-ietf-cose-dilithium (kty AKP); thumbprint: RFC 9679.
Does not know what a key may do: that is the charter's.
"""

import functools
import hashlib
import secrets
from dataclasses import dataclass
from typing import Final, Literal, cast

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

from standing.errors import Broken, Refused
from standing.wire import _ed25519, _mldsa, cbor

Algorithm = Literal["Ed25519", "ES256", "ML-DSA-44"]

EDDSA: Final = -8
"""The identifier written for Ed25519; docs/adr/0002-ed25519-identifier.md."""
ED25519: Final = -19
"""The fully specified identifier (RFC 9864), read but not written."""
ES256: Final = -7
ML_DSA_44: Final = -48
"""Written in COSE_Keys of checkpoint cosigners; no statement may name it."""

_ALGORITHMS: Final[dict[int, Algorithm]] = {EDDSA: "Ed25519", ED25519: "Ed25519", ES256: "ES256"}
_WRITTEN: Final[dict[Algorithm, int]] = {
    "Ed25519": EDDSA,
    "ES256": ES256,
    "ML-DSA-44": ML_DSA_44,
}
_ED25519_LENGTH: Final = 32
_SEED_LENGTH: Final = 32
_P256_LENGTH: Final = 65
_P256_HALF_ORDER: Final = 0x7FFFFFFF800000007FFFFFFFFFFFFFFFDE737D56D38BCF4279DCE5617E3192A8
_SIGNATURE_LENGTH: Final = 64

# COSE_Key labels and values (RFC 9053 section 7; draft-ietf-cose-dilithium for AKP).
_KTY, _ALG, _CRV, _X, _Y, _PUB = 1, 3, -1, -2, -3, -1
_OKP, _EC2, _AKP = 1, 2, 7
_CRV_ED25519, _CRV_P256 = 6, 1
_AKP_MEMBERS: Final = frozenset({_KTY, _ALG, _PUB})


def algorithm_of(identifier: object) -> Algorithm:
    """Name the algorithm behind a COSE identifier; raises `E-KEY-01` for all but our three."""
    name = _ALGORITHMS.get(identifier) if type(identifier) is int else None
    if name is None:
        raise Refused(
            "E-KEY-01",
            "The signature algorithm is not one this ledger knows.",
            why=f"Got COSE algorithm {identifier!r}; known are -8 and -19 (Ed25519), -7 (ES256).",
            fix="Sign with Ed25519, or with ES256 if the key is a passkey.",
        )
    return name


@dataclass(frozen=True, slots=False)
class PublicKey:
    """One public key, checked when it is made.

    `raw` is 32 bytes (Ed25519), an uncompressed P-256 point of 65 bytes (ES256), or 1312 bytes
    (ML-DSA-44, FIPS 204). Raises `E-KEY-02` for whatever is not an honest key's.
    """

    alg: Algorithm
    raw: bytes

    def __post_init__(self) -> None:
        self.check_key()

    def check_key(self) -> None:
        """Refuse points off the curve, of small order or written in an odd way (`E-KEY-02`)."""
        if self.alg == "Ed25519":
            if len(self.raw) == _ED25519_LENGTH and _ed25519.is_prime_order_point(self.raw):
                return
        elif self.alg == "ML-DSA-44":
            if len(self.raw) == _mldsa.PUBLIC_LENGTH:  # any bytes of this length are one key
                return
        elif self.alg == "ES256" and len(self.raw) == _P256_LENGTH and _is_p256_point(self.raw):
            return
        raise Refused(
            "E-KEY-02",
            f"The public key is no {self.alg} key.",
            why=f"Got {len(self.raw)} bytes that no honest key of this kind is written as.",
            fix="Ask the key's owner for the key as its library exports it.",
        )

    @classmethod
    def from_cose_key(cls, data: bytes, *, ml_dsa: bool = False) -> "PublicKey":
        """Read a COSE_Key as `cose_key` writes it; raises `E-KEY-03` for other members.

        ML-DSA-44 keys, which sign no statements, are read only where `ml_dsa` asks for them.
        """
        members = cbor.decode(data, what="COSE_Key")
        if isinstance(members, dict):
            key = cls._from_members(members)
            if key is not None and (ml_dsa or key.alg != "ML-DSA-44"):
                return key
        raise Refused(
            "E-KEY-03",
            "The COSE_Key is neither an Ed25519 nor a P-256 signature key.",
            why="Wanted kty, alg, crv, x (and y) with an alg that fits the curve, nothing else.",
            fix="Export the public key with its algorithm, without private or optional members.",
        )

    @classmethod
    def _from_members(cls, members: dict[object, object]) -> "PublicKey | None":
        alg, pub, x, y = (members.get(label) for label in (_ALG, _PUB, _X, _Y))
        if members.get(_KTY) == _AKP:
            known = isinstance(pub, bytes) and alg == ML_DSA_44 and set(members) == _AKP_MEMBERS
            return cls("ML-DSA-44", cast("bytes", pub)) if known else None
        named = (members.get(_KTY), members.get(_CRV), alg)
        if any(type(name) is not int for name in named) or not isinstance(x, bytes):
            return None  # true would pass for 1
        kind = (*named[:2], _ALGORITHMS.get(cast("int", alg)))
        if kind == (_OKP, _CRV_ED25519, "Ed25519") and set(members) == {_KTY, _ALG, _CRV, _X}:
            return cls("Ed25519", x)
        if kind == (_EC2, _CRV_P256, "ES256") and set(members) == {_KTY, _ALG, _CRV, _X, _Y}:
            # of equal length: else a byte of x could stand at the head of y
            known = isinstance(y, bytes) and len(x) == len(y)
            return cls("ES256", b"\x04" + x + cast("bytes", y)) if known else None
        return None

    @functools.cached_property
    def thumbprint(self) -> bytes:
        """The key's name everywhere: SHA-256 over its required members (RFC 9679), 32 bytes."""
        return hashlib.sha256(cbor.encode(self._required())).digest()

    def cose_key(self) -> bytes:
        """Encode as COSE_Key with its algorithm."""
        return cbor.encode({**self._required(), _ALG: _WRITTEN[self.alg]})

    def _required(self) -> dict[int, int | bytes]:
        if self.alg == "Ed25519":
            return {_KTY: _OKP, _CRV: _CRV_ED25519, _X: self.raw}
        if self.alg == "ML-DSA-44":
            return {_KTY: _AKP, _ALG: ML_DSA_44, _PUB: self.raw}
        return {_KTY: _EC2, _CRV: _CRV_P256, _X: self.raw[1:33], _Y: self.raw[33:]}

    def verify(self, signature: bytes, data: bytes) -> None:
        """Raise `Broken` unless this key signed exactly these bytes.

        A signature is 64 bytes (R and S, or r and s with the lower of the two possible s), or
        2420 bytes for ML-DSA-44. `E-SIG-01`: a form that no honest signer makes. `E-SIG-02`: not
        signed by this key.
        """
        if self.alg == "Ed25519":
            _check_ed25519_form(signature)
            valid = _ed25519.is_signed(self.raw, signature, data)
        elif self.alg == "ML-DSA-44":
            valid = _mldsa.is_signed(self.raw, signature, data)
        else:
            valid = _verify_p256(self.raw, _p256_signature(signature), data)
        if not valid:
            raise Broken(
                "E-SIG-02",
                "The signature does not fit the key and the bytes.",
                why=f"The {self.alg} key {self.thumbprint.hex()[:16]} did not sign these bytes.",
                fix="Fetch the document again; if it stays so, it was altered or signed by others.",
            )


class SigningKey:
    """A private Ed25519 or ML-DSA-44 key. Never printed, never in a ledger directory.

    `seed` is the 32 secret bytes of RFC 8032, or of FIPS 204 (there called xi). Raises `E-KEY-04`
    for another length or algorithm, `E-KEY-09` where ML-DSA-44 is not available.
    """

    __slots__ = ("alg", "public", "seed")

    def __init__(self, seed: bytes, alg: Algorithm = "Ed25519") -> None:
        if len(seed) != _SEED_LENGTH or alg not in {"Ed25519", "ML-DSA-44"}:
            raise Refused(
                "E-KEY-04",
                "The private key has the wrong length or kind.",
                why=f"Got {len(seed)} bytes for {alg}; a seed of Ed25519 or ML-DSA-44 has 32.",
                fix="Make a new key: standing key new ROLE -o FILE.",
            )
        self.seed = seed
        self.alg: Algorithm = alg
        derive = _ed25519.public_of if alg == "Ed25519" else _mldsa.public_of
        self.public = PublicKey(alg, derive(seed))

    @classmethod
    def generate(cls, alg: Algorithm = "Ed25519") -> "SigningKey":
        """Make a new key from the system's randomness."""
        return cls(secrets.token_bytes(_SEED_LENGTH), alg)

    @classmethod
    def from_seed(cls, seed: bytes, alg: Algorithm = "Ed25519") -> "SigningKey":
        """Take the 32 secret bytes; raises `E-KEY-04` for any other length."""
        return cls(seed, alg)

    def __repr__(self) -> str:
        return f"<SigningKey {self.public.thumbprint.hex()[:16]}>"

    def __reduce__(self) -> tuple[object, ...]:
        return SigningKey, (self.seed, self.alg)

    def sign(self, data: bytes) -> bytes:
        """Sign bytes: 64 bytes, the same each time, or 2420 for ML-DSA-44, each time others."""
        if self.alg == "ML-DSA-44":
            return _mldsa.sign(self.seed, data)
        return _ed25519.sign(self.seed, self.public.raw, data)


def _check_ed25519_form(signature: bytes) -> None:
    if (
        len(signature) != _SIGNATURE_LENGTH
        or not _ed25519.is_plain_point(signature[:32])
        or not _ed25519.is_canonical_scalar(signature[32:])
    ):
        raise Broken(
            "E-SIG-01",
            "The signature has a form that no honest signer makes.",
            why=f"Got {len(signature)} bytes; wanted 64 with a canonical R and a reduced S.",
            fix="Sign the document again with a standard Ed25519 library.",
        )


def _p256_signature(signature: bytes) -> bytes:
    """Turn r and s into the form cryptography reads; a high s is a second spelling, refused."""
    r, s = int.from_bytes(signature[:32]), int.from_bytes(signature[32:])
    if len(signature) != _SIGNATURE_LENGTH or s > _P256_HALF_ORDER:
        raise Broken(
            "E-SIG-03",
            "The ES256 signature is not in its one stored form.",
            why=f"Got {len(signature)} bytes; wanted 64, r and the lower s.",
            fix="Replace s by the group order minus s before storing.",
        )
    return utils.encode_dss_signature(r, s)


def _verify_p256(raw: bytes, signature: bytes, data: bytes) -> bool:
    try:
        _p256_key(raw).verify(signature, data, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


@functools.lru_cache(maxsize=4096)
def _p256_key(raw: bytes) -> ec.EllipticCurvePublicKey:
    return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), raw)


def _is_p256_point(raw: bytes) -> bool:
    try:
        _p256_key(raw)
    except ValueError:
        return False
    return raw[0] == 4  # noqa: PLR2004 - SEC 1: an uncompressed point begins with 4
