"""Presentations: a token, used once, by which somebody lets one relying party ask about them.

Anyone with any key makes one, enrolled or not; all are of one form and, between the same parties,
of one length. Outside it says for whom, for what and how long; inside, sealed to the ledger's
answer key, who made it. Everything that can be refused is refused from the token alone, before
anybody is looked up.
"""

import hashlib
import os
from typing import Annotated, Any, Final

import msgspec
from nacl.exceptions import CryptoError
from nacl.public import SealedBox
from nacl.signing import SigningKey as NaclSigningKey
from nacl.signing import VerifyKey

from standing.cases._said import MAX_CHARS, NONCE_BYTES
from standing.errors import Broken, Refused, StandingError
from standing.wire import cbor
from standing.wire.days import LAST_DAY, format_day
from standing.wire.keys import PublicKey, SigningKey
from standing.wire.proofs import make_proof, normalise_proof, verify_proof

DAYS_AHEAD: Final = 1
"""How long a presentation may be good beyond the day it is used on."""
_THUMBPRINT: Final = 32
_INNER_BYTES: Final = 1_024
_LENGTH_BYTES: Final = 2
_SEALED_BYTES: Final = _INNER_BYTES + 48  # a sealed box adds a key and a tag
_PARTS: Final = 3

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_CHARS)]
Thumbprint = Annotated[bytes, msgspec.Meta(min_length=_THUMBPRINT, max_length=_THUMBPRINT)]
Once = Annotated[bytes, msgspec.Meta(min_length=NONCE_BYTES, max_length=NONCE_BYTES)]


class Presentation(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, array_like=True, tag_field="format",
    tag="standing/presentation/1",
):  # fmt: skip
    """The outer part, and the sealed inner one."""

    origin: Name  # of the ledger that is to open it
    party: Thumbprint  # the one key that may use it
    context: Name
    purpose: Name
    last_day: Annotated[int, msgspec.Meta(ge=0, le=LAST_DAY)]
    id: Once
    key: Thumbprint  # the answer key that it is sealed to
    sealed: Annotated[bytes, msgspec.Meta(min_length=_SEALED_BYTES, max_length=_SEALED_BYTES)]


class Draft(msgspec.Struct, frozen=True):
    """A presentation that waits for its proof: by a key file, or by a passkey in a browser."""

    outer: Presentation
    maker: PublicKey
    answer_key: PublicKey
    nonce: bytes

    @property
    def digest(self) -> bytes:
        """What is to be signed."""
        return _digest(self.outer, self.nonce)

    def proved(self, proof: list[Any]) -> bytes:
        """Seal the maker's key and proof; gives the token. Raises `E-PRESENT-09`."""
        data = cbor.encode([self.maker.cose_key(), self.nonce, normalise_proof(proof)])
        if len(data) + _LENGTH_BYTES > _INNER_BYTES:
            raise Refused(
                "E-PRESENT-09",
                "The proof does not fit into a presentation.",
                why=f"Key and proof have {len(data)} bytes; there is room for"
                f" {_INNER_BYTES - _LENGTH_BYTES}.",
                fix="Use another passkey, or a key file.",
            )
        inner = (len(data).to_bytes(_LENGTH_BYTES) + data).ljust(_INNER_BYTES, b"\0")
        box = SealedBox(VerifyKey(self.answer_key.raw).to_curve25519_public_key())
        return _write(msgspec.structs.replace(self.outer, sealed=bytes(box.encrypt(inner))))


def draft(
    maker: PublicKey,
    *,
    origin: str,
    answer_key: PublicKey,
    party: PublicKey,
    context: str,
    purpose: str,
    last_day: int,
) -> Draft:
    """Write a presentation for the holder of `maker` to prove. Needs no ledger."""
    outer = Presentation(
        origin, party.thumbprint, context, purpose, last_day, os.urandom(NONCE_BYTES),
        answer_key.thumbprint, bytes(_SEALED_BYTES),
    )  # fmt: skip
    return Draft(outer, maker, answer_key, os.urandom(NONCE_BYTES))


def present(
    key: SigningKey,
    *,
    origin: str,
    answer_key: PublicKey,
    party: PublicKey,
    context: str,
    purpose: str,
    last_day: int,
) -> bytes:
    """Make a presentation with a key at hand. Needs no ledger, only its answer key."""
    made = draft(
        key.public, origin=origin, answer_key=answer_key, party=party, context=context,
        purpose=purpose, last_day=last_day,
    )  # fmt: skip
    return made.proved(make_proof(key, made.digest))


def read_presentation(token: bytes) -> Presentation:
    """Read a token's outer part; raises `E-PRESENT-01` for anything but its one form."""
    try:
        value = cbor.decode(token, what="a presentation")
        read = msgspec.convert(value, Presentation, builtin_types=(bytes,), strict=True)
        if _write(read) != token:
            raise msgspec.ValidationError("it has parts too many")  # noqa: TRY301 - one error for every wrong form
    except (msgspec.ValidationError, StandingError) as problem:
        raise _unfit(str(problem)) from None
    return read


def check_presentation(
    token: Presentation, *, origin: str, party: bytes, context: str, purpose: str, today: int
) -> None:
    """Check for whom, for what and for how long; raises `E-PRESENT-02` to `-05`."""
    if token.origin != origin:
        raise Refused(
            "E-PRESENT-02",
            "This presentation was made for another ledger.",
            why=f"It names {token.origin!r}; this one is {origin!r}.",
            fix="Ask the ledger that it was made for.",
        )
    if token.party != party:
        raise Refused(
            "E-PRESENT-03",
            "This presentation was made for another relying party.",
            why=f"It names the key {token.party.hex()[:16]}; the question is signed by"
            f" {party.hex()[:16]}.",
            fix="Ask for one that is made for you: standing present --party YOUR.pub.",
        )
    if (token.context, token.purpose) != (context, purpose):
        raise Refused(
            "E-PRESENT-04",
            "This presentation was made for another purpose.",
            why=f"It is for {token.purpose!r} in {token.context!r}; asked was {purpose!r} in"
            f" {context!r}.",
            fix="Ask for what it was made for.",
        )
    if not today <= token.last_day <= today + DAYS_AHEAD:
        raise Refused(
            "E-PRESENT-05",
            "This presentation is not good today.",
            why=f"Its last day is {format_day(token.last_day)}; that may be today or tomorrow.",
            fix="Ask for a new one.",
        )


def open_presentation(token: Presentation, key: SigningKey, rp_id: str) -> bytes:
    """Open a token and check its proof; gives its maker's COSE_Key. Raises `E-PRESENT-07`, `-08`.

    Whether anybody is enrolled by that key is not looked at here.
    """
    box = SealedBox(NaclSigningKey(key.seed).to_curve25519_private_key())
    try:
        inner = bytes(box.decrypt(token.sealed))
    except CryptoError:
        raise Broken(
            "E-PRESENT-07",
            "The presentation does not open.",
            why="Its bytes were changed, or it is sealed to another key than it names.",
            fix="Ask for a new one.",
        ) from None
    try:
        maker, nonce, proof = _read_inner(inner)
        public = PublicKey.from_cose_key(maker)
        if public.cose_key() != maker:
            raise _unfit("its key has a second spelling")
        verify_proof(proof, public, _digest(token, nonce), rp_id=rp_id)
    except StandingError as problem:
        raise Broken(
            "E-PRESENT-08",
            "The presentation is not proved by the key inside it.",
            why=problem.why,
            fix="Ask for a new one.",
        ) from None
    return maker


def _read_inner(inner: bytes) -> tuple[bytes, bytes, list[Any]]:
    end = _LENGTH_BYTES + int.from_bytes(inner[:_LENGTH_BYTES])
    if len(inner) != _INNER_BYTES or end > _INNER_BYTES or any(inner[end:]):
        raise _unfit("its inner part is not padded with zeros")
    parts = cbor.decode(inner[_LENGTH_BYTES:end], what="the inner part of a presentation")
    match parts:
        case [bytes(maker), bytes(nonce), list(proof)] if len(nonce) == NONCE_BYTES:
            return maker, nonce, proof
        case _:
            raise _unfit("its inner part is no key, nonce and proof")


def _digest(token: Presentation, nonce: bytes) -> bytes:
    outer: list[Any] = msgspec.to_builtins(token, builtin_types=(bytes,))
    return hashlib.sha256(cbor.encode([*outer[:-1], nonce])).digest()


def _write(token: Presentation) -> bytes:
    return cbor.encode(msgspec.to_builtins(token, builtin_types=(bytes,)))


def _unfit(why: str) -> Refused:
    return Refused(
        "E-PRESENT-01",
        "This is no presentation.",
        why=f"{why[:1].upper()}{why[1:].rstrip('.')}.",
        fix="Make it with: standing present --key FILE --party PARTY.pub.",
    )
