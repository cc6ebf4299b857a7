"""What somebody sees of themselves, what they can do there, and what nobody else can."""

import re

import pytest

from standing.cases.lifecycles import Case
from standing.wire.days import format_day
from tests.support import CONTEXT, TODAY
from tests.unit.web.authenticator import Authenticator
from tests.unit.web.support import Answer, Client, Page, Served

NOW = TODAY + 20


@pytest.fixture(scope="module")
def mine(served: Served) -> Client:
    return served.enter("person-0")


def record_of(served: Served, person: int, *, negative: bool = True) -> str:
    cards = served.do(lambda ledger: ledger.mine(served.town.people[person].public, CONTEXT).cards)
    return next(card.record for card in cards if (card.face < 0) == negative)


def test_the_page_of_a_context_shows_the_score_of_the_ledger(served, mine):
    facts = mine.get(f"/subject/in/{CONTEXT}.json").json["mine"]
    scored = served.do(lambda ledger: ledger.score(served.town.names[0], CONTEXT))
    assert facts["score"] == scored.score.score
    assert facts["raw"] == facts["base"] + sum(card["counted"] for card in facts["cards"])
    assert {c["record"]: c["counted"] for c in facts["cards"]} == {
        r.record: r.counted for r in scored.score.reasons
    }


def test_every_burden_has_a_door_beside_it(served, mine):
    page = mine.get(f"/subject/in/{CONTEXT}").page
    cards = served.do(lambda ledger: ledger.mine(served.town.people[0].public, CONTEXT).cards)
    doors = {a["href"] for a in page.all("a")}
    for card in cards:
        if card.face < 0:
            assert f"/subject/contest/{CONTEXT}/{card.record}/ground" in doors
    assert page.text.count("Who saw this") == sum(card.face < 0 for card in cards)


def test_the_drawn_sum_is_the_score(mine):
    page = mine.get(f"/subject/in/{CONTEXT}")
    facts = mine.get(f"/subject/in/{CONTEXT}.json").json["mine"]
    table = page.text.split("From the start to today", 1)[1].split("</table>", 1)[0]
    last = re.findall(r"<td>([^<]*)</td>", table)[-1]
    assert int(last.replace(",", "")) == facts["score"]


def test_the_history_ends_with_today(served, mine):
    facts = mine.get(f"/subject/in/{CONTEXT}.json").json["mine"]
    assert facts["history"][-1]["score"] == facts["score"]
    assert facts["history"] == sorted(facts["history"], key=lambda at: at["day"])
    assert facts["forecast"][0]["day"] == format_day(NOW)


def test_a_supposed_annulment_changes_nothing(served, mine):
    record = record_of(served, 0)
    before = mine.get(f"/subject/in/{CONTEXT}.json").json
    answer = mine.get(f"/subject/in/{CONTEXT}/what-if?without={record}&more=helped&count=2")
    assert answer.status == 200
    assert "instead of" in answer.text
    assert mine.get(f"/subject/in/{CONTEXT}.json").json == before


def test_pages_about_somebody_are_kept_by_nobody_on_the_way(mine):
    for path in ("/subject", f"/subject/in/{CONTEXT}", "/subject/inbox"):
        assert mine.get(path).headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "path",
    ["/subject", f"/subject/in/{CONTEXT}", "/subject/inbox", "/subject/leave", "/me", "/review",
     "/studio", "/desk", "/issuer", "/ask", "/again", f"/subject/consent/{CONTEXT}",
     f"/subject/withdraw/{CONTEXT}", f"/subject/present/{CONTEXT}", "/sign/x", "/cases/c_x",
     "/issuer/rows", "/subject/everything.html"],
)  # fmt: skip
def test_nobody_signed_in_is_led_to_sign_in_and_a_program_is_told(served, path):
    answer = served.client.get(path)
    assert answer.status == 303
    assert answer.headers["location"].startswith("/signin?next=%2F")
    if path in {"/subject", f"/subject/in/{CONTEXT}"}:
        assert served.client.get(f"{path}.json").status == 401


@pytest.mark.parametrize("path", ["/review", "/studio", "/desk", "/issuer", "/ask"])
def test_another_roles_page_is_refused(mine, path):
    assert mine.get(path).status == 403


def test_everything_needs_a_fresh_proof_of_presence(served):
    from standing.web._store import Store

    browser = served.enter("person-4")
    assert browser.get("/subject/everything.json").json["contexts"][0]["context"] == CONTEXT
    store = Store(served.town.directory / "web.db")
    store._db.execute("UPDATE sessions SET proved=proved-1000")
    store.close()
    lead = browser.get("/subject/everything.html")
    assert lead.headers["location"] == "/again?next=%2Fsubject%2Feverything.html"
    assert browser.get("/subject/everything.json").status == 403
    assert browser.post("/subject/leave", {"sure": "yes"}).status == 403
    again = browser.post("/again", {"next": "/subject/everything.html"})
    assert again.headers["location"] == "/subject/everything.html"
    page = browser.get("/subject/everything.html")
    assert page.status == 200
    assert page.headers["content-disposition"].startswith("attachment")
    assert browser.get("/subject/everything.pdf").body.startswith(b"%PDF")


# --- contest -------------------------------------------------------------------------------------


def contest(served: Served, browser: Client, record: str, **said: object) -> str:
    """Contest a record in four steps; gives the address of its case."""
    place = f"/subject/contest/{CONTEXT}/{record}"
    words = {"words": "I had a ticket.", **said}
    assert browser.post(f"{place}/ground", {"ground": "wrong"}).status == 303
    assert browser.post(f"{place}/words", words).headers["location"] == f"{place}/evidence"
    file = {"files": ("ticket.txt", b"a ticket")}
    return served.sign(browser, browser.post(f"{place}/evidence", file)).headers["location"]


def test_a_contest_sets_aside_at_once_and_shows_its_clock(served):
    browser, record = served.enter("person-1"), record_of(served, 1)
    before = browser.get(f"/subject/in/{CONTEXT}.json").json["mine"]["score"]
    case = browser.get(contest(served, browser, record)).page
    assert "set aside" in case.text
    assert "by itself: lapsed" in case.text
    after = browser.get(f"/subject/in/{CONTEXT}.json").json["mine"]
    assert after["score"] > before
    assert next(c for c in after["cards"] if c["record"] == record)["status"] == "contested"


def test_words_that_are_sent_before_the_ground_are_refused(served):
    browser, record = served.enter("person-4"), record_of(served, 4)
    place = f"/subject/contest/{CONTEXT}/{record}"
    answer = browser.post(f"{place}/words", {"words": "Mine."})
    assert (answer.status, "E-WEB-04" in answer.page.text) == (400, True)
    odd = browser.post(f"{place}/elsewhere", {"words": "Mine."})
    assert (odd.status, "There is no such step." in odd.page.text) == (400, True)
    assert "没有这一步。" in browser.get(f"{place}/elsewhere", accept_language="zh-Hans").text


def test_a_step_of_the_contest_that_is_skipped_comes_first(served):
    browser, record = served.enter("person-2"), record_of(served, 2)
    place = f"/subject/contest/{CONTEXT}/{record}"
    assert browser.get(f"{place}/evidence").headers["location"] == f"{place}/ground"
    browser.post(f"{place}/ground", {"ground": "not-me"})
    assert browser.get(f"{place}/evidence").headers["location"] == f"{place}/words"
    assert browser.get(f"{place}/words").page.all("textarea")


def test_what_was_written_stays_when_something_is_missing(served):
    browser, record = served.enter("person-2"), record_of(served, 2)
    place = f"/subject/contest/{CONTEXT}/{record}"
    browser.post(f"{place}/ground", {"ground": "not-me"})
    bad = browser.post(f"{place}/words", {"words": "It was not me.", "last_use": "soon"})
    assert bad.status == 422
    assert bad.page.all("div")
    assert 'role="alert"' in bad.text
    assert browser.post(f"{place}/words", {"words": " "}).status == 422
    assert browser.post(f"{place}/ground", {"ground": "boredom"}).status == 422


def test_a_language_switch_in_the_middle_keeps_what_was_written(served):
    browser, record = served.enter("person-2"), record_of(served, 2)
    place = f"/subject/contest/{CONTEXT}/{record}"
    browser.post(f"{place}/ground", {"ground": "wrong"})
    browser.post(f"{place}/words", {"words": "Kept in the middle."})
    cookie = f"{browser.headers['cookie']}; lang=zh-Hans"
    assert "Kept in the middle." in browser.get(f"{place}/words", cookie=cookie).text


def test_a_paper_is_signed_once(served):
    browser, record = served.enter("person-3"), record_of(served, 3)
    place = f"/subject/contest/{CONTEXT}/{record}"
    browser.post(f"{place}/ground", {"ground": "wrong"})
    browser.post(f"{place}/words", {"words": "Once."})
    paper = browser.post(f"{place}/evidence", {"x": "y"}).headers["location"]
    assert "Once." in browser.get(paper).text
    assert browser.post(paper).status == 303
    assert browser.post(paper).status == 409
    assert browser.get(f"{place}/ground").status == 409  # it is contested already


# --- others --------------------------------------------------------------------------------------


def with_ticket(served: Served) -> Case:
    """Give a contest of person 1 that came with a file, whichever tests ran before."""
    key = served.town.people[1].public
    while True:
        cases = served.do(lambda ledger: ledger.cases(key, CONTEXT))
        found = [one for one in cases if one.lifecycle == "contest" and one.first.files]
        if found:
            return found[0]
        contest(served, served.enter("person-1"), record_of(served, 1))


def test_somebody_elses_record_case_paper_and_file_are_not_there(served):
    owner, other = served.enter("person-1"), served.enter("person-2")
    record = record_of(served, 1)
    case = with_ticket(served)
    name, leaf = case.name, case.first.files[0].hex()
    assert owner.get(f"/cases/{name}").status == 200
    assert owner.get(f"/cases/{name}/files/{leaf}").body == b"a ticket"
    paper = owner.post(f"/cases/{name}/add", {"words": "More."}).headers["location"]
    for browser in (other, served.enter("counter"), served.enter("bus"), served.enter("ann")):
        for path in (f"/cases/{name}", f"/cases/{name}.json", f"/cases/{name}/files/{leaf}",
                     f"/cases/{name}/add"):  # fmt: skip
            assert browser.get(path).status == 404, path
        assert browser.post(f"/cases/{name}/take-back").status == 404
        assert browser.get(paper).status == 409
        assert browser.post(paper).status == 409
    assert other.get(f"/subject/contest/{CONTEXT}/{record}/ground").status == 404
    nothing = other.get("/cases/c_aaaaaaaaaaaaaaaaaaaaaaaaaa.json").json
    theirs = other.get(f"/cases/{name}.json").json
    blank = {key: str(value).replace(name, "") for key, value in theirs.items()}
    assert blank == {
        key: str(value).replace("c_aaaaaaaaaaaaaaaaaaaaaaaaaa", "")
        for key, value in nothing.items()
    }


def test_a_file_comes_as_something_to_keep_and_never_to_run(served):
    browser = served.enter("person-1")
    case = with_ticket(served)
    answer = browser.get(f"/cases/{case.name}/files/{case.first.files[0].hex()}")
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"] == 'attachment; filename="ticket.txt"'
    assert "sandbox" in answer.headers["content-security-policy"]


def test_a_cookie_alone_signs_nothing(served):
    """A thief of a passkey's session reads; every act wants the passkey itself."""
    device, thief = with_passkey(served)
    said = {"purposes": "ride", "issuers": "metro", "days": "90"}
    paper = thief.post(f"/subject/consent/{CONTEXT}", said).headers["location"]
    assert thief.post(paper).status == 400
    other = Authenticator(served.client.url, credential=device.credential)
    forged = other.use(thief.post(f"{paper}/options").json)
    assert thief.post(paper, {"credential": forged}).status == 422
    elsewhere = device.use(thief.post("/again/options").json)
    assert thief.post(paper, {"credential": elsewhere}).status == 422
    good = device.use(thief.post(f"{paper}/options").json)
    assert thief.post(paper, {"credential": good}).status == 303


def test_fields_that_a_form_does_not_have_say_nothing(served):
    browser = served.enter("person-0")
    said = {
        "record": record_of(served, 0), "words": "It was the first time.", "issuer": "bus",
        "again": "true", "kid": "00", "role": "reviewer", "subject": "1", "day": "1", "state": "x",
    }  # fmt: skip
    answer = served.sign(browser, browser.post(f"/open/{CONTEXT}/reply/reply", said))
    case = browser.get(f"{answer.headers['location']}.json").json["case"]
    assert case["steps"][0]["says"]["words"] == "It was the first time."
    assert case["steps"][0]["says"]["issuer"] == "metro"
    assert case["steps"][0]["by"] == "the subject"


@pytest.mark.parametrize(
    "path",
    ["/open/transit/contest/rule", "/open/transit/restriction/propose", "/open/-/stop/freeze",
     "/open/transit/nothing/here", "/open/transit/contest/nothing"],
)  # fmt: skip
def test_a_subject_opens_only_what_a_subject_may(served, path):
    browser = served.enter("person-0")
    assert browser.get(path).status in {400, 404}
    assert browser.post(path, {"words": "x"}).status in {400, 404}


SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'&"


def assert_runs_nothing(answer: Answer) -> None:
    page = answer.page
    assert not page.inline, answer.text
    assert not page.all("img")
    assert not [a for _, a in page.tags if any(name.startswith("on") for name in a)]


def test_a_script_in_any_text_stays_text(served):
    browser, record = served.enter("person-4"), record_of(served, 4)
    served.sign(
        browser, browser.post(f"/open/{CONTEXT}/reply/reply", {"record": record, "words": SCRIPT})
    )
    place = contest(served, browser, record, words=SCRIPT)
    reviewer = served.enter("first")
    pages = [
        browser.get(place), browser.get(f"/subject/in/{CONTEXT}"), browser.get("/subject/inbox"),
        reviewer.get(place), reviewer.get("/review"), browser.get(f"{place}/add"),
        browser.post(f"{place}/add", {"words": "x" * 5000}),
        served.client.get(f"/log/find?q={SCRIPT}"), served.client.get(f"/{SCRIPT}"),
        served.client.get(f"/log?x={SCRIPT}"),
    ]  # fmt: skip
    for answer in pages:
        assert_runs_nothing(answer)
    assert "alert(1)" in pages[0].page.text


# --- consent and leaving -------------------------------------------------------------------------


def test_consent_is_given_narrowed_and_withdrawn(served):
    browser = served.enter("person-2")
    page = browser.get(f"/subject/consent/{CONTEXT}")
    assert "The text that you agree to" in page.text
    assert (
        "简体中文" not in Page.of(page.text.split('class="text"')[1]).text.split("Purpose")[0][:200]
    )
    bad = browser.post(f"/subject/consent/{CONTEXT}", {"days": "90"})
    assert bad.status == 422
    said = {"purposes": "ride", "issuers": "metro", "days": "90"}
    served.sign(browser, browser.post(f"/subject/consent/{CONTEXT}", said))
    facts = browser.get(f"/subject/in/{CONTEXT}.json").json["mine"]
    assert facts["consents"][0]["until"] == format_day(NOW + 90)
    served.sign(browser, browser.post(f"/subject/withdraw/{CONTEXT}"))
    after = browser.get(f"/subject/in/{CONTEXT}.json").json["mine"]
    assert after["score"] is None
    assert not any(given["is_live"] for given in after["consents"])
    assert browser.post(f"/subject/withdraw/{CONTEXT}").status == 422


def with_passkey(served: Served) -> tuple[Authenticator, Client]:
    """Be a browser whose holder has just made a passkey."""
    device = Authenticator(served.client.url)
    form = {
        "credential": device.make(served.client.post("/signin/new/options").json), "for": "subject",
    }  # fmt: skip
    held = served.client.post("/signin/new", form).headers["set-cookie"].split(";")[0]
    return device, Client(served.client.url, {"cookie": held, "sec-fetch-site": "same-origin"})


def sign_with(device: Authenticator, browser: Client, paper: str) -> Answer:
    """Sign the next document of a paper with a passkey, as the page's script does."""
    return browser.post(paper, {"credential": device.use(browser.post(f"{paper}/options").json)})


def test_whoever_agreed_twice_stops_with_a_passkey_one_signature_after_the_other(served):
    device, browser = with_passkey(served)
    for days in ("90", "365"):
        said = {"purposes": "ride", "issuers": "metro", "days": days}
        paper = browser.post(f"/subject/consent/{CONTEXT}", said).headers["location"]
        assert sign_with(device, browser, paper).headers["location"] == f"/subject/in/{CONTEXT}"
    paper = browser.post(f"/subject/withdraw/{CONTEXT}").headers["location"]
    assert "Signature 1 of 2" in browser.get(paper).text
    assert sign_with(device, browser, paper).headers["location"] == paper
    assert "Signature 2 of 2" in browser.get(paper).text
    assert sign_with(device, browser, paper).headers["location"] == f"/subject/in/{CONTEXT}"
    given = browser.get(f"/subject/in/{CONTEXT}.json").json["mine"]["consents"]
    assert [one["is_live"] for one in given] == [False, False]


def test_a_signature_that_does_not_hold_is_asked_for_again(served):
    device, browser = with_passkey(served)
    for days in ("90", "365"):
        said = {"purposes": "ride", "issuers": "metro", "days": days}
        sign_with(
            device, browser, browser.post(f"/subject/consent/{CONTEXT}", said).headers["location"]
        )
    paper = browser.post(f"/subject/withdraw/{CONTEXT}").headers["location"]
    other = Authenticator(served.client.url, credential=device.credential)
    assert sign_with(other, browser, paper).headers["location"] == paper
    assert sign_with(device, browser, paper).status == 422
    assert sign_with(device, browser, paper).headers["location"] == paper
    assert sign_with(device, browser, paper).headers["location"] == f"/subject/in/{CONTEXT}"


def test_whoever_leaves_is_gone_from_here_too(served):
    browser = served.enter("person-3")
    assert browser.post("/subject/leave", {"context": ""}).status == 400  # not sure
    left = browser.post("/subject/leave", {"context": "", "sure": "yes"})
    assert left.headers["location"] == "/left"
    assert browser.get("/subject").headers["location"].startswith("/signin")
    key = served.town.people[3].public
    assert served.do(lambda ledger: ledger.holding(key).role) == ""
    held = b"".join(p.read_bytes() for p in served.town.directory.glob("web.db*"))
    assert key.cose_key() not in held
