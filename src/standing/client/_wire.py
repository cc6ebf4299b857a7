"""Requests to a served ledger: signed, bounded, sent again where an answer is lost.

Every request that changes something carries an Idempotency-Key, so that one whose answer was lost
is sent again without a second effect. Whatever is refused comes back as the error it is there.
"""

import json
import time
import uuid
from collections.abc import Mapping
from typing import Any, Final, TypeVar
from urllib.parse import quote, urlencode, urlsplit

import msgspec
import urllib3

from standing.errors import Broken, Refused, StandingError, Unreachable, Usage
from standing.signed_requests import sign_request
from standing.wire.keys import SigningKey

_T = TypeVar("_T")
PATH: Final = "/api/v1"
_TIMES: Final = urllib3.Timeout(connect=5.0, read=60.0)
_MOST_BYTES: Final = 64 << 20
_TRIES: Final = 3
_PAUSE_SECONDS: Final = 0.5
_DONE: Final = range(200, 300)
_BUSY: Final = frozenset({429, 503})
_UNAUTHENTIC: Final = frozenset({"E-SIGNED-01", "E-SIGNED-02"})
JSON: Final = "application/json"


class Answered(msgspec.Struct, frozen=True):
    """A status and a body."""

    status: int
    body: bytes


class Wire:
    """The connection to one server."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path.strip("/"):
            raise Usage(
                "E-CLIENT-01",
                f"{url!r} is no address of a server.",
                why="An address is https://HOST or http://HOST:PORT, without a path.",
                fix="Give --server the address that its pages have.",
            )
        self.url = f"{parts.scheme}://{parts.netloc}"
        self._pool = urllib3.PoolManager(retries=False, timeout=_TIMES)

    def get(self, place: str, kind: type[_T], key: SigningKey | None = None, **query: Any) -> _T:
        """Read something."""
        named = [(k, v) for k, value in query.items() for v in _many(value)]
        target = f"{place}?{urlencode(named)}" if named else place
        return self._typed(self.send("GET", target, key=key), kind)

    def post(self, place: str, wish: Any, kind: type[_T], key: SigningKey | None = None) -> _T:
        """Ask for something to be done."""
        body = msgspec.json.encode(wish)
        return self._typed(self.send("POST", place, body, JSON, key=key), kind)

    def send(
        self, method: str, place: str, body: bytes = b"", media_type: str = "", *,
        key: SigningKey | None = None, also: frozenset[int] = frozenset(),
    ) -> Answered:  # fmt: skip
        """Send one request, again if its answer is lost; raises what it is refused with.

        `also`: statuses beside 200 to 299 that are answers to the caller.
        """
        url = f"{self.url}{PATH}{place}"
        headers = {"Accept": JSON}
        if media_type:
            headers["Content-Type"] = media_type
        if method != "GET":
            headers["Idempotency-Key"] = str(uuid.uuid4())
        problem: StandingError | None = None
        for attempt in range(_TRIES):
            if attempt:
                time.sleep(_PAUSE_SECONDS * 2**attempt)
            signed = sign_request(key, method, url, body, headers) if key else headers
            try:
                found = self._once(method, url, body, signed)
            except urllib3.exceptions.HTTPError as error:
                problem = _lost(self.url, error)
                continue
            if found.status in _DONE or found.status in also:
                return found
            problem = _problem(found, self.url)
            if found.status not in _BUSY:
                break
        assert problem is not None, "it was tried"
        raise problem

    def _once(self, method: str, url: str, body: bytes, headers: Mapping[str, str]) -> Answered:
        with self._pool.request(
            method, url, body=body or None, headers=headers, redirect=False, preload_content=False
        ) as response:
            data = response.read(_MOST_BYTES + 1)
        if len(data) > _MOST_BYTES:
            raise _strange(self.url, "Its answer is too long.")
        return Answered(response.status, data)

    def _typed(self, found: Answered, kind: type[_T]) -> _T:
        return self.read(found.body, kind)

    def read(self, body: bytes, kind: type[_T]) -> _T:
        """Read an answer as what it must be; raises `E-CLIENT-02`."""
        try:
            return msgspec.json.decode(body, type=kind)
        except msgspec.MsgspecError as error:
            raise _strange(self.url, f"{error}.") from error


def path_of(*parts: object) -> str:
    """Write a path, each part as one part, whatever it holds.

    >>> path_of("contexts", "a/b", "score")
    '/contexts/a%2Fb/score'
    """
    return "".join(f"/{quote(str(part), safe='')}" for part in parts)


def _many(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _problem(found: Answered, url: str) -> StandingError:
    """Make the error that the server describes."""
    try:
        said = json.loads(found.body)
        facts = {name: str(said[name]) for name in ("code", "what", "why", "fix", "where")}
    except (ValueError, KeyError, TypeError):
        return _strange(url, f"It answered {found.status} and said nothing that is understood.")
    code, what = facts.pop("code"), facts.pop("what")
    kind: type[StandingError] = Refused
    if found.status in _BUSY:
        kind = Unreachable
    elif code in _UNAUTHENTIC:
        kind = Broken
    return kind(code, what, **facts)


def _lost(url: str, error: Exception) -> Unreachable:
    return Unreachable(
        "E-CLIENT-03",
        f"{url} does not answer.",
        why=f"{type(error).__name__}.",
        fix="Look whether it runs, and whether its address is right; then try again.",
    )


def _strange(url: str, why: str) -> Broken:
    return Broken(
        "E-CLIENT-02",
        f"{url} does not answer as a ledger does.",
        why=why,
        fix="Look whether the address is a ledger's, and whether its version is this one's.",
    )
