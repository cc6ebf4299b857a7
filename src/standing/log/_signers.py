"""The keys that a log signs with, and those that its heads are checked against."""

from dataclasses import dataclass

from standing.wire.keys import PublicKey, SigningKey


@dataclass(frozen=True)
class Signers:
    """A writer's private keys. `earlier`: public checkpoint keys that it signed with before.

    `ml_dsa` adds a post-quantum line to each published checkpoint.
    """

    checkpoint: SigningKey
    receipt: SigningKey
    ml_dsa: SigningKey | None = None
    earlier: tuple[PublicKey, ...] = ()


@dataclass(frozen=True)
class HeadKeys:
    """The public keys that one signed head is checked with."""

    checkpoint: PublicKey
    receipt: PublicKey
    ml_dsa: PublicKey | None = None
