"""An answer is a promise: what was acknowledged is there after a kill, and what stops says so."""

import json
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
import urllib3

import standing
from standing.errors import Broken
from standing.serve import Settings, serve
from standing.wire import cose
from tests.unit.serve.support import ORIGIN, Served, fsck, process, standing_command


def hash_of(statement: bytes) -> bytes:
    return cose.parse_sign1(statement).statement_hash


def test_killed_while_it_answers_the_server_has_kept_every_statement_that_it_acknowledged(office):
    statements = [office.document() for _ in range(400)]
    acknowledged: dict[bytes, bytes] = {}
    with process(office) as server:

        def send(number):
            for statement in statements[number::8]:
                with suppress(urllib3.exceptions.HTTPError):
                    answer = server.post(statement)
                    if answer.status == 201:
                        acknowledged[statement] = answer.body

        with ThreadPoolExecutor(8) as pool:
            jobs = [pool.submit(send, number) for number in range(8)]
            while len(acknowledged) < 60:
                time.sleep(0.002)
            server.process.kill()
            for job in jobs:
                job.result(30)
    assert 60 <= len(acknowledged) < 400
    fsck(office.directory)
    with office.open() as ledger:
        for statement, receipt in acknowledged.items():
            assert ledger.receipt_of(hash_of(statement)) == receipt
    assert standing_command("log", "audit", "--ledger", office.directory).returncode == 0


def test_killed_at_once_after_one_answer_the_statement_is_there(office):
    for _ in range(3):
        statement = office.document()
        with process(office) as server:
            receipt = server.register(statement)
            server.process.kill()
        with office.open() as ledger:
            assert ledger.receipt_of(hash_of(statement)) == receipt


# --- a log that stops ---------------------------------------------------------------------------


def fill_the_disk(ledger):
    ledger._core.log.db.execute("PRAGMA max_page_count=1")


def fill_the_vault(ledger):
    ledger._core.vault.db.execute("PRAGMA max_page_count=1")
    ledger.advance_to(ledger.today + 1)  # marks are due, which the vault notes first


@pytest.mark.parametrize(
    ("fill", "code"), [(fill_the_disk, "E-LOG-07"), (fill_the_vault, "E-SERVE-03")]
)
def test_after_a_failed_write_every_request_is_503_and_nothing_is_acknowledged(office, fill, code):
    with office.open() as ledger:
        server = Served(ledger, Settings(helpers=0, rate=1e6, publish_seconds=60))
        try:
            kept = office.document()
            receipt = server.register(kept)
            answers = []
            for _ in range(40):  # pages that are allocated already take a few
                server.on_writer(fill)
                answers.append(server.post(office.document()))
                if answers[-1].status == 503:
                    break
            status, title, detail = answers[-1].problem
            assert (status, title, f"[{code}]" in detail) == (503, "Stopped", True)
            assert int(answers[-1].headers["retry-after"]) > 0
            assert [problem.code for problem in server.stopped] == [code]
            for path in (f"/entries/{hash_of(kept).hex()}", "/.well-known/scitt-keys"):
                assert server.get(path).problem[0] == 503
            assert server.post(b"text", "/documents").problem[0] == 503
            assert server.get("/checkpoint").status == 200  # what is published stays readable
        finally:
            server.close()
    fsck(office.directory)
    with office.open() as again:
        assert again.receipt_of(hash_of(kept)) == receipt


def test_serving_ends_with_the_error_that_stopped_the_log(office):
    ledger = office.open()
    listening = threading.Event()
    ports: list[int] = []

    def ready(port):
        ports.append(port)
        listening.set()

    def break_it():
        assert listening.wait(30)
        url = f"http://127.0.0.1:{ports[0]}/entries"
        for _ in range(40):
            if urllib3.request("POST", url, body=office.document(), retries=False).status == 503:
                return

    fill_the_disk(ledger)
    client = threading.Thread(target=break_it)
    client.start()
    with pytest.raises(Broken) as caught:
        serve(ledger, host="127.0.0.1", port=0, settings=Settings(helpers=0), ready=ready)
    client.join()
    ledger.close()
    assert (caught.value.code, caught.value.exit_code) == ("E-LOG-07", 2)


def test_the_command_exits_2_when_the_log_stops(office):
    import resource

    statement = office.document()
    with process(office) as server:
        server.register(statement)
        # no file may grow any more: what a full disk does to a write
        size = max(path.stat().st_size for path in office.directory.rglob("*"))
        limit = (size // 2, resource.RLIM_INFINITY)
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, limit)
        with suppress(urllib3.exceptions.HTTPError):
            for _ in range(200):
                if server.post(office.document()).status == 503:
                    break
        code, err = server.ended()
    assert code == 2
    assert json.loads(err)["error"]["code"] == "E-LOG-07"
    fsck(office.directory)
    with office.open() as ledger:
        assert ledger.receipt_of(hash_of(statement)) is not None


# --- told to stop ---------------------------------------------------------------------------------


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_told_to_stop_it_answers_who_waits_publishes_and_exits_0(office, how):
    statements = [office.document() for _ in range(200)]
    answered: dict[bytes, int] = {}
    with process(office, "--publish-every", 3600) as server:

        def send(number):
            for statement in statements[number::16]:
                with suppress(urllib3.exceptions.HTTPError):
                    answered[statement] = server.post(statement).status

        with ThreadPoolExecutor(16) as pool:
            jobs = [pool.submit(send, number) for number in range(16)]
            while len(answered) < 40:
                time.sleep(0.002)
            code, err = server.end(how)
            for job in jobs:
                job.result(60)
    assert (code, err) == (0, "")
    assert set(answered.values()) <= {201, 503}
    with standing.open(office.directory, read_only=True) as ledger:
        published = ledger.published
        assert published is not None
        assert published.split(b"\n")[1] == b"%d" % ledger.log_size
        for statement, status in answered.items():
            if status == 201:
                assert ledger.receipt_of(hash_of(statement)) is not None
    fsck(office.directory)


def test_beside_a_server_nobody_else_writes_and_nothing_is_harmed(office):
    words = ["--ledger", office.directory]
    with process(office) as server:
        receipt = server.register(statement := office.document())
        for command in (["tick", *words], ["serve", *words, "--port", 0]):
            ran = standing_command(*command)
            assert ran.returncode == 1
            assert json.loads(ran.stderr)["error"]["code"] == "E-LOG-04"
        shown = standing_command("log", "checkpoint", *words)  # reading is free
        assert json.loads(shown.stdout)["origin"] == ORIGIN
        assert server.register(statement) == receipt
        server.register(office.document())
        assert server.end() == (0, "")
    fsck(office.directory)


def test_a_port_in_use_is_said_and_the_ledger_is_free_again(office, tmp_path):
    from tests.unit.serve.support import found

    other = found(tmp_path / "other")
    with process(office) as server:
        ran = standing_command("serve", "--ledger", other.directory, "--port", server.port)
        assert ran.returncode != 0
        assert "Traceback" not in ran.stderr
        assert server.get("/checkpoint").status == 200
    other.open().close()
