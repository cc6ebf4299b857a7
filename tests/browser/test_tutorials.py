"""The tutorials can be followed: each step leads on, and pages say what is set in bold."""

import re
from pathlib import Path

from playwright.sync_api import Browser

from tests.browser.guide import Guide
from tests.browser.scene import served_demo
from tests.browser.tutorials import FOLDER, PEOPLE, TUTORIALS

_MOST_BYTES = 80_000
_PRINTED = frozenset({"resident-11", "road-police", "review-board", "car-share", "council"})
"""Whose links the demo prints; a page says how to make another."""


def test_every_tutorial_can_be_followed(browser: Browser, tmp_path: Path) -> None:
    # one city for all of them, as for a reader who takes one after the other
    with served_demo(tmp_path, PEOPLE) as scene:
        for name, play in TUTORIALS.items():
            text = (FOLDER / f"{name}.md").read_text(encoding="utf-8")
            guide = Guide(browser, scene)
            play(guide)
            guide.close()
            assert set(re.findall(r"\*\*(.+?)\*\*", text)) <= guide.said, name
            assert re.findall(r"!\[.+?\]\(pictures/(.+?)\)", text) == guide.pictures, name
            made = re.findall(r"^\$ standing demo link (\S+)$", text, re.MULTILINE)
            assert set(guide.entered) <= _PRINTED | set(made), name
            assert guide.troubles == [], name


def test_every_picture_is_shown_and_small() -> None:
    shown = {
        picture
        for page in FOLDER.glob("*.md")
        for picture in re.findall(r"\(pictures/(.+?)\)", page.read_text(encoding="utf-8"))
    }
    kept = {file.name: file.stat().st_size for file in (FOLDER / "pictures").iterdir()}
    assert kept.keys() == shown
    assert max(kept.values()) < _MOST_BYTES
