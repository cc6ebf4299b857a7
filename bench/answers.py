"""`decide`, `decide-timing`: answers a second, and whether their time tells who is enrolled."""

import os
import random
import sqlite3
import time
from bisect import bisect_right
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from bench.crowd import HOSPITALITY, PURPOSES, RAIL, Crowd, make_crowd
from bench.serving import fsync_ms
from standing.errors import StandingError
from standing.wire.keys import SigningKey

_SUBJECTS = 1_000_000
_RESTRICTED = 20
_REAL = 300
_QUESTIONS = 10_000
_GROUPS = (1, 4, 8, 16)
_WARM = 200
_TRAIN = "an ordinary train"
_COEFFICIENT = 1.358  # Kolmogorov-Smirnov at 5 percent


def bench_decide(folder: Path, scale: float) -> dict[str, Any]:
    """Answer questions by reference, one a commit and in groups; the peer is SQLite alone."""
    made = make_crowd(folder, round(_SUBJECTS * scale), real=_REAL, restricted=_RESTRICTED)
    with made.ledger as ledger:
        figures = {}
        for size in _GROUPS:
            questions = questions_of(made, _QUESTIONS)
            _answer(made, questions[:_WARM], size)
            times = _answer(made, questions[_WARM:], size)
            figures[f"in groups of {size}"] = _rate(times, size)
        restricted = {one.answer.answer for one in _outcomes(made)}
        vault = ledger.directory / "vault.db"
        size_mib = vault.stat().st_size >> 20
    return {
        "subjects": round(_SUBJECTS * scale),
        "restricted": _RESTRICTED,
        "answers": sorted(restricted),
        "vault_mib": size_mib,
        "decide": figures,
        "fsync_ms": fsync_ms(folder),
        "peers": {"sqlite, one row of the same size a commit": _sqlite(folder, _QUESTIONS // 5)},
    }


def _outcomes(made: Crowd) -> list[Any]:
    questions = [
        made.ledger.ask(
            made.keys["sales"], RAIL, PURPOSES[RAIL], f"last-{n}", f"card-{n:07}", os.urandom(16),
            _TRAIN,
        )
        for n in range(_RESTRICTED + 1)
    ]  # fmt: skip
    return made.ledger.decide_many(questions)


def questions_of(made: Crowd, count: int) -> list[bytes]:
    """Sign questions about the crowd, strangers and a restricted one now and then."""
    chance = random.Random(count)
    asked = []
    for _ in range(count):
        kind = chance.randrange(100)
        reference = chance.choice(made.crowd)
        if kind < 30:
            reference = f"stranger-{chance.randrange(10**9)}"
        elif kind == 30:
            reference = f"card-{chance.randrange(_RESTRICTED):07}"
        asked.append(
            made.ledger.ask(
                made.keys["sales"], RAIL, PURPOSES[RAIL], os.urandom(8).hex(), reference,
                os.urandom(16), _TRAIN,
            )
        )  # fmt: skip
    return asked


def _answer(made: Crowd, questions: Sequence[bytes], size: int) -> list[float]:
    """Answer in groups; gives how long each took. A question waits for its whole group."""
    times = []
    for start in range(0, len(questions), size):
        group = questions[start : start + size]
        began = time.perf_counter()
        outcomes = made.ledger.decide_many(group)
        times.append(time.perf_counter() - began)
        refused = [one for one in outcomes if isinstance(one, StandingError)]
        if refused:
            raise refused[0]
    return times


def _rate(times: Sequence[float], size: int) -> dict[str, float]:
    ordered = sorted(times)
    return {
        "per_second": round(size * len(times) / sum(times)),
        "p50_ms": round(ordered[len(ordered) // 2] * 1e3, 3),
        "p99_ms": round(ordered[len(ordered) * 99 // 100] * 1e3, 3),
        "worst_ms": round(ordered[-1] * 1e3, 3),
    }


def _sqlite(folder: Path, count: int) -> float:
    db = sqlite3.connect(folder / "peer.db", isolation_level=None)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    db.execute("CREATE TABLE kept(id BLOB PRIMARY KEY, data BLOB) WITHOUT ROWID")
    began = time.perf_counter()
    for _ in range(count):
        db.execute("INSERT INTO kept VALUES (?,?)", (os.urandom(32), os.urandom(1_200)))
    taken = time.perf_counter() - began
    db.close()
    return round(count / taken)


# --- timing ---------------------------------------------------------------------------------------


def bench_decide_timing(folder: Path, scale: float) -> dict[str, Any]:
    """Time answers about the enrolled, those who left and strangers, in random order."""
    subjects = round(_SUBJECTS * scale / 10)
    made = make_crowd(folder, subjects, real=_REAL, restricted=_RESTRICTED)
    count = round(6_000 * max(scale, 0.1) * 5)
    with made.ledger:
        for key in made.people[_RESTRICTED:120]:
            for context in (RAIL, HOSPITALITY):
                made.ledger.withdraw(key, context)
        by_reference = _compare(_by_reference(made), count)
        with_presentation = _compare(_with_presentation(made), count // 3)
    return {
        "subjects": subjects,
        "by_reference": by_reference,
        "with_presentation": with_presentation,
        "peers": {},
    }


Ask = Callable[[], tuple[Crowd, bytes]]


def _by_reference(made: Crowd) -> dict[str, Ask]:
    chance = random.Random(3)

    def about(name: Callable[[], str]) -> Ask:
        return lambda: (
            made,
            made.ledger.ask(
                made.keys["sales"], RAIL, PURPOSES[RAIL], os.urandom(8).hex(), name(),
                os.urandom(16), _TRAIN,
            ),
        )  # fmt: skip

    return {
        "enrolled": about(lambda: f"card-{chance.randrange(120, _REAL):07}"),
        "withdrawn": about(lambda: f"card-{chance.randrange(_RESTRICTED, 120):07}"),
        "stranger": about(lambda: f"none-{chance.randrange(10**7):07}"),
    }


def _with_presentation(made: Crowd) -> dict[str, Ask]:
    chance = random.Random(4)
    strangers = [SigningKey.generate() for _ in range(150)]

    def of(key: Callable[[], SigningKey]) -> Ask:
        def ask() -> tuple[Crowd, bytes]:
            party = made.keys["booking"]
            token = made.ledger.present(key(), party.public, HOSPITALITY, PURPOSES[HOSPITALITY])
            transaction, nonce = os.urandom(8).hex(), os.urandom(16)
            return made, made.ledger.ask_with(
                party, HOSPITALITY, PURPOSES[HOSPITALITY], transaction, token, nonce
            )

        return ask

    return {
        "enrolled": of(lambda: chance.choice(made.people[120:])),
        "withdrawn": of(lambda: chance.choice(made.people[_RESTRICTED:120])),
        "stranger": of(lambda: chance.choice(strangers)),
    }


def _compare(kinds: dict[str, Ask], count: int) -> dict[str, Any]:
    order = [kind for kind in kinds for _ in range(count // len(kinds))]
    random.Random(5).shuffle(order)
    times: dict[str, list[float]] = {kind: [] for kind in kinds}
    for place, kind in enumerate(order):
        made, question = kinds[kind]()
        began = time.perf_counter()
        made.ledger.decide(question)
        if place >= _WARM:
            times[kind].append(time.perf_counter() - began)
    pairs = [("enrolled", "stranger"), ("withdrawn", "stranger"), ("enrolled", "withdrawn")]
    return {
        "ms": {kind: _quantiles(times[kind]) for kind in kinds},
        "ks_distance": {f"{a} and {b}": round(ks(times[a], times[b]), 4) for a, b in pairs},
        "by_chance_alone_5_percent": round(
            _COEFFICIENT * (2 / min(len(one) for one in times.values())) ** 0.5, 4
        ),
    }


def _quantiles(times: Sequence[float]) -> dict[str, float]:
    ordered = sorted(times)
    places = {"p10": 0.1, "p50": 0.5, "p90": 0.9, "p99": 0.99}
    return {
        "count": len(ordered),
        **{name: round(ordered[int(len(ordered) * at)] * 1e3, 4) for name, at in places.items()},
    }


def ks(a: Sequence[float], b: Sequence[float]) -> float:
    """Give the Kolmogorov-Smirnov distance: the widest gap between two distributions."""
    first, second = sorted(a), sorted(b)
    return max(
        abs(bisect_right(first, x) / len(first) - bisect_right(second, x) / len(second))
        for x in (*first, *second)
    )
