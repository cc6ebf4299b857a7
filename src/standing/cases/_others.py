"""The smaller lifecycles: reply, record, stop, mandate, keys and their recovery, contact, hold."""

from typing import Annotated, Final, Literal

import msgspec

from standing.cases._guards import (
    MAX_REPLY,
    SUBJECT,
    Day,
    Name,
    Named,
    Nothing,
    Words,
)
from standing.cases._machine import (
    Case,
    Clock,
    Event,
    Facts,
    Guard,
    Lifecycle,
    Move,
    Signer,
    State,
    World,
)
from standing.cases._time import WorkingDays
from standing.cases.addresses import wrong_with
from standing.errors import StandingError
from standing.wire.keys import PublicKey

STOP_DAYS: Final = 14
RECOVERY_DAYS: Final = 14
NOTICE_DAYS: Final = 7
MANDATE_DAYS: Final = 1_095
HOLD_DAYS: Final = 365
MAX_CONTACTS: Final = 5
_KEY_BYTES: Final = 512

Reply = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_REPLY)]
Key = Annotated[bytes, msgspec.Meta(min_length=1, max_length=_KEY_BYTES)]


# --- reply --------------------------------------------------------------------------------------


class ReplyTo(Facts, frozen=True, kw_only=True):
    """What the subject says beside a record, wherever it is shown."""

    record: Name
    words: Reply
    issuer: Named = ""


class Replaced(Facts, frozen=True, kw_only=True):
    """The words that now stand there."""

    words: Reply


def _own_record(_case: Case | None, event: Event, _signer: Signer, world: World) -> str | None:
    record = world.records.get(event.facts.record)
    if record is None:
        return f"{event.facts.record!r} is no record of this subject in this context"
    if record.issuer != event.facts.issuer:
        return f"the record is of {record.issuer}"
    return None


def _one_reply(_case: Case | None, event: Event, _signer: Signer, world: World) -> str | None:
    for other in world.others:
        is_here = other.lifecycle == "reply" and other.state != "removed"
        if is_here and other.first.record == event.facts.record:
            return f"the reply {other.name} stands beside this record: change that"
    return None


def _its_issuer(case: Case | None, _event: Event, signer: Signer, _w: World) -> str | None:
    if case is not None and signer.name != case.first.issuer:
        return f"the record is of {case.first.issuer}, and this is the key of {signer.name}"
    return None


REPLY: Final = Lifecycle(
    "reply",
    "reply",
    {
        "said": State("shown beside the record wherever it is shown"),
        "answered": State("shown with the issuer's answer"),
        "removed": State("taken back by the subject", final=True),
    },
    (
        Move("reply", SUBJECT, (), ("said",), "shown beside the record", ReplyTo,
             (Guard("L26", "the record is the subject's own", _own_record, lasting=True),
              Guard("L26", "one reply a record", _one_reply))),
        Move("change", SUBJECT, ("said", "answered"), ("said",), "the new words stand", Replaced),
        Move("answer", ("issuer",), ("said", "answered"), ("answered",),
             "the issuer's words stand beside it", Replaced,
             (Guard("L26", "the issuer is the record's own", _its_issuer, lasting=True),)),
        Move("remove", SUBJECT, ("said", "answered"), ("removed",), "gone", Nothing),
    ),
)  # fmt: skip


# --- record -------------------------------------------------------------------------------------


class Retract(Facts, frozen=True, kw_only=True):
    """The issuer takes its record back; only a subject withdraws."""

    record: Name
    words: Words


class SourceEnds(Facts, frozen=True, kw_only=True):
    """The first day on which the source register no longer holds the entry (L10)."""

    record: Name
    on: Day


def _signers_record(_case: Case | None, event: Event, signer: Signer, world: World) -> str | None:
    record = world.records.get(event.facts.record)
    if record is None or record.issuer != signer.name:
        return f"{event.facts.record!r} is no record of {signer.name} here"
    return None


_OWN = Guard("L21", "the record is the signer's own", _signers_record, lasting=True)

RECORD: Final = Lifecycle(
    "record",
    "change of a record by its issuer",
    {
        "retracted": State("counts no more", final=True),
        "source-ends": State("expires with its source register, if that is sooner", final=True),
    },
    (
        Move("retract", ("issuer",), (), ("retracted",), "the record counts no more", Retract,
             (_OWN,)),
        Move("source-ends", ("issuer",), (), ("source-ends",),
             "the record expires on that day at the latest", SourceEnds, (_OWN,)),
    ),
)  # fmt: skip


# --- stop ---------------------------------------------------------------------------------------


class Freeze(Facts, frozen=True, kw_only=True):
    """Somebody asks to stop, at a desk or by a linked reference; no key is needed."""

    reference: Annotated[str, msgspec.Meta(max_length=200)] = ""


def _stopped(case: Case, _days: WorkingDays) -> int:
    return case.opened + STOP_DAYS


STOP: Final = Lifecycle(
    "stop",
    "stop without a key",
    {
        "frozen": State(
            "no record, no score, no answer; it can still be undone with the key",
            Clock("14 days", _stopped, "stopped"),
        ),
        "stopped": State("withdrawn as of the day of the request", final=True),
        "resumed": State("undone with the subject's own key; goes on from then", final=True),
    },
    (
        Move("freeze", ("desk", "issuer"), (), ("frozen",), "everything ends at once", Freeze),
        Move("confirm", SUBJECT, ("frozen",), ("stopped",),
             "withdrawn", Nothing),
        Move("resume", ("subject",), ("frozen",), ("resumed",), "the consent holds again",
             Nothing),
        Move("leave", ("ledger",), ("frozen",), ("stopped",), "withdrawn", Nothing),
    ),
)  # fmt: skip


# --- mandate ------------------------------------------------------------------------------------


class Mandate(Facts, frozen=True, kw_only=True):
    """Whose key may act for the subject, as what, in which matters and contexts, until when.

    No context named is all of them.
    """

    key: Key
    kind: Literal["guardian", "attorney", "interpreter", "adviser"]
    name: Name
    acts: Annotated[
        tuple[Literal["read", "contest", "reply", "restriction", "stop"], ...],
        msgspec.Meta(min_length=1, max_length=5),
    ]
    contexts: Annotated[tuple[Name, ...], msgspec.Meta(max_length=20)] = ()
    until: Day


def _mandate_ends(case: Case, _days: WorkingDays) -> int:
    return int(case.first.until) + 1


def _bounded(_case: Case | None, event: Event, _signer: Signer, _w: World) -> str | None:
    if not event.day <= event.facts.until <= event.day + MANDATE_DAYS:
        return f"it ends on a day within {MANDATE_DAYS} days"
    if event.facts.kind in {"interpreter", "adviser"} and set(event.facts.acts) != {"read"}:
        return f"an {event.facts.kind} may read and no more"
    return None


def _is_key(_case: Case | None, event: Event, _signer: Signer, _w: World) -> str | None:
    try:
        PublicKey.from_cose_key(event.facts.key)
    except StandingError as problem:
        return f"this is no public key: {problem.why}"
    return None


def _own_mandate(case: Case | None, _event: Event, signer: Signer, _w: World) -> str | None:
    assert case is not None, "what was given is revoked"
    own = PublicKey.from_cose_key(case.first.key).thumbprint
    if signer.role == "representative" and own != signer.kid:
        return f"this mandate was given to {case.first.name}"
    return None


_KEY: Final = Guard("L55", "the key is one", _is_key, lasting=True)


def may_act(said: Mandate, context: str, lifecycle: str) -> bool:
    """Tell whether a mandate covers a lifecycle in a context ("" for one of no context)."""
    may = lifecycle in said.acts or lifecycle == "mandate"  # to give it back
    may = may or (lifecycle == "recovery" and said.kind in {"guardian", "attorney"})
    return may and (not context or not said.contexts or context in said.contexts)


MANDATE: Final = Lifecycle(
    "mandate",
    "mandate",
    {
        "live": State(
            "the named key may act for the subject in the named matters",
            Clock("to its last day", _mandate_ends, "ended"),
        ),
        "ended": State("over", final=True),
        "revoked": State("taken back", final=True),
    },
    (
        Move("give", ("subject", "desk"), (), ("live",), "visible in every report", Mandate,
             (_KEY, Guard("L56", "it is scoped and dated", _bounded, lasting=True))),
        Move("revoke", SUBJECT, ("live",), ("revoked",),
             "over at once", Nothing,
             (Guard("L56", "a representative gives back their own", _own_mandate, lasting=True),)),
    ),
    within=False,
)  # fmt: skip


# --- keys ---------------------------------------------------------------------------------------


class SecondKey(Facts, frozen=True, kw_only=True):
    """A second key of the subject's own, kept elsewhere."""

    key: Key


class Recover(Facts, frozen=True, kw_only=True):
    """The key that is to stand for the subject from now on."""

    key: Key


def _fresh_key(_case: Case | None, event: Event, _signer: Signer, world: World) -> str | None:
    if world.is_known_key(event.facts.key):
        return "it stands for a subject, or has stood for one"
    return None


def _second_kind(case: Case | None, event: Event, signer: Signer, world: World) -> str | None:
    assert case is not None, "a second hand follows a first"
    first = world.who(case.events[0].kid)
    if first is not None and first.role == signer.role:
        return f"a {signer.role} has asked already: two of three different ones are needed"
    if event.facts.key != case.first.key:
        return "it names another key than the first"
    return None


def _lapses(case: Case, _days: WorkingDays) -> int:
    return case.opened + RECOVERY_DAYS


def _takes_effect(case: Case, _days: WorkingDays) -> int:
    return case.since + NOTICE_DAYS


KEY: Final = Lifecycle(
    "second-key",
    "second key",
    {
        "kept": State("one of the three that recover a lost key"),
        "removed": State("no longer the subject's", final=True),
    },
    (
        Move("register", ("subject",), (), ("kept",), "it may help to recover", SecondKey,
             (_KEY,)),
        Move("remove", ("subject", "desk"), ("kept",), ("removed",), "it helps no more", Nothing),
    ),
    within=False,
)  # fmt: skip

RECOVERY: Final = Lifecycle(
    "recovery",
    "recovery of a key",
    {
        "asked": State(
            "one of three has asked; the old contacts are told", Clock("14 days", _lapses, "lapsed")
        ),
        "waiting": State(
            "two of three have asked; the old contacts are told; the old key can still stop it",
            Clock("7 days", _takes_effect, "done"),
        ),
        "done": State("the new key stands for the subject", final=True),
        "lapsed": State("nobody else asked in time", final=True),
        "cancelled": State("stopped with the old key", final=True),
    },
    (
        Move("ask", ("second-key", "desk", "representative"), (), ("asked",),
             "every old contact is told", Recover,
             (_KEY, Guard("L55", "the key stands for nobody yet", _fresh_key))),
        Move("second", ("second-key", "desk", "representative"), ("asked",), ("waiting",),
             "every old contact is told again", Recover,
             (Guard("L55", "two of three different ones ask for the same key", _second_kind,
                    lasting=True),
              Guard("L55", "the key stands for nobody yet", _fresh_key))),
        Move("cancel", ("subject",), ("asked", "waiting"), ("cancelled",), "nothing changes",
             Nothing),
    ),
    within=False,
)  # fmt: skip


# --- link ---------------------------------------------------------------------------------------


class EndLink(Facts, frozen=True, kw_only=True):
    """Which reference stands for the subject no more: a ruling gave it to somebody else."""

    reference: Name


LINK: Final = Lifecycle(
    "link",
    "end of a link",
    {"ended": State("the reference stands for somebody else from that day on", final=True)},
    (
        Move("end", ("ledger",), (), ("ended",), "no more is recorded by that reference", EndLink),
    ),
)  # fmt: skip


# --- contact ------------------------------------------------------------------------------------


class Contact(Facts, frozen=True, kw_only=True):
    """Where to say "you have a notice": an address of e-mail, or of a webhook."""

    kind: Literal["email", "webhook"]
    address: Annotated[str, msgspec.Meta(min_length=3, max_length=254)]
    language: Literal["en", "zh-Hans"] = "en"


def _can_be_written_to(
    _case: Case | None, event: Event, _signer: Signer, world: World
) -> str | None:
    return wrong_with(event.facts.kind, event.facts.address, loopback=world.is_simulated)


def _not_too_many(_case: Case | None, _event: Event, _signer: Signer, world: World) -> str | None:
    kept = sum(other.lifecycle == "contact" and other.state == "kept" for other in world.others)
    return f"{kept} are kept; remove one first" if kept >= MAX_CONTACTS else None


CONTACT: Final = Lifecycle(
    "contact",
    "contact",
    {
        "kept": State("told that there is a notice, and no more"),
        "removed": State("told nothing any more", final=True),
    },
    (
        Move("set", ("subject", "desk"), (), ("kept",), "told from now on", Contact,
             (Guard("L18", "it is an address that can be written to", _can_be_written_to,
                    lasting=True),
              Guard("L18", "a subject has 5 contacts at most", _not_too_many))),
        Move("remove", ("subject", "desk"), ("kept",), ("removed",), "told no more", Nothing),
    ),
    within=False,
)  # fmt: skip


# --- hold ---------------------------------------------------------------------------------------


class Hold(Facts, frozen=True, kw_only=True):
    """Which court or claim needs what would be erased, and until when."""

    claim: Name
    words: Words
    until: Day


def _hold_ends(case: Case, _days: WorkingDays) -> int:
    return int(case.first.until) + 1


def _hold_bounded(_case: Case | None, event: Event, _signer: Signer, _w: World) -> str | None:
    if not event.day <= event.facts.until <= event.day + HOLD_DAYS:
        return f"it ends on a day within {HOLD_DAYS} days"
    return None


HOLD: Final = Lifecycle(
    "hold",
    "hold for a claim",
    {
        "held": State(
            "not erased: a claim of the subject or a court needs it; it is used for nothing else",
            Clock("to its last day", _hold_ends, "ended"),
        ),
        "ended": State("over", final=True),
        "released": State("over", final=True),
    },
    (
        Move("hold", ("subject", "oversight"), (), ("held",), "erasure waits", Hold,
             (Guard("L44", "it is dated", _hold_bounded, lasting=True),)),
        Move("release", ("subject", "oversight"), ("held",), ("released",), "erasure goes on",
             Nothing),
    ),
)  # fmt: skip
