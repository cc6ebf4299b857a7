"""The public statements: what each kind says, and its bytes.

A statement is a COSE_Sign1 whose protected header names its kind (`typ`, RFC 9596), its issuer
and its slot (CWT claims, RFC 9597). Seven kinds carry their facts in the payload; catalogue, pack
and document are hash envelopes whose payload IS the SHA-256 of a public document, and whose few
facts stand in the protected header under the label "standing".
"""

from typing import Annotated, Any, Final, TypeVar

import msgspec

from standing.errors import Refused
from standing.wire import cbor, cose
from standing.wire.days import LAST_DAY
from standing.wire.keys import SigningKey

_TYP_PREFIX: Final = "application/vnd.standing."
_TYP_SUFFIX: Final = ".v1+cose"
_FACTS: Final = "standing"  # the protected header label of an envelope's facts
_DIGEST_LENGTHS: Final = {-16: 32, -44: 64}  # COSE identifiers of SHA-256, SHA-512: RFC 9054
_HASH_ALGS: Final = {length: alg for alg, length in _DIGEST_LENGTHS.items()}
_SHA_256: Final = -16
VDS_RFC9162_SHA256: Final = 1
_DIGEST_BYTES: Final = 32

CalendarDay = Annotated[int, msgspec.Meta(ge=0, le=LAST_DAY)]
"""A day that a calendar has: refusals write days as dates, and so may anyone who replays a log."""


class Genesis(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="standing/genesis/1"):
    """The first entry: the ledger's origin, its clock and the key that founds it."""

    origin: str
    clock: str  # "real" or "simulated"; never changes
    day: Annotated[int, msgspec.Meta(le=LAST_DAY)]  # one below 0 has its own refusal
    interval_seconds: int  # how often marks are due; divides a day
    rp_id: str  # the relying party id that passkey proofs are bound to
    operator_name: str
    operator_employer: str
    operator_key: bytes  # COSE_Key
    checkpoint_key: bytes  # COSE_Key


class KeySet(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="standing/key/1"):
    """One key of the log itself for one purpose, from this entry on."""

    purpose: str
    key: bytes  # COSE_Key


class Accredit(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="standing/accredit/1"):
    """An organisation's key may sign these kinds in these contexts until a day."""

    key: bytes  # COSE_Key
    role: str
    name: str
    employer: str
    kinds: tuple[str, ...]
    contexts: tuple[str, ...]
    sector: str
    until: CalendarDay  # the last day on which the key may sign


class Revoke(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="standing/revoke/1"):
    """From this entry on the key signs nothing; what it signed before stays valid."""

    kid: bytes
    reason: str


class DayMoved(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, array_like=True, tag="standing/day/1"
):
    """The charter's day becomes `day`."""

    day: CalendarDay


class Batch(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, array_like=True, tag="standing/batch/1"
):
    """A tree of `size` salted leaves, some of them records, of one issuer in one context."""

    vds: int
    root: bytes
    size: int
    context: str


class Marks(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, array_like=True, tag="standing/marks/1"
):
    """A tree of `size` salted leaves, some of them private documents of the intervals covered."""

    vds: int
    root: bytes
    size: int
    through: int  # the last interval covered, counted from 1970-01-01


class Envelope(msgspec.Struct, frozen=True):
    """A public document by its digest: `kind` is catalogue, pack or document.

    The digest is SHA-256, 32 bytes; that of a document may be SHA-512, 64 bytes.
    """

    kind: str
    digest: bytes
    content_type: str
    facts: dict[str, Any]


Statement = Genesis | KeySet | Accredit | Revoke | DayMoved | Batch | Marks | Envelope
_Payload = TypeVar("_Payload", Genesis, KeySet, Accredit, Revoke, DayMoved, Batch, Marks)

_PAYLOADS: Final[dict[str, type]] = {
    "genesis": Genesis,
    "key": KeySet,
    "accredit": Accredit,
    "revoke": Revoke,
    "day": DayMoved,
    "batch": Batch,
    "marks": Marks,
}
_KIND_OF_PAYLOAD: Final = {payload: kind for kind, payload in _PAYLOADS.items()}
_ENVELOPES: Final = frozenset({"catalogue", "pack", "document"})
KINDS: Final = frozenset(_PAYLOADS) | _ENVELOPES


def _header(kind: str, issuer: str, slot: str) -> dict[Any, Any]:
    return {
        cose.CWT: {cose.CWT_ISS: issuer, cose.CWT_SUB: slot},
        cose.TYP: f"{_TYP_PREFIX}{kind}{_TYP_SUFFIX}",
    }


def sign_statement(key: SigningKey, issuer: str, slot: str, statement: _Payload) -> bytes:
    """Sign a statement as `issuer`, for `slot`: a batch slot, a name, the origin; no person."""
    kind = _KIND_OF_PAYLOAD[type(statement)]
    payload = cbor.encode(msgspec.to_builtins(statement, builtin_types=(bytes,)))
    return cose.sign1(key, _header(kind, issuer, slot), payload)


def sign_envelope(key: SigningKey, issuer: str, slot: str, envelope: Envelope) -> bytes:
    """Sign a public document's digest (COSE hash envelope: label 3 absent, payload the digest)."""
    header = _header(envelope.kind, issuer, slot) | {
        cose.HASH_ALG: _HASH_ALGS.get(len(envelope.digest), _SHA_256),
        cose.PREIMAGE_CTY: envelope.content_type,
        _FACTS: envelope.facts,
    }
    return cose.sign1(key, header, envelope.digest)


def kind_of(sign1: cose.Sign1) -> str:
    """Name the statement's kind from its `typ` header; raises `E-STATEMENT-01`."""
    typ = sign1.protected.get(cose.TYP)
    if isinstance(typ, str) and typ.startswith(_TYP_PREFIX) and typ.endswith(_TYP_SUFFIX):
        kind = typ[len(_TYP_PREFIX) : -len(_TYP_SUFFIX)]
        if kind in KINDS:
            return kind
    raise _malformed("Its typ header names no kind of statement.", f"Got {typ!r}.")


def issuer_of(sign1: cose.Sign1) -> str:
    """Give the issuer's name from the CWT claims; raises `E-STATEMENT-01`."""
    claims = sign1.protected.get(cose.CWT)
    if isinstance(claims, dict):
        issuer, slot = claims.get(cose.CWT_ISS), claims.get(cose.CWT_SUB)
        if isinstance(issuer, str) and issuer and isinstance(slot, str) and slot:
            return issuer
    raise _malformed("It lacks issuer or subject.", "CWT claims 1 and 2 must be non-empty text.")


def parse_statement(sign1: cose.Sign1) -> Statement:
    """Read what the statement says; raises `E-STATEMENT-01` for anything but its exact form."""
    kind = kind_of(sign1)
    issuer_of(sign1)
    if sign1.payload is None:
        raise Refused(
            "E-STATEMENT-02",
            "The statement has no payload.",
            why="A statement carries its payload: the log keeps what was signed.",
            fix="Send it with its payload inside.",
        )
    if kind in _ENVELOPES:
        return _parse_envelope(kind, sign1)
    value = cbor.decode(sign1.payload, what="the statement's payload")
    try:
        statement: Statement = msgspec.convert(value, _PAYLOADS[kind], builtin_types=(bytes,))
    except msgspec.ValidationError as problem:
        raise _malformed(f"Its {kind} payload has the wrong form.", f"{problem}.") from None
    if cbor.encode(msgspec.to_builtins(statement, builtin_types=(bytes,))) != sign1.payload:
        raise _malformed(f"Its {kind} payload has the wrong form.", "It does not name its type.")
    if isinstance(statement, Batch | Marks):
        _check_tree(statement)
    return statement


def _check_tree(statement: Batch | Marks) -> None:
    if statement.vds != VDS_RFC9162_SHA256 or len(statement.root) != _DIGEST_BYTES:
        raise _malformed("Its tree is of an unknown kind.", "Wanted vds 1 and a 32-byte root.")
    smallest = 32 if isinstance(statement, Batch) else 64
    if statement.size < smallest or statement.size & (statement.size - 1):
        raise _malformed(
            f"Its tree has {statement.size} leaves.",
            f"A padded tree has a power of two of leaves, at least {smallest}.",
        )


def _parse_envelope(kind: str, sign1: cose.Sign1) -> Envelope:
    header = sign1.protected
    facts = header.get(_FACTS)
    content_type = header.get(cose.PREIMAGE_CTY)
    hash_alg = header.get(cose.HASH_ALG)
    if (
        type(hash_alg) is not int
        or (hash_alg != _SHA_256 and kind != "document")
        or cose.CTY in header
        or not isinstance(content_type, str)
        or not isinstance(facts, dict)
        or len(sign1.payload or b"") != _DIGEST_LENGTHS.get(hash_alg)
    ):
        raise _malformed(
            "It is no hash envelope.",
            "Wanted labels 258 = -16, 259 as text, no label 3, and a 32-byte payload"
            " (for a document also 258 = -44 and 64 bytes).",
        )
    return Envelope(kind, sign1.payload or b"", content_type, facts)


def _malformed(what: str, why: str) -> Refused:
    return Refused(
        "E-STATEMENT-01",
        f"This is not a statement of this ledger. {what}",
        why=why,
        fix="Make the statement with a command of standing, or follow docs/reference/formats.md.",
    )
