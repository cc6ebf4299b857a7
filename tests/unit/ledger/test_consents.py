"""Given, renewed, narrowed: what a consent names is all that happens under it."""

import hashlib
import os

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from standing import audit, policy
from standing.errors import Refused
from standing.ledger._people import sign_document
from standing.packs import NAMES, shipped
from standing.vault import Consent, unbroken_since
from standing.vault._consents import Given, cut, holding
from standing.wire.days import format_day
from tests.support import CONTEXT, FORCE, MAP, NOTICE_DAYS, TODAY, make_ledger, new_key, pack, row

TRAM = b"  - {name: tram, employer: tram, role: issuer, kind: private}\n  - {name: bus,"
WALK = b"  walk: {title: Walk, parties: [transit-operator], answers: [clear]}\norganisations:"


@pytest.fixture
def two(tmp_path):
    """A town in whose pack a second issuer and a second purpose are listed."""
    town = make_ledger(tmp_path, rules=_two_of_each())
    town.accredit("tram", "issuer")
    yield town
    town.ledger.close()


def _two_of_each():
    data = pack().replace(b"  - {name: bus,", TRAM, 1)
    return data.replace(b"organisations:", WALK, 1)


def narrow(town, person=0, **less):
    return town.ledger.narrow(town.people[person], CONTEXT, **less)


def terms(town, person=0, day=None):
    vault = town.ledger._core.vault
    found = vault.agreed.terms(
        vault.people.find(town.names[person]), CONTEXT, day or town.ledger.today
    )
    return None if found is None else (sorted(found.purposes), sorted(found.issuers))


def held(town, person=0):
    return [r["record"] for r in town.ledger.report(town.names[person])["contexts"][0]["records"]]


def deliver(town, issuer, number, day=None):
    rows = [row(number, card="card-0", day=format_day(day or town.ledger.today))]
    mapped = MAP.replace(b"metro", issuer.encode())
    return town.import_rows(rows, map_data=mapped, keys={issuer: town.keys[issuer]})


# --- what it names --------------------------------------------------------------------------------


def test_a_consent_names_the_issuers_and_purposes_of_its_pack(two):
    assert terms(two) == (["ride", "walk"], ["metro", "tram"])


def test_nobody_agrees_to_what_the_pack_does_not_name(town):
    for purposes, issuers in ((["spy"], None), (["ride"], ["tram"]), ([], None)):
        with pytest.raises(Refused, match="E-CONSENT-01"):
            town.ledger.draft_consent(town.people[0].public, CONTEXT, purposes, issuers=issuers)
    with pytest.raises(Refused, match="E-CONSENT-01"):
        town.ledger.draft_consent(town.people[0].public, CONTEXT, ["ride"], days=731)


@pytest.mark.parametrize("change", ["purposes", "issuers", "pack", "text", "until"])
def test_a_client_cannot_have_a_subject_agree_to_something_else(town, change):
    draft = town.ledger.draft_consent(town.people[0].public, CONTEXT, ["ride"])
    odd = {
        "purposes": ("spy",), "issuers": ("tram",), "pack": bytes(32), "text": bytes(32),
        "until": TODAY + 5_000,
    }[change]  # fmt: skip
    changed = msgspec.structs.replace(draft, **{change: odd})
    with pytest.raises(Refused, match="E-CONSENT-0"):
        town.ledger.give_consent(sign_document(changed, town.people[0]))


# --- narrowed -------------------------------------------------------------------------------------


def test_rows_of_an_issuer_that_the_consent_does_not_name_are_dropped_and_answered_alike(two):
    two.add_person()
    narrow(two, issuers=["metro"])
    done = [deliver(two, "tram", 0), deliver(two, "metro", 3)]
    assert {(d.records, d.batches, d.refused, d.already_there, d.bad) for d in done} == {
        (1, 1, 0, 0, ())
    }
    assert len(held(two)) == 1
    two.move_to(TODAY + 1)
    deliver(two, "tram", 6)
    deliver(two, "metro", 9)
    assert len(held(two)) == 2
    two.move_to(TODAY + 2)
    two.ledger.tick()
    assert two.ledger.verify().ok


def test_a_narrower_consent_replaces_at_once_and_never_widens_by_itself(two):
    narrow(two, purposes=["walk"])
    assert terms(two) == (["walk"], ["metro", "tram"])
    narrow(two, issuers=["tram"])  # of two of one day: what both name
    assert terms(two) == (["walk"], ["tram"])
    two.move_to(FORCE + 1 + 729)
    assert terms(two) == (["walk"], ["tram"])
    two.move_to(FORCE + 1 + 730)
    assert terms(two) is None


def test_a_wider_consent_of_a_later_day_widens_again(two):
    narrow(two, purposes=["walk"])
    two.ledger.consent(two.people[0], CONTEXT)
    assert terms(two) == (["walk"], ["metro", "tram"])
    two.move_to(TODAY + 1)
    two.ledger.consent(two.people[0], CONTEXT)
    assert terms(two) == (["ride", "walk"], ["metro", "tram"])


def test_what_is_not_narrower_is_refused(two):
    for less in ({}, {"purposes": ["ride", "walk"]}, {"purposes": []}, {"purposes": ["spy"]},
                 {"issuers": ["metro", "tram"]}):  # fmt: skip
        with pytest.raises(Refused, match="E-CONSENT-02"):
            narrow(two, **less)
    two.ledger.withdraw(two.people[0], CONTEXT)
    with pytest.raises(Refused, match="E-PEOPLE-05"):
        narrow(two, purposes=["ride"])


def test_a_withdrawal_ends_all_of_them(two):
    narrow(two, purposes=["walk"])
    two.ledger.withdraw(two.people[0], CONTEXT)
    assert terms(two) is None
    two.move_to(TODAY + 1)
    two.ledger.tick()
    assert two.ledger.verify().ok


# --- renewed --------------------------------------------------------------------------------------


def test_a_renewed_consent_goes_on_where_the_first_one_ends(town):
    key = town.people[0]
    town.ledger.withdraw(key, CONTEXT)
    town.move_to(TODAY + 1)
    draft = town.ledger.draft_consent(key.public, CONTEXT, ["ride"], days=60)
    town.ledger.give_consent(sign_document(draft, key))
    town.import_rows([row(0, card="card-0", zones="", day=format_day(TODAY + 1))])
    town.move_to(TODAY + 40)
    assert town.ledger.score("card-0", CONTEXT).score.score == 950
    town.ledger.consent(key, CONTEXT)
    town.move_to(TODAY + 61)  # the first one has ended
    assert town.ledger.score("card-0", CONTEXT).score.score == 950
    everyone = town.ledger.score_all(CONTEXT)
    assert dict(everyone.histogram) == {950: 1, 1000: 4}
    assert town.ledger.verify().ok


def test_a_consent_given_after_the_last_one_ended_starts_at_the_base(town):
    key = town.people[0]
    town.ledger.withdraw(key, CONTEXT)
    town.move_to(TODAY + 1)
    draft = town.ledger.draft_consent(key.public, CONTEXT, ["ride"], days=20)
    town.ledger.give_consent(sign_document(draft, key))
    town.import_rows([row(0, card="card-0", zones="", day=format_day(TODAY + 1))])
    town.move_to(TODAY + 1 + 20)
    town.ledger.consent(key, CONTEXT)
    town.move_to(TODAY + 1 + 20 + NOTICE_DAYS)
    assert town.ledger.score("card-0", CONTEXT).score.reasons == ()


def test_a_report_after_a_renewal_and_after_a_withdrawal_holds(town):
    town.ledger.withdraw(town.people[1], CONTEXT)
    town.move_to(TODAY + 1)
    town.ledger.consent(town.people[0], CONTEXT)
    town.ledger.consent(town.people[1], CONTEXT)
    today = format_day(TODAY + 1)
    town.import_rows([row(0, day=today), row(6, card="card-1", day=today)])
    town.move_to(TODAY + 40)
    court, trust = new_key("auditor", "court"), audit.load_trust(town.directory)
    for name in town.names[:2]:
        sealed = town.ledger.report_for(name, CONTEXT, court.public)
        result = audit.verify_report(sealed, trust, court.key, town.ledger.today)
        assert result.ok, [c.problem for c in result.checks if c.problem]


_WINDOWS = st.lists(st.tuples(st.integers(0, 20), st.integers(1, 12)), max_size=5)
_FREEZES = st.lists(st.tuples(st.integers(0, 25), st.integers(1, 6)), max_size=2)


@settings(max_examples=200, deadline=None)
@given(_WINDOWS, _FREEZES, st.integers(0, 35))
def test_on_each_day_the_consents_given_last_hold(windows, lengths, day):
    """Compared with a naive reading, day by day."""
    every = [
        Given(since, since + length, bytes([n]), bytes([n]))
        for n, (since, length) in enumerate(windows)
    ]
    freezes = [(since, since + length) for since, length in lengths]

    def is_frozen(one):  # a stop does not touch what was given later
        return any(a <= day < b and one.since <= a < one.until for a, b in freezes)

    live = [one for one in every if one.since <= day < one.until and not is_frozen(one)]
    newest = max((one.since for one in live), default=0)
    wanted = {one.leaf for one in live if one.since == newest}
    found = [given for a, b, given in holding(every, freezes) if a <= day < b]
    assert len(found) == bool(wanted)
    assert {one.leaf for given in found for one in given} == wanted
    pieces = cut([(one.since, one.until, one.leaf) for one in every], freezes)
    assert {leaf for a, b, leaf in pieces if a <= day < b} == {one.leaf for one in live}
    since = unbroken_since([(one.since, one.until) for one in every], day)
    reached = day
    while any(one.since <= reached < one.until for one in every):
        reached -= 1
    covered = any(one.since <= day < one.until for one in every)
    assert since is None or covered
    assert since is None or since >= reached + 1


# --- the text -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_the_text_says_in_two_languages_who_what_how_long_and_how_to_stop(name):
    rules = policy.parse_pack(shipped(name))
    text = policy.consent_text(rules, policy.parse_catalogue(shipped("catalogue"))).decode()
    english, chinese = text.split("简体中文")
    for part in (english, chinese):
        assert rules.context in part
        for one in rules.organisations:
            if one.role == "issuer" or (
                one.role == "relying-party"
                and any(one.sector in purpose.parties for purpose in rules.purposes.values())
            ):
                assert one.name in part
        for code, act in rules.acts.items():
            [line] = [
                line for line in part.splitlines() if f"{code})" in line or f"{code}）" in line
            ]
            assert f"{act.points:+d}" in line
            assert f"{act.validity_days} " in line
        for purpose in rules.purposes.values():
            assert purpose.title in part
            assert all(sector in part for sector in purpose.parties)
    assert f"pack {rules.context} {rules.version}" in text
    for words in ("Refusing has no consequence", "14 days without a trace", "needs no key",
                  "contest any record"):  # fmt: skip
        assert words in english.replace("\n", " ")
    for words in ("拒绝没有任何后果", "14 天", "不需要密钥", "异议"):
        assert words in chinese


def test_anyone_can_make_the_text_again_from_public_documents(town):
    consent = next(d.document for d in town.ledger._core.vault.filed.documents(kind="consent"))
    assert isinstance(consent, Consent)
    log = town.ledger._core.log
    rules = policy.parse_pack(log.document(consent.pack))
    catalogue = policy.parse_catalogue(log.document(bytes.fromhex(rules.catalogue)))
    text = policy.consent_text(rules, catalogue)
    assert hashlib.sha256(text).digest() == consent.text
    assert log.document(consent.text) == text == town.ledger.consent_text(CONTEXT)


def test_an_issuer_that_joins_later_under_a_listed_name_was_in_the_text(tmp_path):
    town = make_ledger(tmp_path, rules=_two_of_each())
    before = town.ledger.consent_text(CONTEXT)
    assert b"tram" in before
    town.accredit("tram", "issuer")
    assert town.ledger.consent_text(CONTEXT) == before
    deliver(town, "tram", 0)
    assert len(held(town)) == 1
    town.ledger.close()


def test_an_issuer_that_no_consent_names_stores_nothing(town):
    town.accredit("tram", "issuer")
    assert deliver(town, "tram", 0).records == 1
    assert held(town) == []


# --- what an auditor sees -------------------------------------------------------------------------


def _what(town, check):
    wrong = {c.name: c.problem for c in town.ledger.verify().checks if not c.ok}
    assert list(wrong) == [check]
    return f"{wrong[check].what} {wrong[check].why}"


def _plant(town, consent):
    vault = town.ledger._core.vault
    with vault.transaction():
        signed = sign_document(consent, town.people[0])
        vault.add(signed, vault.people.find(town.names[0]), CONTEXT)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"text": hashlib.sha256(b"").digest()}, "another text"),
        ({"pack": bytes(32)}, "another text"),
        ({"purposes": ("ride", "spy")}, "spy"),
        ({"issuers": ("metro", "tram")}, "tram"),
        ({"until": TODAY + 731}, "731 days"),
    ],
)
def test_a_consent_to_what_its_pack_does_not_name_is_found(town, change, said):
    draft = town.ledger.draft_consent(town.people[0].public, CONTEXT, ["ride"])
    _plant(town, msgspec.structs.replace(draft, **change))
    assert said in _what(town, "people")


def test_terms_in_the_index_that_no_consent_gives_are_found(town):
    other = town.ledger._core.vault.secret.terms(["ride"], ["metro", os.urandom(2).hex()])
    town.ledger._core.vault.db.execute("UPDATE consents SET terms=?", (other,))
    assert "table of consents" in _what(town, "people")


def test_a_record_by_an_issuer_that_the_consent_does_not_name_is_found(two):
    deliver(two, "tram", 0)
    assert len(held(two)) == 1
    vault = two.ledger._core.vault
    less = two.ledger.draft_narrower(two.people[0].public, CONTEXT, issuers=["metro"])
    early = msgspec.structs.replace(less, day=FORCE + 1)
    _plant(two, early)  # as if they had agreed to no more from the beginning
    wrong = {c.name: c.problem for c in two.ledger.verify().checks if not c.ok}
    assert "the consent of its day names other issuers" in wrong["records"].why
    assert vault.agreed.terms(vault.people.find(two.names[0]), CONTEXT, TODAY).issuers == {"metro"}
