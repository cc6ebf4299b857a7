"""Whole populations from the bulk store: the scores of the records, and nobody who left."""

import shutil

import msgspec
import pytest

from standing.columns import ColumnStore
from standing.errors import Refused
from standing.ledger import _population, _scores, open_ledger
from standing.ledger._people import sign_document
from standing.wire.days import format_day
from tests.support import CONTEXT, NOTICE_DAYS, TODAY, Town, row


@pytest.fixture(autouse=True)
def in_bulk(monkeypatch):
    """Score even the smallest population from columns."""
    monkeypatch.setattr(_scores, "_SMALL", 0)


@pytest.fixture
def peopled(town: Town) -> Town:
    """Three people with records and one without, after the time of notice."""
    while len(town.people) < 4:
        town.add_person()
    cards = [n % 3 for n in range(12)]
    town.import_rows(
        [row(n % 2, id=f"n{n}", card=f"card-{card}", zones="") for n, card in enumerate(cards)]
    )
    town.move_to(TODAY + NOTICE_DAYS)
    return town


def by_the_specification(town: Town) -> list[tuple[int, int]]:
    core = town.ledger._core
    found = []
    for number in core.vault.people.numbers(CONTEXT):
        name = core.vault.secret.pseudonym(number, CONTEXT)
        try:
            scored = town.ledger.score(name, CONTEXT).score
        except Refused:
            continue
        found.append((number, scored.score))
    return found


def by_columns(town: Town) -> list[tuple[int, int]]:
    core = town.ledger._core
    schedule = _population.policy.Schedule(
        [
            (force, _scores._rules.pack(core, digest))
            for force, digest in core.state.packs_of(CONTEXT)
        ]
    )
    scored = _population.Everyone(core, CONTEXT).score(schedule, core.today)
    return list(zip(scored.numbers.tolist(), scored.score.tolist(), strict=True))


def everything(town: Town) -> bytes:
    folder = town.directory / "columns"
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def test_a_population_from_columns_verifies_against_the_records(peopled: Town) -> None:
    population = peopled.ledger.score_all(CONTEXT)
    assert population.subjects == len(by_the_specification(peopled))
    assert by_columns(peopled) == by_the_specification(peopled)
    assert peopled.ledger.verify().ok


def test_small_populations_are_scored_by_the_specification_to_the_same_digest(
    peopled: Town, monkeypatch
) -> None:
    bulk = peopled.ledger.score_all(CONTEXT)
    monkeypatch.setattr(_scores, "_SMALL", 10**9)
    one_by_one = peopled.ledger.score_all(CONTEXT)
    assert (bulk.digest, bulk.bands, bulk.histogram) == (
        one_by_one.digest, one_by_one.bands, one_by_one.histogram,
    )  # fmt: skip


def test_news_are_appended_and_nothing_is_opened_twice(peopled: Town, monkeypatch) -> None:
    peopled.ledger.score_all(CONTEXT)
    opened = []
    vault = peopled.ledger._core.vault
    real = vault.filed.open_record
    monkeypatch.setattr(vault.filed, "open_record", lambda *a: opened.append(a) or real(*a))
    peopled.import_rows(
        [row(0, id="late", card="card-1", zones="", day=format_day(TODAY + NOTICE_DAYS))]
    )
    peopled.move_to(TODAY + 2 * NOTICE_DAYS)
    found = by_columns(peopled)
    assert len(opened) == 1
    assert found == by_the_specification(peopled)


def test_whoever_withdraws_is_in_no_file_of_the_bulk_store(peopled: Town) -> None:
    peopled.ledger.score_all(CONTEXT)
    number = peopled.ledger._core.vault.people.find(peopled.names[1])
    trace = int(number).to_bytes(8, "little")
    assert trace in everything(peopled)
    peopled.ledger.withdraw(peopled.people[1], CONTEXT)
    assert trace not in everything(peopled)
    assert number not in dict(by_columns(peopled))
    assert by_columns(peopled) == by_the_specification(peopled)
    shutil.rmtree(peopled.directory / "columns")
    assert by_columns(peopled) == by_the_specification(peopled)
    assert trace not in everything(peopled)
    assert peopled.ledger.verify().ok


def test_a_new_consent_does_not_bring_old_rows_back(peopled: Town) -> None:
    peopled.ledger.score_all(CONTEXT)
    peopled.ledger.withdraw(peopled.people[1], CONTEXT)
    peopled.move_to(TODAY + NOTICE_DAYS + 1)
    peopled.ledger.consent(peopled.people[1], CONTEXT)
    number = peopled.ledger._core.vault.people.find(peopled.names[1])
    assert dict(by_columns(peopled))[number] == 1000
    shutil.rmtree(peopled.directory / "columns")
    assert by_columns(peopled) == by_the_specification(peopled)


def test_withdrawals_inside_a_bulk_block_are_forgotten_when_it_ends(peopled: Town) -> None:
    peopled.ledger.score_all(CONTEXT)
    numbers = [peopled.ledger._core.vault.people.find(name) for name in peopled.names[:2]]
    with peopled.ledger.bulk():
        for person in peopled.people[:2]:
            peopled.ledger.withdraw(person, CONTEXT)
    left = everything(peopled)
    assert all(int(number).to_bytes(8, "little") not in left for number in numbers)
    assert not list((peopled.directory / "columns").rglob("forgetting"))
    assert by_columns(peopled) == by_the_specification(peopled)


def withdraw_twice(town: Town) -> None:
    with town.ledger.bulk():  # the second withdrawal is refused, and takes the first one back
        for _ in range(2):
            town.ledger.withdraw(town.people[0], CONTEXT)


def test_a_bulk_block_that_fails_costs_no_one_their_records(peopled: Town) -> None:
    peopled.ledger.score_all(CONTEXT)
    before = by_columns(peopled)
    with pytest.raises(Refused):
        withdraw_twice(peopled)
    assert by_columns(peopled) == before == by_the_specification(peopled)


def test_a_forgetting_that_was_cut_off_is_finished_by_the_next_writer(peopled: Town) -> None:
    peopled.ledger.score_all(CONTEXT)
    ColumnStore(peopled.directory / "columns", CONTEXT).intend()
    before = by_the_specification(peopled)
    peopled.ledger.close()
    with open_ledger(peopled.directory, clock=peopled.clock) as ledger:
        assert not ColumnStore(peopled.directory / "columns", CONTEXT).exists
        peopled.ledger = ledger
        assert by_columns(peopled) == before


def test_a_store_of_another_copy_of_the_vault_is_made_anew(peopled: Town) -> None:
    peopled.ledger.score_all(CONTEXT)
    store = ColumnStore(peopled.directory / "columns", CONTEXT)
    store.append(store.load(), 99, "ff" * 32)  # a later batch that this vault never saw
    assert by_columns(peopled) == by_the_specification(peopled)
    assert store.covers()[0] < 99


def test_reading_a_population_writes_nothing(peopled: Town) -> None:
    peopled.ledger.score_all(CONTEXT)
    peopled.import_rows(
        [row(0, id="late", card="card-1", zones="", day=format_day(TODAY + NOTICE_DAYS))]
    )
    peopled.move_to(TODAY + 2 * NOTICE_DAYS)
    expected, before = by_the_specification(peopled), everything(peopled)
    peopled.ledger.tick()
    peopled.ledger.close()
    for folder in (None, peopled.directory / "columns"):
        with open_ledger(peopled.directory, clock=peopled.clock, read_only=True) as ledger:
            peopled.ledger = ledger
            assert by_columns(peopled) == expected
        if folder is None:
            assert everything(peopled) == before
            shutil.rmtree(peopled.directory / "columns")
    assert not (peopled.directory / "columns").exists()


def test_who_may_be_scored_is_asked_at_once_as_it_is_one_by_one(peopled: Town) -> None:
    peopled.ledger.withdraw(peopled.people[0], CONTEXT)
    vault = peopled.ledger._core.vault
    for day in (TODAY - 50, TODAY, TODAY + NOTICE_DAYS, TODAY + 3_000):
        numbers, since = vault.rights.live_numbers(CONTEXT, day)
        one_by_one = {}
        for number in vault.people.numbers(CONTEXT):
            try:
                one_by_one[number] = _scores.scores.live_since(vault, number, CONTEXT, day)
            except Refused:
                continue
        assert dict(zip(numbers.tolist(), since.tolist(), strict=True)) == one_by_one


def test_a_second_leaver_who_is_refused_costs_the_first_nothing(peopled: Town) -> None:
    """The block fails after somebody's rows were overwritten: they are still here, and count."""
    peopled.ledger.score_all(CONTEXT)
    before = by_columns(peopled)
    core = peopled.ledger._core
    numbers = [core.vault.people.find(name) for name in peopled.names[:2]]
    with pytest.raises(ZeroDivisionError):
        leave_and_fail(core, numbers)
    assert by_columns(peopled) == before == by_the_specification(peopled)


def leave_and_fail(core, numbers) -> None:
    with core.bulk():
        with core.forgetting(numbers[0], CONTEXT, 1):
            pass
        with core.forgetting(numbers[1], CONTEXT, 1):
            raise ZeroDivisionError


def test_consents_that_end_by_themselves_leave_no_rows_either(peopled: Town) -> None:
    peopled.ledger.score_all(CONTEXT)
    number = peopled.ledger._core.vault.people.find(peopled.names[0])
    assert int(number).to_bytes(8, "little") in everything(peopled)
    peopled.move_to(TODAY + 800)
    assert by_columns(peopled) == by_the_specification(peopled) == []
    assert int(number).to_bytes(8, "little") not in everything(peopled)


def test_a_reader_does_not_trust_a_store_of_another_vault(peopled: Town) -> None:
    """The vault was restored from before a withdrawal: whoever left there is here again."""
    vault = peopled.directory / "vault.db"
    peopled.ledger.score_all(CONTEXT)
    before = by_the_specification(peopled)
    peopled.ledger.close()
    copy = vault.read_bytes()
    with open_ledger(peopled.directory, clock=peopled.clock) as ledger:
        ledger.withdraw(peopled.people[0], CONTEXT)
    vault.write_bytes(copy)
    for read_only in (True, False):
        with open_ledger(peopled.directory, clock=peopled.clock, read_only=read_only) as ledger:
            peopled.ledger = ledger
            assert by_columns(peopled) == before


def test_a_consent_for_no_context_touches_no_folder(peopled: Town) -> None:
    key = peopled.people[0]
    draft = peopled.ledger.draft_consent(key.public, CONTEXT, ["ride"])
    evil = msgspec.structs.replace(draft, context="../../evil")
    number = peopled.ledger._core.vault.people.find(peopled.names[0])
    pseudonym = peopled.ledger._core.vault.secret.pseudonym(number, "../../evil")
    signed = sign_document(msgspec.structs.replace(evil, pseudonym=pseudonym), key)
    with pytest.raises(Refused, match="E-PACK-12"):
        peopled.ledger.give_consent(signed)
