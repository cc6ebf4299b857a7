"""`help`: how long `standing --help` takes, beside a bare Python."""

import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

_RUNS = 9


def _median(command: list[str]) -> float:
    times = []
    for _ in range(_RUNS):
        began = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        times.append(time.perf_counter() - began)
    return round(statistics.median(times), 3)


def bench_help(_folder: Path, _scale: float) -> dict[str, Any]:
    """Time `standing --help`, median of nine."""
    standing = Path(sys.executable).with_name("standing")
    return {
        "seconds": _median([str(standing), "--help"]),
        "peers": {"python_doing_nothing": _median([sys.executable, "-c", "pass"])},
    }
