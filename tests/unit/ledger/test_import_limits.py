"""What an issuer may not store: told where the row alone says so, dropped where it would tell."""

import msgspec
import pytest

from standing.cases.limits import BARRED_DAYS
from standing.cases.record_rules import no_human, signers_of, unfit_second, with_second
from standing.ledger import _cases
from standing.ledger.intake import RowsRefused
from standing.wire.days import format_day
from tests.support import CONTEXT, MAP, TODAY, row
from tests.unit.audit.test_cases import plant
from tests.unit.cases.test_contest import ruling

SECOND = MAP.replace(b'id = "id"', b'id = "id"\nsecond = "basis"')
"""A map that takes the second signer from the column of the basis, for short."""


def deliver(town, number, *, card="card-0", mapped=MAP, **changes):
    today = format_day(town.ledger.today)
    one = {"day": today, "card": card, "zones": "", "type": "fare-unpaid"} | changes
    return town.import_rows([row(number, **one)], map_data=mapped)


def held(town, person=0):
    return [r["record"] for r in town.ledger.report(town.names[person])["contexts"][0]["records"]]


def answer_of(done):
    return done.records, done.batches, done.refused, done.already_there, done.bad


DROPPED_OR_NOT = (1, 1, 0, 0, ())
"""Whoever delivers one row is answered so, stored or not."""


@pytest.fixture
def contested(town):
    """A record of person 0, signed by unit-a/anna and contested."""
    town.add_court()
    deliver(town, 0, signer="unit-a/anna")
    deliver(town, 10, signer="unit-a/anna", card="card-1")
    town.record = held(town)[0]
    town.move_to(TODAY + 20)
    town.case = town.contest(0, town.record)
    return town


# --- L67 ------------------------------------------------------------------------------------------


def test_the_staff_member_who_was_contested_cannot_issue_on_that_subject(contested):
    done = [
        deliver(contested, 3, signer="anna"),
        deliver(contested, 6, signer="Unit-B/ANNA"),
        deliver(contested, 9, signer="anna", type="helped"),
        deliver(contested, 12, signer="unit-c/carl", basis="unit-b/anna", mapped=SECOND),
    ]
    assert {answer_of(one) for one in done} == {DROPPED_OR_NOT}
    assert len(held(contested)) == 1
    deliver(contested, 15, signer="anna", card="card-1")  # on others she can
    assert len(held(contested, 1)) == 2
    contested.verify()


@pytest.mark.parametrize(
    ("signer", "second", "stored"),
    [
        ("unit-b/bert", "", False),
        ("unit-b/bert", "unit-c/carl", True),
        ("unit-b/bert", "unit-a/carl", False),  # of the unit that was contested
        ("bert", "unit-c/carl", True),
    ],
)
def test_that_issuers_burdens_need_a_second_signer_outside_the_unit(
    contested, signer, second, stored
):
    mapped = MAP.replace(b'id = "id"', f'id = "id"\nsecond = {{constant = "{second}"}}'.encode())
    done = deliver(contested, 3, signer=signer, mapped=mapped)
    assert answer_of(done) == DROPPED_OR_NOT
    assert len(held(contested)) == 1 + stored
    deliver(contested, 6, signer=signer, mapped=mapped, card="card-1")
    assert len(held(contested, 1)) == 2
    contested.verify()


def test_good_records_of_other_staff_need_no_second_signer(contested):
    deliver(contested, 3, signer="bert", type="helped")
    assert len(held(contested)) == 2


def test_a_contest_bars_for_184_days_whatever_comes_of_it(contested):
    contested.ledger.step(contested.case.name, "take-back", key=contested.people[0])
    contested.move_to(TODAY + 20 + BARRED_DAYS)
    deliver(contested, 3, signer="anna")
    assert len(held(contested)) == 1
    contested.move_to(TODAY + 20 + BARRED_DAYS + 1)
    deliver(contested, 6, signer="anna")
    assert len(held(contested)) == 2
    contested.verify()


def test_two_signers_are_kept_in_a_documented_form(town):
    deliver(town, 0, signer="unit-a/anna", basis="unit-b/bert", mapped=SECOND)
    shown = town.ledger.report(town.names[0])["contexts"][0]["records"][0]
    assert shown["signer"] == "unit-a/anna; second: unit-b/bert"
    assert signers_of(shown["signer"]) == (("unit-a", "anna"), ("unit-b", "bert"))
    assert with_second("anna", "") == "anna"


@pytest.mark.parametrize(
    "second", ["bert", "/bert", "unit-b/", "unit-a/bert", "unit-b/anna", "unit-b/sensor 4"]
)
def test_a_second_signer_that_is_none_is_named(town, second):
    assert unfit_second("unit-a/anna", second)
    mapped = MAP.replace(b'id = "id"', f'id = "id"\nsecond = {{constant = "{second}"}}'.encode())
    with pytest.raises(RowsRefused) as caught:
        deliver(town, 0, signer="unit-a/anna", mapped=mapped)
    assert caught.value.rows[0].code == "E-ROW-19"


def test_a_second_signer_is_not_written_into_the_first(town):
    with pytest.raises(RowsRefused) as caught:
        deliver(town, 0, signer="unit-a/anna; second: unit-b/bert")
    assert caught.value.rows[0].code == "E-ROW-19"


# --- L25 ------------------------------------------------------------------------------------------


def annul(town):
    rule = ruling(town, town.case)
    return town.ledger.step(town.case.name, "rule", rule, key=town.keys["first"].key)


def again(town, number, day, **changes):
    signer = {"signer": "unit-b/bert", "basis": "unit-c/carl", "mapped": SECOND}
    return deliver(town, number, day=format_day(day), **(signer | changes))


def test_what_was_annulled_does_not_come_in_again(town):
    town.add_court()
    deliver(town, 0, signer="unit-a/anna")
    town.record = held(town)[0]
    town.move_to(TODAY + 1)
    town.case = town.contest(0, town.record)
    assert annul(town).state == "closed"
    town.move_to(TODAY + 2)
    done = again(town, 3, TODAY)
    assert answer_of(done) == DROPPED_OR_NOT
    assert held(town) == [town.record]
    again(town, 6, TODAY + 1)  # another day is another act
    assert len(held(town)) == 2
    town.verify()


def test_what_was_conceded_or_lapsed_does_not_come_in_again(town):
    town.add_court()
    for number, card in ((0, "card-0"), (3, "card-1")):
        deliver(town, number, signer="unit-a/anna", card=card)
    town.move_to(TODAY + 1)
    conceded = town.contest(0, held(town)[0])
    town.contest(1, held(town, 1)[0])
    town.ledger.step(
        conceded.name, "concede", {"words": "Our mistake."}, key=town.keys["metro"].key
    )
    town.move_to(TODAY + 12)
    again(town, 6, TODAY)
    again(town, 9, TODAY, card="card-1")
    assert [len(held(town, person)) for person in (0, 1)] == [1, 1]
    town.verify()


def test_an_annulled_record_comes_back_on_new_evidence_by_its_own_step(contested):
    annul(contested)
    facts = {"words": "The camera shows it.", "certified": True}
    after = contested.ledger.step(
        contested.case.name, "re-enter", facts, key=contested.keys["metro"].key,
        files=[("report.txt", b"new")],
    )  # fmt: skip
    assert after.state == "reentered"
    reasons = contested.ledger.score("card-0", CONTEXT).score.reasons
    assert [r.why for r in reasons if r.record == contested.record] == ["noticed"]
    contested.verify()


# --- L06, L59 -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "signer", ["sensor-7", "Camera 3", "device: gate", "unit-a/CCTV", "传感器3号", "algorithm v2"]
)
def test_a_sensor_alone_accuses_nobody(town, signer):
    assert no_human(signer)
    for kind in ("fare-unpaid", "helped"):
        with pytest.raises(RowsRefused) as caught:
            deliver(town, 0, signer=signer, type=kind)
        assert caught.value.rows[0].code == "E-ROW-18"
        assert "named human" in caught.value.rows[0].reason


def test_a_person_may_be_called_much_like_a_device():
    assert not any(map(no_human, ("Ai Wei", "Bot, Jan", "inspector camera team", "Cam Tu")))


def test_a_burden_names_its_basis_and_its_signer(town):
    for empty in ({"basis": ""}, {"signer": " "}):
        with pytest.raises(RowsRefused) as caught:
            deliver(town, 0, **empty)
        assert caught.value.rows[0].code == "E-ROW-11"


def test_a_record_is_stored_within_14_days_of_its_act(town):
    town.move_to(TODAY + 14)
    deliver(town, 0, day=format_day(TODAY))
    assert len(held(town)) == 1
    with pytest.raises(RowsRefused) as caught:
        deliver(town, 3, day=format_day(TODAY - 1))
    assert caught.value.rows[0].code == "E-ROW-17"


# --- what an auditor sees -------------------------------------------------------------------------


def earlier(town, draft, day, key):
    """Plant a step as if it had been taken on an earlier day; its marks tell on it too."""
    early = msgspec.structs.replace(draft.step, day=day)
    return plant(town, _cases.Draft(early, draft.subject).signed(key))


def contest_earlier(town, day):
    facts = {"target": "record", "named": held(town)[0], "words": "Not mine.", "issuer": "metro"}
    key = town.people[0]
    draft = town.ledger.draft_opening(
        town.names[0], CONTEXT, "contest", "file", facts, by=key.public
    )
    return earlier(town, draft, day, key)


def why(town):
    wrong = {c.name: c.problem for c in town.ledger.verify().checks if not c.ok}
    assert set(wrong) == {"marks", "records"}
    return wrong["records"].why


@pytest.mark.parametrize(
    ("signer", "said"), [("anna", "was contested by this subject"), ("bert", "no second signer")]
)
def test_a_record_that_was_stored_after_a_contest_against_its_limits_is_found(town, signer, said):
    town.add_court()
    deliver(town, 0, signer="unit-a/anna")
    town.move_to(TODAY + 3)
    deliver(town, 3, signer=signer)
    contest_earlier(town, TODAY + 2)
    assert said in why(town)


def test_a_record_stored_on_the_very_day_of_the_contest_may_have_come_before_it(town):
    town.add_court()
    deliver(town, 0, signer="unit-a/anna")
    town.move_to(TODAY + 3)
    deliver(town, 3, signer="anna")
    town.contest(0, held(town)[0])
    assert town.ledger.verify().ok


def test_a_record_that_was_annulled_and_came_in_again_is_found(town):
    town.add_court()
    deliver(town, 0, signer="unit-a/anna")
    town.move_to(TODAY + 3)
    again(town, 3, TODAY)
    case = contest_earlier(town, TODAY + 1)
    assert len(held(town)) == 2
    key = town.keys["first"].key
    draft = town.ledger.draft_step(case.name, "rule", ruling(town, case), by=key.public)
    earlier(town, draft, TODAY + 2, key)
    assert "(L25)" in why(town)
