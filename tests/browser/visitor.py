"""Somebody in front of a browser: one page, perhaps a passkey, and all that went wrong in it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Locator, Page, Response

_LONGEST_MS = 10_000
_LANGUAGES = {"en": "en-GB", "zh-Hans": "zh-CN"}
_KNOWN = "publicKey.pubKeyCredParams is missing at least one of the default algorithm identifiers"
"""The wire has no RSA keys; a device that has nothing else makes no passkey here."""
_AUTHENTICATOR = {
    "protocol": "ctap2", "transport": "internal", "hasResidentKey": True,
    "hasUserVerification": True, "isUserVerified": True, "automaticPresenceSimulation": True,
}  # fmt: skip


class Visitor:
    """Looks for things as a reader does: by what a button or a heading says."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.troubles: list[str] = []
        self._refused = 0
        page.on("console", lambda said: self._hear(said.type, said.text))
        page.on("pageerror", lambda error: self.troubles.append(f"{page.url}: {error}"))
        page.on("response", self._see)

    def _hear(self, kind: str, text: str) -> None:
        """Keep what the console says; a policy that is broken is told there, too."""
        if kind in {"error", "warning"} and not self._is_expected(text):
            self.troubles.append(f"{self.page.url}: {kind}: {text}")

    def _is_expected(self, text: str) -> bool:
        """Whether this is the browser's line about a page that refuses, or about RSA passkeys."""
        if text.startswith(_KNOWN):
            return True
        if self._refused and text.startswith("Failed to load resource"):
            self._refused -= 1
            return True
        return False

    def _see(self, response: Response) -> None:
        is_page = response.request.is_navigation_request()
        self._refused += is_page and 400 <= response.status < 500
        if response.status >= 500:
            self.troubles.append(f"{response.url}: {response.status}")

    def go(self, path: str) -> Response | None:
        return self.page.goto(self.url + path)

    def click(self, name: str) -> None:
        """Press a button of the page's content, or follow a link, by its whole text."""
        self.door(name).click()

    def send(self, button: Locator) -> None:
        """Press a button that leads on, and wait until it has led there."""
        with self.page.expect_navigation():
            button.click()

    def door(self, name: str, inside: Locator | None = None) -> Locator:
        where = inside or self.main
        button = where.get_by_role("button", name=name, exact=True)
        return button.or_(where.get_by_role("link", name=name, exact=True))

    @property
    def main(self) -> Locator:
        return self.page.get_by_role("main")

    @property
    def heading(self) -> Locator:
        return self.page.get_by_role("heading", level=1)

    def add_passkeys(self) -> Callable[[], list[dict[str, Any]]]:
        """Give the device an authenticator that knows its owner; gives a look at what it holds."""
        session = self.page.context.new_cdp_session(self.page)
        session.send("WebAuthn.enable")
        made = session.send("WebAuthn.addVirtualAuthenticator", {"options": _AUTHENTICATOR})
        named = {"authenticatorId": made["authenticatorId"]}
        return lambda: session.send("WebAuthn.getCredentials", named)["credentials"]


def new_context(browser: Browser, language: str = "en", **options: Any) -> BrowserContext:
    """Open a browser of somebody's own: no cookie of anybody else is in it."""
    context = browser.new_context(locale=_LANGUAGES[language], **options)
    context.set_default_timeout(_LONGEST_MS)
    return context


@contextmanager
def visiting(browser: Browser, url: str, language: str = "en", **options: Any) -> Iterator[Visitor]:
    """Be somebody for a while."""
    context = new_context(browser, language, **options)
    try:
        yield Visitor(context.new_page(), url)
    finally:
        context.close()
