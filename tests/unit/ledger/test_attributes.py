"""Region and group: freely given, ended with the consent, in no score, shown to nobody else."""

import msgspec
import pytest

from standing import audit
from standing.cases.reports import open_report, signed_payload
from standing.errors import Refused, StandingError
from standing.ledger._people import sign_document
from standing.vault import Attributes, SealingKeys, Vault, unseal
from standing.wire import cbor
from standing.wire.days import format_day
from standing.wire.keys import SigningKey
from tests.support import ADULT_SINCE, CONTEXT, NOTICE_DAYS, TODAY, Town, new_key, row, rows


def read(town: Town, day: int | None = None) -> dict[str, tuple[str, str]]:
    """Give (region, group) by pseudonym, as a simulation reads them."""
    vault = town.ledger._core.vault
    found = vault.rights.attributes(CONTEXT, town.ledger.today if day is None else day)
    return {vault.secret.pseudonym(number, CONTEXT): stated for number, stated in found.items()}


def give(town: Town, person: int = 0, **codes: str) -> None:
    town.ledger.give_attributes(town.people[person], CONTEXT, **codes)


def test_nobody_states_anything_unless_they_want_to(town: Town) -> None:
    assert read(town) == {}
    assert town.ledger.report(town.names[0])["contexts"][0]["attributes"] is None


def test_a_region_a_group_or_both_are_read_as_given(town: Town) -> None:
    give(town, 0, region="de-by")
    give(town, 1, group="age-65")
    give(town, 2, region="cn.31", group="age-65")
    assert read(town) == {
        town.names[0]: ("de-by", ""),
        town.names[1]: ("", "age-65"),
        town.names[2]: ("cn.31", "age-65"),
    }
    assert town.ledger.verify().ok


def test_the_last_statement_of_a_day_holds_whole(town: Town) -> None:
    for region in ("aa", "bb", "cc", "dd", "ee", "ff", "gg", "hh"):
        give(town, region=region)
    give(town, group="g")
    assert read(town) == {town.names[0]: ("", "g")}
    assert town.ledger.verify().ok


def test_what_was_taken_back_is_not_read_even_for_the_days_before(town: Town) -> None:
    give(town, region="de-by")
    town.move_to(TODAY + 3)
    give(town)
    assert read(town) == read(town, TODAY) == {}
    assert town.ledger.report(town.names[0])["contexts"][0]["attributes"] is None
    give(town, region="de-be")
    assert read(town) == {town.names[0]: ("de-be", "")}
    assert town.ledger.verify().ok


def test_nothing_is_left_to_take_back_where_nothing_is_held(town: Town) -> None:
    give(town, region="de-by")
    give(town)
    for person in (0, 1):
        with pytest.raises(Refused) as caught:
            give(town, person)
        assert caught.value.code == "E-PEOPLE-15"


def test_withdrawal_ends_them_and_a_new_consent_does_not_bring_them_back(town: Town) -> None:
    give(town, region="de-by", group="age-65")
    town.move_to(TODAY + 1)
    town.ledger.withdraw(town.people[0], CONTEXT)
    assert read(town) == read(town, TODAY) == {}
    assert town.ledger.report(town.names[0])["contexts"][0]["attributes"] is None
    town.move_to(TODAY + 2)
    town.ledger.consent(town.people[0], CONTEXT)
    assert read(town) == read(town, TODAY) == {}
    assert town.ledger.report(town.names[0])["contexts"][0]["attributes"] is None
    give(town, group="g")
    assert read(town) == {town.names[0]: ("", "g")}
    assert town.ledger.verify().ok


def test_they_end_when_the_consent_ends_by_itself(town: Town) -> None:
    key = SigningKey.generate()
    town.ledger.enrol(key.public)
    town.ledger.attest_adult(key.public, ADULT_SINCE, by=town.keys["registry"].key)
    draft = town.ledger.draft_consent(key.public, CONTEXT, ["ride"], days=3)
    name = town.ledger.give_consent(sign_document(draft, key))
    town.ledger.give_attributes(key, CONTEXT, region="de-by")
    town.move_to(TODAY + 2)
    assert read(town) == {name: ("de-by", "")}
    assert town.ledger.report(name)["contexts"][0]["attributes"] is not None
    town.move_to(TODAY + 3)
    assert read(town) == {}
    assert town.ledger.report(name)["contexts"][0]["attributes"] is None
    with pytest.raises(Refused) as caught:
        town.ledger.give_attributes(key, CONTEXT, region="de-by")
    assert caught.value.code == "E-PEOPLE-12"


def test_one_of_two_live_consents_is_enough_to_take_them_back(town: Town) -> None:
    for _ in range(8):  # leaves are random: whichever comes first, both are live
        give(town, region="de-by")
        town.ledger.consent(town.people[0], CONTEXT)
        give(town)
        assert read(town) == {}


def test_they_need_a_live_consent_in_that_context(town: Town) -> None:
    key = SigningKey.generate()
    town.ledger.enrol(key.public)
    for who, context in ((key, CONTEXT), (town.people[0], "rail")):
        with pytest.raises(Refused) as caught:
            town.ledger.give_attributes(who, context, region="de-by")
        assert caught.value.code == "E-PEOPLE-12"
    town.ledger.withdraw(town.people[0], CONTEXT)
    with pytest.raises(Refused) as caught:
        give(town, region="de-by")
    assert caught.value.code == "E-PEOPLE-12"


def test_only_who_is_enrolled_states_anything(town: Town) -> None:
    with pytest.raises(Refused) as caught:
        town.ledger.give_attributes(SigningKey.generate(), CONTEXT, region="de-by")
    assert caught.value.code == "E-PEOPLE-08"


@pytest.mark.parametrize("code", ["a", "9", "de-by", "de-by.09", "a" * 64])
def test_a_code_is_short_and_plain(town: Town, code: str) -> None:
    give(town, region=code, group=code)
    assert read(town) == {town.names[0]: (code, code)}


@pytest.mark.parametrize(
    "code",
    ["DE", "de_by", "de by", "-a", "a-", "a--b", "a.-b", "a\n", "\n", " ", "ä", "北京", "٣", "a" * 65],
)  # fmt: skip
@pytest.mark.parametrize("name", ["region", "group"])
def test_what_is_no_code_is_refused(town: Town, name: str, code: str) -> None:
    with pytest.raises(Refused) as caught:
        give(town, **{name: code})
    assert caught.value.code == "E-PEOPLE-13"
    assert read(town) == {}


# --- signed elsewhere ------------------------------------------------------------------------------


def draft(town: Town, person: int = 0, **codes: str) -> Attributes:
    return town.ledger.draft_attributes(town.people[person].public, CONTEXT, **codes)


def test_a_statement_may_be_signed_where_the_key_is(town: Town) -> None:
    town.ledger.take_attributes(sign_document(draft(town, region="de-by"), town.people[0]))
    assert read(town) == {town.names[0]: ("de-by", "")}


def test_nobody_states_anything_for_another(town: Town) -> None:
    before = town.ledger._core.vault.db.total_changes
    with pytest.raises(StandingError):
        town.ledger.take_attributes(sign_document(draft(town, region="de-by"), town.people[1]))
    with pytest.raises(StandingError):
        town.ledger.take_attributes(draft(town, region="de-by"))
    assert town.ledger._core.vault.db.total_changes == before


@pytest.mark.parametrize(
    "changes",
    [
        {"pseudonym": "s_nobody"}, {"context": "rail"}, {"day": TODAY - 1}, {"consent": bytes(32)},
        {"revision": 2}, {"padding": b""},
    ],
)  # fmt: skip
def test_what_was_not_drafted_is_refused_though_it_is_signed(
    town: Town, changes: dict[str, object]
) -> None:
    changed = msgspec.structs.replace(draft(town, region="de-by"), **changes)
    with pytest.raises(Refused) as caught:
        town.ledger.take_attributes(sign_document(changed, town.people[0]))
    assert caught.value.code == ("E-PEOPLE-12" if "context" in changes else "E-PEOPLE-14")
    assert read(town) == {}


def test_a_statement_is_taken_once_and_on_its_day(town: Town) -> None:
    signed = sign_document(draft(town, region="de-by"), town.people[0])
    late = sign_document(draft(town, 1, region="de-by"), town.people[1])
    town.ledger.take_attributes(signed)
    town.move_to(TODAY + 1)
    for document in (signed, late):
        with pytest.raises(Refused) as caught:
            town.ledger.take_attributes(document)
        assert caught.value.code == "E-PEOPLE-14"


# --- who is told -----------------------------------------------------------------------------------


def test_no_score_answer_or_population_changes_with_them(town: Town) -> None:
    town.import_rows(rows(30))
    town.move_to(TODAY + NOTICE_DAYS)
    asked = [(f"card-{n}", bytes([n]) * 16) for n in range(5)]

    def told() -> list[object]:
        scores = [town.ledger.score(name, CONTEXT).score for name in town.names]
        answers = [town.ledger.decide(town.ask(*what)).answer.answer for what in asked]
        rows = [row[4] for row in town.ledger._core.vault.populations.every()]
        return [scores, answers, town.ledger.score_all(CONTEXT).digest, rows]

    told()
    before = told()
    for person in range(4):
        give(town, person, region="de-by", group=f"g{person}")
    assert told() == before
    assert town.ledger.verify().ok


def test_the_subject_reads_them_in_its_report(town: Town) -> None:
    give(town, region="de-by")
    shown = [c["attributes"] for c in town.ledger.report("card-0", CONTEXT)["contexts"]]
    assert shown == [{"region": "de-by", "group": "", "since": format_day(TODAY)}]


def test_a_recipients_report_does_not_contain_them(town: Town) -> None:
    give(town, region="region-of-mine", group="group-of-mine")
    town.import_rows([row(0)])
    town.move_to(TODAY + NOTICE_DAYS)
    town.ledger.tick()
    held = town.ledger._core.vault.filed.documents()
    assert all(d.marks is not None for d in held)
    court = new_key("auditor", "court")
    sealed = town.ledger.report_for("card-0", CONTEXT, court.public)
    content = signed_payload(open_report(sealed, court.key))
    kinds = {cbor.decode(data)[0] for _, _, data, _ in content["documents"]}
    assert kinds == {"standing/consent/1", "standing/link/1"}
    for word in (b"of-mine", b"attributes", b"region"):
        assert word not in cbor.encode(content)
    trust = audit.load_trust(town.directory)
    assert audit.verify_report(sealed, trust, court.key, town.ledger.today).ok


def test_nothing_of_them_stands_in_clear_in_the_ledgers_directory(town: Town) -> None:
    give(town, region="region-of-mine", group="group-of-mine")
    town.move_to(TODAY + 1)
    town.ledger.tick()
    town.ledger.close()
    files = [path for path in town.directory.rglob("*") if path.is_file()]
    assert len(files) > 5
    assert not [path for path in files if b"of-mine" in path.read_bytes()]


def test_what_is_sealed_is_equally_long_whatever_is_stated(town: Town) -> None:
    for region in ("", "a" * 23, "a" * 24, "a" * 64):
        for group in ("b", "b" * 64):
            give(town, region=region, group=group)
    give(town)
    query = "SELECT length(sealed) FROM documents WHERE kind='attributes'"
    lengths = town.ledger._core.vault.db.execute(query).fetchall()
    assert (len(lengths), len(set(lengths))) == (9, 1)


def test_a_vault_without_the_key_tells_nothing(town: Town) -> None:
    give(town, region="de-by")
    vault: Vault = town.ledger._core.vault
    keys: SealingKeys = vault.keys
    other = vault.people.find(town.names[1])
    query = "SELECT leaf, sealed FROM documents WHERE kind='attributes'"
    for leaf, sealed in vault.db.execute(query):
        with pytest.raises(StandingError):
            unseal(keys.require(other, CONTEXT), leaf, sealed)
