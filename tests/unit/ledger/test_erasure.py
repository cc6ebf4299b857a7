"""Erasing: to the last byte of every file, at once or by the clock, and nothing of anybody else."""

import pytest

from standing.columns import ColumnStore
from standing.errors import Refused
from standing.ledger import _population, _scores
from standing.ledger._people import sign_document
from standing.wire.days import format_day
from standing.wire.keys import SigningKey
from tests.support import ADULT_SINCE, CONTEXT, NOTICE_DAYS, TODAY, UNTIL, make_ledger, new_key, row
from tests.traces import Traces

COUNTED = TODAY + NOTICE_DAYS
EVIDENCE = b"a photograph of a ticket, " * 500
PEOPLE = 40
"""Enough that pages of the vault's tables are split, so that older copies of rows are about."""


@pytest.fixture
def court(tmp_path, monkeypatch):
    """People with records in columns, populations, questions; person 0 with a contest and a file."""
    monkeypatch.setattr(_scores, "_SMALL", 0)
    town = make_ledger(tmp_path, subjects=PEOPLE, page_size=512)
    town.add_court()
    rows = [row(n, id=f"r{n}", card=f"card-{n % PEOPLE}", zones="") for n in range(3 * PEOPLE)]
    town.import_rows(rows, batch_records=50)
    town.move_to(COUNTED)
    town.ledger.score_all(CONTEXT)
    town.ledger.decide(town.ask("card-0"))
    case = town.contest(0, town.record_of(0), words="I had a ticket, and here it is.")
    town.ledger.step(
        case.name, "add", {"words": "The ticket."}, key=town.people[0], files=[("t.jpg", EVIDENCE)]
    )
    town.ledger.give_attributes(town.people[0], CONTEXT, region="de-by")
    town.move_to(COUNTED + 1)
    town.ledger.tick()
    yield town
    town.ledger.close()


def number_of(town, person=0):
    return town.ledger._core.vault.people.find(town.names[person])


def desk(town):
    return town.keys["counter"].key


def verified(town):
    """Publish the marks that are due, and verify; gives what is wrong."""
    town.move_to(town.ledger.today + 1)
    town.ledger.tick()
    return [str(check.problem) for check in town.ledger.verify().checks if not check.ok]


def hold(town, person=0, days=200):
    facts = {
        "claim": "Claim 7 of the city court",
        "words": "It is evidence.",
        "until": town.ledger.today + days,
    }
    return town.ledger.open_case(
        town.people[person].public, CONTEXT, "hold", "hold", facts, key=town.people[person]
    )


# --- to the last byte -----------------------------------------------------------------------------


def test_of_whoever_is_erased_no_byte_is_left_in_any_file(court):
    traces = Traces(court.ledger, number_of(court), CONTEXT)
    assert set(traces.found(stored_alone=True)) == set(traces.stored)
    places = {
        name.split("/")[0].split(".")[0] for names in traces.found().values() for name in names
    }
    assert {"columns", "keys", "vault"} <= places
    done = court.ledger.erase(CONTEXT, key=court.people[0])
    assert (done.records, done.documents, done.complete) == (3, 7, True)
    assert traces.found() == {}
    court.ledger.score_all(CONTEXT)
    assert traces.found() == {}
    assert verified(court) == []
    court.ledger.close()
    assert traces.found() == {}


def test_whoever_is_erased_everywhere_has_no_place_left(court):
    number, key = number_of(court), court.people[0]
    traces = Traces(court.ledger, number, CONTEXT)
    facts = {"kind": "email", "address": "someone@example.org"}
    contact = court.ledger.open_case(key.public, "", "contact", "set", facts, key=key)
    court.move_to(COUNTED + 2)
    assert court.ledger.tick(send=False).news > 0
    vault = court.ledger._core.vault
    assert [m for m in vault.outbox.messages() if m.recipient == contact.name]
    traces.stored |= Traces(court.ledger, number, "").stored
    traces.stored["number, big-endian"] = number.to_bytes(8)
    traces.stored["public key"] = key.public.cose_key()[-40:]
    assert {"number, big-endian", "public key"} <= set(traces.found())
    assert court.ledger.erase(key=key).contexts == (CONTEXT,)
    assert traces.found() == {}
    assert rows_with(court, number, contact.name) == []
    with pytest.raises(Refused, match="E-PEOPLE-08"):
        court.ledger.consent(key, CONTEXT)
    assert verified(court) == []
    court.ledger.enrol(key.public)
    court.ledger.attest_adult(key.public, ADULT_SINCE, by=court.keys["registry"].key)
    name = court.ledger.consent(key, CONTEXT)
    assert name != court.names[0]
    assert court.ledger.score(name, CONTEXT).score.score == 1000


def rows_with(town, *values):
    """Name the tables that have a row with one of these values in any column."""
    db = town.ledger._core.vault.db
    tables = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type='table'")]
    assert len(tables) > 20
    return [
        name
        for name in tables
        if any({*values} & {*row} for row in db.execute(f"SELECT * FROM {name}"))
    ]


def test_everybody_may_be_erased_one_after_the_other_and_leaves_nothing(court):
    traces = [Traces(court.ledger, number_of(court, n), CONTEXT) for n in range(PEOPLE)]
    for person in range(PEOPLE):
        court.ledger.erase(CONTEXT, key=court.people[person])
    assert [(n, found) for n, trace in enumerate(traces) if (found := trace.found())] == []
    assert verified(court) == []


def test_what_is_held_of_others_stays_as_it_was(court):
    names = court.names[1:]
    before = [court.ledger.report(name) for name in names]
    court.ledger.erase(CONTEXT, key=court.people[0])
    assert [court.ledger.report(name) for name in names] == before


def test_the_leaves_in_public_trees_stay(court):
    vault = court.ledger._core.vault
    leaves = Traces(court.ledger, number_of(court), CONTEXT).leaves
    court.ledger.erase(CONTEXT, key=court.people[0])
    trees = b"".join(leaves for _, _, _, leaves in vault.marks.every())
    trees += b"".join(batch.leaves for batch in vault.batches.each())
    assert len(leaves) > 8
    assert [leaf for leaf in leaves if leaf not in trees] == []


def test_a_stored_population_that_somebody_is_in_goes_with_them(court):
    court.ledger.withdraw(court.people[0], CONTEXT)
    court.move_to(COUNTED + 2)
    court.ledger.score_all(CONTEXT)
    court.ledger.erase(CONTEXT, key=court.people[0])
    assert [day for _, day, _, _, _ in court.ledger._core.vault.populations.every()] == [
        COUNTED + 2
    ]
    assert verified(court) == []


def test_after_an_erasure_the_bulk_store_scores_as_the_records_do(court):
    court.ledger.erase(CONTEXT, key=court.people[0])
    core = court.ledger._core
    schedule = _scores._rules.schedule(core, CONTEXT)
    bulk = _population.Everyone(core, CONTEXT).score(schedule, core.today)
    by_records = [
        court.ledger.score(core.vault.secret.pseudonym(number, CONTEXT), CONTEXT).score.score
        for number in bulk.numbers.tolist()
    ]
    assert bulk.score.tolist() == by_records
    assert len(by_records) == PEOPLE - 1


def test_importing_again_adds_nothing_of_whoever_was_erased(court):
    day = format_day(COUNTED)
    rows = [row(1, id=f"late{n}", card=f"card-{n}", zones="", day=day) for n in range(3)]
    assert court.import_rows(rows).records == 3
    court.ledger.erase(CONTEXT, key=court.people[0])
    again = court.import_rows(rows)
    assert (again.records, again.already_there) == (0, 3)
    fresh = [row(1, id="fresh", card="card-0", zones="", day=day)]
    assert court.import_rows(fresh).records == 1
    assert verified(court) == []


def test_a_new_consent_after_an_erasure_starts_at_the_base(court):
    court.ledger.erase(CONTEXT, key=court.people[0])
    court.ledger.consent(court.people[0], CONTEXT)
    report = court.ledger.report(court.names[0])["contexts"][0]
    assert (report["score"]["score"], report["records"], report["references"]) == (1000, [], [])
    assert verified(court) == []


# --- who may, and when not ------------------------------------------------------------------------


def test_nothing_is_erased_while_a_claim_needs_it(court):
    case = hold(court)
    before = court.ledger.report(court.names[0])
    with pytest.raises(Refused, match="E-ERASE-02") as caught:
        court.ledger.erase(CONTEXT, key=court.people[0])
    assert "Claim 7" in caught.value.why
    assert court.ledger.report(court.names[0]) == before
    with pytest.raises(Refused, match="E-ERASE-02"):
        court.ledger.erase(key=court.people[0])
    court.ledger.step(case.name, "release", key=court.people[0])
    assert court.ledger.erase(CONTEXT, key=court.people[0]).complete


def test_a_contest_that_was_to_be_finished_is_finished_first(court):
    case = court.ledger.cases(court.names[0], CONTEXT)[0]
    court.ledger.withdraw(court.people[0], CONTEXT, finish=True)
    with pytest.raises(Refused, match="E-ERASE-02") as caught:
        court.ledger.erase(CONTEXT, key=court.people[0])
    assert case.name in caught.value.why
    court.ledger.step(case.name, "take-back", key=court.people[0])
    assert court.ledger.erase(CONTEXT, key=court.people[0]).complete


def test_whoever_leaves_with_an_open_contest_and_asks_for_all_is_erased(court):
    assert court.ledger.cases(court.names[0], CONTEXT)[0].state == "open"
    assert court.ledger.erase(CONTEXT, key=court.people[0]).complete


def test_a_refused_erasure_can_be_contested(court):
    hold(court)
    with pytest.raises(Refused, match="E-ERASE-02"):
        court.ledger.erase(CONTEXT, key=court.people[0])
    said = {"target": "erasure", "words": "The claim was settled."}
    case = court.ledger.open_case(
        court.people[0].public, CONTEXT, "contest", "file", said, key=court.people[0]
    )
    assert case.state == "open"
    assert verified(court) == []


def test_a_desk_erases_for_whoever_lost_their_key(court):
    traces = Traces(court.ledger, number_of(court), CONTEXT)
    done = court.ledger.erase(CONTEXT, key=desk(court), subject="card-0")
    assert (done.documents, done.records) == (0, 0)
    assert traces.found() == {}
    assert verified(court) == []


def test_a_desk_is_not_told_whether_anybody_was_there(court):
    known = court.ledger.erase(CONTEXT, key=desk(court), subject=court.names[1])
    again = court.ledger.erase(CONTEXT, key=desk(court), subject=court.names[1])
    never = court.ledger.erase(CONTEXT, key=desk(court), subject="card-nobody")
    assert known == again == never
    count = "SELECT count(*) FROM documents WHERE kind='erasure'"
    assert court.ledger._core.vault.db.execute(count).fetchone() == (3,)
    assert verified(court) == []


def test_a_desk_of_one_context_does_not_erase_everywhere(court):
    with pytest.raises(Refused, match="E-ERASE-05"):
        court.ledger.erase(key=desk(court), subject=court.names[0])
    everywhere = new_key("desk", "town-hall")
    court.ledger.accredit(
        everywhere.public, role="desk", name="town-hall", until=UNTIL, by=court.keys["city"]
    )
    court.ledger.erase(key=everywhere.key, subject=court.names[0])
    with pytest.raises(Refused, match="E-PEOPLE-08"):
        court.ledger.consent(court.people[0], CONTEXT)
    assert verified(court) == []


@pytest.mark.parametrize("who", ["metro", "bus", "first", "watch", "city"])
def test_nobody_else_erases_for_somebody(court, who):
    with pytest.raises(Refused) as caught:
        court.ledger.erase(CONTEXT, key=court.keys[who].key, subject="card-0")
    assert caught.value.code in {"E-ERASE-05", "E-CASE-07"}
    assert court.ledger.score(court.names[0], CONTEXT)


def test_nothing_is_erased_twice_or_inside_a_bulk_block(court):
    with court.ledger.bulk(), pytest.raises(Refused, match="E-ERASE-01"):
        court.ledger.erase(CONTEXT, key=court.people[0])
    court.ledger.erase(CONTEXT, key=court.people[0])
    with pytest.raises(Refused, match="E-ERASE-03"):
        court.ledger.erase(CONTEXT, key=court.people[0])


def test_an_organisation_is_not_erased_on_request(court):
    key = SigningKey.generate()
    court.ledger.enrol(key.public, "sole_trader")
    court.ledger.consent(key, CONTEXT)
    with pytest.raises(Refused, match="E-ERASE-06"):
        court.ledger.erase(CONTEXT, key=key)


# --- stepping back --------------------------------------------------------------------------------


def joined(town):
    key = SigningKey.generate()
    town.ledger.enrol(key.public)
    town.ledger.attest_adult(key.public, ADULT_SINCE, by=town.keys["registry"].key)
    return key, town.ledger.consent(key, CONTEXT)


def test_within_14_days_of_the_first_consent_one_steps_back_without_trace(court):
    key, name = joined(court)
    court.link(name, "card-new")
    traces = Traces(court.ledger, court.ledger._core.vault.people.find(name), CONTEXT)
    court.move_to(court.ledger.today + 13)
    assert court.ledger.step_back(key, CONTEXT).complete
    assert traces.found() == {}
    with pytest.raises(Refused, match="E-PEOPLE-16"):
        court.ledger.pseudonym_of(key.public, CONTEXT)
    assert verified(court) == []


def test_after_14_days_one_withdraws(court):
    key, _ = joined(court)
    court.move_to(court.ledger.today + 14)
    with pytest.raises(Refused, match="E-ERASE-04"):
        court.ledger.step_back(key, CONTEXT)
    with pytest.raises(Refused, match="E-PEOPLE-08"):
        court.ledger.step_back(SigningKey.generate(), CONTEXT)


# --- by the clock ---------------------------------------------------------------------------------


def is_here(town, person=0):
    return bool(town.ledger._core.vault.filed.placed(number_of(town, person) or -1, CONTEXT))


def days_until_gone(town, limit=60, person=0):
    """Tick daily; gives after how many days nothing is held any more."""
    for passed in range(limit):
        town.ledger.tick()
        if not is_here(town, person):
            return passed
        town.move_to(town.ledger.today + 1)
    return None


def test_thirty_days_after_withdrawal_all_is_erased_by_itself(court):
    traces = Traces(court.ledger, number_of(court), CONTEXT)
    court.ledger.withdraw(court.people[0], CONTEXT)
    assert days_until_gone(court) == 30
    assert traces.found() == {}
    assert verified(court) == []


def test_what_the_clock_erases_leaves_the_bulk_store_in_step_with_the_vault(court):
    core = court.ledger._core
    store = ColumnStore(core.columns_folder, CONTEXT)
    for person in (0, 1):
        court.ledger.withdraw(court.people[person], CONTEXT)
        court.ledger.score_all(CONTEXT)
    assert store.covers()[2] == 2
    court.move_to(court.ledger.today + 30)
    court.ledger.tick()
    assert not is_here(court)
    assert not is_here(court, 1)
    assert store.covers()[0] > 0  # nothing is rebuilt
    assert store.covers()[2] == core.vault.agreed.withdrawn(CONTEXT) == 0
    court.ledger.withdraw(court.people[2], CONTEXT)
    court.ledger.score_all(CONTEXT)
    assert store.covers()[2] == core.vault.agreed.withdrawn(CONTEXT) == 1
    assert verified(court) == []


def test_thirty_days_after_a_stop_is_final_all_is_erased_by_itself(court):
    court.ledger.freeze("card-0", CONTEXT, key=desk(court))
    assert days_until_gone(court) == 44
    assert verified(court) == []


def test_thirty_days_after_a_confirmed_stop_all_is_erased_by_itself(court):
    stop = court.ledger.freeze("card-0", CONTEXT, key=desk(court))
    court.move_to(court.ledger.today + 3)
    court.ledger.confirm_stop(stop.case, key=desk(court))
    assert days_until_gone(court) == 30


def test_thirty_days_after_a_consent_ran_out_all_is_erased_by_itself(court):
    key = SigningKey.generate()
    court.ledger.enrol(key.public)
    draft = court.ledger.draft_consent(key.public, CONTEXT, ["ride"], days=5)
    court.names.append(court.ledger.give_consent(sign_document(draft, key)))
    assert days_until_gone(court, person=PEOPLE) == 35


def test_a_consent_that_was_renewed_has_not_ended(court):
    key = SigningKey.generate()
    court.ledger.enrol(key.public)
    for days in (5, 90):
        draft = court.ledger.draft_consent(key.public, CONTEXT, ["ride"], days=days)
        name = court.ledger.give_consent(sign_document(draft, key))
        court.move_to(court.ledger.today + 2)
    court.names.append(name)
    assert days_until_gone(court, person=PEOPLE) is None


def test_the_clock_erases_nothing_that_a_claim_needs(court):
    hold(court, days=50)
    court.ledger.withdraw(court.people[0], CONTEXT)
    assert days_until_gone(court) == 51


def test_the_clock_waits_for_a_contest_that_is_to_be_finished(court):
    court.ledger.withdraw(court.people[0], CONTEXT, finish=True)
    record = court.ledger.cases(court.names[0], CONTEXT)[0].first.named
    case = court.ledger.open_case(
        court.people[0].public, CONTEXT, "contest", "file",
        {"target": "score", "words": "It was wrong all along."}, key=court.people[0],
    )  # fmt: skip
    ruling = {"outcome": "uphold", "reasons": "It was right all along.", "opened": [record]}
    court.ledger.step(case.name, "rule", ruling, key=court.keys["first"].key)
    court.move_to(court.ledger.today + 40)
    court.ledger.tick()
    assert court.ledger.case(case.name).state == "ruled"  # no calendar: time to appeal never ends
    court.ledger.step(case.name, "take-back", key=court.people[0])
    assert days_until_gone(court) == 1


def test_what_was_left_behind_goes_though_its_subject_agreed_anew(court):
    traces = Traces(court.ledger, number_of(court), CONTEXT)
    court.ledger.withdraw(court.people[0], CONTEXT)
    court.move_to(court.ledger.today + 2)
    court.ledger.consent(court.people[0], CONTEXT)
    again = court.ledger.today
    court.import_rows([row(5, id="again", card="card-0", zones="", day=format_day(again))])
    fresh = court.record_of(0, 3)
    court.ledger.give_attributes(court.people[0], CONTEXT, region="de-nw")
    case = court.contest(0, fresh)
    court.ledger.score_all(CONTEXT)
    court.move_to(court.ledger.today + 30)
    court.ledger.tick()
    gone = {what for what in traces.stored if what.startswith(("sealed", "case"))}
    link = next(court.ledger._core.vault.filed.documents(number_of(court), "link"))
    gone -= {f"sealed {link.leaf.hex()}, {part}" for part in ("head", "tail")}
    assert gone & set(traces.found()) == set()
    report = court.ledger.report(court.names[0])["contexts"][0]
    assert [record["record"] for record in report["records"]] == [fresh]
    assert report["attributes"]["region"] == "de-nw"
    assert [c.name for c in court.ledger.cases(court.names[0], CONTEXT)] == [case.name]
    assert report["score"]["raw"] == 1005  # a good act that nobody judged in time stays
    assert court.import_rows(
        [
            row(
                5,
                id="later",
                card="card-0",
                zones="",
                signer="inspector-7",
                day=format_day(court.ledger.today),
            )
        ]
    ).records
    assert len(court.ledger.report(court.names[0])["contexts"][0]["records"]) == 2
    assert court.ledger.score_all(CONTEXT).subjects == PEOPLE
    assert verified(court) == []


def test_a_contest_that_an_earlier_one_decided_stays_decided(court):
    key, reviewer = court.people[0], court.keys["first"].key
    [earlier] = court.ledger.cases(court.names[0], CONTEXT)
    court.ledger.withdraw(key, CONTEXT, finish=True)
    court.move_to(court.ledger.today + 1)
    court.ledger.consent(key, CONTEXT)
    day = format_day(court.ledger.today)
    court.import_rows([row(5, id="again", card="card-0", zones="", day=day)])
    later = court.contest(0, court.record_of(0, 3))
    court.ledger.step(later.name, "merge", {"into": earlier.name}, key=reviewer)
    opened = [earlier.first.named, *(leaf.hex() for leaf in earlier.last("add").facts.files)]
    ruling = {"outcome": "annul", "reasons": "The ticket was valid.", "opened": opened}
    court.ledger.step(earlier.name, "rule", ruling, key=reviewer)
    assert court.ledger.case(later.name).state == "joined"
    court.move_to(court.ledger.today + 31)
    court.ledger.tick()
    assert court.ledger.case(later.name).state == "joined"
    assert verified(court) == []
    court.ledger.withdraw(key, CONTEXT)
    assert days_until_gone(court) == 30
    assert verified(court) == []


def test_the_stops_of_nobody_go_when_those_of_somebody_do(court):
    stops = [court.ledger.freeze(name, CONTEXT, key=desk(court)) for name in ("card-0", "card-99")]
    for day in range(44):
        states = {court.ledger.case(stop.case).state for stop in stops}
        assert len(states) == 1, day
        court.move_to(court.ledger.today + 1)
        court.ledger.tick()
    for stop in stops:
        with pytest.raises(Refused, match="E-CASE-06"):
            court.ledger.case(stop.case)
    assert verified(court) == []


def test_the_file_of_a_decision_ends_when_nobody_is_likely_to_contest_it(court):
    court.ledger.decide(court.ask("card-nobody", b"m" * 16))
    court.ledger.decide(court.ask("card-1", b"o" * 16))
    hold(court, 1, days=300)
    asked = court.ledger.today
    for person in (0, 1):
        assert court.ledger.report(court.names[person])["contexts"][0]["asked"]
    court.move_to(asked + 183)
    court.ledger.tick()
    count = "SELECT count(*) FROM questions"
    assert court.ledger._core.vault.db.execute(count).fetchone() == (3,)
    court.move_to(asked + 187)
    court.ledger.tick()
    assert court.ledger.report(court.names[0])["contexts"][0]["asked"] == []
    assert court.ledger.report(court.names[1])["contexts"][0]["asked"]
    assert court.ledger._core.vault.db.execute(count).fetchone() == (1,)
    assert verified(court) == []
