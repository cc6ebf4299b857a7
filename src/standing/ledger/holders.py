"""Whose a key is today: who may act with it, as what, and where."""

from standing.ledger._core import Core
from standing.ledger.public import View
from standing.wire.keys import PublicKey


class Holding(View, frozen=True, kw_only=True):
    """What a key is good for today; no role: for nothing.

    `contexts`: where a subject has a name, or where an organisation acts (none: everywhere).
    """

    role: str = ""
    name: str = ""
    employer: str = ""
    contexts: tuple[str, ...] = ()


def holding(core: Core, key: PublicKey) -> Holding:
    """Tell what a key is good for today: a subject's, or an organisation's on the roll."""
    right = core.state.roll.keys.get(key.thumbprint)
    if right is not None:
        if right.revoked_entry is not None or core.today > right.until:
            return Holding()
        return Holding(
            role=right.role, name=right.name, employer=right.employer, contexts=right.contexts
        )
    number = core.vault.people.subject_of_key(key.cose_key(), core.today)
    if number is None:
        return Holding()
    return Holding(role="subject", contexts=tuple(core.vault.people.contexts_of(number)))
