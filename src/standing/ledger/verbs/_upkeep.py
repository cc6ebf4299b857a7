"""Verbs about what a ledger does by itself, its copies, and its verification."""

from pathlib import Path

from standing import audit
from standing.ledger import _backup, _delivery, _tick
from standing.ledger.verbs._base import Verbs
from standing.vault import Message


class UpkeepVerbs(Verbs):
    """Verbs about what a ledger does by itself, its copies, and its verification."""

    def outbox(self, state: str = "") -> list[Message]:
        """List the messages of a state, or all: to whom, how often tried, when next."""
        return self._core.vault.outbox.messages(state)

    def tick(self, *, send: bool = True) -> _tick.Ticked:
        """Publish marks, find news, send messages; never causes a legal effect."""
        return _tick.tick(self._core, send=send)

    def backup(self, to: Path, keys_to: Path) -> _backup.Note:
        """Copy the ledger and its keys to two places, which replaces what is there."""
        return _backup.backup(self._core, to, keys_to)

    def backup_status(self) -> _backup.Status | None:
        """Tell where the copies lie and how they stand; None where there are none."""
        return _backup.status(self._core)

    def begin_delivery(self) -> _delivery.Delivery:
        """Write the messages that are due; its `send` may run beside other verbs."""
        now = self._core.engine.clock.now()
        return _delivery.begin(self._core, _tick.settings_of(self._core), now)

    def settle(self, message: str, why: str) -> str:
        """Note how sending one message of a delivery ended; gives its state then."""
        return _delivery.settle(self._core, message, why)

    def verify(self, against: bytes | None = None) -> audit.Verification:
        """Verify everything in the directory, as a stranger would."""
        return audit.verify_ledger(self._core.directory, against)
