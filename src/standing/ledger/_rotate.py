"""Changing the log's own keys: the private half first, then the entry that names the public half.

Receipts and checkpoints made before stay checkable for ever: every key stays on the roll.
"""

from standing import charter
from standing.errors import Refused
from standing.ledger._core import Core
from standing.ledger._setup import new_key
from standing.wire import keys as wire_keys
from standing.wire.keys import KeyFile


def rotate(core: Core, purpose: str, by: KeyFile) -> tuple[int, bytes]:
    """Make a new key for a purpose and name it; gives the entry and the key's id."""
    if purpose not in charter.LOG_PURPOSES:
        raise Refused(
            "E-KEY-14",
            f"{purpose!r} is no purpose of a key of the log.",
            why=f"The purposes are {', '.join(sorted(charter.LOG_PURPOSES))}.",
            fix="Name one of them. Organisations' keys change with accredit and revoke.",
        )
    if core.keyring is None or by.key is None or by.role != "operator":
        raise Refused(
            "E-KEY-10",
            "This needs the operator's private key, and a ledger open for writing.",
            why=f"The file holds a key of role {by.role!r}.",
            fix="Give --key the operator's file.",
        )
    key = new_key(purpose)
    kid = key.public.thumbprint
    path = core.keyring.directory / f"{purpose}-{kid.hex()[:16]}.key"
    wire_keys.write_key_file(path, KeyFile(purpose, core.trust.origin, key, key.public))
    core.keyring.add(key)
    named = charter.KeySet(purpose, key.public.cose_key())
    signed = charter.sign_statement(by.key, by.name, f"key/{purpose}/{kid.hex()[:16]}", named)
    return max(core.commit([signed]).values()), kid
