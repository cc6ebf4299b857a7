"""Nothing is lost and nothing is told twice in effect: over real SMTP and real HTTP."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from aiosmtpd.smtp import AuthResult

from standing import fetch
from standing.errors import Unreachable
from standing.ledger import _message
from standing.ledger._world import working_days
from standing.wire import cose
from standing.wire.keys import PublicKey, SigningKey
from tests.outside import free_port, mail_server, own_certificate, webhook
from tests.support import CONTEXT, NOTICE_DAYS, TODAY, row

MAIL = """
[mail]
host = "127.0.0.1"
port = {port}
from = "notices@ledger.example"
starttls = false
[web]
url = "https://ledger.example/inbox"
"""


def write_settings(town, port, more=""):
    (town.directory / "standing.toml").write_text(MAIL.format(port=port) + more, encoding="utf-8")


def contact(town, person, kind, address, language="en"):
    facts = {"kind": kind, "address": address, "language": language}
    return town.ledger.open_case(
        town.people[person].public, "", "contact", "set", facts, key=town.people[person]
    )


@pytest.fixture
def post():
    with mail_server() as (server, port):
        server.port = port
        yield server


@pytest.fixture
def hook():
    with webhook() as server:
        yield server


@pytest.fixture
def told(town, post, hook):
    """Two people with contacts, records about them, and servers that take what comes."""
    write_settings(town, post.port)
    contact(town, 0, "email", "ann@example.org")
    contact(town, 1, "webhook", f"{hook.address}/ben")
    town.move_to(TODAY + 1)
    town.ledger.tick()
    post.taken.clear()
    hook.taken.clear()
    town.import_rows([row(0), row(5), row(1)])
    return town


def states(town):
    return [message.state for message in town.ledger.outbox()]


def test_many_items_of_one_tick_are_one_message(told, post, hook):
    ticked = told.ledger.tick()
    assert (ticked.news, ticked.told, ticked.failed) == (3, 2, 0)
    assert [tos for tos, _ in post.taken] == [["ann@example.org"]]
    assert len(hook.taken) == 1


def test_a_tick_with_no_news_sends_nothing(told, post, hook):
    told.ledger.tick()
    told.move_to(TODAY + 2)
    told.ledger.tick()
    assert told.ledger.tick() == type(told.ledger.tick())()
    assert (len(post.taken), len(hook.taken)) == (1, 1)


def test_a_message_says_that_there_is_a_notice_and_no_more(told, post):
    told.ledger.tick()
    [(_, message)] = post.taken
    text = message.get_content()
    assert message["Subject"] == "You have a notice"
    assert text.split() == [
        "You",
        "have",
        "a",
        "notice.",
        "Look",
        "here:",
        "https://ledger.example/inbox",
        "This",
        "ledger",
        "is",
        "simulated.",
    ]
    written = message.as_string()
    for word in (CONTEXT, "metro", "fare-unpaid", "card-0", told.names[0], "50"):
        assert word not in written.replace(message["Message-ID"], "").replace(message["Date"], "")


def test_a_message_is_in_the_language_of_its_contact(told, post):
    contact(told, 2, "email", "cai@example.org", "zh-Hans")
    told.move_to(TODAY + 2)
    told.ledger.tick()
    [message] = [m for tos, m in post.taken if tos == ["cai@example.org"]]
    assert message["Subject"] == "您有一则通知"
    assert "您有一则通知。" in message.get_content()


def test_a_webhook_is_sent_a_signed_notice_with_an_id_and_no_more(told, hook):
    told.ledger.tick()
    [(path, media_type, body)] = hook.taken
    key = PublicKey.from_cose_key(told.ledger.state.log_key("answer"))
    [sent] = [m for m in told.ledger.outbox() if m.recipient.startswith("c_")][-1:]
    assert path == "/ben"
    assert media_type == "application/vnd.standing.notice.v1+cose"
    assert _message.read_notice(body, key) in {m.id for m in told.ledger.outbox()}
    assert len(cose.parse_sign1(body).payload) < 100
    assert CONTEXT.encode() not in body
    assert sent.state == "told"


@pytest.mark.parametrize("mode", ["refuse", "later", "hang-up"])
def test_mail_that_is_not_taken_is_sent_again_under_one_name(told, post, mode):
    post.mode = mode
    assert told.ledger.tick().failed == 1
    post.mode = "take"
    told.move_to(TODAY + 2)
    assert told.ledger.tick().told == 1
    assert len(post.ids("ann@example.org")) == 1
    assert told.ledger.outbox("waiting") == []


@pytest.mark.parametrize("mode", ["fail", "redirect", "hang-up"])
def test_a_webhook_that_does_not_answer_well_is_sent_the_same_bytes_again(told, hook, mode):
    hook.mode = mode
    assert told.ledger.tick().failed == 1
    hook.mode = "take"
    told.move_to(TODAY + 2)
    assert told.ledger.tick().told == 1
    assert [path for path, _, _ in hook.taken] == ["/ben", "/ben"]
    assert len({body for _, _, body in hook.taken}) == 1


def test_a_webhook_that_is_silent_is_not_waited_for_long(told, hook, monkeypatch):
    monkeypatch.setattr(fetch, "SEND_SECONDS", 0.3)
    hook.mode = "silent"
    assert told.ledger.tick().failed == 1


def test_one_message_that_makes_the_server_hang_up_holds_up_no_other(told, post):
    for person, name in ((2, "cai"), (3, "dan"), (4, "eva")):
        contact(told, person, "email", f"{name}@example.org")
    post.hated = "ann@example.org"
    told.move_to(TODAY + 2)
    ticked = told.ledger.tick()
    assert ticked.failed == 1
    for name in ("cai", "dan", "eva"):
        assert sum(post.ids(f"{name}@example.org").values()) == 1


def test_what_there_is_no_time_for_is_first_next_time(told, post, monkeypatch):
    from standing.ledger import _delivery

    monkeypatch.setattr(_delivery, "SEND_SECONDS", -1.0)
    ticked = told.ledger.tick()
    assert (ticked.told, ticked.failed) == (0, 0)
    assert [m.attempts for m in told.ledger.outbox("waiting")] == [0, 0]
    monkeypatch.undo()
    assert told.ledger.tick().told == 2


def test_a_mail_server_that_is_gone_holds_up_no_webhook(told, hook):
    write_settings(told, free_port())
    ticked = told.ledger.tick()
    assert (ticked.told, ticked.failed) == (1, 1)
    assert len(hook.taken) == 1


def test_what_cannot_be_told_for_30_days_is_given_up_and_shown(told, post):
    post.mode = "refuse"
    told.ledger.tick()
    for day in range(2, 40):
        told.move_to(TODAY + day)
        told.ledger.tick()
    [message] = told.ledger.outbox("undelivered")
    assert message.why == "refused"
    tellings = {one.telling for one in told.ledger.inbox(told.names[0], CONTEXT)}
    assert "undelivered" in tellings
    calls = post.calls
    told.move_to(TODAY + 60)
    told.ledger.tick()
    assert post.calls == calls + 1 or post.calls == calls  # only what is new since
    assert len(told.ledger.outbox("undelivered")) >= 1


def test_pauses_grow(told, post):
    post.mode = "refuse"
    told.ledger.tick()
    before = post.calls
    told.ledger.tick()
    assert post.calls == before  # a minute has not passed
    [message] = told.ledger.outbox("waiting")
    assert message.next - message.made == 60


def test_an_address_that_was_removed_is_told_no_more(told, post):
    post.mode = "later"
    told.ledger.tick()
    [case] = [c for c in told.ledger.cases(told.people[0].public, "") if c.lifecycle == "contact"]
    told.ledger.step(case.name, "remove", key=told.people[0])
    post.mode = "take"
    told.move_to(TODAY + 2)
    told.ledger.tick()
    news = [m for m in told.ledger.outbox() if m.recipient == case.name and m.about == "news"]
    assert [m.state for m in news] == ["dropped"]


def test_old_contacts_are_told_of_a_recovery_even_if_they_were_removed_since(town, post):
    write_settings(town, post.port)
    town.add_court()
    case = contact(town, 0, "email", "old@example.org")
    town.move_to(TODAY + 1)
    town.ledger.tick()
    new_key = SigningKey.generate().public
    town.ledger.open_case(
        town.people[0].public, "", "recovery", "ask", {"key": new_key.cose_key()},
        key=town.keys["counter"].key,
    )  # fmt: skip
    town.ledger.step(case.name, "remove", key=town.keys["counter"].key)
    post.taken.clear()
    town.move_to(TODAY + 2)
    town.ledger.tick()
    assert len(post.ids("old@example.org")) == 1
    town.move_to(TODAY + 30)  # it lapsed
    town.ledger.tick()
    assert len(post.ids("old@example.org")) == 2


def test_a_new_contact_is_not_told_of_what_happened_before(told, post):
    told.ledger.tick()
    told.move_to(TODAY + 3)
    contact(told, 0, "email", "second@example.org")
    told.move_to(TODAY + 4)
    told.ledger.tick()
    [case] = [c for c in told.ledger.cases(told.people[0].public, "") if c.first.address[0] == "s"]
    items = told.ledger._core.vault.outbox.told(case.name)
    assert len(items) == 1  # that it was set


@pytest.mark.parametrize(
    "address",
    [
        "ann@example.org\nBcc: everyone@example.org", "ann@example.org, ben@example.org", "ann",
        "Ann <ann@example.org>", "ann@exa mple.org", "änn@example.org", "a" * 65 + "@example.org",
        "ann@example.org\r\n.\r\nMAIL FROM:<x@y>",
    ],
)  # fmt: skip
def test_an_address_that_would_carry_more_than_itself_is_refused(town, address):
    with pytest.raises(Exception, match=r"E-CASE-0[25]"):
        contact(town, 0, "email", address)


@pytest.mark.parametrize(
    "address",
    [
        "http://example.org/hook", "ftp://example.org", "https://", "https://ann:pw@example.org/",
        "https://example.org/#part", "https://exa mple.org/", "https://example.org:0/",
        "https://example.org:99999/", "file:///etc/passwd", "example.org",
    ],
)  # fmt: skip
def test_a_webhook_that_is_no_https_address_is_refused(town, address):
    with pytest.raises(Exception, match=r"E-CASE-0[25]"):
        contact(town, 0, "webhook", address)


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1:1/", "https://localhost:1/", "http://127.0.0.1:1/", "https://[::1]:1/",
        "https://10.0.0.1/", "https://192.168.1.1/", "https://169.254.169.254/latest", "https://0.0.0.0/",
        "https://[::ffff:10.0.0.1]/", "https://[fe80::1]/", "https://[64:ff9b::a00:1]/",
        "https://[2002:a00:1::]/", "https://100.64.0.1/", "https://224.0.0.1/",
    ],
)  # fmt: skip
def test_no_message_goes_to_a_machine_of_the_networks_own(url, hook):
    with pytest.raises(Unreachable) as refused:
        fetch.send_outside(url.replace(":1/", f":{hook.address.rpartition(':')[2]}/"), b"x", "a/b")
    assert refused.value.code == "E-FETCH-01"
    assert hook.taken == []


def test_a_real_ledger_takes_no_webhook_on_this_machine(town):
    from standing.cases.addresses import wrong_with_webhook

    assert wrong_with_webhook("http://127.0.0.1:8080/x", loopback=False) is not None
    assert wrong_with_webhook("http://127.0.0.1:8080/x", loopback=True) is None
    assert wrong_with_webhook("http://10.0.0.1:8080/x", loopback=True) is not None


def test_no_address_stands_in_clear_in_the_vault(told, post):
    told.ledger.tick()
    told.ledger.close()
    for path in told.directory.rglob("*"):
        if path.is_file():
            assert b"ann@example.org" not in path.read_bytes(), path


def test_organisations_are_told_of_work_and_of_outcomes(town, hook):
    town.add_court()
    (town.directory / "standing.toml").write_text(
        f'[contacts.metro]\nwebhook = "{hook.address}/metro"\n'
        f'[contacts.first]\nwebhook = "{hook.address}/first"\n'
        f'[contacts.counter]\nwebhook = "{hook.address}/counter"\n',
        encoding="utf-8",
    )
    town.import_rows([row(0)])
    town.move_to(TODAY + NOTICE_DAYS + 1)
    town.ledger.tick()
    case = town.contest(0, town.record_of(0))
    town.move_to(TODAY + NOTICE_DAYS + 2)
    town.ledger.tick()
    assert sorted(path for path, _, _ in hook.taken) == ["/first", "/metro"]
    town.ledger.step(
        case.name, "rule",
        {"outcome": "annul", "reasons": "The ticket that was shown is valid for that ride.",
         "opened": [case.first.named]},
        key=town.keys["second"].key,
    )  # fmt: skip
    town.move_to(TODAY + NOTICE_DAYS + 3)
    town.ledger.tick()
    assert sorted(path for path, _, _ in hook.taken) == ["/first", "/metro", "/metro"]
    ids = {_message.read_notice(body, PublicKey.from_cose_key(town.ledger.state.log_key("answer")))
           for _, _, body in hook.taken}  # fmt: skip
    assert len(ids) == 3


# --- encrypted, and with a name -------------------------------------------------------------------

SAFE = """
[mail]
host = "127.0.0.1"
port = {port}
from = "notices@ledger.example"
user = "notices"
password_file = "mail.password"
"""


class Doorkeeper:
    """Lets one name in with one password."""

    def __call__(self, _server, _session, _envelope, _mechanism, given):
        is_right = (given.login, given.password) == (b"notices", b"open sesame")
        return AuthResult(success=is_right, handled=is_right)


def written_to(town, port, password="open sesame"):
    (town.directory / "standing.toml").write_text(SAFE.format(port=port), encoding="utf-8")
    (town.directory / "mail.password").write_text(f"{password}\n", encoding="utf-8")
    contact(town, 0, "email", "ann@example.org")
    town.move_to(TODAY + 1)
    return town.ledger.tick()


@pytest.fixture
def safe(tmp_path):
    context, certificate = own_certificate(tmp_path)
    how = {"tls_context": context, "authenticator": Doorkeeper(), "require_starttls": True}
    with mail_server(**how) as (server, port):
        server.port, server.certificate = port, certificate
        yield server


def test_mail_goes_encrypted_to_a_server_that_is_who_it_says(town, safe, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(safe.certificate))
    assert written_to(town, safe.port).told == 1
    assert len(safe.taken) == 1


def test_nothing_goes_to_a_server_whose_certificate_nobody_vouches_for(town, safe):
    assert written_to(town, safe.port).failed == 1
    assert [m.why for m in town.ledger.outbox()] == ["unreachable"]
    assert safe.taken == []


def test_a_wrong_password_is_said(town, safe, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(safe.certificate))
    written_to(town, safe.port, "wrong")
    assert [m.why for m in town.ledger.outbox()] == ["no-login"]


def test_a_password_that_cannot_be_read_is_said(town, safe, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(safe.certificate))
    (town.directory / "mail.password").mkdir()
    (town.directory / "standing.toml").write_text(SAFE.format(port=safe.port), encoding="utf-8")
    contact(town, 0, "email", "ann@example.org")
    town.move_to(TODAY + 1)
    town.ledger.tick()
    assert [m.why for m in town.ledger.outbox()] == ["no-login"]


def test_no_password_goes_in_clear_where_no_encryption_is_offered(town, post):
    written_to(town, post.port)
    assert [m.why for m in town.ledger.outbox()] == ["unreachable"]
    assert post.taken == []


# --- killed at every step -----------------------------------------------------------------------


class Killer:
    """Runs ticks in children that end before the n-th change that they make to the vault."""

    def __init__(self) -> None:
        self._child = subprocess.Popen(
            [sys.executable, "-m", "tests.unit.ledger.kill_tick"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def __call__(self, directory: Path, day: int, statement: int) -> str:
        self._child.stdin.write(f"{directory}\t{day}\t{statement}\n")
        self._child.stdin.flush()
        return self._child.stdout.readline().strip()

    def close(self):
        self._child.stdin.close()
        self._child.wait()
        self._child.stdout.close()


@pytest.fixture
def killer():
    made = Killer()
    yield made
    made.close()


def test_a_tick_killed_at_any_step_loses_nothing_and_tells_it_under_one_name(
    told, post, hook, killer, tmp_path
):
    told.ledger.decide(told.ask("card-1"))
    told.ledger.close()
    statement, seen = 1, set()
    while True:
        copy = tmp_path / f"copy-{statement}"
        shutil.copytree(told.directory, copy)
        post.taken.clear()
        hook.taken.clear()
        end = killer(copy, TODAY + 2, statement)
        assert killer(copy, TODAY + 3, 0) == "done 0"  # what was left is told now
        assert len(post.ids("ann@example.org")) == 1, statement
        assert 1 <= len({body for _, _, body in hook.taken}) == 1, statement
        seen.add((sum(post.ids("ann@example.org").values()), len(hook.taken)))
        shutil.rmtree(copy)
        if end.startswith("done"):
            break
        assert end == "killed"
        statement += 1
    assert statement > 15
    assert seen > {(1, 1)}  # some were told again, under the same name


def test_an_issuer_is_told_of_a_contest_and_of_its_end_within_the_days_it_has(town, hook):
    """L21, L24: told in two working days that it was contested, in three what became of it."""
    town.add_court()
    (town.directory / "standing.toml").write_text(
        f'[contacts.metro]\nwebhook = "{hook.address}/metro"\n', encoding="utf-8"
    )
    town.import_rows([row(0)])
    town.move_to(TODAY + NOTICE_DAYS + 1)
    town.ledger.tick()
    days = working_days(town.ledger._core, CONTEXT)
    filed = town.ledger.today
    case = town.contest(0, town.record_of(0))
    assert [w.case.name for w in town.ledger.worklist(town.keys["metro"].public)] == [case.name]
    told = []
    for day in range(filed + 1, case.due + 4):
        town.move_to(day)
        before = len(hook.taken)
        town.ledger.tick()
        told += [day] * (len(hook.taken) - before)
    contested, ended = told
    assert contested < days.after(filed, 2)
    assert town.ledger.case(case.name).state == "lapsed"
    assert ended < days.after(case.due, 3)
