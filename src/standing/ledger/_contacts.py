"""Contacts: where a subject is told that there is a notice; what keeps the address is a case."""

from dataclasses import dataclass

from standing.cases.lifecycles import Case
from standing.errors import Refused
from standing.ledger import _world
from standing.ledger._core import Core


@dataclass(frozen=True, slots=True)
class Kept:
    """One contact: its case, where it is, in which language, from when to when it was kept."""

    case: str
    kind: str
    address: str
    language: str
    since: int
    removed: int | None

    def is_told(self, day: int, of_keys: int | None = None) -> bool:
        """Tell whether this contact is told of something of a day.

        `of_keys`: the day on which what concerns keys and contacts began. Whoever was a contact
        then is told of it, even if they are none any more.
        """
        if self.since > day:
            return False
        return self.removed is None or (of_keys is not None and self.removed >= of_keys)


def contacts_of(core: Core, number: int) -> list[Kept]:
    """List the contacts that a subject has or had."""
    return [_kept(c) for c in _world.cases_of(core, number, "") if c.lifecycle == "contact"]


def contact(core: Core, name: str) -> Kept | None:
    """Find a contact by its case; None where it was forgotten."""
    try:
        return _kept(_world.find_case(core, name))
    except Refused:
        return None


def _kept(case: Case) -> Kept:
    said = case.first
    removed = case.last("remove")
    return Kept(
        case.name, said.kind, said.address, said.language, case.opened,
        None if removed is None else removed.day,
    )  # fmt: skip
