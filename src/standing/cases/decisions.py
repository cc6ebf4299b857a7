"""Questions and answers: a relying party asks one narrow thing and gets one narrow answer.

The answer to a question by reference is `clear` or a restriction in force; to one with a
presentation it may be a perk as well. Nobody who asks can tell never enrolled, withdrawn, and
nothing against them apart: same bytes, same writes.
"""

from typing import Final

import msgspec

from standing import charter
from standing.cases._said import (
    MAX_CHARS,
    NONCE_BYTES,
    is_plain,
    not_a_party,
    party_of,
    read_said,
    sign_said,
)
from standing.errors import Refused
from standing.policy import Pack
from standing.wire import cbor, cose
from standing.wire.keys import PublicKey, SigningKey

CLEAR: Final = "clear"
MAX_PRESENTATION_BYTES: Final = 4_096
_QUESTION_TYP: Final = "application/vnd.standing.question.v1+cose"
_ANSWER_TYP: Final = "application/vnd.standing.answer.v1+cose"


class Asked(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True,
    tag="standing/question/1",
):  # fmt: skip
    """What a relying party asks: about whom, for which purpose, in which transaction.

    About whom: a reference, or whoever made the presentation. `alternative`: the ordinary service
    that the party offers for this route and day. What is empty is left out.
    """

    context: str
    purpose: str
    transaction: str
    reference: str
    day: int
    nonce: bytes
    alternative: str = ""
    presentation: bytes = b""


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
    return sign_said(key, _QUESTION_TYP, name, asked.purpose, asked)


def read_question(
    state: charter.State, signed: bytes
) -> tuple[charter.Accreditation, bytes, Asked]:
    """Check who asks and what; gives the right, the key's thumbprint and what is asked.

    Raises before anything about a subject is looked up.
    """
    sign1 = cose.parse_sign1(signed)
    right = state.roll.keys.get(sign1.kid)
    if right is None or right.revoked_entry is not None or state.day > right.until:
        raise not_a_party()
    party_of(state, sign1)
    asked = parse_question(sign1)
    _check_texts(asked)
    return right, sign1.kid, asked


def parse_question(sign1: cose.Sign1) -> Asked:
    """Read what a question says, whoever signed it; raises `E-DECIDE-02`."""
    refusal = Refused(
        "E-DECIDE-02",
        "This is not a question.",
        why="",
        fix="Make it with: standing decide --key FILE --purpose P --transaction T.",
    )
    return read_said(sign1, _QUESTION_TYP, Asked, refusal)


def _check_texts(asked: Asked) -> None:
    about = is_plain(asked.reference) if asked.reference or not asked.presentation else True
    other = is_plain(asked.alternative) if asked.alternative else True
    fits = len(asked.nonce) == NONCE_BYTES and len(asked.presentation) <= MAX_PRESENTATION_BYTES
    if not (is_plain(asked.transaction) and about and other and fits):
        raise Refused(
            "E-DECIDE-03",
            "A question names a transaction and a reference, in plain text.",
            why=f"Each has 1 to {MAX_CHARS} printable characters; the nonce has 16 bytes.",
            fix="Name the booking or sale that this question is for.",
        )
    if asked.reference and asked.presentation:
        raise Refused(
            "E-DECIDE-12",
            "A question is about a reference or about whoever made a presentation, not both.",
            why="Together they would join a name that somebody did not give to one that they did.",
            fix="Leave out --reference where there is a --presentation.",
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
    return sign_said(key, _ANSWER_TYP, origin, answer.purpose, answer)


def read_answer(signed: bytes, key: PublicKey) -> Answer:
    """Verify an answer offline; raises `Broken` where the signature does not hold."""
    sign1 = cose.parse_sign1(signed)
    sign1.verify(key)
    value = cbor.decode(sign1.payload or b"", what="an answer")
    return msgspec.convert(value, Answer, builtin_types=(bytes,))
