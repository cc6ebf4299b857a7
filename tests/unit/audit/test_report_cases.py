"""A report for a recipient carries its cases: with them the score verifies, without it does not."""

import cbor2
import pytest

from standing import audit
from standing.cases import reports
from standing.errors import Refused
from standing.ledger.facts import verification_facts, verification_text
from standing.vault import Step, parse_preimage
from standing.wire import cbor, cose
from standing.wire.keys import SigningKey
from tests.support import CONTEXT, TODAY, new_key, row
from tests.unit.cases.test_contest import ruling


@pytest.fixture
def heard(town):
    """One record of person 0 annulled, one upheld, one contested, one with an answered reply."""
    town.add_court()
    town.import_rows([row(n, card="card-0", zones="") for n in (0, 3, 6, 9)])
    town.move_to(TODAY + 20)
    town.annulled, town.upheld, town.open, town.replied = (
        town.record_of(0, place) for place in range(4)
    )
    cases = [town.contest(0, record) for record in (town.annulled, town.upheld)]
    for case, outcome in zip(cases, ("annul", "uphold"), strict=True):
        rule = ruling(town, case, outcome)
        town.ledger.step(case.name, "rule", rule, key=town.keys["first"].key)
    facts = {"record": town.replied, "words": "The machine was broken."}
    reply = town.ledger.open_case(
        town.names[0], CONTEXT, "reply", "reply", facts, key=town.people[0]
    )
    town.ledger.step(reply.name, "answer", {"words": "It was not."}, key=town.keys["metro"].key)
    town.ledger.step(cases[1].name, "appeal", {"words": "Again."}, key=town.people[0])
    town.move_to(TODAY + 23)
    rule = ruling(town, cases[1], "uphold")
    town.ledger.step(cases[1].name, "decide", rule, key=town.keys["second"].key)
    town.move_to(TODAY + 25)
    town.contest(0, town.open)
    town.move_to(TODAY + 26)
    town.ledger.tick()
    town.recipient = new_key("auditor", "court")
    return town


def made(town):
    return town.ledger.report_for(town.names[0], CONTEXT, town.recipient.public)


def verify(town, sealed):
    trust = audit.load_trust(town.directory)
    return audit.verify_report(sealed, trust, town.recipient.key, town.ledger.today)


def forged(town, change):
    """Make the report again with another content, signed and sealed by the ledger's own key."""
    signed = reports.open_report(made(town), town.recipient.key)
    content = cbor.decode(cose.parse_sign1(signed, max_bytes=len(signed)).payload)
    change(content)
    core = town.ledger._core
    again = reports.sign_report(core.answer_key, core.trust.origin, content)
    return verify(town, reports.seal_report(again, town.recipient.public))


def problem(result):
    [wrong] = [c.problem for c in result.checks if c.problem]
    return f"{wrong.what} {wrong.why}"


def place_of(content, event):
    """Find a proven step by its event."""
    for place, (_, _, data, _) in enumerate(content["documents"]):
        document = parse_preimage(data)
        if isinstance(document, Step) and document.event == event:
            return place
    raise AssertionError(event)


def test_a_report_verifies_with_the_statuses_that_rulings_gave(heard):
    result = verify(heard, made(heard))
    assert result.ok, [c.problem for c in result.checks if c.problem]
    shown = {record.id: (record.status, record.counted) for record in result.records}
    assert shown == {
        heard.annulled: ("annulled", 0), heard.upheld: ("effective", -50),
        heard.open: ("contested", 0), heard.replied: ("effective", -50),
    }  # fmt: skip
    counts = {check.name: check.count for check in result.checks}
    assert counts["cases"] == 9


def test_a_reply_and_its_answer_stand_beside_the_record(heard):
    result = verify(heard, made(heard))
    said = {record.id: (record.reply, record.answer) for record in result.records}
    assert said[heard.replied] == ("The machine was broken.", "It was not.")
    text = verification_text(result)
    assert "the subject says: The machine was broken." in text
    assert "metro says: It was not." in text
    assert len(verification_facts(result)["records"]) == 4


def test_a_report_that_leaves_out_a_case_gives_another_score(heard):
    def leave_out(content):
        steps = [parse_preimage(d[2]) for d in content["documents"]]
        content["documents"] = [
            d
            for d, step in zip(content["documents"], steps, strict=True)
            if not (isinstance(step, Step) and step.lifecycle == "contest")
        ]

    assert "score cannot be recomputed" in problem(forged(heard, leave_out))


@pytest.mark.parametrize("event", ["appeal", "rule"])
def test_a_report_that_leaves_out_a_step_has_a_gap(heard, event):
    def leave_out(content):
        places = [
            place
            for place, (_, _, data, _) in enumerate(content["documents"])
            if isinstance(parse_preimage(data), Step)
            and parse_preimage(data).event == event
            and parse_preimage(data).facts.get("outcome", "uphold") == "uphold"
        ]
        del content["documents"][places[0]]

    assert "WITHHELD" in problem(forged(heard, leave_out))


def test_a_report_that_leaves_out_a_beginning_is_found(heard):
    def leave_out(content):
        del content["documents"][place_of(content, "reply")]

    assert "not whole" in problem(forged(heard, leave_out))


def test_an_invented_ruling_is_found(heard):
    [case] = [c for c in heard.ledger.cases(heard.names[0], CONTEXT) if c.state == "open"]
    nobody = SigningKey.generate()
    draft = heard.ledger.draft_step(case.name, "rule", ruling(heard, case), by=nobody.public)
    from standing.vault import preimage

    def invent(content):
        content["waiting"].append(preimage(draft.signed(nobody).step))

    assert "nobody who might take it" in problem(forged(heard, invent))

    def vouch(content):
        content["keys"].append([nobody.public.cose_key(), "reviewer", "first"])
        invent(content)

    assert "nobody who might take it" in problem(forged(heard, vouch))


def test_a_ruling_of_the_reviewers_name_needs_the_reviewers_key(heard):
    def change(content):
        place = place_of(content, "decide")
        values = cbor2.loads(content["documents"][place][2])
        values[9]["outcome"] = "annul"
        content["documents"][place][2] = cbor.encode(values)

    assert not forged(heard, change).ok


def test_relief_of_today_is_in_the_report_before_its_marks(heard):
    heard.contest(0, heard.replied)
    result = verify(heard, made(heard))
    assert result.ok, [c.problem for c in result.checks if c.problem]
    assert {r.id: r.status for r in result.records}[heard.replied] == "contested"
    unchecked = {check.name: check.unchecked for check in result.checks}
    assert "1 that wait for the next interval" in unchecked["documents"]
    heard.move_to(TODAY + 27)
    heard.ledger.tick()
    unchecked = {check.name: check.unchecked for check in verify(heard, made(heard)).checks}
    assert "wait" not in unchecked["documents"]


def test_a_step_by_a_representative_stands_on_the_ledgers_word_and_the_report_says_so(heard):
    key = SigningKey.generate()
    facts = {
        "key": key.public.cose_key(), "kind": "attorney", "name": "A. Counsel",
        "acts": ["contest"], "until": TODAY + 90,
    }  # fmt: skip
    heard.ledger.open_case(heard.names[0], "", "mandate", "give", facts, key=heard.people[0])
    heard.ledger.open_case(
        heard.names[0], CONTEXT, "contest", "file",
        {"target": "record", "named": heard.replied, "words": "Not theirs."}, key=key,
    )  # fmt: skip
    result = verify(heard, made(heard))
    assert result.ok, [c.problem for c in result.checks if c.problem]
    unchecked = {check.name: check.unchecked for check in result.checks}
    assert unchecked["cases"] == "1 steps under keys that only the ledger vouches for"
    content = cbor.decode(
        cose.parse_sign1(
            reports.open_report(made(heard), heard.recipient.key), max_bytes=1 << 26
        ).payload
    )
    documents = [parse_preimage(d[2]) for d in content["documents"]]
    documents += [parse_preimage(data) for data in content["waiting"]]
    assert {document.context for document in documents} == {CONTEXT}


def test_a_report_without_its_consent_does_not_hold(heard):
    def leave_out(content):
        content["documents"] = [
            d for d in content["documents"] if type(parse_preimage(d[2])).__name__ != "Consent"
        ]

    assert not forged(heard, leave_out).ok


def test_no_file_of_a_case_is_in_a_report(heard):
    [case] = [c for c in heard.ledger.cases(heard.names[0], CONTEXT) if c.state == "open"]
    heard.ledger.step(
        case.name, "add", {"words": "See it."}, key=heard.people[0],
        files=[("a.txt", b"something private about somebody")],
    )  # fmt: skip
    opened = reports.open_report(made(heard), heard.recipient.key)
    assert b"something private" not in opened
    assert verify(heard, made(heard)).ok


def test_nobody_makes_a_report_of_a_subject_who_left(heard):
    heard.ledger.withdraw(heard.people[0], CONTEXT)
    with pytest.raises(Refused):
        made(heard)
