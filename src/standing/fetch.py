"""Bounded HTTP requests to other people's servers: short timeouts, small answers, no redirects.

A server that is asked may be slow, huge or hostile; none of that may hold up or fill this process.
Nothing fetched is believed here: whoever asks verifies. Does not know what is asked for.
`send_outside` goes to an address that somebody else gave, and to no machine of the network's own.
"""

import ipaddress
import socket
import threading
import time
from contextlib import suppress
from typing import Any, Final, NamedTuple

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import NewConnectionError

from standing.errors import Unreachable, Usage

CONNECT_SECONDS: Final = 5.0
READ_SECONDS: Final = 10.0
HEAD_SECONDS: Final = 20.0
WHOLE_SECONDS: Final = 60.0
SEND_SECONDS: Final = 10.0

_CHUNK: Final = 65_536
_OK: Final = 200
_NOT_FOUND: Final = 404
_KEPT_CONNECTIONS: Final = 8


class Answered(NamedTuple):
    """What a server answered: the status, the media type without parameters, the body."""

    status: int
    media_type: str
    body: bytes


class _InTime:
    """Ends a wait for an answer's head: a server may send it byte by byte for ever."""

    sock: socket.socket | None
    head_seconds = HEAD_SECONDS

    def getresponse(self) -> Any:
        """Wait for the head of the answer, and not too long."""
        late = threading.Event()
        timer = threading.Timer(self.head_seconds, _hang_up, [self.sock, late])
        timer.daemon = True
        timer.start()
        try:
            response = super().getresponse()  # type: ignore[misc]
        finally:
            timer.cancel()
        if late.is_set():  # a head that is cut short may look whole
            response.close()
            raise TimeoutError
        return response


class _Http(_InTime, HTTPConnection):
    pass


class _Https(_InTime, HTTPSConnection):
    pass


class _HttpPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Http


class _HttpsPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _Https


_PUBLIC_IPV6: Final = ipaddress.ip_network("2000::/3")
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class _Outside(_InTime):
    """Connects to addresses of the public network alone, whatever a name resolves to."""

    head_seconds = SEND_SECONDS
    loopback = False
    _dns_host: str
    port: Any

    def _new_conn(self) -> socket.socket:
        """Look the name up once, judge what it gives, and connect to that and nothing else."""
        name = self._dns_host
        try:
            found = socket.getaddrinfo(name, self.port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as problem:
            raise NewConnectionError(self, f"{problem}") from problem  # type: ignore[arg-type]
        allowed = [str(info[4][0]) for info in found if self._is_allowed(str(info[4][0]))]
        if not allowed:
            raise NewConnectionError(self, "it is no machine of the public network")  # type: ignore[arg-type]
        try:
            self._dns_host = allowed[0]
            connected: socket.socket = super()._new_conn()  # type: ignore[misc]
        finally:
            self._dns_host = name  # whose certificate is asked for
        return connected

    def _is_allowed(self, text: str) -> bool:
        address = ipaddress.ip_address(text.partition("%")[0])
        return is_public(address) or (self.loopback and address.is_loopback)


def is_public(address: Address) -> bool:
    """Tell whether an address is one machine's of the public network, and stands for no other."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        is_tunnel = address.sixtofour is not None or address.teredo is not None
        return address in _PUBLIC_IPV6 and address.is_global and not is_tunnel
    return address.is_global and not address.is_multicast


class _OutsideHttps(_Outside, HTTPSConnection):
    pass


class _HereHttp(_Outside, HTTPConnection):
    loopback = True


class _HereHttps(_Outside, HTTPSConnection):
    loopback = True


class _OutsideHttpsPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _OutsideHttps


class _HereHttpPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _HereHttp


class _HereHttpsPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _HereHttps


def send_outside(url: str, body: bytes, media_type: str, *, loopback: bool = False) -> int:
    """Send a body to an address that somebody else gave; gives the status of the answer.

    Over https to the public network alone; `loopback` allows this machine too, and http there. No
    redirect is followed, no answer is read. Raises `E-FETCH-01` without an answer in time.
    """
    pools: dict[str, type[urllib3.HTTPConnectionPool]] = {"https": _OutsideHttpsPool}
    if loopback:
        pools = {"http": _HereHttpPool, "https": _HereHttpsPool}
    manager = urllib3.PoolManager(
        retries=False, timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=SEND_SECONDS)
    )
    manager.pool_classes_by_scheme = pools
    try:
        response = manager.request(
            "POST",
            url,
            body=body,
            headers={"Content-Type": media_type, "User-Agent": "standing"},
            redirect=False,
            preload_content=False,
        )
        response.close()
    except (urllib3.exceptions.HTTPError, OSError, ValueError, KeyError) as problem:
        raise _silent(f"The system says: {problem}.", url) from problem
    finally:
        manager.clear()
    return response.status


def _hang_up(sock: socket.socket | None, late: threading.Event) -> None:
    late.set()
    if sock is not None:
        with suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)


class Fetcher:
    """Asks one server, below one URL prefix; connections are kept, threads may share it."""

    def __init__(self, prefix: str, *, whole_seconds: float = WHOLE_SECONDS) -> None:
        if not prefix.startswith(("http://", "https://")):
            raise Usage(
                "E-FETCH-04",
                "This is no address that can be asked.",
                why=f"Got {prefix!r}; it begins with http:// or https://.",
                fix="Give the whole address.",
            )
        self.prefix = prefix.rstrip("/")
        self._whole_seconds = whole_seconds
        self._pool = urllib3.PoolManager(
            maxsize=_KEPT_CONNECTIONS,
            retries=False,
            timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS),
        )
        self._pool.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}

    def get(self, path: str, *, max_bytes: int) -> bytes | None:
        """Fetch what lies at a path, or nothing if the server has nothing there (404).

        Raises `E-FETCH-01` without an answer in time, `E-FETCH-02` for another status than 200,
        `E-FETCH-03` for more than `max_bytes`.
        """
        answer = self.ask("GET", path, None, max_bytes=max_bytes)
        if answer.status == _NOT_FOUND:
            return None
        if answer.status != _OK:
            raise Unreachable(
                "E-FETCH-02",
                "The server does not give what was asked for.",
                why=f"It answered with status {answer.status}.",
                fix="Check the address, or try again later.",
                where=f"{self.prefix}/{path}",
            )
        return answer.body

    def post(self, path: str, body: bytes, *, max_bytes: int) -> Answered:
        """Send a body and give whatever was answered; raises `E-FETCH-01` or `E-FETCH-03`."""
        return self.ask("POST", path, body, max_bytes=max_bytes)

    def ask(self, method: str, path: str, body: bytes | None, *, max_bytes: int) -> Answered:
        """Make one request, never again by itself; raises `E-FETCH-01` or `E-FETCH-03`."""
        where = f"{self.prefix}/{path}"
        deadline = time.monotonic() + self._whole_seconds
        try:
            response = self._pool.request(
                method,
                where,
                body=body,
                headers={"Accept-Encoding": "gzip, identity"},
                redirect=False,
                preload_content=False,
            )
            try:
                data = _read(response, max_bytes, deadline, where)
            except BaseException:
                response.close()  # what is still to come must not reach the next request
                raise
            response.release_conn()
        except urllib3.exceptions.HTTPError as error:
            raise _silent(f"The system says: {error}.", where) from error
        media_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        return Answered(response.status, media_type, data)

    def close(self) -> None:
        """Close the kept connections."""
        self._pool.clear()


def _read(response: urllib3.BaseHTTPResponse, max_bytes: int, deadline: float, where: str) -> bytes:
    data = bytearray()
    while chunk := response.read1(_CHUNK, decode_content=True):
        data += chunk
        if len(data) > max_bytes:
            raise Unreachable(
                "E-FETCH-03",
                "The server gives more than can be meant.",
                why=f"The answer has more than {max_bytes} bytes.",
                fix="Check the address.",
                where=where,
            )
        if time.monotonic() > deadline:
            raise _silent("The answer did not end in time.", where)
    return bytes(data)


def _silent(why: str, where: str) -> Unreachable:
    return Unreachable(
        "E-FETCH-01",
        "The server does not answer.",
        why=why,
        fix="Check the address and the network, or try again later.",
        where=where,
    )
