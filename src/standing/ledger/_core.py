"""One open ledger: its log, its vault, its engine, and the one order between them.

Private side first (`staged`), then the public statement, then `included`. After a crash both
sides are reconciled by statement hash: what the log holds is included, what it lacks is forgotten,
because nobody was told that it was taken.
"""

import hashlib
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

from standing import charter
from standing.audit.trust import Trust, load_trust
from standing.cases.lookup import Lookup
from standing.columns import Forgetting, clean_columns
from standing.engine import Clock, Embedded, RealClock, SimulatedClock, read_state, today
from standing.errors import Broken, Refused, StandingError
from standing.ledger._keyring import Keyring
from standing.ledger._outside import Gathered, Outside, check_witnessed, load_outside
from standing.ledger._setup import KEYS_DIR, LOG_DIR, VAULT_FILE
from standing.log import Choose, Log, Signers
from standing.vault import (
    Contents,
    Intake,
    Rows,
    SealedBatch,
    Vault,
    contents_digest,
    leaf_of,
    new_salt,
)
from standing.verify.tree import root_of
from standing.wire import cose
from standing.wire.days import format_day
from standing.wire.keys import PublicKey, SigningKey

COLUMNS_DIR: Final = "columns"
_SMALLEST_MARKS: Final = 64
_MARKS_GROWTH: Final = 4
SECONDS_A_DAY: Final = 86_400
_UNWRITABLE: Final = frozenset({"E-LOG-02", "E-LOG-07"})
_shuffle = random.SystemRandom().shuffle
_T = TypeVar("_T")


class Core:
    """The parts of an open ledger that its verbs share."""

    def __init__(
        self,
        directory: Path,
        trust: Trust,
        log: Log,
        vault: Vault,
        engine: Embedded,
        *,
        keyring: Keyring | None,
        outside: Outside,
    ) -> None:
        self.directory = directory
        self.trust = trust
        self.log = log
        self.vault = vault
        self.engine = engine
        self.keyring = keyring
        self.outside = outside
        self.columns_folder = directory / COLUMNS_DIR
        self._forgetting = Forgetting(self.columns_folder)
        self._bulk = False
        self._latest = _latest_day(engine.state, vault)
        self.lookup = Lookup()
        self.suspensions: dict[bytes, tuple[tuple[int, int], Refused | None]] = {}
        self.swept = -1
        """The day on which what time had made due was last done."""
        self.looked = -1
        """The day on which it was last looked for answers that ceased to hold."""

    @classmethod
    def open(cls, directory: Path, clock: Clock | None, *, read_only: bool) -> "Core":
        """Open log, vault and engine; a writer reconciles them first.

        Where the log can be read and not written, relief still works: it needs the vault alone.
        """
        trust = load_trust(directory)
        keyring = None if read_only else Keyring(directory / KEYS_DIR)
        log, is_writable = _open_log(directory / LOG_DIR, trust, keyring)
        try:
            outside = load_outside(directory)
            engine = Embedded.open(log, keyring, clock or RealClock())
            if not read_only:
                keys = checkpoint_keys(engine.state)
                check_witnessed(log, keys)
                outside.check_ahead(log, keys)
            vault = Vault.open(directory / VAULT_FILE, directory / KEYS_DIR, read_only=read_only)
            engine.clock = _right_clock(engine.state, clock, vault)
        except BaseException:
            log.close()
            raise
        core = cls(directory, trust, log, vault, engine, keyring=keyring, outside=outside)
        if is_writable:
            core._reconcile()
        if not read_only:
            core.finish_erasing()
            clean_columns(core.columns_folder)
        return core

    def close(self) -> None:
        """Close everything that is open."""
        self.vault.close()
        self.log.close()

    @property
    def state(self) -> charter.State:
        """The charter's committed state."""
        return self.engine.state

    @property
    def today(self) -> int:
        """The clock's day."""
        return today(self.engine.clock)

    @property
    def answer_key(self) -> SigningKey | None:
        """The key that signs answers and reports; None where the ledger is open for reading."""
        return self.keyring.key(self.state, "answer") if self.keyring else None

    def require_answer_key(self, code: str, why: str) -> SigningKey:
        """Give the key that signs answers; raises `code` where the ledger is open for reading."""
        if self.answer_key is None:
            raise Refused(
                code,
                "This ledger is open for reading only.",
                why=why,
                fix="Open it for writing: standing.open(directory).",
            )
        return self.answer_key

    @property
    def answer_keys(self) -> list[SigningKey]:
        """The answer keys of this ledger that are at hand, newest first; none for readers."""
        if self.keyring is None:
            return []
        return self.keyring.every(self.state, "answer")

    def check_clock(self) -> None:
        """Refuse to act on a clock that went back; raises `E-CLOCK-02`.

        People's documents and marks may be of a later day than the last statement about a day.
        """
        self._latest = max(self._latest, self.state.day)
        if self.today < self._latest:
            raise Refused(
                "E-CLOCK-02",
                "This machine's clock is behind the ledger.",
                why=f"It says {format_day(self.today)}, the ledger {format_day(self._latest)}.",
                fix="Set the clock right and try again.",
            )
        self._latest = self.today

    # --- committing ---------------------------------------------------------------------------

    @contextmanager
    def bulk(self) -> Iterator[None]:
        """Join many verbs: vault writes become one transaction, files are published at the end.

        Nothing inside is acknowledged before the block ends.
        """
        try:
            with self.publishing_later(), self.vault.transaction():
                yield
        except BaseException:
            self._forgetting.settle(committed=False)
            raise
        self._forgetting.settle(committed=True)

    @contextmanager
    def forgetting(self, subject: int, context: str, ended: int) -> Iterator[None]:
        """End `ended` consents in a transaction after which the bulk store has no such subject.

        Inside a bulk block the store is settled when the block ends.
        """
        try:
            with self._forgetting.of(subject, context, ended), self.vault.transaction():
                yield
        except BaseException:
            if not self.vault.db.in_transaction:
                self._forgetting.settle(committed=False)
            raise
        if not self.vault.db.in_transaction:
            self._forgetting.settle(committed=True)

    def finish_erasing(self, whose: Sequence[tuple[int, str]] | None = None) -> bool:
        """Destroy keys and every last trace of what was taken out; says whether that was possible.

        Without `whose`, as after a crash: every key that seals nothing.
        """
        if not self.vault.erasures.unfinished():
            return True
        self.vault.erasures.destroy(self.vault.erasures.orphans() if whose is None else whose)
        return self.vault.scrub()

    @contextmanager
    def publishing_later(self) -> Iterator[None]:
        """Write the public files once, at the end of the block."""
        self._bulk = True
        try:
            yield
        finally:
            self._bulk = False
        self.log.publish()

    def commit(self, statements: Sequence[bytes]) -> dict[bytes, int]:
        """Append public statements, with the marks that are due before them; gives their places."""
        marks = self._stage_due_marks()
        places = self._propose(statements, marks)
        self._include_marks(marks, places)
        self.publish()
        return places

    def register(self, claims: Sequence[charter.Claim]) -> list[int | StandingError]:
        """Append what the charter admits of a group; published with the next `publish`."""
        marks = self._stage_due_marks()
        first = self.log.head.size
        outcomes = self._ask_engine(lambda: self.engine.register(claims, marks=marks))
        self._include_marks(
            marks,
            {cose.parse_sign1(signed).statement_hash: first + n for n, signed in enumerate(marks)},
        )
        return outcomes

    def state_in_public(self, document: bytes, slot: str, facts: dict[str, Any]) -> int:
        """Publish a document under the clerk's key; gives its place in the log."""
        digest = self.log.put_document(document)
        envelope = charter.Envelope("document", digest, "application/cbor", facts)
        signed = self.engine.sign_document(slot, envelope)
        return self.commit([signed])[cose.parse_sign1(signed).statement_hash]

    def write_batches(self, batches: Sequence[SealedBatch], row_ids: Rows) -> None:
        """Make one group of batches durable: staged, then in the log, then included."""
        kinds = tuple((batch.statement, hashlib.sha256(batch.kinds).digest()) for batch in batches)
        with self.vault.transaction():
            marks = self._stage_due_marks()
            self.vault.batches.stage(batches, row_ids, self.today)
            self.vault.add(Intake(new_salt(), self.today, kinds))
        places = self._propose([batch.signed for batch in batches], marks)
        with self.vault.transaction():
            self.vault.batches.include(
                {batch.statement: places[batch.statement] for batch in batches}
            )
            self._include_marks(marks, places)

    def _propose(self, statements: Sequence[bytes], marks: Sequence[bytes]) -> dict[bytes, int]:
        return self._ask_engine(lambda: self.engine.propose(statements, marks=marks))

    def _ask_engine(self, append: Callable[[], _T]) -> _T:
        """Let the engine append, and forget what was staged for it if it refuses."""
        if self.vault.db.in_transaction:
            raise Refused(
                "E-LEDGER-03",
                "Public statements cannot be made inside a bulk block.",
                why="The log would be durable before the vault is.",
                fix="Use publishing_later() for them, and bulk() for people's documents alone.",
            )
        try:
            return append()
        except Refused:
            self._forget_staged()
            raise
        # any other failure leaves the rows staged: the log may hold the group all the same, and
        # the next start finds out by statement hash

    def _forget_staged(self) -> None:
        with self.vault.transaction():
            self.vault.batches.discard_staged()
            self.vault.marks.discard_staged()

    def publish(self) -> None:
        """Bring the published files up to the log, unless a bulk block will at its end."""
        if not self._bulk:
            self.log.publish()

    def cosign(self) -> Gathered | None:
        """Ask the witnesses for the published checkpoint; publish it too if enough cosign.

        None where no witness is named, or nothing is published.
        """
        published = self.log.published()
        if published is None or not self.outside.witness_keys:
            return None
        gathered = self.outside.cosign(published, self.log.consistency)
        if gathered.enough:
            self.log.publish_witnessed(gathered.checkpoint)
        return gathered

    def _reconcile(self) -> None:
        hashes = [*self.vault.batches.staged(), *self.vault.marks.staged()]
        if not hashes:
            return
        places = {h: index for h in hashes if (index := self.log.find(h)) is not None}
        with self.vault.transaction():
            self.vault.batches.include(places)
            self.vault.marks.include(places)
        self._forget_staged()

    # --- marks ----------------------------------------------------------------------------------

    def publish_marks(self) -> int:
        """Publish the marks that are due; gives how many documents they hold."""
        waiting = len(self.vault.marks.waiting())
        marks = self._stage_due_marks()
        if not marks:
            return 0
        places = self._propose([], marks)
        self._include_marks(marks, places)
        self.publish()
        return waiting

    def _stage_due_marks(self) -> list[bytes]:
        """Make the statement that covers all finished intervals, and note what it holds."""
        self.log.check_writable()
        through = self.engine.clock.now() // self.state.genesis.interval_seconds - 1
        if through <= self.state.marked_through:
            return []
        leaves = self.vault.marks.waiting()
        contents = Contents(new_salt(), self.today, len(leaves), contents_digest(leaves))
        leaves.append(leaf_of(contents))
        size = _SMALLEST_MARKS
        while size < len(leaves):
            size *= _MARKS_GROWTH
        leaves += [new_salt() for _ in range(size - len(leaves))]  # random leaves
        _shuffle(leaves)
        marks = charter.Marks(charter.VDS_RFC9162_SHA256, root_of(leaves), size, through)
        signed = self.engine.sign_marks(marks)
        with self.vault.transaction(is_bookkeeping=True):
            self.vault.add(contents)
            self.vault.marks.stage(cose.parse_sign1(signed).statement_hash, leaves)
        return [signed]

    def _include_marks(self, marks: Sequence[bytes], places: dict[bytes, int]) -> None:
        hashes = [cose.parse_sign1(signed).statement_hash for signed in marks]
        if hashes:
            with self.vault.transaction(is_bookkeeping=True):
                self.vault.marks.include({h: places[h] for h in hashes})


def _open_log(directory: Path, trust: Trust, keyring: Keyring | None) -> tuple[Log, bool]:
    """Open a log for writing, if there are keys and it can be written; tells whether it is."""
    of: Any = {"origin": trust.origin, "extensions": trust.extensions}
    if keyring is None:
        return Log.open(directory, **of, signers=None), False
    try:
        return Log.open(directory, **of, signers=_signers_from(keyring)), True
    except Broken as problem:
        if problem.code not in _UNWRITABLE:
            raise
        return Log.read_alone(directory, **of, why=problem), False


def _signers_from(keyring: Keyring) -> Choose:
    def choose(row: Callable[[str], bytes | None]) -> Signers:
        state = read_state(row)
        if state is None:
            raise Broken(
                "E-LEDGER-05",
                "The log holds no genesis.",
                why="Making this ledger was cut off before its first entry.",
                fix="Make it again in an empty directory: standing init.",
            )
        return keyring.signers(state)

    return choose


def checkpoint_keys(state: charter.State) -> list[PublicKey]:
    """Give every key that the log has signed checkpoints with, newest last."""
    return [PublicKey.from_cose_key(key) for _, key in state.log_keys("checkpoint")]


def _latest_day(state: charter.State, vault: Vault) -> int:
    """Give the day of the newest entry, marks or private document."""
    marked = (state.marked_through + 1) * state.genesis.interval_seconds // SECONDS_A_DAY
    return max(state.day, marked, vault.marks.newest_waiting())


def _right_clock(state: charter.State, clock: Clock | None, vault: Vault) -> Clock:
    kind = state.genesis.clock
    if clock is None and kind == "simulated":
        return SimulatedClock(_latest_day(state, vault))
    if clock is None:
        return RealClock()
    if clock.kind != kind:
        raise Refused(
            "E-CLOCK-03",
            f"This ledger runs on a {kind} clock.",
            why=f"It was opened with a {clock.kind} one; a ledger never changes its kind of clock.",
            fix="Open it without a clock of your own, or make another ledger.",
        )
    return clock
