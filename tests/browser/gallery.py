"""Opens any page of the table as whoever it is for, in one language."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, BrowserContext, StorageState

from standing.wire.keys import load_key_file
from tests.browser.places import Place
from tests.browser.scene import Scene
from tests.browser.steps import key_of
from tests.browser.visitor import Visitor, new_context

_UNFOLD = "document.querySelectorAll('details').forEach(one => { one.open = true; })"
_SECTORS = {"relying-party": "rail-operator"}


class Gallery:
    """A served city, and a browser of everybody who has opened something there.

    `options`: how these browsers differ from the usual one; whoever signs in there has done so in
    a usual one.
    """

    def __init__(self, browser: Browser, scene: Scene, **options: Any) -> None:
        self._browser = browser
        self._scene = scene
        self._options = options
        self._sessions: dict[str, StorageState | None] = {"": None}
        self._contexts: dict[tuple[str, str], BrowserContext] = {}

    @contextmanager
    def shown(
        self, place: Place, language: str, width: int = 1200, *, unfold: bool = True
    ) -> Iterator[Visitor]:
        """Open a page, and everything on it that unfolds."""
        context = self._context(place.who.format(**self._scene.names), language)
        page = context.new_page()
        try:
            page.set_viewport_size({"width": width, "height": 900})
            visitor = Visitor(page, self._scene.url)
            token = self._scene.link("council") if "{token}" in place.path else ""
            visitor.go(place.path.format(**self._scene.names, token=token.rpartition("/")[2]))
            if place.act is not None:
                place.act(visitor)
            if unfold:
                page.evaluate(_UNFOLD)
            yield visitor
        finally:
            page.close()

    def _context(self, who: str, language: str) -> BrowserContext:
        """Give somebody's browser: the same for all their pages, as it is outside of tests."""
        found = self._contexts.get((who, language))
        if found is None:
            if who not in self._sessions:
                self._sessions[who] = self._enter(who)
            found = new_context(
                self._browser, language, storage_state=self._sessions[who], **self._options
            )
            self._contexts[who, language] = found
        return found

    def _enter(self, who: str) -> StorageState:
        context = new_context(self._browser)
        visitor = Visitor(context.new_page(), self._scene.url)
        if who.startswith("+"):
            self._make_passkey(visitor, who[1:])
        else:
            visitor.go(self._scene.link(who))
            visitor.send(visitor.door("Sign in"))
        state = context.storage_state()
        context.close()
        return state

    def _make_passkey(self, visitor: Visitor, role: str) -> None:
        visitor.add_passkeys()
        visitor.go("/signin/new")
        whose = "myself" if role == "subject" else "an organisation"
        visitor.send(visitor.door(f"Make a passkey for {whose}"))
        if role not in {"", "subject"}:
            key = key_of(visitor)
            operator = load_key_file(self._scene.keys / "city-office.key")
            self._scene.do(
                lambda ledger: ledger.accredit(
                    key, role=role, name=f"new {role}", employer="somebody",
                    until=ledger.today + 365, by=operator, sector=_SECTORS.get(role, ""),
                    contexts=[] if role == "rule-maker" else ["rail"],
                )
            )  # fmt: skip
