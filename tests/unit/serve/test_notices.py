"""A served ledger tells what is new, beside its other work, and notes what became of it."""

import contextlib

from standing.serve import LogServer, Settings, _run
from tests.outside import mail_server, wait_for, webhook
from tests.support import TODAY, row
from tests.unit.ledger.test_delivery import contact, write_settings


@contextlib.contextmanager
def served(town):
    problems = []
    server = LogServer(town.ledger, Settings(helpers=0), problems.append)
    with _run.serving(server) as address:
        yield address
    assert problems == []


def test_a_server_sends_what_is_due_and_notes_it(town):
    with mail_server() as (post, port), webhook() as hook:
        write_settings(town, port)
        contact(town, 0, "email", "ann@example.org")
        contact(town, 1, "webhook", f"{hook.address}/ben")
        town.import_rows([row(0), row(1)])
        town.move_to(TODAY + 1)
        with served(town):
            wait_for(lambda: post.taken and hook.taken)
        assert town.ledger.outbox("waiting") == []
        assert len(town.ledger.outbox("told")) == 2


def test_a_mail_server_that_takes_nothing_stops_no_server(town):
    with mail_server() as (post, port):
        post.mode = "later"
        write_settings(town, port)
        contact(town, 0, "email", "ann@example.org")
        town.move_to(TODAY + 1)
        with served(town):
            wait_for(lambda: post.calls)
    assert [(m.state, m.why) for m in town.ledger.outbox()] == [("waiting", "refused")]
