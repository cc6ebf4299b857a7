"""Peak memory of this process and its children: the sum of PSS, sampled while work runs."""

import os
import threading
from pathlib import Path
from typing import Self


def _pss(pid: int) -> int:
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8")
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:"))


def family(pid: int) -> list[int]:
    """Give a process and all below it."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = task.read_text(encoding="utf-8").split()
        except OSError:
            continue
        for child in children:
            found += family(int(child))
    return found


def cpu_us(pid: int) -> float:
    """Give the processor time that a process has used, in microseconds."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK") * 1e6


def family_pss_mb(pid: int) -> int:
    """Give what a process and its children hold now, in MB."""
    return sum(_pss(one) for one in family(pid)) // 1024


class PeakMemory:
    """Samples every 100 ms inside a `with` block; `mb` is the highest sum seen."""

    def __init__(self) -> None:
        self.mb = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def _watch(self) -> None:
        while not self._stop.wait(0.1):
            total = sum(_pss(pid) for pid in family(os.getpid()))
            self.mb = max(self.mb, total // 1024)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
