"""`log`: what checking, proving, restarting and holding a log of a million entries takes."""

import random
import statistics
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import standing
from bench.memory import family_pss_mb
from bench.peers import pymerkle
from bench.serving import Server, fsync_ms, load, make_ledger, sign_file, split
from standing import charter
from standing.audit import check_log_files, open_ledger, replay_all, replay_changes
from standing.log import Published
from standing.verify.checkpoints import parse_checkpoint
from standing.verify.receipts import verify_receipt
from standing.wire.keys import PublicKey, SigningKey

_ENTRIES = 1_000_000
_KEYS = 1_000
_GROUP = 1_000
_RECEIPTS = 2_000
_PROOFS = 5_000
_PARTS = 10
_LOAD_SECONDS = 5
_MOST_PER_SECOND = 11_000


def _make(folder: Path, entries: int, keys: list[SigningKey]) -> Path:
    """Make a ledger whose log holds so many documents, registered in groups of a thousand."""
    directory = make_ledger(folder, keys)
    seeds = [key.seed for key in keys]
    edges = [entries * part // _PARTS for part in range(_PARTS + 1)]
    with ProcessPoolExecutor(max_workers=2) as pool:
        jobs = [
            pool.submit(sign_file, folder / f"part-{part}", seeds, edges[part], edges[part + 1])
            for part in range(_PARTS)
        ]
        files = [job.result() for job in jobs]
    with standing.open(directory) as ledger:
        for path in files:
            group: list[charter.Claim] = []
            for statement in split(path.read_bytes()):
                claim = charter.examine(statement, {})
                # signed a moment ago with a key of the roll: checked by the audit below
                group.append(charter.Claim(*_facts(claim), signed=True))
                if len(group) == _GROUP:
                    ledger.register(group)
                    group = []
            if group:
                ledger.register(group)
            ledger.publish()
            path.unlink()
    return directory


def _facts(claim: charter.Claim) -> tuple[bytes, bytes, str, bytes, str]:
    return claim.entry, claim.statement_hash, claim.kind, claim.kid, claim.issuer


def _receipt_checks(directory: Path) -> float:
    """Check receipts of scattered entries in one thread; each is under another signed head."""
    ledger = open_ledger(directory)
    try:
        state = replay_changes(ledger)
        stated = state.log_key("receipt")
        assert stated is not None
        key = PublicKey.from_cose_key(stated)
        places = random.Random(7).sample(range(1, ledger.log.head.size), _RECEIPTS)
        cases = [(ledger.log.receipt(place), ledger.log.entry(place)) for place in places]
    finally:
        ledger.close()
    began = time.perf_counter()
    for receipt, entry in cases:
        verify_receipt(receipt, entry, key)
    return len(cases) / (time.perf_counter() - began)


def _proof_ms(directory: Path) -> tuple[float, float]:
    """Prove entries from tiles alone: scattered ones once, then warm."""
    log = directory / "log"

    def read(name: str) -> bytes | None:
        path = log / name
        return path.read_bytes() if path.is_file() else None

    published = Published(read, parse_checkpoint((log / "checkpoint").read_bytes())[0])
    places = random.Random(8).choices(range(published.size), k=400)
    for place in places:
        published.inclusion(place)
    times = []
    for place in random.Random(9).choices(places, k=_PROOFS):
        began = time.perf_counter()
        published.inclusion(place)
        times.append(time.perf_counter() - began)
    times.sort()
    return statistics.median(times) * 1e3, times[len(times) * 99 // 100] * 1e3


def _fsck_seconds(directory: Path) -> float:
    began = time.perf_counter()
    ledger = open_ledger(directory)
    replay_changes(ledger)
    check_log_files(ledger)
    ledger.close()
    return time.perf_counter() - began


def _audit_per_second(directory: Path) -> float:
    began = time.perf_counter()
    ledger = open_ledger(directory)
    judged = replay_all(ledger).judged
    ledger.close()
    return judged / (time.perf_counter() - began)


def _restart(directory: Path, statements: list[Path]) -> tuple[float, int]:
    """Kill a server that is busy, start it again, and register with it; seconds, memory."""
    server = Server(directory)
    command = [sys.executable, "-m", "bench.load", str(statements[0]), "--port", str(server.port)]
    busy = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(_LOAD_SECONDS / 2)
    server.kill()
    busy.wait(60)
    began = time.perf_counter()
    server = Server(directory)
    with urlopen(f"http://127.0.0.1:{server.port}/checkpoint", timeout=30) as answer:
        assert answer.status == 200
    seconds = time.perf_counter() - began
    try:
        load(statements[1], server.port, _LOAD_SECONDS)
        memory = family_pss_mb(server.process.pid)
    finally:
        server.stop()
    return seconds, memory


def bench_log(folder: Path, scale: float) -> dict[str, Any]:
    """Make a log, then check it, prove from it, kill its server and start it again."""
    began = time.perf_counter()
    keys = [SigningKey.generate() for _ in range(_KEYS)]
    entries = int(_ENTRIES * scale)
    directory = _make(folder, entries, keys)
    made = time.perf_counter() - began
    warm, worst = _proof_ms(directory)
    figures = {
        "entries": entries,
        "receipt_checks_per_second": round(_receipt_checks(directory)),
        "fsck_seconds": round(_fsck_seconds(directory), 2),
        "audit_per_second": round(_audit_per_second(directory)),
        "proof_ms": round(warm, 4),
        "proof_p99_ms": round(worst, 4),
    }
    seeds, more = [key.seed for key in keys], _LOAD_SECONDS * _MOST_PER_SECOND
    busy, then = (
        sign_file(
            folder / f"more-{part}", seeds, entries + part * more, entries + (part + 1) * more
        )
        for part in range(2)
    )
    seconds, memory = _restart(directory, [busy, then])
    return {
        **figures,
        "restart_seconds": round(seconds, 2),
        "memory_mb": memory,
        "fsync_ms": fsync_ms(folder),
        "made_in_seconds": round(made, 1),
        "peers": pymerkle(folder, 5.0),
    }
