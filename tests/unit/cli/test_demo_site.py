"""The demo in a browser, where nobody sits before it."""

import signal
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from standing.cli.demo_site import show_city
from standing.demo import City, Watched

_PATIENCE = 1.0


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """Put back what the demo does with signals."""
    kept = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


def test_pages_answer_while_somebody_looks_and_end_when_nobody_does(tmp_path: Path) -> None:
    seen: list[tuple[float, int]] = []

    def look(url: str) -> None:
        for _ in range(8):
            with urllib.request.urlopen(f"{url}/log") as answer:
                seen.append((time.monotonic(), answer.status))
            time.sleep(_PATIENCE / 3)

    looking: list[threading.Thread] = []

    def made(_city: City, _watched: Watched, url: str, links: dict[str, str]) -> None:
        assert all(link.startswith(url) for link in links.values())
        looking.append(threading.Thread(target=look, args=[url]))
        looking[0].start()

    held = show_city(
        tmp_path / "city", 7, 10, 0, lambda *_: None, made, patience=_PATIENCE, quiet=True
    )
    ended = time.monotonic()
    looking[0].join()
    assert held
    assert [status for _, status in seen] == [200] * 8
    assert ended - seen[-1][0] >= _PATIENCE
