"""Rights on the roll: the operator gives a key its role, and ends it again.

Promises that nobody else's key file gets as far as a signature. Whether the statement may stand
is the charter's to say.
"""

from collections.abc import Sequence
from typing import Any, Final

from standing import charter
from standing.errors import Refused
from standing.ledger._core import Core
from standing.wire.keys import KeyFile, PublicKey

_KINDS: Final = {"issuer": ("batch",), "rule-maker": ("catalogue", "document", "pack")}
"""What a role signs, where nobody says otherwise."""


def accredit(
    core: Core,
    key: PublicKey,
    *,
    role: str,
    name: str,
    until: int,
    by: KeyFile,
    employer: str,
    kinds: Sequence[str] | None,
    contexts: Sequence[str],
    sector: str,
) -> int:
    """Put an organisation's key on the roll; gives the entry."""
    statement = charter.Accredit(
        key=key.cose_key(),
        role=role,
        name=name,
        employer=employer or name,
        kinds=tuple(sorted(_KINDS.get(role, ()) if kinds is None else kinds)),
        contexts=tuple(sorted(contexts)),
        sector=sector,
        until=until,
    )
    return _say(core, by, f"accredit/{name}", statement)


def revoke(core: Core, kid: bytes, reason: str, by: KeyFile) -> int:
    """End a key's right to sign, from this entry on; gives the entry."""
    return _say(core, by, f"revoke/{kid.hex()[:16]}", charter.Revoke(kid, reason))


def _say(core: Core, by: KeyFile, slot: str, statement: Any) -> int:
    if by.key is None or by.role != "operator":
        raise Refused(
            "E-KEY-10",
            "This needs the operator's private key.",
            why=f"The file holds a key of role {by.role!r}.",
            fix="Give --key the operator's file.",
        )
    signed = charter.sign_statement(by.key, by.name, slot, statement)
    return max(core.commit([signed]).values())
