"""A mirror over real sockets: a log served, a log that fails, a copy served."""

import gzip
import hashlib
import http.server
import threading

import pytest
import urllib3

from standing.errors import Broken, Unreachable
from standing.log._layout import tile_path
from standing.mirror import follow
from standing.serve import MirrorApp
from tests.unit.log.conftest import ORIGIN
from tests.unit.mirror.support import LOG_KEY, check_mirror, fork_of, log_of
from tests.unit.witness.support import serving


def test_a_log_that_is_served_is_mirrored_and_the_copy_again(tmp_path):
    source = log_of(tmp_path / "log", 5, 700)
    with serving(MirrorApp(source, ORIGIN)) as url:
        assert follow(url, tmp_path / "one", [LOG_KEY]).size == 700
        log_of(source, 1500)
        assert follow(f"{url}/", tmp_path / "one", [LOG_KEY]).added == 800
    prefix = hashlib.sha256(ORIGIN.encode()).hexdigest()
    with serving(MirrorApp(tmp_path / "one", ORIGIN)) as url:
        assert follow(f"{url}/{prefix}", tmp_path / "two", [LOG_KEY]).size == 1500
    assert check_mirror(tmp_path / "two") == 1500


def test_a_fork_over_http_is_caught(tmp_path):
    source = log_of(tmp_path / "log", 300)
    fork = fork_of(source, tmp_path / "fork", 900)
    log_of(source, 600)
    follow(source, tmp_path / "copy", [LOG_KEY])
    with serving(MirrorApp(fork, ORIGIN)) as url, pytest.raises(Broken) as caught:
        follow(url, tmp_path / "copy", [LOG_KEY])
    assert caught.value.code == "E-MIRROR-01"


@pytest.mark.parametrize(
    ("path", "status", "kind"),
    [
        ("/checkpoint", 200, "text/plain; charset=utf-8"),
        ("/tile/0/000", 200, "application/octet-stream"),
        ("/tile/entries/001.p/44", 200, "application/octet-stream"),
        ("/", 200, "text/plain; charset=utf-8"),
        ("/tile/0/000.p/5", 404, None),
        ("/evidence/x/held", 404, None),
        ("/documents/..%2f..%2fcheckpoint", 404, None),
        ("/missing-documents", 404, None),
    ],
)
def test_the_copy_is_served_as_the_log_would(tmp_path, path, status, kind):
    follow(log_of(tmp_path / "log", 300), tmp_path / "copy", [LOG_KEY])
    with serving(MirrorApp(tmp_path / "copy", ORIGIN)) as url:
        answer = urllib3.request("GET", url + path, retries=False)
        assert answer.status == status
        assert kind is None or answer.headers["content-type"] == kind
        assert urllib3.request("POST", url + path, retries=False).status == 405


# --- a server that fails ------------------------------------------------------------------------


class _Odd(http.server.BaseHTTPRequestHandler):
    """Serves a directory, with one name answered as the test says."""

    def do_GET(self):
        odd = self.server.odd.get(self.path)
        if odd is not None:
            odd(self)
            return
        try:
            body = (self.server.directory / self.path[1:]).read_bytes()
        except OSError:
            self.answer(404, b"")
        else:
            self.answer(200, body)

    def answer(self, status, body, length=None, **headers):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def odd(tmp_path):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Odd)
    server.odd, server.directory = {}, log_of(tmp_path / "log", 600)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


BUNDLE = "/" + tile_path("entries", 1)


@pytest.mark.parametrize(
    ("path", "odd_answer", "code"),
    [
        ("/checkpoint", lambda peer: peer.answer(404, b""), "E-MIRROR-08"),
        ("/checkpoint", lambda peer: peer.answer(500, b""), "E-FETCH-02"),
        ("/checkpoint", lambda peer: peer.answer(200, b"x" * 1_100_000), "E-FETCH-03"),
        ("/checkpoint", lambda peer: peer.answer(302, b"", Location="/"), "E-FETCH-02"),
        (BUNDLE, lambda peer: peer.answer(503, b""), "E-FETCH-02"),
        (BUNDLE, lambda peer: peer.answer(404, b""), "E-MIRROR-02"),
        (BUNDLE, lambda peer: peer.answer(200, b""), "E-MIRROR-02"),
        (BUNDLE, lambda peer: peer.answer(200, b"\0\5ab"), "E-MIRROR-02"),
        (BUNDLE, lambda peer: peer.answer(200, b"cut", 900), "E-FETCH-01"),
        (BUNDLE, lambda peer: peer.answer(200, b"no gzip", Content_Encoding="gzip"), "E-FETCH-01"),
        (
            BUNDLE,
            lambda peer: peer.answer(
                200, gzip.compress(bytes(20_000_000)), Content_Encoding="gzip"
            ),
            "E-FETCH-03",
        ),
    ],
)
def test_a_server_that_fails_changes_nothing_and_the_copy_goes_on_later(
    tmp_path, odd, path, odd_answer, code
):
    copy, url = tmp_path / "copy", f"http://127.0.0.1:{odd.server_port}"
    odd.odd[path] = odd_answer
    with pytest.raises((Unreachable, Broken)) as caught:
        follow(url, copy, [LOG_KEY])
    assert caught.value.code == code
    assert not (copy / "checkpoint").exists()
    odd.odd.clear()
    assert follow(url, copy, [LOG_KEY]).size == 600
    check_mirror(copy)


def test_compressed_bundles_are_read(tmp_path, odd):
    data = (odd.directory / BUNDLE[1:]).read_bytes()
    odd.odd[BUNDLE] = lambda peer: peer.answer(200, gzip.compress(data), Content_Encoding="gzip")
    follow(f"http://127.0.0.1:{odd.server_port}", tmp_path / "copy", [LOG_KEY])
    assert check_mirror(tmp_path / "copy") == 600
