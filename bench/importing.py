"""`import` and `verify`: a file of rows about people, salted, signed, sealed, durable, checked."""

import csv
import random
import sqlite3
import sys
import time
from pathlib import Path
from typing import Any

from bench.memory import PeakMemory
from standing import policy
from standing.audit import _records, verify_ledger
from standing.audit._opened import open_ledger as open_audit
from standing.audit._public import check_charter
from standing.demo._keys import new_key
from standing.engine import SimulatedClock
from standing.ledger import Ledger, create
from standing.packs import shipped
from standing.wire.days import format_day
from standing.wire.keys import KeyFile, SigningKey

_ROWS = 1_000_000
_SUBJECTS = 50_000
FIRST_DAY = 20_000
MAP = """\
context = "transit"
issuer = { constant = "metro" }
reference = "card"
type = "type"
day = "day"
basis = "basis"
signer = "signer"
identified = { constant = "credential-shown" }
id = "id"
"""


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def make_ledger(
    folder: Path, subjects: int, keys: list[SigningKey] | None = None
) -> tuple[Ledger, KeyFile, list[str]]:
    """Enrol so many subjects, the holders of `keys` first; gives an issuer and its act types."""
    clock = SimulatedClock(FIRST_DAY)
    operator = new_key("operator", "city")
    ledger = create(folder / "ledger", operator, origin="bench/standing", clock=clock)
    makers = [new_key("rule-maker", name) for name in ("one", "two")]
    attester, metro = new_key("attester", "office"), new_key("issuer", "metro")
    for key in (*makers, attester, metro):
        contexts = ("transit",) if key.role == "issuer" else ()
        ledger.accredit(
            key.public, role=key.role, name=key.name, until=FIRST_DAY + 999, contexts=contexts,
            by=operator,
        )  # fmt: skip
    ledger.publish_catalogue(shipped("catalogue"), by=makers[0])
    pack = policy.redated(
        policy.parse_pack(shipped("transit")), published=FIRST_DAY, force=FIRST_DAY + 30
    )
    issuer = policy.Organisation(name="metro", employer="metro", role="issuer", kind="private")
    pack = policy.with_organisations(pack, [issuer])
    ledger.publish_pack(policy.canonical(pack), by=makers)
    clock.advance_to(FIRST_DAY + 31)
    assert attester.key is not None
    assert metro.key is not None
    say(f"enrolling {subjects:,} subjects")
    with ledger.bulk():
        for number in range(subjects):
            key = keys[number] if keys and number < len(keys) else SigningKey.generate()
            ledger.enrol(key.public)
            ledger.attest_adult(key.public, 10_000, by=attester.key)
            name = ledger.consent(key, "transit")
            ledger.link(name, f"card-{number:07}", "transit", issuer="metro", by=metro.key)
    clock.advance_to(FIRST_DAY + 40)
    ledger.tick()
    catalogue = policy.parse_catalogue(shipped("catalogue"))
    plain = [
        act
        for act in sorted(pack.acts)
        if not any(field.required for field in catalogue.types[act].fields.values())
    ]
    return ledger, metro, plain


def write_rows(folder: Path, count: int, subjects: int, acts: list[str]) -> Path:
    say(f"writing {count:,} rows")
    chance = random.Random(1)
    path = folder / "rows.csv"
    days = [format_day(day) for day in range(FIRST_DAY + 32, FIRST_DAY + 41)]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "card", "type", "day", "basis", "signer"])
        for n in range(count):
            card = f"card-{chance.randrange(subjects):07}"
            day = days[n % len(days)]
            writer.writerow(
                [f"r{n}", card, acts[n % len(acts)], day, f"ticket {n}", f"officer-{n % 40}"]
            )
    return path


def _import(folder: Path, scale: float) -> tuple[Ledger, Any, PeakMemory]:
    rows, subjects = round(_ROWS * scale), round(_SUBJECTS * scale)
    ledger, metro, acts = make_ledger(folder, subjects)
    path = write_rows(folder, rows, subjects, acts)
    say("importing")
    with PeakMemory() as memory:
        done = ledger.import_file(path, MAP.encode(), {"metro": metro})
    return ledger, done, memory


def bench_import(folder: Path, scale: float) -> dict[str, Any]:
    """Import rows; the peer is SQLite alone, given the same sealed bytes."""
    ledger, done, memory = _import(folder, scale)
    sizes = [
        len(body)
        for batch in ledger._core.vault.batches.each()  # noqa: SLF001 - the peer gets the same rows
        for body in batch.bodies
        if body
    ]
    ledger.close()
    return {
        "records_per_second": done.records_per_second,
        "records": done.records,
        "batches": done.batches,
        "seconds": round(done.seconds, 2),
        "peak_mb": memory.mb,
        "peers": {
            "sqlite_500_a_transaction": _sqlite(folder / "a.db", sizes, 500),
            "sqlite_one_transaction": _sqlite(folder / "b.db", sizes, len(sizes)),
        },
    }


def _sqlite(path: Path, sizes: list[int], together: int) -> int:
    """Insert rows of the same sizes with executemany, synchronous=FULL; rows a second."""
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    db.execute("CREATE TABLE r(id INTEGER PRIMARY KEY, leaf BLOB, sealed BLOB)")
    began = time.perf_counter()
    for start in range(0, len(sizes), together):
        part = sizes[start : start + together]
        db.execute("BEGIN")
        db.executemany(
            "INSERT INTO r(leaf, sealed) VALUES (?,?)", ((b"\1" * 32, b"\2" * n) for n in part)
        )
        db.execute("COMMIT")
    seconds = time.perf_counter() - began
    db.close()
    return round(len(sizes) / seconds)


def bench_verify(folder: Path, scale: float) -> dict[str, Any]:
    """Verify an imported ledger: the records alone, and the whole directory."""
    ledger, done, _ = _import(folder, scale)
    ledger.close()
    say("verifying")
    opened = open_audit(folder / "ledger")
    check_charter(opened)
    _ = opened.documents
    began = time.perf_counter()
    counts = _records.check_records(opened)
    records_seconds = time.perf_counter() - began
    opened.close()
    began = time.perf_counter()
    outcome = verify_ledger(folder / "ledger")
    seconds = time.perf_counter() - began
    return {
        "records_per_second": round(counts.records / records_seconds),
        "records": done.records,
        "whole_seconds": round(seconds, 2),
        "whole_records_per_second": round(counts.records / seconds),
        "ok": outcome.ok,
        "peers": {"sha256_and_aes_gcm_one_core": _bare(counts.records)},
    }


def _bare(records: int) -> int:
    """Decrypt and hash 200-byte texts in one process: the floor under any verification."""
    import hashlib  # noqa: PLC0415 - the peer's own needs
    import os  # noqa: PLC0415

    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415

    key, nonce = AESGCM(os.urandom(32)), os.urandom(12)
    sealed = key.encrypt(nonce, b"x" * 200, None)
    count = min(records, 200_000)
    began = time.perf_counter()
    for _ in range(count):
        hashlib.sha256(key.decrypt(nonce, sealed, None)).digest()
    return round(count / (time.perf_counter() - began))
