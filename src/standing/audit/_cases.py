"""Checks of cases: every step, every file, and the index tables that follow from them.

A case is whole or gone: its numbers have no gap, and no file belongs to nobody.
"""

from collections import Counter
from typing import Any, Final

from standing.audit._broken import broken
from standing.audit._casebook import Casebook, Filed, Scene, files_named
from standing.audit._opened import VAULT_FILE, Opened
from standing.audit._steps import check_steps
from standing.cases.lifecycles import A_DAY, DECISIONS, Case, case_of
from standing.cases.standing import recovered_keys
from standing.vault import case_name

_FOREVER: Final = 2**31


def check_cases(ledger: Opened) -> int:
    """Check every step of every case with its proof, and recompute the indexes; counts steps."""
    book = ledger.casebook
    scenes: dict[tuple[int, str], Scene] = {}
    for opening, filed in book.cases.items():
        place = filed.owner, filed.context
        scene = scenes.get(place)
        if scene is None:
            scene = scenes[place] = Scene(book, *place)
        if opening != filed.steps[0][0]:
            raise broken(
                "A case has lost its beginning.",
                "Its opening step is WITHHELD, or was erased alone.",
                f"case {case_name(opening)}",
            )
        for leaf, step in filed.steps:
            if book.owners[leaf] != place:
                raise broken(
                    "A step is kept for another than the one it is about.",
                    "Its text and its place in the vault disagree.",
                    f"case {case_name(opening)} step {step.number}",
                )
        check_steps(scene, filed.steps)
    _check_files(book)
    _check_haste(book)
    _check_tables(ledger, book)
    return sum(len(filed.steps) for filed in book.cases.values())


def _check_files(book: Casebook) -> None:
    """Demand that each file belongs to a step of its subject, and each step has its files."""
    named: dict[bytes, tuple[int, str]] = {}
    for opening, filed in book.cases.items():
        for leaf in files_named(filed.steps):
            held = book.owners.get(leaf) if leaf in book.evidence else None
            if held != (filed.owner, filed.context) and leaf not in book.erased:
                raise broken(
                    "A file of a case is missing, or is kept for somebody else.",
                    f"No erasure names its leaf {leaf.hex()}.",
                    f"case {case_name(opening)}",
                )
            named[leaf] = filed.owner, filed.context
    secret = book.ledger.vault.secret
    for leaf, file in book.evidence.items():
        owner, context = book.owners[leaf]
        pseudonym = secret.pseudonym(owner, context) if owner else ""
        if named.get(leaf) != (owner, context) or (file.context, file.pseudonym) != (
            context, pseudonym,
        ):  # fmt: skip
            raise broken(
                "A file belongs to no step of its subject.",
                "Nobody who signed anything has brought it.",
                f"leaf {leaf.hex()}",
            )


def _check_haste(book: Casebook) -> None:
    """Demand that no reviewer decided more than a human can in a day (L33)."""
    decided = Counter(
        (_human(book, step.kid), step.day)
        for filed in book.cases.values()
        for _, step in filed.steps
        if step.lifecycle == "restriction" and step.event in DECISIONS
    )
    for (who, day), count in decided.items():
        if count > A_DAY:
            raise broken(
                "A reviewer decided more restrictions in a day than a human can (L33).",
                f"Found {count} on day {day}, allowed are {A_DAY}.",
                f"reviewer {who}",
            )


def _human(book: Casebook, kid: bytes) -> str:
    """Name whoever holds a key: one human may hold several."""
    signer = book.rights.named(kid)
    return signer.name if signer is not None else kid.hex()


def _check_tables(ledger: Opened, book: Casebook) -> None:
    steps: set[tuple[Any, ...]] = set()
    freezes: set[tuple[Any, ...]] = set()
    due: dict[tuple[Any, ...], set[int]] = {}
    recoveries: dict[int, list[Case]] = {}
    for opening, filed in book.cases.items():
        steps |= {(opening, step.number, leaf) for leaf, step in filed.steps}
        case = _last(book, filed)
        row = (case_name(opening), opening, filed.owner, filed.context, case.lifecycle)
        due[row] = _due_days(book, filed, case)
        if case.lifecycle == "stop":  # nobody's too: it writes what anybody's does
            resumed = case.last("resume")
            until = _FOREVER if resumed is None else resumed.day
            freezes.add((filed.owner, filed.context, case.opened, opening, until))
        if case.lifecycle == "recovery":
            recoveries.setdefault(filed.owner, []).append(case)
    keys = {
        (owner, since, key)
        for owner, cases in recoveries.items()
        for since, key in recovered_keys(cases).items()
    }
    db = ledger.vault.db
    held = {tuple(row[:-1]): row[-1] for row in db.execute("SELECT * FROM cases")}
    wanted = {"steps": steps, "freezes": freezes, "keys": keys}
    wrong = [name for name, rows in wanted.items() if _rows(ledger, name) != rows]
    if held.keys() != due.keys() or any(held[row] not in due[row] for row in due):
        wrong.append("cases")
    if wrong:
        raise broken(
            f"The vault's table of {wrong[0]} is not what its documents give.",
            "A row was added, changed or removed.",
            f"{VAULT_FILE} {wrong[0]}",
        )


def _rows(ledger: Opened, table: str) -> set[tuple[Any, ...]]:
    return set(ledger.vault.db.execute(f"SELECT * FROM {table}"))  # noqa: S608 - names from above


def _last(book: Casebook, filed: Filed) -> Case:
    """Fold a case on the day of its last step."""
    day = filed.steps[-1][1].day
    days = book.calendar(filed.context)
    case = case_of(filed.steps, subject=filed.owner, day=day, days=days)
    assert case is not None, "checked before"
    return case


def _due_days(book: Casebook, filed: Filed, case: Case) -> set[int]:
    """Give each day that the index may name: of the last step, or of any move by itself since.

    Whoever looked last noted the next move; a case that moved unseen keeps the day of that move.
    """
    days = book.calendar(filed.context)
    allowed: set[int] = set()
    while True:
        allowed.add(_FOREVER if case.due is None else case.due)
        if case.due is None or case.due > book.latest_day:
            return allowed
        moved = case_of(filed.steps, subject=filed.owner, day=case.due, days=days)
        assert moved is not None, "it was there before"
        case = moved
