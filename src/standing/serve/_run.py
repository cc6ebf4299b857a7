"""Running an application under uvicorn until it is told to stop."""

import asyncio
import os
import queue
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import uvicorn

from standing.errors import StandingError
from standing.ledger import Ledger
from standing.serve._app import LogServer, MakeBeside, Settings
from standing.serve._http import App
from standing.serve._protocol import BoundedProtocol

_KEEP_ALIVE_SECONDS: Final = 30
_STOP_SECONDS: Final = 10
_MOST_CONNECTIONS: Final = 4_096
_BACKLOG: Final = 2_048


class _Server(uvicorn.Server):
    """Tells when it listens, and on which port."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[int], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started and self.servers:
            self._ready(self.servers[0].sockets[0].getsockname()[1])


def run(app: App, *, host: str, port: int, ready: Callable[[int], None]) -> None:
    """Serve an application until SIGTERM or SIGINT; `ready` gets the port that listens.

    Port 0 takes a free one.
    """
    _run_loop(_make(app, host, port, ready))


def _run_loop(server: _Server) -> None:
    with asyncio.Runner(loop_factory=server.config.get_loop_factory()) as runner:
        runner.run(server.serve())


def _make(app: App, host: str, port: int, ready: Callable[[int], None], proxy: str = "") -> _Server:
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        http=BoundedProtocol,
        ws="none",
        lifespan="on",
        log_level="error",
        access_log=False,
        proxy_headers=bool(proxy),
        forwarded_allow_ips=proxy,
        server_header=False,
        backlog=_BACKLOG,
        limit_concurrency=_MOST_CONNECTIONS,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=_STOP_SECONDS,
    )
    return _Server(config, ready)


def serve(
    ledger: Ledger,
    *,
    host: str,
    port: int,
    settings: Settings | None = None,
    beside: MakeBeside | None = None,
    ready: Callable[[int], None] = lambda _: None,
) -> None:
    """Serve a ledger's log until told to stop; raises what stopped the log, if something did.

    `beside` makes the application that answers all other paths.
    """
    settings = settings or Settings(helpers=max(1, (os.cpu_count() or 2) - 1))
    stopped: list[StandingError] = []

    def stop(problem: StandingError) -> None:
        stopped.append(problem)
        server.should_exit = True  # uvicorn looks at it ten times a second

    app = LogServer(ledger, settings, stop, beside)
    server = _make(app, host, port, ready, settings.proxy)
    _run_loop(server)
    if stopped:
        raise stopped[0]


@contextmanager
def serving(app: App, *, host: str = "127.0.0.1", port: int = 0, proxy: str = "") -> Iterator[str]:
    """Serve an application in a thread for as long as the block lasts; gives its address.

    `proxy`: the address of a server in front, whose X-Forwarded-For is believed.
    """
    ports: queue.SimpleQueue[int] = queue.SimpleQueue()
    server = _make(app, host, port, ports.put, proxy)
    thread = threading.Thread(target=_run_loop, args=(server,), name="serve")
    thread.start()
    try:
        yield f"http://{host}:{ports.get(timeout=_STOP_SECONDS)}"
    finally:
        server.should_exit = True
        thread.join()
