"""Taking one subject's rows out of the vault: everything of a context, or what is over there.

Documents, records, and whatever row of an index came from them; the caller's transaction makes it
one act. What goes is decided by the ledger. Destroys no key and looks at no file: see `Vault`.
"""

import sqlite3
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from standing.vault._batches import Batches
from standing.vault._keys import case_name
from standing.vault._runs import drop_postings

_SCORE_BYTES: Final = 13
_FIRST_SUBJECT: Final = np.dtype([("subject", "<u8"), ("rest", "V5")])


@dataclass(frozen=True)
class Going:
    """What of a subject in a context goes. `whole`: nothing of theirs stays there.

    `leaves` are documents of theirs; `references` are links that go. Stored populations of days
    before `before` go where the subject is in them.
    """

    subject: int
    context: str
    whole: bool
    before: int
    leaves: tuple[bytes, ...] = ()
    references: tuple[bytes, ...] = ()
    records: tuple[tuple[int, int], ...] = field(default=(), repr=False)


def take_out(db: sqlite3.Connection, batches: Batches, going: Going) -> list[bytes]:
    """Remove it all; gives the leaves of documents and records. In the caller's transaction."""
    erased = batches.erase(going.records)
    if going.records:
        drop_postings(db, going.subject, {batch for batch, _ in going.records})
    _take_documents(db, going)
    if going.whole:
        _take_rows(db, going)
    _take_links(db, going)
    _take_populations(db, going)
    return [*erased, *going.leaves]


def _take_documents(db: sqlite3.Connection, going: Going) -> None:
    whose = (going.subject, going.context)
    leaves = [(leaf,) for leaf in going.leaves]
    openings = [(case_name(leaf), *whose) for leaf in going.leaves]
    db.executemany("DELETE FROM cases WHERE name=? AND subject=? AND context=?", openings)
    db.executemany("DELETE FROM steps WHERE opening=?", leaves)
    by_leaf = [(*whose, leaf) for leaf in going.leaves]
    db.executemany("DELETE FROM consents WHERE subject=? AND context=? AND leaf=?", by_leaf)
    db.executemany("DELETE FROM freezes WHERE subject=? AND context=? AND opening=?", by_leaf)
    db.executemany("DELETE FROM documents WHERE leaf=?", leaves)


def _take_rows(db: sqlite3.Connection, going: Going) -> None:
    """Remove every other row about the subject here, in whatever table says whose it is."""
    whose = (going.subject, going.context)
    for table, columns in tables_of(db).items():
        if {"subject", "context"} <= columns:
            db.execute(f"DELETE FROM {table} WHERE subject=? AND context=?", whose)  # noqa: S608 - names from the schema
    if not going.context:  # their place goes: key, attestation, later keys
        db.execute("DELETE FROM subjects WHERE number=?", (going.subject,))
        for table, columns in tables_of(db).items():
            if "subject" in columns and "context" not in columns and table != "links":
                db.execute(f"DELETE FROM {table} WHERE subject=?", (going.subject,))  # noqa: S608 - see above


def tables_of(db: sqlite3.Connection) -> dict[str, frozenset[str]]:
    """Give each table's columns."""
    names = [n for (n,) in db.execute("SELECT name FROM sqlite_master WHERE type='table'")]
    return {
        name: frozenset(row[1] for row in db.execute(f"PRAGMA table_info({name})"))
        for name in names
    }


def _take_links(db: sqlite3.Connection, going: Going) -> None:
    db.executemany(
        "DELETE FROM links WHERE reference=? AND subject=?",
        [(reference, going.subject) for reference in going.references],
    )


def _take_populations(db: sqlite3.Connection, going: Going) -> None:
    """Remove every stored population that the subject is in: its digest stays public."""
    query = "SELECT day, pack, rows FROM scores WHERE context=? AND day<?"
    for day, pack, rows in db.execute(query, (going.context, going.before)).fetchall():
        if len(rows) % _SCORE_BYTES:
            continue  # damaged: `verify` says so
        numbers = np.frombuffer(rows, _FIRST_SUBJECT)["subject"]
        if np.any(numbers == np.uint64(going.subject)):
            db.execute(
                "DELETE FROM scores WHERE context=? AND day=? AND pack=?",
                (going.context, day, pack),
            )
