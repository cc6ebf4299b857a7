"""Relying parties' questions, answered in groups: one commit for all that wait meanwhile.

While a group is being answered the next one gathers, so that a lone question waits for nobody and
many share the cost of being made durable. Groups are small, so that none waits long.
"""

import asyncio
from collections import deque
from typing import Final

from standing.errors import StandingError
from standing.ledger import Decision, Ledger
from standing.serve import Registrar

GROUP: Final = 4
"""As many as `decide` is measured with: larger groups wait for SQLite to move its journal."""


class Questions:
    """Takes questions from the event loop and gives each its answer."""

    def __init__(self, writer: Registrar) -> None:
        self._writer = writer
        self._waiting: deque[tuple[bytes, asyncio.Future[Decision]]] = deque()
        self._at_work: asyncio.Task[None] | None = None

    async def ask(self, question: bytes) -> Decision:
        """Give the answer to a signed question; raises what the ledger refuses it with."""
        answer: asyncio.Future[Decision] = asyncio.get_running_loop().create_future()
        self._waiting.append((question, answer))
        if self._at_work is None or self._at_work.done():
            self._at_work = asyncio.create_task(self._answer())
        return await answer

    async def _answer(self) -> None:
        while self._waiting:
            group = [self._waiting.popleft() for _ in range(min(GROUP, len(self._waiting)))]
            questions = [question for question, _ in group]
            try:
                outcomes = await self._writer.call(
                    lambda ledger: Ledger.decide_many(ledger, questions)  # noqa: B023 - awaited here
                )
            except Exception as problem:  # noqa: BLE001 - it is raised where each was asked
                for _, answer in group:
                    if not answer.done():
                        answer.set_exception(problem)
                continue
            for (_, answer), outcome in zip(group, outcomes, strict=True):
                if answer.done():
                    continue  # whoever asked has gone
                if isinstance(outcome, StandingError):
                    answer.set_exception(outcome)
                else:
                    answer.set_result(outcome)
