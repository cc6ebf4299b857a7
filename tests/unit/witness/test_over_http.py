"""A witness and those who ask it, over real sockets."""

import hashlib
import os
import signal
import socket
import threading
import time

import pytest
import urllib3

from standing.errors import Broken, Refused, Unreachable, Usage
from standing.fetch import Fetcher
from standing.serve import WitnessApp
from standing.verify.checkpoints import parse_checkpoint
from standing.verify.cosignatures import verify_cosignature
from standing.wire.notes import add_signatures
from standing.witness import Conflict, Cosigned, Witness, ask, collect
from tests.unit.witness.support import (
    CLASSIC,
    COSIGNERS,
    LOG_KEY,
    NAME,
    ORIGIN,
    POST,
    Tree,
    serving,
)

TREE = Tree()
FORK = Tree("fork", 5)


@pytest.fixture
def witness(tmp_path):
    opened = Witness.open(tmp_path / "w", name=NAME, keys=[CLASSIC, POST], logs=[LOG_KEY], new=True)
    with opened:
        yield opened


@pytest.fixture
def url(witness):
    with serving(WitnessApp(witness)) as address:
        yield address


def request(method, address, body=None):
    return urllib3.request(method, address, body=body, retries=False, redirect=False)


def test_a_log_collects_lines_wherever_the_witness_stands(url):
    held = 0
    for size in (3, 8, 8, 300):
        note = TREE.checkpoint(size)
        # it asks as if it had forgotten where the witness stands, and as if it knew
        for known in (0, held):
            lines, held = collect(
                url, COSIGNERS, note, lambda old, new=size: TREE.path(old, new), old_size=known
            )
            assert held == size
            both = add_signatures(note, lines)
            for cosigner in COSIGNERS:
                assert abs(verify_cosignature(both, cosigner) - time.time()) < 60


def test_ask_gives_lines_or_the_size_held(url):
    assert isinstance(ask(url, 0, [], TREE.checkpoint(4)), Cosigned)
    assert ask(url, 0, [], TREE.checkpoint(6)) == Conflict(4)
    with pytest.raises(Broken) as caught:
        ask(url, 4, [], TREE.checkpoint(6))
    assert (caught.value.code, "422" in caught.value.why) == ("E-WITNESS-12", True)


def test_a_forked_log_gets_no_lines_and_is_told(url, witness):
    collect(url, COSIGNERS, TREE.checkpoint(7), lambda _: [])
    for size in (6, 7):
        with pytest.raises(Broken) as caught:
            collect(url, COSIGNERS, FORK.checkpoint(size), _prove(size, FORK))
        assert caught.value.code == "E-WITNESS-11"
    with pytest.raises(Broken) as caught:
        collect(url, COSIGNERS, FORK.checkpoint(9), lambda old: FORK.path(old, 9))
    assert caught.value.code == "E-WITNESS-12"
    assert [kept.kind for kept in witness.evidence()] == [
        "same size, other root",
        "no proof of consistency",
    ]


def test_a_witness_under_another_key_is_not_believed(url):
    stranger = [COSIGNERS[0], COSIGNERS[1].__class__("other", 4, CLASSIC.public)]
    with pytest.raises(Broken) as caught:
        collect(url, stranger, TREE.checkpoint(3), lambda _: [])
    assert caught.value.code == "E-COSIGN-01"


def test_its_pages_say_who_it_is_and_what_it_cosigned_last(url):
    page = request("GET", f"{url}/")
    assert (page.status, NAME in page.data.decode()) == (200, True)
    digest = hashlib.sha256(ORIGIN.encode()).hexdigest()
    assert f"{ORIGIN} /{digest}/checkpoint" in page.data.decode()
    assert request("GET", f"{url}/{digest}/checkpoint").status == 404
    collect(url, COSIGNERS, TREE.checkpoint(3), lambda _: [])
    latest = request("GET", f"{url}/{digest}/checkpoint")
    assert parse_checkpoint(latest.data)[0].size == 3
    assert latest.headers["content-type"] == "text/plain; charset=utf-8"
    head = request("HEAD", f"{url}/{digest}/checkpoint")
    assert (head.status, head.data) == (200, b"")


def test_conflicts_come_with_their_media_type(url):
    collect(url, COSIGNERS, TREE.checkpoint(3), lambda _: [])
    answer = request("POST", f"{url}/add-checkpoint", TREE.request(0, 3))
    assert (answer.status, answer.data) == (409, b"3\n")
    assert answer.headers["content-type"] == "text/x.tlog.size"


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/add-checkpoint", None, 405),
        ("POST", "/", b"", 405),
        ("GET", "/elsewhere", None, 404),
        ("GET", "/" + "0" * 64 + "/checkpoint", None, 404),
        ("POST", "/add-checkpoint", b"", 400),
        ("POST", "/add-checkpoint", b"x" * 300_000, 413),
    ],
)
def test_other_requests_have_their_status(url, method, path, body, status):
    assert request(method, url + path, body).status == status


def test_two_logs_writing_at_once_are_both_served(url):
    outcomes = []

    def send(size):
        outcomes.append(request("POST", f"{url}/add-checkpoint", TREE.request(0, size)).status)

    threads = [threading.Thread(target=send, args=(size,)) for size in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == [200] + [409] * 7


def _serve_for_ever(directory, listener):
    import uvicorn

    from standing.serve import _witness

    _witness._RATE = 1e6  # a fast disk would reach the limit before the kill
    witness = Witness.open(directory, name=NAME, keys=[CLASSIC], logs=[LOG_KEY])
    server = uvicorn.Server(
        uvicorn.Config(WitnessApp(witness), log_level="critical", lifespan="off")
    )
    server.run(sockets=[listener])


def test_killed_again_and_again_under_load_it_never_cosigns_less(tmp_path):
    place = tmp_path / "killed"
    Witness.open(place, name=NAME, keys=[CLASSIC], logs=[LOG_KEY], new=True).close()
    promised = 0
    for _ in range(4):
        listener = socket.create_server(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        child = os.fork()
        if not child:
            try:
                _serve_for_ever(place, listener)
            finally:
                os._exit(1)
        listener.close()
        killer = threading.Timer(0.7, os.kill, (child, signal.SIGKILL))
        killer.start()
        try:
            while True:
                size = promised + 1
                _, promised = collect(
                    url, COSIGNERS[:1], TREE.checkpoint(size), _prove(size), old_size=promised
                )
        except (Unreachable, Broken):
            pass
        killer.join()
        os.waitpid(child, 0)
        with Witness.open(place, name=NAME, keys=[CLASSIC], logs=[LOG_KEY]) as witness:
            note = witness.checkpoint(ORIGIN)
            held = parse_checkpoint(note)[0].size if note else 0
        assert held >= promised
        promised = held
    assert promised > 0


def _prove(size, tree=TREE):
    return lambda old: tree.path(old, size)


# --- a witness that misbehaves ------------------------------------------------------------------


def _answering(reply: bytes, *, drip: float = 0.0, keep: bool = False):
    """Serve one connection with these bytes; gives the address."""
    listener = socket.create_server(("127.0.0.1", 0))

    def run():
        with listener, listener.accept()[0] as peer:
            peer.recv(65_536)
            try:
                if drip:
                    for byte in reply:
                        peer.sendall(bytes([byte]))
                        time.sleep(drip)
                else:
                    peer.sendall(reply)
            except OSError:
                pass

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


def _http(status: str, body: bytes, length: int | None = None) -> bytes:
    length = len(body) if length is None else length
    return f"HTTP/1.1 {status}\r\nContent-Length: {length}\r\n\r\n".encode() + body


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (b"", "E-FETCH-01"),
        (b"nonsense\r\n\r\n", "E-FETCH-01"),
        (_http("200 OK", b"short", 100), "E-FETCH-01"),
        (_http("200 OK", b"x" * 70_000), "E-FETCH-03"),
        (_http("200 OK", b"no lines\n"), "E-WITNESS-10"),
        (_http("409 Conflict", b"007\n"), "E-WITNESS-10"),
        (_http("409 Conflict", b"9" * 30 + b"\n"), "E-WITNESS-10"),
        (_http("404 Not Found", b"\x1b[31mno\n"), "E-WITNESS-09"),
        (_http("302 Found", b""), "E-WITNESS-09"),
    ],
)
def test_any_other_answer_is_an_error_and_not_a_cosignature(reply, code):
    with pytest.raises((Unreachable, Refused)) as caught:
        ask(_answering(reply), 0, [], TREE.checkpoint(3))
    assert caught.value.code == code
    assert "\x1b" not in caught.value.why


def test_a_witness_that_always_conflicts_is_given_up():
    with pytest.raises(Broken) as caught:
        collect(_answering(_http("409 Conflict", b"0\n")), COSIGNERS, TREE.checkpoint(3), list)
    assert caught.value.code == "E-WITNESS-11"


def test_a_witness_that_drips_is_given_up_in_time():
    fetcher = Fetcher(_answering(_http("200 OK", b"x" * 1000), drip=0.01), whole_seconds=0.5)
    begun = time.monotonic()
    with pytest.raises(Unreachable) as caught:
        fetcher.get("x", max_bytes=5000)
    assert caught.value.code == "E-FETCH-01"
    assert time.monotonic() - begun < 5


def test_a_witness_that_drips_its_head_is_given_up_in_time(monkeypatch):
    monkeypatch.setattr("standing.fetch._InTime.head_seconds", 0.3)
    begun = time.monotonic()
    with pytest.raises(Unreachable) as caught:
        ask(_answering(_http("200 OK" + " " * 999, b""), drip=0.01), 0, [], TREE.checkpoint(3))
    assert caught.value.code == "E-FETCH-01"
    assert time.monotonic() - begun < 5


def test_nobody_there_is_unreachable_and_another_scheme_is_not_asked():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(Unreachable):
        ask(f"http://127.0.0.1:{port}", 0, [], TREE.checkpoint(3))
    with pytest.raises(Usage):
        ask("file:///etc/passwd", 0, [], TREE.checkpoint(3))
