"""Simulations beside the pages: in a process of their own, one at a time, the newest kept."""

import asyncio
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path

from standing.errors import StandingError, Unreachable
from standing.ledger import open_ledger
from standing.policy.simulation import Simulation
from standing.web._problems import N_


@dataclass
class Running:
    """One simulation: still running, done, or refused."""

    text: str
    result: Simulation | None = None
    problem: StandingError | None = None


class Simulations:
    """Runs one simulation at a time, the newest of each context kept."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._pool: ProcessPoolExecutor | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.of: dict[str, Running] = {}

    def start(self, context: str, text: str) -> None:
        """Begin a simulation of a pack; the one before of its context is forgotten."""
        running = self.of[context] = Running(text)
        task = asyncio.create_task(self._run(running))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self, running: Running) -> None:
        if self._pool is None:
            self._pool = ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"))
        loop = asyncio.get_running_loop()
        try:
            running.result = await loop.run_in_executor(
                self._pool, _simulate, self._directory, running.text.encode()
            )
        except StandingError as problem:
            running.problem = problem
        except BrokenProcessPool:
            self._pool = None
            running.problem = Unreachable(
                "E-WEB-20",
                N_("The simulation's process has ended."),
                why=N_("The system may have run out of memory."),
                fix=N_("Try again, or run it where there is more: standing pack simulate FILE."),
            )

    def close(self) -> None:
        """End the process."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)


def _simulate(directory: Path, data: bytes) -> Simulation:
    with open_ledger(directory, read_only=True) as ledger:
        return ledger.simulate(data).result
