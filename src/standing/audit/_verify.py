"""Verify a whole ledger as a stranger would: every check, its count, and what it cannot check."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from standing.audit import _answers, _private, _public
from standing.audit._cases import check_cases
from standing.audit._opened import Opened, open_ledger
from standing.audit._people import check_people
from standing.audit._records import check_records
from standing.errors import Broken, StandingError, Usage


@dataclass(frozen=True)
class Check:
    """One check: how much it covered, what it cannot say, and what failed, if it failed."""

    name: str
    ok: bool
    count: int
    unchecked: str
    problem: StandingError | None = None


@dataclass(frozen=True)
class ShownRecord:
    """One record of a report: what became of it, and what is said beside it."""

    id: str
    issuer: str
    type: str
    day: int
    status: str
    case: str  # the case that gave it this status
    counted: int
    reply: str
    answer: str


@dataclass(frozen=True)
class Verification:
    """The outcome for a whole ledger."""

    checks: tuple[Check, ...]
    log_size: int
    root: bytes
    compared_with: int | None  # the size of the outside checkpoint
    records: tuple[ShownRecord, ...] = ()  # of a report that holds

    @property
    def ok(self) -> bool:
        """Whether every check held."""
        return all(check.ok for check in self.checks)


_NOT_COMPARED = "history: NOT compared with any outside copy"
_TRUTH = "whether an issuer told the truth"

Progress = Callable[[str], None]


def verify_ledger(
    directory: Path, against: bytes | None = None, progress: Progress = lambda _: None
) -> Verification:
    """Check everything in a ledger's directory; never raises for what it finds broken.

    Raises `Usage` where there is no ledger at all.
    """
    try:
        ledger = open_ledger(directory)
    except Usage:
        raise
    except StandingError as problem:
        failed = Check("open", ok=False, count=0, unchecked="everything", problem=problem)
        return Verification((failed,), 0, b"", None)
    except Exception as problem:  # noqa: BLE001 - a damaged file may fail in any library
        unread = _unreadable("opening", problem)
        failed = Check("open", ok=False, count=0, unchecked="everything", problem=unread)
        return Verification((failed,), 0, b"", None)
    try:
        return _run(ledger, against, progress)
    finally:
        ledger.close()


def _run(ledger: Opened, against: bytes | None, progress: Progress) -> Verification:
    checks: list[Check] = []
    for name, step in _CHECKS.items():
        progress(name)
        checks.append(_one(name, partial(step, ledger)))
    compared = None
    if against is None:
        checks.append(Check("history", ok=True, count=0, unchecked=_NOT_COMPARED))
    else:
        progress("history")
        check = _one("history", lambda: (_public.check_history(ledger, against), "later entries"))
        compared = check.count if check.ok else None
        checks.append(check)
    return Verification(tuple(checks), ledger.log.head.size, ledger.log.head.root, compared)


def _one(name: str, run: Callable[[], tuple[int, str]]) -> Check:
    try:
        count, unchecked = run()
    except StandingError as problem:
        return Check(name, ok=False, count=0, unchecked="", problem=problem)
    except Exception as problem:  # noqa: BLE001 - a damaged file may fail in any library
        return Check(name, ok=False, count=0, unchecked="", problem=_unreadable(name, problem))
    return Check(name, ok=True, count=count, unchecked=unchecked)


def _unreadable(name: str, problem: Exception) -> Broken:
    return Broken(
        "E-VERIFY-03",
        f"The check of {name} could not read what it checks.",
        why=f"{type(problem).__name__}: {problem}.",
        fix="Keep this copy as evidence; compare with a mirror or an older backup.",
        where=name,
    )


def _documents(ledger: Opened) -> tuple[int, str]:
    read, elsewhere = _public.check_documents(ledger)
    return read, f"{elsewhere} that lie elsewhere" if elsewhere else ""


def _marks(ledger: Opened) -> tuple[int, str]:
    documents, waiting = _private.check_marks(ledger)
    return documents, f"{waiting} wait for the next interval" if waiting else ""


def _records(ledger: Opened) -> tuple[int, str]:
    counts = check_records(ledger)
    return counts.records, (
        f"{_TRUTH}; {counts.dropped + counts.padding + counts.erased} leaves unopened:"
        f" {counts.padding} padding, {counts.dropped} dropped, {counts.erased} erased"
    )


_CHECKS: dict[str, Callable[[Opened], tuple[int, str]]] = {
    "statements": lambda ledger: (_public.check_charter(ledger), ""),
    "trust": lambda ledger: (_public.check_trust(ledger), "who gave you trust.json"),
    "log": lambda ledger: (_public.check_log_files(ledger), ""),
    "witnesses": _public.check_witnessed,
    "documents": _documents,
    "packs": lambda ledger: (_public.check_packs(ledger), "whether the law is as cited"),
    "databases": lambda ledger: (_private.check_databases(ledger), ""),
    "marks": _marks,
    "people": lambda ledger: (check_people(ledger), "who holds a key"),
    "cases": lambda ledger: (check_cases(ledger), "whether anybody's words are true"),
    "records": _records,
    "indexes": lambda ledger: (_private.check_indexes(ledger), "identities of dropped rows"),
    "answers": lambda ledger: (_answers.check_answers(ledger), ""),
    "scores": lambda ledger: (_private.check_scores(ledger), "scores that were not stored"),
}
