"""A ledger opened by a stranger: for reading only, believing nothing it says of itself."""

from bisect import bisect_right
from dataclasses import dataclass, field
from pathlib import Path

from standing import charter
from standing.audit._casebook import Casebook
from standing.audit.trust import Trust, load_trust
from standing.errors import Broken
from standing.log import Log
from standing.vault import OpenDocument, Vault
from standing.wire import cose

LOG_DIR = "log"
VAULT_FILE = "vault.db"
KEYS_DIR = "keys"


@dataclass
class Opened:
    """The parts under examination, and what one check learns for the next."""

    directory: Path
    trust: Trust
    log: Log
    state: charter.State | None = None
    days: list[tuple[int, int]] = field(default_factory=list)
    """Where a new day begins: (entry, day), in order."""
    statements: list[cose.Sign1] = field(default_factory=list)
    _vault: Vault | None = None
    _documents: list[OpenDocument] | None = None
    _casebook: Casebook | None = None

    @property
    def vault(self) -> Vault:
        """The vault, opened at first use."""
        if self._vault is None:
            self._vault = Vault.open(
                self.directory / VAULT_FILE, self.directory / KEYS_DIR, read_only=True
            )
        return self._vault

    @property
    def documents(self) -> list[OpenDocument]:
        """Every private document in clear; opening one that was changed raises."""
        if self._documents is None:
            self._documents = list(self.vault.filed.documents())
        return self._documents

    @property
    def casebook(self) -> Casebook:
        """The cases as the documents give them, grouped at first use."""
        if self._casebook is None:
            self._casebook = Casebook(self)
        return self._casebook

    @property
    def charter(self) -> charter.State:
        """The replayed state; raises `E-VERIFY-01` where replay failed."""
        if self.state is None:
            raise Broken(
                "E-VERIFY-01",
                "This cannot be checked.",
                why="The statements did not replay, so nobody's rights are known.",
                fix="See the check of the charter.",
            )
        return self.state

    def note_day(self, entry: int, day: int) -> None:
        """Remember from which entry on a day is in force."""
        if not self.days or self.days[-1][1] != day:
            self.days.append((entry, day))

    def day_at(self, entry: int) -> int:
        """Give the day on which an entry was made."""
        return self.days[bisect_right(self.days, entry, key=lambda step: step[0]) - 1][1]

    def close(self) -> None:
        """Close what was opened."""
        self.log.close()
        if self._vault is not None:
            self._vault.close()


def open_ledger(directory: Path) -> Opened:
    """Open a ledger for an audit."""
    trust = load_trust(directory)
    log = Log.open(
        directory / LOG_DIR,
        origin=trust.origin,
        extensions=trust.extensions,
        signers=None,
    )
    return Opened(directory, trust, log)
