"""Who is here: subjects by number, pseudonym, key and reference, each on a day.

Hides that pseudonyms and references are kept as keyed hashes, and that keys and links change in
time. What they agreed to stands in `_agreed`.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from standing.vault._database import Database
from standing.vault._documents import Adult, Link, Subject
from standing.vault._keys import Secret
from standing.wire.days import FOREVER


@dataclass(frozen=True, slots=True)
class Linked:
    """For whom a reference stands, from one day to another."""

    subject: int
    since: int
    until: int
    shared: bool


class People:
    """The subjects of one vault."""

    def __init__(self, db: Database, secret: Secret) -> None:
        self._db = db
        self._secret = secret

    def index(self, document: Subject | Adult | Link, subject: int) -> None:
        """Let what a document says of a subject be found. In a transaction."""
        match document:
            case Subject():
                self._db.execute(
                    "INSERT INTO subjects VALUES (?,?,?)",
                    (document.number, document.kind, document.key),
                )
            case Adult():
                self._db.execute(
                    "INSERT OR REPLACE INTO adults VALUES (?,?)", (subject, document.adult_since)
                )
            case Link():
                reference = self._secret.reference(document.context, document.reference)
                self._db.execute(
                    "INSERT INTO links VALUES (?,?,?,?,?)",
                    (reference, document.day, subject, FOREVER, document.shared),
                )

    # --- numbers and pseudonyms ------------------------------------------------------------

    def new_number(self) -> int:
        """Draw a vault id: 63 random bits, never 0, not in use."""
        while True:
            number = secrets.randbits(63)
            if number and self.subject(number) is None:
                return number

    def subject(self, number: int) -> tuple[str, bytes] | None:
        """Give a subject's kind and COSE_Key."""
        row: tuple[str, bytes] | None = self._db.execute(
            "SELECT kind, key FROM subjects WHERE number=?", (number,)
        ).fetchone()
        return row

    def adult_since(self, number: int) -> int | None:
        """Give the first day of age that an attester stated."""
        row = self._db.execute("SELECT since FROM adults WHERE subject=?", (number,)).fetchone()
        return int(row[0]) if row else None

    def name(self, number: int, context: str) -> str:
        """Give the pseudonym of a subject in a context, and remember it. In a transaction."""
        pseudonym = self._secret.pseudonym(number, context)
        self._db.execute("INSERT OR IGNORE INTO names VALUES (?,?,?)", (pseudonym, number, context))
        return pseudonym

    def find(self, name: str, context: str | None = None) -> int | None:
        """Find a subject by pseudonym, or by a reference in a context."""
        row = self._db.execute("SELECT subject FROM names WHERE pseudonym=?", (name,)).fetchone()
        if row is None and context is not None:
            row = self.link(context, name)
        return int(row[0]) if row else None

    def contexts_of(self, number: int) -> list[str]:
        """List the contexts in which a subject has a pseudonym, in order."""
        query = "SELECT context FROM names WHERE subject=? ORDER BY context"
        return [context for (context,) in self._db.execute(query, (number,))]

    def numbers(self, context: str) -> list[int]:
        """List the subjects that have a pseudonym in a context, ascending."""
        query = "SELECT subject FROM names WHERE context=? ORDER BY subject"
        return [number for (number,) in self._db.execute(query, (context,))]

    # --- keys ------------------------------------------------------------------------------

    def key_of(self, number: int, day: int) -> bytes:
        """Give the COSE_Key that stands for a subject on a day; empty where none does."""
        later = self._db.execute(
            "SELECT key FROM keys WHERE subject=? AND since<=? ORDER BY since DESC LIMIT 1",
            (number, day),
        ).fetchone()
        if later is not None:
            return bytes(later[0])
        subject = self.subject(number)
        return subject[1] if subject else b""

    def keys_of(self, number: int) -> list[bytes]:
        """List every COSE_Key that stands, stood or will stand for a subject."""
        query = (
            "SELECT key FROM subjects WHERE number=?1 UNION SELECT key FROM keys WHERE subject=?1"
        )
        return [key for (key,) in self._db.execute(query, (number,)) if key]

    def subject_of_key(self, cose_key: bytes, day: int) -> int | None:
        """Find for whom this key stands on a day: one statement, whoever holds it or nobody."""
        query = (
            "SELECT c.number FROM (SELECT number FROM subjects WHERE key=?1"
            " UNION SELECT subject FROM keys WHERE key=?1) c WHERE ?1=coalesce("
            "(SELECT k.key FROM keys k WHERE k.subject=c.number AND k.since<=?2"
            " ORDER BY k.since DESC LIMIT 1),"
            "(SELECT s.key FROM subjects s WHERE s.number=c.number))"
        )
        row = self._db.execute(query, (cose_key, day)).fetchone()
        return int(row[0]) if row else None

    def is_known_key(self, cose_key: bytes) -> bool:
        """Tell whether a key stands, stood or will stand for somebody."""
        query = "SELECT 1 FROM subjects WHERE key=? UNION SELECT 1 FROM keys WHERE key=?"
        return self._db.execute(query, (cose_key, cose_key)).fetchone() is not None

    def set_keys(self, number: int, keys: Mapping[int, bytes]) -> None:
        """Let other keys stand for a subject, each from its day on. In a transaction."""
        self._db.execute("DELETE FROM keys WHERE subject=?", (number,))
        rows = [(number, since, key) for since, key in keys.items()]
        self._db.executemany("INSERT INTO keys VALUES (?,?,?)", rows)

    # --- references ------------------------------------------------------------------------

    def links(self, context: str, reference: str) -> list[Linked]:
        """List for whom a reference has stood, in order of time."""
        query = (
            "SELECT subject, since, until, shared FROM links WHERE reference=?"
            " ORDER BY since, until"
        )
        rows = self._db.execute(query, (self._secret.reference(context, reference),))
        return [Linked(number, first, end, bool(shared)) for number, first, end, shared in rows]

    def linked(self, context: str, reference: str) -> Linked | None:
        """Give for whom a reference stands until further notice."""
        return next((one for one in self.links(context, reference) if one.until == FOREVER), None)

    def link(self, context: str, reference: str) -> tuple[int, int] | None:
        """Give (subject, first day) of a linked reference."""
        linked = self.linked(context, reference)
        return None if linked is None else (linked.subject, linked.since)

    def holder(self, context: str, reference: str, day: int) -> Linked | None:
        """Give for whom a reference stood on a day."""
        links = self.links(context, reference)
        return next((one for one in links if one.since <= day < one.until), None)

    def references_of(self, number: int) -> set[bytes]:
        """List the references of a subject in all contexts, as the index holds them."""
        query = "SELECT reference FROM links WHERE subject=?"
        return {reference for (reference,) in self._db.execute(query, (number,))}

    def end_link(self, number: int, context: str, reference: str, day: int) -> None:
        """Let a reference stand for a subject no more, from a day on. In a transaction."""
        self._db.execute(
            "UPDATE links SET until=? WHERE reference=? AND subject=? AND until=?",
            (day, self._secret.reference(context, reference), number, FOREVER),
        )
