"""Finding news: what was not told yet, to whom it is to be told, and where time has moved a case.

News are found from cursors, over batches, marks and days, in one transaction with what they lead
to: a cursor never passes what is not in the outbox, and the outbox takes each thing once.
"""

from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby
from operator import itemgetter
from typing import Final

from standing.cases import notices
from standing.cases.lifecycles import Case, WorkingDays, World, case_of, together
from standing.cases.work import Task, arisen
from standing.ledger import _world
from standing.ledger._contacts import Kept, contacts_of
from standing.ledger._core import Core
from standing.ledger._inbox import given, namer, read_asked
from standing.ledger._settings import Settings
from standing.ledger._worklist import is_theirs
from standing.vault import Presented, Question, Recall, Step

_BATCHES: Final = "batches"
_MARKS: Final = "marks"
_DAY: Final = "day"
_TOLD_KINDS: Final = frozenset({"step", "question", "presented", "recall"})
KEYS: Final = "keys"
NEWS: Final = "news"


@dataclass(frozen=True, slots=True)
class Found:
    """How much was found: things to tell, and cases that time has moved."""

    news: int
    clocks: int


def find_news(core: Core, settings: Settings) -> Found:
    """Put everything new into the outbox, and note when each case that time moved moves next."""
    finder = _Finder(core, settings)
    with core.vault.transaction(is_bookkeeping=True):
        finder.look_at_batches()
        finder.look_at_marks()
        finder.look_at_clocks()
        finder.look_at_days()
        return Found(finder.write(), finder.clocks)


Things = dict[str, tuple[int, str]]
"""What is to be told, by id: whom it is about, and in which context."""


@dataclass
class _Finder:
    core: Core
    settings: Settings
    clocks: int = 0
    _found: dict[str, Things] = field(default_factory=dict)
    _of_keys: set[str] = field(default_factory=set)
    _contacts: dict[int, list[Kept]] = field(default_factory=dict)
    _calendars: dict[str, WorkingDays] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._since = self.core.vault.outbox.cursor(_DAY)

    @cached_property
    def _reachable(self) -> frozenset[int]:
        return self.core.vault.cases.with_contacts()

    # --- where news come from -------------------------------------------------------------------

    def look_at_batches(self) -> None:
        """Find the records that came in."""
        outbox = self.core.vault.outbox
        after = outbox.cursor(_BATCHES)
        last, records = self.core.vault.batches.included_since(after, self._reachable)
        for number, leaf, context, day in records:
            self._tell(number, notices.record_seed(leaf), day, context)
        if last != after:
            outbox.move_cursor(_BATCHES, last)

    def look_at_marks(self) -> None:
        """Find the steps, questions and recalls that a marks statement holds now."""
        outbox = self.core.vault.outbox
        after = outbox.cursor(_MARKS)
        last, documents = self.core.vault.marks.held_since(after)
        moved: dict[tuple[int, str], set[bytes]] = {}
        for leaf, kind, number, context in documents:
            if kind not in _TOLD_KINDS:
                continue
            match self.core.vault.filed.document(leaf).document:
                case Step() as step:
                    moved.setdefault((number, context), set()).add(step.opening or leaf)
                case Question() | Presented() as question:
                    self._look_at_question(leaf, question)
                case Recall() as recall:
                    self._look_at_recall(leaf, recall)
                case _:
                    pass
        for (number, context), openings in moved.items():
            self._look_at_cases(number, context, openings)
        if last != after:
            outbox.move_cursor(_MARKS, last)

    def look_at_clocks(self) -> None:
        """Find the cases that time has moved, and note when it moves them next."""
        due = sorted(self.core.vault.cases.due(self.core.today), key=itemgetter(1, 2))
        for (number, context), group in groupby(due, key=itemgetter(1, 2)):
            openings = {opening for opening, _, _ in group}
            for case in self._look_at_cases(number, context, openings):
                self.core.vault.cases.set_due(case.opening, case.due)
            self.clocks += len(openings)

    def look_at_days(self) -> None:
        """Find the packs and the ends of consents of the days since the last look, that included.

        What happened on that day after the look is found now; what was told then is told no more.
        """
        core = self.core
        for digest, entry in core.state.roll.packs.items():
            if entry.published is None:
                continue
            days = (entry.published, entry.force)
            for seed, day in zip(notices.pack_seeds(digest), days, strict=True):
                if self._since <= day <= core.today:
                    self._look_at_pack(seed, day, entry.context)
        query = (
            "SELECT c.subject, c.context, c.until, c.leaf FROM consents c WHERE c.until BETWEEN ?"
            " AND ? AND (c.withdrawn IS NULL OR c.withdrawn>=c.until)"
        )
        for number, context, until, leaf in core.vault.db.execute(query, (self._since, core.today)):
            if number in self._reachable:
                self._tell(number, notices.consent_seed(leaf), until, context)
        if self._since != core.today:
            core.vault.outbox.move_cursor(_DAY, core.today)

    def _look_at_pack(self, seed: bytes, day: int, context: str) -> None:
        query = "SELECT DISTINCT subject FROM consents WHERE context=? AND since<=? AND until>?"
        values = (context, day, day)
        for (number,) in self.core.vault.db.execute(query, values).fetchall():
            if number in self._reachable and any(
                consent.covers(day) for consent in given(self.core, number, context)
            ):
                self._tell(number, seed, day, context)

    def _look_at_question(self, leaf: bytes, question: Question | Presented) -> None:
        asked = read_asked(self.core, question)
        if isinstance(question, Presented):
            number = self.core.vault.people.subject_of_key(question.maker, question.day)
        else:
            held = self.core.vault.people.holder(asked.context, asked.reference, question.day)
            number = held.subject if held else None
        if number is not None:
            self._tell(number, notices.question_seed(leaf), asked.day, asked.context)

    def _look_at_recall(self, leaf: bytes, recall: Recall) -> None:
        """Tell a relying party that an answer of its ceased to hold, in the words of any notice."""
        right = self.core.state.roll.keys.get(recall.party)
        if right is not None and right.name in self.settings.contacts:
            recipient = f"@{right.name}"
            item = namer(self.core, recipient)(b"recall|" + leaf)
            self._found.setdefault(recipient, {})[item] = 0, ""

    def _look_at_cases(self, number: int, context: str, openings: set[bytes]) -> list[Case]:
        """Tell of some cases of one subject, and of those that they decided.

        Gives them as their own steps and clocks make them.
        """
        cases = [self._fold(opening, number, context) for opening in openings]
        for one in self._beside(cases, number, context):
            if one.opening in openings or one.passed[-1][2] != one.state:
                self._tell_of_case(one)
                self._tell_of_work(one)
        return cases

    def _fold(self, opening: bytes, number: int, context: str) -> Case:
        case = case_of(
            self.core.vault.cases.steps(opening), subject=number, day=self.core.today,
            days=self._calendar(context),
        )  # fmt: skip
        assert case is not None, "it was opened before it could be found"
        return case

    def _calendar(self, context: str) -> WorkingDays:
        if context not in self._calendars:
            self._calendars[context] = _world.working_days(self.core, context)
        return self._calendars[context]

    def _beside(self, cases: list[Case], number: int, context: str) -> list[Case]:
        """Read cases together with those of their subject that they decide, or that decide them.

        A contest may decide one that was merged into it, which no clock moves; a restriction, and
        who contests one, may be decided by any.
        """
        if any("restriction" in {case.lifecycle, _target(case)} for case in cases):
            return _world.cases_of(self.core, number, context)
        if not number or all(case.lifecycle != "contest" for case in cases):
            return cases
        known = {case.opening for case in cases}
        openings = self.core.vault.cases.at_rest(number, context, "contest")
        others = [self._fold(o, number, context) for o in openings if o not in known]
        return together([*cases, *others]) if others else cases

    # --- who is told --------------------------------------------------------------------------

    def _tell(
        self, number: int, seed: bytes, day: int, context: str, of_keys: int | None = None
    ) -> None:
        """Let every contact be told of a thing of a day."""
        if number not in self._contacts:
            self._contacts[number] = contacts_of(self.core, number) if number else []
        for kept in self._contacts[number]:
            if kept.is_told(day, of_keys):
                item = namer(self.core, str(number))(seed)
                self._found.setdefault(kept.case, {})[item] = number, context
                if of_keys is not None:
                    self._of_keys.add(kept.case)

    def _tell_of_case(self, case: Case) -> None:
        for seed, day in notices.case_seeds(case):
            of_keys = None
            if not case.context:  # keys, contacts, mandates: whoever was a contact then is told
                of_keys = case.opened if case.lifecycle == "recovery" else day
            self._tell(case.subject, seed, day, case.context, of_keys)

    def _tell_of_work(self, case: Case) -> None:
        if not self.settings.contacts or case.lifecycle not in {"contest", "restriction"}:
            return
        world: World | None = None
        for then, task in arisen(case):
            if then.passed[-1][0] < self._since:
                continue  # told when it arose, or before there was an address
            world = world or _world.world_of(self.core, case.subject, case.context)
            seed = b"work|%b|%d|%b" % (case.opening, len(then.passed), task.step.encode())
            for name in self._workers(then, task, world):
                things = self._found.setdefault(f"@{name}", {})
                things[namer(self.core, f"@{name}")(seed)] = case.subject, case.context

    def _workers(self, case: Case, task: Task, world: World) -> set[str]:
        """Name the organisations with an address that may do what waits in a case."""
        found: set[str] = set()
        for kid, right in self.core.state.roll.keys.items():
            if right.role != task.role or right.name not in self.settings.contacts:
                continue
            signer = _world.who_is(self.core, kid, case.subject, case.context, case.lifecycle)
            if signer is not None and is_theirs(case, task, signer, world):
                found.add(right.name)
        return found

    # --- writing ------------------------------------------------------------------------------

    def write(self) -> int:
        """Put what was found into the outbox; gives how much of it is new."""
        now = self.core.engine.clock.now()
        return sum(
            self.core.vault.outbox.add(
                recipient,
                KEYS if recipient in self._of_keys else NEWS,
                [(item, *where) for item, where in things.items()],
                now,
            )
            for recipient, things in self._found.items()
        )


def _target(case: Case) -> str:
    return case.first.target if case.lifecycle == "contest" else ""
