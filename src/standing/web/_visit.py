"""One request as pages see it: its language, its address, and who is signed in."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from http.cookies import CookieError, SimpleCookie
from typing import Any, Final
from urllib.parse import parse_qsl, quote, urlencode

from standing.serve import Scope
from standing.web._people import Person
from standing.web._voice import LANGUAGES, VOICES, Voice, choose_language

LANGUAGE_COOKIE: Final = "lang"
LANGUAGE_QUERY: Final = "lang"
_KEY: Final = "standing.visit"
_MOST_COOKIES: Final = 8_192


@dataclass(frozen=True)
class Visit:
    """What is known of a request before any handler sees it."""

    method: str
    path: str
    query: str
    voice: Voice
    cookies: dict[str, str]
    person: Person | None = None

    @property
    def wants_json(self) -> bool:
        """Whether the answer is for a program."""
        return self.path.startswith("/api/") or self.path.endswith(".json")

    @property
    def place(self) -> str:
        """This page's path as an address: escaped, and never one that leads to another host."""
        return f"/{quote(self.path.lstrip('/'))}"

    @property
    def here(self) -> str:
        """This page's own address."""
        return f"{self.place}?{self.query}" if self.query else self.place

    def in_language(self, language: str) -> str:
        """Give this page's own address in another language."""
        kept = [(name, value) for name, value in self._pairs() if name != LANGUAGE_QUERY]
        return f"{self.place}?{urlencode([*kept, (LANGUAGE_QUERY, language)])}"

    def twin(self) -> str:
        """Give the address of the same facts as JSON."""
        return f"{self.place.rstrip('/') or '/index'}.json{'?' if self.query else ''}{self.query}"

    @property
    def chosen(self) -> str | None:
        """The language that the address asks for, if it asks for one that there is."""
        asked = dict(self._pairs()).get(LANGUAGE_QUERY)
        return asked if asked in LANGUAGES else None

    def without_choice(self) -> str:
        """Give this page's address without a wish for a language."""
        kept = [(name, value) for name, value in self._pairs() if name != LANGUAGE_QUERY]
        return f"{self.place}?{urlencode(kept)}" if kept else self.place

    def _pairs(self) -> list[tuple[str, str]]:
        return parse_qsl(self.query, keep_blank_values=True)


def visit_of(scope: Mapping[str, Any]) -> Visit:
    """Give the visit that a request was read as."""
    visit: Visit = scope[_KEY]
    return visit


def met(scope: Scope, person: Person | None) -> None:
    """Keep who is behind a visit with it."""
    scope[_KEY] = replace(visit_of(scope), person=person)


def read_visit(scope: Scope) -> Visit:
    """Read a request's head once, and keep what it says with it."""
    headers = _headers(scope)
    cookies = _cookies(headers.get(b"cookie", b""))
    language = choose_language(
        cookies.get(LANGUAGE_COOKIE), headers.get(b"accept-language", b"").decode("latin-1")
    )
    visit = Visit(
        scope["method"],
        scope["path"],
        scope["query_string"].decode("latin-1"),
        VOICES[language],
        cookies,
    )
    scope[_KEY] = visit
    return visit


def _headers(scope: Scope) -> dict[bytes, bytes]:
    return dict(reversed(scope["headers"]))


def _cookies(header: bytes) -> dict[str, str]:
    if len(header) > _MOST_COOKIES:
        return {}
    jar: SimpleCookie = SimpleCookie()
    try:
        jar.load(header.decode("latin-1"))
    except CookieError:
        return {}
    return {name: morsel.value for name, morsel in jar.items()}
