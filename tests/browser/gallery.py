"""Opens any page of the table as whoever it is for, in one language."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, StorageState

from standing.wire.keys import load_key_file
from tests.browser.places import Place
from tests.browser.scene import Scene
from tests.browser.steps import key_of
from tests.browser.visitor import Visitor, visiting

WHOLE = {"width": 1200, "height": 900}
_SECTORS = {"relying-party": "rail-operator"}


class Gallery:
    """A served city, and a session of everybody who has opened something there."""

    def __init__(self, browser: Browser, scene: Scene) -> None:
        self._browser = browser
        self._scene = scene
        self._sessions: dict[str, StorageState] = {}

    @contextmanager
    def shown(self, place: Place, language: str, **options: Any) -> Iterator[Visitor]:
        """Open a page, and everything on it that opens."""
        who = place.who.format(**self._scene.names)
        if who and who not in self._sessions:
            self._sessions[who] = self._enter(who)
        options = {"viewport": WHOLE, **options}
        session = self._sessions.get(who)
        with visiting(
            self._browser, self._scene.url, language, storage_state=session, **options
        ) as visitor:
            token = self._scene.link("council") if "{token}" in place.path else ""
            visitor.go(place.path.format(**self._scene.names, token=token.rpartition("/")[2]))
            if place.act is not None:
                place.act(visitor)
            for hidden in visitor.page.locator("details").all():
                hidden.evaluate("found => { found.open = true; }")
            yield visitor

    def _enter(self, who: str) -> StorageState:
        with visiting(self._browser, self._scene.url) as visitor:
            if who.startswith("+"):
                self._make_passkey(visitor, who[1:])
            else:
                visitor.go(self._scene.link(who))
                visitor.send(visitor.door("Sign in"))
            return visitor.page.context.storage_state()

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
