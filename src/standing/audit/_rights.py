"""Who had which right on a day: the roll with its days, and the keys that stood for subjects.

A key whose right began or ended on a day had it on that day: an auditor knows days, not hours.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from standing import charter
from standing.cases.lifecycles import SILENCE, Case, Signer, may_act
from standing.cases.standing import recovered_keys
from standing.wire.keys import PublicKey

IN_CONTEXT: Final = frozenset({"issuer", "relying-party"})


@lru_cache(maxsize=10_000)
def thumbprint(cose_key: bytes) -> bytes:
    """Give the thumbprint of a COSE_Key; empty for none."""
    return PublicKey.from_cose_key(cose_key).thumbprint if cose_key else b""


def states_on(case: Case, day: int) -> set[str]:
    """Give every state that a case was in on a day; the case is folded on that day or later."""
    before = [state for when, _, state in case.passed if when < day]
    then = [(what, state) for when, what, state in case.passed if when == day]
    states = {state for _, state in then}
    if before and not (then and then[0][0] == SILENCE):
        states.add(before[-1])
    return states


@dataclass(frozen=True)
class Rights:
    """The roll as of every day."""

    state: charter.State
    day_at: Callable[[int], int]  # the day of an entry

    def on(self, kid: bytes, day: int) -> charter.Accreditation | None:
        """Give the accreditation of a key if it held on a day."""
        right = self.state.roll.keys.get(kid)
        if right is None or not self.day_at(right.since_entry) <= day <= right.until:
            return None
        ended = right.revoked_entry
        return None if ended is not None and self.day_at(ended) < day else right

    def accredited(self, kid: bytes, day: int, context: str) -> Signer | None:
        """Name the organisation that a key stands for in a context on a day."""
        right = self.on(kid, day)
        if right is None:
            return None
        is_bound = right.role in IN_CONTEXT or bool(right.contexts)
        if context and is_bound and context not in right.contexts:
            return None
        return Signer(right.role, right.name, right.employer, kid)

    def named(self, kid: bytes) -> Signer | None:
        """Name the organisation that a key stands for, or stood for."""
        right = self.state.roll.keys.get(kid)
        return None if right is None else Signer(right.role, right.name, right.employer, kid)

    def key(self, kid: bytes) -> PublicKey | None:
        """Give the key of an organisation by its thumbprint."""
        right = self.state.roll.keys.get(kid)
        return None if right is None else PublicKey.from_cose_key(right.key)

    def answer_key(self, kid: bytes, day: int) -> PublicKey | None:
        """Give the ledger's answer key of this thumbprint, if it was named by that day."""
        for entry, key in self.state.log_keys("answer"):
            if thumbprint(key) == kid and self.day_at(entry) <= day:
                return PublicKey.from_cose_key(key)
        return None

    def ledger(self, kid: bytes) -> Signer:
        """Name the ledger as the signer of what the law opens."""
        genesis = self.state.genesis
        return Signer("ledger", genesis.origin, genesis.operator_employer, kid)

    def employers(self) -> dict[str, str]:
        """Give who employs each issuer and relying party; a name never changes its employer."""
        every = self.state.roll.keys.values()
        return {right.name: right.employer for right in every if right.role in IN_CONTEXT}

    def parties(self, context: str, day: int) -> frozenset[str]:
        """Name who employs the relying parties that were there all of a day."""
        return frozenset(
            right.employer
            for right in self.state.roll.keys.values()
            if right.role == "relying-party"
            and context in right.contexts
            and self.day_at(right.since_entry) < day
            and (right.revoked_entry is None or self.day_at(right.revoked_entry) > day)
        )


def subject_key(first: bytes, cases: Iterable[Case], day: int) -> bytes:
    """Give the COSE_Key that stood for a subject on a day; the cases are those of no context."""
    later = {since: key for since, key in recovered_keys(cases).items() if since <= day}
    return later[max(later)] if later else first


def trusted(
    cases: Iterable[Case], kid: bytes, context: str, lifecycle: str, day: int
) -> tuple[Signer, PublicKey] | None:
    """Find whom a subject trusted with a key on a day: a mandate, or a second key."""
    for case in cases:
        said = case.first
        states = states_on(case, day)
        is_live = case.lifecycle == "mandate" and "live" in states
        if is_live and thumbprint(said.key) == kid and may_act(said, context, lifecycle):
            signer = Signer("representative", said.name, "", kid)
            return signer, PublicKey.from_cose_key(said.key)
        is_kept = case.lifecycle == "second-key" and "kept" in states
        if is_kept and lifecycle == "recovery" and thumbprint(said.key) == kid:
            signer = Signer("second-key", "the subject's second key", "", kid)
            return signer, PublicKey.from_cose_key(said.key)
    return None
