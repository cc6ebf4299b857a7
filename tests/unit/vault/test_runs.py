"""The sorted runs answer as a set and a dictionary would."""

import sqlite3
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from standing.errors import Broken
from standing.vault import ROWID, known_rows
from standing.vault._runs import (
    POSTING,
    drop_staged_runs,
    load_run_rows,
    load_runs,
    postings_of,
    settle_runs,
    write_run,
)
from standing.vault._schema import SCHEMA

U64 = st.one_of(st.integers(0, 3), st.integers(0, 2**64 - 1))
IDENTITIES = st.lists(st.tuples(U64, U64), max_size=12)
POSTINGS = st.lists(
    st.tuples(st.integers(1, 4) | st.integers(1, 2**63 - 1), st.integers(0, 9), st.integers(0, 99)),
    max_size=12,
    unique=True,
)
FEW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def database() -> sqlite3.Connection:
    db = sqlite3.connect(":memory:", isolation_level=None)
    db.executescript(SCHEMA)
    return db


@pytest.fixture
def db() -> Iterator[sqlite3.Connection]:
    made = database()
    yield made
    made.close()


@FEW
@given(st.lists(IDENTITIES, max_size=20), IDENTITIES)
def test_known_rows_answers_as_a_set_would(
    commits: list[list[tuple[int, int]]], wanted: list[tuple[int, int]]
) -> None:
    db = database()
    known: set[tuple[int, int]] = set()
    for rows in commits:
        write_run(db, "rowid", np.array(rows, ROWID), staged=True)
        settle_runs(db)
        known |= set(rows)
    wanted += sorted(known)[::3]
    hits = known_rows(load_runs(db, "rowid"), np.array(wanted, ROWID))
    assert hits.tolist() == [row in known for row in wanted]
    db.close()


@FEW
@given(st.lists(POSTINGS, max_size=20))
def test_postings_answer_as_a_dictionary_would(
    commits: list[list[tuple[int, int, int]]],
) -> None:
    db = database()
    held: dict[int, list[tuple[int, int]]] = {}
    for number, rows in enumerate(commits):
        mine = [(subject, number * 10 + batch, place) for subject, batch, place in rows]
        write_run(db, "posting", np.array(mine, POSTING), staged=True)
        settle_runs(db)
        for subject, batch, place in mine:
            held.setdefault(subject, []).append((batch, place))
    for subject in (*held, 5):
        assert postings_of(db, subject) == sorted(held.get(subject, []))
    db.close()


def test_eight_runs_merge_and_a_level_never_holds_eight(db: sqlite3.Connection) -> None:
    for number in range(70):
        write_run(db, "rowid", np.array([(number, number)], ROWID), staged=True)
        settle_runs(db)
    levels = dict(db.execute("SELECT level, count(DISTINCT run) FROM runs GROUP BY level"))
    assert levels == {0: 6, 2: 1}
    assert load_run_rows(db, "rowid")["hi"].tolist() == list(range(70))


def test_one_subject_may_fill_many_chunks(db: sqlite3.Connection) -> None:
    mine = [(7, batch, place) for batch in range(3) for place in range(4096)]
    rows = [(3, 0, 0), *mine, (9, 0, 0)]
    write_run(db, "posting", np.array(rows, POSTING), staged=False)
    assert postings_of(db, 7) == [(batch, place) for _, batch, place in mine]
    assert postings_of(db, 3) == postings_of(db, 9) == [(0, 0)]
    assert postings_of(db, 8) == []


def test_staged_runs_can_be_forgotten_and_settled_ones_cannot(db: sqlite3.Connection) -> None:
    write_run(db, "rowid", np.array([(1, 1)], ROWID), staged=True)
    settle_runs(db)
    write_run(db, "rowid", np.array([(2, 2)], ROWID), staged=True)
    drop_staged_runs(db)
    assert load_run_rows(db, "rowid").tolist() == [(1, 1)]


def test_an_empty_commit_writes_no_run(db: sqlite3.Connection) -> None:
    write_run(db, "rowid", np.empty(0, ROWID), staged=False)
    assert db.execute("SELECT count(*) FROM runs").fetchone() == (0,)
    assert not known_rows(load_runs(db, "rowid"), np.array([(1, 1)], ROWID)).any()


@pytest.mark.parametrize("load", [load_runs, load_run_rows])
def test_a_damaged_chunk_is_named(db: sqlite3.Connection, load) -> None:
    write_run(db, "rowid", np.array([(1, 1)], ROWID), staged=False)
    db.execute("UPDATE runs SET rows=zeroblob(16)")
    with pytest.raises(Broken) as caught:
        load(db, "rowid")
    assert caught.value.code == "E-VAULT-06"
