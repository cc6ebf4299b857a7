"""What every group of verbs stands on: the open ledger, and whom a name stands for."""

from standing.ledger import _people, _scores
from standing.ledger._core import Core
from standing.wire.keys import PublicKey


class Verbs:
    """Verbs of one open ledger."""

    def __init__(self, core: Core) -> None:
        self._core = core

    @property
    def today(self) -> int:
        """The ledger's day, whole days since 1970-01-01."""
        return self._core.today

    def pseudonym(self, subject: str, context: str) -> str:
        """Give the name in a context of whoever is known by this reference or pseudonym."""
        number = _scores.resolve(self._core, subject, context)
        return self._core.vault.secret.pseudonym(number, context)

    def pseudonym_of(self, key: PublicKey, context: str) -> str:
        """Give the name in a context of the subject that holds a key."""
        return _people.pseudonym_of(self._core, key, context)

    def _name(self, subject: str | PublicKey, context: str) -> str:
        if isinstance(subject, PublicKey):
            return self.pseudonym_of(subject, context)
        return self.pseudonym(subject, context)

    def _number(self, subject: str | PublicKey, context: str) -> int:
        if isinstance(subject, PublicKey):
            return _people.subject_of(self._core, subject)
        return _scores.resolve(self._core, subject, context or None)
