"""What a subject agreed to: consents, withdrawals and stops, and what holds on a day.

Hides the index of consents and how several of them make one answer (`_consents` does the
arithmetic). Promises that what was withdrawn or stopped holds no more from its day on. Who may be
recorded or scored because of it is asked of `_rights`.
"""

from collections.abc import Collection, Iterator

from standing.vault._consents import Given, Terms, cut, holding, unbroken_since
from standing.vault._database import Database
from standing.vault._documents import Consent, Withdrawal
from standing.vault._filed import Filed
from standing.vault._keys import Secret
from standing.wire.days import FOREVER


class Agreed:
    """The consents and stops of one vault."""

    def __init__(self, db: Database, secret: Secret, filed: Filed) -> None:
        self._db = db
        self._secret = secret
        self._filed = filed
        self._terms: dict[bytes, Terms] = {}

    def index(self, document: Consent | Withdrawal, subject: int, leaf: bytes) -> None:
        """Let a consent hold, or end, from its day on. In a transaction."""
        match document:
            case Consent():
                terms = self._secret.terms(document.purposes, document.issuers)
                self._db.execute(
                    "INSERT INTO consents VALUES (?,?,?,?,?,NULL,?)",
                    (subject, document.context, document.day, leaf, document.until, terms),
                )
            case Withdrawal():
                self._db.execute(
                    "UPDATE consents SET withdrawn=? WHERE subject=? AND context=? AND leaf=?",
                    (document.day, subject, document.context, document.consent),
                )

    # --- consents over time ----------------------------------------------------------------

    def given(self, number: int, context: str) -> list[tuple[int, int, int | None]]:
        """List (from, until, withdrawn on) of a subject's consents, oldest first."""
        query = (
            "SELECT since, until, withdrawn FROM consents WHERE subject=? AND context=?"
            " ORDER BY since"
        )
        return self._db.execute(query, (number, context)).fetchall()

    def consents(self, number: int, context: str) -> list[tuple[int, int, bytes]]:
        """List (from, until, leaf) of a subject's consents, oldest first.

        Withdrawals are applied; a freeze cuts a consent into what was before and what came after,
        and does not touch one that was given later: whoever stopped may begin anew.
        """
        return cut(self._windows(number, context), self.freezes(number, context))

    def _windows(self, number: int, context: str) -> Iterator[tuple[int, int, bytes]]:
        return ((one.since, one.until, one.leaf) for one in self._given(number, context))

    def _given(self, number: int, context: str) -> list[Given]:
        query = (
            "SELECT since, until, leaf, withdrawn, terms FROM consents"
            " WHERE subject=? AND context=? ORDER BY since"
        )
        return [
            Given(since, until if withdrawn is None else min(until, withdrawn), leaf, terms)
            for since, until, leaf, withdrawn, terms in self._db.execute(query, (number, context))
        ]

    def stretches(self, number: int, context: str) -> tuple[tuple[int, int, Terms], ...]:
        """List (from, until, terms) of what a subject agreed to, oldest first."""
        found = []
        for since, until, given in holding(
            self._given(number, context), self.freezes(number, context)
        ):
            terms = self._terms_of(given[0])
            for other in given[1:]:
                more = self._terms_of(other)
                terms = Terms(terms.purposes & more.purposes, terms.issuers & more.issuers)
            found.append((since, until, terms))
        return tuple(found)

    def _terms_of(self, given: Given) -> Terms:
        """Open what a consent names; almost all name the same, which is opened once."""
        terms = self._terms.get(given.terms)
        if terms is None:
            consent = self._filed.document(given.leaf).document
            assert isinstance(consent, Consent), "the consents table names consents"
            terms = Terms(frozenset(consent.purposes), frozenset(consent.issuers))
            self._terms[given.terms] = terms
        return terms

    # --- on a day --------------------------------------------------------------------------

    def terms(self, number: int, context: str, day: int) -> Terms | None:
        """Give what a subject's consent of a day names; None where none holds."""
        agreed = self.stretches(number, context)
        return next((terms for since, until, terms in agreed if since <= day < until), None)

    def live_consent(self, number: int, context: str, day: int) -> tuple[int, int, bytes] | None:
        """Give the consent that holds on a day, with its first and last day, if one does."""
        live = self.live_consents(number, context, day)
        every = self._windows(number, context)
        return next((consent for consent in every if consent[2] in live), None)

    def live_consents(self, number: int, context: str, day: int) -> set[bytes]:
        """Give the leaves of all consents that hold on a day: one may be given beside another."""
        return {
            leaf for since, until, leaf in self.consents(number, context) if since <= day < until
        }

    def open_consents(self, number: int, context: str, day: int) -> set[bytes]:
        """Give the leaves of consents that no document has ended on a day: a stop may have."""
        return {
            leaf for since, until, leaf in self._windows(number, context) if since <= day < until
        }

    def consent_since(self, number: int, context: str, day: int) -> int | None:
        """Give the day from which consent holds without a break; None where none is live.

        A consent is renewed by another that is given while it lives. What was recorded under the
        one before goes on counting.
        """
        if not self.live_consents(number, context, day):
            return None
        stops = (stop for stop in self.freezes(number, context) if stop[1] == FOREVER)
        windows = cut(self._windows(number, context), stops)
        return unbroken_since(((a, b) for a, b, _ in windows), day)

    # --- stops without a key ---------------------------------------------------------------

    def freezes(self, number: int, context: str) -> list[tuple[int, int]]:
        """List (from, until) of the stops without a key: nothing holds in between."""
        query = "SELECT since, until FROM freezes WHERE subject=? AND context=? AND since<until"
        return self._db.execute(query, (number, context)).fetchall()

    def freeze(self, number: int, context: str, since: int, opening: bytes) -> None:
        """Let nothing hold from a day on, until `thaw`. In a transaction."""
        self._db.execute(
            "INSERT INTO freezes VALUES (?,?,?,?,?)", (number, context, since, opening, FOREVER)
        )

    def thaw(self, opening: bytes, day: int) -> None:
        """Let consents hold again from a day on. In a transaction."""
        self._db.execute("UPDATE freezes SET until=? WHERE opening=?", (day, opening))

    # --- what ended ------------------------------------------------------------------------

    def withdrew_on(self, number: int, context: str, day: int) -> bool:
        """Tell whether a subject withdrew a consent of a context on a day, or stopped there."""
        query = (
            "SELECT 1 FROM consents WHERE subject=?1 AND context=?2 AND withdrawn=?3 UNION"
            " SELECT 1 FROM freezes WHERE subject=?1 AND context=?2 AND since=?3 AND until>?3"
        )
        return self._db.execute(query, (number, context, day)).fetchone() is not None

    def withdrawn(self, context: str) -> int:
        """Count the consents of a context that were withdrawn, and the stops that were undone."""
        query = (
            "SELECT (SELECT count(*) FROM consents WHERE context=?1 AND withdrawn IS NOT NULL)"
            " + (SELECT count(*) FROM freezes WHERE context=?1 AND until<?2)"
        )
        return int(self._db.execute(query, (context, FOREVER)).fetchone()[0])

    def ended_by(self, day: int) -> list[tuple[int, str]]:
        """List (subject, context) where a consent ended on or before a day, in whatever way."""
        query = (
            "SELECT subject, context FROM consents WHERE min(until, coalesce(withdrawn, until))<=?1"
            " UNION SELECT subject, context FROM freezes"
            " WHERE subject<>0 AND since<=?1 AND since<until ORDER BY 1, 2"
        )
        return self._db.execute(query, (day,)).fetchall()

    def ended_among(self, number: int, context: str, leaves: Collection[bytes]) -> int:
        """Count the consents that were withdrawn, and the stops undone, among some documents."""
        ended = self._db.execute(
            "SELECT leaf FROM consents WHERE subject=?1 AND context=?2 AND withdrawn IS NOT NULL"
            " UNION ALL SELECT opening FROM freezes WHERE subject=?1 AND context=?2 AND until<?3",
            (number, context, FOREVER),
        )
        return sum(leaf in leaves for (leaf,) in ended)
