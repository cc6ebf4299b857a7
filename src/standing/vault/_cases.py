"""Where cases lie: which steps belong to which, whose they are, and when time moves them next.

Hides the index over the sealed steps. Promises that of two who take the same next step one is
refused. What a case is on a day is folded elsewhere: `standing.cases`.
"""

import sqlite3

from standing.errors import Refused
from standing.vault._database import Database
from standing.vault._documents import Step
from standing.vault._filed import Filed
from standing.vault._keys import case_name
from standing.wire.days import FOREVER

Found = tuple[bytes, int, str]
"""A case as it is found: (opening leaf, subject, context)."""


class Cases:
    """The cases of one vault."""

    def __init__(self, db: Database, filed: Filed) -> None:
        self._db = db
        self._filed = filed

    def index(self, step: Step, subject: int, leaf: bytes) -> None:
        """Let a step that was filed be found. In a transaction."""
        opening = step.opening or leaf
        try:
            self._db.execute("INSERT INTO steps VALUES (?,?,?)", (opening, step.number, leaf))
        except sqlite3.IntegrityError:
            raise Refused(
                "E-VAULT-14",
                "Somebody else took the next step in this case meanwhile.",
                why=f"Step {step.number} is there already.",
                fix="Look at the case again, and decide whether yours is still needed.",
                where=case_name(opening),
            ) from None
        if not step.opening:
            self._db.execute(
                "INSERT INTO cases VALUES (?,?,?,?,?,?)",
                (case_name(leaf), leaf, subject, step.context, step.lifecycle, FOREVER),
            )

    def steps(self, opening: bytes) -> list[tuple[bytes, Step]]:
        """Open the steps of a case in order, each with its leaf."""
        query = "SELECT leaf FROM steps WHERE opening=? ORDER BY number"
        leaves = [leaf for (leaf,) in self._db.execute(query, (opening,))]
        return [(leaf, self._step(leaf)) for leaf in leaves]

    def steps_of_day(self, lifecycle: str, day: int) -> list[Step]:
        """Open the steps of a kind of case that were taken on a day."""
        query = (
            "SELECT s.leaf FROM cases c JOIN steps s ON s.opening=c.opening"
            " JOIN documents d ON d.leaf=s.leaf WHERE c.lifecycle=? AND d.day=? ORDER BY s.leaf"
        )
        found = self._db.execute(query, (lifecycle, day)).fetchall()
        return [self._step(leaf) for (leaf,) in found]

    def _step(self, leaf: bytes) -> Step:
        document = self._filed.document(leaf).document
        assert isinstance(document, Step), "the steps table names steps"
        return document

    # --- finding ---------------------------------------------------------------------------

    def find(self, name: str) -> Found | None:
        """Find a case by its name."""
        row: Found | None = self._db.execute(
            "SELECT opening, subject, context FROM cases WHERE name=?", (name,)
        ).fetchone()
        return row

    def every(
        self, *, lifecycle: str = "", context: str | None = None, subject: int | None = None
    ) -> list[Found]:
        """List all cases, or those of a kind, context or subject, by name."""
        wanted = {"lifecycle=?": lifecycle or None, "context=?": context, "subject=?": subject}
        where = {part: value for part, value in wanted.items() if value is not None}
        query = f"SELECT opening, subject, context FROM cases WHERE {' AND '.join(where) or 'TRUE'} ORDER BY name"  # noqa: S608, E501 - constants of this method
        return self._db.execute(query, tuple(where.values())).fetchall()

    def are_there(self, lifecycle: str, context: str, subject: int | None = None) -> bool:
        """Tell whether there is any case of a kind in a context, or of one subject there."""
        query = "SELECT 1 FROM cases WHERE lifecycle=? AND context=?"
        values: tuple[object, ...] = lifecycle, context
        if subject is not None:
            query, values = query + " AND subject=?", (*values, subject)
        return self._db.execute(query + " LIMIT 1", values).fetchone() is not None

    def with_contacts(self) -> frozenset[int]:
        """Give the subjects who have or had a contact."""
        query = "SELECT DISTINCT subject FROM cases WHERE lifecycle='contact'"
        return frozenset(number for (number,) in self._db.execute(query))

    # --- time ------------------------------------------------------------------------------

    def set_due(self, opening: bytes, due: int | None) -> None:
        """Note the day on which a case changes by itself next. In a transaction."""
        self._db.execute(
            "UPDATE cases SET due=? WHERE name=?",
            (FOREVER if due is None else due, case_name(opening)),
        )

    def due(self, day: int) -> list[Found]:
        """List the cases that time moves on or before a day."""
        query = "SELECT opening, subject, context FROM cases WHERE due<=? ORDER BY due, name"
        return self._db.execute(query, (day,)).fetchall()

    def running(self, lifecycle: str) -> list[Found]:
        """List the cases of a kind that time will move."""
        query = (
            "SELECT opening, subject, context FROM cases"
            " WHERE due<? AND lifecycle=? ORDER BY due, name"
        )
        return self._db.execute(query, (FOREVER, lifecycle)).fetchall()

    def at_rest(self, subject: int, context: str, lifecycle: str) -> list[bytes]:
        """List the openings of a subject's cases of a kind that time does not move any more."""
        query = "SELECT opening FROM cases WHERE subject=? AND context=? AND lifecycle=? AND due=?"
        rows = self._db.execute(query, (subject, context, lifecycle, FOREVER))
        return [opening for (opening,) in rows]
