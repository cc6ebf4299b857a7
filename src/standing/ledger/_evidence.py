"""Taking evidence out again: by its owner, by who acts for them, by who has a part in its case."""

from collections.abc import Iterator
from typing import Final

from standing.cases.lifecycles import Case, Signer, World, files_of
from standing.cases.work import tasks_of
from standing.errors import Refused
from standing.ledger import _world
from standing.ledger._core import Core
from standing.ledger._worklist import is_theirs
from standing.vault import Evidence
from standing.wire.keys import PublicKey

_READERS: Final = frozenset({"issuer", "reviewer"})
_OWNERS: Final = frozenset({"subject", "representative"})


def evidence(core: Core, leaf: bytes, key: PublicKey) -> Evidence:
    """Give a kept file; raises `E-EVIDENCE-01` for whom it is not, and where there is none.

    Both say the same, so that nobody learns from it which files there are.
    """
    row = core.vault.db.execute(
        "SELECT subject, context FROM documents WHERE leaf=? AND kind='evidence'", (leaf,)
    ).fetchone()
    if row is not None and _may_read(core, leaf, row[0], row[1], key.thumbprint):
        kept = core.vault.filed.document(leaf).document
        assert isinstance(kept, Evidence), "its kind says so"
        return kept
    raise Refused(
        "E-EVIDENCE-01",
        "There is no such file for this key.",
        why="It was erased, never was, or belongs to a case in which this key has no part.",
        fix="Name a file by its leaf as standing case show prints it, and the key of its owner.",
        where=f"leaf {leaf.hex()}",
    )


def _may_read(core: Core, leaf: bytes, number: int, context: str, kid: bytes) -> bool:
    whose = (_world.who_is(core, kid, number, context, act) for act in ("read", "contest"))
    signer = next((found for found in whose if found is not None), None)
    if signer is None or signer.role not in _READERS | _OWNERS:
        return False
    if signer.role in _OWNERS:
        return True
    world = _world.world_of(core, number, context)
    for case in _with_file(core, leaf, number, context):
        if signer.role == "issuer":
            if case.lifecycle == "contest" and case.first.issuer == signer.name:
                return True
        elif any(_may_decide(case, signer, world)):
            return True
    return False


def _with_file(core: Core, leaf: bytes, number: int, context: str) -> Iterator[Case]:
    for case in _world.cases_of(core, number, context):
        if any(leaf in files_of(event) for event in case.events):
            yield case


def _may_decide(case: Case, signer: Signer, world: World) -> Iterator[bool]:
    for task in tasks_of(case):
        yield is_theirs(case, task, signer, world)
    yield any(event.kid == signer.kid for event in case.events)
