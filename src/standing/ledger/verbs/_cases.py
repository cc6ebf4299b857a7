"""Verbs about cases and what is told of them: steps, notices, letters, work, evidence."""

from collections.abc import Mapping, Sequence
from typing import Any

from standing.cases.lifecycles import Case, Event
from standing.cases.notices import Item
from standing.errors import Refused
from standing.ledger import (
    _cases,
    _evidence,
    _inbox,
    _letters,
    _rates,
    _worklist,
    _world,
    case_text,
    case_views,
    inbox_text,
    public,
    subjects,
)
from standing.ledger.verbs._base import Verbs
from standing.vault import Evidence
from standing.wire.keys import PublicKey, SigningKey


class CaseVerbs(Verbs):
    """Verbs about cases and what is told of them."""

    def draft_opening(
        self,
        subject: str | PublicKey,
        context: str,
        lifecycle: str,
        event: str,
        facts: Mapping[str, Any],
        *,
        by: PublicKey,
        files: Sequence[tuple[str, bytes]] = (),
    ) -> _cases.Draft:
        """Write the step that opens a case about a subject, for the holder of `by` to prove."""
        try:
            number = self._number(subject, context)
        except Refused:
            _cases.refuse_alike(self._core, context, lifecycle, event, facts, by)
            raise
        return _cases.draft_opening(
            self._core, number, context, lifecycle, event, facts, by=by, files=files
        )

    def draft_step(
        self,
        case: str,
        event: str,
        facts: Mapping[str, Any],
        *,
        by: PublicKey,
        files: Sequence[tuple[str, bytes]] = (),
    ) -> _cases.Draft:
        """Write the next step of a case, for the holder of `by` to prove."""
        return _cases.draft_step(self._core, case, event, facts, by=by, files=files)

    def check_step(self, draft: _cases.Draft) -> Case:
        """Check a step before its holder signs it, and give the case as it would be."""
        return _cases.check(self._core, draft)

    def take_step(self, draft: _cases.Draft) -> Case:
        """Check a proved step and keep it; gives the case after it."""
        return _cases.take(self._core, draft)

    def open_case(
        self,
        subject: str | PublicKey,
        context: str,
        lifecycle: str,
        event: str,
        facts: Mapping[str, Any],
        *,
        key: SigningKey,
        files: Sequence[tuple[str, bytes]] = (),
    ) -> Case:
        """Draft, prove and take an opening step with a key at hand."""
        draft = self.draft_opening(
            subject, context, lifecycle, event, facts, by=key.public, files=files
        )
        return self.take_step(draft.signed(key))

    def step(
        self,
        case: str,
        event: str,
        facts: Mapping[str, Any] | None = None,
        *,
        key: SigningKey,
        files: Sequence[tuple[str, bytes]] = (),
    ) -> Case:
        """Draft, prove and take the next step of a case with a key at hand."""
        draft = self.draft_step(case, event, facts or {}, by=key.public, files=files)
        return self.take_step(draft.signed(key))

    def rates(self) -> dict[str, Any]:
        """Count what each reviewer decided and how cases ended; counts under five are left out."""
        return _rates.rates(self._core)

    def contest_numbers(self) -> public.ContestNumbers:
        """Count contests: how many, how they ended, how fast."""
        return _rates.contests(self._core)

    def publish_rates(self) -> tuple[int, dict[str, Any]]:
        """State in public how reviewers decide; gives the entry and what it states."""
        return _rates.publish_rates(self._core)

    def who(self, case: Case, event: Event) -> str:
        """Say who took a step: a role and, for an organisation, its name."""
        return _world.name_of(self._core, case, event)

    def case(self, name: str) -> Case:
        """Give a case as it is today."""
        return _world.find_case(self._core, name)

    def cases(self, subject: str | PublicKey, context: str) -> list[Case]:
        """Give the cases of a subject in a context ("": those of no context) as they are today."""
        return _world.cases_of(self._core, self._number(subject, context), context)

    def case_facts(self, name: str) -> case_text.CaseFacts:
        """Give a case with every step, for the operator."""
        return case_text.case_facts(self.case(name), self.who)

    def case_list(self, subject: str | PublicKey, context: str) -> list[case_text.CaseFacts]:
        """Give a subject's cases in a context ("": those of no context) with every step."""
        return [case_text.case_facts(case, self.who) for case in self.cases(subject, context)]

    def inbox(self, subject: str | PublicKey, context: str | None = None) -> list[_inbox.Told]:
        """List what happened about a subject in a context, or in all, oldest first."""
        return _inbox.inbox(self._core, self._number(subject, context or ""), context)

    def notices(
        self, subject: str | PublicKey, context: str | None = None, language: str = "en"
    ) -> list[dict[str, Any]]:
        """List what happened about a subject in one language, newest first."""
        return inbox_text.inbox_facts(self.inbox(subject, context)[::-1], language)

    def case_for(self, name: str, key: PublicKey) -> case_views.CaseView:
        """Give a case to somebody with a part in it; for anybody else there is none."""
        return case_views.case_for(self._core, name, key)

    def work_lines(self, key: PublicKey) -> list[case_views.WorkLine]:
        """List what waits for the holder of a key, as plain values."""
        return case_views.work_lines(self._core, key)

    def own_cases(self, key: PublicKey) -> list[subjects.CaseLine]:
        """List a subject's cases that belong to no context."""
        return case_views.own_cases(self._core, self._number(key, ""))

    def worklist(self, key: PublicKey) -> list[_worklist.Work]:
        """List the cases in which something waits for an issuer, a reviewer or a desk."""
        return _worklist.worklist(self._core, key)

    def letter(self, case: str | Item, step: int | None = None) -> _letters.Letter:
        """Write the letter about a step of a case: by the case's name, or by a notice of it."""
        if isinstance(case, Item):
            return _letters.letter(self._core, case.about, case.step if step is None else step)
        return _letters.letter(self._core, case, step)

    def evidence(self, leaf: bytes, key: PublicKey) -> Evidence:
        """Give a file to whoever it is about, or to whoever has a part in its case."""
        return _evidence.evidence(self._core, leaf, key)
