"""The outbox: what is to be told to whom, each thing to each recipient once, until it was told.

A recipient is a contact of a subject (`c_...`, the case that keeps its address) or an organisation
(`@NAME`). No address stands here: whoever sends reads it from the sealed step, or the settings.
Everything happens inside the vault's transactions.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from standing.vault._database import Database
from standing.vault._keys import Secret

WAITING: Final = "waiting"
TOLD: Final = "told"
UNDELIVERED: Final = "undelivered"
DROPPED: Final = "dropped"  # its contact was removed before it could be told


@dataclass(frozen=True, slots=True)
class Message:
    """One message to one recipient; it tells that there is a notice, and no more."""

    id: str
    recipient: str
    about: str  # "news", or "keys": told to old contacts even after they were removed
    made: int  # seconds since 1970
    state: str
    attempts: int
    next: int  # seconds since 1970
    why: str  # why the last attempt failed, as one of a few words


_COLUMNS: Final = "id, recipient, about, made, state, attempts, next, why"


class Outbox:
    """The messages of one vault."""

    def __init__(self, db: Database, secret: Secret) -> None:
        self._db = db
        self._secret = secret

    def cursor(self, name: str) -> int:
        """Tell how far news of one kind was found; 0 at first."""
        row = self._db.execute("SELECT value FROM cursors WHERE name=?", (name,)).fetchone()
        return int(row[0]) if row else 0

    def move_cursor(self, name: str, value: int) -> None:
        """Note how far news of one kind was found."""
        self._db.execute("INSERT OR REPLACE INTO cursors VALUES (?,?)", (name, value))

    def add(
        self, recipient: str, about: str, items: Iterable[tuple[str, int, str]], now: int
    ) -> int:
        """Let one message tell what this recipient was not told of before; gives how much it is.

        `items`: (id, subject, context). The message is named by what it tells, so that it has one
        name however often it is sent.
        """
        known = "SELECT 1 FROM outbox WHERE recipient=? AND item=?"
        new = {
            item: (subject, context)
            for item, subject, context in items
            if self._db.execute(known, (recipient, item)).fetchone() is None
        }
        if not new:
            return 0
        seed = "|".join(sorted(new)).encode()
        message = "m" + self._secret.notice(recipient, seed)[1:]
        self._db.executemany(
            "INSERT INTO outbox VALUES (?,?,?,?,?)",
            [(recipient, item, *where, message) for item, where in new.items()],
        )
        self._db.execute(
            "INSERT INTO messages VALUES (?,?,?,?,?,0,?,'')",
            (message, recipient, about, now, WAITING, now),
        )
        return len(new)

    def due(self, now: int, most: int) -> list[Message]:
        """List messages whose next attempt has come, oldest first, so many at most."""
        query = (
            f"SELECT {_COLUMNS} FROM messages"  # noqa: S608 - a constant
            " WHERE state='waiting' AND next<=? ORDER BY next, id LIMIT ?"
        )
        return [Message(*row) for row in self._db.execute(query, (now, most))]

    def message(self, name: str) -> Message | None:
        """Find one message by its id."""
        query = f"SELECT {_COLUMNS} FROM messages WHERE id=?"  # noqa: S608 - a constant
        row = self._db.execute(query, (name,)).fetchone()
        return Message(*row) if row else None

    def settle(self, message: str, state: str, *, next_try: int = 0, why: str = "") -> None:
        """Note how an attempt ended: told, to be tried again, or given up."""
        self._db.execute(
            "UPDATE messages SET state=?, attempts=attempts+1, next=?, why=? WHERE id=?",
            (state, next_try, why, message),
        )

    def messages(self, state: str = "") -> list[Message]:
        """List all messages, or those of one state, oldest first."""
        query = (
            f"SELECT {_COLUMNS} FROM messages"  # noqa: S608 - a constant
            " WHERE ? IN ('', state) ORDER BY made, id"
        )
        return [Message(*row) for row in self._db.execute(query, (state,))]

    def told(self, recipient: str) -> dict[str, Message]:
        """Give the message by which a recipient is told of each thing, by the thing's id."""
        columns = ", ".join(f"m.{name}" for name in _COLUMNS.split(", "))
        query = (
            f"SELECT o.item, {columns} FROM outbox o JOIN messages m ON m.id=o.message"  # noqa: S608 - a constant
            " WHERE o.recipient=?"
        )
        return {row[0]: Message(*row[1:]) for row in self._db.execute(query, (recipient,))}

    def told_about(self, subject: int, context: str) -> list[tuple[str, str, Message]]:
        """List (recipient, item, message) of all that is told about a subject in a context."""
        columns = ", ".join(f"m.{name}" for name in _COLUMNS.split(", "))
        query = (
            f"SELECT o.recipient, o.item, {columns}"  # noqa: S608 - a constant
            " FROM outbox o JOIN messages m ON m.id=o.message"
            " WHERE o.subject=? AND o.context=? ORDER BY m.made, o.recipient, o.item"
        )
        rows = self._db.execute(query, (subject, context))
        return [(row[0], row[1], Message(*row[2:])) for row in rows]

    def forget(self, subject: int, context: str | None = None) -> None:
        """Forget what is told about a subject in a context, or in all; in a transaction."""
        where = "subject=?1 AND (?2 IS NULL OR context=?2)"
        touched = self._db.execute(
            f"SELECT DISTINCT message FROM outbox WHERE {where}",  # noqa: S608 - a constant
            (subject, context),
        ).fetchall()
        self._db.execute(f"DELETE FROM outbox WHERE {where}", (subject, context))  # noqa: S608 - a constant
        self._db.executemany(
            "DELETE FROM messages WHERE id=?1"
            " AND NOT EXISTS (SELECT 1 FROM outbox WHERE message=?1)",
            touched,
        )
