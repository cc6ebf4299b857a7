"""What was asked: once a transaction, watched while its answer may cease to hold, and recalled.

Everything here is found by keyed hashes and is written alike for every question. What outlives an
erasure names a relying party, its transaction and a nonce, and nobody it asked about.
"""

from dataclasses import dataclass
from typing import Final

from standing.vault._database import Database
from standing.vault._documents import Presented, Question, Recall
from standing.vault._filed import Filed
from standing.vault._keys import Secret
from standing.wire.days import SECONDS_A_DAY

_SETTLED: Final = 0
_CURSOR: Final = "recalls"


@dataclass(frozen=True, slots=True)
class Earlier:
    """What is left of a question about a transaction: enough to know the same one again."""

    day: int
    question: bytes  # keyed hash of its bytes
    answer: bytes  # keyed hash of the answer's bytes
    expires: int
    checkpoint: bytes  # the one that the answer carries


@dataclass(frozen=True, slots=True)
class Recalled:
    """One recalled answer: whose, in which transaction, since when, confirmed when."""

    party: bytes
    transaction: str
    nonce: bytes
    since: int
    due: int
    confirmed: int | None


class Questions:
    """The tables about questions of one vault, inside transactions that the vault opens."""

    NEVER: Final = 2**40
    """Until when an answer other than `clear` is watched: until it ceases to hold."""

    def __init__(self, db: Database, secret: Secret, filed: Filed) -> None:
        self._db = db
        self._secret = secret
        self._filed = filed
        self.changes = 0
        """How often something was written here that may suspend a key, or free it."""

    # --- questions ------------------------------------------------------------------------------

    def add(self, document: Question | Presented, name: bytes, until: int) -> bytes:
        """Keep a question and its answer, found again by the name alone. In a transaction.

        The name is the keyed hash of a reference, or of the key that made a presentation. The
        same statements run whether or not it stands for anybody: the document is sealed under the
        operator's key. `until`: the second at which nobody needs to watch it any more.
        """
        leaf = self._filed.keep(document)
        self._db.execute("INSERT INTO questions VALUES (?,?,?)", (name, leaf, until))
        return leaf

    def question(self, leaf: bytes) -> Question | Presented:
        """Open one question."""
        document = self._filed.document(leaf).document
        assert isinstance(document, Question | Presented), "the questions table names questions"
        return document

    def earlier(self, party: bytes, transaction: str) -> Earlier | None:
        """Find what a key asked about a transaction before."""
        row = self._db.execute(
            "SELECT day, question, answer, expires, note FROM asked"
            " JOIN checkpoints ON id=checkpoint WHERE name=?",
            (self._secret.transaction(party, transaction),),
        ).fetchone()
        return Earlier(*row) if row else None

    def note(
        self,
        party: bytes,
        transaction: str,
        *,
        day: int,
        question: bytes,
        answer: bytes,
        expires: int,
        checkpoint: int,
    ) -> None:
        """Remember that a transaction was asked about, and count it.

        `checkpoint`: where `keep_checkpoint` keeps the one that the answer carries.
        """
        self._db.execute(
            "INSERT INTO asked VALUES (?,?,?,?,?,?,0)",
            (
                self._secret.transaction(party, transaction),
                day,
                self._secret.trace(question),
                self._secret.trace(answer),
                expires,
                checkpoint,
            ),
        )
        self._db.execute(
            "INSERT INTO asking VALUES (?,?,1,0) ON CONFLICT DO UPDATE SET asked=asked+1",
            (party, day),
        )

    def keep_checkpoint(self, note: bytes) -> int:
        """Keep a checkpoint once for all the answers that carry it; gives its row."""
        query = "SELECT id FROM checkpoints WHERE note=?"
        row = self._db.execute(query, (note,)).fetchone()
        if row is None:
            insert = "INSERT INTO checkpoints(note) VALUES (?) RETURNING id"
            row = self._db.execute(insert, (note,)).fetchone()
        return int(row[0])

    def is_spent(self, token: bytes) -> bool:
        """Tell whether a presentation was used, by its one-time id."""
        query = "SELECT 1 FROM presented WHERE id=?"
        return self._db.execute(query, (self._secret.trace(token),)).fetchone() is not None

    def spend(self, token: bytes) -> None:
        """Remember that a presentation was used."""
        self._db.execute("INSERT INTO presented VALUES (?)", (self._secret.trace(token),))

    # --- transactions that followed -------------------------------------------------------------

    def unfollowed(self, party: bytes, first: int, last: int) -> tuple[int, int]:
        """Count a key's questions of some days, and those whose transaction did not follow."""
        query = "SELECT sum(asked), sum(followed) FROM asking WHERE party=? AND day BETWEEN ? AND ?"
        asked, followed = self._db.execute(query, (party, first, last)).fetchone()
        return asked or 0, (asked or 0) - (followed or 0)

    def follow(self, party: bytes, transaction: str) -> None:
        """Note that a transaction took place; a second time adds nothing."""
        name = self._secret.transaction(party, transaction)
        row = self._db.execute(
            "UPDATE asked SET followed=1 WHERE name=? AND followed=0 RETURNING day", (name,)
        ).fetchone()
        if row is not None:
            self._db.execute(
                "UPDATE asking SET followed=followed+1 WHERE party=? AND day=?", (party, row[0])
            )
            self.changes += 1

    # --- watching -------------------------------------------------------------------------------

    def looked(self) -> int | None:
        """Give the day up to which it was looked for answers that ceased to hold."""
        row = self._db.execute("SELECT value FROM cursors WHERE name=?", (_CURSOR,)).fetchone()
        return int(row[0]) if row else None

    def set_looked(self, day: int) -> None:
        """Note the day up to which it was looked for answers that ceased to hold."""
        self._db.execute("INSERT OR REPLACE INTO cursors VALUES (?,?)", (_CURSOR, day))

    def watched(self) -> list[tuple[bytes, bytes]]:
        """List (name, leaf) of the questions that were answered otherwise than `clear`."""
        query = "SELECT name, leaf FROM questions WHERE until=? ORDER BY leaf"
        return self._db.execute(query, (self.NEVER,)).fetchall()

    def clear_on(self, name: bytes, day: int) -> list[bytes]:
        """List the leaves of questions whose `clear` had been given and held on a day."""
        query = "SELECT leaf FROM questions WHERE name=? AND until>? AND until<? ORDER BY leaf"
        begins = day * SECONDS_A_DAY
        rows = self._db.execute(query, (name, begins, begins + 2 * SECONDS_A_DAY))
        return [leaf for (leaf,) in rows]

    def under(self, name: bytes) -> list[bytes]:
        """List the leaves of a name's questions."""
        rows = self._db.execute("SELECT leaf FROM questions WHERE name=?", (name,))
        return [leaf for (leaf,) in rows.fetchall()]

    def every(self) -> list[tuple[bytes, bytes]]:
        """List (name, leaf) of all questions."""
        return self._db.execute("SELECT name, leaf FROM questions ORDER BY leaf").fetchall()

    def before(self, day: int) -> list[tuple[bytes, bytes]]:
        """List (name, leaf) of the questions before a day that nobody watches any more."""
        query = (
            "SELECT q.name, q.leaf FROM questions q JOIN documents d ON d.leaf=q.leaf"
            " WHERE q.until<? AND d.day<? ORDER BY q.leaf"
        )
        return self._db.execute(query, (day * SECONDS_A_DAY, day)).fetchall()

    def drop(self, name: bytes, leaf: bytes) -> None:
        """Find a question no more."""
        self._db.execute("DELETE FROM questions WHERE name=? AND leaf=?", (name, leaf))

    def settle(self, leaf: bytes, name: bytes) -> None:
        """Watch a question no more."""
        self._db.execute(
            "UPDATE questions SET until=? WHERE name=? AND leaf=?", (_SETTLED, name, leaf)
        )

    # --- recalls --------------------------------------------------------------------------------

    def recalls(self, party: bytes | None = None) -> list[Recalled]:
        """List the answers that were recalled, those of one key or all."""
        query = (
            "SELECT party, deal, nonce, since, due, confirmed FROM recalls"
            " WHERE party=?1 OR ?1 IS NULL ORDER BY since, party, deal"
        )
        return [Recalled(*row) for row in self._db.execute(query, (party,))]

    def recall_of(self, party: bytes, transaction: str) -> Recalled | None:
        """Find the recall of what a key was answered in a transaction."""
        query = (
            "SELECT party, deal, nonce, since, due, confirmed FROM recalls WHERE party=? AND deal=?"
        )
        row = self._db.execute(query, (party, transaction)).fetchone()
        return Recalled(*row) if row else None

    def overdue(self, party: bytes, day: int) -> int:
        """Count a key's recalls that should have been confirmed before a day."""
        query = "SELECT count(*) FROM recalls WHERE party=? AND confirmed IS NULL AND due<=?"
        return int(self._db.execute(query, (party, day)).fetchone()[0])

    def recall(self, said: Recall) -> None:
        """Note that an answer no longer holds."""
        self._db.execute(
            "INSERT INTO recalls VALUES (?,?,?,?,?,NULL)",
            (said.party, said.transaction, said.nonce, said.since, said.due),
        )
        self.changes += 1

    def confirm(self, party: bytes, transaction: str, day: int) -> None:
        """Note that a party deleted what was recalled; the first day of saying so stays."""
        self._db.execute(
            "UPDATE recalls SET confirmed=? WHERE party=? AND deal=? AND confirmed IS NULL",
            (day, party, transaction),
        )
        self.changes += 1
