"""`register`: statements registered over HTTP, beside what one would otherwise pick."""

import hashlib
import json
import os
import secrets
import signal
import sqlite3
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, TypedDict

import standing
from bench.memory import cpu_us, family
from bench.peers import pymerkle
from standing import charter
from standing.verify.receipts import verify_receipt
from standing.wire import cose
from standing.wire.keys import KeyFile, PublicKey, SigningKey

_KEYS = 1_000
_CLIENTS = 256
_PAYLOAD = 64
_MOST_PER_SECOND = 11_000  # statements are made beforehand: more than any run has used
_PACED = 1_000
_FSYNCS = 200


class Prepared(TypedDict):
    """A ledger whose roll holds a thousand keys, and files of statements that they signed."""

    directory: Path
    statements: list[Path]
    seconds: float


def fsync_ms(folder: Path) -> float:
    """Measure one fsync of a small appended write, median."""
    times = []
    with (folder / "fsync").open("wb", buffering=0) as file:
        for _ in range(_FSYNCS):
            file.write(bytes(4096))
            began = time.perf_counter()
            os.fsync(file.fileno())
            times.append(time.perf_counter() - began)
    return round(statistics.median(times) * 1e3, 3)


def make_ledger(folder: Path, keys: list[SigningKey]) -> Path:
    """Found a ledger and accredit every key for documents, in one commit."""
    seed = SigningKey.generate()
    operator = KeyFile("operator", "bench", seed, seed.public)
    directory = folder / "ledger"
    with standing.create(directory, operator, origin="bench.example/log") as ledger:
        until = ledger.today + 3_650
        signed = [
            charter.sign_statement(
                seed,
                "bench",
                f"accredit/{number}",
                charter.Accredit(
                    key=key.public.cose_key(),
                    role="issuer",
                    name=f"issuer-{number}",
                    employer=f"issuer-{number}",
                    kinds=("document",),
                    contexts=(),
                    sector="",
                    until=until,
                ),
            )
            for number, key in enumerate(keys)
        ]
        outcomes = ledger.register([charter.examine(one, {}) for one in signed])
        assert not any(isinstance(one, Exception) for one in outcomes)
        ledger.publish()
    return directory


def sign_file(path: Path, seeds: list[bytes], first: int, stop: int) -> Path:
    """Sign statements `first` to `stop`, each by the next key; a 16-bit length before each."""
    keys = [SigningKey(seed) for seed in seeds]
    with path.open("wb") as file:
        for number in range(first, stop):
            key = keys[number % len(keys)]
            envelope = charter.Envelope(
                "document", secrets.token_bytes(_PAYLOAD), "application/json", {"about": "bench"}
            )
            name = f"issuer-{number % len(keys)}"
            data = charter.sign_envelope(key, name, f"document/{number}", envelope)
            file.write(len(data).to_bytes(2) + data)
    return path


def split(data: bytes) -> Iterator[bytes]:
    """Read statements that `sign_file` wrote."""
    at = 0
    while at < len(data):
        begin = at + 2
        at = begin + int.from_bytes(data[begin - 2 : begin])
        yield data[begin:at]


def prepare(folder: Path, counts: list[int]) -> Prepared:
    """Make the ledger, and one file of statements for each count."""
    began = time.perf_counter()
    keys = [SigningKey.generate() for _ in range(_KEYS)]
    directory = make_ledger(folder, keys)
    seeds = [key.seed for key in keys]
    files, first, jobs = [], 0, []
    with ProcessPoolExecutor(max_workers=os.cpu_count()) as pool:
        for count in counts:
            path = folder / f"statements-{len(files)}"
            files.append(path)
            jobs.append(pool.submit(sign_file, path, seeds, first, first + count))
            first += count
        for job in jobs:
            job.result()
    return Prepared(directory=directory, statements=files, seconds=time.perf_counter() - began)


class Server:
    """`standing serve` in a process of its own."""

    def __init__(self, directory: Path, *more: str) -> None:
        command = [str(Path(sys.executable).with_name("standing")), "serve", "--json"]
        command += ["--ledger", str(directory), "--port", "0", "--rate", "1000000", *more]
        self.began = time.perf_counter()
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        self.seconds_to_ready = time.perf_counter() - self.began
        self.port = int(json.loads(line)["url"].rsplit(":", 1)[1])

    def cpu_us(self) -> tuple[float, float]:
        """Give the processor time of the server and of its helpers so far, in microseconds."""
        own, *others = family(self.process.pid)
        return cpu_us(own), sum(map(cpu_us, others))

    def stop(self) -> None:
        """End it as an operator would."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)

    def kill(self) -> None:
        """End it as a power cut would, as far as the machine's memory survives."""
        self.process.kill()
        self.process.wait(60)


def load(statements: Path, port: int, seconds: float, rate: float = 0) -> dict[str, Any]:
    """Run the load generator in a process of its own."""
    command = [sys.executable, "-m", "bench.load", str(statements), "--port", str(port)]
    command += ["--clients", str(_CLIENTS), "--seconds", str(seconds), "--rate", str(rate)]
    told = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    result: dict[str, Any] = json.loads(told.stdout)
    if result["failed"]:
        raise RuntimeError(f"{result['failed']} failed: {result['first_failures']}")
    return result


def check_receipts(directory: Path, statements: Path, receipts: dict[str, str]) -> int:
    """Check the sampled receipts offline, against what was sent."""
    with standing.open(directory, read_only=True) as ledger:
        stated = ledger.state.log_key("receipt")
    assert stated is not None
    key = PublicKey.from_cose_key(stated)
    wanted = {int(number) for number in receipts}
    for number, statement in enumerate(split(statements.read_bytes())):
        if number in wanted:
            entry = cose.parse_sign1(statement).entry_bytes
            verify_receipt(bytes.fromhex(receipts[str(number)]), entry, key)
    return len(wanted)


def _sqlite_chain(folder: Path, seconds: float) -> float:
    """Append rows to SQLite, each with the hash of the one before: durable, one by one."""
    db = sqlite3.connect(folder / "chain.db", isolation_level=None)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    db.execute("CREATE TABLE chain(idx INTEGER PRIMARY KEY, data BLOB, hash BLOB)")
    last, count = bytes(32), 0
    began = time.perf_counter()
    while time.perf_counter() - began < seconds:
        data = secrets.token_bytes(300)
        last = hashlib.sha256(last + data).digest()
        db.execute("INSERT INTO chain VALUES (?,?,?)", (count, data, last))
        count += 1
    db.close()
    return round(count / seconds)


def bench_register(folder: Path, scale: float) -> dict[str, Any]:
    """Register as fast as answers come, then at 1,000 a second."""
    seconds = max(5.0, 60.0 * scale)
    paced_seconds = max(5.0, 30.0 * scale)
    counts = [int(seconds * _MOST_PER_SECOND), int(paced_seconds * _PACED)]
    prepared = prepare(folder, counts)
    server = Server(prepared["directory"])
    try:
        before = server.cpu_us()
        fast = load(prepared["statements"][0], server.port, seconds)
        after = server.cpu_us()
        paced = load(prepared["statements"][1], server.port, paced_seconds, _PACED)
    finally:
        server.stop()
    checked = check_receipts(prepared["directory"], prepared["statements"][0], fast["receipts"])
    return {
        "registrations_per_second": round(fast["per_second"]),
        "p50_ms": round(fast["p50_ms"], 1),
        "p99_ms": round(fast["p99_ms"], 1),
        "fsync_ms": fsync_ms(folder),
        "at_1000_a_second": {
            "p50_ms": round(paced["p50_ms"], 1),
            "p99_ms": round(paced["p99_ms"], 1),
            "worst_ms": round(paced["worst_ms"], 1),
        },
        "registered": fast["registered"],
        "seconds": round(fast["seconds"], 1),
        "clients": _CLIENTS,
        "keys": _KEYS,
        "receipts_checked": checked,
        "server_cpu_us": round((after[0] - before[0]) / fast["registered"], 1),
        "helper_cpu_us": round((after[1] - before[1]) / fast["registered"], 1),
        "generator_cpu_us": round(fast["generator_cpu_us"], 1),
        "peers": {
            "sqlite_hash_chain_per_second": _sqlite_chain(folder, min(5.0, seconds)),
            **pymerkle(folder, min(5.0, seconds)),
        },
    }
