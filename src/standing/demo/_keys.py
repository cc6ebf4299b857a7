"""Keys of the demo, made from the system's randomness and kept in demo-keys/ beside the ledger."""

from pathlib import Path

from standing.wire.keys import KeyFile, SigningKey, write_key_file

KEYS_DIR = "demo-keys"


def new_key(role: str, name: str) -> KeyFile:
    """Make a key without writing it."""
    key = SigningKey.generate()
    return KeyFile(role, name, key, key.public)


class KeyRing:
    """Makes named keys, and writes those that a reader may want to use."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        directory.mkdir(parents=True, exist_ok=True)

    def make(self, role: str, name: str) -> KeyFile:
        """Make a key and write NAME.key with its public half beside it."""
        made = new_key(role, name)
        self.keep(made)
        return made

    def keep(self, key: KeyFile) -> None:
        """Write a key."""
        write_key_file(self.directory / f"{key.name}.key", key)
