"""Reviewers, issuers, desks, rule-makers and relying parties: their pages act with their key alone."""

import base64
import html
import re
import time

import pytest

from standing.web._looked import Looked
from tests.support import CONTEXT
from tests.unit.web.support import Client, Served
from tests.unit.web.test_subject import SCRIPT, assert_runs_nothing, contest, record_of


@pytest.fixture(scope="module")
def case(served: Served) -> str:
    """A contest of one record, with a file; gives its name."""
    browser = served.enter("person-0")
    return contest(served, browser, record_of(served, 0)).rpartition("/")[2]


def leaf_of(served: Served, case: str) -> str:
    return served.do(lambda ledger: ledger.case(case)).first.files[0].hex()


def test_a_reviewer_sees_what_waits_and_until_when(served, case):
    facts = served.enter("first").get("/review.json").json["work"]
    line = next(line for line in facts if line["case"] == case)
    assert line["do"] == ["rule"]
    assert line["waits_on"] == ["issuer: answer", "reviewer: rule"]
    assert line["days_left"] > 0
    assert line["records"][0]["reference"] == ""  # that is between the issuer and the subject


def test_the_issuer_sees_its_own_reference_and_answers(served, case):
    issuer = served.enter("metro")
    facts = issuer.get("/issuer.json").json["work"]
    line = next(line for line in facts if line["case"] == case)
    assert line["records"][0]["reference"] == "card-0"
    answer = issuer.post(f"/cases/{case}/answer", {"words": "Our inspector was sure."})
    served.sign(issuer, answer)
    assert "Our inspector was sure." in served.enter("person-0").get(f"/cases/{case}").text


def test_a_ruling_names_what_was_opened_and_nothing_that_was_not(served, case):
    reviewer = served.enter("first")
    said = {"outcome": "annul", "reasons": "The ticket shows that it was paid."}
    reviewer.get(f"/cases/{case}")
    refused = reviewer.post(f"/cases/{case}/rule", said)
    assert refused.status == 422  # the file was not opened: what a form says of that is not read
    assert "everything in the case was opened" in refused.text
    assert "The ticket shows that it was paid." in refused.text  # what was written stays
    forged = reviewer.post(f"/cases/{case}/rule", {**said, "opened": leaf_of(served, case)})
    assert forged.status == 422
    reviewer.get(f"/cases/{case}/files/{leaf_of(served, case)}")
    served.sign(reviewer, reviewer.post(f"/cases/{case}/rule", said))
    facts = served.enter("person-0").get(f"/cases/{case}.json").json["case"]
    assert (facts["state"], facts["outcome"]) == ("closed", "annul")
    assert leaf_of(served, case) in facts["steps"][-1]["says"]["opened"]


def test_time_with_a_case_counts_while_it_is_there(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    looked = Looked()
    for step in (0, 15, 15, 400, 15):
        now[0] += step
        looked.tick()
    assert looked.seconds == 45


def test_only_a_reviewer_counts_time(served, case):
    assert served.enter("person-0").post(f"/cases/{case}/active").status == 403
    assert served.enter("second").post(f"/cases/{case}/active").status in {204, 404}


# --- desk ----------------------------------------------------------------------------------------


def test_a_desk_stops_somebody_and_is_told_the_same_about_nobody(served):
    desk = served.enter("counter")
    seen = []
    for name in ("card-4", "nobody-known"):
        answer = desk.post("/desk/stop", {"name": name, "context": CONTEXT})
        paper = desk.get(answer.headers["location"])
        done = served.sign(desk, answer)
        page = desk.get(done.headers["location"])
        told = [p.text.replace(name, "") for p in (paper, page)]
        seen.append([re.sub(r"/sign/[\w-]+|[0-9a-f]{8}|[0-9a-f]{64}", "", text) for text in told])
    assert seen[0] == seen[1]
    key = served.town.people[4].public
    assert served.do(lambda ledger: ledger.mine(key, CONTEXT).score) is None


def test_a_desk_contests_for_somebody(served):
    desk, record = served.enter("counter"), record_of(served, 1)
    said = {
        "name": served.town.names[1], "context": CONTEXT, "named": record, "words": "Not so.",
    }  # fmt: skip
    case = served.sign(desk, desk.post("/desk/contest", said)).headers["location"]
    assert "desk counter" in served.enter("person-1").get(f"{case}.json").text


# --- studio --------------------------------------------------------------------------------------


def text_in(browser: Client) -> str:
    page = browser.get(f"/studio/{CONTEXT}").text
    return html.unescape(page.split('wrap="off">', 1)[1].split("</textarea>", 1)[0])


def wait_for_simulation(browser: Client) -> str:
    for _ in range(300):
        page = browser.get(f"/studio/{CONTEXT}").text
        if "The simulation is running" not in page:
            return page
        time.sleep(0.1)
    raise AssertionError("the simulation does not end")


def test_the_studio_lints_simulates_and_publishes_under_two_keys(served):
    ann, ben = served.enter("ann"), served.enter("ben")
    text = text_in(ann).replace("points: -50", "points: -40")
    assert "version: 2" in text
    ann.post(f"/studio/{CONTEXT}", {"text": text})
    page = ann.get(f"/studio/{CONTEXT}").page.text
    assert "L38" in page  # no simulation is named yet
    ann.post(f"/studio/{CONTEXT}", {"text": text, "do": "simulate"})
    assert "Who falls, who rises" in wait_for_simulation(ann)
    ann.post(f"/studio/{CONTEXT}", {"text": text, "do": "name"})
    named = text_in(ann)
    assert "simulation:" in named
    assert "L38" not in ann.get(f"/studio/{CONTEXT}").page.text
    assert ann.post(f"/studio/{CONTEXT}", {"text": named, "do": "sign"}).status == 303
    waiting = [p for p in ben.get("/studio.json").json["packs"] if not p["published"]]
    assert [pack["signers"] for pack in waiting] == [["ann"]]
    assert ben.post(f"/studio/{CONTEXT}/second/{waiting[0]['digest']}").status == 303
    packs = served.client.get("/log/packs.json").json["packs"]
    assert [(p["version"], bool(p["published"])) for p in packs] == [(2, True), (1, True)]
    diff = served.client.get(f"/log/packs/{CONTEXT}/1/2")
    assert "milder" in diff.text


def test_a_pack_that_does_not_read_is_told_where(served):
    ann = served.enter("ann")
    ann.post(f"/studio/{CONTEXT}", {"text": "format: nothing\n"})
    page = ann.get(f"/studio/{CONTEXT}")
    assert "FORMAT" in page.page.text
    assert "passes every code" not in page.text
    answer = ann.post(f"/studio/{CONTEXT}", {"text": "format: nothing\n", "do": "simulate"})
    assert answer.status == 422
    assert ann.post("/studio/nowhere", {"text": "x"}).status == 404
    assert ann.post(f"/studio/{CONTEXT}", {"text": ""}).status == 400


# --- rows and questions --------------------------------------------------------------------------

MAP = """
context = "transit"
issuer = {constant = "metro"}
reference = "card"
type = "type"
day = "day"
basis = "basis"
signer = "signer"
identified = {constant = "credential-shown"}
id = "id"
[details]
zones = "zones"
"""
HEAD = "id,card,type,day,basis,signer,zones\n"


def upload(browser: Client, rows: str, **more: str):
    file = {"file": ("rows.csv", (HEAD + rows).encode()), "map": MAP, **more}
    return browser.post("/issuer/rows", file)


def test_a_file_with_a_bad_row_is_refused_whole_and_each_row_named(served):
    day = served.client.get("/log.json").json["overview"]["day"]
    issuer = served.enter("metro")
    good = f"n1,card-0,helped,{day},b,s,\n"
    answer = upload(issuer, f"{good}n2,card-1,flying,{day},b,s,\n")
    assert answer.status == 422
    assert "flying" in answer.text
    assert "nothing was written" in answer.text
    kept = upload(issuer, good)
    assert kept.status == 200
    assert "1 row was taken. 0 were there already." in kept.page.text
    again = upload(issuer, good)
    assert "0 rows were taken. 1 was there already." in again.page.text


def test_rows_about_nobody_are_answered_alike(served):
    day = served.client.get("/log.json").json["overview"]["day"]
    issuer = served.enter("metro")
    known = upload(issuer, f"k1,card-1,helped,{day},b,s,\n").page.text
    unknown = upload(issuer, f"k2,nobody,helped,{day},b,s,\n").page.text
    assert known == unknown


def test_a_relying_party_asks_by_presentation_once(served):
    browser, party = served.enter("person-1"), served.enter("bus")
    page = browser.get(f"/subject/present/{CONTEXT}").page
    choice = next(a["value"] for a in page.all("input") if a.get("type") == "radio")
    code_page = served.sign(browser, browser.post(f"/subject/present/{CONTEXT}", {"for": choice}))
    shown = browser.get(code_page.headers["location"])
    code = next(a["data-copy"] for a in shown.page.all("p") if "data-copy" in a)
    assert len(base64.urlsafe_b64decode(code + "==")) > 1000
    assert "<svg" in shown.text
    said = {"for": f"{CONTEXT} ride", "transaction": "trip-77", "code": code}
    answer = party.post("/ask", said)
    assert answer.status == 200
    assert "clear" in answer.page.text
    assert party.post("/ask", {**said, "transaction": "trip-78"}).status == 422
    assert party.post("/ask", {**said, "code": "no code"}).status == 422
    facts = browser.get(f"/subject/in/{CONTEXT}.json").json["mine"]["asked"]
    assert [one["transaction"] for one in facts] == ["trip-77"]


def test_an_answer_about_nobody_is_the_answer_about_somebody(served):
    party = served.enter("bus")
    pages = [
        party.post("/ask", {"for": f"{CONTEXT} ride", "transaction": f"t-{name}", "reference": name})
        .page.text.replace(f"t-{name}", "").replace(name, "")
        for name in ("card-1", "nobody-1")
    ]  # fmt: skip
    plain = [re.sub(r"[0-9a-f]{8,}", "", page) for page in pages]
    assert plain[0] == plain[1]


def test_a_script_in_any_text_of_an_organisation_stays_text(served):
    subject, issuer, reviewer = (served.enter(who) for who in ("person-3", "metro", "second"))
    desk, party, maker = (served.enter(who) for who in ("counter", "bus", "ann"))
    place = contest(served, subject, record_of(served, 3))
    file = ("files", (SCRIPT, b"a letter"))
    served.sign(issuer, issuer.post(f"{place}/answer", dict([("words", SCRIPT), file])))
    ruling = {"outcome": "uphold", "reasons": SCRIPT}
    served.sign(desk, desk.post("/desk/stop", {"name": SCRIPT, "context": CONTEXT}))
    asked = {"for": f"{CONTEXT} ride", "transaction": SCRIPT[:50], "reference": SCRIPT}
    day = served.client.get("/log.json").json["overview"]["day"]
    pages = [
        subject.get(place), issuer.get(place), reviewer.get(place),
        reviewer.post(f"{place}/rule", ruling),
        reviewer.post(f"{place}/rule", {**ruling, "outcome": SCRIPT}),
        desk.post("/desk/contest", {"name": SCRIPT, "context": SCRIPT, "named": SCRIPT,
                                    "words": SCRIPT}),
        party.post("/ask", asked), party.post("/ask", {**asked, "code": SCRIPT}),
        maker.post(f"/studio/{CONTEXT}", {"text": SCRIPT}), maker.get(f"/studio/{CONTEXT}"),
        maker.get(f"/studio/{SCRIPT}"),
        upload(issuer, f'"{SCRIPT}",card-0,{SCRIPT},{day},"{SCRIPT}",s,\n'),
        subject.get("/subject"), subject.get("/subject/inbox"),
    ]  # fmt: skip
    for answer in pages:
        assert_runs_nothing(answer)
    assert "alert(1)" in pages[0].page.text
