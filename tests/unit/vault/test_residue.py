"""What SQLite leaves of deleted rows between a page's cells is overwritten, and nothing else."""

import random
import sqlite3
from contextlib import closing

import pytest

from standing.vault import _residue
from standing.vault._residue import scrub

SCHEMA = """
CREATE TABLE names(name TEXT PRIMARY KEY, number INTEGER NOT NULL) WITHOUT ROWID, STRICT;
CREATE TABLE texts(leaf BLOB PRIMARY KEY, name TEXT NOT NULL, sealed BLOB NOT NULL, marks INTEGER)
  WITHOUT ROWID, STRICT;
CREATE INDEX texts_of ON texts(name);
CREATE TABLE rows(name TEXT NOT NULL) STRICT;
CREATE INDEX rows_of ON rows(name);
"""
TABLES = ("names", "texts", "rows")


def connect(path):
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA synchronous=OFF")
    db.execute("PRAGMA secure_delete=ON")
    return db


def live_and_leave(path, page_size, seed, steps=2_500):
    """Let rows of all sizes come, change and go; gives the names that are gone."""
    chance = random.Random(seed)
    live, gone = [], []
    with closing(connect(path)) as db:
        db.execute(f"PRAGMA page_size={page_size}")
        db.execute("PRAGMA journal_mode=WAL")
        db.executescript(SCHEMA)
        db.execute("BEGIN")
        for _ in range(steps):
            what = chance.random()
            if what < 0.7 or not live:
                name = chance.randbytes(chance.randint(8, 20)).hex()
                sealed = chance.randbytes(chance.randint(10, 900))
                db.execute("INSERT INTO names VALUES (?,?)", (name, chance.getrandbits(62)))
                db.execute(
                    "INSERT INTO texts VALUES (?,?,?,NULL)", (chance.randbytes(32), name, sealed)
                )
                db.execute("INSERT INTO rows VALUES (?)", (name,))
                live.append(name)
                continue
            name = live.pop(chance.randrange(len(live)))
            if what < 0.85:
                db.execute("UPDATE texts SET marks=? WHERE name=?", (chance.getrandbits(40), name))
                live.append(name)
                continue
            for table in TABLES:
                db.execute(f"DELETE FROM {table} WHERE name=?", (name,))
            gone.append(name.encode())
        db.execute("COMMIT")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    return gone


def content(path):
    with closing(connect(path)) as db:
        return [
            db.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall() for table in TABLES[:2]
        ] + [db.execute("SELECT rowid, name FROM rows ORDER BY 1").fetchall()]


def residues(path, gone):
    data = path.read_bytes()
    return [name for name in gone if name in data]


@pytest.mark.parametrize("page_size", [512, 4096, 65536])
def test_no_name_that_was_deleted_is_left_and_every_row_stays(tmp_path, page_size):
    left = 0
    for seed in range(3):
        path = tmp_path / f"{seed}.db"
        gone = live_and_leave(path, page_size, seed)
        assert len(gone) > 250
        left += len(residues(path, gone))
        before = content(path)
        assert scrub(path) > 0
        assert residues(path, gone) == []
        assert content(path) == before
        with closing(connect(path)) as db:
            assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert scrub(path) == 0
    if page_size == 512 and sqlite3.sqlite_version_info < (3, 46):
        assert left, "nothing to scrub: this test shows nothing"


def test_a_scrubbed_database_is_written_on(tmp_path):
    path = tmp_path / "a.db"
    live_and_leave(path, 512, 9)
    scrub(path)
    with closing(connect(path)) as db:
        for number in range(2_000):
            db.execute("INSERT INTO names VALUES (?,?)", (f"later {number}", number))
        db.execute("DELETE FROM texts WHERE marks IS NULL")
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_long_values_that_look_like_pages_of_a_table_stay(tmp_path):
    """Pages that hold the rest of a long value begin with the number of the next one."""
    path = tmp_path / "a.db"
    value = bytes([13, 0, 0, 0, 1, 9, 0]) * 20_000
    with closing(connect(path)) as db:
        db.execute("CREATE TABLE long(value BLOB)")
        db.execute("INSERT INTO long VALUES (?)", (value,))
    scrub(path)
    with closing(connect(path)) as db:
        assert db.execute("SELECT value FROM long").fetchone() == (value,)


def test_where_kinds_of_pages_cannot_be_told_apart_the_database_is_written_anew(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(_residue, "_AMBIGUOUS_PAGES", 10)
    path = tmp_path / "a.db"
    gone = live_and_leave(path, 512, 3)
    before = content(path)
    scrub(path)
    assert residues(path, gone) == []
    assert content(path) == before
    assert [file.name for file in tmp_path.iterdir()] == ["a.db"]


def test_an_empty_file_is_left_alone(tmp_path):
    path = tmp_path / "a.db"
    path.touch()
    assert scrub(path) == 0
    assert path.read_bytes() == b""
