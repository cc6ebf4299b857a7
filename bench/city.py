"""`demo`: the invented city made, and verified."""

import time
from pathlib import Path
from typing import Any

from standing.audit import verify_ledger
from standing.demo import make_city

_SUBJECTS = 2_000


def bench_demo(folder: Path, scale: float) -> dict[str, Any]:
    """Make the city of the demo (always whole: its size is its point) and verify it."""
    city = make_city(folder / "city", seed=7, subjects=_SUBJECTS)
    began = time.perf_counter()
    outcome = verify_ledger(folder / "city")
    return {
        "seconds_make": round(city.seconds, 2),
        "seconds_verify": round(time.perf_counter() - began, 2),
        "subjects": city.subjects,
        "records": city.records,
        "log_size": city.log_size,
        "ok": outcome.ok,
        "peers": {},
        "asked_scale": scale,
    }
