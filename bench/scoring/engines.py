"""One engine a process: `python -m bench.scoring.engines NAME FOLDER`, one JSON object printed.

Each reaches the population digest of the same rule over the same records.
"""

import hashlib
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from bench.memory import PeakMemory
from bench.scoring import population as invented
from standing import policy
from standing.columns import ColumnStore, blocks
from standing.packs import shipped
from standing.policy.columns import Columns, facts_at

_ROW = np.dtype([("subject", "<u8"), ("score", "<i4"), ("band", "u1")])
WORKERS = max(1, min(8, os.cpu_count() or 1))
_PARQUET = "records.parquet"


def measured(work: Callable[[], bytes], times: int) -> dict[str, Any]:
    """Run some times: the median, the peak of memory, the digest."""
    seconds, digests = [], set()
    with PeakMemory() as memory:
        for _ in range(times):
            began = time.perf_counter()
            digests.add(work().hex())
            seconds.append(time.perf_counter() - began)
    [digest] = digests
    return {
        "seconds": round(statistics.median(seconds), 3),
        "peak_gb": round(memory.mb / 1000, 3),
        "digest": digest,
    }


def standing(folder: Path) -> dict[str, Any]:
    """The bulk scorer over the store's mapped columns, digest included."""
    from standing.policy import bulk  # noqa: PLC0415 - other engines do without

    began = time.perf_counter()
    one = bulk.columns_of({1: []}, invented.CODES)
    bulk.score_columns(one, invented.SCHEDULE, invented.TODAY, workers=WORKERS)
    compiled = time.perf_counter() - began

    def work() -> bytes:
        digest = hashlib.sha256()
        for columns in blocks(ColumnStore(folder, invented.CONTEXT).segments()):
            scored = bulk.score_columns(columns, invented.SCHEDULE, invented.TODAY, workers=WORKERS)
            bulk.digest_into(digest, columns.subjects, scored)
        return digest.digest()

    return {**measured(work, 3), "compiling_or_loading_code_seconds": round(compiled, 2)}


def recovery(folder: Path) -> dict[str, Any]:
    """The same columns as acts of a pack whose lessons give points of the oldest burdens back."""
    from standing.policy import bulk  # noqa: PLC0415 - see above

    pack = policy.parse_pack(shipped("transit"))
    codes = ("", "transit.fare-talk", "transit.loud-audio", "transit.unpaid-fare")
    schedule = policy.Schedule([(invented.FORCE, pack)])
    bulk.score_columns(bulk.columns_of({1: []}, codes), schedule, invented.TODAY, workers=WORKERS)

    def work() -> bytes:
        digest = hashlib.sha256()
        for columns in blocks(ColumnStore(folder, invented.CONTEXT).segments()):
            acts = columns._replace(codes=codes)
            scored = bulk.score_columns(acts, schedule, invented.TODAY, workers=WORKERS)
            bulk.digest_into(digest, columns.subjects, scored)
        return digest.digest()

    return measured(work, 3)


# --- library calls alone ------------------------------------------------------------------------


def numpy(folder: Path) -> dict[str, Any]:
    """NumPy's own calls over the same columns, a block of rows at a time, two threads."""
    tables = _tables()

    def work() -> bytes:
        columns = ColumnStore(folder, invented.CONTEXT).load()
        shares = _shares(columns, 4_000_000)
        with ThreadPoolExecutor(WORKERS) as pool:
            parts = pool.map(lambda share: _numpy_block(columns, tables, *share), shares)
            digest = hashlib.sha256()
            for part in parts:
                digest.update(part)
        return digest.digest()

    return {**measured(work, 3), "one_thread_ms_a_million_records": _profile(folder, tables)}


def _profile(folder: Path, tables: dict[str, Any]) -> dict[str, float]:
    """Time the steps of one block on one thread: what library calls cost."""
    columns = ColumnStore(folder, invented.CONTEXT).load()
    share = _shares(columns, 4_000_000)[0]
    records = columns.span(share[1] - 1).stop
    spent: dict[str, float] = {}
    for _ in range(3):
        last = [time.perf_counter()]

        def lap(step: str, last: list[float] = last) -> None:
            now = time.perf_counter()
            spent[step] = min(spent.get(step, 1e9), (now - last[0]) / records * 1e9)
            last[0] = now

        _numpy_block(columns, tables, *share, lap)
    return {step: round(ms, 2) for step, ms in spent.items()}


def _shares(columns: Columns, size: int) -> list[tuple[int, int]]:
    borders = np.searchsorted(columns.ends, np.arange(size, columns.records, size)).tolist()
    borders = sorted({0, len(columns.ends), *borders})
    return list(pairwise(borders))


def _tables() -> dict[str, Any]:
    rules = invented.SCHEDULE.rules_on(invented.TODAY)
    longest = max(weight.validity for weight in rules.weights.values())
    points = np.zeros((len(invented.CODES), longest + 1), np.int32)
    facts = np.zeros((4, len(invented.CODES)), np.int32)
    for place, code in enumerate(invented.CODES):
        if code in rules.weights:
            weight = rules.weights[code]
            points[place, : weight.validity] = weight.by_age
            facts[:, place] = weight.window, weight.cap, weight.warn_first, weight.negative
    return {"points": points.ravel(), "stride": longest + 1, "facts": facts, "rules": rules}


def _numpy_block(
    columns: Columns,
    tables: dict[str, Any],
    first: int,
    last: int,
    lap: Callable[[str], None] = lambda _: None,
) -> bytes:
    """Look up by type and age, sum by cell, clip, sum by subject."""
    rules, pack = tables["rules"], invented.PACK
    begin = int(columns.ends[first - 1]) if first else 0
    end = int(columns.ends[last - 1])
    part = slice(begin, end)
    kind, day = columns.kind[part].astype(np.intp), columns.day[part].astype(np.int32)
    window, cap, warns, negative = (fact[kind] for fact in tables["facts"])
    age = np.minimum(invented.TODAY - day, tables["stride"] - 1)
    value = tables["points"][kind * tables["stride"] + age]
    lap("looking up points by type and age")
    status = columns.status[part]
    counts = (status == 0) | (((status == 1) | (status == 3)) & (negative == 0))
    counts &= columns.noticed[part] + rules.notice <= invented.TODAY
    validity = np.array([0, *(rules.weights[c].validity for c in invented.CODES[1:])])[kind]
    counts &= invented.TODAY - day < validity
    lap("status, notice, validity")
    lengths = np.diff(columns.ends[first:last], prepend=begin)
    row = np.repeat(np.arange(last - first), lengths)[counts]
    cell = row * 1_000 + kind[counts] * 100 + (day[counts] - invented.FORCE) // window[counts]
    value, warns, cap = value[counts], warns[counts], cap[counts]
    lap("naming each record's cell")
    total = np.zeros(last - first, np.int64)
    if len(cell):
        starts = np.flatnonzero(np.diff(cell, prepend=-1))
        value = value.copy()
        value[starts[warns[starts] == 1]] = 0  # the first of a cell warned
        sums = np.clip(np.add.reduceat(value, starts), -cap[starts], cap[starts])
        rows = row[starts]
        heads = np.flatnonzero(np.diff(rows, prepend=-1))
        total[rows[heads]] = np.add.reduceat(sums, heads)
    lap("sums by cell and by subject")
    laid = np.empty(last - first, _ROW)
    laid["subject"] = columns.subjects[first:last]
    laid["score"] = np.clip(pack.base + total, pack.floor, pack.ceiling)
    laid["band"] = np.searchsorted(rules.starts, laid["score"], "right") - 1
    lap("laying out scores")
    return laid.tobytes()


# --- a database ---------------------------------------------------------------------------------


def write_parquet(folder: Path) -> float:
    """Write the records as one Parquet file sorted by subject; gives the seconds it took."""
    import duckdb  # noqa: PLC0415

    began = time.perf_counter()
    columns = ColumnStore(folder, invented.CONTEXT).load()
    db = duckdb.connect()
    parts = []
    for number, (first, last) in enumerate(_shares(columns, 10_000_000)):
        begin = int(columns.ends[first - 1]) if first else 0
        part = slice(begin, int(columns.ends[last - 1]))
        lengths = np.diff(columns.ends[first:last], prepend=begin)
        block = {  # noqa: F841 - DuckDB reads it by name
            "subject": np.repeat(columns.subjects[first:last], lengths),
            "kind": np.array(columns.kind[part]), "day": np.array(columns.day[part]),
            "noticed": np.array(columns.noticed[part]), "status": np.array(columns.status[part]),
        }  # fmt: skip
        parts.append(folder / f"{number:04}-{_PARQUET}")
        db.execute(f"COPY (SELECT * FROM block) TO '{parts[-1]}' (FORMAT parquet)")
    np.save(folder / "subjects.npy", np.array(columns.subjects))
    return time.perf_counter() - began


def duckdb(folder: Path) -> dict[str, Any]:
    """DuckDB's SQL over subject-sorted Parquet, then the digest."""
    return _duckdb(folder, invented.PACK)


def _duckdb(folder: Path, pack: policy.Pack) -> dict[str, Any]:
    import duckdb  # noqa: PLC0415

    db = duckdb.connect(config={"threads": WORKERS, "temp_directory": str(folder / "spill")})
    query = _query(folder, pack)
    subjects = np.load(folder / "subjects.npy")

    def work() -> bytes:
        found = db.execute(query).fetchnumpy()
        laid = np.empty(len(subjects), _ROW)
        laid["subject"] = subjects
        score = np.full(len(subjects), pack.base, np.int32)
        score[np.searchsorted(subjects, found["subject"])] = found["score"]
        laid["score"] = score
        starts = [band.least for band in pack.bands]
        laid["band"] = np.searchsorted(starts, score, "right") - 1
        return hashlib.sha256(laid).digest()

    return measured(work, 3)


def _query(folder: Path, pack: policy.Pack) -> str:
    rules = policy.Schedule([(invented.FORCE, pack)]).rules_on(invented.TODAY)
    ages, types = [], []
    for place, code in enumerate(invented.CODES):
        if code not in rules.weights:
            continue
        weight = rules.weights[code]
        types.append(
            f"({place}, {weight.window}, {weight.cap}, {weight.warn_first}, {weight.negative})"
        )
        ages += [f"({place}, {age}, {points})" for age, points in enumerate(weight.by_age)]
    return f"""
    WITH types(kind, size, cap, warns, negative) AS (VALUES {", ".join(types)}),
    ages(kind, age, points) AS (VALUES {", ".join(ages)}),
    counted AS (
      SELECT r.subject, r.kind, r.day, (r.day - {invented.FORCE}) // t.size AS cell,
             a.points, t.cap, t.warns
      FROM '{folder}/*-{_PARQUET}' r JOIN types t ON t.kind = r.kind
      JOIN ages a ON a.kind = r.kind AND a.age = {invented.TODAY} - r.day
      WHERE (r.status = 0 OR (r.status IN (1, 3) AND NOT t.negative))
        AND r.noticed + {rules.notice} <= {invented.TODAY}),
    cells AS (
      SELECT subject, greatest(-any_value(cap), least(any_value(cap),
        sum(points) - CASE WHEN any_value(warns) THEN arg_min(points, day) ELSE 0 END)) AS points
      FROM counted GROUP BY subject, kind, cell)
    SELECT subject, greatest({pack.floor}, least({pack.ceiling}, {pack.base} + sum(points)))
      ::INTEGER AS score
    FROM cells GROUP BY subject ORDER BY subject"""


# --- a rule engine ------------------------------------------------------------------------------


def zen_sample(folder: Path, subjects: int) -> dict[str, Any]:
    """Give a sample of subjects with their records, and the scores that they must come to."""
    columns = ColumnStore(folder, invented.CONTEXT).load()
    rules = invented.SCHEDULE.rules_on(invented.TODAY)
    chosen = np.random.default_rng(3).choice(len(columns.subjects), subjects, replace=False)
    people, scores = [], []
    for row in sorted(chosen.tolist()):
        facts = facts_at(columns, row)[:200]
        people.append([[f.type, f.day, f.noticed, f.status] for f in facts])
        scores.append(policy.score(facts, invented.SCHEDULE, invented.TODAY).score)
    weights = {
        code: {"window": w.window, "cap": w.cap, "warns": w.warn_first, "negative": w.negative,
               "validity": w.validity, "points": w.face, "ages": _ages(code)}
        for code, w in rules.weights.items()
    }  # fmt: skip
    return {"people": people, "scores": scores, "weights": weights, "today": invented.TODAY,
            "force": invented.FORCE, "notice": rules.notice, "base": invented.PACK.base,
            "floor": invented.PACK.floor, "ceiling": invented.PACK.ceiling}  # fmt: skip


def _ages(code: str) -> list[list[int]]:
    return [[int(day), int(points)] for day, points in invented.PACK.acts[code].ages]


def simulate(folder: Path) -> dict[str, Any]:
    """Simulate a harsher pack: both scorings with their tallies, and every figure of the result."""
    from standing.policy.simulation import Labels, Names, simulate  # noqa: PLC0415 - see above

    columns = ColumnStore(folder, invented.CONTEXT).load()
    chance = np.random.default_rng(4)
    said = [
        Labels(chance.integers(-1, count, len(columns.subjects), dtype=np.int32), names)
        for count, names in ((12, tuple(f"district-{n:02}" for n in range(12))), (4, tuple("abcd")))
    ]
    packs = (invented.PACK, invented.harsher(invented.PACK))
    side(columns.rows(np.arange(1)), packs[0])  # code is loaded once

    def work() -> bytes:
        sides = (side(columns, packs[0]), side(columns, packs[1]))
        divisions = dict(zip(("region", "group"), said, strict=True))
        result = simulate(
            packs, sides, Names(invented.TODAY, "", "", ""), divisions=divisions, impact_by="group"
        )
        return hashlib.sha256(repr(result).encode()).digest()

    return measured(work, 3)


def side(columns: Columns, pack: policy.Pack) -> Any:
    """Score a population under one pack, with what each record opens."""
    from standing.policy import bulk  # noqa: PLC0415 - see above
    from standing.policy.simulation import Side  # noqa: PLC0415 - see above

    schedule = policy.Schedule([(invented.FORCE, pack)])
    masks = policy.tally_masks(pack)
    tallies = [masks.get(code, 0) for code in columns.codes]
    scored = bulk.score_columns(columns, schedule, invented.TODAY, tallies=tallies, workers=WORKERS)
    counts = {name: scored.tally[:, n] for n, name in enumerate(policy.counters(pack))}
    titles = {perk.code: ("perk", str(perk.title)) for perk in pack.perks}
    rules = schedule.rules_on(invented.TODAY)
    return Side(scored.score, scored.band, tuple(rules.names), rules.band(pack.base),
                policy.met(pack, counts), titles)  # fmt: skip


def duckdb_harsher(folder: Path) -> dict[str, Any]:
    """DuckDB under the other pack."""
    return _duckdb(folder, invented.harsher(invented.PACK))


ENGINES = {
    "standing": standing, "numpy": numpy, "duckdb": duckdb, "simulate": simulate,
    "duckdb-harsher": duckdb_harsher, "recovery": recovery,
}  # fmt: skip


def main() -> None:
    name, folder = sys.argv[1], Path(sys.argv[2])
    json.dump(ENGINES[name](folder), sys.stdout)


if __name__ == "__main__":
    main()
