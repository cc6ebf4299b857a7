"""Erasing: one subject's rows go out of the vault, everything of a context or what is over there.

Documents, records, and whatever row of an index came from them; one act, which one document
states by the leaves alone. Until the last traces are gone too the act is unfinished, and any later
start can finish it. What goes is decided by the ledger; files are looked at in `_residue`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from standing.vault._batches import Batches
from standing.vault._database import Database
from standing.vault._documents import Erasure, new_salt
from standing.vault._filed import Filed
from standing.vault._keys import OPERATOR, SealingKeys, case_name
from standing.vault._outbox import Outbox
from standing.vault._populations import Populations
from standing.vault._runs import drop_postings


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


class Erasures:
    """What is erased in one vault, inside transactions that the vault opens."""

    def __init__(
        self,
        db: Database,
        keys: SealingKeys,
        filed: Filed,
        batches: Batches,
        outbox: Outbox,
        populations: Populations,
    ) -> None:
        self._db = db
        self._keys = keys
        self._filed = filed
        self._batches = batches
        self._outbox = outbox
        self._populations = populations

    def forget(
        self,
        goings: Iterable[Going],
        day: int,
        *,
        questions: Iterable[bytes] = (),
    ) -> int:
        """Take rows out for good, and state which leaves they were; gives how many.

        `questions` are leaves of questions that are found no more. In a transaction; then
        `destroy` what sealed it all, and `Vault.scrub`. Until then the erasure is unfinished.
        """
        leaves = list(questions)
        self._db.executemany("DELETE FROM documents WHERE leaf=?", [(leaf,) for leaf in leaves])
        for going in goings:
            leaves += self._take_out(going)
        leaf = self._filed.keep(Erasure(new_salt(), day, tuple(sorted(leaves))))
        self._db.execute("INSERT INTO erasing VALUES (?)", (leaf,))
        return len(leaves)

    def destroy(self, whose: Iterable[tuple[int, str]]) -> None:
        """Destroy the keys of what an unfinished erasure took out; durable when it returns."""
        leaves = (leaf for erasure in self.unfinished() for leaf in erasure.leaves)
        self._keys.destroy(whose, leaves)

    def unfinished(self) -> list[Erasure]:
        """Open the erasures whose last traces may not be gone yet."""
        found = []
        for (leaf,) in self._db.execute("SELECT leaf FROM erasing").fetchall():
            erasure = self._filed.document(leaf).document
            assert isinstance(erasure, Erasure), "the table names erasures"
            found.append(erasure)
        return found

    def finish(self) -> None:
        """Note that the last traces are gone. In a transaction."""
        self._db.execute("DELETE FROM erasing")

    def locked(self) -> set[tuple[int, str]]:
        """List (subject, context) of what no key opens: erased after this vault was copied."""
        return self._filed.owners() - self._keys.held() - {OPERATOR}

    def orphans(self) -> list[tuple[int, str]]:
        """List whose keys seal nothing (any more)."""
        return sorted(self._keys.held() - self._filed.owners() - {OPERATOR})

    # --- taking out ------------------------------------------------------------------------

    def _take_out(self, going: Going) -> list[bytes]:
        """Remove it all; gives the leaves of documents and records."""
        if going.whole:
            self._outbox.forget(going.subject, going.context)
        erased = self._batches.erase(going.records)
        if going.records:
            batches = {batch for batch, _ in going.records}
            drop_postings(self._db.connection, going.subject, batches)
        self._take_documents(going)
        if going.whole:
            self._take_rows(going)
        self._db.executemany(
            "DELETE FROM links WHERE reference=? AND subject=?",
            [(reference, going.subject) for reference in going.references],
        )
        self._populations.forget(going.subject, going.context, going.before)
        return [*erased, *going.leaves]

    def _take_documents(self, going: Going) -> None:
        whose = (going.subject, going.context)
        leaves = [(leaf,) for leaf in going.leaves]
        openings = [(case_name(leaf), *whose) for leaf in going.leaves]
        by_leaf = [(*whose, leaf) for leaf in going.leaves]
        for statement, rows in (
            ("DELETE FROM cases WHERE name=? AND subject=? AND context=?", openings),
            ("DELETE FROM steps WHERE opening=?", leaves),
            ("DELETE FROM consents WHERE subject=? AND context=? AND leaf=?", by_leaf),
            ("DELETE FROM freezes WHERE subject=? AND context=? AND opening=?", by_leaf),
            ("DELETE FROM documents WHERE leaf=?", leaves),
        ):
            self._db.executemany(statement, rows)

    def _take_rows(self, going: Going) -> None:
        """Remove every other row about the subject here, in whatever table says whose it is."""
        whose = (going.subject, going.context)
        for table, columns in self._tables().items():
            if {"subject", "context"} <= columns:
                self._db.execute(f"DELETE FROM {table} WHERE subject=? AND context=?", whose)  # noqa: S608 - names from the schema
        if not going.context:  # their place goes: key, attestation, later keys
            self._db.execute("DELETE FROM subjects WHERE number=?", (going.subject,))
            for table, columns in self._tables().items():
                if "subject" in columns and "context" not in columns and table != "links":
                    self._db.execute(f"DELETE FROM {table} WHERE subject=?", (going.subject,))  # noqa: S608 - see above

    def _tables(self) -> dict[str, frozenset[str]]:
        """Give each table's columns."""
        query = "SELECT name FROM sqlite_master WHERE type='table'"
        names = [name for (name,) in self._db.execute(query)]
        return {
            name: frozenset(row[1] for row in self._db.execute(f"PRAGMA table_info({name})"))
            for name in names
        }
