"""The embedded engine: one process judges, orders and appends statements.

A group of statements becomes one transaction of the log: all of them or none. The day moves by a
statement of its own, placed in front of the first statement of a new day and never alone.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

from standing import charter
from standing.engine.clock import Clock, today
from standing.errors import Refused, StandingError
from standing.log import Log, Signers
from standing.wire import cose
from standing.wire.days import format_day
from standing.wire.keys import SigningKey


class Keys(Protocol):
    """Where the ledger's own private keys are found."""

    def key(self, state: charter.State, purpose: str) -> SigningKey:
        """Give the key that serves a purpose at a state."""
        ...

    def signers(self, state: charter.State) -> Signers:
        """Give the keys that the log signs with at a state."""
        ...


def read_state(row: Callable[[str], bytes | None]) -> charter.State | None:
    """Read the charter's state from its two rows; None before the genesis."""
    clock, roll = row("clock"), row("roll")
    return charter.decode_state(clock, roll) if clock and roll else None


class Embedded:
    """Drives the charter over one log. The caller owns the log and closes it."""

    def __init__(
        self, log: Log, state: charter.State | None, keys: Keys | None, clock: Clock
    ) -> None:
        self._log = log
        self._keys = keys
        self.clock = clock
        self._state = state

    @classmethod
    def open(cls, log: Log, keys: Keys | None, clock: Clock) -> "Embedded":
        """Take up the state that was committed with the log's last entry."""
        return cls(log, read_state(log.state), keys, clock)

    @property
    def state(self) -> charter.State:
        """The charter's committed state."""
        if self._state is None:
            raise Refused(
                "E-ENGINE-01",
                "This ledger has no genesis yet.",
                why="Its log is empty.",
                fix="Make a ledger with: standing init.",
            )
        return self._state

    def found(self, statements: Sequence[bytes]) -> None:
        """Append the genesis and the first keys to an empty log, as one transaction."""
        self._commit([cose.parse_sign1(s) for s in statements])

    def propose(
        self, statements: Sequence[bytes], *, marks: Sequence[bytes] = ()
    ) -> dict[bytes, int]:
        """Judge and append a group; gives each statement's place by its hash.

        `marks` come first, before the day moves. A statement that the log already holds keeps its
        place. If any is refused, nothing of the group is appended.
        """
        before = [cose.parse_sign1(s) for s in marks]
        wanted = [cose.parse_sign1(s) for s in statements]
        places: dict[bytes, int] = {}
        fresh: list[cose.Sign1] = []
        for sign1 in wanted:
            index = self._log.find(sign1.statement_hash)
            if index is not None:
                places[sign1.statement_hash] = index
            elif sign1.statement_hash not in places:
                places[sign1.statement_hash] = -1
                fresh.append(sign1)
        group = [*before, *(self._day_statement() if fresh else []), *fresh]
        first = self._log.head.size
        if group:
            self._commit(group)
        for offset, sign1 in enumerate(group):
            places[sign1.statement_hash] = first + offset
        return places

    def register(
        self, claims: Sequence[charter.Claim], *, marks: Sequence[bytes] = ()
    ) -> list[int | StandingError]:
        """Judge claims one by one and append those admitted, as one commit.

        Gives each claim's place, or why it has none; a refusal does not touch the others. What
        stands in the log already keeps its place. `marks` come first and are always appended.
        """
        before = [cose.parse_sign1(s) for s in marks]
        moved = self._day_statement()
        state = self.state
        for sign1 in [*before, *moved]:
            state = charter.admit(state, sign1)
        first = self._log.head.size + len(before) + len(moved)
        fresh: dict[bytes, tuple[int, bytes]] = {}
        outcomes: list[int | StandingError] = []
        for claim in claims:
            name = claim.statement_hash
            place = fresh[name][0] if name in fresh else self._log.find(name)
            if place is None:
                try:
                    state = charter.admit_claim(state, claim)
                except StandingError as refusal:
                    outcomes.append(refusal)
                    continue
                place = first + len(fresh)
                fresh[name] = place, claim.entry
            outcomes.append(place)
        if not fresh:
            self._commit(before)
            return outcomes
        entries = [(sign1.entry_bytes, sign1.statement_hash) for sign1 in [*before, *moved]]
        self._append(state, [*entries, *((entry, name) for name, (_, entry) in fresh.items())])
        return outcomes

    def _day_statement(self) -> list[cose.Sign1]:
        day = today(self.clock)
        if day < self.state.day:
            raise Refused(
                "E-CLOCK-02",
                "This machine's clock is behind the ledger.",
                why=f"It says {format_day(day)}, the ledger {format_day(self.state.day)}.",
                fix="Set the clock right and try again.",
            )
        if day == self.state.day:
            return []
        moved = charter.DayMoved(day)
        origin = self.state.genesis.origin
        return [cose.parse_sign1(charter.sign_statement(self._key(), origin, origin, moved))]

    def sign_marks(self, marks: charter.Marks) -> bytes:
        """Sign a marks statement with the clerk's key."""
        origin = self.state.genesis.origin
        return charter.sign_statement(self._key(), origin, f"marks/{marks.through}", marks)

    def sign_document(self, slot: str, envelope: charter.Envelope) -> bytes:
        """Sign the digest of a public document with the clerk's key."""
        return charter.sign_envelope(self._key(), self.state.genesis.origin, slot, envelope)

    def _key(self) -> SigningKey:
        if self._keys is None:
            raise Refused(
                "E-ENGINE-02",
                "This ledger is open for reading only.",
                why="The clerk's key was not loaded.",
                fix="Open it for writing: standing.open(directory).",
            )
        return self._keys.key(self.state, "clerk")

    def _commit(self, group: Sequence[cose.Sign1]) -> None:
        state = self._state
        for sign1 in group:
            state = charter.admit(state, sign1)
        assert state is not None, "a group that founds has its genesis"
        self._append(state, [(sign1.entry_bytes, sign1.statement_hash) for sign1 in group])

    def _append(self, state: charter.State, entries: Sequence[tuple[bytes, bytes]]) -> None:
        if entries:
            rows = charter.encode_state(state, self._state)
            self._log.append(entries, rows, day=state.day, next_signers=self._next_signers(state))
            self._state = state

    def _next_signers(self, state: charter.State) -> Signers | None:
        """Give the log's new keys where this group names some."""
        before = self._state
        if before is None or self._keys is None or before.roll.log_keys == state.roll.log_keys:
            return None
        return self._keys.signers(state)
