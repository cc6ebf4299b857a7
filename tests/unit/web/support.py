"""A town behind its pages in a thread, and a client that sends what it is told to send."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, TypeVar

import urllib3

from standing.errors import StandingError
from standing.ledger import Ledger
from standing.serve import LogServer, Registrar, Settings, serving
from standing.web import Settings as WebSettings
from standing.web import make_site, new_links
from standing.wire.keys import KeyFile, write_key_file
from tests.support import TODAY, Town, make_ledger, rows

_T = TypeVar("_T")


@dataclass
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def page(self) -> "Page":
        return Page.of(self.text)


@dataclass
class Client:
    """Sends requests to one address and keeps cookies only if it is given some."""

    url: str
    headers: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._pool = urllib3.PoolManager(retries=False)

    def get(self, path: str, **headers: str) -> Answer:
        return self.send("GET", path, headers=headers)

    def post(self, path: str, fields: Mapping[str, Any] | None = None, **headers: str) -> Answer:
        return self.send("POST", path, fields=fields or {}, headers=headers)

    def send(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, **body: Any
    ) -> Answer:
        named = {name.replace("_", "-"): value for name, value in (headers or {}).items()}
        found = self._pool.request(
            method, self.url + path, headers={**self.headers, **named}, redirect=False, **body
        )
        return Answer(found.status, found.headers, found.data)


class Page(HTMLParser):
    """What a test looks for in a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.words: list[str] = []
        self._inside: list[str] = []
        self.inline: list[str] = []

    @classmethod
    def of(cls, text: str) -> "Page":
        page = cls()
        page.feed(text)
        page.close()
        return page

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        self._inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self._inside and self._inside.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if self._inside[-1:] in (["script"], ["style"]) and data.strip():
            self.inline.append(data)
        elif data.strip():
            self.words.append(data.strip())

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.tags if name == tag]

    @property
    def text(self) -> str:
        return " ".join(self.words)


@dataclass
class Served:
    """A town behind its pages; `do` runs something with its ledger on the writer's thread."""

    town: Town
    writer: Registrar
    client: Client

    def do(self, work: Callable[[Ledger], _T]) -> _T:
        return self.writer.do(work).result()

    @property
    def keys(self) -> Path:
        return self.town.directory.parent / "demo-keys"

    def link(self, name: str) -> str:
        """Make a one-use link for a key file of the town."""
        return new_links(self.town.directory, self.keys, [name])[name]

    def enter(self, name: str) -> Client:
        """Be a browser in which somebody is signed in, by a link of the demo."""
        answer = self.client.post(self.link(name))
        assert answer.status == 303, answer.text
        held = answer.headers["set-cookie"].split(";")[0]
        return Client(self.client.url, {"cookie": held, "sec-fetch-site": "same-origin"})

    def sign(self, browser: Client, answer: Answer) -> Answer:
        """Sign what an answer leads to, with the demo's key; gives where that leads."""
        assert answer.status == 303, Page.of(answer.text).text
        assert answer.headers["location"].startswith("/sign/"), answer.headers["location"]
        return browser.post(answer.headers["location"])


@contextmanager
def serve_town(
    folder: Path,
    settings: WebSettings | None = None,
    *,
    change: Callable[[Town], None] | None = None,
    proxy: str = "",
) -> Iterator[Served]:
    """Serve a town of five people with records, a court, and whatever `change` does to it.

    Everybody's keys lie in `demo-keys` beside it: `person-0` and so on, `first`, `metro`.
    """
    town = make_ledger(folder)
    town.import_rows(rows(15))
    town.add_court()
    town.move_to(TODAY + 20)
    if change is not None:
        change(town)
    keys = folder / "demo-keys"
    keys.mkdir(exist_ok=True)
    people = {f"person-{n}": KeyFile("subject", f"person-{n}", key, key.public)
              for n, key in enumerate(town.people)}  # fmt: skip
    for name, key in {**people, **town.keys}.items():
        write_key_file(keys / f"{name}.key", key)
    chosen = settings or WebSettings(rate=10_000, tries=10_000, demo_keys=keys)
    writers: list[Registrar] = []

    def beside(writer: Registrar) -> Any:
        writers.append(writer)
        return make_site(chosen)(writer)

    def stop(problem: StandingError) -> None:
        raise problem

    server = LogServer(town.ledger, Settings(helpers=0), stop, beside)
    with town.ledger, serving(server, proxy=proxy) as url:
        yield Served(town, writers[0], Client(url.replace("127.0.0.1", "localhost")))
