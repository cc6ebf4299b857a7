"""Judge every statement of a log again, in as many processes as there are cores.

Documents and batches leave the charter's state as it was. So the few statements that change it
are found first and replayed in order; then every process judges its own stretch of the log at the
state that was in force there: form, right, rule and signature, as on the day of registration.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from standing import charter
from standing.audit._broken import broken
from standing.audit._opened import Opened
from standing.audit.trust import Trust
from standing.errors import StandingError
from standing.log import Log, over_bundles, read_bundle
from standing.verify.cosignatures import cosigner_of
from standing.verify.tree import leaf_hash
from standing.wire import cose
from standing.wire.keys import PublicKey
from standing.wire.notes import ED25519_TYPE, NoteKey

_BUNDLE: Final = 256
_NEUTRAL: Final = frozenset({"document", "batch"})
_TYPES: Final = b"application/vnd.standing."
_NEUTRAL_TYPES: Final = tuple(_TYPES + f"{kind}.v1+cose".encode() for kind in sorted(_NEUTRAL))

Change = tuple[int, bytes]
"""An entry that changes the charter's state, and its index."""


@dataclass(frozen=True)
class Replay:
    """The state after the last statement, and how many statements were judged, of which kinds."""

    state: charter.State
    judged: int
    kinds: dict[str, int]


def replay_changes(ledger: Opened) -> charter.State:
    """Replay only what changes the state, signatures included: keys, rights, packs, days.

    What is passed over is judged by `replay_all`. The ledger learns state and days.
    """
    return _learn(ledger, _changes(ledger.log))


def replay_all(ledger: Opened) -> Replay:
    """Judge every statement as it was judged when it was registered.

    Raises `E-VERIFY-02` at the first that had no right to stand in the log.
    """
    changes = _changes(ledger.log)
    state = _learn(ledger, changes)
    kinds: dict[str, int] = {}
    for part in _judged(ledger.log, changes):
        for kind, count in part.items():
            kinds[kind] = kinds.get(kind, 0) + count
    return Replay(state, sum(kinds.values()), kinds)


def checkpoint_keys_in(entries: Iterable[bytes], trust: Trust) -> list[NoteKey]:
    """Give every key that a log may sign checkpoints with, as its entries name them, newest last.

    Raises as `state_in` does.
    """
    state = state_in(entries, trust)
    if state is None:
        return []
    ed25519 = [PublicKey.from_cose_key(key) for _, key in state.log_keys("checkpoint")]
    ml_dsa = [
        charter.read_log_key(charter.ML_DSA_PURPOSE, key)
        for _, key in state.log_keys(charter.ML_DSA_PURPOSE)
    ]
    return [
        *(NoteKey(trust.origin, ED25519_TYPE, key) for key in ed25519),
        *(cosigner_of(trust.origin, key) for key in ml_dsa),
    ]


def state_in(entries: Iterable[bytes], trust: Trust) -> charter.State | None:
    """Give the charter's state after a log's entries; None where there are none.

    Nothing but the genesis is taken on trust: each entry that changes a right is judged, with its
    signature. Raises `E-VERIFY-02` for the entries of another ledger.
    """
    state: charter.State | None = None
    for index, entry in enumerate(entries):
        if index == 0 and leaf_hash(entry).hex() != trust.genesis:
            raise broken("These entries are of another ledger.", "Its genesis differs.", "entry 0")
        if not _looks_neutral(entry):
            state = _judge_change(state, index, entry, check_signature=True)
    return state


def _learn(ledger: Opened, changes: Sequence[Change]) -> charter.State:
    state: charter.State | None = None
    for index, entry in changes:
        state = _judge_change(state, index, entry, check_signature=True)
        ledger.note_day(index, state.day)
    if state is None:
        raise broken("The log is empty.", "A ledger begins with its genesis.", "log")
    ledger.state = msgspec.structs.replace(state, size=ledger.log.head.size)
    return ledger.state


def _changes(log: Log) -> list[Change]:
    changes: list[Change] = []
    for part in over_bundles(_scan, log.directory, log.bundled // _BUNDLE, ()):
        changes += part
    start = log.bundled // _BUNDLE * _BUNDLE
    tail = enumerate(log.entries(start), start)
    return [*changes, *((at, entry) for at, entry in tail if not _looks_neutral(entry))]


def _judge_change(
    state: charter.State | None, index: int, entry: bytes, *, check_signature: bool
) -> charter.State:
    if state is not None:
        state = msgspec.structs.replace(state, size=index)
    try:
        return charter.admit(state, cose.parse_sign1(entry), check_signature=check_signature)
    except StandingError as problem:
        raise _no_right(index, problem) from problem


def _no_right(index: int, problem: StandingError) -> StandingError:
    return broken(
        f"Entry {index} has no right to stand in the log.", f"{problem}", f"entry {index}"
    )


def _looks_neutral(entry: bytes) -> bool:
    """Tell what is likely to leave the state as it was; whoever judges it makes sure.

    A statement holds the name of its own kind. One that holds more than one such name (a text may
    say anything) is read; one that cannot be read is left to its judge.
    """
    if not any(name in entry for name in _NEUTRAL_TYPES):
        return False
    if entry.count(_TYPES) == 1:
        return True
    try:
        return charter.kind_of(cose.parse_sign1(entry)) in _NEUTRAL
    except StandingError:
        return True


def _scan(directory: Path, first: int, stop: int, _: tuple[()]) -> list[Change]:
    return [
        (number * _BUNDLE + place, entry)
        for number in range(first, stop)
        for place, entry in enumerate(read_bundle(directory, number))
        if not _looks_neutral(entry)
    ]


def _judged(log: Log, changes: Sequence[Change]) -> Iterator[dict[str, int]]:
    yield from over_bundles(_judge, log.directory, log.bundled // _BUNDLE, changes)
    start = log.bundled // _BUNDLE * _BUNDLE
    if start < log.head.size:
        yield _Judge(changes, start).run(log.entries(start))


def _judge(directory: Path, first: int, stop: int, changes: Sequence[Change]) -> dict[str, int]:
    entries = (entry for number in range(first, stop) for entry in read_bundle(directory, number))
    return _Judge(changes, first * _BUNDLE).run(entries)


class _Judge:
    """Judges one stretch of the log, from the state that was in force at its beginning."""

    def __init__(self, changes: Sequence[Change], start: int) -> None:
        self._at = start
        self._state: charter.State | None = None
        self._keys: dict[bytes, PublicKey] = {}
        self._coming: dict[int, bytes] = {}
        for index, entry in changes:
            if index < start:
                self._change(index, entry)
            else:
                self._coming[index] = entry

    def _change(self, index: int, entry: bytes) -> None:
        # signed by whom it says: `_learn` has checked that
        self._state = _judge_change(self._state, index, entry, check_signature=False)
        for kid, right in self._state.roll.keys.items():
            if kid not in self._keys:
                self._keys[kid] = PublicKey.from_cose_key(right.key)

    def run(self, entries: Iterator[bytes]) -> dict[str, int]:
        """Judge entries in order; gives how many there were of each kind."""
        kinds: dict[str, int] = {}
        for entry in entries:
            kind = self._one(entry)
            kinds[kind] = kinds.get(kind, 0) + 1
            self._at += 1
        return kinds

    def _one(self, entry: bytes) -> str:
        index = self._at
        if index in self._coming:
            self._change(index, entry)
            return charter.kind_of(cose.parse_sign1(entry))
        try:
            claim = charter.examine(entry, self._keys)
            if claim.entry != entry:
                raise broken("It carries more than was signed.", "Its header is open.", "")
            if self._state is None or claim.kind not in _NEUTRAL:
                raise broken("It hides its kind.", "It reads as two kinds at once.", "")
            charter.admit_claim(msgspec.structs.replace(self._state, size=index), claim)
        except StandingError as problem:
            raise _no_right(index, problem) from problem
        return claim.kind
