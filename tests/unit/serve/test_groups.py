"""Many clients at once: one commit for a group, each statement judged for itself."""

import asyncio
import threading
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from standing.errors import Broken, StandingError
from standing.serve._registrar import Registrar
from standing.wire import cose
from tests.unit.serve.support import fsck, serving

CLIENTS = 64


def heads(server) -> int:
    """Count the signed heads: one a commit."""
    return server.on_writer(
        lambda ledger: ledger._core.log.db.execute("SELECT count(*) FROM heads").fetchone()[0]
    )


def post_at_once(server, statements):
    """Post all at once, each on its own connection; the writer is held until all have arrived."""
    begun, go = threading.Event(), threading.Event()

    def hold(_ledger):
        begun.set()
        assert go.wait(30)

    held = server.app._registrar.do(hold)
    assert begun.wait(30)
    with ThreadPoolExecutor(len(statements)) as pool:
        jobs = [pool.submit(server.post, statement) for statement in statements]
        while server.app._registrar._waiting + sum(job.done() for job in jobs) < len(statements):
            threading.Event().wait(0.005)
        go.set()
        held.result(30)
        return [job.result(30) for job in jobs]


def test_clients_at_once_share_a_head_and_every_receipt_verifies(office, server):
    statements = [office.document(("dora", "emil")[n % 2]) for n in range(CLIENTS)]
    size, before = server.size, heads(server)
    answers = post_at_once(server, statements)
    assert [answer.status for answer in answers] == [201] * CLIENTS
    proven = [server.check(a.body, s) for a, s in zip(answers, statements, strict=True)]
    assert sorted(index for index, _, _ in proven) == list(range(size, size + CLIENTS))
    assert heads(server) - before < CLIENTS // 4
    for (index, covered, _), statement in zip(proven, statements, strict=True):
        assert index < covered <= size + CLIENTS
        stored = server.on_writer(lambda ledger, at=index: ledger._core.log.entry(at))
        assert stored == statement
    roots = {(covered, root) for _, covered, root in proven}
    assert len(roots) == len({covered for covered, _ in roots})


def test_bad_statements_of_a_group_do_not_harm_the_good(office, server):
    good = [office.document() for _ in range(20)]
    bad = [office.document("gone") for _ in range(10)] + [
        office.document()[:-1] + b"\xff",
        office.document("dora", issuer="emil"),
        b"nonsense",
    ]
    mixed = [one for pair in zip(good, bad, strict=False) for one in pair] + good[len(bad) :]
    size = server.size
    answers = dict(zip(mixed, post_at_once(server, mixed), strict=True))
    assert all(answers[one].status == 201 for one in good)
    assert all(answers[one].status == 400 for one in mixed if one in bad)
    for one in good:
        server.check(answers[one].body, one)
    assert server.size == size + len(good)


def test_one_statement_from_two_clients_at_once_is_registered_once(office, server):
    statements = [office.document() for _ in range(10)]
    size = server.size
    answers = post_at_once(server, [*statements, *statements])
    assert {answer.status for answer in answers} == {201}
    for first, second in zip(answers[:10], answers[10:], strict=True):
        assert first.body == second.body
    assert server.size == size + 10


def test_a_load_of_several_groups_leaves_a_log_that_checks(office):
    statements = [office.document() for _ in range(300)]
    with serving(office) as server:
        with ThreadPoolExecutor(32) as pool:
            answers = list(pool.map(server.post, statements))
        assert {answer.status for answer in answers} == {201}
        size = server.size
    assert fsck(office.directory)["entries"] == size


def test_a_client_that_gives_up_waiting_holds_up_nobody(office, server):
    registrar = server.app._registrar
    begun, go = threading.Event(), threading.Event()
    registrar.do(lambda _: (begun.set(), go.wait(30)))
    assert begun.wait(30)
    waiting: Future = registrar.do(lambda ledger: ledger.log_size)
    assert waiting.cancel()
    go.set()
    receipt = server.register(statement := office.document())
    server.check(receipt, statement)


def test_too_many_waiting_statements_are_told_to_come_again(office, server, monkeypatch):
    from standing.serve import _registrar

    monkeypatch.setattr(_registrar, "_MOST_WAITING", 3)
    begun, go = threading.Event(), threading.Event()
    server.app._registrar.do(lambda _: (begun.set(), go.wait(30)))
    assert begun.wait(30), "until then the writer may still take a statement"
    statements = [office.document() for _ in range(3)]
    with ThreadPoolExecutor(3) as pool:
        jobs = [pool.submit(server.post, statement) for statement in statements]
        while server.app._registrar._waiting < 3:
            assert not any(job.done() for job in jobs)
            threading.Event().wait(0.005)
        refused = server.post(office.document())
        go.set()
        assert {job.result(30).status for job in jobs} == {201}
    status, title, detail = refused.problem
    assert (status, title, "[E-SERVE-02]" in detail) == (503, "Busy", True)
    assert int(refused.headers["retry-after"]) > 0
    server.register(office.document())


def test_a_helper_that_died_stops_the_server_and_says_so(office):
    stopped = []

    async def run(ledger):
        registrar = Registrar(ledger, helpers=1, on_stop=stopped.append)
        good = await registrar.submit(office.document())
        (helper,) = registrar._examiners
        helper._process.kill()
        helper._process.join(10)
        bad = await registrar.submit(office.document())
        with pytest.raises(StandingError):
            registrar.submit(office.document())
        await registrar.close()
        return good, bad

    with office.open() as ledger:
        size = ledger.log_size
        good, bad = asyncio.run(run(ledger))
        assert ledger.log_size == size + 1
    assert good.index == size
    assert isinstance(bad, Broken)
    assert [problem.code for problem in stopped] == [bad.code] == ["E-SERVE-01"]
    assert cose.parse_sign1(good.receipt).kid
