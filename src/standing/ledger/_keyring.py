"""The ledger's own private keys: which file serves which purpose follows from the charter.

A key file is made before the statement that names it, so a crash between the two leaves a file
that serves nothing; the charter's newest key of a purpose is the one that signs.
"""

from pathlib import Path

from standing import charter
from standing.errors import Broken
from standing.log import Signers
from standing.wire.keys import PublicKey, SigningKey, load_key_file


class Keyring:
    """Every private key in a directory, found by its public half."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._keys: dict[bytes, SigningKey] = {}
        self._serving: dict[str, tuple[charter.Roll, list[SigningKey]]] = {}
        for path in sorted(directory.glob("*.key")):
            key = load_key_file(path).key
            if key is not None:
                self._keys[key.public.thumbprint] = key

    def add(self, key: SigningKey) -> None:
        """Take in a key that was made just now."""
        self._keys[key.public.thumbprint] = key

    def key(self, state: charter.State, purpose: str) -> SigningKey:
        """Give the key that now serves a purpose; raises `E-LEDGER-04` if its file is missing."""
        stated = state.log_key(purpose)
        named = charter.read_log_key(purpose, stated) if stated else None
        key = self._keys.get(named.thumbprint) if named else None
        if key is None:
            raise Broken(
                "E-LEDGER-04",
                f"The ledger's {purpose} key is missing.",
                why="No file in its folder of keys holds the key that the log names.",
                fix="Bring the file back from the backup of keys.",
                where=str(self.directory),
            )
        return key

    def every(self, state: charter.State, purpose: str) -> list[SigningKey]:
        """Give all keys that served a purpose and are at hand, newest first; see `key`."""
        known = self._serving.get(purpose)
        if known is None or known[0] is not state.roll:
            known = state.roll, self._every(state, purpose)
            self._serving[purpose] = known
        return known[1]

    def _every(self, state: charter.State, purpose: str) -> list[SigningKey]:
        newest = self.key(state, purpose)
        named = [charter.read_log_key(purpose, key) for _, key in state.log_keys(purpose)]
        held = [self._keys[k.thumbprint] for k in reversed(named) if k.thumbprint in self._keys]
        return [newest, *(key for key in held if key is not newest)]

    def signers(self, state: charter.State) -> Signers:
        """Give the keys that the log signs with now."""
        return Signers(
            checkpoint=self.key(state, "checkpoint"),
            receipt=self.key(state, "receipt"),
            ml_dsa=(
                self.key(state, charter.ML_DSA_PURPOSE)
                if state.log_key(charter.ML_DSA_PURPOSE)
                else None
            ),
            earlier=tuple(
                PublicKey.from_cose_key(key) for _, key in state.log_keys("checkpoint")[:-1]
            ),
        )
