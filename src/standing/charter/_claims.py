"""What a posted statement claims, and whether its signature holds: the part that needs no state.

The costly half of a judgement (strict parsing, one signature) depends on the statement and its key
alone, so it can be done elsewhere and ahead of time. `admit_claim` then judges the rest, at the
state in force when the statement's turn comes.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

from standing.charter import _admit
from standing.charter._state import Accreditation, State
from standing.charter._statements import issuer_of, kind_of, parse_statement
from standing.errors import Refused
from standing.wire import cose
from standing.wire.keys import PublicKey, SigningKey

MAX_POSTED_BYTES: Final = 262_144
"""A posted statement may carry receipts and certificates in its open header, which is emptied."""
MAX_DEPOSIT_BYTES: Final = 1_048_576
DEPOSIT_TYP: Final = "application/vnd.standing.deposit.v1+cose"


class Claim(msgspec.Struct, frozen=True, array_like=True):
    """One examined statement. `signed`: the key of this id, as given, signed it."""

    entry: bytes
    statement_hash: bytes
    kind: str
    kid: bytes
    issuer: str
    signed: bool


def examine(data: bytes, keys: Mapping[bytes, PublicKey]) -> Claim:
    """Read a statement strictly and check its signature, if `keys` has its key.

    Raises `E-COSE-..`, `E-CBOR-..`, `E-STATEMENT-01`, `E-SIG-..` for what no state could admit.
    """
    sign1 = cose.parse_sign1(data, max_bytes=MAX_POSTED_BYTES)
    entry = sign1.entry_bytes
    if len(entry) > cose.MAX_STATEMENT_BYTES:
        raise Refused(
            "E-COSE-01",
            "The document is too long.",
            why=f"Got {len(entry)} bytes without its open header; at most"
            f" {cose.MAX_STATEMENT_BYTES} are allowed.",
            fix="Put large contents into a document beside the log and sign its hash.",
        )
    parse_statement(sign1)
    key = keys.get(sign1.kid)
    if key is not None:
        sign1.verify(key)
    return Claim(
        entry=entry,
        statement_hash=sign1.statement_hash,
        kind=kind_of(sign1),
        kid=sign1.kid,
        issuer=issuer_of(sign1),
        signed=key is not None,
    )


def admit_claim(state: State, claim: Claim) -> State:
    """Give the state after an examined statement; raises as `admit` does.

    A key id is the thumbprint of its key, so a signature that held with the key of that id holds
    with the key on the roll. A document changes nothing but the size; other kinds are judged from
    their bytes.
    """
    signed = claim.signed and claim.kid in state.roll.keys
    if signed and claim.kind == "document":
        _admit.right_of(state, claim.kid, claim.kind, claim.issuer)
        return msgspec.structs.replace(state, size=state.size + 1)
    return _admit.admit(state, cose.parse_sign1(claim.entry), check_signature=not signed)


def read_deposit(state: State, data: bytes) -> tuple[Accreditation, bytes]:
    """Read a document that somebody signed for, so that it may lie beside the log.

    Gives the signer's right and the document. Raises `E-CHARTER-01` to `-04` for a key without a
    right in force, `E-DEPOSIT-01` for another form, `E-SIG-..` for a signature that does not hold.
    """
    sign1 = cose.parse_sign1(data, max_bytes=MAX_DEPOSIT_BYTES)
    if sign1.protected.get(cose.TYP) != DEPOSIT_TYP or sign1.payload is None:
        raise Refused(
            "E-DEPOSIT-01",
            "This is no deposit of a document.",
            why=f"Wanted typ {DEPOSIT_TYP} and the document as payload.",
            fix="Sign the document with its typ, or follow docs/reference/formats.md.",
        )
    right = _admit.right_in_force(state, sign1.kid)
    sign1.verify(PublicKey.from_cose_key(right.key))
    return right, sign1.payload


def sign_deposit(key: SigningKey, document: bytes) -> bytes:
    """Sign for a document, so that the log's keeper lays it beside the log."""
    return cose.sign1(key, {cose.TYP: DEPOSIT_TYP}, document)
