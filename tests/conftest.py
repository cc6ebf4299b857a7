"""Fixtures that many rooms' tests share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser import chromium
from tests.support import Town, make_ledger


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    """Five people with consent, a pack in force, no records yet."""
    made = make_ledger(tmp_path)
    yield made
    made.ledger.close()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say loudly that there was no browser: it stands here, where it is heard with xdist, too."""
    skipped = terminalreporter.stats.get("skipped", [])
    count = sum(report.nodeid.startswith("tests/browser/") for report in skipped)
    if count:
        terminalreporter.section("BROWSER TESTS DID NOT RUN", red=True, bold=True)
        terminalreporter.line(f"{count} tests were skipped: {chromium.missing()}.")
        terminalreporter.line(f"To run them: {chromium.HOW}.")
