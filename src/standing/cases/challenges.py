"""Challenges: an issuer sends a code by a reference's own channel; who has it controls it (L57).

The signed challenge names the reference and the digest of the code, not the person. Whoever
answers it proves with a key of their own for whom the reference is to stand.
"""

import hashlib
import hmac
from typing import Any, Final

import msgspec

from standing.errors import Refused
from standing.wire import cbor, cose
from standing.wire.keys import SigningKey

CHALLENGE_DAYS: Final = 7
CODE_CHARACTERS: Final = 16  # of base32: 80 bits, so that the digest tells nobody the code
_TYP: Final = "application/vnd.standing.challenge.v1+cose"


class Challenge(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="standing/challenge/1"
):
    """Which reference is to be proved, by which code, until the end of which day."""

    context: str
    reference: str
    shared: bool
    day: int
    until: int
    salt: bytes
    digest: bytes


def plain_code(text: str) -> str:
    """Give a code as it is hashed: however it was typed, in small letters without gaps."""
    return "".join(text.split()).replace("-", "").lower()


def code_digest(salt: bytes, code: str) -> bytes:
    """Hash a code."""
    return hashlib.sha256(b"standing/code/1|" + salt + plain_code(code).encode()).digest()


def is_answered(challenge: Challenge, code: str) -> bool:
    """Tell whether a code is the one that the challenge asks for."""
    return hmac.compare_digest(challenge.digest, code_digest(challenge.salt, code))


def sign_challenge(key: SigningKey, issuer: str, challenge: Challenge) -> bytes:
    """Sign a challenge as the issuer."""
    payload = cbor.encode(msgspec.to_builtins(challenge, builtin_types=(bytes,)))
    header: dict[Any, Any] = {
        cose.CWT: {cose.CWT_ISS: issuer, cose.CWT_SUB: f"challenge/{challenge.context}"},
        cose.TYP: _TYP,
    }
    return cose.sign1(key, header, payload)


def parse_challenge(signed: bytes) -> tuple[cose.Sign1, Challenge]:
    """Read a challenge whose signature the caller verifies; raises `E-LINK-01` for others."""
    try:
        sign1 = cose.parse_sign1(signed)
        if sign1.protected.get(cose.TYP) != _TYP:
            raise msgspec.ValidationError("its typ header is another")  # noqa: TRY301 - one error for every wrong form
        value = cbor.decode(sign1.payload or b"", what="a challenge")
        challenge = msgspec.convert(value, Challenge, builtin_types=(bytes,))
        if "type" not in value:
            raise msgspec.ValidationError("it does not name its type")  # noqa: TRY301 - see above
    except (msgspec.ValidationError, Refused) as problem:
        why = problem.why if isinstance(problem, Refused) else f"{problem}."
        raise Refused(
            "E-LINK-01",
            "This is not a challenge.",
            why=why,
            fix="Give the file that standing link challenge wrote, whole.",
        ) from None
    return sign1, challenge
