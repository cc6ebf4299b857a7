"""With witnesses: a checkpoint with a quorum appears, and none of them ever holds up a receipt."""

import socket
import threading
import time

import pytest

from standing import fetch
from standing.serve import WitnessApp
from standing.verify.checkpoints import verify_checkpoint
from standing.verify.cosignatures import cosigner_of
from standing.verify.quorum import parse_trust_policy
from standing.wire.keys import SigningKey, load_key_file
from standing.wire.notes import NoteKey, add_signatures, parse_note, sign_note
from standing.witness import Witness
from tests.unit.serve.support import ORIGIN, process, serving, standing_command
from tests.unit.witness.support import serving as serving_app

QUICK = {"witness_seconds": 0.05, "publish_seconds": 0.02}


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """Give up on a silent server sooner than the product does: tests have no ten seconds."""
    monkeypatch.setattr(fetch, "READ_SECONDS", 1.0)


def log_key(office):
    return load_key_file(office.directory / "keys" / "checkpoint.key.pub").public


class Around:
    """Real witnesses of one log, each at its address, and the policy that names them."""

    def __init__(self, office, place):
        self.office, self.place = office, place
        self.lines: list[str] = []
        self.names: list[str] = []
        self._open: list[Witness] = []

    def name(self, url, name=None):
        """Name a witness in the policy; gives its key."""
        name = name or f"w{len(self.names)}"
        key = SigningKey.generate()
        cosigner = cosigner_of(f"{name}.example", key.public)
        self.lines.append(f"witness {name} {cosigner.vkey()} {url}")
        self.names.append(name)
        return key

    def witness(self, key, name):
        place = self.place / name
        watched = [NoteKey(ORIGIN, 1, log_key(self.office))]
        opened = Witness.open(
            place, name=f"{name}.example", keys=[key], logs=watched, new=not place.exists()
        )
        self._open.append(opened)
        return opened

    def policy(self, quorum):
        """Write the policy beside the ledger; gives it."""
        group = f"group all {quorum} {' '.join(self.names)}"
        text = "\n".join([*self.lines, group, "quorum all", ""]).encode()
        (self.office.directory / "witnesses.policy").write_bytes(text)
        return parse_trust_policy(text)

    def close(self):
        for one in self._open:
            one.close()


@pytest.fixture
def around(office, tmp_path):
    made = Around(office, tmp_path / "witnesses")
    made.place.mkdir()
    yield made
    made.close()


def address(listener):
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


class Late:
    """An application whose witness is put in place after its address is known."""

    def __init__(self):
        self.app = None

    async def __call__(self, scope, receive, send):
        await self.app(scope, receive, send)


def witnessed(server, policy, size, seconds=15):
    """Wait for a checkpoint with a quorum at a size or later; gives it, verified."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        answer = server.get("/checkpoint.witnessed")
        if answer.status == 200:
            assert answer.headers["cache-control"] == "no-cache"
            checkpoint = verify_checkpoint(answer.body, ORIGIN, server_key(server))
            policy.require_quorum(checkpoint, parse_note(answer.body))
            if checkpoint.size >= size:
                return checkpoint
        time.sleep(0.02)
    return None


def server_key(server):
    return load_key_file(server.ledger.directory / "keys" / "checkpoint.key.pub").public


def test_a_checkpoint_with_its_quorum_appears_and_follows_the_log(office, around):
    late = [Late(), Late()]
    with serving_app(late[0]) as one, serving_app(late[1]) as two:
        for app, url, name in zip(late, (one, two), ("w0", "w1"), strict=True):
            app.app = WitnessApp(around.witness(around.name(url, name), name))
        policy = around.policy(2)
        with serving(office, **QUICK) as server:
            for _ in range(3):
                server.register(office.document())
                found = witnessed(server, policy, server.size)
                assert found is not None
                assert found.root == server.on_writer(
                    lambda ledger, size=found.size: ledger._core.log.root_at(size)
                )
        ran = standing_command("verify", office.directory)
        assert ran.returncode == 0, ran.stdout
        shown = standing_command("log", "checkpoint", "--ledger", office.directory)
        assert '"witnessed": {' in shown.stdout


@pytest.mark.parametrize("dead", ["down", "hangs", "garbage"])
def test_two_of_three_are_enough_whatever_the_third_does(office, around, dead):
    late = [Late(), Late()]
    with serving_app(late[0]) as one, serving_app(late[1]) as two, answering(dead) as third:
        for app, url, name in zip(late, (one, two), ("w0", "w1"), strict=True):
            app.app = WitnessApp(around.witness(around.name(url, name), name))
        around.name(third, "w2")
        policy = around.policy(2)
        began = time.monotonic()
        with serving(office, **QUICK) as server:
            receipts = []
            for _ in range(5):
                asked = time.monotonic()
                receipts.append(server.register(office.document()))
                assert time.monotonic() - asked < 3
            assert witnessed(server, policy, 1, seconds=40) is not None
        assert time.monotonic() - began < 90


class answering:  # noqa: N801 - used like a function, in a with statement
    """A server that is down, or takes connections and is silent, or answers with garbage."""

    def __init__(self, how):
        self._how = how
        self._stop = threading.Event()
        self._peers: list[socket.socket] = []

    def __enter__(self):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(0.05)
        url = address(self._listener)
        if self._how == "down":
            self._listener.close()
        else:
            self._thread = threading.Thread(target=self._run)
            self._thread.start()
        return url

    def _run(self):
        while not self._stop.is_set():
            try:
                peer, _ = self._listener.accept()
            except TimeoutError:
                continue
            self._peers.append(peer)
            if self._how == "hangs":
                continue
            peer.recv(65_536)
            body = bytes(range(256)) * 8
            head = f"HTTP/1.1 200 OK\r\ncontent-length: {len(body)}\r\n\r\n"
            peer.sendall(head.encode() + body)
            peer.close()

    def __exit__(self, *_):
        self._stop.set()
        if self._how != "down":
            self._thread.join()
            self._listener.close()
        for peer in self._peers:
            peer.close()


@pytest.mark.parametrize("how", ["down", "hangs"])
def test_a_witness_that_does_not_answer_holds_up_no_receipt_and_no_start(office, around, how):
    with answering(how) as url:
        around.name(url, "w0")
        around.policy(1)
        began = time.monotonic()
        with serving(office, **QUICK) as server:
            assert time.monotonic() - began < 20
            for _ in range(10):
                asked = time.monotonic()
                statement = office.document()
                server.check(server.register(statement), statement)
                assert time.monotonic() - asked < 3
            assert server.get("/checkpoint.witnessed").status == 404
    assert not (office.directory / "log" / "checkpoint.witnessed").exists()


class Lying:
    """Answers each checkpoint with a line under the right name, made with another key."""

    def __init__(self, name, key_id_of):
        self._name, self._key_id = name, cosigner_of(f"{name}.example", key_id_of).key_id
        self.asked = 0

    async def __call__(self, scope, receive, send):
        self.asked += 1
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        text = body.partition(b"\n\n")[2].partition(b"\n\n")[0].decode() + "\n"
        forged = parse_note(sign_note(text, f"{self._name}.example", SigningKey.generate()))
        signature = b"\0" * 7 + b"\x01" + forged.signatures[0].signature
        line = forged.signatures[0]._replace(key_id=self._key_id, signature=signature)
        note = add_signatures(sign_note(text, ORIGIN, SigningKey.generate()), [line])
        answer = note.rpartition("— ".encode())
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": answer[1] + answer[2]})


def test_a_witness_whose_line_does_not_hold_is_not_believed(office, around):
    late = Late()
    with serving_app(late) as url:
        key = around.name(url, "w0")
        late.app = Lying("w0", key.public)
        around.policy(1)
        with serving(office, **QUICK) as server:
            server.register(office.document())
            while late.app.asked < 4:
                time.sleep(0.02)
            assert server.get("/checkpoint.witnessed").status == 404
            late.app = WitnessApp(around.witness(key, "w0"))  # the honest one comes back
            policy = parse_trust_policy((office.directory / "witnesses.policy").read_bytes())
            assert witnessed(server, policy, server.size) is not None


@pytest.mark.slow
def test_told_to_stop_while_a_witness_hangs_it_ends_well_and_soon(office, around):
    with answering("hangs") as url:
        around.name(url, "w0")
        around.policy(1)
        with process(office) as server:
            server.register(office.document())
            began = time.monotonic()
            code, err = server.end()
            assert (code, "Traceback" in err) == (0, False), err
            assert time.monotonic() - began < 30


def test_witnesses_are_asked_once_by_command(office, around):
    import json

    late = Late()
    with serving_app(late) as url:
        key = around.name(url, "w0")
        late.app = WitnessApp(around.witness(key, "w0"))
        around.policy(1)
        ran = standing_command("log", "cosign", "--ledger", office.directory)
        told = json.loads(ran.stdout)
        assert (told["cosignatures"], told["quorum"], told["problems"]) == (1, True, [])
        assert (office.directory / "log" / "checkpoint.witnessed").is_file()
    ran = standing_command("log", "cosign", "--ledger", office.directory)
    told = json.loads(ran.stdout)
    assert (told["cosignatures"], told["quorum"]) == (0, False)
    assert told["problems"][0]["code"] == "E-FETCH-01"
