"""What the charter knows after each entry: the roll of keys and packs, and the day.

The state is immutable; `admit` returns a new one. It has two stored rows, because the roll
changes rarely and the clock with almost every entry.
"""

from typing import Any, Final

import msgspec

from standing.charter._statements import Genesis
from standing.errors import Refused
from standing.wire import cbor
from standing.wire.keys import PublicKey

SECONDS_A_DAY: Final = 86_400

ROLES: Final[dict[str, frozenset[str]]] = {
    # role: the kinds of statement that such a key may be accredited for
    "operator": frozenset({"key", "accredit", "revoke", "document"}),
    "issuer": frozenset({"batch", "document"}),
    "rule-maker": frozenset({"catalogue", "pack", "document"}),
    "relying-party": frozenset({"document"}),
    "reviewer": frozenset({"document"}),
    "oversight": frozenset({"document"}),
    "desk": frozenset({"document"}),
    "attester": frozenset({"document"}),
    "auditor": frozenset({"document"}),
}
"""The roles a key can hold and what each may be allowed to say in public."""

LOG_PURPOSES: Final = frozenset({"receipt", "clerk", "answer", "checkpoint", "checkpoint-ml-dsa"})
"""What the log's own keys are for: receipts; day and marks; answers and reports; checkpoints.

The genesis names the first checkpoint key. An ML-DSA-44 key signs beside it.
"""
ML_DSA_PURPOSE: Final = "checkpoint-ml-dsa"


def read_log_key(purpose: str, cose_key: bytes) -> PublicKey:
    """Read a key of the log: ML-DSA-44 for its own purpose alone, Ed25519 for all others."""
    wanted = "ML-DSA-44" if purpose == ML_DSA_PURPOSE else "Ed25519"
    key = PublicKey.from_cose_key(cose_key, ml_dsa=True)
    if key.alg != wanted:
        raise Refused(
            "E-CHARTER-23",
            f"A {purpose} key is of another algorithm.",
            why=f"Got {key.alg}, wanted {wanted}.",
            fix="Let the ledger make its keys itself: standing key rotate.",
        )
    return key


class Accreditation(msgspec.Struct, frozen=True):
    """One organisation's key and its right, from one entry to its last day or its revocation."""

    key: bytes
    role: str
    name: str
    employer: str
    kinds: tuple[str, ...]
    contexts: tuple[str, ...]
    sector: str
    until: int
    since_entry: int
    revoked_entry: int | None = None


class LogKey(msgspec.Struct, frozen=True):
    """One of the log's own keys: the newest of a purpose signs, all of them stay checkable."""

    purpose: str
    key: bytes
    since_entry: int


class PackEntry(msgspec.Struct, frozen=True):
    """A pack: in force from its day once two rule-makers of two keys signed the same bytes."""

    context: str
    version: int
    force: int
    linter: int
    catalogue: bytes
    signers: tuple[bytes, ...]
    published: int | None  # the day of the second signature


class Roll(msgspec.Struct, frozen=True):
    """All keys and packs ever named."""

    keys: dict[bytes, Accreditation]
    log_keys: dict[bytes, LogKey]
    catalogues: tuple[bytes, ...]
    packs: dict[bytes, PackEntry]


class State(msgspec.Struct, frozen=True):
    """The charter after `size` entries."""

    genesis: Genesis
    roll: Roll
    size: int
    day: int
    marked_through: int  # the last interval that a marks statement covers

    def log_key(self, purpose: str) -> bytes | None:
        """Give the COSE_Key that now serves `purpose`, if one was named."""
        keys = self.log_keys(purpose)
        return keys[-1][1] if keys else None

    def log_keys(self, purpose: str) -> list[tuple[int, bytes]]:
        """Give (entry that named it, COSE_Key) of every key that has served, oldest first."""
        named = [
            (key.since_entry, key.key)
            for key in self.roll.log_keys.values()
            if key.purpose == purpose
        ]
        if purpose == "checkpoint":
            named.append((0, self.genesis.checkpoint_key))
        return sorted(named)

    def log_key_at(self, purpose: str, size: int) -> bytes | None:
        """Give the key that served `purpose` for the first head beyond `size` entries.

        A head is signed with the keys named before its commit; the first one with the first.
        """
        keys = self.log_keys(purpose)
        before = [key for since, key in keys if since < size]
        return before[-1] if before else (keys[0][1] if keys and not size else None)

    def first_interval_of(self, day: int) -> int:
        """Give the number of the interval in which `day` begins."""
        return day * SECONDS_A_DAY // self.genesis.interval_seconds

    def packs_of(self, context: str) -> list[tuple[int, bytes]]:
        """List (day of force, digest) of the context's published packs, earliest first."""
        return sorted(
            (pack.force, digest)
            for digest, pack in self.roll.packs.items()
            if pack.context == context and pack.published is not None
        )


def encode_state(state: State, previous: State | None = None) -> dict[str, bytes]:
    """Give the rows to store: always the clock, and the roll where it differs from `previous`."""
    rows = {"clock": cbor.encode([state.size, state.day, state.marked_through])}
    if previous is None or previous.roll is not state.roll:
        roll: Any = msgspec.to_builtins(
            (state.genesis, state.roll), builtin_types=(bytes,), str_keys=False
        )
        rows["roll"] = cbor.encode(roll)
    return rows


def decode_state(clock: bytes, roll: bytes) -> State:
    """Read a state back from its two rows."""
    size, day, marked_through = msgspec.convert(
        cbor.decode(clock, what="charter clock"), tuple[int, int, int]
    )
    genesis, all_keys = msgspec.convert(
        cbor.decode(roll, what="charter roll"), tuple[Genesis, Roll], builtin_types=(bytes,)
    )
    return State(genesis, all_keys, size, day, marked_through)
