"""Joining, agreeing, being known, stopping."""

import pytest

from standing.errors import Refused, StandingError
from standing.ledger._people import sign_document
from standing.vault import unseal
from standing.wire.days import format_day
from standing.wire.keys import SigningKey
from tests.support import ADULT_SINCE, CONTEXT, NOTICE_DAYS, TODAY, Town, new_key, row


def negatives(count: int, card: str = "card-0") -> list[dict[str, object]]:
    return [row(0, id=f"n{n}", card=card, zones="") for n in range(count)]


def test_a_new_person_stands_at_the_base(town: Town) -> None:
    scored = town.ledger.score(town.names[0], CONTEXT).score
    assert (scored.score, scored.band, scored.reasons) == (1000, "good", ())


def test_with_consent_a_record_counts_once_its_notice_has_run(town: Town) -> None:
    town.import_rows(negatives(1))
    assert town.ledger.score("card-0", CONTEXT).score.score == 1000
    town.move_to(TODAY + NOTICE_DAYS)
    assert town.ledger.score("card-0", CONTEXT).score.score == 950


def test_withdrawal_ends_the_score_and_stops_records(town: Town) -> None:
    town.import_rows(negatives(1))
    assert town.ledger.withdraw(town.people[0], CONTEXT) == town.names[0]
    with pytest.raises(Refused):
        town.ledger.score(town.names[0], CONTEXT)
    held = town.ledger.report(town.names[0], CONTEXT)["contexts"][0]["records"]
    assert town.import_rows([row(9, card="card-0")]).records == 1
    assert town.ledger.report(town.names[0], CONTEXT)["contexts"][0]["records"] == held
    assert town.ledger.verify().ok


def test_a_new_consent_starts_at_the_base(town: Town) -> None:
    town.import_rows(negatives(2))
    town.ledger.withdraw(town.people[0], CONTEXT)
    again = TODAY + NOTICE_DAYS
    town.move_to(again)
    assert town.ledger.consent(town.people[0], CONTEXT) == town.names[0]
    assert town.ledger.score(town.names[0], CONTEXT).score.raw == 1000
    town.import_rows([row(0, id="new", card="card-0", zones="", day=format_day(again))])
    town.move_to(again + NOTICE_DAYS)
    assert town.ledger.score(town.names[0], CONTEXT).score.raw == 950
    assert town.ledger.verify().ok


def test_consent_on_the_day_of_withdrawal_waits_for_the_next_day(town: Town) -> None:
    town.import_rows(negatives(2))
    town.ledger.withdraw(town.people[0], CONTEXT)
    with pytest.raises(Refused, match="E-PEOPLE-17"):
        town.ledger.consent(town.people[0], CONTEXT)
    town.move_to(TODAY + 1)
    town.ledger.consent(town.people[0], CONTEXT)
    town.move_to(TODAY + NOTICE_DAYS)
    assert town.ledger.score(town.names[0], CONTEXT).score.raw == 1000
    assert town.ledger.verify().ok


def test_withdrawing_twice_is_refused(town: Town) -> None:
    town.ledger.withdraw(town.people[0], CONTEXT)
    with pytest.raises(Refused) as caught:
        town.ledger.withdraw(town.people[0], CONTEXT)
    assert caught.value.code == "E-PEOPLE-05"


def test_whoever_agreed_twice_stops_once(town: Town) -> None:
    town.ledger.consent(town.people[0], CONTEXT)
    town.move_to(TODAY + 1)
    town.ledger.consent(town.people[0], CONTEXT)
    town.ledger.give_attributes(town.people[0], CONTEXT, region="de-by")
    town.ledger.withdraw(town.people[0], CONTEXT)
    with pytest.raises(Refused) as caught:
        town.ledger.score(town.names[0], CONTEXT)
    assert caught.value.code == "E-PEOPLE-11"
    assert town.ledger._core.vault.rights.attributes(CONTEXT, town.ledger.today) == {}
    assert town.ledger.verify().ok


def test_a_reference_is_linked_once(town: Town) -> None:
    with pytest.raises(Refused) as caught:
        town.link(town.names[1], "card-0")
    assert caught.value.code == "E-PEOPLE-07"


def test_only_the_issuer_itself_links_a_reference(town: Town) -> None:
    for by in (town.keys["bus"], town.keys["ann"]):
        with pytest.raises(Refused) as caught:
            town.ledger.link(town.names[0], "card-x", CONTEXT, issuer="metro", by=by.key)
        assert caught.value.code == "E-KEY-11"


def test_an_issuer_links_in_its_own_contexts_alone(town: Town) -> None:
    with pytest.raises(Refused) as caught:
        town.ledger.link(town.names[0], "c", "rail", issuer="metro", by=town.keys["metro"].key)
    assert caught.value.code == "E-PEOPLE-06"


def test_nothing_is_recorded_about_someone_whose_age_nobody_attested(town: Town) -> None:
    key = SigningKey.generate()
    town.ledger.enrol(key.public)
    name = town.ledger.consent(key, CONTEXT)
    town.link(name, "card-young")
    assert town.import_rows(negatives(1, "card-young")).records == 1
    assert town.ledger.score(name, CONTEXT).score.reasons == ()
    town.ledger.attest_adult(key.public, ADULT_SINCE, by=town.keys["registry"].key)
    town.import_rows([row(1, card="card-young", day=format_day(TODAY))])
    assert len(town.ledger.score(name, CONTEXT).score.reasons) == 1


def test_nothing_is_recorded_from_before_someone_was_of_age(town: Town) -> None:
    key = SigningKey.generate()
    town.ledger.enrol(key.public)
    town.ledger.attest_adult(key.public, TODAY + 2, by=town.keys["registry"].key)
    name = town.ledger.consent(key, CONTEXT)
    town.link(name, "card-young")
    town.move_to(TODAY + 3)
    days = (TODAY, TODAY + 1, TODAY + 2)
    town.import_rows(
        [row(n, id=f"y{n}", card="card-young", day=format_day(d)) for n, d in enumerate(days)]
    )
    shown = town.ledger.report(name, CONTEXT)["contexts"][0]["records"]
    assert [r["day"] for r in shown] == [format_day(TODAY + 2)]


def test_only_an_attester_attests_age(town: Town) -> None:
    key = SigningKey.generate()
    town.ledger.enrol(key.public)
    for by in (key, town.keys["metro"].key):
        with pytest.raises(Refused) as caught:
            town.ledger.attest_adult(key.public, ADULT_SINCE, by=by)
        assert caught.value.code == "E-KEY-11"


def test_a_key_enrols_once_and_nobody_consents_without_a_place(town: Town) -> None:
    with pytest.raises(Refused) as caught:
        town.ledger.enrol(town.people[0].public)
    assert caught.value.code == "E-PEOPLE-02"
    with pytest.raises(Refused) as caught:
        town.ledger.consent(SigningKey.generate(), CONTEXT)
    assert caught.value.code == "E-PEOPLE-08"
    with pytest.raises(Refused) as caught:
        town.ledger.enrol(SigningKey.generate().public, "dog")
    assert caught.value.code == "E-PEOPLE-01"


def test_consent_is_never_signed_with_a_key_of_an_organisation(town: Town) -> None:
    for name in ("bus", "metro", "city"):
        with pytest.raises(Refused) as caught:
            town.ledger.enrol(town.keys[name].public)
        assert caught.value.code == "E-PEOPLE-18"


def test_nobody_consents_for_another(town: Town) -> None:
    draft = town.ledger.draft_consent(town.people[0].public, CONTEXT, ["ride"])
    before = town.ledger._core.vault.db.total_changes
    with pytest.raises(StandingError):
        town.ledger.give_consent(sign_document(draft, town.people[1]))
    assert town.ledger._core.vault.db.total_changes == before


def test_a_consent_is_given_on_the_day_it_was_drafted(town: Town) -> None:
    draft = town.ledger.draft_consent(town.people[0].public, CONTEXT, ["ride"])
    town.move_to(TODAY + 1)
    with pytest.raises(Refused) as caught:
        town.ledger.give_consent(sign_document(draft, town.people[0]))
    assert caught.value.code == "E-PEOPLE-04"


def test_a_consent_ends_by_itself(town: Town) -> None:
    key = SigningKey.generate()
    town.ledger.enrol(key.public)
    town.ledger.attest_adult(key.public, ADULT_SINCE, by=town.keys["registry"].key)
    draft = town.ledger.draft_consent(key.public, CONTEXT, ["ride"], days=3)
    name = town.ledger.give_consent(sign_document(draft, key))
    town.move_to(TODAY + 2)
    assert town.ledger.score(name, CONTEXT).score.score == 1000
    town.move_to(TODAY + 3)
    with pytest.raises(Refused):
        town.ledger.score(name, CONTEXT)


def test_a_name_that_nobody_has_is_refused(town: Town) -> None:
    with pytest.raises(Refused) as caught:
        town.ledger.score("s_nobody", CONTEXT)
    assert caught.value.code == "E-PEOPLE-10"


def test_each_context_has_another_pseudonym_sealing_key_and_reference_hash(town: Town) -> None:
    town.add_rail()
    tram = new_key("issuer", "tram")
    town.ledger.accredit(
        tram.public, role="issuer", name="tram", until=TODAY + 9, by=town.keys["city"],
        contexts=["rail"],
    )  # fmt: skip
    name = town.ledger.consent(town.people[0], "rail")
    town.ledger.link(name, "card-0", "rail", issuer="tram", by=tram.key)
    town.import_rows([row(0, card="card-0")])
    vault = town.ledger._core.vault
    number = vault.people.find(town.names[0])
    assert name != town.names[0]
    assert vault.keys.raw(number, "rail") != vault.keys.raw(number, CONTEXT)
    hashes = {vault.secret.reference(context, "card-0") for context in ("rail", CONTEXT)}
    assert len(hashes) == 2
    linked = {row[0] for row in vault.db.execute("SELECT reference FROM links")}
    assert hashes < linked
    sealed = vault.db.execute(
        "SELECT leaf, sealed FROM documents WHERE context='rail' AND subject=?", (number,)
    ).fetchall()
    for leaf, data in sealed:
        with pytest.raises(StandingError):
            unseal(vault.keys.require(number, CONTEXT), leaf, data)
    assert vault.filed.records_of(number, "rail") == []
    assert town.ledger.report(name, "rail")["contexts"][0]["subject"] == name


def test_age_is_attested_once(town: Town) -> None:
    with pytest.raises(Refused) as caught:
        town.ledger.attest_adult(
            town.people[0].public, ADULT_SINCE + 1, by=town.keys["registry"].key
        )
    assert caught.value.code == "E-ADULT-01"
