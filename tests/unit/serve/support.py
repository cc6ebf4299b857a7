"""A ledger with issuers of documents, its server in a thread or a process, and raw sockets."""

import contextlib
import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path

import cbor2
import urllib3

import standing
from standing import charter
from standing.errors import StandingError
from standing.ledger import Ledger
from standing.serve import LogServer, Settings, _run
from standing.verify.receipts import verify_receipt
from standing.wire import cose
from standing.wire.keys import KeyFile, PublicKey, SigningKey
from tests.support import FOUNDED, UNTIL, new_key

ORIGIN = "serve.example/log"
COSE = "application/cose"
PROBLEM = "application/concise-problem-details+cbor"
STANDING = [sys.executable, "-c", "from standing.cli import main; main()"]


@dataclass
class Office:
    """A closed ledger whose issuers `dora` and `emil` bring documents; `ann`, `ben` make rules."""

    directory: Path
    keys: dict[str, KeyFile]
    count: int = 0
    day: int = FOUNDED

    def open(self, day: int | None = None) -> Ledger:
        self.day = day or self.day
        return standing.open(self.directory, clock=standing.SimulatedClock(self.day))

    def key(self, name: str) -> SigningKey:
        signing = self.keys[name].key
        assert signing is not None
        return signing

    def document(self, who: str = "dora", *, issuer: str = "", digest: bytes = b"") -> bytes:
        """Sign a statement about a document that no other call has named."""
        self.count += 1
        digest = digest or hashlib.sha256(b"document %d" % self.count).digest()
        envelope = charter.Envelope("document", digest, "application/json", {"about": "a test"})
        slot = f"document/{self.count}"
        return charter.sign_envelope(self.key(who), issuer or who, slot, envelope)


def found(directory: Path) -> Office:
    """Found the ledger; its log holds 5 entries of the founding and one for each key."""
    roles = {"city": "operator", "dora": "issuer", "emil": "issuer", "late": "issuer",
             "gone": "issuer", "ann": "rule-maker", "ben": "rule-maker"}  # fmt: skip
    keys = {name: new_key(role, name) for name, role in roles.items()}
    clock = standing.SimulatedClock(FOUNDED)
    ledger = standing.create(directory, keys["city"], origin=ORIGIN, clock=clock)
    with ledger, ledger.publishing_later():
        for name in list(roles)[1:]:
            ledger.accredit(
                keys[name].public,
                role=roles[name],
                name=name,
                until=FOUNDED if name == "late" else UNTIL,
                by=keys["city"],
                kinds=("document",) if roles[name] == "issuer" else None,
            )
        ledger.revoke(keys["gone"].public.thumbprint, "lost", by=keys["city"])
    return Office(directory, keys)


@dataclass
class Answer:
    """One answer; `problem` reads concise problem details."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def problem(self) -> tuple[int, str, str]:
        """Status, title and detail, as RFC 9290 has them, in one deterministic map."""
        assert self.headers["content-type"] == PROBLEM
        told = cbor2.loads(self.body)
        assert set(told) == {-1, -2}
        assert cbor2.dumps(told, canonical=True) == self.body
        return self.status, told[-1], told[-2]


@dataclass
class Client:
    """Asks one server, over connections that are kept."""

    url: str
    pool: urllib3.PoolManager = field(
        default_factory=lambda: urllib3.PoolManager(maxsize=64, retries=False, timeout=30)
    )

    @property
    def port(self) -> int:
        return int(self.url.rsplit(":", 1)[1])

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        got = self.pool.request(method, self.url + path, body=body, headers=named, redirect=False)
        told = {name.lower(): value for name, value in got.headers.items()}
        return Answer(got.status, told, got.data)

    def get(self, path: str) -> Answer:
        return self.ask("GET", path)

    def post(self, statement: bytes, path: str = "/entries") -> Answer:
        return self.ask("POST", path, statement, content_type=COSE)

    def register(self, statement: bytes) -> bytes:
        """Post a statement that must be taken; gives its receipt."""
        answer = self.post(statement)
        assert answer.status == 201, answer.problem
        return answer.body

    def receipt_keys(self) -> dict[bytes, PublicKey]:
        """Read the keys that receipts verify with, as a stranger's library would."""
        answer = self.get("/.well-known/scitt-keys")
        assert (answer.status, answer.headers["content-type"]) == (200, "application/cbor")
        keys = {}
        for members in cbor2.loads(answer.body):
            kid = members.pop(2)
            keys[kid] = PublicKey.from_cose_key(cbor2.dumps(members, canonical=True))
            assert keys[kid].thumbprint == kid
        return keys

    def check(self, receipt: bytes, statement: bytes) -> tuple[int, int, bytes]:
        """Verify a receipt with the server's keys alone; gives index, size and root."""
        key = self.receipt_keys()[cose.parse_sign1(receipt).kid]
        entry = cose.parse_sign1(statement, max_bytes=charter.MAX_POSTED_BYTES).entry_bytes
        return verify_receipt(receipt, entry, key)

    def raw(self, data: bytes, *, seconds: float = 10) -> tuple[int, bytes]:
        """Send bytes on a new connection and read to its end; gives status and all of it."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=seconds) as peer:
            with contextlib.suppress(ConnectionError):
                peer.sendall(data)
            return read_to_end(peer)


def read_to_end(peer: socket.socket) -> tuple[int, bytes]:
    """Read until the server closes; gives the status of the first answer and all bytes."""
    got = b""
    with contextlib.suppress(ConnectionError):
        while part := peer.recv(65_536):
            got += part
    return (int(got.split()[1]) if got else 0), got


class Served(Client):
    """A server in a thread of this process."""

    def __init__(self, ledger: Ledger, settings: Settings, *, port: int = 0) -> None:
        self.ledger = ledger
        self.stopped: list[StandingError] = []
        listening: Future[int] = Future()
        self.app = LogServer(ledger, settings, self._stop)
        self._server = _run._make(self.app, "127.0.0.1", port, listening.set_result)
        self.thread = threading.Thread(target=_run._run_loop, args=(self._server,))
        self.thread.start()
        super().__init__(f"http://127.0.0.1:{listening.result(30)}")

    def _stop(self, problem: StandingError) -> None:
        self.stopped.append(problem)

    def on_writer(self, work):
        """Do something with the ledger on the thread that owns it."""
        return self.app._registrar.do(work).result(30)

    @property
    def size(self) -> int:
        return self.on_writer(lambda ledger: ledger.log_size)

    def close(self) -> None:
        self.pool.clear()
        self._server.should_exit = True
        self.thread.join(30)
        assert not self.thread.is_alive()


@contextlib.contextmanager
def serving(office: Office, day: int | None = None, **settings: object) -> Iterator[Served]:
    """Open the ledger and serve it in a thread; everything is closed at the end."""
    settings = {"helpers": 0, "rate": 1e6, "publish_seconds": 0.02} | settings
    ledger = office.open(day)
    try:
        served = Served(ledger, Settings(**settings))
        try:
            yield served
        finally:
            served.close()
    finally:
        ledger.close()


class Process(Client):
    """`standing serve` as an operator starts it."""

    def __init__(self, directory: Path, *more: object, helpers: int = 0) -> None:
        words = ["serve", "--ledger", directory, "--port", 0, "--helpers", helpers, "--json"]
        words += ["--rate", 1_000_000, *more]
        self.process = subprocess.Popen(
            [*STANDING, *map(str, words)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3] / "src")},
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            _, err = self.process.communicate(timeout=30)
            raise AssertionError(err)
        super().__init__(json.loads(line)["url"])

    def end(self, how: int = signal.SIGTERM) -> tuple[int, str]:
        """Send a signal; gives the exit code and standard error."""
        self.process.send_signal(how)
        return self.ended()

    def ended(self) -> tuple[int, str]:
        """Wait for the end; gives the exit code and standard error."""
        _, err = self.process.communicate(timeout=30)
        return self.process.returncode, err


@contextlib.contextmanager
def process(office: Office, *more: object, helpers: int = 0) -> Iterator[Process]:
    """Serve in a process that is gone at the end, however the test ended."""
    made = Process(office.directory, *more, helpers=helpers)
    try:
        yield made
    finally:
        made.pool.clear()
        made.process.kill()
        made.process.wait(30)
        for pipe in (made.process.stdout, made.process.stderr):
            pipe.close()


def standing_command(*words: object) -> subprocess.CompletedProcess[str]:
    """Run one command in a process of its own, with --json."""
    return subprocess.run(
        [*STANDING, *map(str, words), "--json"],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3] / "src")},
    )


def fsck(directory: Path) -> dict[str, object]:
    """Check the whole log with the command for it; gives what it says."""
    ran = standing_command("log", "fsck", "--ledger", directory)
    assert ran.returncode == 0, ran.stderr
    told: dict[str, object] = json.loads(ran.stdout)
    return told
