"""Who gets in: a passkey whose owner was verified, on this site, once a question; nobody else."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor

import pytest

from standing.web import Settings, new_links
from standing.web._store import IDLE_SECONDS, LINK_SECONDS, LONGEST_SECONDS, Store
from tests.support import UNTIL
from tests.unit.web.authenticator import Authenticator
from tests.unit.web.support import Client, Served, serve_town


@pytest.fixture(scope="module")
def open_town(served):
    return served


def ask(client: Client, path: str, **headers: str) -> dict:
    return client.post(path, **headers).json


def made(served: Served, **changes: object) -> tuple[Authenticator, dict]:
    device = Authenticator(served.client.url, **changes)
    answer = device.make(ask(served.client, "/signin/new/options"))
    return device, {"credential": answer, "for": "subject"}


def signed_in(served: Served, answer) -> Client:
    """Be a browser with the cookie that an answer set."""
    held = answer.headers["set-cookie"].split(";")[0]
    return Client(served.client.url, {"cookie": held, "sec-fetch-site": "same-origin"})


def test_a_passkey_enrols_its_holder_and_signs_in_again(open_town):
    device, form = made(open_town)
    answer = open_town.client.post("/signin/new", form)
    assert (answer.status, answer.headers["location"]) == (303, "/me")
    flags = answer.headers["set-cookie"].lower()
    assert "httponly" in flags
    assert "samesite=lax" in flags
    assert open_town.do(lambda ledger: ledger.holding(device.public).role) == "subject"
    again = device.use(ask(open_town.client, "/signin/options"))
    browser = signed_in(open_town, open_town.client.post("/signin", {"credential": again}))
    assert browser.get("/me").status == 303
    assert browser.post("/signout").status == 303
    assert browser.get("/me").headers["location"] == "/signin?next=%2Fme"


@pytest.mark.parametrize(
    "changes",
    [{"verified": False}, {"rp_id": "evil.example"}, {"origin": "https://evil.example"}],
    ids=str,
)
def test_a_passkey_of_another_site_or_without_its_owner_is_refused(open_town, changes):
    device = Authenticator(**{"origin": open_town.client.url, **changes})
    form = {
        "credential": device.make(ask(open_town.client, "/signin/new/options")), "for": "subject",
    }  # fmt: skip
    assert open_town.client.post("/signin/new", form).status == 403
    assert open_town.do(lambda ledger: ledger.holding(device.public).role) == ""


def test_an_answer_signs_in_once(open_town):
    device, form = made(open_town)
    open_town.client.post("/signin/new", form)
    answer = {"credential": device.use(ask(open_town.client, "/signin/options"))}
    assert open_town.client.post("/signin", answer).status == 303
    assert open_town.client.post("/signin", answer).status == 403


def test_a_question_for_making_a_passkey_signs_nobody_in(open_town):
    device, form = made(open_town)
    open_town.client.post("/signin/new", form)
    answer = {"credential": device.use(ask(open_town.client, "/signin/new/options"))}
    assert open_town.client.post("/signin", answer).status == 403


def test_a_passkey_that_another_key_signed_for_is_refused(open_town):
    device, form = made(open_town)
    open_town.client.post("/signin/new", form)
    other = Authenticator(open_town.client.url, credential=device.credential, counter=9)
    answer = {"credential": other.use(ask(open_town.client, "/signin/options"))}
    assert open_town.client.post("/signin", answer).status == 403


@pytest.mark.parametrize("sent", ["", "x", "[]", "{}", '{"rawId": 1, "response": {}}', "{" * 9000])
def test_what_is_no_answer_of_a_passkey_is_a_bad_request(open_town, sent):
    assert open_town.client.post("/signin", {"credential": sent}).status == 400
    assert open_town.client.post("/signin/new", {"credential": sent}).status == 400


def test_a_key_of_an_organisation_has_no_role_until_it_is_accredited(open_town):
    device, form = made(open_town)
    answer = open_town.client.post("/signin/new", {**form, "for": "organisation"})
    browser = signed_in(open_town, answer)
    assert "stands for nobody" in browser.get("/me").text
    file = browser.get("/me/key.pub").json
    assert (file["kty"], file["crv"]) == ("EC", "P-256")
    city = open_town.town.keys["city"]
    open_town.do(
        lambda ledger: ledger.accredit(
            device.public, role="reviewer", name="third", employer="third house", until=UNTIL,
            by=city, contexts=["transit"],
        )
    )  # fmt: skip
    holding = open_town.do(lambda ledger: ledger.holding(device.public))
    assert (holding.role, holding.employer) == ("reviewer", "third house")


def test_a_link_of_the_demo_signs_in_once(open_town):
    directory = open_town.town.directory
    keys = open_town.keys
    path = new_links(directory, keys, ["first"])["first"]
    shown = open_town.client.get(path)
    assert "Sign in as first" in shown.text
    assert open_town.client.get(path).status == 200  # looking does not use it
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda _: Client(open_town.client.url).post(path), range(2)))
    assert sorted(answer.status for answer in answers) == [303, 410]
    assert open_town.client.get(path).status == 410
    good = next(answer for answer in answers if answer.status == 303)
    assert "demo key" in signed_in(open_town, good).get("/log").text


def test_a_link_signs_nobody_in_where_there_is_no_demo(tmp_path):
    with serve_town(tmp_path, Settings(rate=10_000, tries=10_000)) as served:
        assert served.client.post(served.link("first")).status == 410


def test_nobody_is_led_away_after_signing_in(open_town):
    for place in ("https://evil.example", "//evil.example", "/\\evil.example", "evil"):
        device, form = made(open_town)
        open_town.client.post("/signin/new", form)
        answer = device.use(ask(open_town.client, "/signin/options"))
        sent = open_town.client.post("/signin", {"credential": answer, "next": place})
        assert sent.headers["location"] == "/me"


def test_a_made_up_or_stolen_and_ended_cookie_is_nobody(open_town):
    _, form = made(open_town)
    browser = signed_in(open_town, open_town.client.post("/signin/new", form))
    assert browser.get("/me").headers["location"] != "/signin?next=%2Fme"
    browser.post("/signout")
    assert browser.get("/me").headers["location"] == "/signin?next=%2Fme"
    thief = Client(browser.url, {"cookie": "standing=" + "A" * 43})
    assert thief.get("/me").headers["location"] == "/signin?next=%2Fme"


def test_a_session_that_somebody_else_chose_is_not_taken_over(open_town):
    """Whoever plants their own cookie in a browser learns nothing of who signs in there."""
    _, form = made(open_town)
    planted = signed_in(open_town, open_town.client.post("/signin/new", form))
    link = open_town.link("first")
    answer = Client(planted.url, dict(planted.headers)).post(link)
    own = signed_in(open_town, answer)
    assert own.headers["cookie"] != planted.headers["cookie"]
    assert own.get("/review").status == 200
    assert planted.get("/review").status == 403


def test_who_tries_too_often_to_sign_in_has_to_wait(tmp_path):
    with serve_town(tmp_path, Settings(rate=10_000, tries=0.001)) as served:
        statuses = [served.client.post("/signin", {"credential": "x"}).status for _ in range(25)]
    assert statuses[0] == 400
    assert statuses[-1] == 429


# --- the store -----------------------------------------------------------------------------------


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def store(tmp_path, clock):
    made = Store(tmp_path / "web.db", clock)
    yield made
    made.close()


def test_a_session_ends_when_it_is_not_used(store, clock):
    token = store.begin(b"key")
    clock.now += IDLE_SECONDS - 1
    assert store.find(token) is not None
    clock.now += IDLE_SECONDS - 1
    assert store.find(token) is not None
    clock.now += IDLE_SECONDS
    assert store.find(token) is None


def test_a_session_ends_after_a_day_however_much_it_is_used(store, clock):
    token = store.begin(b"key")
    began = clock.now
    while clock.now < began + LONGEST_SECONDS - IDLE_SECONDS:
        clock.now += IDLE_SECONDS / 2
        assert store.find(token) is not None
    clock.now = began + LONGEST_SECONDS
    assert store.find(token) is None


def test_presence_is_fresh_for_a_few_minutes(store, clock):
    session = store.find(store.begin(b"key"))
    assert store.is_fresh(session)
    clock.now += 301
    assert not store.is_fresh(session)


def test_a_link_ends_after_a_day(store, clock):
    token = store.new_link("first")
    clock.now += LINK_SECONDS
    assert store.link(token) is None
    assert store.use_link(token) is None


def test_the_file_holds_no_token_and_belongs_to_its_owner(store, tmp_path):
    token, link = store.begin(b"key"), store.new_link("first")
    held = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert token.encode() not in held
    assert link.encode() not in held
    assert (tmp_path / "web.db").stat().st_mode & 0o077 == 0


def test_what_has_ended_is_forgotten(store, clock, tmp_path):
    store.begin(b"a key that ends")
    store.new_link("first")
    store.first_time(b"name", b"request", 60)
    clock.now += LINK_SECONDS + LONGEST_SECONDS
    store.sweep()
    with sqlite3.connect(tmp_path / "web.db") as db:
        tables = ("sessions", "links", "repeats")
        assert [db.execute(f"SELECT count(*) FROM {t}").fetchone()[0] for t in tables] == [0, 0, 0]


def test_a_passkey_is_forgotten_when_its_key_stands_for_nobody_any_more(store, clock):
    store.add_passkey(b"left", b"key of one who left", 0)
    store.add_passkey(b"waits", b"key that waits", 0)
    store.keep_only({b"key of one who left"}, store.keys())
    token = store.begin(b"key of one who left")
    store.keep_only(set(), store.keys())
    assert store.passkey(b"left") is None
    assert store.find(token) is None
    assert store.passkey(b"waits") is not None
    clock.now += 31 * 24 * 3600
    store.keep_only(set(), store.keys())
    assert store.passkey(b"waits") is None
