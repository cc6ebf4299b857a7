"""Bytes of a small ledger are flipped one by one: verify says so, or the byte means nothing.

Every third byte in the short form, every byte in the long one (`make fuzz`).

What means nothing is decided without our code: SQLite reads the same tables from the file and
finds it whole. Everything else that verify does not notice is listed here with its reason.
"""

import multiprocessing
import os
import shutil
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from standing.audit import verify_ledger
from standing.audit._opened import open_ledger
from standing.audit._verify import _CHECKS, _one
from tests.support import TODAY, make_ledger, row

WORKERS = 2
CHUNK = 512
FLIP = 0x01
STRIDE = 1 if os.environ.get("STANDING_FAULTS") == "all" else 3

GAPS = {
    ("vault.db", "runs.level"): "it tells when runs merge, and changes no answer",
    **{
        ("vault.db", f"{table}.{column}"): why
        for table, (columns, why) in {
            "asked": (
                ("name", "day", "question", "answer", "checkpoint", "expires", "followed"),
                "keyed hashes that outlive an erasure: the same transaction is not asked twice",
            ),
            "asking": (
                ("party", "day", "asked", "followed"),
                "counts that outlive an erasure: a party that asks for nothing is suspended",
            ),
            "cursors": (("name", "value"), "how far notices and recalls were looked for"),
        }.items()
        for column in columns
    },
}
"""What verify does not notice although SQLite reads it: nothing that an answer hangs on."""

Dump = dict[str, tuple[list[str], list[tuple[object, ...]]]]
_PUBLIC_FIRST = ("statements", "trust", "log", "documents", "packs")
_PRIVATE_FIRST = (
    "statements", "databases", "marks", "people", "cases", "records", "indexes", "answers",
    "scores",
)  # fmt: skip


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One person with one record, one question, one stated score: closed."""
    town = make_ledger(tmp_path_factory.mktemp("flip"), subjects=0, page_size=512)
    with town.ledger.publishing_later():
        town.add_person()
        town.import_rows([row(0)])
        town.ledger.decide(town.ask("card-0"))
        town.ledger.score_all("transit")
        town.move_to(TODAY + 1)
        town.ledger.tick()
    assert town.ledger.verify().ok
    town.ledger.close()
    return town.directory


def holds(directory: Path, first: tuple[str, ...]) -> bool:
    """Say whether every check of verify holds, asking the likeliest to fail first."""
    try:
        ledger = open_ledger(directory)
    except Exception:  # noqa: BLE001 - whatever it is, verify itself must answer for it
        return verify_ledger(directory).ok  # never raises
    try:
        order = [*first, *(name for name in _CHECKS if name not in first)]
        return all(_one(name, partial(_CHECKS[name], ledger)).ok for name in order)
    finally:
        ledger.close()


def logical_dump(path: Path) -> Dump | None:
    """Give all that SQLite reads, by table, or nothing where it finds the file damaged.

    Of its own schema table SQLite uses name and text alone, stored as text or as a blob.
    """
    db = sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)
    try:
        schema = db.execute(
            "SELECT CAST(name AS TEXT), CAST(sql AS TEXT) FROM sqlite_master WHERE sql IS NOT NULL"
        ).fetchall()
        dump: Dump = {"the schema": (["name", "sql"], schema)}
        for name, sql in schema:
            if sql.startswith("CREATE TABLE"):
                found = db.execute(f'SELECT * FROM "{name}"')
                columns = [column[0] for column in found.description]
                dump[name] = columns, [tuple(map(repr, values)) for values in found]
        whole = db.execute("PRAGMA integrity_check").fetchall()
    except (sqlite3.Error, UnicodeDecodeError, OverflowError):
        return None
    finally:
        db.close()
    return dump if whole == [("ok",)] else None


def changed_column(before: Dump, after: Dump | None) -> str:
    """Name the column that a flip changed."""
    for name, (columns, rows) in before.items():
        _, others = (after or {}).get(name, ([], []))
        for mine, other in zip(rows, others, strict=False):
            for column, value, now in zip(columns, mine, other, strict=True):
                if value != now:
                    return f"{name}.{column}"
    return "(more than one value)"


def flip_stretch(
    directory: Path, name: str, start: int, end: int
) -> tuple[int, list[tuple[int, str]]]:
    """Flip each byte of a stretch of one file in a copy: (meaningless, unnoticed offsets)."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "ledger"
        shutil.copytree(directory, copy)
        path = copy / name
        data = path.read_bytes()
        database = path.suffix == ".db"
        dump = logical_dump(path) if database else None
        first = _PRIVATE_FIRST if name == "vault.db" or name.startswith("keys/") else _PUBLIC_FIRST
        meaningless = 0
        unnoticed: list[tuple[int, str]] = []
        with path.open("r+b", buffering=0) as file:
            for at in range(start, min(end, len(data)), STRIDE):
                os.pwrite(file.fileno(), bytes([data[at] ^ FLIP]), at)
                now = logical_dump(path) if database else None
                if now is not None and now == dump:
                    meaningless += 1
                elif holds(copy, first):
                    unnoticed.append((at, changed_column(dump, now) if dump else ""))
                os.pwrite(file.fileno(), data[at : at + 1], at)
        assert path.read_bytes() == data
    return meaningless, unnoticed


def stretches(directory: Path) -> Iterable[tuple[str, int, int]]:
    for path in sorted(p for p in directory.rglob("*") if p.is_file()):
        name = path.relative_to(directory).as_posix()
        for start in range(0, path.stat().st_size, CHUNK):
            yield name, start, start + CHUNK


@pytest.mark.slow
def test_verify_notices_every_flipped_byte_that_means_something(
    small: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    jobs = list(stretches(small))
    flipped = sum(p.stat().st_size for p in small.rglob("*") if p.is_file()) // STRIDE
    meaningless: Counter[str] = Counter()
    unnoticed: list[tuple[str, int, str]] = []
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(WORKERS, mp_context=context) as pool:
        found = pool.map(flip_stretch, *zip(*((small, *job) for job in jobs), strict=True))
        for (name, _, _), (free, missed) in zip(jobs, found, strict=True):
            meaningless[name] += free
            unnoticed += [(name, at, column) for at, column in missed]
    with capsys.disabled():
        print(  # noqa: T201 - how much was left out belongs beside the verdict
            f"\nabout {flipped:,} bytes flipped; meaningless to SQLite: {dict(+meaningless)}"
        )
    silent = [(name, at, column) for name, at, column in unnoticed if (name, column) not in GAPS]
    assert silent == []
