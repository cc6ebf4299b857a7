"""Taking steps in cases: one door for every event of every lifecycle.

A step is drafted for whoever is to sign it, checked against its table, proved, and durable in the
vault when the verb returns. Relief needs no log: the step is a leaf of the next marks.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from standing.cases import standing
from standing.cases.lifecycles import (
    Case,
    Event,
    Lifecycle,
    RecordView,
    World,
    case_of,
    event_of,
    is_again,
    read_facts,
    step_on,
    table_of,
)
from standing.errors import Refused
from standing.ledger import _world
from standing.ledger._core import Core
from standing.vault import Evidence, Step, case_name, leaf_of, new_salt, signed_digest
from standing.wire.keys import PublicKey, SigningKey
from standing.wire.proofs import make_proof, normalise_proof, verify_proof

MAX_FILE_BYTES: Final = 10 << 20
MAX_FILES: Final = 10
_MAX_NAME: Final = 120


@dataclass(frozen=True)
class Draft:
    """A step that waits for its proof, and the files that come with it."""

    step: Step
    subject: int
    evidence: tuple[Evidence, ...] = ()

    @property
    def digest(self) -> bytes:
        """What is to be signed: SHA-256, by key file or passkey."""
        return signed_digest(self.step)

    def proved(self, proof: list[Any]) -> "Draft":
        """Put a proof in."""
        step = msgspec.structs.replace(self.step, proof=normalise_proof(proof))
        return Draft(step, self.subject, self.evidence)

    def signed(self, key: SigningKey) -> "Draft":
        """Prove it with a key at hand."""
        return self.proved(make_proof(key, self.digest))


def draft_opening(
    core: Core,
    number: int,
    context: str,
    lifecycle: str,
    event: str,
    facts: Mapping[str, Any],
    *,
    by: PublicKey,
    files: Sequence[tuple[str, bytes]] = (),
) -> Draft:
    """Write the step that opens a case about a subject."""
    table = table_of(lifecycle)
    where = context if table.within else ""
    said = dict(facts)
    said |= _found(core, number, where, lifecycle, said)
    return _draft(core, number, where, lifecycle, b"", 0, event, said, by, files)


def _found(
    core: Core, number: int, context: str, lifecycle: str, said: Mapping[str, Any]
) -> dict[str, Any]:
    """Find what an opening step must say and its writer need not know."""
    name = str(said.get("named" if lifecycle == "contest" else "record", ""))
    records = _world.Records(core, number, context, ()) if context else {}
    found: dict[str, Any] = {}
    if (lifecycle == "reply" or said.get("target") == "record") and "issuer" not in said:
        found["issuer"] = records[name].issuer if name in records else ""
    if lifecycle == "contest" and "again" not in said:
        others = _world.cases_of(core, number, context)
        found["again"] = is_again(said.get("target"), said.get("named", ""), others)
    return found


def refuse_alike(
    core: Core, context: str, lifecycle: str, event: str, facts: Mapping[str, Any], by: PublicKey
) -> None:
    """Refuse a proposal about nobody as one about somebody with nothing that counts.

    Whoever proposes a restriction learns nothing of who is enrolled. Does nothing elsewhere.
    """
    if lifecycle != "restriction":
        return
    table = table_of(lifecycle)
    said = read_facts(table.move(event), facts)
    signer = _world.signer_of(core, by.thumbprint, 0, context, lifecycle)
    proposed = Event(0, core.today, event, said, by.thumbprint, b"")
    step_on(table, None, proposed, signer, _world.world_of(core, 0, context))


def draft_step(
    core: Core,
    name: str,
    event: str,
    facts: Mapping[str, Any],
    *,
    by: PublicKey,
    files: Sequence[tuple[str, bytes]] = (),
) -> Draft:
    """Write the next step of a case."""
    case = _world.find_case(core, name)
    if (case.lifecycle, event) == ("restriction", "open"):
        facts = {"at": core.engine.clock.now(), **facts}
    return _draft(
        core, case.subject, case.context, case.lifecycle, case.opening, len(case.events), event,
        facts, by, files,
    )  # fmt: skip


def _draft(
    core: Core, number: int, context: str, lifecycle: str, opening: bytes, place: int, event: str,
    facts: Mapping[str, Any], by: PublicKey, files: Sequence[tuple[str, bytes]],
) -> Draft:  # fmt: skip
    pseudonym = core.vault.secret.pseudonym(number, context) if number else ""
    evidence = tuple(_evidence(core, context, pseudonym, *file) for file in files)
    if len(evidence) > MAX_FILES:
        raise _too_many_files(len(evidence))
    values = dict(facts)
    if evidence:
        values["files"] = [*values.get("files", ()), *(leaf_of(one) for one in evidence)]
    step = Step(
        new_salt(), core.today, context, pseudonym, lifecycle, opening, place, event, values,
        by.thumbprint, [],
    )  # fmt: skip
    return Draft(step, number, evidence)


def _evidence(core: Core, context: str, pseudonym: str, name: str, data: bytes) -> Evidence:
    _check_file(name, len(data))
    return Evidence(new_salt(), core.today, context, pseudonym, name, data)


def _check_file(name: str, size: int) -> None:
    plain = name.isprintable() and not name.startswith(".") and not set('/\\:*?"<>|') & set(name)
    if not plain or not 0 < len(name) <= _MAX_NAME:
        raise _unfit_file(
            f"a file named {name!r}",
            f"a name has 1 to {_MAX_NAME} printable characters, no path and no leading dot",
            "Give the file a plain name.",
        )
    check_size(name, size)


def check_size(name: str, size: int) -> None:
    """Refuse a file that is empty or too large, before it is read; raises `E-CASE-08`."""
    if not 0 < size <= MAX_FILE_BYTES:
        raise _unfit_file(
            f"{size:,} bytes in {name!r}",
            f"a file has 1 to {MAX_FILE_BYTES:,} bytes",
            "Send what shows the point: a page, a picture, a short part of a recording.",
        )


def _too_many_files(count: int) -> Refused:
    return _unfit_file(
        f"{count} files", f"a step carries {MAX_FILES} at most", "Send the others next."
    )


def _unfit_file(got: str, allowed: str, fix: str) -> Refused:
    return Refused(
        "E-CASE-08",
        "This file cannot be kept as evidence.",
        why=f"Got {got}; {allowed}.",
        fix=fix,
    )


# --- taking -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Judged:
    """A step that has its place: what it says, what it looked at, and the case after it."""

    event: Event
    world: World
    after: Case


def check(core: Core, draft: Draft) -> Case:
    """Check a step that waits for its proof, and give the case as it would be; nothing is kept.

    For whoever has shown that they hold its key: others learn nothing of a case (`take`).
    """
    return _judged(core, draft, _steps_before(core, draft)).after


def take(core: Core, draft: Draft) -> Case:
    """Check a proved step and keep it; gives the case after it. A refused one leaves no trace."""
    core.check_clock()
    step = draft.step
    before = _steps_before(core, draft)
    _world.signer_of(core, step.kid, draft.subject, step.context, step.lifecycle)
    key = _world.public_key(core, step.kid, draft.subject)
    # before anything else is looked at: who holds no key learns nothing of a case
    verify_proof(step.proof, key, signed_digest(step), rp_id=core.state.genesis.rp_id)
    judged = _judged(core, draft, before)
    event, after = judged.event, judged.after
    stops = after.lifecycle == "stop" and after.subject != 0
    leaving = core.forgetting(after.subject, after.context, 0) if stops else None
    with leaving or core.vault.transaction():
        store_step(core, draft, after)
        for follow in _follow(core, after, event, judged.world.records.values()):
            store_step(core, *follow)
        if stops and event.name == "confirm":
            leave_all(core, after.subject, after.context)
    return after


def _judged(core: Core, draft: Draft, before: list[tuple[bytes, Step]]) -> _Judged:
    """Check a step against its table and the world of today."""
    step = draft.step
    signer = _world.signer_of(core, step.kid, draft.subject, step.context, step.lifecycle)
    leaf = leaf_of(step)
    event = event_of(leaf, step)
    table, days = table_of(step.lifecycle), _world.working_days(core, step.context)
    files = frozenset(leaf_of(one) for one in draft.evidence)
    world = _world.world_of(core, draft.subject, step.context, files=files)
    if draft.subject:
        case = next((one for one in world.others if one.opening == step.opening), None)
    else:  # nobody's cases are not looked at together
        case = case_of(before, subject=0, day=core.today, days=days)
    step_on(table, case, event, signer, world)
    after = case_of([*before, (leaf, step)], subject=draft.subject, day=core.today, days=days)
    assert after is not None, "it has a step of today"
    return _Judged(event, world, after)


def _steps_before(core: Core, draft: Draft) -> list[tuple[bytes, Step]]:
    """Give the steps that this one follows; raises where it is not of its subject, case or place.

    A draft may come from anywhere: it is not believed. Raises `E-CASE-08`, `-09`, `-11`, `-12`.
    """
    step, table = draft.step, table_of(draft.step.lifecycle)
    if step.day != core.today:
        raise Refused(
            "E-CASE-09",
            "This step was written on another day.",
            why="What is signed names its day, and clocks run from it.",
            fix="Write it again and sign it today.",
        )
    pseudonym = core.vault.secret.pseudonym(draft.subject, step.context) if draft.subject else ""
    before = core.vault.cases.steps(step.opening) if step.opening else []
    place = core.vault.cases.find(case_name(step.opening)) if step.opening else None
    owned = (step.opening, draft.subject, step.context)
    fits = (
        step.pseudonym == pseudonym
        and _is_placed(table, draft)
        and all((e.day, e.context, e.pseudonym) == (step.day, step.context, pseudonym)
                for e in draft.evidence)
        and (place == owned and before[0][1].lifecycle == table.name if step.opening else True)
    )  # fmt: skip
    if not fits:
        raise Refused(
            "E-CASE-11",
            "This step does not belong where it says.",
            why="Its subject, context, lifecycle, case and files must be one another's.",
            fix="Draft it again, for this subject and this case.",
        )
    if len(draft.evidence) > MAX_FILES:
        raise _too_many_files(len(draft.evidence))
    for one in draft.evidence:
        _check_file(one.name, len(one.data))
    if step.number != len(before):
        raise Refused(
            "E-CASE-12",
            "Somebody else took the next step in this case meanwhile.",
            why=f"This would be step {step.number}; the case has {len(before)} steps.",
            fix="Look at the case again, and decide whether yours is still needed.",
            where=case_name(step.opening) if step.opening else table.name,
        )
    return before


def _is_placed(table: Lifecycle, draft: Draft) -> bool:
    """Tell whether a step is in a context or in none, as its table says; a stop may be nobody's."""
    if not draft.subject:
        return table.name == "stop" and not draft.step.context
    return table.within == bool(draft.step.context)


def store_step(core: Core, draft: Draft, after: Case) -> None:
    """Store a step with its files, and bring the indexes up to its case. In a transaction."""
    step = draft.step
    for one in draft.evidence:
        core.vault.add(one, draft.subject, step.context)
    core.vault.add(step, draft.subject, step.context)
    core.vault.cases.set_due(after.opening, after.due)
    index_effects(core, after)


def index_effects(core: Core, case: Case) -> None:
    """Bring the vault's indexes of stops and keys up to a case. In a transaction."""
    last = case.events[-1]
    match case.lifecycle, last.name:
        case "stop", "freeze":
            core.vault.agreed.freeze(case.subject, case.context, case.opened, case.opening)
        case "stop", "resume":
            core.vault.agreed.thaw(case.opening, last.day)
        case "link", "end":
            core.vault.people.end_link(
                case.subject, case.context, case.first.reference, case.opened
            )
        case "recovery", "second" | "cancel":
            others = _world.cases_of(core, case.subject, case.context)
            core.vault.people.set_keys(case.subject, standing.recovered_keys(others))
        case _:
            pass


def _follow(
    core: Core, after: Case, event: Event, records: Iterable[RecordView]
) -> list[tuple[Draft, Case]]:
    """Open what the law opens by itself: a "not me" that was right puts its reference in doubt."""
    is_upheld = after.state in {"conceded", "closed"} and event.name in {
        "concede", "rule", "decide",
    }  # fmt: skip
    if after.lifecycle != "contest" or not is_upheld or after.first.ground != "not-me":
        return []
    if after.state == "closed" and event.facts.outcome != "annul":
        return []
    every = list(records)
    named = next(r for r in every if r.id == after.first.named)
    open_now = {
        c.first.named
        for c in _world.cases_of(core, after.subject, after.context)
        if c.lifecycle == "contest" and c.state != "taken-back"
    }
    return [
        open_by_ledger(
            core, after.subject, after.context, "contest", "file",
            {
                "target": "record", "named": record.id, "ground": "wrong", "issuer": record.issuer,
                "words": f"Recorded under the same reference as {named.id}, which was not theirs.",
            },
        )
        for record in every
        if record.reference == named.reference
        and record.day > after.first.last_use
        and record.negative
        and record.id not in open_now
    ]  # fmt: skip


def open_by_ledger(
    core: Core, number: int, context: str, lifecycle: str, event: str, facts: Mapping[str, Any]
) -> tuple[Draft, Case]:
    """Write an opening step that follows from the law, under the ledger's own key."""
    key = core.require_answer_key("E-CASE-10", "A step is signed and kept.")
    draft = draft_opening(core, number, context, lifecycle, event, facts, by=key.public)
    draft = draft.signed(key)
    days = _world.working_days(core, context)
    case = case_of([(leaf_of(draft.step), draft.step)], subject=number, day=core.today, days=days)
    assert case is not None, "it opens today"
    return draft, case


def leave_all(core: Core, number: int, context: str, *, keep: Iterable[str] = ()) -> None:
    """Close what is open about somebody who leaves, in their favour. In a transaction.

    `keep` names lifecycles whose cases go on: contests that the subject wants to see finished.
    """
    key = core.require_answer_key("E-CASE-10", "A step is signed and kept.")
    for case in _world.cases_of(core, number, context):
        table = table_of(case.lifecycle)
        leaves = [m for m in table.moves if m.event == "leave" and case.state in m.sources]
        if not leaves or case.lifecycle in keep:
            continue
        draft = draft_step(core, case.name, "leave", {}, by=key.public).signed(key)
        days = _world.working_days(core, context)
        steps = [*core.vault.cases.steps(case.opening), (leaf_of(draft.step), draft.step)]
        after = case_of(steps, subject=number, day=core.today, days=days)
        assert after is not None, "it has a step of today"
        store_step(core, draft, after)
