"""An operator who cheats: holds vault and keys of a copy, changes one thing, keeps the indexes tidy.

Each gives whether there was anything to change. None of them has a signing key of anybody else, and
none can change what the log holds: whatever they do, `standing verify` must find it.
"""

from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import msgspec

from standing.vault import (
    Evidence,
    LeafKind,
    Step,
    Vault,
    leaf_of,
    new_salt,
    pack_bodies,
    preimage,
    seal,
    signed_digest,
)
from standing.wire.keys import SigningKey
from standing.wire.proofs import make_proof
from tests.machine.stage import CONTEXT

Cheat = Callable[[Vault, Random], bool]


def _committed(vault: Vault, kind: type[Any]) -> list[tuple[Any, bytes, int, str]]:
    """List (document, leaf, owner, context) of what a marks statement holds."""
    rows = vault.db.execute("SELECT leaf, subject, context FROM documents WHERE marks IS NOT NULL")
    found = [
        (vault.filed.document(leaf).document, leaf, owner, at)
        for leaf, owner, at in rows.fetchall()
    ]
    return [one for one in found if isinstance(one[0], kind)]


def _drop(vault: Vault, leaf: bytes) -> None:
    vault.db.execute("DELETE FROM documents WHERE leaf=?", (leaf,))
    vault.db.execute("DELETE FROM steps WHERE leaf=?", (leaf,))


def _replace(vault: Vault, leaf: bytes, new: Any, owner: int, context: str) -> None:
    """Put another document in a document's place, sealed and indexed as if it had been there."""
    data, fresh = preimage(new), leaf_of(new)
    sealed = seal(vault.keys.require(owner, context), fresh, data)
    vault.db.execute(
        "UPDATE documents SET leaf=?, sealed=?, day=? WHERE leaf=?", (fresh, sealed, new.day, leaf)
    )
    vault.db.execute("UPDATE steps SET leaf=? WHERE leaf=?", (fresh, leaf))


def hide_a_step(vault: Vault, draw: Random) -> bool:
    """The last step of a case was never taken."""
    last = [
        steps[-1][0]
        for opening, _, _ in vault.cases.every()
        if len(steps := vault.cases.steps(opening)) > 1
    ]
    kept = {leaf for _, leaf, _, _ in _committed(vault, Step)}
    found = sorted(set(last) & kept)
    if found:
        _drop(vault, draw.choice(found))
    return bool(found)


def hide_a_case(vault: Vault, draw: Random) -> bool:
    """A case never was, nor its files."""
    found = [
        (opening, vault.cases.steps(opening))
        for opening, _, _ in vault.cases.every()
        if vault.filed.document(opening).marks is not None
    ]
    if not found:
        return False
    opening, steps = draw.choice(found)
    for leaf, step in steps:
        for file in step.facts.get("files", ()):
            _drop(vault, file)
        _drop(vault, leaf)
    vault.db.execute("DELETE FROM cases WHERE opening=?", (opening,))
    vault.db.execute("DELETE FROM freezes WHERE opening=?", (opening,))
    return True


def soften_a_ruling(vault: Vault, draw: Random) -> bool:
    """A reviewer ruled otherwise."""
    other = {"uphold": "annul", "annul": "uphold", "correct": "uphold", "inadmissible": "annul"}
    found = [one for one in _committed(vault, Step) if "outcome" in one[0].facts]
    if not found:
        return False
    step, leaf, owner, context = draw.choice(found)
    outcome = other.get(step.facts["outcome"], "decline")
    facts = step.facts | {"outcome": outcome}
    _replace(vault, leaf, msgspec.structs.replace(step, facts=facts), owner, context)
    return True


def move_a_step_to_another_day(vault: Vault, draw: Random) -> bool:
    """A clock began to run sooner."""
    found = _committed(vault, Step)
    if not found:
        return False
    step, leaf, owner, context = draw.choice(found)
    _replace(vault, leaf, msgspec.structs.replace(step, day=step.day - 5), owner, context)
    return True


def forge_a_ruling(vault: Vault, draw: Random) -> bool:
    """A ruling of today, signed with a key of the cheat's own, under its name or a reviewer's."""
    found = [
        (opening, owner, steps)
        for opening, owner, _ in vault.cases.every(lifecycle="contest", context=CONTEXT)
        if owner and (steps := vault.cases.steps(opening))
    ]
    if not found:
        return False
    opening, owner, steps = draw.choice(found)
    thief = SigningKey.generate()
    reviewers = [s.kid for _, s in steps if s.event in {"rule", "decide", "extend", "recuse"}]
    kid = draw.choice([thief.public.thumbprint, *reviewers])
    first = steps[0][1]
    facts = {
        "outcome": "uphold", "reasons": "Nothing is wrong with this record at all.",
        "opened": [first.facts["named"] or "the score"],
    }  # fmt: skip
    step = Step(
        new_salt(), vault.marks.newest_waiting() or steps[-1][1].day, CONTEXT, first.pseudonym, "contest",
        opening, len(steps), "rule", facts, kid, [],
    )  # fmt: skip
    proof = make_proof(thief, signed_digest(step))
    with vault.transaction():
        vault.add(msgspec.structs.replace(step, proof=proof), owner, CONTEXT)
    return True


def change_a_file(vault: Vault, draw: Random) -> bool:
    """The evidence said something else."""
    found = _committed(vault, Evidence)
    if not found:
        return False
    file, leaf, owner, context = draw.choice(found)
    changed = msgspec.structs.replace(file, data=file.data + b"!")
    _replace(vault, leaf, changed, owner, context)
    return True


def lose_a_file(vault: Vault, draw: Random) -> bool:
    """There was no evidence."""
    found = _committed(vault, Evidence)
    if found:
        _drop(vault, draw.choice(found)[1])
    return bool(found)


def move_a_record(vault: Vault, draw: Random) -> bool:
    """It was somebody else."""
    people = vault.people.numbers(CONTEXT)
    found = [
        (batch, place)
        for batch in vault.batches.each()
        for place, kind in enumerate(batch.kinds)
        if kind == LeafKind.RECORD and {*people} - {batch.owners[place]}
    ]
    if not found:
        return False
    batch, place = draw.choice(found)
    other = draw.choice(sorted({*people} - {batch.owners[place]}))
    opened = vault.filed.open_record(batch, place)
    bodies, owners = list(batch.bodies), list(batch.owners)
    bodies[place] = seal(vault.keys.require(other, CONTEXT), opened.leaf, preimage(opened.record))
    owners[place] = other
    packed = b"".join(owner.to_bytes(8, "little") for owner in owners)
    vault.db.execute(
        "UPDATE batches SET owners=?, bodies=? WHERE id=?", (packed, pack_bodies(bodies), batch.id)
    )
    return True


def move_a_step_to_another_subject(vault: Vault, draw: Random) -> bool:
    """It was somebody else who contested."""
    people = vault.people.numbers(CONTEXT)
    found = [one for one in _committed(vault, Step) if one[3] == CONTEXT and one[2]]
    found = [one for one in found if {*people} - {one[2]}]
    if not found:
        return False
    step, leaf, owner, _ = draw.choice(found)
    other = draw.choice(sorted({*people} - {owner}))
    sealed = seal(vault.keys.require(other, CONTEXT), leaf, preimage(step))
    vault.db.execute("UPDATE documents SET subject=?, sealed=? WHERE leaf=?", (other, sealed, leaf))
    return True


def forget_somebody_quietly(vault: Vault, draw: Random) -> bool:
    """Somebody never was here: all of theirs is gone, and no erasure says so."""
    people = vault.people.numbers(CONTEXT)
    if not people:
        return False
    gone = draw.choice(people)
    leaves = vault.db.execute("SELECT leaf FROM documents WHERE subject=?", (gone,)).fetchall()
    for (leaf,) in leaves:
        _drop(vault, leaf)
    for table in ("names", "links", "consents", "freezes", "cases", "adults"):
        vault.db.execute(f"DELETE FROM {table} WHERE subject=?", (gone,))
    return True


def undo_a_withdrawal(vault: Vault, _draw: Random) -> bool:
    """Consent goes on, as far as the index knows."""
    changed = vault.db.execute("UPDATE consents SET withdrawn=NULL WHERE withdrawn IS NOT NULL")
    return changed.rowcount > 0


def undo_a_stop(vault: Vault, _draw: Random) -> bool:
    """Nobody was stopped, as far as the index knows."""
    return vault.db.execute("DELETE FROM freezes").rowcount > 0


def let_a_clock_stand(vault: Vault, draw: Random) -> bool:
    """A case is never due, as far as the index knows."""
    names = [name for (name,) in vault.db.execute("SELECT name FROM cases WHERE due<2147483648")]
    if not names:
        return False
    vault.db.execute("UPDATE cases SET due=2147483648 WHERE name=?", (draw.choice(names),))
    return True


CHEATS: dict[str, Cheat] = {
    cheat.__name__: cheat
    for cheat in (
        hide_a_step, hide_a_case, soften_a_ruling, move_a_step_to_another_day, forge_a_ruling,
        change_a_file, lose_a_file, move_a_record, move_a_step_to_another_subject,
        forget_somebody_quietly, undo_a_withdrawal, undo_a_stop, let_a_clock_stand,
    )
}  # fmt: skip


def cheat(directory: Path, draw: Random) -> str:
    """Change one thing in a ledger that nobody has open; gives what, or "" where nothing could be."""
    for name in draw.sample(sorted(CHEATS), len(CHEATS)):
        vault = Vault.open(directory / "vault.db", directory / "keys")
        try:
            if CHEATS[name](vault, draw):
                return name
        finally:
            vault.close()
    return ""
