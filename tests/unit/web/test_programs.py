"""What programs do over the interface: as who signs, once, whole; with the client and without."""

import json
import time
from pathlib import Path

import msgspec
import pytest

from standing.client import Client as Ledger
from standing.errors import Broken, Refused, Unreachable
from standing.signed_requests import sign_request
from standing.wire.days import format_day
from standing.wire.keys import SigningKey
from tests.support import CONTEXT, MAP, TODAY, row
from tests.unit.web.support import Served, serve_town

NOW = TODAY + 20
API = "/api/v1"


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with serve_town(tmp_path_factory.mktemp("programs")) as made:
        yield made


@pytest.fixture(scope="module")
def remote(served: Served) -> Ledger:
    return Ledger(served.client.url)


def signed(served: Served, key: SigningKey, method: str, path: str, body: bytes = b"", **more: str):
    """Send one signed request; gives the answer and the fields it was sent with."""
    named = {
        "Content-Type": "application/json",
        **{k.replace("_", "-"): v for k, v in more.items()},
    }
    headers = sign_request(key, method, served.client.url + path, body, named)
    return served.client.send(method, path, headers=headers, body=body or None), headers


def record_of(served: Served, person: int) -> str:
    cards = served.do(lambda ledger: ledger.mine(served.town.people[person].public, CONTEXT).cards)
    return next(card.record for card in cards if card.face < 0 and card.can_contest)


# --- who asks ------------------------------------------------------------------------------------


def test_an_unsigned_request_is_told_how_to_sign(served):
    answer = served.client.get(f"{API}/contexts")
    assert answer.status == 401
    assert answer.headers["accept-signature"].startswith('standing=("@method"')


def test_a_key_is_told_what_it_is_good_for(served, remote):
    assert remote.me(served.town.people[0]).holding.role == "subject"
    assert remote.me(served.town.keys["metro"].key).holding.name == "metro"
    assert remote.me(SigningKey.generate()).holding.role == ""


def test_a_request_is_good_once(served):
    first, headers = signed(served, served.town.people[0], "GET", f"{API}/me")
    assert first.status == 200
    second = served.client.send("GET", f"{API}/me", headers=headers)
    assert (second.status, second.json["code"]) == (401, "E-SIGNED-02")


def test_what_a_signature_covers_cannot_be_changed(served):
    key, body = served.town.people[0], b'{"context": "transit"}'
    _, headers = signed(served, key, "GET", f"{API}/me")
    for method, path, sent in [
        ("DELETE", f"{API}/me", None),
        ("GET", f"{API}/me?x=1", None),
        ("GET", f"{API}/contexts", None),
    ]:
        answer = served.client.send(method, path, headers=headers, body=sent)
        assert (answer.status, answer.json["code"]) == (401, "E-SIGNED-01"), (method, path)
    url = served.client.url + f"{API}/withdrawals"
    headers = sign_request(key, "POST", url, body, {"Content-Type": "application/json"})
    other = served.client.send("POST", f"{API}/withdrawals", headers=headers, body=body + b" ")
    assert other.json["code"] == "E-SIGNED-01"
    without = {k: v for k, v in headers.items() if k != "Content-Digest"}
    assert (
        served.client.send("POST", f"{API}/withdrawals", headers=without, body=body).status == 401
    )


def test_odd_signature_fields_are_refused_and_never_a_fault(served):
    _, good = signed(served, served.town.people[0], "GET", f"{API}/me")
    for field in ("Signature", "Signature-Input"):
        for value in ("", "standing=", "standing=:AAAA:", "x" * 5000, good[field][:-3], "a=1;;"):
            answer = served.client.send("GET", f"{API}/me", headers={**good, field: value})
            assert answer.status == 401, (field, value)
    for keyid in ("", "AAAA", "x" * 200, "é"):
        named = good["Signature-Input"].split('keyid="')
        text = f'{named[0]}keyid="{keyid}"{named[1].split(chr(34), 1)[1]}'
        headers = {**good, "Signature-Input": text.encode("utf-8").decode("latin-1")}
        assert served.client.send("GET", f"{API}/me", headers=headers).status == 401, keyid


# --- once ----------------------------------------------------------------------------------------


def test_a_request_sent_again_with_its_key_is_done_once(served):
    key, name = SigningKey.generate(), "5d5f9f1e-0d1c-4a0e-9c8f-6f4b8b7e2a11"
    first, _ = signed(served, key, "POST", f"{API}/enrolments", b"{}", Idempotency_Key=name)
    again, _ = signed(served, key, "POST", f"{API}/enrolments", b"{}", Idempotency_Key=name)
    assert (first.status, again.status, again.body) == (201, 201, first.body)
    assert again.headers["idempotency-replayed"] == "true"
    other, _ = signed(served, key, "POST", f"{API}/enrolments", b"{} ", Idempotency_Key=name)
    assert (other.status, other.json["code"]) == (422, "E-WEB-23")
    plain, _ = signed(served, key, "POST", f"{API}/enrolments", b"{}")
    assert plain.status == 409  # without the key it is a second request
    short, _ = signed(served, key, "POST", f"{API}/enrolments", b"{}", Idempotency_Key="1")
    assert (short.status, short.json["code"]) == (400, "E-WEB-21")


def test_one_senders_key_says_nothing_to_another(served):
    name = "0b0f9f1e-0d1c-4a0e-9c8f-6f4b8b7e2a22"
    one, two = SigningKey.generate(), SigningKey.generate()
    first, _ = signed(served, one, "POST", f"{API}/enrolments", b"{}", Idempotency_Key=name)
    other, _ = signed(served, two, "POST", f"{API}/enrolments", b"{}", Idempotency_Key=name)
    assert first.json["key"] != other.json["key"]


def test_a_kept_answer_is_sealed_under_what_the_client_alone_holds(served):
    key, name = SigningKey.generate(), "9a0f9f1e-0d1c-4a0e-9c8f-6f4b8b7e2a33"
    answer, _ = signed(served, key, "POST", f"{API}/enrolments", b"{}", Idempotency_Key=name)
    kept = b"".join(p.read_bytes() for p in Path(served.town.directory).glob("web.db*"))
    assert answer.json["key"].encode() not in kept
    assert name.encode() not in kept


def test_what_was_refused_may_be_asked_again_with_its_key(served):
    key, name = SigningKey.generate(), "1c0f9f1e-0d1c-4a0e-9c8f-6f4b8b7e2a44"
    bad = b'{"kind": "person", "role": "operator"}'
    refused, _ = signed(served, key, "POST", f"{API}/enrolments", bad, Idempotency_Key=name)
    assert refused.status == 400  # members that are not asked for are refused
    good, _ = signed(served, key, "POST", f"{API}/enrolments", b"{}", Idempotency_Key=name)
    assert good.status == 201


# --- subjects ------------------------------------------------------------------------------------


def test_a_subject_enrols_agrees_narrows_and_stops(served, remote):
    key = SigningKey.generate()
    assert remote.enrol(key).holding.role == "subject"
    assert "ENGLISH" in remote.consent_text(CONTEXT)
    name = remote.consent(key, CONTEXT)
    mine = remote.mine(key, CONTEXT)
    assert (mine.subject, mine.consents[0].is_live) == (name, True)
    with pytest.raises(Refused, match="E-CONSENT-02"):  # there is one purpose, and it stays
        remote.narrow(key, CONTEXT, purposes=mine.consents[0].purposes)
    assert remote.withdraw(key, CONTEXT) == name
    assert remote.mine(key, CONTEXT).score is None
    assert not any(given.is_live for given in remote.mine(key, CONTEXT).consents)
    assert remote.erase(key=key).complete
    assert remote.me(key).holding.role == ""


def test_the_interface_gives_what_the_page_shows(served, remote):
    key = served.town.people[0]
    page = served.enter("person-0").get(f"/subject/in/{CONTEXT}.json").json["mine"]
    assert json.loads(msgspec.json.encode(remote.mine(key, CONTEXT))) == page
    assert [place.context for place in remote.places(key)] == [CONTEXT]
    assert remote.report(key)


def test_a_contest_goes_its_way(served, remote):
    key, record = served.town.people[3], record_of(served, 3)
    before = remote.mine(key, CONTEXT).score
    facts = {"target": "record", "named": record, "ground": "wrong", "words": "I had a ticket."}
    case = remote.open_case(
        "", CONTEXT, "contest", "file", facts, key=key, files=[("../ticket.txt", b"a ticket")]
    )
    assert remote.mine(key, CONTEXT).score > before
    [file] = case.steps[0].files
    assert (file.name, remote.file(case.case, file.leaf, key)) == ("ticket.txt", b"a ticket")
    waiting = remote.work_lines(served.town.keys["metro"].key)
    assert case.case in [line.case for line in waiting]
    with pytest.raises(Refused, match="E-CASE-06"):
        remote.case_for(case.case, served.town.people[1])
    with pytest.raises(Refused, match="E-CASE-06"):
        remote.step(case.case, "take-back", key=served.town.people[1])
    assert remote.step(case.case, "take-back", key=key).is_over


def test_nobody_learns_who_is_enrolled_by_opening_cases(served):
    stranger = SigningKey.generate()
    told = []
    for name in ("card-1", "card-99999", served.town.names[1]):
        wish = {"subject": name, "context": CONTEXT, "lifecycle": "contest", "event": "file",
                "facts": {"target": "record", "named": "r_x", "words": "No."}}  # fmt: skip
        answer, _ = signed(served, stranger, "POST", f"{API}/cases", json.dumps(wish).encode())
        told.append((answer.status, answer.body))
    assert told[0][0] == 422
    assert len(set(told)) == 1


def test_a_draft_is_its_writers_alone_and_is_signed_once(served, remote):
    key, other = served.town.people[4], served.town.people[2]
    draft, _ = signed(served, key, "POST", f"{API}/withdrawals", b'{"context": "transit"}')
    place = f"{API}/drafts/{draft.json['draft']}"
    assert signed(served, other, "GET", place)[0].status == 409
    assert signed(served, key, "GET", place)[0].json == {"proofs": len(draft.json["documents"])}
    wrong = {"proofs": [{"kind": "cose", "parts": ["AAAA"]}] * len(draft.json["documents"])}
    answer, _ = signed(served, key, "POST", place, json.dumps(wrong).encode())
    assert answer.status == 422
    assert any(given.is_live for given in remote.mine(key, CONTEXT).consents)
    assert signed(served, key, "DELETE", place)[0].status == 204
    assert signed(served, key, "GET", place)[0].status == 409


def test_the_client_signs_nothing_but_what_it_asked_for(served, remote, monkeypatch):
    key = served.town.people[2]
    post = remote._wire.post

    def another(place, wish, kind, signing=None):
        if place == "/withdrawals":
            return post("/consents", {"context": CONTEXT}, kind, signing)
        return post(place, wish, kind, signing)

    monkeypatch.setattr(remote._wire, "post", another)
    with pytest.raises(Broken, match="E-CLIENT-04"):
        remote.withdraw(key, CONTEXT)


# --- issuers and relying parties -----------------------------------------------------------------


def test_an_issuer_sends_rows_from_elsewhere(served, remote, tmp_path):
    day = format_day(NOW - 1)
    data = [row(n, id=f"far-{n}", day=day) for n in range(3)]
    path = served.town.write_rows(data, "far.csv")
    key = served.town.keys["metro"].key
    done = remote.import_file(path, MAP, "metro", key)
    assert (done.records, done.already_there, done.bad) == (3, 0, ())
    assert remote.import_file(path, MAP, "metro", key).already_there == 3
    with pytest.raises(Refused, match="E-WEB-10"):
        remote._wire.send("POST", "/batches", b"\x80", key=served.town.people[0])
    with pytest.raises(Refused, match="E-BATCH"):
        remote._wire.send("POST", "/batches", b"\xff", "application/cbor", key=key)


def test_a_relying_party_asks_and_is_answered(served, remote):
    party = served.town.keys["bus"]
    answer = remote.decide(party.key, CONTEXT, "ride", "booking-1", reference="card-0").answer
    assert answer.answer == "clear"
    assert remote.followed(party.key, ["booking-1"]) == 1
    assert remote.recalls_of(party.key) == []
    with pytest.raises(Refused, match="E-RECALL-02"):
        remote.confirm_recalls(party.key, ["booking-1"])
    with pytest.raises(Refused, match="E-KEY-13"):
        remote.recalls_of(served.town.people[0])


def test_a_server_that_is_not_there_is_unreachable():
    with pytest.raises(Unreachable, match="E-CLIENT-03"):
        Ledger("http://localhost:9").overview()
    for odd in ("localhost", "ftp://host", "http://host/path", ""):
        with pytest.raises(Refused, match="E-CLIENT-01"):
            Ledger(odd)


def test_rules_are_drafted_simulated_and_named(served, remote):
    ann = served.town.keys["ann"].key
    begun = remote.pack_draft(ann, CONTEXT)
    assert ("version: 2" in begun.text, begun.unread) == (True, None)
    text = begun.text.replace("points: -50", "points: -40").encode()
    assert {finding.code for finding in remote.save_draft(ann, CONTEXT, text).findings} == {
        finding.code for finding in remote.lint(text)
    }
    assert [(one.context, one.author) for one in remote.pack_drafts(ann)] == [(CONTEXT, "ann")]
    odd = remote.save_draft(ann, CONTEXT, b"format: nothing\n")
    assert odd.unread is not None or odd.findings
    remote.save_draft(ann, CONTEXT, text)
    with pytest.raises(Refused, match="E-WEB-04"):
        remote.name_simulation(ann, CONTEXT)  # none was run of this text
    with pytest.raises(Refused, match="E-PACK"):
        remote.simulate(ann, "nowhere", text)
    assert remote.simulate(ann, CONTEXT, text).state == "running"
    for _ in range(600):
        shown = remote.simulation(ann, CONTEXT)
        if shown.state != "running":
            break
        time.sleep(0.1)
    assert shown.state == "done", shown
    assert msgspec.json.decode(remote.simulation_document(ann, CONTEXT)) == shown.result
    named = remote.name_simulation(ann, CONTEXT)
    assert "simulation:" in named.text
    for key in (served.town.people[0], served.town.keys["metro"].key):
        with pytest.raises(Refused, match="E-WEB-10"):
            remote.pack_drafts(key)
        with pytest.raises(Refused, match="E-WEB-10"):
            remote.save_draft(key, CONTEXT, text)
    with pytest.raises(Refused, match="E-PACK-25"):
        remote.save_draft(ann, "nowhere", text)


def test_a_subject_learns_who_may_ask_what(served, remote):
    found = remote.askers(served.town.people[0], CONTEXT)
    assert ("bus", "ride") in {(one.party, one.purpose) for one in found}
    assert remote.askers(served.town.people[0], "nowhere") == []
    with pytest.raises(Refused, match="E-WEB-10"):
        remote.askers(served.town.keys["metro"].key, CONTEXT)


def test_public_parts_need_no_key(served, remote):
    assert remote.trust_file() == (served.town.directory / "trust.json").read_bytes()
    assert remote.verification()["state"] == ""
    assert remote.growth()[-1].size == remote.overview().size
    assert remote.packs()[-1].version == 1
    assert remote.contest_numbers().smallest == 5
    assert remote.reviewers() == served.do(lambda ledger: ledger.rates())["reviewers"]
    assert remote.overview().size == served.do(lambda ledger: ledger.log_size)
    page = remote.entries(limit=3)
    assert len(page.entries) == 3
    assert remote.entries(page.next, 3).entries[0].index == page.entries[-1].index - 1
    assert remote.entry("0").index == 0
    assert remote.roll()
    assert remote.pack(CONTEXT, 1).pack["context"] == CONTEXT
