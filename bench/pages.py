"""`pages`, `decide-http`, `first-page`: what a browser and a relying party wait for.

Load comes from Debian's hey and wrk, on the same cores. A web server in front is played by its
`X-Forwarded-For`, since one address has a budget of its own.
"""

import csv
import io
import json
import re
import shutil
import statistics
import subprocess
import sys
import time
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Final

from bench.answers import questions_of
from bench.crowd import RAIL, Crowd, make_crowd
from bench.importing import MAP, make_ledger, say, write_rows
from bench.serving import Server, fsync_ms
from standing.web._store import FILE, Store
from standing.wire.keys import PublicKey

_SUBJECTS: Final = 100_000
_REAL: Final = 300
_RESTRICTED: Final = 20
_A_SECOND: Final = 50
_SECONDS: Final = 30.0
_ASKERS: Final = 32
_MOST_ASKED: Final = 3_000  # questions are signed beforehand: more a second than any run has used
_ROWS: Final = 1_000_000
_HOLDERS: Final = 50_000
_FIRST_TIMES: Final = 5
_LINKED: Final = re.compile(rb'(?:src|href)="(/static/[^"]+)"')
_LUA: Final = """
local file = io.open("{path}", "rb")
local data, asked, at = file:read("*a"), {{}}, 1
while at < #data do
  local size = data:byte(at) * 256 + data:byte(at + 1)
  asked[#asked + 1] = data:sub(at + 2, at + 1 + size)
  at = at + 2 + size
end
local number = 0
local headers = {{ ["Content-Type"] = "application/cose" }}
request = function()
  number = number % #asked + 1
  return wrk.format("POST", "/api/v1/decisions", headers, asked[number])
end
done = function(summary, latency)
  io.write(string.format(
    '{{"requests": %d, "microseconds": %d, "refused": %d, "lost": %d,' ..
    ' "p50_us": %d, "p99_us": %d}}\\n', summary.requests, summary.duration, summary.errors.status,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout,
    latency:percentile(50), latency:percentile(99)))
end
"""


def _need(program: str) -> str:
    found = shutil.which(program)
    if found is None:
        raise SystemExit(f"This benchmark wants {program}: apt-get install {program}")
    return found


def _cookie(directory: Path, key: PublicKey) -> str:
    """Begin a session, as signing in would."""
    with closing(Store(directory / FILE)) as store:
        return f"standing={store.begin(key.cose_key())}"


def _behind_a_proxy(directory: Path) -> None:
    (directory / "standing.toml").write_text('[web]\nproxy = "127.0.0.1"\n', encoding="utf-8")


def bench_pages(folder: Path, scale: float) -> dict[str, Any]:
    """Look at pages 50 times a second, everybody's in turn; then weigh the subject's page."""
    hey = _need("hey")
    made = make_crowd(folder, round(_SUBJECTS * scale), real=_REAL, restricted=_RESTRICTED)
    directory = made.ledger.directory
    made.ledger.close()
    subject, reviewer = made.people[0].public, made.keys["first"].public
    _behind_a_proxy(directory)
    mine, desk = _cookie(directory, subject), _cookie(directory, reviewer)
    pages = [
        ("/subject", mine), (f"/subject/in/{RAIL}", mine), ("/subject/inbox", mine),
        ("/review", desk), ("/log", ""), ("/log/entries", ""), ("/log/growth", ""),
        ("/log/roll", ""), (f"/log/packs/{RAIL}/1", ""), ("/log/contests", ""),
    ]  # fmt: skip
    server = Server(directory, "--quiet")
    try:
        for path, cookie in pages:
            _get(server.port, path, cookie)  # once before, as any page on any day but the first
        seconds = max(10.0, _SECONDS * scale)
        times = _paced(hey, server.port, pages, seconds)
        weight = _weigh(server.port, f"/subject/in/{RAIL}", mine)
    finally:
        server.stop()
    everything = sorted(one for page in times.values() for one in page)
    return {
        "subjects": round(_SUBJECTS * scale),
        "asked_a_second": round(len(everything) / seconds, 1),
        "p50_ms": _at(everything, 50),
        "p95_ms": _at(everything, 95),
        "p99_ms": _at(everything, 99),
        "p95_ms_by_page": {path: _at(sorted(found), 95) for path, found in times.items()},
        "subject_page_bytes": weight,
        "peers": {"one page with one request under way, ms": _at(_alone(made, pages), 50)},
    }


def _at(ordered: list[float], percent: int) -> float:
    return round(ordered[min(len(ordered) - 1, len(ordered) * percent // 100)] * 1e3, 2)


def _paced(
    hey: str, port: int, pages: list[tuple[str, str]], seconds: float
) -> dict[str, list[float]]:
    """Let one hey a page ask at its share of the pace, each in its turn; gives seconds by page."""
    each = _A_SECOND / len(pages)
    running = []
    for number, (path, cookie) in enumerate(pages):
        words = [hey, "-z", f"{seconds}s", "-c", "1", "-q", str(each), "-o", "csv"]
        words += ["-H", f"X-Forwarded-For: 192.0.2.{number + 1}", "-H", f"Cookie: {cookie}"]
        words.append(f"http://localhost:{port}{path}")
        running.append((path, subprocess.Popen(words, stdout=subprocess.PIPE, text=True)))
        time.sleep(1 / _A_SECOND)
    found = {}
    for path, process in running:
        rows = list(csv.DictReader(io.StringIO(process.communicate()[0])))
        wrong = {row["status-code"] for row in rows} - {"200"}
        if wrong or process.returncode:
            raise RuntimeError(f"{path} was answered with {wrong}")
        found[path] = [float(row["response-time"]) for row in rows]
    return found


def _get(port: int, path: str, cookie: str = "") -> tuple[float, bytes, int]:
    """Ask once on a new connection; gives seconds, body and its length on the way."""
    began = time.perf_counter()
    with closing(HTTPConnection("localhost", port, timeout=30)) as connection:
        connection.request("GET", path, headers={"Cookie": cookie, "Accept-Encoding": "gzip"})
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{path} was answered with {answer.status}")
    return time.perf_counter() - began, body, len(body)


def _weigh(port: int, path: str, cookie: str) -> dict[str, int]:
    """Add up a page and everything that it loads, in bytes on the way, with nothing cached."""
    _, page, size = _get(port, path, cookie)
    parts = {found.decode() for found in _LINKED.findall(page)}
    files = {part.rsplit("/", 1)[-1]: _get(port, part)[2] for part in sorted(parts)}
    return {"page": size, **files, "together": size + sum(files.values())}


def _alone(made: Crowd, pages: list[tuple[str, str]]) -> list[float]:
    server = Server(made.ledger.directory, "--quiet")
    try:
        return sorted(_get(server.port, path, cookie)[0] for path, cookie in 5 * pages)
    finally:
        server.stop()


def bench_decide_http(folder: Path, scale: float) -> dict[str, Any]:
    """Ask over HTTP as fast as answers come, each time about a new transaction."""
    wrk = _need("wrk")
    made = make_crowd(folder, round(_SUBJECTS * scale), real=_REAL, restricted=_RESTRICTED)
    seconds = max(8.0, _SECONDS * scale)
    say("signing questions")
    path = folder / "questions"
    with path.open("wb") as file:
        for one in questions_of(made, round(seconds * _MOST_ASKED)):
            file.write(len(one).to_bytes(2) + one)
    directory = made.ledger.directory
    made.ledger.close()
    script = folder / "ask.lua"
    script.write_text(_LUA.format(path=path), encoding="utf-8")
    server = Server(directory, "--quiet")
    try:
        before = server.cpu_us()
        words = [wrk, "-t", "1", "-c", str(_ASKERS), "-d", f"{round(seconds)}s", "-s", str(script)]
        told = subprocess.run(
            [*words, f"http://localhost:{server.port}"], check=True, capture_output=True, text=True
        )
        after = server.cpu_us()
    finally:
        server.stop()
    figures = json.loads(told.stdout.splitlines()[-1])
    if figures["refused"] or figures["lost"]:
        raise RuntimeError(f"refused or lost: {figures}")
    return {
        "subjects": round(_SUBJECTS * scale),
        "decisions_per_second": round(figures["requests"] / figures["microseconds"] * 1e6),
        "p50_ms": round(figures["p50_us"] / 1e3, 2),
        "p99_ms": round(figures["p99_us"] / 1e3, 2),
        "connections": _ASKERS,
        "server_cpu_us": round((after[0] - before[0]) / figures["requests"]),
        "fsync_ms": fsync_ms(folder),
        "peers": {"the log's own keys, answers a second": _keys(wrk, directory)},
    }


def _keys(wrk: str, directory: Path) -> float:
    server = Server(directory, "--quiet")
    try:
        words = [wrk, "-t", "1", "-c", str(_ASKERS), "-d", "3s"]
        words.append(f"http://localhost:{server.port}/.well-known/scitt-keys")
        told = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    finally:
        server.stop()
    return float(re.findall(r"Requests/sec:\s+([\d.]+)", told)[0])


def bench_first_page(folder: Path, scale: float) -> dict[str, Any]:
    """Start `standing serve` on a full ledger, and ask for the public log as soon as it listens."""
    subjects = round(_HOLDERS * scale)
    ledger, metro, acts = make_ledger(folder, subjects)
    rows = round(_ROWS * scale)
    path = write_rows(folder, rows, subjects, acts)
    say("importing")
    ledger.import_file(path, MAP.encode(), {"metro": metro})
    path.unlink()
    directory = ledger.directory
    ledger.close()
    firsts, listening = [], []
    for _ in range(_FIRST_TIMES):
        server = Server(directory, "--quiet")
        try:
            _get(server.port, "/log")
            firsts.append(time.perf_counter() - server.began)
            listening.append(server.seconds_to_ready)
        finally:
            server.stop()
    return {
        "records": rows,
        "seconds_to_first_page": round(statistics.median(firsts), 2),
        "worst_seconds": round(max(firsts), 2),
        "seconds_to_listening": round(statistics.median(listening), 2),
        "peers": {"a Python that imports the site, seconds": _importing()},
    }


def _importing() -> float:
    def once() -> float:
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", "import standing.web, standing.ledger"], check=True)
        return time.perf_counter() - began

    return round(statistics.median(once() for _ in range(5)), 2)
