"""The real ledger under the state machine: opened, killed, copied, slept through, its log broken.

Everything that counts is read back from the ledger; nothing of it is believed from memory.
"""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from standing.cases.lifecycles import Case
from standing.errors import Refused, StandingError
from standing.ledger import _answers, _world
from tests.machine.stage import CONTEXT, ISSUERS, Stage, accredit, card, open_at

REFUSALS = {
    "E-CASE-03", "E-CASE-04", "E-CASE-05", "E-CASE-07", "E-CASE-12", "E-PEOPLE-10", "E-PEOPLE-05",
    "E-PEOPLE-17", "E-LEAVE-02", "E-ERASE-02", "E-ERASE-03",
}  # fmt: skip


_T = TypeVar("_T")


class Place:
    """One ledger's directory and whoever has it open."""

    def __init__(self, stage: Stage, folder: Path, day: int) -> None:
        self.stage = stage
        self.folder = folder
        self.day = day
        self.copies = 0
        self.is_log_broken = False
        self.crash_at: int | None = None
        self.never_left = set(range(len(stage.people)))
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
            code = refusal.code
        assert code in {"E-PEOPLE-11", "E-PEOPLE-10"}
        return None

    def cases(self, person: int) -> list[Case]:
        return _world.cases_of(self.ledger._core, self.numbers[person], CONTEXT)

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
        found = self.ledger._core.vault.filed.records_of(self.numbers[person], CONTEXT)
        return {opened.id: opened for opened in found}

    def print(self) -> list[Any]:
        """Give what a refused step must leave as it was."""
        db = self.ledger._core.vault.db
        tables = (
            "documents WHERE kind<>'contents'",  # of marks that a broken log did not take
            "steps", "cases", "freezes", "keys", "consents", "links",
        )  # fmt: skip
        counts = [db.execute(f"SELECT count(*) FROM {name}").fetchone() for name in tables]
        return [counts, db.execute("SELECT name, due FROM cases ORDER BY name").fetchall()]

    def snapshot(self) -> list[Any]:
        """Give everything that time alone may change: cases, scores, answers, what is to be read.

        Of those who left, what is answered; of others, what they did not leave behind before they
        agreed anew: what is erased in time is so when `tick` comes.
        """
        people = range(len(self.names))
        return [
            [self.score(p) for p in people],
            [self.answers(p) for p in people],
            [self._all_about(p) for p in people],
        ]

    def _all_about(self, person: int) -> list[Any]:
        core = self.ledger._core
        since = core.vault.agreed.consent_since(self.numbers[person], CONTEXT, core.today)
        if since is None:
            return []
        every = self.cases(person)
        cases = [(c.name, c.state, c.since, c.due) for c in every if c.opened >= since]
        if person not in self.never_left:  # something was left behind, and goes in its time
            return [cases]
        return [cases, [told.item for told in self.ledger.inbox(self.names[person], CONTEXT)]]

    def told(self) -> list[Any]:
        """Tick, and give what that has found: recalls, and what is to be told to whom."""
        self.ledger.tick(send=False)
        db = self.ledger._core.vault.db
        return [
            [[(c.name, c.state) for c in self.cases(p)] for p in range(len(self.names))],
            [sorted(self.records(p)) for p in range(len(self.names))],
            [(r.transaction, r.since, r.due) for r in self.ledger.every_recall()],
            db.execute("SELECT recipient, item FROM outbox ORDER BY recipient, item").fetchall(),
        ]

    # --- doing --------------------------------------------------------------------------------

    def attempt(self, wrong: str, step: Callable[[], _T]) -> _T | None:
        """Do what the words allow; or see it refused, and that nothing changed.

        Gives nothing where it was refused, or where a crash that was due lost it whole.
        """
        before = self.print()
        if wrong:
            try:
                taken = step()
            except Refused as refusal:
                refused = refusal
            else:
                raise AssertionError(f"{wrong}, and yet it became {taken}")
            assert refused.code in REFUSALS, refused
            assert refused.why
            assert refused.fix
            assert self.print() == before
            return None
        at, self.crash_at = self.crash_at, None
        if at is None:
            return step()
        copy, taken = self._copy_during(step, at)
        kept = self.print()
        self._continue_in(copy)
        assert self.print() in (before, kept), "a step was left half done"
        return taken if self.print() == kept else None

    def _copy_during(self, step: Callable[[], _T], at: int) -> tuple[Path, _T]:
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
            taken = step()
        finally:
            for db in (core.vault.db, core.vault.keys.db):
                db.set_trace_callback(None)
        if seen < at:
            self.copy_to(copy)
        return copy, taken

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
        for one, other in zip([*self.snapshot(), *self.told()], [*slept, *woken], strict=True):
            assert one == other, (one, other)
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
            failed = problem
        else:
            raise AssertionError("the log took what it cannot have written")
        assert failed.code == "E-LOG-07", failed
        return None


def is_whole(directory: Path) -> list[str]:
    """List the checks of `standing verify` that fail."""
    from standing.audit import verify_ledger

    return [str(check.problem) for check in verify_ledger(directory).checks if not check.ok]


class Cast:
    """Steps by name, for tests that play few of them."""

    def __init__(self, place: Place) -> None:
        self.place = place

    @property
    def ledger(self) -> Any:
        return self.place.ledger

    def record(self, person: int, kind: str, place: int = 0) -> str:
        """Name a record of a person, by its act type."""
        found = [
            i for i, r in self.place.records(person).items() if r.record.type == f"rail.{kind}"
        ]
        return sorted(found)[place]

    def contest(self, person: int, record: str, **changes: Any) -> Case:
        facts = {"target": "record", "named": record, "words": "No."} | changes
        key = self.place.stage.people[person]
        return self.ledger.open_case(
            self.place.names[person], CONTEXT, "contest", "file", facts, key=key
        )

    def step(self, case: Case, event: str, facts: dict[str, Any], by: str, **more: Any) -> Case:
        return self.ledger.step(case.name, event, facts, key=self.key(by), **more)

    def own(self, case: Case, event: str, person: int, facts: Any = None, **more: Any) -> Case:
        """Take a step as the subject."""
        key = self.place.stage.people[person]
        return self.ledger.step(case.name, event, facts or {}, key=key, **more)

    def key(self, name: str) -> Any:
        return self.place.stage.key(name)

    def rule(self, case: Case, outcome: str, by: str, event: str = "rule", **more: Any) -> Case:
        """Rule on a contest; more evidence than what is contested is named by the caller."""
        opened = [case.first.named or "the score"]
        facts = {"outcome": outcome, "reasons": "Looked at with care, and decided so."}
        return self.step(case, event, {**facts, "opened": opened, **more}, by)

    def propose(self, person: int, records: list[str], **changes: Any) -> Case:
        facts = {"code": "no-high-speed", "records": records, "days": 60, "words": "Our terms."}
        return self.ledger.open_case(
            self.place.names[person], CONTEXT, "restriction", "propose", facts | changes,
            key=self.key("rail-sales"),
        )  # fmt: skip

    def decide(self, case: Case, by: str, days: int = 60) -> Case:
        self.step(case, "open", {}, by)
        records = list(case.first.records)
        facts = {
            "days": days, "reasons": f"It rests on the record {records[0]}.", "opened": records,
            "active_seconds": 200,
        }  # fmt: skip
        return self.step(case, "decide", facts, by)

    def begun(self, person: int, records: list[str]) -> Case:
        """Bring a restriction into force."""
        case = self.decide(self.propose(person, records), "board")
        assert case.due is not None
        self.place.sleep(case.due - self.place.day)
        return self.ledger.case(case.name)

    def counted(self, person: int, record: str) -> tuple[int, str]:
        """Give what a record counts today, and why."""
        reasons = {r.record: r for r in self.place.score(person).reasons}
        return reasons[record].counted, reasons[record].why

    def new_key(self, name: str) -> None:
        """Revoke a house's key and accredit another."""
        keys = self.place.stage.keys
        self.ledger.revoke(keys[name].public.thumbprint, "lost", by=keys["city-office"])
        accredit(self.ledger, keys, name)
