"""Where the browser is, and how it is started: Debian's Chromium, or what CHROMIUM names."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser

USUAL = Path("/usr/bin/chromium")
HOW = "apt-get install chromium fonts-noto-cjk, or name one, CHROMIUM=/path/to/it make test"


def find() -> Path | None:
    """Give the browser's path, if there is one; what CHROMIUM names is not second-guessed."""
    named = os.environ.get("CHROMIUM")
    if named is not None:
        found = shutil.which(named)
        return Path(found) if found else None
    return USUAL if USUAL.is_file() else None


def missing() -> str:
    """Tell why no browser runs."""
    named = os.environ.get("CHROMIUM")
    return f"CHROMIUM={named} is no program" if named is not None else f"there is no {USUAL}"


@contextmanager
def running(path: Path) -> "Iterator[Browser]":
    """Start the browser, and stop it."""
    from playwright.sync_api import sync_playwright  # this module is asked where no browser is

    # Chromium's sandbox refuses to be started by root, as which containers run tests
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=arguments)
        yield browser
        browser.close()
