"""Questions and answers: a relying party asks one narrow thing and gets one narrow answer.

The answer to a question by reference is `clear` or a restriction in force. Nobody who asks can
tell never enrolled, withdrawn, and nothing against them apart: same bytes, same writes.
"""

from typing import Any, Final

import msgspec

from standing import charter
from standing.errors import Refused
from standing.policy import Pack
from standing.wire import cbor, cose
from standing.wire.keys import PublicKey, SigningKey

CLEAR: Final = "clear"
_QUESTION_TYP: Final = "application/vnd.standing.question.v1+cose"
_ANSWER_TYP: Final = "application/vnd.standing.answer.v1+cose"
_MAX_CHARS: Final = 200
NONCE_BYTES: Final = 16


class Asked(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="standing/question/1"):
    """What a relying party asks: about whom, for which purpose, in which transaction."""

    context: str
    purpose: str
    transaction: str
    reference: str
    day: int
    nonce: bytes


class Answer(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="standing/answer/1"):
    """What it is answered, for one day; no reasons, and no word about the subject."""

    answer: str
    purpose: str
    transaction: str
    pack: bytes
    day: int
    nonce: bytes
    checkpoint: bytes  # the last daily checkpoint, whole
    expires: int  # the first second at which the answer no longer holds, since 1970


def sign_question(key: SigningKey, name: str, asked: Asked) -> bytes:
    """Sign a question as the relying party `name`."""
    payload = cbor.encode(msgspec.to_builtins(asked, builtin_types=(bytes,)))
    header: dict[Any, Any] = {
        cose.CWT: {cose.CWT_ISS: name, cose.CWT_SUB: asked.purpose},
        cose.TYP: _QUESTION_TYP,
    }
    return cose.sign1(key, header, payload)


def read_question(state: charter.State, signed: bytes) -> tuple[charter.Accreditation, Asked]:
    """Check who asks and what; raises before anything about a subject is looked up."""
    sign1 = cose.parse_sign1(signed)
    right = state.roll.keys.get(sign1.kid)
    if (
        right is None
        or right.role != "relying-party"
        or right.revoked_entry is not None
        or state.day > right.until
    ):
        raise Refused(
            "E-DECIDE-01",
            "This key may not ask.",
            why="It is not the key of a relying party whose accreditation is in force.",
            fix="Ask the operator to accredit it: standing accredit KEY.pub --role relying-party.",
        )
    sign1.verify(PublicKey.from_cose_key(right.key))
    try:
        if sign1.protected.get(cose.TYP) != _QUESTION_TYP:
            raise msgspec.ValidationError("its typ header is another")  # noqa: TRY301 - one error for every wrong form
        value = cbor.decode(sign1.payload or b"", what="a question")
        asked = msgspec.convert(value, Asked, builtin_types=(bytes,))
        if "type" not in value:
            raise msgspec.ValidationError("it does not name its type")  # noqa: TRY301 - see above
    except msgspec.ValidationError as problem:
        raise Refused(
            "E-DECIDE-02",
            "This is not a question.",
            why=f"{problem}.",
            fix="Make it with: standing decide --key FILE --purpose P --transaction T.",
        ) from None
    _check_texts(asked)
    return right, asked


def _check_texts(asked: Asked) -> None:
    texts = (asked.transaction, asked.reference)
    bad = any(not t.strip() or len(t) > _MAX_CHARS or not t.isprintable() for t in texts)
    if bad or len(asked.nonce) != NONCE_BYTES:
        raise Refused(
            "E-DECIDE-03",
            "A question names a transaction and a reference, in plain text.",
            why=f"Each has 1 to {_MAX_CHARS} printable characters; the nonce has 16 bytes.",
            fix="Name the booking or sale that this question is for.",
        )


def check_purpose(right: charter.Accreditation, asked: Asked, pack: Pack, today: int) -> None:
    """Check that this party may ask for this purpose, today; raises `E-DECIDE-04` or `-05`."""
    purpose = pack.purposes.get(asked.purpose)
    if (
        purpose is None
        or right.sector not in purpose.parties
        or asked.context not in right.contexts
    ):
        raise Refused(
            "E-DECIDE-04",
            f"{right.name} may not ask for the purpose {asked.purpose!r} in {asked.context!r}.",
            why=f"The pack's purposes are: {', '.join(sorted(pack.purposes)) or 'none'};"
            f" the key's sector is {right.sector or 'none'}.",
            fix="Ask for a purpose that the pack opens to this sector.",
        )
    if asked.day != today:
        raise Refused(
            "E-DECIDE-05",
            "The question was not made today.",
            why="An old question could be a copy of somebody else's.",
            fix="Sign a new one.",
        )


def sign_answer(key: SigningKey, origin: str, answer: Answer) -> bytes:
    """Sign an answer with the ledger's answer key."""
    payload = cbor.encode(msgspec.to_builtins(answer, builtin_types=(bytes,)))
    header: dict[Any, Any] = {
        cose.CWT: {cose.CWT_ISS: origin, cose.CWT_SUB: answer.purpose},
        cose.TYP: _ANSWER_TYP,
    }
    return cose.sign1(key, header, payload)


def read_answer(signed: bytes, key: PublicKey) -> Answer:
    """Verify an answer offline; raises `Broken` where the signature does not hold."""
    sign1 = cose.parse_sign1(signed)
    sign1.verify(key)
    value = cbor.decode(sign1.payload or b"", what="an answer")
    return msgspec.convert(value, Answer, builtin_types=(bytes,))
