"""COSE_Sign1 as this ledger writes and reads it; RFC 9052 section 4.

A statement is signed bytes: they are parsed without being written anew, and the protected header
is verified as it arrived. Unknown header labels are kept. What the log stores (`entry_bytes`) has
an empty unprotected header, so receipts that travel with a statement never change it. Does not
know which headers a statement of a given kind needs: that is the charter's.
"""

import functools
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import cbor2

from standing.errors import Broken, Refused
from standing.wire import cbor
from standing.wire.cbor import Value
from standing.wire.keys import EDDSA, PublicKey, SigningKey, algorithm_of

# Header labels: RFC 9052, RFC 9597 (CWT claims), RFC 9596 (typ), COSE hash envelope, RFC 9942.
ALG: Final = 1
CRIT: Final = 2
CTY: Final = 3
KID: Final = 4
CWT: Final = 15
TYP: Final = 16
HASH_ALG: Final = 258
PREIMAGE_CTY: Final = 259
LOCATION: Final = 260
RECEIPTS: Final = 394
VDS: Final = 395
PROOFS: Final = 396

CWT_ISS: Final = 1
CWT_SUB: Final = 2

MAX_STATEMENT_BYTES: Final = 65_535
"""A log entry's length is written in 16 bits."""

_TAG: Final = b"\xd2"  # tag 18: COSE_Sign1
_SIGNATURE1: Final = b"\x84jSignature1"  # how every Sig_structure begins
_SIGNATURE_BYTES: Final = 64
_UNDERSTOOD: Final = frozenset(
    {ALG, CTY, KID, CWT, TYP, HASH_ALG, PREIMAGE_CTY, LOCATION, VDS, PROOFS}
)


@dataclass(frozen=True)
class Sign1:
    """One signed document, parsed and not yet verified.

    `protected_bytes` are the bytes that were signed; `protected` is what they say. `payload` is
    None if it travels apart.
    """

    protected_bytes: bytes
    protected: dict[Any, Any]
    unprotected: dict[Any, Any]
    payload: bytes | None
    signature: bytes
    data: bytes | None = field(default=None, compare=False, repr=False)
    """The bytes that this was parsed from."""

    @functools.cached_property
    def entry_bytes(self) -> bytes:
        """The whole statement with an emptied unprotected header: what the log stores."""
        if self.data is not None and not self.unprotected:
            return self.data
        return _TAG + cbor.encode([self.protected_bytes, {}, self.payload, self.signature])

    @functools.cached_property
    def statement_hash(self) -> bytes:
        """SHA-256 of the signed bytes: the statement's name, independent of the signature."""
        return hashlib.sha256(self.sig_structure()).digest()

    @property
    def kid(self) -> bytes:
        """The signer's key by its thumbprint; raises `E-COSE-02` if the header names none."""
        kid = self.protected.get(KID)
        if not isinstance(kid, bytes):
            raise _unfit("The protected header holds no key id (label 4) of bytes.")
        return kid

    def sig_structure(self, payload: bytes | None = None) -> bytes:
        """Give the bytes that are signed; a detached payload must be handed in (`E-COSE-03`)."""
        return sig_structure(self.protected_bytes, self._payload(payload))

    def verify(self, key: PublicKey, payload: bytes | None = None) -> None:
        """Raise `Broken` unless the key signed this document with the algorithm it names."""
        if algorithm_of(self.protected[ALG]) != key.alg:
            raise Broken(
                "E-COSE-04",
                "The document names another algorithm than its key has.",
                why=f"Got COSE algorithm {self.protected[ALG]} and a key for {key.alg}.",
                fix="Sign the document again with the algorithm of the key.",
            )
        key.verify(self.signature, self.sig_structure(payload))

    def _payload(self, payload: bytes | None) -> bytes:
        if (payload is None) == (self.payload is None):
            raise Refused(
                "E-COSE-03",
                "The document needs its payload exactly once.",
                why="It is missing." if payload is None else "It is inside and was given again.",
                fix="Give the payload if, and only if, the document travels without it.",
            )
        return payload if self.payload is None else self.payload  # type: ignore[return-value]


def sig_structure(protected: bytes, payload: bytes) -> bytes:
    """Encode the Sig_structure of RFC 9052 section 4.4, without external data."""
    return cbor2.dumps(["Signature1", protected, b"", payload])  # four strings: one spelling


def statement_hash_of(entry: bytes) -> bytes:
    """Hash a log entry's Sig_structure by cutting it out, without reading what it says.

    Gives what `parse_sign1(entry).statement_hash` gives, and raises as it does for bytes that are
    no array of header, empty map, payload and signature.
    """
    header_end = _byte_string_end(entry, 2)
    payload_end = _byte_string_end(entry, header_end + 1)
    if (
        entry[:2] != _TAG + b"\x84"
        or entry[header_end : header_end + 1] != b"\xa0"
        or entry[payload_end : payload_end + 2] != b"\x58\x40"
        or len(entry) != payload_end + 2 + _SIGNATURE_BYTES
    ):
        return parse_sign1(entry).statement_hash
    signed = entry[2:header_end] + b"\x40" + entry[header_end + 1 : payload_end]
    return hashlib.sha256(_SIGNATURE1 + signed).digest()


def _byte_string_end(data: bytes, at: int) -> int:
    """Give where the CBOR byte string at a place ends; past the end where there is none."""
    first = data[at] if at < len(data) else 0
    if 0x40 <= first < 0x58:  # noqa: PLR2004 - RFC 8949: the length stands in the first byte
        return at + 1 + first - 0x40
    if first == 0x58:  # noqa: PLR2004 - one byte of length follows
        return at + 2 + data[at + 1] if at + 1 < len(data) else len(data) + 1
    if first == 0x59:  # noqa: PLR2004 - two bytes of length follow
        return at + 3 + int.from_bytes(data[at + 1 : at + 3])
    return len(data) + 1


def sign1(
    key: SigningKey,
    protected: Mapping[int, Value],
    payload: bytes,
    *,
    detached: bool = False,
    unprotected: Mapping[int, Value] | None = None,
) -> bytes:
    """Sign a payload and give the tagged COSE_Sign1.

    The algorithm and the key's thumbprint are added to the protected header. `detached` leaves
    the payload out of the bytes. Statements are signed with Ed25519 alone (`E-COSE-05`).
    """
    header = protected_header(key.public, protected)
    return sign1_under(key, header, payload, detached=detached, unprotected=unprotected)


def protected_header(key: PublicKey, protected: Mapping[int, Value]) -> bytes:
    """Encode a protected header with the algorithm and the key's thumbprint added."""
    return cbor.encode({**protected, ALG: EDDSA, KID: key.thumbprint})


def sign1_under(
    key: SigningKey,
    header: bytes,
    payload: bytes,
    *,
    detached: bool = False,
    unprotected: Mapping[int, Value] | None = None,
) -> bytes:
    """Sign a payload under a header that `protected_header` made for this key."""
    if key.alg != "Ed25519":
        raise Refused(
            "E-COSE-05",
            "A statement is signed with an Ed25519 key.",
            why=f"Got a key for {key.alg}; readers of statements would refuse it.",
            fix="Sign with an Ed25519 key; ML-DSA-44 keys stand under checkpoints.",
        )
    signature = key.sign(sig_structure(header, payload))
    inside = None if detached else payload
    return _TAG + cbor.encode([header, dict(unprotected or {}), inside, signature])


def parse_sign1(data: bytes, *, max_bytes: int = MAX_STATEMENT_BYTES) -> Sign1:
    """Read a tagged COSE_Sign1; the signature is not checked here.

    Raises `E-COSE-01` for too many bytes, `E-COSE-02` for another form, `E-CBOR-..` for CBOR that
    is not deterministic, `E-KEY-01` for an unknown algorithm.
    """
    if len(data) > max_bytes:
        raise Refused(
            "E-COSE-01",
            "The document is too long.",
            why=f"Got {len(data)} bytes; at most {max_bytes} are allowed.",
            fix="Put large contents into a document beside the log and sign its hash.",
        )
    if data[:1] != _TAG:
        raise _unfit("It does not begin with tag 18.")
    parts = cbor.decode(data[1:], what="COSE_Sign1")
    if not isinstance(parts, list) or len(parts) != 4:  # noqa: PLR2004 - RFC 9052: four parts
        raise _unfit("It is no array of four.")
    header_bytes, unprotected, payload, signature = parts
    if not isinstance(header_bytes, bytes) or not isinstance(unprotected, dict):
        raise _unfit("Its headers are not bytes and a map.")
    if not isinstance(payload, bytes | None):
        raise _unfit("Its payload is neither bytes nor null.")
    protected = _protected_header(header_bytes, unprotected)  # an unknown algorithm is said first
    if not isinstance(signature, bytes) or len(signature) != _SIGNATURE_BYTES:
        raise _unfit("Its signature is not 64 bytes.")
    return Sign1(header_bytes, protected, unprotected, payload, signature, data)


def _protected_header(data: bytes, unprotected: dict[Any, Any]) -> dict[Any, Any]:
    protected = cbor.decode(data, what="protected header")
    if not isinstance(protected, dict) or ALG not in protected:
        raise _unfit("The protected header is no map with an algorithm (label 1).")
    if any(type(label) not in {int, str} for label in [*protected, *unprotected]):
        raise _unfit("A header label is neither an integer nor text.")
    algorithm_of(protected[ALG])
    twice = protected.keys() & unprotected.keys()
    if twice or CRIT in unprotected:
        raise _unfit("A header stands in both headers, or crit is not protected.")
    if CRIT in protected:
        _check_critical(protected)
    return protected


def _check_critical(protected: dict[Any, Any]) -> None:
    """Refuse a header that its signer calls critical unless it is one that we act upon."""
    labels = protected[CRIT]
    known = isinstance(labels, list) and all(
        type(label) is int and label in _UNDERSTOOD and label in protected for label in labels
    )
    if not known or not labels:
        raise _unfit("It calls a header critical that is unknown here or absent.")


def _unfit(why: str) -> Refused:
    return Refused(
        "E-COSE-02",
        "The bytes are no COSE_Sign1 of this ledger.",
        why=why,
        fix="Make the document with a COSE library: tag 18, alg and kid in the protected header.",
    )
