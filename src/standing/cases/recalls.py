"""Recalls: an answer no longer holds, for whatever reason, and its recipient deletes it.

The message names a transaction and a nonce and says nothing else: not why, not since when, not
what would be answered now. The recipient confirms the deletion; and it says which transactions
took place after its questions.
"""

from typing import Annotated, Final, Literal

import msgspec

from standing import charter
from standing.cases._said import MAX_CHARS, NONCE_BYTES, party_of, read_said, sign_said
from standing.errors import Refused
from standing.wire import cose
from standing.wire.keys import PublicKey, SigningKey

CONFIRM_WORKING_DAYS: Final = 3
"""L64: a recipient has so long to delete."""
MAX_NAMED: Final = 200
"""How many transactions one message of a relying party names."""
_RECALL_TYP: Final = "application/vnd.standing.recall.v1+cose"
_DELETED_TYP: Final = "application/vnd.standing.deleted.v1+cose"
_FOLLOWED_TYP: Final = "application/vnd.standing.followed.v1+cose"

Transaction = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_CHARS)]
Transactions = Annotated[tuple[Transaction, ...], msgspec.Meta(min_length=1, max_length=MAX_NAMED)]
Nonce = Annotated[bytes, msgspec.Meta(min_length=NONCE_BYTES, max_length=NONCE_BYTES)]


class RecallSaid(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="standing/recall/1"):
    """What a recipient is told, the same for every reason there can be."""

    transaction: Transaction
    nonce: Nonce
    says: Literal["no longer holds; delete it"] = "no longer holds; delete it"


class DeletedSaid(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="standing/deleted/1"
):
    """A relying party has deleted what it was answered in these transactions."""

    day: int
    transactions: Transactions


class FollowedSaid(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="standing/followed/1"
):
    """These transactions of a relying party took place."""

    day: int
    transactions: Transactions


def sign_recall(key: SigningKey, origin: str, transaction: str, nonce: bytes) -> bytes:
    """Sign a recall with the ledger's answer key."""
    return sign_said(key, _RECALL_TYP, origin, "recall", RecallSaid(transaction, nonce))


def read_recall(signed: bytes, key: PublicKey) -> RecallSaid:
    """Verify a recall offline; raises `Broken` for a wrong signature, `E-RECALL-01` otherwise."""
    sign1 = cose.parse_sign1(signed)
    sign1.verify(key)
    return read_said(sign1, _RECALL_TYP, RecallSaid, _no("recall", "standing recalls --key FILE"))


def sign_deleted(key: SigningKey, name: str, said: DeletedSaid) -> bytes:
    """Sign a confirmation as the relying party `name`."""
    return sign_said(key, _DELETED_TYP, name, "deleted", said)


def read_deleted(
    state: charter.State, signed: bytes
) -> tuple[charter.Accreditation, bytes, DeletedSaid]:
    """Check who confirms what; gives the right, the key's thumbprint and what is said.

    A key that may no longer ask still confirms: what it holds is to be deleted all the same.
    """
    sign1 = cose.parse_sign1(signed)
    right = party_of(state, sign1)
    refusal = _no("confirmation", "standing recalls confirm --key FILE")
    return right, sign1.kid, read_said(sign1, _DELETED_TYP, DeletedSaid, refusal)


def sign_followed(key: SigningKey, name: str, said: FollowedSaid) -> bytes:
    """Sign which transactions followed, as the relying party `name`."""
    return sign_said(key, _FOLLOWED_TYP, name, "followed", said)


def read_followed(
    state: charter.State, signed: bytes
) -> tuple[charter.Accreditation, bytes, FollowedSaid]:
    """Check who says which transactions followed; gives right, thumbprint and what is said."""
    sign1 = cose.parse_sign1(signed)
    right = party_of(state, sign1)
    refusal = _no("report of transactions", "standing followed --key FILE TRANSACTION")
    return right, sign1.kid, read_said(sign1, _FOLLOWED_TYP, FollowedSaid, refusal)


def _no(what: str, command: str) -> Refused:
    return Refused("E-RECALL-01", f"This is no {what}.", why="", fix=f"Make it with: {command}.")
