"""What the interface for programs takes and gives, as types: its server and its client share them.

Wishes are what is asked for, views what is given. Bytes are base64 in JSON, days are dates, hashes
hexadecimal. Unknown members of a wish are refused.
"""

from typing import Annotated, Any, Literal

import msgspec

from standing import policy
from standing.ledger.evidence import MAX_FILES
from standing.ledger.holders import Holding
from standing.ledger.intake import BadRecord
from standing.ledger.public import EntryLine, PackLine, View


class Wish(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The common shape of what is asked for."""


class ProblemDetails(View, frozen=True, kw_only=True):
    """RFC 9457, with the five facts that every error of standing has."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    what: str
    why: str
    fix: str
    where: str


class EntryPage(View, frozen=True, kw_only=True):
    """Some entries, newest first; `next` is the cursor of older ones, if there are any."""

    entries: tuple[EntryLine, ...]
    size: int
    next: str | None


class PackFacts(View, frozen=True, kw_only=True):
    """A pack as it was signed, and what its weights come to; `before`: the version before it."""

    line: PackLine
    before: int | None
    pack: dict[str, Any]
    arithmetic: policy.Arithmetic


class Unsigned(View, frozen=True, kw_only=True):
    """A document without its proof: CBOR bytes, and the SHA-256 digest that the proof is over."""

    document: bytes
    digest: str


class Draft(View, frozen=True, kw_only=True):
    """What waits for a signature, for ten minutes."""

    draft: str
    documents: tuple[Unsigned, ...]


class ProofOf(Wish, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A proof: `cose` with a signature, or `webauthn` with the three parts of an assertion."""

    kind: Literal["cose", "webauthn"]
    parts: tuple[bytes, ...]


class Proofs(Wish, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One proof for each document of a draft, in order."""

    proofs: tuple[ProofOf, ...]


class Taken(View, frozen=True, kw_only=True):
    """What was done: where it can be looked at, and the name that it has."""

    place: str
    name: str


class Sender(View, frozen=True, kw_only=True):
    """Who sent the request: the key, and what it is good for today."""

    key: str
    holding: Holding


class Enrolment(Wish, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What kind of subject the sender's key stands for."""

    kind: Literal["person", "sole_trader", "organisation"] = "person"


class ConsentWish(Wish, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What somebody would agree to; `narrower`: less than they agree to now, from today on."""

    context: str
    purposes: tuple[str, ...] | None = None
    issuers: tuple[str, ...] | None = None
    days: int = 730
    narrower: bool = False


class WithdrawalWish(Wish, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where somebody stops; `finish`: contests that are open are ruled on first."""

    context: str
    finish: bool = False


class AttributesWish(Wish, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A region and a group that somebody states, voluntarily; empty takes back."""

    context: str
    region: str = ""
    group: str = ""


class LinkWish(Wish, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An issuer's challenge, and the code that came by the reference's own channel."""

    challenge: bytes
    code: str


class ConsentText(View, frozen=True, kw_only=True):
    """What a consent of today agrees to, in English and Simplified Chinese."""

    context: str
    text: str


class ErasedView(View, frozen=True, kw_only=True):
    """What an erasure did; `complete`: no trace is left in any file."""

    contexts: tuple[str, ...]
    documents: int
    records: int
    complete: bool


class NewFile(Wish, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file that comes with a step."""

    name: Annotated[str, msgspec.Meta(max_length=500)]
    data: bytes


class StepWish(Wish, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A step and what it says, as its table names it; days as dates, bytes in base64."""

    event: str
    facts: dict[str, Any] = {}
    files: Annotated[tuple[NewFile, ...], msgspec.Meta(max_length=MAX_FILES)] = ()


class CaseWish(StepWish, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A case to open; without `subject` about whoever sends this."""

    lifecycle: str
    context: str = ""
    subject: str = ""


class StopWish(Wish, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whom a desk or an issuer is asked to stop: a reference or a pseudonym in a context."""

    name: str
    context: str


class Answered(View, frozen=True, kw_only=True):
    """The answer to one question, for 24 hours; `signed`: the bytes that prove it."""

    answer: str
    purpose: str
    transaction: str
    signed: bytes


class Count(View, frozen=True, kw_only=True):
    """How many it was done for."""

    count: int


class BatchesTaken(View, frozen=True, kw_only=True):
    """What became of batches. Records without consent count as all others do.

    `bad`: where it is not empty nothing was taken, and up to 100 are named; of records that are
    there already (`E-ROW-21`) all are, so that they can be left out.
    """

    records: int
    batches: int
    already_there: int
    bad: tuple[BadRecord, ...] = ()
    total: int = 0


class DraftLine(View, frozen=True, kw_only=True):
    """A rule-maker's draft of a pack in a list; `saved`: in seconds since 1970."""

    context: str
    author: str
    saved: int


class PackDraft(View, frozen=True, kw_only=True):
    """A pack as text, before anybody signs it, and what the linter says of it.

    `unread`: why it cannot be read as a pack; `waiting`: packs of its context that one rule-maker
    has signed and a second has not.
    """

    context: str
    text: str
    findings: tuple[policy.Finding, ...]
    unread: ProblemDetails | None
    waiting: tuple[PackLine, ...]


class SimulationView(View, frozen=True, kw_only=True):
    """A simulation: running, done with its result, or refused with a code and why."""

    state: Literal["running", "done", "refused"]
    result: dict[str, Any] | None = None
    code: str = ""
    why: str = ""
