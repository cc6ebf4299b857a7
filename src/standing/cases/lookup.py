"""The look-up behind answers by reference: who is restricted on a day, by keyed hash, in memory.

Restrictions in force are few, so a table of a context and day is made from their cases and kept
until anything is written that an answer could hang on. A hit and a miss then do the same work.
"""

from collections.abc import Mapping
from typing import Final

from standing.cases.answers import Burden, Rules, burdens_of, names_of
from standing.cases.lifecycles import NEVER, case_of, table_of
from standing.vault import Vault

_KEPT: Final = 64
_STATES: Final = table_of("restriction").states

Table = Mapping[bytes, tuple[Burden, ...]]


class Lookup:
    """The tables of one open ledger."""

    def __init__(self) -> None:
        self._tables: dict[tuple[str, int], tuple[object, Table]] = {}
        self._over: dict[bytes, int] = {}
        self._undone = 0

    def table(self, vault: Vault, rules: Rules, context: str, day: int, stamp: object) -> Table:
        """Give who is restricted on a day; `stamp` is another once rules may be others."""
        known = (vault.changes, stamp)
        found = self._tables.get((context, day))
        if found is None or found[0] != known:
            if len(self._tables) >= _KEPT:
                self._tables.clear()
            found = known, self._make(vault, rules, context, day)
            self._tables[context, day] = found
        return found[1]

    def _make(self, vault: Vault, rules: Rules, context: str, day: int) -> Table:
        table: dict[bytes, tuple[Burden, ...]] = {}
        for number in self.subjects(vault, rules, context, day):
            burdens = burdens_of(vault, rules, number, context, day)
            if burdens:
                table |= dict.fromkeys(names_of(vault, number, context, day), burdens)
        return table

    def subjects(self, vault: Vault, rules: Rules, context: str, day: int) -> list[int]:
        """List about whom a restriction may be in force on a day up to today."""
        if self._undone != vault.undone:  # what was seen may have been taken back
            self._undone = vault.undone
            self._over.clear()
        found = set()
        for opening, number, _ in vault.cases.every(lifecycle="restriction", context=context):
            if opening not in self._over:
                self._note(vault, rules, opening, number, context, day)
            if self._over.get(opening, NEVER) > day:
                found.add(number)
        return sorted(found)

    def _note(
        self, vault: Vault, rules: Rules, opening: bytes, number: int, context: str, day: int
    ) -> None:
        """Remember since when a case is over: nothing opens it again."""
        case = case_of(
            vault.cases.steps(opening), subject=number, day=day, days=rules.days(context)
        )
        if case is not None and _STATES[case.state].final:
            self._over[opening] = case.since
