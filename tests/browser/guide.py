"""Goes through a tutorial as its reader does, and keeps by name what was pressed, read and shown."""

import io
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Locator, expect

from tests.browser.scene import Scene
from tests.browser.visitor import Visitor, new_context

_SCREEN = {"width": 1000, "height": 680}
_COLOURS = 48  # of paper, ink and two more: a picture of some twenty kilobytes
_FILE = {"mimeType": "application/octet-stream"}


class Guide:
    """A reader's hands and eyes. Pictures are kept where a folder is named."""

    def __init__(self, browser: Browser, scene: Scene, folder: Path | None = None) -> None:
        self._browser = browser
        self._scene = scene
        self._folder = folder
        self._context: BrowserContext | None = None
        self.said: set[str] = set()
        self.entered: list[str] = []
        self.pictures: list[str] = []
        self.troubles: list[str] = []
        self.visitor = self._new_visitor()

    def _new_visitor(self) -> Visitor:
        self.close()
        self._context = new_context(self._browser, viewport=_SCREEN)
        visitor = Visitor(self._context.new_page(), self._scene.url)
        visitor.troubles = self.troubles
        return visitor

    def close(self) -> None:
        if self._context is not None:
            self._context.close()

    @property
    def day(self) -> int:
        """The ledger's day, as the page of the log tells it."""
        return self._scene.do(lambda ledger: ledger.today)

    def enter(self, name: str) -> None:
        """Open a link that the demo printed, or that `standing demo link` makes."""
        self.entered.append(name)
        self.visitor = self._new_visitor()
        self.visitor.go(self._scene.link(name))
        self.click("Sign in")

    def go(self, path: str) -> None:
        self.visitor.go(path)

    def click(self, name: str) -> None:
        """Press or follow something of the page's content, else of its head."""
        self.said.add(name)
        door = self.visitor.door(name)
        if not door.count():
            door = self.visitor.page.get_by_role("link", name=name, exact=True)
        with self.visitor.page.expect_navigation():
            door.first.click()

    def unfold(self, name: str) -> None:
        self.said.add(name)
        self.visitor.main.locator("summary", has_text=name).first.click()

    def choose(self, name: str) -> None:
        self.said.add(name)
        box = self.visitor.page.get_by_role("radio", name=name)
        box.or_(self.visitor.page.get_by_role("checkbox", name=name)).first.check()

    def fill(self, label: str, text: str) -> None:
        self.said.add(label)
        self.visitor.page.get_by_label(label).first.fill(text)

    def select(self, label: str, option: str) -> None:
        self.said |= {label, option}
        self.visitor.page.get_by_label(label).select_option(label=option)

    def bring(self, label: str, name: str, data: bytes) -> None:
        """Choose a file."""
        self.said.add(label)
        file = {"name": name, "buffer": data, **_FILE}
        self.visitor.page.get_by_label(label).set_input_files([file])

    def take(self, name: str) -> bytes:
        """Download a file."""
        self.said.add(name)
        with self.visitor.page.expect_download() as taken:
            self.visitor.door(name).first.click()
        return Path(taken.value.path()).read_bytes()

    def see(self, text: str) -> Locator:
        """Find something that the page says."""
        self.said.add(text)
        found = self.visitor.main.get_by_text(text).first
        expect(found).to_be_visible(timeout=60_000)
        return found

    def picture(self, name: str, of: Locator | None = None) -> None:
        """Show the page from its top, or from what is named."""
        self.pictures.append(f"{name}.png")
        if self._folder is None:
            return
        page = self.visitor.page
        page.evaluate("scrollTo(0, 0)")
        if of is not None:
            of.evaluate("one => scrollTo(0, one.getBoundingClientRect().top - 24)")
        small = Image.open(io.BytesIO(page.screenshot())).convert("RGB").quantize(_COLOURS)
        small.save(self._folder / self.pictures[-1], optimize=True)
