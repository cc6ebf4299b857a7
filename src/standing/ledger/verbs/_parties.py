"""Verbs about relying parties: questions, answers, presentations, recalls."""

from collections.abc import Sequence

from standing.cases import presentations
from standing.errors import Refused, StandingError
from standing.ledger import _decide, _parties, _presentations, _recalls
from standing.ledger.verbs._base import Verbs
from standing.vault import Recalled
from standing.wire.keys import KeyFile, PublicKey, SigningKey


class PartyVerbs(Verbs):
    """Verbs about relying parties."""

    def ask(
        self,
        key: KeyFile,
        context: str,
        purpose: str,
        transaction: str,
        reference: str,
        nonce: bytes,
        alternative: str = "",
    ) -> bytes:
        """Make a relying party's signed question about a reference.

        `alternative`: the ordinary service that the party offers for this route and day.
        """
        return _decide.ask(
            self._core, key, context, purpose, transaction, reference, nonce, alternative
        )

    def draft_presentation(
        self, key: PublicKey, party: PublicKey, context: str, purpose: str, last_day: int
    ) -> presentations.Draft:
        """Write a presentation for the holder of `key` to prove."""
        return _presentations.draft(self._core, key, party, context, purpose, last_day)

    def present(
        self,
        key: SigningKey,
        party: PublicKey,
        context: str,
        purpose: str,
        last_day: int | None = None,
    ) -> bytes:
        """Make a token by which one relying party may ask once about whoever holds the key.

        Anyone may, enrolled or not. Good today, or to `last_day`, tomorrow at most. Without a
        ledger at hand: `standing.cases.presentations.present`.
        """
        return _presentations.present(self._core, key, party, context, purpose, last_day)

    def ask_with(
        self,
        key: KeyFile,
        context: str,
        purpose: str,
        transaction: str,
        presentation: bytes,
        nonce: bytes,
        alternative: str = "",
    ) -> bytes:
        """Make a relying party's signed question about whoever made a presentation."""
        return _decide.ask(
            self._core, key, context, purpose, transaction, "", nonce, alternative, presentation
        )

    def decide(self, question: bytes) -> _decide.Decision:
        """Answer a signed question: `clear`, a restriction in force, or a perk.

        The same question posted again gets the same bytes while its answer holds.
        """
        return _decide.decide(self._core, question)

    def decide_many(self, questions: Sequence[bytes]) -> list[_decide.Decision | StandingError]:
        """Answer a group of questions with one commit, each judged for itself."""
        return _decide.decide_many(self._core, questions)

    def recalls(self, key: KeyFile) -> list[_recalls.Message]:
        """Give a relying party the recalls of its answers that it has not confirmed."""
        return _recalls.fetch(self._core, key.public)

    def recalls_of(self, party: PublicKey) -> list[_recalls.RecallView]:
        """Give whoever has just shown that they hold a relying party's key the same."""
        return [_recalls.view(message) for message in _recalls.fetch(self._core, party)]

    def confirm_recalls(self, key: KeyFile, transactions: Sequence[str] = ()) -> int:
        """Confirm that recalled answers are deleted: of some transactions, or of all."""
        return _recalls.confirm(self._core, key, transactions)

    def take_confirmation(self, signed: bytes) -> int:
        """Take a relying party's signed confirmation that recalled answers are deleted."""
        return _recalls.take_confirmation(self._core, signed)

    def every_recall(self) -> list[Recalled]:
        """List every recall, confirmed or not, for the operator."""
        return _recalls.every(self._core)

    def followed(self, key: KeyFile, transactions: Sequence[str]) -> int:
        """Say which transactions took place after a relying party's questions."""
        return _parties.followed(self._core, key, transactions)

    def take_followed(self, signed: bytes) -> int:
        """Take a relying party's signed word on which transactions took place."""
        return _parties.take_followed(self._core, signed)

    def suspended(self) -> dict[str, Refused]:
        """Name the relying parties' keys that may not ask today, and why."""
        return _parties.suspended(self._core)
