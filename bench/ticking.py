"""`tick`: open clocks, some of them due; the cases are written into the vault directly."""

import hashlib
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.memory import PeakMemory
from standing.cases.lifecycles import WorkingDays, case_of
from standing.demo._keys import new_key
from standing.engine import SimulatedClock
from standing.ledger import Ledger, Ticked, create
from standing.vault import Step, case_name, new_salt, preimage, seal
from standing.verify.tree import leaf_hash

_CLOCKS = 1_000_000
_DUE = 10_000
_A_SUBJECT = 10
_FILED = 20_005  # a Friday
_CONTEXT = "transit"
_WORDS = "The ticket that I showed was valid for this ride, and the reader was out of order."


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _contest(subject: int, day: int) -> Step:
    facts = {"target": "score", "words": _WORDS}
    pseudonym = f"s_{subject:026}"
    return Step(
        new_salt(), day, _CONTEXT, pseudonym, "contest", b"", 0, "file", facts, b"k" * 32,
        ["cose", b"p" * 64],
    )  # fmt: skip


def _due_of(day: int) -> int:
    """Ask the table itself when a contest that was filed on a day moves."""
    step = _contest(1, day)
    case = case_of([(leaf_hash(preimage(step)), step)], subject=1, day=day, days=WorkingDays())
    assert case is not None
    assert case.due is not None
    return case.due


def _fill(ledger: Ledger, clocks: int, due: int, last: int) -> None:
    """Write open contests: so many that are due on `last`, the others filed on the days after."""
    vault = ledger._core.vault  # noqa: SLF001 - a million steps by verbs would take an hour
    subjects = clocks // _A_SUBJECT + 1
    with vault.transaction():
        vault.keys.ensure([(number, _CONTEXT) for number in range(1, subjects + 1)])
        entry = b"bench".ljust(32, b"\0")
        marks = 1 + vault.db.execute("SELECT max(id) FROM marks").fetchone()[0]
        vault.db.execute("INSERT INTO marks VALUES (?, ?, 1, x'')", (marks, entry))
        later = list(range(_FILED + 1, last))
        dues = {day: _due_of(day) for day in (_FILED, *later)}
        rows = _rows(vault, clocks, due, later, dues, marks)
        documents, steps, cases = zip(*rows, strict=True)
        vault.db.executemany("INSERT INTO documents VALUES (?,?,?,?,?,?,?,?)", documents)
        vault.db.executemany("INSERT INTO steps VALUES (?,?,?)", steps)
        vault.db.executemany("INSERT INTO cases VALUES (?,?,?,?,?,?)", cases)
        vault.outbox.move_cursor("marks", marks)


def _rows(
    vault: Any, clocks: int, due: int, later: list[int], dues: dict[int, int], marks: int
) -> Iterator[tuple[tuple[Any, ...], tuple[Any, ...], tuple[Any, ...]]]:
    for number in range(clocks):
        subject = number // _A_SUBJECT + 1
        # spread over everybody, so that what is due lies as it would
        is_due = number * due // clocks != (number - 1) * due // clocks
        day = _FILED if is_due else later[number % len(later)]
        data = preimage(_contest(subject, day))
        leaf = leaf_hash(data)
        sealed = seal(vault.keys.require(subject, _CONTEXT), leaf, data)
        yield (
            (leaf, "step", day, subject, _CONTEXT, sealed, marks, number),
            (leaf, 0, leaf),
            (case_name(leaf), leaf, subject, _CONTEXT, "contest", dues[day]),
        )


def bench_tick(folder: Path, scale: float) -> dict[str, Any]:
    """Tick over open clocks of which some are due, then with all of them due.

    The peer is the same look-up in SQLite alone: read the due rows, write the next day.
    """
    clocks, due = round(_CLOCKS * scale), round(_DUE * scale)
    last = _due_of(_FILED)
    clock = SimulatedClock(_FILED)
    ledger = create(
        folder / "ledger", new_key("operator", "city"), origin="bench/standing", clock=clock
    )
    clock.advance_to(last)
    ledger.tick()  # the days up to here are marked before the cases are there
    _say(f"writing {clocks:,} open clocks")
    _fill(ledger, clocks, due, last)
    _say("ticking")
    with PeakMemory() as memory:
        some, seconds = _tick(ledger)
        assert some.clocks == due, some
        _, idle = _tick(ledger)
        _say(f"{due:,} due: {seconds:.2f} s; nothing due: {1000 * idle:.1f} ms")
        clock.advance_to(last + 30)
        _say("ticking with all of them due")
        everything, whole = _tick(ledger)
    assert everything.clocks == clocks - due, everything
    peer = _sqlite(ledger, folder, due)
    ledger.close()
    return {
        "open_clocks": clocks,
        "due": due,
        "seconds": round(seconds, 3),
        "seconds_with_nothing_due": round(idle, 4),
        "all_due": clocks - due,
        "all_due_seconds": round(whole, 2),
        "cases_per_second": round((clocks - due) / whole),
        "peak_mb": memory.mb,
        "peers": {"sqlite_rows_alone_seconds": peer},
    }


def _tick(ledger: Ledger) -> tuple[Ticked, float]:
    began = time.perf_counter()
    done = ledger.tick()
    return done, time.perf_counter() - began


def _sqlite(ledger: Ledger, folder: Path, due: int) -> float:
    """Find and move as many rows of a copy of the table of cases, with nothing opened."""
    import sqlite3  # noqa: PLC0415 - the peer's own need

    db = sqlite3.connect(folder / "peer.db", isolation_level=None)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    db.execute("CREATE TABLE cases(name TEXT PRIMARY KEY, due INTEGER) WITHOUT ROWID")
    names = ledger._core.vault.db.execute("SELECT name FROM cases ORDER BY name")  # noqa: SLF001
    rows = [(name, hashlib.sha256(name.encode()).digest()[0]) for (name,) in names]
    rows = [
        (name, 1 if place < due else 2)
        for place, (name, _) in enumerate(sorted(rows, key=lambda r: r[1]))
    ]
    db.execute("BEGIN")
    db.executemany("INSERT INTO cases VALUES (?,?)", rows)
    db.execute("COMMIT")
    db.execute("CREATE INDEX cases_due ON cases(due)")
    began = time.perf_counter()
    db.execute("BEGIN")
    found = db.execute("SELECT name FROM cases WHERE due<=1").fetchall()
    db.executemany("UPDATE cases SET due=3 WHERE name=?", found)
    db.execute("COMMIT")
    seconds = time.perf_counter() - began
    db.close()
    return round(seconds, 3)
