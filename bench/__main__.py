"""`make bench [ARGS="NAME --json --full"]`: each figure beside a peer measured in the same run."""

import argparse
import json
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench import (
    answers,
    city,
    help_time,
    importing,
    leaving,
    log_checks,
    pages,
    serving,
    ticking,
)
from bench.scoring import benchmarks as scoring

BENCHMARKS: dict[str, Callable[[Path, float], dict[str, Any]]] = {
    "import": importing.bench_import,
    "verify": importing.bench_verify,
    "register": serving.bench_register,
    "log": log_checks.bench_log,
    "rescore": scoring.bench_rescore,
    "explain": scoring.bench_explain,
    "one-score": scoring.bench_one_score,
    "advance": scoring.bench_advance,
    "simulate": scoring.bench_simulate,
    "decide": answers.bench_decide,
    "decide-timing": answers.bench_decide_timing,
    "decide-http": pages.bench_decide_http,
    "pages": pages.bench_pages,
    "first-page": pages.bench_first_page,
    "tick": ticking.bench_tick,
    "withdraw": leaving.bench_withdraw,
    "erase": leaving.bench_erase,
    "demo": city.bench_demo,
    "help": help_time.bench_help,
}

BY_NAME_ONLY: dict[str, Callable[[Path, float], dict[str, Any]]] = {
    "rescore-billion": scoring.bench_rescore_billion,  # minutes, and 20 GB of disk
}


def machine() -> str:
    """Name the machine: processor, cores, memory, Python."""
    model = next(
        (
            line.split(":", 1)[1].strip()
            for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
            if line.startswith("model name")
        ),
        platform.processor(),
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{model}, {os.cpu_count()} cores, {memory:.0f} GiB, Python {platform.python_version()}"


def main() -> None:
    """Run one benchmark, or all of them at a tenth of their scale."""
    parser = argparse.ArgumentParser(prog="bench")
    parser.add_argument("name", nargs="?", choices=[*BENCHMARKS, *BY_NAME_ONLY],
                        help="which one (default: all but rescore-billion)")  # fmt: skip
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument("--full", action="store_true", help="the whole scale (default: a tenth)")
    arguments = parser.parse_args()
    scale = 1.0 if arguments.full else 0.1
    for name in [arguments.name] if arguments.name else BENCHMARKS:
        folder = Path(tempfile.mkdtemp(prefix="standing-bench-"))
        try:
            figures = (BENCHMARKS | BY_NAME_ONLY)[name](folder, scale)
        finally:
            shutil.rmtree(folder)
        result = {"name": name, **figures, "machine": machine(), "scale": scale}
        if arguments.json:
            print(json.dumps(result))
            continue
        print(f"{name} (scale {scale:g}; {result['machine']})")
        for key, value in figures.items():
            print(f"  {key}: {json.dumps(value) if isinstance(value, dict) else value}")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
