"""`rescore`, `rescore-billion`, `explain`, `one-score`, `advance`, `news`, `simulate`."""

import json
import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench import peers
from bench.memory import PeakMemory
from bench.scoring import engines
from bench.scoring import population as invented
from standing import policy
from standing.columns import ColumnStore
from standing.packs import shipped
from standing.policy.columns import facts_at

_RECORDS = 100_000_000
_SAMPLE = 2_000  # subjects that the rule engine scores


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _run(engine: str, folder: Path) -> dict[str, Any]:
    _say(f"scoring with {engine}")
    command = [sys.executable, "-m", "bench.scoring.engines", engine, str(folder)]
    told: dict[str, Any] = json.loads(
        subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    )
    return told


def _make(folder: Path, records: int) -> tuple[int, int]:
    subjects = max(1, records // 10)
    _say(f"writing {records:,} records of {subjects:,} subjects")
    invented.make_population(folder, records, subjects)
    os.sync()  # else the disk is busy while others are measured
    return records, subjects


def bench_rescore(folder: Path, scale: float) -> dict[str, Any]:
    """Score everybody and make the digest; DuckDB, NumPy alone and a rule engine beside it."""
    records, subjects = _make(folder, round(_RECORDS * scale))
    ours = _run("standing", folder)
    recovery = _run("recovery", folder)
    _say("writing Parquet")
    parquet = engines.write_parquet(folder)
    os.sync()
    theirs = {name: _run(name, folder) for name in ("numpy", "duckdb")}
    digests = {ours["digest"], *(peer["digest"] for peer in theirs.values())}
    assert len(digests) == 1, "the engines disagree"
    theirs["duckdb"]["writing_parquet_seconds"] = round(parquet, 1)
    store = ColumnStore(folder, invented.CONTEXT)
    store.append(invented.news(store.load(), records // 100), 2, "")
    after = _run("standing", folder)
    sample = engines.zen_sample(folder, min(_SAMPLE, subjects))
    return {
        "records": records,
        "subjects": subjects,
        **ours,
        "records_per_second": round(records / ours["seconds"]),
        "a_third_lessons_that_give_points_back": {k: recovery[k] for k in ("seconds", "peak_gb")},
        "with_a_hundredth_in_a_second_segment": {k: after[k] for k in ("seconds", "peak_gb")},
        "pack": f"{invented.CONTEXT} {invented.PACK.version}",
        "peers": {**theirs, "zen": _zen(sample, records)},
    }


def _zen(sample: dict[str, Any], records: int) -> dict[str, Any]:
    _say("scoring a sample with zen-engine")
    told = peers.run("zen_scores.py", json.dumps(sample))
    assert told["scores"] == sample["scores"], "the rule engine disagrees"
    each = told["us_per_record"]
    return {
        "sample_records": told["records"],
        "sample_subjects": len(sample["scores"]),
        "us_per_record": round(each, 2),
        "all_records_would_take_seconds": round(each * records / 1e6),
        "same_scores": True,
    }


def bench_rescore_billion(folder: Path, scale: float) -> dict[str, Any]:
    """Score a billion records of a hundred million subjects; no peer at this size."""
    records, subjects = _make(folder, round(10 * _RECORDS * scale))
    ours = _run("standing", folder)
    per_second = round(records / ours["seconds"])
    return {"records": records, "subjects": subjects, **ours, "records_per_second": per_second}


def bench_explain(_: Path, scale: float) -> dict[str, Any]:
    """Explain one subject of ten records: a reason each, points that sum to the score."""
    pack = policy.parse_pack(shipped("transit"))
    force = int(pack.force)
    schedule = policy.Schedule([(force, pack)])
    acts = sorted(pack.acts)
    facts = [
        policy.RecordFact(f"r{n}", acts[n % len(acts)], force + 20 * n, force + 20 * n + 3)
        for n in range(10)
    ]
    today = force + 220

    def us(work: Callable[[], object], times: int) -> float:
        rounds = []
        for _ in range(9):
            began = time.perf_counter()
            for _ in range(times):
                work()
            rounds.append((time.perf_counter() - began) / times * 1e6)
        return round(statistics.median(rounds), 1)

    times = round(20_000 * scale)
    return {
        "explain_us": us(lambda: policy.score(facts, schedule, today), times),
        "forecast_24_months_us": us(lambda: policy.forecast(facts, schedule, today), times // 50),
        "records": len(facts),
        "peers": {
            "sorting_and_naming_ten_records_us": us(
                lambda: [(f.id, f.type, f.day) for f in sorted(facts, key=lambda f: f.day)], times
            )
        },
    }


def bench_one_score(folder: Path, scale: float) -> dict[str, Any]:
    """Score one subject out of all, the store's files dropped from memory each time."""
    records, subjects = _make(folder, round(_RECORDS * scale))
    engines.write_parquet(folder)
    everybody = ColumnStore(folder, invented.CONTEXT).load().subjects
    chosen = [int(everybody[random.Random(n).randrange(subjects)]) for n in range(25)]

    def ours(subject: int) -> int:
        columns = ColumnStore(folder, invented.CONTEXT).row(subject)
        facts = facts_at(columns, 0)
        return policy.score(facts, invented.SCHEDULE, invented.TODAY).score

    ours(chosen[-1])  # code is loaded once; files are not
    took = [_cold(folder, lambda subject=subject: ours(subject)) for subject in chosen]
    return {
        "records": records,
        "subjects": subjects,
        "cold_ms": round(statistics.median(took), 2),
        "worst_ms": round(max(took), 2),
        "warm_ms": round(statistics.median(_timed(lambda: ours(chosen[0])) for _ in range(9)), 3),
        "peers": {"duckdb_parquet_cold_ms": _duckdb_one(folder, chosen[:5])},
    }


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1e3


def _cold(folder: Path, work: Callable[[], object]) -> float:
    for path in folder.rglob("*"):
        if path.is_file():
            handle = os.open(path, os.O_RDONLY)
            os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(handle)
    return _timed(work)


def _duckdb_one(folder: Path, subjects: list[int]) -> float:
    import duckdb  # noqa: PLC0415 - the peer's own needs

    query = engines._query(folder, invented.PACK)  # noqa: SLF001 - the same rule
    took = []
    for subject in subjects:
        one = query.replace("WHERE (r.status", f"WHERE r.subject = {subject} AND (r.status")
        took.append(_cold(folder, lambda one=one: duckdb.connect().execute(one).fetchall()))
    return round(statistics.median(took), 1)


def bench_advance(folder: Path, scale: float) -> dict[str, Any]:
    """Let a day pass, and take 100,000 new records in, at ten million records."""
    from standing.policy import bulk  # noqa: PLC0415 - loads the compiler

    records, subjects = _make(folder, round(_RECORDS / 10 * scale))
    columns = ColumnStore(folder, invented.CONTEXT).load()
    fresh = invented.news(columns, round(100_000 * scale))
    with PeakMemory() as memory:
        rolling = bulk.Incremental(
            columns, invented.SCHEDULE, invented.TODAY, workers=engines.WORKERS
        )
        whole = statistics.median(
            _timed(
                lambda: bulk.score_columns(
                    columns, invented.SCHEDULE, invented.TODAY, workers=engines.WORKERS
                )
            )
            for _ in range(3)
        )
        rolling.add(invented.news(columns, 1))  # code is loaded once
        days = [
            _timed(lambda day=day: rolling.advance(invented.TODAY + day)) for day in range(1, 8)
        ]
        news = [_timed(lambda: rolling.add(fresh)) for _ in range(3)]
    return {
        "records": records,
        "subjects": subjects,
        "advance_seconds": round(statistics.median(days) / 1e3, 3),
        "news_records": fresh.records,
        "news_seconds": round(statistics.median(news) / 1e3, 3),
        "peak_gb": round(memory.mb / 1000, 3),
        "peers": {"scoring_everything_anew_seconds": round(whole / 1e3, 3)},
    }


def bench_simulate(folder: Path, scale: float) -> dict[str, Any]:
    """Simulate a harsher pack over everybody: both scorings, moves, flips, divisions, intervals."""
    records, subjects = _make(folder, round(_RECORDS * scale))
    ours = _run("simulate", folder)
    _say("writing Parquet")
    engines.write_parquet(folder)
    duckdb = [_run(name, folder)["seconds"] for name in ("duckdb", "duckdb-harsher")]
    return {
        "records": records,
        "subjects": subjects,
        **ours,
        "peers": {"duckdb_scoring_both_packs_seconds": round(sum(duckdb), 1)},
    }
