"""What is filed: private documents and sealed records, put away and opened again.

Hides how they are sealed, and that a record lies in its batch and a document in a row. Promises
that what opens is what its leaf names: other bytes raise `Broken`, what was erased `Refused`.
Knows nothing of what a document means: the rooms that index it do.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from standing.errors import Broken, Refused
from standing.vault._batches import Batches, StoredBatch
from standing.vault._database import Database
from standing.vault._documents import Document, Record, parse_preimage, preimage
from standing.vault._keys import SealingKeys, record_id, seal, unseal
from standing.vault._runs import Rows, load_runs, postings_of
from standing.verify.tree import leaf_hash


@dataclass(frozen=True, slots=True)
class OpenRecord:
    """One record in clear, with its place: batch, position, log entry and day of inclusion."""

    leaf: bytes
    record: Record
    batch: int
    position: int
    entry: int
    included: int

    @property
    def id(self) -> str:
        """The record's name: `r_` and the head of its leaf."""
        return record_id(self.leaf)


@dataclass(frozen=True, slots=True)
class OpenDocument:
    """One private document in clear; `marks` is the row of the marks that commit to it."""

    leaf: bytes
    document: Document
    marks: int | None
    position: int | None


class Filed:
    """The documents and records of one vault."""

    def __init__(self, db: Database, keys: SealingKeys, batches: Batches) -> None:
        self._db = db
        self._keys = keys
        self._batches = batches

    # --- documents -------------------------------------------------------------------------

    def keep(self, document: Document, subject: int = 0, context: str = "") -> bytes:
        """Seal and store a document, indexed nowhere; gives its leaf. In a transaction."""
        self._keys.ensure([(subject, context)])
        data = preimage(document)
        leaf = leaf_hash(data)
        sealed = seal(self._keys.require(subject, context), leaf, data)
        self._db.execute(
            "INSERT INTO documents VALUES (?,?,?,?,?,?,NULL,NULL)",
            (leaf, _kind_of(document), document.day, subject, context, sealed),
        )
        return leaf

    def document(self, leaf: bytes) -> OpenDocument:
        """Open one document by its leaf; raises `E-VAULT-15` where it is not here (any more)."""
        for _, opened in self._opened("leaf=?", (leaf,)):
            return opened
        raise Refused(
            "E-VAULT-15",
            "There is no such document here.",
            why="It was erased, or never was.",
            fix="Name a document of this ledger.",
            where=f"leaf {leaf.hex()}",
        )

    def documents(
        self, subject: int | None = None, kind: str = "", context: str | None = None
    ) -> Iterator[OpenDocument]:
        """Open all documents, or those of a subject, kind, context; erased ones are gone."""
        return (opened for _, opened in self.owned(subject, kind, context))

    def owned(
        self, subject: int | None = None, kind: str = "", context: str | None = None
    ) -> Iterator[tuple[int, OpenDocument]]:
        """Open the same, each with the number of its subject."""
        wanted = {"subject=?": subject, "kind=?": kind or None, "context=?": context}
        where = {part: value for part, value in wanted.items() if value is not None}
        return self._opened(" AND ".join(where) or "TRUE", tuple(where.values()))

    def _opened(self, where: str, values: tuple[object, ...]) -> Iterator[tuple[int, OpenDocument]]:
        query = f"SELECT leaf, kind, day, subject, context, sealed, marks, position FROM documents WHERE {where}"  # noqa: S608, E501 - constants of this class
        for leaf, kind, day, owner, context, sealed, marks, position in self._db.execute(
            query, values
        ):
            data = unseal(self._keys.require(owner, context), leaf, sealed)
            document = parse_preimage(data) if leaf_hash(data) == leaf else None
            if (
                document is None
                or isinstance(document, Record)
                or (_kind_of(document), document.day) != (kind, day)
            ):
                raise Broken(
                    "E-VAULT-11",
                    "A private document is not the one its leaf names.",
                    why="Its columns and its sealed text disagree.",
                    fix="Restore vault.db from its backup.",
                    where=f"leaf {leaf.hex()}",
                )
            yield owner, OpenDocument(leaf, document, marks, position)

    # --- whose, without opening ------------------------------------------------------------

    def placed(self, number: int, context: str) -> list[tuple[bytes, str, int]]:
        """List (leaf, kind, day) of a subject's documents in a context."""
        query = "SELECT leaf, kind, day FROM documents WHERE subject=? AND context=? ORDER BY leaf"
        return self._db.execute(query, (number, context)).fetchall()

    def places(self, number: int) -> tuple[str, ...]:
        """List the contexts in which anything is kept of a subject, in order."""
        query = "SELECT DISTINCT context FROM documents WHERE subject=? AND context<>'' ORDER BY 1"
        return tuple(context for (context,) in self._db.execute(query, (number,)))

    def every_leaf(self) -> Iterator[tuple[bytes, tuple[int, str]]]:
        """Read (leaf, (subject, context)) of all documents."""
        query = "SELECT leaf, subject, context FROM documents"
        for leaf, number, context in self._db.execute(query):
            yield leaf, (number, context)

    def owners(self) -> set[tuple[int, str]]:
        """List (subject, context) of whoever has a document here."""
        return set(self._db.execute("SELECT DISTINCT subject, context FROM documents"))

    # --- records ---------------------------------------------------------------------------

    def records_of(self, number: int, context: str) -> list[OpenRecord]:
        """Open every included record of a subject in a context, in order of arrival."""
        found: list[OpenRecord] = []
        batch: StoredBatch | None = None
        for batch_id, position in self._postings(number):
            if batch is None or batch.id != batch_id:
                batch = self._batches.get(batch_id)
            if batch.context == context:
                found.append(self.open_record(batch, position))
        return found

    def open_record(self, batch: StoredBatch, position: int) -> OpenRecord:
        """Open one record of a batch; raises `Broken` where its bytes do not hold."""
        leaf = batch.leaf(position)
        key = self._keys.require(batch.owners[position], batch.context)
        data = unseal(key, leaf, batch.bodies[position])
        record = parse_preimage(data) if leaf_hash(data) == leaf else None
        if not isinstance(record, Record):
            raise Broken(
                "E-VAULT-12",
                "A record is not the one its leaf names.",
                why="Its salted hash differs from the leaf that the issuer signed.",
                fix="Restore vault.db from its backup.",
                where=f"record {record_id(leaf)}",
            )
        entry = -1 if batch.entry is None else batch.entry
        return OpenRecord(leaf, record, batch.id, position, entry, batch.day)

    def places_of(
        self, number: int, context: str, *, before: int | None = None
    ) -> list[tuple[int, int]]:
        """List (batch, position) of a subject's records in a context, staged ones too.

        `before`: only of acts before that day.
        """
        places = self._postings(number)
        here = {
            batch
            for batch in {batch for batch, _ in places}
            if self._batches.context_of(batch) == context
        }
        found = [(batch, position) for batch, position in places if batch in here]
        return found if before is None else list(self._acts_before(found, before))

    def _acts_before(
        self, places: Iterable[tuple[int, int]], day: int
    ) -> Iterator[tuple[int, int]]:
        batch: StoredBatch | None = None
        for number, position in places:
            if batch is None or batch.id != number:
                [batch] = self._batches.each(number, number)
            if self.open_record(batch, position).record.day < day:
                yield number, position

    def _postings(self, number: int) -> list[tuple[int, int]]:
        return postings_of(self._db.connection, number)

    def known_row_ids(self) -> list[Rows]:
        """Load the keyed identities of every row ever taken, as sorted runs."""
        return load_runs(self._db.connection, "rowid")


def _kind_of(document: Document) -> str:
    return type(document).__name__.lower()
