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


def _family(pid: int) -> list[int]:
    found = [pid]
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = task.read_text(encoding="utf-8").split()
        except OSError:
            continue
        for child in children:
            found += _family(int(child))
    return found


def family_pss_mb(pid: int) -> int:
    """Give what a process and its children hold now, in MB."""
    return sum(_pss(one) for one in _family(pid)) // 1024


class PeakMemory:
    """Samples every 100 ms inside a `with` block; `mb` is the highest sum seen."""

    def __init__(self) -> None:
        self.mb = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def _watch(self) -> None:
        while not self._stop.wait(0.1):
            total = sum(_pss(pid) for pid in _family(os.getpid()))
            self.mb = max(self.mb, total // 1024)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
