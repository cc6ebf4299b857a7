"""The real ledger under the state machine: opened, killed, copied, slept through, its log broken.

Everything that counts is read back from the ledger; nothing of it is believed from memory.
"""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from standing.cases.lifecycles import Case
from standing.errors import Refused, StandingError
from standing.ledger import _answers
from tests.machine.stage import CONTEXT, ISSUERS, Stage, card, open_at

REFUSALS = {"E-CASE-03", "E-CASE-04", "E-CASE-05", "E-CASE-07", "E-CASE-12"}


class Place:
    """One ledger's directory and whoever has it open."""

    def __init__(self, stage: Stage, folder: Path, day: int) -> None:
        self.stage = stage
        self.folder = folder
        self.day = day
        self.copies = 0
        self.is_log_broken = False
        self.crash_at: int | None = None
        self.ledger = open_at(stage.directory, day)
        self.names = [self.ledger.pseudonym_of(k.public, CONTEXT) for k in stage.people]
        self.numbers = [self.ledger._number(name, CONTEXT) for name in self.names]

    def close(self) -> None:
        self.ledger.close()

    # --- looking ------------------------------------------------------------------------------

    def score(self, person: int) -> Any:
        """Give a score with its reasons, or nothing where nobody may be scored."""
        try:
            return self.ledger.score(self.names[person], CONTEXT).score
        except Refused as refusal:
            assert refusal.code == "E-PEOPLE-11"
            return None

    def cases(self, person: int) -> list[Case]:
        return self.ledger.cases(self.names[person], CONTEXT)

    def answers(self, person: int) -> set[str]:
        """Name the restrictions that an answer would tell of today."""
        core = self.ledger._core
        rules, stamp = _answers.rules_of(core), core.state.packs_of(CONTEXT)
        table = core.lookup.table(core.vault, rules, CONTEXT, core.today, stamp)
        told = [
            table.get(core.vault.secret.reference(CONTEXT, card(person, issuer)), ())
            for issuer in ISSUERS
        ]
        assert told[0] == told[1], "two references are answered differently"
        return {burden.code for burden in told[0]}

    def answer(self, person: int, nonce: bytes) -> str:
        """Ask as a relying party does, that deletes and reports as it should."""
        key, sale = self.stage.keys["rail-sales"], f"sale {nonce.hex()}"
        self.ledger.confirm_recalls(key)
        question = self.ledger.ask(
            key, CONTEXT, "high-speed-sale", sale, card(person, "railway"), nonce, "ordinary train"
        )
        told = self.ledger.decide(question).answer.answer
        self.ledger.followed(key, [sale])
        return told

    def records(self, person: int) -> dict[str, Any]:
        found = self.ledger._core.vault.records_of(self.numbers[person], CONTEXT)
        return {opened.id: opened for opened in found}

    def print(self) -> list[Any]:
        """Give what a refused step must leave as it was."""
        db = self.ledger._core.vault.db
        tables = ("documents", "steps", "cases", "freezes", "keys", "consents", "links")
        counts = [db.execute(f"SELECT count(*) FROM {name}").fetchone() for name in tables]
        return [counts, db.execute("SELECT name, due FROM cases ORDER BY name").fetchall()]

    def snapshot(self) -> list[Any]:
        """Give everything that time alone may change: cases, scores, answers."""
        people = range(len(self.names))
        return [
            [[(c.name, c.state, c.since, c.due) for c in self.cases(p)] for p in people],
            [self.score(p) for p in people],
            [self.answers(p) for p in people],
            [[told.item for told in self.ledger.inbox(name, CONTEXT)] for name in self.names],
        ]

    def told(self) -> list[Any]:
        """Tick, and give what that has found: recalls, and what is to be told to whom."""
        self.ledger.tick(send=False)
        db = self.ledger._core.vault.db
        return [
            [(r.transaction, r.since, r.due) for r in self.ledger.every_recall()],
            db.execute("SELECT recipient, item FROM outbox ORDER BY recipient, item").fetchall(),
        ]

    # --- doing --------------------------------------------------------------------------------

    def attempt(self, wrong: str, step: Callable[[], Case]) -> Case | None:
        """Take a step that the words allow; or see it refused, and that nothing changed.

        Gives nothing where it was refused, or where a crash that was due lost it whole.
        """
        before = self.print()
        if wrong:
            try:
                taken = step()
            except Refused as refusal:
                assert refusal.code in REFUSALS, refusal
                assert refusal.why
                assert refusal.fix
                assert self.print() == before
                return None
            raise AssertionError(f"{wrong}, and yet it became {taken.state}")
        at, self.crash_at = self.crash_at, None
        if at is None:
            return step()
        copy = self._copy_during(step, at)
        kept = self.print()
        self._continue_in(copy)
        assert self.print() in (before, kept), "a step was left half done"
        return self.ledger.case(self._last.name) if self.print() == kept else None

    def _copy_during(self, step: Callable[[], Case], at: int) -> Path:
        """Take a step, and copy what a killed process would leave at the n-th statement of it."""
        copy = self._next_copy()
        seen = 0

        def note(_text: str) -> None:
            nonlocal seen
            seen += 1
            if seen == at:
                self.copy_to(copy)

        core = self.ledger._core
        for db in (core.vault.db, core.vault.keys.db):
            db.set_trace_callback(note)
        try:
            self._last = step()
        finally:
            for db in (core.vault.db, core.vault.keys.db):
                db.set_trace_callback(None)
        if seen < at:
            self.copy_to(copy)
        return copy

    def copy_to(self, target: Path) -> None:
        """Copy the directory as it lies there, in another process: SQLite's locks stay."""
        subprocess.run(["cp", "-a", self.ledger.directory, target], check=True)

    def _next_copy(self) -> Path:
        self.copies += 1
        return self.folder / f"copy-{self.copies}"

    def _continue_in(self, directory: Path) -> None:
        old = self.ledger.directory
        self.ledger.close()
        shutil.rmtree(old)
        self.ledger = open_at(directory, self.day)
        self.is_log_broken = False

    def crash(self) -> None:
        """Go on from what a killed process left."""
        copy = self._next_copy()
        self.copy_to(copy)
        self._continue_in(copy)

    def sleep(self, days: int) -> None:
        self.day += days
        self.ledger.advance_to(self.day)

    def sleep_twice(self, days: int, every: int, *, keep_ticked: bool) -> None:
        """Sleep here and, in a copy, be awake: both must come to the same."""
        copy = self._next_copy()
        self.copy_to(copy)
        asleep, begun = self.ledger, self.day
        self.sleep(days)
        slept, woken = self.snapshot(), self.told()
        self.ledger = open_at(copy, begun)
        for day in sorted({*range(begun, self.day, every), self.day}):
            self.ledger.advance_to(day)
            self.ledger.tick(send=False)
        assert self.snapshot() == slept
        assert self.told() == woken
        ticked = self.ledger
        self.ledger = asleep
        ticked.close()
        if keep_ticked:
            self._continue_in(copy)
        else:
            shutil.rmtree(copy)

    def go_back(self, days: int) -> None:
        """Open with a clock that is behind, see that nothing can be done, open it rightly again."""
        self.ledger.close()
        self.ledger = open_at(self.ledger.directory, self.day - days)

    def reopen(self) -> None:
        self.ledger.close()
        self.ledger = open_at(self.ledger.directory, self.day)
        self.is_log_broken = False

    def break_log(self) -> None:
        """Let every write to log.db fail from now on, as on a disk that may only be read."""
        self.ledger._core.log.db.execute("PRAGMA query_only=ON")
        self.is_log_broken = True

    def needs_log(self, verb: Callable[[], Any]) -> Any:
        """Call what writes to the log; gives nothing where the log is broken, which it must say."""
        if not self.is_log_broken:
            return verb()
        try:
            verb()
        except StandingError as problem:
            assert problem.code in {"E-LOG-07"}, problem
            return None
        raise AssertionError("the log took what it cannot have written")


def is_whole(directory: Path) -> list[str]:
    """List the checks of `standing verify` that fail."""
    from standing.audit import verify_ledger

    return [str(check.problem) for check in verify_ledger(directory).checks if not check.ok]
