"""Statements that others signed, taken into the log as they come: one commit for a whole group.

What binds people passes the same gates as from the command line: a catalogue or a pack is taken
only if its document lies beside the log, reads, passes the linter, and fits what the ledger holds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from standing import charter, policy
from standing.errors import Refused, StandingError
from standing.ledger import _rules
from standing.ledger._core import Core
from standing.ledger._new_pack import check_new_pack
from standing.wire import cose

_OTHER_DOORS: Final = {
    "batch": "the vault takes batches, with what they commit to: standing import",
    "marks": "the ledger publishes its marks itself: standing tick",
    "day": "the ledger moves its day itself, in front of the first statement of a new day",
    "key": "a key of the log is named where its private half is kept: standing key rotate",
}
_RULES: Final = frozenset({"catalogue", "pack"})
_DOCUMENT_KINDS: Final = frozenset({"catalogue", "pack", "document"})


@dataclass(frozen=True)
class Registered:
    """A statement's place in the log, its receipt, and whether this call brought it."""

    index: int
    statement_hash: bytes
    receipt: bytes
    fresh: bool


def register(core: Core, claims: Sequence[charter.Claim]) -> list[Registered | StandingError]:
    """Append what the charter admits, each for itself; durable when it returns."""
    shut = {place: gate for place, claim in enumerate(claims) if (gate := _gate(core, claim))}
    open_claims = [claim for place, claim in enumerate(claims) if place not in shut]
    before = core.log.head.size
    outcomes = iter(core.register(open_claims))
    after = core.log.head.size
    receipts = core.log.receipts(range(before, after))
    results: list[Registered | StandingError] = []
    for place, claim in enumerate(claims):
        name = claim.statement_hash
        outcome = shut[place] if place in shut else next(outcomes)
        if isinstance(outcome, StandingError):
            results.append(outcome)
        elif outcome >= before:
            results.append(Registered(outcome, name, receipts[outcome - before], fresh=True))
        else:
            results.append(Registered(outcome, name, core.log.receipt(outcome), fresh=False))
    return results


def receipt_of(core: Core, statement_hash: bytes) -> bytes | None:
    """Give the receipt of a statement by its hash, or nothing."""
    index = core.log.find(statement_hash)
    return None if index is None else core.log.receipt(index)


def deposit(core: Core, data: bytes) -> bytes:
    """Keep a public document that an accredited key signed for; gives its digest.

    The bytes are a COSE_Sign1 of the kind `deposit` whose payload is the document. Nothing is
    logged: a later statement names the document by its digest.
    """
    key, document = charter.read_deposit(core.state, data)
    if not _DOCUMENT_KINDS.intersection(key.kinds):
        raise Refused(
            "E-REGISTER-03",
            f"{key.name} may not bring documents.",
            why=f"Its key is accredited for: {', '.join(key.kinds) or 'nothing public'}.",
            fix="Sign with a key that may publish catalogues, packs or documents.",
        )
    return core.log.put_document(document)


def _gate(core: Core, claim: charter.Claim) -> Refused | None:
    """Say why a statement may not come this way; what stands in the log already may."""
    guarded = claim.kind in _OTHER_DOORS or claim.kind in _RULES
    if not guarded or core.log.find(claim.statement_hash) is not None:
        return None
    door = _OTHER_DOORS.get(claim.kind)
    if door is not None:
        return Refused(
            "E-REGISTER-01",
            f"Statements of kind {claim.kind!r} come through another door.",
            why=f"{door[:1].upper()}{door[1:]}.",
            fix="Use that door.",
        )
    try:
        _check_rules(core, claim)
    except StandingError as problem:
        return Refused(
            "E-REGISTER-02",
            f"The {claim.kind} cannot be taken.",
            why=str(problem),
            fix="Bring the document first (POST /documents), and lint it: standing pack lint FILE.",
        )
    return None


def _check_rules(core: Core, claim: charter.Claim) -> None:
    statement = charter.parse_statement(cose.parse_sign1(claim.entry))
    assert isinstance(statement, charter.Envelope), "a catalogue and a pack are envelopes"
    document = core.log.document(statement.digest)
    if claim.kind == "catalogue":
        policy.parse_catalogue(document)
        return
    digest, catalogue = _rules.current_catalogue(core)
    pack = policy.load_pack(document, catalogue)
    stated = {name: statement.facts.get(name) for name in ("context", "version", "force")}
    said = {"context": pack.context, "version": pack.version, "force": int(pack.force)}
    if (
        stated != said
        or statement.facts.get("linter") != policy.LINTER_VERSION
        or statement.facts.get("catalogue") != digest
    ):
        raise Refused(
            "E-REGISTER-04",
            "The statement does not say what the pack says.",
            why=f"Stated {stated}, the document says {said}; linter {policy.LINTER_VERSION}"
            f" and catalogue {digest.hex()[:16]} are the current ones.",
            fix="Sign the pack again with the facts of its document.",
        )
    _rules.check_day(core, pack)
    check_new_pack(core, pack, {})
