"""What relying parties sign, read: one form, one kind of refusal."""

from functools import lru_cache
from typing import Final, TypeVar

import msgspec

from standing import charter
from standing.errors import Refused
from standing.wire import cbor, cose
from standing.wire.keys import PublicKey, SigningKey

MAX_CHARS: Final = 200
NONCE_BYTES: Final = 16
_Said = TypeVar("_Said", bound=msgspec.Struct)


def sign_said(key: SigningKey, typ: str, issuer: str, about: str, said: msgspec.Struct) -> bytes:
    """Sign what somebody says, as `issuer`, about `about`."""
    payload = cbor.encode(msgspec.to_builtins(said, builtin_types=(bytes,)))
    return cose.sign1_under(key, _header(key.public, typ, issuer, about), payload)


@lru_cache(maxsize=1_024)
def _header(key: PublicKey, typ: str, issuer: str, about: str) -> bytes:
    """Encode a header once: a party's questions and the ledger's answers repeat theirs."""
    said: dict[int, cbor.Value] = {
        cose.CWT: {cose.CWT_ISS: issuer, cose.CWT_SUB: about},
        cose.TYP: typ,
    }
    return cose.protected_header(key, said)


def read_said(sign1: cose.Sign1, typ: str, kind: type[_Said], refusal: Refused) -> _Said:
    """Read what was signed; the refusal with the reason put in for anything but its one form."""
    try:
        if sign1.protected.get(cose.TYP) != typ:
            raise msgspec.ValidationError("its typ header is another")  # noqa: TRY301 - one error for every wrong form
        value = cbor.decode(sign1.payload or b"", what="a signed message")
        said = msgspec.convert(value, kind, builtin_types=(bytes,))
        if msgspec.to_builtins(said, builtin_types=(bytes,)).keys() != value.keys():
            raise msgspec.ValidationError("its members are not those of its one form")  # noqa: TRY301 - see above
    except msgspec.ValidationError as problem:
        raise Refused(
            refusal.code, refusal.what, why=f"{problem}.", fix=refusal.fix, where=refusal.where
        ) from None
    return said


def party_of(state: charter.State, sign1: cose.Sign1) -> charter.Accreditation:
    """Find the relying party whose key signed, in force or not; raises `E-DECIDE-01`."""
    right = state.roll.keys.get(sign1.kid)
    if right is None or right.role != "relying-party":
        raise not_a_party()
    sign1.verify(_key(right.key))
    return right


@lru_cache(maxsize=4_096)
def _key(cose_key: bytes) -> PublicKey:
    return PublicKey.from_cose_key(cose_key)


def not_a_party() -> Refused:
    """Make the error for a key that may not ask."""
    return Refused(
        "E-DECIDE-01",
        "This key may not ask.",
        why="It is not the key of a relying party whose accreditation is in force.",
        fix="Ask the operator to accredit it: standing accredit KEY.pub --role relying-party.",
    )


def is_plain(text: str) -> bool:
    """Tell whether a text names something: 1 to 200 printable characters."""
    return bool(text.strip()) and len(text) <= MAX_CHARS and text.isprintable()
