"""Private documents: the facts about people that become salted leaves, never public text.

Each is a CBOR array `[type, salt, day, ...]`; its leaf is the RFC 9162 leaf hash of those bytes.
What a person or an organisation signs is the SHA-256 of the same array without salt and proof.
"""

import hashlib
import os
from collections.abc import Iterable
from typing import Annotated, Any, Final, TypeVar

import cbor2
import msgspec

from standing.errors import Broken, Refused
from standing.verify.tree import leaf_hash
from standing.wire import cbor

SALT_BYTES: Final = 32

CODE: Final = r"[a-z0-9]+([.-][a-z0-9]+)*"
CODE_CHARACTERS: Final = 64
Code = Annotated[str, msgspec.Meta(pattern=rf"^({CODE})?\Z", max_length=CODE_CHARACTERS)]
"""A code of a public list; empty where none is given."""


class _Array(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, array_like=True, tag_field="format"
):
    """The common shape: an array whose first element names type and version."""


class Subject(_Array, frozen=True, tag="standing/subject/1"):
    """A person or an organisation has a place in this vault."""

    salt: bytes
    day: int
    number: int  # the vault id: 63 random bits
    kind: str  # "person", "sole_trader" or "organisation"
    key: bytes  # COSE_Key of the subject's own key; empty for a register's organisation


class Adult(_Array, frozen=True, tag="standing/adult/1"):
    """An attester says since when the holder of a key is of age; no birth date."""

    salt: bytes
    day: int
    key: bytes  # thumbprint of the subject's key
    adult_since: int
    attester: bytes  # key id
    proof: list[Any]


class Link(_Array, frozen=True, tag="standing/link/1"):
    """An issuer knows the subject under this reference in one context, from this day on.

    Either the issuer proves it, having seen the subject's credential; or the issuer's challenge
    stands in it, the code that answers it, and the subject's own proof.
    """

    salt: bytes
    day: int
    context: str
    reference: str
    pseudonym: str
    issuer: str
    kid: bytes  # the key that proves it: the issuer's, or the subject's; empty for a register
    shared: bool  # several people use the reference: nothing negative is stored by it
    challenge: bytes  # the issuer's signed challenge; empty where the issuer itself proves it
    code: str  # the code that answers the challenge, once and for all spent
    proof: list[Any]


class Consent(_Array, frozen=True, tag="standing/consent/1"):
    """The subject agrees: one context, named purposes and issuers, a text, from day to day."""

    salt: bytes
    day: int
    pseudonym: str
    context: str
    purposes: tuple[str, ...]
    issuers: tuple[str, ...]
    pack: bytes  # digest of the pack in force or next in force
    text: bytes  # digest of the consent text that was read
    until: int  # the first day on which the consent no longer holds
    key: bytes  # COSE_Key of the subject
    proof: list[Any]


class Withdrawal(_Array, frozen=True, tag="standing/withdrawal/1"):
    """The subject stops: from this day on the consent does not hold."""

    salt: bytes
    day: int
    pseudonym: str
    context: str
    consent: bytes  # leaf of the consent that ends
    proof: list[Any]


class Attributes(_Array, frozen=True, tag="standing/attributes/1"):
    """The subject states a region or a group, freely; both empty take them back.

    Bound to one consent and ended with it. They show whom rules hit harder and enter no score.
    """

    salt: bytes
    day: int
    pseudonym: str
    context: str
    consent: bytes  # leaf of the live consent
    revision: Annotated[int, msgspec.Meta(ge=1)]  # 1 for the first in a context; the last holds
    region: Code
    group: Code
    padding: bytes  # zeros: sealed, whatever was stated is equally long
    proof: list[Any]


class Question(_Array, frozen=True, tag="standing/question/1"):
    """A relying party asked, and what it was answered."""

    salt: bytes
    day: int
    question: bytes  # the relying party's signed COSE_Sign1
    answer: bytes  # the ledger's signed COSE_Sign1


class Presented(_Array, frozen=True, tag="standing/presented/1"):
    """A relying party asked with a presentation, and what it was answered."""

    salt: bytes
    day: int
    question: bytes  # the relying party's signed COSE_Sign1, with the presentation inside
    answer: bytes  # the ledger's signed COSE_Sign1
    maker: bytes  # COSE_Key of whoever made the presentation, enrolled or not


class Recall(_Array, frozen=True, tag="standing/recalled/1"):
    """An answer no longer holds. It says so of a transaction, and nothing of anybody."""

    salt: bytes
    day: int
    party: bytes  # thumbprint of the key that asked
    transaction: str
    nonce: bytes  # the question's
    since: int  # the first day on which the same question would have been answered otherwise
    due: int  # the first day that is too late to confirm the deletion


class Deletion(_Array, frozen=True, tag="standing/deletion/1"):
    """A relying party confirms that it has deleted answers that were recalled."""

    salt: bytes
    day: int
    confirmation: bytes  # its signed COSE_Sign1


class Followed(_Array, frozen=True, tag="standing/followed/1"):
    """A relying party says which transactions took place after its questions."""

    salt: bytes
    day: int
    report: bytes  # its signed COSE_Sign1


class Intake(_Array, frozen=True, tag="standing/intake/1"):
    """What each leaf of these batches was on arrival: record, dropped or padding.

    It is committed to before anyone could wish to withhold a record, so that "dropped" cannot be
    claimed afterwards.
    """

    salt: bytes
    day: int
    batches: tuple[tuple[bytes, bytes], ...]  # (statement hash, SHA-256 of the leaf kinds)


class Erasure(_Array, frozen=True, tag="standing/erasure/1"):
    """These leaves were forgotten: their salts, texts and keys are destroyed."""

    salt: bytes
    day: int
    leaves: tuple[bytes, ...]


class Step(_Array, frozen=True, tag="standing/step/1"):
    """One event of one case: who did what, on which day. The first one opens the case.

    The numbers of a case run from 0 without a gap, so that no step in between can be left out.
    """

    salt: bytes
    day: int
    context: str  # empty where the case belongs to no context
    pseudonym: str  # whom it is about; empty where nobody is known by what was given
    lifecycle: str
    opening: bytes  # leaf of the step that opened the case; empty in that one
    number: Annotated[int, msgspec.Meta(ge=0, le=10_000)]
    event: str
    facts: dict[str, Any]  # what the lifecycle's table asks of this event
    kid: bytes  # thumbprint of the key that proves it
    proof: list[Any]


class Evidence(_Array, frozen=True, tag="standing/evidence/1"):
    """A file that a step names by its leaf: whoever signed the step has fixed these bytes."""

    salt: bytes
    day: int
    context: str
    pseudonym: str
    name: str
    data: bytes


class Contents(_Array, frozen=True, tag="standing/contents/1"):
    """What the marks of an interval hold: a document that is gone later was erased, or is WITHHELD.

    It stands under the same marks and counts every other document there.
    """

    salt: bytes
    day: int
    documents: int
    digest: bytes  # SHA-256 over the documents' leaves, ascending


class Record(_Array, frozen=True, tag="standing/record/1"):
    """One observed act of one subject, as its issuer signed it."""

    salt: bytes
    context: str
    issuer: str
    reference: str
    type: str
    day: int
    basis: str
    signer: str
    identified: str
    details: dict[str, int | str]
    row: str


Document = (
    Subject | Adult | Link | Consent | Withdrawal | Attributes | Question | Presented | Recall
    | Deletion | Followed | Intake | Erasure | Step | Evidence | Contents
)  # fmt: skip
AnyPreimage = Document | Record
_Doc = TypeVar(
    "_Doc", Subject, Adult, Link, Consent, Withdrawal, Attributes, Question, Presented, Recall,
    Deletion, Followed, Intake, Erasure, Step, Evidence, Contents,
)  # fmt: skip


def new_salt() -> bytes:
    """Make 32 bytes from the system's randomness."""
    return os.urandom(SALT_BYTES)


def preimage(document: AnyPreimage) -> bytes:
    """Give the exact bytes whose leaf hash stands in a public tree."""
    return cbor.encode(msgspec.to_builtins(document, builtin_types=(bytes,)))


def leaf_of(document: AnyPreimage) -> bytes:
    """Give the document's leaf: 32 bytes that tell nothing without the salt."""
    return leaf_hash(preimage(document))


def contents_digest(leaves: Iterable[bytes]) -> bytes:
    """Give what a `Contents` document says of its interval's other documents, by their leaves."""
    return hashlib.sha256(b"".join(sorted(leaves))).digest()


_BY_TYPE: Final[dict[str, type[AnyPreimage]]] = {
    kind.__struct_config__.tag: kind  # type: ignore[misc]
    for kind in (
        Subject, Adult, Link, Consent, Withdrawal, Attributes, Question, Presented, Recall,
        Deletion, Followed, Intake, Erasure, Step, Evidence, Contents, Record,
    )
}  # fmt: skip


def parse_preimage(data: bytes) -> AnyPreimage:
    """Read a private document or record whose leaf was verified; raises `E-VAULT-01` for others.

    The leaf has fixed the bytes, so their encoding is not checked again.
    """
    try:
        value = cbor2.loads(data)
        kind = _BY_TYPE[value[0]]
        parsed: AnyPreimage = msgspec.convert(value, kind, builtin_types=(bytes,))
        _check_proof(getattr(parsed, "proof", []))
        cbor.encode(getattr(parsed, "facts", {}))  # else it could be read and not written again
    except (
        msgspec.ValidationError,
        cbor2.CBORDecodeError,
        Refused,
        KeyError,
        TypeError,
        IndexError,
    ) as problem:
        raise Broken(
            "E-VAULT-01",
            "A private document has an unknown form.",
            why=f"{problem}.",
            fix="Restore the vault from its backup.",
        ) from None
    return parsed


def _check_proof(proof: list[Any]) -> None:
    """Refuse what could be read and not be written again: a tag, a number that is not whole."""
    for part in proof:
        if not isinstance(part, int | str | bytes):
            raise TypeError(f"a proof has no place for {type(part).__name__}")


def signed_digest(document: _Doc) -> bytes:
    """Give what the proof in this document is made over: SHA-256 without salt and proof."""
    values: list[Any] = msgspec.to_builtins(document, builtin_types=(bytes,))
    return hashlib.sha256(cbor.encode([values[0], *values[2:-1]])).digest()
