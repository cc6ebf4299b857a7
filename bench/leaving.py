"""`withdraw` and `erase`: one person with 10,000 records leaves a ledger full of others."""

import csv
import random
import shutil
import sqlite3
import statistics
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from bench.importing import FIRST_DAY, MAP, make_ledger, say
from standing.ledger import Ledger
from standing.wire.days import format_day
from standing.wire.keys import SigningKey

_ROWS = 1_000_000
_SUBJECTS = 50_000
_LEAVERS = 3
_RECORDS = 10_000
_CONTEXT = "transit"


def _prepared(folder: Path, scale: float) -> tuple[Ledger, list[SigningKey]]:
    """Fill a ledger; the leavers' records lie evenly among all others, in every batch."""
    keys = [SigningKey.generate() for _ in range(_LEAVERS)]
    subjects = max(2 * _LEAVERS, round(_SUBJECTS * scale))
    count = max(2 * _LEAVERS * _RECORDS, round(_ROWS * scale))
    ledger, metro, acts = make_ledger(folder, subjects, keys)
    say(f"writing {count:,} rows")
    chance = random.Random(1)
    path = folder / "rows.csv"
    days = [format_day(day) for day in range(FIRST_DAY + 32, FIRST_DAY + 41)]
    stride = count // _RECORDS
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "card", "type", "day", "basis", "signer"])
        for n in range(count):
            leaver = n % stride if n % stride < _LEAVERS and n < stride * _RECORDS else None
            who = chance.randrange(_LEAVERS, subjects) if leaver is None else leaver
            writer.writerow(
                [f"r{n}", f"card-{who:07}", acts[n % len(acts)], days[n % len(days)],
                 f"ticket {n}", f"officer-{n % 40}"]
            )  # fmt: skip
    say("importing")
    ledger.import_file(path, MAP.encode(), {"metro": metro})
    path.unlink()
    say("scoring everybody")
    ledger.score_all(_CONTEXT)
    for number, key in enumerate(keys):
        vault = ledger._core.vault  # noqa: SLF001 - records are counted, and one is contested
        mine = vault.filed.records_of(
            vault.people.find(f"card-{number:07}", _CONTEXT) or 0, _CONTEXT
        )
        assert len(mine) == _RECORDS
        facts = {"target": "record", "named": mine[0].id, "words": "It was not so."}
        ledger.open_case(key.public, _CONTEXT, "contest", "file", facts, key=key)
    return ledger, keys


def _timed(act: Callable[[SigningKey], object], keys: list[SigningKey]) -> list[float]:
    seconds = []
    for key in keys:
        began = time.perf_counter()
        act(key)
        seconds.append(round(time.perf_counter() - began, 4))
    return seconds


def bench_withdraw(folder: Path, scale: float) -> dict[str, Any]:
    """Withdraw with a contest open; the peer is one durable row of SQLite."""
    ledger, keys = _prepared(folder, scale)
    seconds = _timed(lambda key: ledger.withdraw(key, _CONTEXT), keys)
    ledger.close()
    return {
        "milliseconds": round(statistics.median(seconds) * 1e3, 1),
        "worst_milliseconds": round(max(seconds) * 1e3, 1),
        "records": _RECORDS,
        "peers": {"sqlite_one_durable_row_milliseconds": _one_row(folder / "row.db")},
    }


def _one_row(path: Path) -> float:
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=FULL")
        db.execute("CREATE TABLE r(id INTEGER PRIMARY KEY)")
        seconds = []
        for number in range(200):
            began = time.perf_counter()
            db.execute("INSERT INTO r VALUES (?)", (number,))
            seconds.append(time.perf_counter() - began)
    return round(statistics.median(seconds) * 1e3, 3)


def bench_erase(folder: Path, scale: float) -> dict[str, Any]:
    """Erase to the last byte; the peer is a vacuum of the same vault: the usual way to that end."""
    ledger, keys = _prepared(folder, scale)
    seconds = _timed(lambda key: ledger.erase(_CONTEXT, key=key), keys)
    batches = len(ledger._core.vault.batches.ids())  # noqa: SLF001 - how far the records are spread
    ledger.close()
    return {
        "seconds": round(statistics.median(seconds), 3),
        "each": seconds,
        "records": _RECORDS,
        "batches_rewritten": batches,
        "vault_mb": round((folder / "ledger" / "vault.db").stat().st_size / 2**20),
        "peers": {"sqlite_vacuum_seconds": _vacuum(folder)},
    }


def _vacuum(folder: Path) -> float:
    copy = folder / "copy.db"
    shutil.copyfile(folder / "ledger" / "vault.db", copy)
    with closing(sqlite3.connect(copy, isolation_level=None)) as db:
        db.execute("PRAGMA synchronous=FULL")
        began = time.perf_counter()
        db.execute("VACUUM")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        return round(time.perf_counter() - began, 3)
