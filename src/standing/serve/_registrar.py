"""One writer behind many clients: statements are examined in parallel and committed in groups.

    event loop -> bodies -> examiner threads (one helper process each) -> claims -> writer thread

The writer takes whatever waits, makes one commit of it (one fsync) and answers all of it, while
the next group is examined. It is the only thread that touches the ledger: publishing, marks and
look-ups are done there too, in turn. An answer leaves only after the commit is durable.
"""

import asyncio
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

from standing import charter
from standing.errors import Broken, Refused, StandingError, Unreachable
from standing.ledger import Delivery, Ledger, Registered
from standing.log import Publication
from standing.serve._verifier import Examined, Helper, Here

Outcome = Registered | StandingError
_T = TypeVar("_T")

_CHUNK: Final = 64
"""Bodies a helper examines at once: enough to hide the pipe, few enough to overlap with commits."""
_GROUP: Final = 512
_MOST_WAITING: Final = 8_192
_PUBLISH_SECONDS: Final = 1.0
_TICK_SECONDS: Final = 60.0


@dataclass(slots=True)
class _Posted:
    body: bytes
    answer: "asyncio.Future[Outcome]"
    claim: charter.Claim | None = None


@dataclass(slots=True)
class _Job:
    """Something to do with the ledger on the writer's thread."""

    work: Callable[[Ledger], Any]
    done: "Future[Any]"


class Registrar:
    """Takes statements from an event loop and gives each its outcome, in groups.

    `on_stop` is called, from another thread, when the log has stopped after a failed write: the
    process should end, since what the disk holds is unknown until the log is opened anew.
    """

    def __init__(
        self,
        ledger: Ledger,
        *,
        helpers: int,
        on_stop: Callable[[StandingError], None],
        publish_seconds: float = _PUBLISH_SECONDS,
    ) -> None:
        self._ledger = ledger
        self._on_stop = on_stop
        self._publish_seconds = publish_seconds
        self._bodies: queue.SimpleQueue[_Posted | None] = queue.SimpleQueue()
        self._work: queue.SimpleQueue[list[_Posted] | _Job | None] = queue.SimpleQueue()
        self._waiting = 0
        self._dirty = True
        self._publishing: tuple[Publication, Future[None]] | None = None
        self._files = ThreadPoolExecutor(1, thread_name_prefix="publish")
        self._post = ThreadPoolExecutor(1, thread_name_prefix="notices")
        self._sending: Future[None] | None = None
        self._closing = False
        self._stopped: StandingError | None = None
        self._examiners: list[Here | Helper] = (
            [Helper() for _ in range(helpers)] if helpers else [Here()]
        )
        self._known: set[bytes] = set()
        self._learn()
        self._loop = asyncio.get_running_loop()
        self._threads = [
            threading.Thread(target=self._examine, args=(one,), name=f"examine-{number}")
            for number, one in enumerate(self._examiners)
        ]
        self._writer = threading.Thread(target=self._write, name="writer")
        for thread in [*self._threads, self._writer]:
            thread.start()

    @property
    def genesis(self) -> charter.Genesis:
        """How the ledger was founded, which never changes."""
        return self._ledger.state.genesis

    @property
    def directory(self) -> Path:
        """Where the ledger lies."""
        return self._ledger.directory

    # --- on the event loop ---------------------------------------------------------------------

    def submit(self, body: bytes) -> "asyncio.Future[Outcome]":
        """Queue a statement; raises `E-SERVE-02` when too many wait, `E-LOG-07` after a stop."""
        if self._stopped is not None:
            raise self._stopped
        if self._waiting >= _MOST_WAITING:
            raise Unreachable(
                "E-SERVE-02",
                "Too many statements are waiting.",
                why=f"{self._waiting} are not registered yet.",
                fix="Send it again in a few seconds.",
            )
        posted = _Posted(body, self._loop.create_future())
        self._waiting += 1
        self._bodies.put(posted)
        return posted.answer

    async def call(self, work: Callable[[Ledger], _T]) -> _T:
        """Do something with the ledger on the writer's thread."""
        return await asyncio.wrap_future(self.do(work))

    def do(self, work: Callable[[Ledger], _T]) -> "Future[_T]":
        """Do something with the ledger on the writer's thread; for other threads to wait on."""
        if self._stopped is not None:
            raise self._stopped
        done: Future[_T] = Future()
        self._work.put(_Job(work, done))
        return done

    async def close(self) -> None:
        """Finish what was taken, publish, and end the threads and their helpers."""
        self._closing = True
        for _ in self._threads:
            self._bodies.put(None)
        await asyncio.to_thread(self._join, self._threads)
        await asyncio.to_thread(self._post.shutdown)
        self._work.put(None)
        await asyncio.to_thread(self._join, [self._writer])
        self._files.shutdown()
        for examiner in self._examiners:
            examiner.close()

    def _join(self, threads: list[threading.Thread]) -> None:
        for thread in threads:
            thread.join()

    def _deliver(self, outcomes: list[tuple[_Posted, Outcome]]) -> None:
        self._waiting -= len(outcomes)
        for posted, outcome in outcomes:
            if not posted.answer.done():  # a client that hung up has cancelled it
                posted.answer.set_result(outcome)

    # --- on the examiners' threads ---------------------------------------------------------------

    def _examine(self, examiner: Here | Helper) -> None:
        while (first := self._bodies.get()) is not None:
            chunk = [first]
            ended = False
            while len(chunk) < _CHUNK and not ended:
                try:
                    more = self._bodies.get_nowait()
                except queue.Empty:
                    break
                if more is None:
                    ended = True
                else:
                    chunk.append(more)
            self._examined(chunk, examiner)
            if ended:
                return

    def _examined(self, chunk: list[_Posted], examiner: Here | Helper) -> None:
        results: list[Examined]
        try:
            results = examiner.examine([posted.body for posted in chunk])
        except Exception as error:  # noqa: BLE001 - a thread that ends leaves everyone waiting
            problem = _fault(error)
            self._stop(problem)
            results = [problem] * len(chunk)
        refused: list[tuple[_Posted, Outcome]] = []
        good: list[_Posted] = []
        for posted, result in zip(chunk, results, strict=True):
            if isinstance(result, charter.Claim):
                posted.claim = result
                good.append(posted)
            else:
                refused.append((posted, result))
        if refused:
            self._loop.call_soon_threadsafe(self._deliver, refused)
        if good:
            self._work.put(good)

    # --- on the writer's thread -----------------------------------------------------------------

    def _write(self) -> None:
        self._guarded(self._write_until_closed)

    def _write_until_closed(self) -> None:
        with self._ledger.publishing_later():  # here the registrar decides when
            publish_at = tick_at = 0.0
            ended = False
            while not ended:
                now = time.monotonic()
                if self._dirty and now >= publish_at and self._publishing is None:
                    self._guarded(self._begin_publication)
                    publish_at = time.monotonic() + self._publish_seconds
                if now >= tick_at:
                    self._guarded(self._tick)
                    tick_at = now + _TICK_SECONDS
                due = publish_at if self._dirty and self._publishing is None else tick_at
                group, jobs, ended = self._next(max(0.0, due - time.monotonic()))
                if group:
                    self._commit(group)
                    self._dirty = True
                size = self._ledger.log_size
                for job in jobs:
                    self._do(job)
                self._dirty |= self._ledger.log_size > size  # what a verb said follows, too
            self._end_publication(wait=True)

    def _tick(self) -> None:
        self._ledger.tick(send=False)
        self._dirty = True
        if self._sending is None or self._sending.done():
            delivery = self._ledger.begin_delivery()
            if delivery.outgoing:
                self._sending = self._post.submit(self._send, delivery)

    def _send(self, delivery: Delivery) -> None:
        """Send messages in a thread of their own; each end is noted on the writer's thread."""
        for message, why in delivery.send():
            self.do(partial(Ledger.settle, message=message, why=why))
            if self._closing:
                return  # what is left is still in the outbox

    def _begin_publication(self) -> None:
        """Let files be written in a thread of their own, so that no commit waits for them."""
        self._dirty = False
        publication = self._ledger.begin_publication()
        if publication is not None:
            self._publishing = publication, self._files.submit(publication.write)
            wake = _Job(lambda _: self._end_publication(wait=False), Future())
            self._publishing[1].add_done_callback(lambda _: self._work.put(wake))

    def _end_publication(self, *, wait: bool) -> None:
        if self._publishing is None:
            return
        publication, written = self._publishing
        if wait or written.done():
            error = written.exception()
            self._publishing = None
            self._guarded(lambda: self._ledger.end_publication(publication, error))

    def _next(self, seconds: float) -> tuple[list[_Posted], list[_Job], bool]:
        """Take what waits, at least one thing unless `seconds` pass first."""
        group: list[_Posted] = []
        jobs: list[_Job] = []
        try:
            item = self._work.get(timeout=seconds)
            while True:
                if item is None:
                    return group, jobs, True
                if isinstance(item, _Job):
                    jobs.append(item)
                else:
                    group += item
                if len(group) + len(jobs) >= _GROUP:
                    break
                item = self._work.get_nowait()
        except queue.Empty:
            pass
        return group, jobs, False

    def _commit(self, group: list[_Posted]) -> None:
        outcomes: list[Outcome]
        if self._stopped is not None:
            outcomes = [self._stopped] * len(group)
        else:
            outcomes = self._register(group)
        self._loop.call_soon_threadsafe(self._deliver, list(zip(group, outcomes, strict=True)))

    def _register(self, group: list[_Posted]) -> list[Outcome]:
        try:
            claims = [posted.claim for posted in group if posted.claim is not None]
            outcomes = self._ledger.register(claims)
            self._learn()
        except Refused as refusal:
            return [refusal] * len(group)
        except Exception as error:  # noqa: BLE001 - a thread that ends leaves everyone waiting
            problem = _fault(error)
            self._stop(problem)
            return [problem] * len(group)
        return outcomes

    def _learn(self) -> None:
        """Tell the examiners of keys that are new on the roll."""
        roll = self._ledger.state.roll.keys
        if len(roll) > len(self._known):
            new = {kid: right.key for kid, right in roll.items() if kid not in self._known}
            self._known |= new.keys()
            for examiner in self._examiners:
                examiner.learn(new)

    def _do(self, job: _Job) -> None:
        if not job.done.set_running_or_notify_cancel():
            return  # whoever asked has gone
        try:
            job.done.set_result(job.work(self._ledger))
        except Exception as problem:  # noqa: BLE001 - it is raised where the job came from
            if isinstance(problem, Broken) and problem.code == "E-LOG-07":
                self._stop(problem)
            job.done.set_exception(problem)

    def _guarded(self, work: Callable[[], object]) -> None:
        try:
            if self._stopped is None:
                work()
        except Refused:
            return
        except Exception as error:  # noqa: BLE001 - a thread that ends leaves everyone waiting
            self._stop(_fault(error))

    def _stop(self, problem: StandingError) -> None:
        if self._stopped is None:
            self._stopped = problem
            self._on_stop(problem)


def _fault(error: Exception) -> StandingError:
    """Give what stops the log; an error that nobody foresaw (a vault on a full disk) does, too."""
    if isinstance(error, StandingError):
        return error
    return Broken(
        "E-SERVE-03",
        "The server has stopped at a fault that it does not know.",
        why=f"{type(error).__name__}: {error}.",
        fix="Start it again. If it stops again, see whether the disk is full or failing.",
    )
