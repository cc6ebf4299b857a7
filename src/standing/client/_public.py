"""What everybody may see of a ledger that is served elsewhere, without a key."""

from typing import Any

from standing.client._wire import Wire, path_of
from standing.interface import ConsentText, EntryPage, PackFacts
from standing.ledger.public import (
    ContestNumbers,
    DaySize,
    Entry,
    Holder,
    LogKey,
    Overview,
    PackLine,
)
from standing.policy import PackDiff


class Public:
    """The verbs that need no key."""

    _wire: Wire

    def overview(self) -> Overview:
        """Give the log's head and its newest checkpoints."""
        return self._wire.get("/log", Overview)

    def growth(self) -> list[DaySize]:
        """Give the log's size at the end of each day that brought an entry."""
        return self._wire.get("/log/growth", list[DaySize])

    def entries(self, cursor: str | None = None, limit: int = 50) -> EntryPage:
        """Give a page of entries, newest first; `next` is the cursor of older ones."""
        return self._wire.get("/log/entries", EntryPage, cursor=cursor, limit=limit)

    def entry(self, which: str) -> Entry:
        """Give an entry by index or statement hash, with its path to the root."""
        return self._wire.get(path_of("log", "entries", which), Entry)

    def document(self, digest: str) -> bytes:
        """Give a public document by its digest."""
        return self._wire.send("GET", path_of("documents", digest)).body

    def log_keys(self) -> list[LogKey]:
        """List the log's own keys of today."""
        return self._wire.get("/log/keys", list[LogKey])

    def roll(self) -> list[Holder]:
        """List every key that ever had a right."""
        return self._wire.get("/log/roll", list[Holder])

    def trust_file(self) -> bytes:
        """Give the trust file as this server offers it: nothing to trust this server by."""
        return self._wire.send("GET", "/log/trust").body

    def verification(self) -> dict[str, Any]:
        """Tell how the verification beside the server's pages stands; no state: none runs."""
        return self._wire.get("/log/verification", dict[str, Any])

    def packs(self) -> list[PackLine]:
        """List the packs by context, newest version first."""
        return self._wire.get("/packs", list[PackLine])

    def pack(self, context: str, version: int) -> PackFacts:
        """Give a pack as it was signed."""
        return self._wire.get(path_of("packs", context, version), PackFacts)

    def pack_diff(self, context: str, old: int, new: int) -> PackDiff:
        """Tell how one version of a pack differs from another."""
        return self._wire.get(path_of("packs", context, old, new), PackDiff)

    def consent_text(self, context: str) -> str:
        """Give the text that a consent of today agrees to."""
        return self._wire.get(path_of("contexts", context, "consent-text"), ConsentText).text

    def contest_numbers(self) -> ContestNumbers:
        """Count contests: how many, how they ended, how fast."""
        return self._wire.get("/contests", ContestNumbers)

    def reviewers(self) -> dict[str, dict[str, int]]:
        """Count what each reviewer decided; counts under five are left out."""
        return self._wire.get("/contests/reviewers", dict[str, dict[str, int]])
