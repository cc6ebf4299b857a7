"""Who may be recorded, scored or counted on a day, because their consent of that day holds.

Hides the joins between people and what they agreed to: each question here is asked of a whole
context, or of a file of rows, at once. Does not decide for which purpose or by whom: see `Terms`.
"""

from base64 import b32encode
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from standing.vault._agreed import Agreed
from standing.vault._attributes import held_attributes
from standing.vault._consents import Terms
from standing.vault._database import Database
from standing.vault._documents import Attributes
from standing.vault._filed import Filed
from standing.vault._people import People
from standing.wire.days import FOREVER

_LAST_DAY: Final = 65_534  # of a column of days
Numbers = npt.NDArray[np.unsignedinteger[Any]]


@dataclass(frozen=True, slots=True)
class Right:
    """What one subject's consents allow in one context, on a given day."""

    subject: int
    since: int  # no act before this day: the link and the attestation of age
    spans: tuple[tuple[int, int], ...]  # consent windows, [from, until)
    terms: tuple[tuple[int, int, Terms], ...] = ()  # the same with what they name
    shared: bool = False  # nothing negative is stored by a reference that several people use

    def covers(self, day: int) -> bool:
        """Tell whether an act of that day may be recorded."""
        if day < self.since:
            return False
        for start, end in self.spans:  # noqa: SIM110 - a generator costs more than the test
            if start <= day < end:
                return True
        return False


class Rights:
    """What the consents of one vault allow."""

    def __init__(self, db: Database, filed: Filed, people: People, agreed: Agreed) -> None:
        self._db = db
        self._filed = filed
        self._people = people
        self._agreed = agreed

    def of(self, context: str, references: Iterable[str], day: int) -> dict[str, Right]:
        """Resolve references to what may be recorded today; absent where nothing may be."""
        found: dict[str, Right] = {}
        for reference in references:
            right = self._of(context, reference, day)
            if right is not None:
                found[reference] = right
        return found

    def _of(self, context: str, reference: str, day: int) -> Right | None:
        link = self._people.linked(context, reference)
        if link is None:
            return None
        subject = self._people.subject(link.subject)
        if subject is None:
            return None
        if subject[0] != "person":
            return Right(link.subject, 0, ((0, FOREVER),), shared=link.shared)
        adult = self._people.adult_since(link.subject)
        terms = self._agreed.stretches(link.subject, context)
        spans = tuple((a, b) for a, b, _ in terms)
        if adult is None or not any(a <= day < b for a, b in spans):
            return None
        return Right(link.subject, max(link.since, adult), spans, terms, link.shared)

    def live_numbers(self, context: str, day: int) -> tuple[Numbers, Numbers]:
        """List who may be scored in a context on a day, ascending (u64), with first days (u16).

        A person needs a consent that holds that day, and acts count from its first day; a subject
        of a public register needs none. Acts before the first day of a column (1970) never count.
        """
        rows = self._db.execute(
            "SELECT n.subject, CASE WHEN s.kind='person' THEN min(c.since) ELSE 0 END FROM names n"
            " LEFT JOIN subjects s ON s.number=n.subject"
            " LEFT JOIN consents c ON c.subject=n.subject AND c.context=n.context"
            " AND c.since<=? AND c.until>? AND (c.withdrawn IS NULL OR c.withdrawn>?)"
            " AND NOT EXISTS (SELECT 1 FROM freezes f WHERE f.subject=c.subject"
            " AND f.context=c.context AND c.since<=f.since AND f.since<=? AND f.until>?)"
            " WHERE n.context=? GROUP BY n.subject"
            " HAVING s.kind<>'person' OR c.since IS NOT NULL ORDER BY n.subject",
            (day, day, day, day, day, context),
        ).fetchall()
        renewed = self._renewed(context)
        firsts = (
            (self._agreed.consent_since(number, context, day) or 0) if number in renewed else first
            for number, first in rows
        )
        numbers = np.fromiter((number for number, _ in rows), np.uint64, len(rows))
        since = (min(max(first, 0), _LAST_DAY) for first in firsts)
        return numbers, np.fromiter(since, np.uint16, len(rows))

    def _renewed(self, context: str) -> set[int]:
        """Name the subjects that gave more than one consent in a context."""
        query = "SELECT subject FROM consents WHERE context=? GROUP BY subject HAVING count(*)>1"
        return {number for (number,) in self._db.execute(query, (context,))}

    def somebody(self, context: str, day: int, seed: bytes) -> int | None:
        """Give one of those whose consent holds on a day: always the same one for a seed.

        Whoever answers a stranger does for this one what they would do for a subject.
        """
        start = "s_" + b32encode(seed).decode().lower()
        live = (
            "SELECT n.subject FROM names n JOIN consents c ON c.subject=n.subject"
            " AND c.context=n.context AND c.since<=?2 AND c.until>?2 AND c.withdrawn IS NULL"
            " WHERE n.context=?1 AND n.pseudonym"
        )
        query = (
            f"SELECT * FROM (SELECT * FROM ({live}>=?3 ORDER BY n.pseudonym LIMIT 1)"  # noqa: S608 - a constant
            f" UNION ALL SELECT * FROM ({live}<?3 ORDER BY n.pseudonym LIMIT 1)) LIMIT 1"
        )
        row = self._db.execute(query, (context, day, start)).fetchone()
        return int(row[0]) if row else None

    def attributes(self, context: str, day: int) -> dict[int, tuple[str, str]]:
        """Give (region, group) by subject, of those who state one under a consent live on `day`.

        For simulation and audit alone; a test holds every other room to that. A consent that was
        withdrawn or stopped is not live on any day, so that nothing bound to it can be read by
        looking back.
        """
        query = (
            "SELECT leaf FROM consents c"
            " WHERE context=? AND since<=? AND ?<until AND withdrawn IS NULL"
            " AND NOT EXISTS (SELECT 1 FROM freezes f WHERE f.subject=c.subject"
            " AND f.context=c.context AND c.since<=f.since"
            " AND (f.until=? OR (f.since<=? AND f.until>?)))"
        )
        values = (context, day, day, FOREVER, day, day)
        live = {leaf for (leaf,) in self._db.execute(query, values)}
        last: dict[int, Attributes] = {}
        for number, opened in self._filed.owned(kind="attributes", context=context):
            document = opened.document
            assert isinstance(document, Attributes), "opening compares the kind"
            if number not in last or last[number].revision < document.revision:
                last[number] = document
        return {
            number: (document.region, document.group)
            for number, document in last.items()
            if held_attributes(document, live)
        }
