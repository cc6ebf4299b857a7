"""Checks of the private side: database, marks, answers, indexes of records, stored scores."""

import sqlite3
from contextlib import closing

import numpy as np

from standing import charter, policy
from standing.audit._broken import broken
from standing.audit._casebook import SECONDS_A_DAY
from standing.audit._opened import KEYS_DIR, VAULT_FILE, Opened
from standing.cases import scores
from standing.cases.lifecycles import WorkingDays, fold_cases
from standing.cases.standing import standings
from standing.errors import Refused
from standing.vault import (
    KEYS_SCHEMA,
    SCHEMA,
    Contents,
    Erasure,
    contents_digest,
    load_run_rows,
    postings_from,
)
from standing.verify.tree import HASH_BYTES, root_of
from standing.wire import cbor
from standing.wire.days import format_day


def check_databases(ledger: Opened) -> int:
    """Ask SQLite whether vault and key store are whole."""
    for name, db in (
        (VAULT_FILE, ledger.vault.db),
        (f"{KEYS_DIR}/sealing.db", ledger.vault.keys.db),
    ):
        row = db.execute("PRAGMA integrity_check(1)").fetchone()
        if row[0] != "ok":
            raise broken("A database of the vault is damaged.", f"SQLite says: {row[0]}.", name)
    for name, db, schema in (
        (VAULT_FILE, ledger.vault.db, SCHEMA),
        (f"{KEYS_DIR}/sealing.db", ledger.vault.keys.db, KEYS_SCHEMA),
    ):
        if _schema_of(db) != _schema_in_code(schema):
            raise broken(
                "The vault's tables are not those of this version.",
                "A table, index or column was added, changed or removed.",
                f"{name} schema",
            )
    _check_sealing_keys(ledger)
    return 2


def _schema_of(db: sqlite3.Connection) -> set[tuple[str, str, str | None]]:
    return set(db.execute("SELECT type, name, sql FROM sqlite_master"))


def _schema_in_code(schema: str) -> set[tuple[str, str, str | None]]:
    with closing(sqlite3.connect(":memory:")) as empty:
        empty.executescript(schema)
        return _schema_of(empty)


def _check_sealing_keys(ledger: Opened) -> None:
    if ledger.vault.db.execute("SELECT 1 FROM erasing").fetchone() is not None:
        raise broken(
            "An erasure is not finished.",
            "It was cut off, or another process kept a view of what was there before.",
            VAULT_FILE,
            fix="Finish it: standing tick.",
        )
    wanted = {(0, "")}
    wanted |= set(ledger.vault.db.execute("SELECT DISTINCT subject, context FROM documents"))
    held = set(ledger.vault.keys.db.execute("SELECT subject, context FROM sealing"))
    if wanted != held:
        raise broken(
            "The key store does not fit the vault.",
            f"{len(wanted - held)} keys are missing, {len(held - wanted)} belong to nobody.",
            f"{KEYS_DIR}/sealing.db",
        )


def check_marks(ledger: Opened) -> tuple[int, int]:
    """Find each private document under its marks statement; gives (documents, still waiting)."""
    trees, marked = _marks_trees(ledger)
    waiting = 0
    for opened in ledger.documents:
        if opened.marks is None:
            waiting += 1
            if opened.document.day < max(ledger.charter.day, marked):
                raise broken(
                    "A private document was never committed to in public.",
                    "The log has gone on to a later day without it.",
                    f"leaf {opened.leaf.hex()}",
                )
            continue
        leaves, first, last = trees.get(opened.marks, (b"", 0, 0))
        at = (opened.position or 0) * HASH_BYTES
        if leaves[at : at + HASH_BYTES] != opened.leaf:
            raise broken(
                "A private document is not under the marks that should hold it.",
                "Its leaf is not at its place.",
                f"leaf {opened.leaf.hex()}",
            )
        if not first <= opened.document.day <= last:
            raise broken(
                "A private document names another day than its marks allow.",
                f"It says {format_day(opened.document.day)}; these marks hold what was done from"
                f" {format_day(first)} to {format_day(last)}.",
                f"leaf {opened.leaf.hex()}",
            )
    _check_contents(ledger, trees)
    return len(ledger.documents), waiting


_Tree = tuple[bytes, int, int]  # leaves, and the first and last day of what they commit to


def _check_contents(ledger: Opened, trees: dict[int, _Tree]) -> None:
    """Demand of each marks' documents that they are here, or that an erasure names them."""
    stated: dict[int, list[Contents]] = {}
    found: dict[int, set[bytes]] = {row: set() for row in trees}
    erased: set[bytes] = set()
    for opened in ledger.documents:
        if isinstance(opened.document, Contents):
            stated.setdefault(opened.marks or 0, []).append(opened.document)
        elif opened.marks in found:
            found[opened.marks].add(opened.leaf)
        if isinstance(opened.document, Erasure):
            erased |= set(opened.document.leaves)
    for row, (leaves, _, _) in trees.items():
        if erased:
            every = (leaves[at : at + HASH_BYTES] for at in range(0, len(leaves), HASH_BYTES))
            found[row] |= erased.intersection(every)
        said = [(one.documents, one.digest) for one in stated.get(row, ())]
        if said != [(len(found[row]), contents_digest(found[row]))]:
            counted = f"counts {said[0][0]}" if said else "is missing itself"
            raise broken(
                "A private document is WITHHELD.",
                f"Its interval's table of contents {counted}; {len(found[row])} are here, or named"
                " by an erasure.",
                f"{VAULT_FILE} marks {row}",
            )


def _marks_trees(ledger: Opened) -> tuple[dict[int, _Tree], int]:
    """Give the trees of all marks by row, and the first day of what no marks hold yet.

    Marks are made of everything that waits, so a document under them came after the ones before.
    """
    stored = {
        statement: (row, entry, leaves)
        for row, statement, entry, leaves in ledger.vault.marks.every()
    }
    interval = ledger.charter.genesis.interval_seconds
    first = ledger.charter.genesis.day
    trees: dict[int, _Tree] = {}
    for index, sign1 in enumerate(ledger.statements):
        statement = charter.parse_statement(sign1)
        if not isinstance(statement, charter.Marks):
            continue
        found = stored.pop(sign1.statement_hash, None)
        if found is None:
            raise broken("Marks are WITHHELD.", "The vault lacks their leaves.", f"entry {index}")
        row, entry, leaves = found
        size_fits = len(leaves) == statement.size * HASH_BYTES
        if entry != index or not size_fits or root_of(leaves) != statement.root:
            raise broken(
                "Marks are not what was published.",
                "Their leaves have another root or another place.",
                f"entry {index}",
            )
        last = ((statement.through + 2) * interval - 1) // SECONDS_A_DAY
        trees[row] = leaves, first, last
        first = (statement.through + 1) * interval // SECONDS_A_DAY
    if any(entry is not None for _, entry, _ in stored.values()):
        raise broken("The vault names marks that the log lacks.", "They were removed.", VAULT_FILE)
    return trees, first


def check_indexes(ledger: Opened) -> int:
    """Recompute whose records lie where, and read the index of row identities."""
    parts = [postings_from(batch) for batch in ledger.vault.batches.each()]
    held = load_run_rows(ledger.vault.db, "posting")
    wanted = np.concatenate(parts) if parts else held[:0]
    order = np.lexsort((wanted["position"], wanted["batch"], wanted["subject"]))
    if not np.array_equal(wanted[order], held):
        raise broken(
            "The index of postings is not what the batches give.",
            "A record would be hidden from its subject, or shown to another.",
            f"{VAULT_FILE} runs",
        )
    _check_run_columns(ledger)
    return len(held) + len(load_run_rows(ledger.vault.db, "rowid"))


def _check_run_columns(ledger: Opened) -> None:
    rows = ledger.vault.db.execute("SELECT kind, run, first, level, staged, rows FROM runs")
    for kind, run, first, level, staged, data in rows:
        begins = int.from_bytes(data[:8], "little")
        begins = begins >> 1 if kind == "rowid" else begins
        if first != begins or staged or run < 1 or level < 0:
            raise broken(
                "A chunk of an index is filed wrongly.",
                "It does not begin where its key says.",
                f"{VAULT_FILE} runs",
            )


def check_scores(ledger: Opened) -> int:
    """Score again every population that was stored, and compare rows and public digest."""
    stated = _stated_scores(ledger)
    count = 0
    for context, day, pack, size, rows in ledger.vault.populations.every():
        digest = scores.digest_of_rows(rows)
        if cbor.encode(["standing/scores/1", context, day, pack, size, digest]) not in stated:
            raise broken(
                f"The stored scores of {context} are not those stated in public.",
                "No public document states this day, pack and population digest.",
                f"{VAULT_FILE} scores",
            )
        count += _score_again(ledger, context, day, pack, size, rows)
    return count


def _stated_scores(ledger: Opened) -> set[bytes]:
    found: set[bytes] = set()
    for sign1 in ledger.statements:
        statement = charter.parse_statement(sign1)
        if isinstance(statement, charter.Envelope) and statement.facts.get("about") == "scores":
            found.add(ledger.log.document(statement.digest))
    return found


def _score_again(
    ledger: Opened, context: str, day: int, pack: bytes, size: int, rows: bytes
) -> int:
    packs = [(force, digest) for force, digest in ledger.charter.packs_of(context) if force <= day]
    if not packs or packs[-1][1] != pack or not 0 <= size <= ledger.log.head.size:
        raise broken(
            f"The scores of {context} name a pack or a log that was not there.",
            "They were made by other rules.",
            f"{VAULT_FILE} scores",
        )
    everything = tuple(
        (force, policy.parse_pack(ledger.log.document(digest)))
        for force, digest in ledger.charter.packs_of(context)
    )
    schedule = policy.Schedule(everything)
    bands = [band.name for band in dict(everything)[packs[-1][0]].bands]
    calendar = WorkingDays.of(pack for _, pack in everything)
    again = scores.population(
        ledger.vault,
        context,
        schedule,
        day,
        lambda entry: entry < size,
        lambda number: standings(fold_cases(ledger.vault, number, context, day, lambda: calendar)),
    )
    held = {int(row[0]): row for row in np.frombuffer(rows, scores.SCORE_ROW).tolist()}
    now = {
        int(row[0]): row
        for row in np.frombuffer(scores.population_rows(again, bands), scores.SCORE_ROW).tolist()
    }
    for number in held.keys() | now.keys():
        if held.get(number) != now.get(number) and not _changed_that_day(
            ledger, number, context, day
        ):
            raise broken(
                f"A score of {context} cannot be recomputed.",
                f"Stored {held.get(number)}, recomputed {now.get(number)}.",
                f"subject {ledger.vault.secret.pseudonym(number, context)}",
            )
    return len(held)


def _changed_that_day(ledger: Opened, number: int, context: str, day: int) -> bool:
    """Tell whether a consent began or ended, or a case moved, on the very day of the scores."""
    try:
        consents = ledger.vault.agreed.consents(number, context)
    except Refused:
        return False
    moved = {
        step.day
        for opening, _, _ in ledger.vault.cases.every(subject=number, context=context)
        for _, step in ledger.vault.cases.steps(opening)
    }
    return day in moved or any(day in {since, until} for since, until, _ in consents)
