"""Pictures of every page, in both languages, by day and by night, to look through: `make shots`.

Writes a folder of PNG files with an `index.html`; nothing is compared with earlier ones, since the
city of each run has other keys, names and days.
"""

import re
import sys
import tempfile
from html import escape
from pathlib import Path

from standing.web._voice import LANGUAGES, NAMES
from tests.browser import chromium, tutorials
from tests.browser.gallery import Gallery
from tests.browser.places import PLACES, Place
from tests.browser.scene import served_city

_SCHEMES = ("light", "dark")
_HEAD = """<!DOCTYPE html>
<html lang="en"><meta charset="utf-8"><title>Every page</title>
<style>
body { font: 1rem/1.5 system-ui, sans-serif; margin: 2rem; }
div { display: flex; gap: 1rem; align-items: flex-start; overflow-x: auto; }
figure { margin: 0; } img { width: 24rem; border: 1px solid #bbb; display: block; }
</style>
<h1>Every page, in both languages, by day and by night</h1>
"""


def name_of(number: int, place: Place, language: str, scheme: str) -> str:
    """Name a picture so that a folder lists them in the table's order.

    >>> name_of(7, Place("/log/packs/{context:str}", "/log/packs/rail"), "en", "dark")
    '07-log-packs-context.en.dark.png'
    """
    plain = re.sub(r":str|[^a-z0-9]+", "-", place.name.lower())
    plain = re.sub(r"-+", "-", plain).strip("-") or "home"
    return f"{number:02}-{plain}.{language}.{scheme}.png"


def take(gallery: Gallery, place: Place, number: int, folder: Path) -> list[str]:
    """Take the pictures of one page; gives their names."""
    names = []
    for language in LANGUAGES:
        with gallery.shown(place, language, unfold=False) as visitor:
            for scheme in _SCHEMES:
                visitor.page.emulate_media(color_scheme=scheme)
                names.append(name_of(number, place, language, scheme))
                visitor.page.screenshot(path=folder / names[-1], full_page=True)
    return names


def index(taken: list[tuple[Place, list[str]]]) -> str:
    """Write the page to look through."""
    parts = [_HEAD]
    for place, names in taken:
        said = [place.name, place.who and f"as {place.who}", place.path]
        parts.append(f"<h2>{escape(' · '.join(word for word in said if word))}</h2>\n<div>\n")
        for name in names:
            _, language, scheme, _ = name.split(".")
            parts.append(
                f'<figure><a href="{name}"><img src="{name}" alt="" loading="lazy"></a>'
                f"<figcaption>{NAMES[language]}, {scheme}</figcaption></figure>\n"
            )
        parts.append("</div>\n")
    return "".join(parts)


def main(arguments: list[str]) -> str:
    """Take pictures of every page, of those whose name holds an argument, or of the tutorials."""
    if arguments == ["--tutorials"]:
        return tutorials.renew()
    found = chromium.find()
    if found is None:
        return f"No pictures: {chromium.missing()}. To take them: {chromium.HOW}."
    folder = Path("shots")
    folder.mkdir(exist_ok=True)
    wanted = [
        (number, place)
        for number, place in enumerate(PLACES, 1)
        if not arguments or any(word in place.name for word in arguments)
    ]
    with (
        chromium.running(found) as browser,
        tempfile.TemporaryDirectory() as made,
        served_city(Path(made)) as scene,
    ):
        gallery = Gallery(browser, scene)
        taken = [(place, take(gallery, place, number, folder)) for number, place in wanted]
    (folder / "index.html").write_text(index(taken), encoding="utf-8")
    return f"{sum(len(names) for _, names in taken)} pictures: look at {folder / 'index.html'}"


if __name__ == "__main__":
    sys.stdout.write(main(sys.argv[1:]) + "\n")
