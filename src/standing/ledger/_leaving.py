"""Stopping without a key: at a desk, or by a reference that an issuer knows the person by.

Nothing that is answered or written tells whether anybody was stopped: a request about somebody who
was never here, or has left, becomes a case like any other, of nobody. The person's own key brings
everything back within 14 days; then, or on confirmation, they have withdrawn.
"""

from contextlib import nullcontext
from dataclasses import dataclass
from typing import Final

from standing.errors import Refused
from standing.ledger import _cases, _people, _rules, _world
from standing.ledger._core import Core
from standing.vault import Link
from standing.wire.keys import PublicKey, SigningKey

_LONGEST: Final = 200  # of a reference that a step can say
_WHO: Final = ("desk", "issuer")


@dataclass(frozen=True)
class Stop:
    """A request to stop: its case, and the day on which it is final unless it is undone."""

    case: str
    day: int
    final: int | None


def freeze(core: Core, name: str, context: str, key: SigningKey) -> Stop:
    """Stop whoever is known by a name, at once: no record, no score, no answer.

    `key` is a desk's, for a pseudonym or a reference, or an issuer's, for one of its references.
    """
    draft = draft_freeze(core, name, context, key.public)
    return take_freeze(core, draft.signed(key), context)


def draft_freeze(core: Core, name: str, context: str, by: PublicKey) -> _cases.Draft:
    """Write the request to stop whoever is known by a name, for the holder of `by` to prove."""
    core.check_clock()
    _rules.next_pack(core, context)  # else it is the name of no context
    kid = by.thumbprint
    signer = _world.signer_of(core, kid, 0, context, "stop")
    if signer.role not in _WHO:
        raise Refused(
            "E-LEAVE-01",
            f"A {signer.role} cannot stop anybody.",
            why="A stop without the person's key is asked for at a desk, or by an issuer that knows"
            " the person by a reference.",
            fix="Use the key of one of these; whoever has their own key withdraws with it.",
        )
    number = _whom(core, name, context, signer.name if signer.role == "issuer" else None)
    is_reference = number and core.vault.people.link(context, name) is not None
    facts = {"reference": name} if is_reference and len(name) <= _LONGEST else {}
    where = context if number else ""
    return _cases.draft_opening(core, number, where, "stop", "freeze", facts, by=by)


def take_freeze(core: Core, draft: _cases.Draft, context: str) -> Stop:
    """Take a proved request to stop; what it does and writes is the same about nobody."""
    with nullcontext() if draft.subject else core.forgetting(0, context, 0):
        case = _cases.take(core, draft)
    return Stop(case.name, case.opened, case.due)


def _whom(core: Core, name: str, context: str, issuer: str | None) -> int:
    """Find whose live consent is to be stopped; 0 for nobody's."""
    number = _world.known_as(core, name, context)
    if not number or (issuer is not None and not _is_known_to(core, number, name, context, issuer)):
        return 0
    return number if core.vault.agreed.live_consents(number, context, core.today) else 0


def _is_known_to(core: Core, number: int, name: str, context: str, issuer: str) -> bool:
    """Tell whether a name is a reference by which this issuer knows a subject."""
    documents = (opened.document for opened in core.vault.filed.documents(number, "link"))
    return any(
        isinstance(document, Link)
        and (document.context, document.reference, document.issuer) == (context, name, issuer)
        for document in documents
    )


def confirm(core: Core, case: str, key: SigningKey) -> Stop:
    """Make a stop final before its 14 days are over: at a desk, or with the person's key."""
    after = _cases.take(
        core, _cases.draft_step(core, case, "confirm", {}, by=key.public).signed(key)
    )
    return Stop(after.name, after.opened, after.since)


def resume(core: Core, key: SigningKey, context: str) -> str:
    """Undo a stop with the person's own key, from today on; gives the pseudonym."""
    number = _people.subject_of(core, key.public)
    stop = _world.running_stop(core, number, context)
    if stop is None:
        raise Refused(
            "E-LEAVE-02",
            f"Nothing is stopped for you in {context!r}.",
            why="Nobody asked for it there, or its 14 days are over.",
            fix="If you have left, agree again: standing consent give. You start at the base.",
        )
    _cases.take(core, _cases.draft_step(core, stop.name, "resume", {}, by=key.public).signed(key))
    return core.vault.secret.pseudonym(number, context)
