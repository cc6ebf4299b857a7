"""Scores: every point has its reason, and a stated population can be checked."""

import pytest

from standing.errors import Refused
from standing.ledger.facts import population_facts, score_text
from standing.verify.checkpoints import parse_checkpoint
from tests.support import CONTEXT, FORCE, NOTICE_DAYS, TODAY, Town, row, rows

BASE = 1000


def test_reasons_sum_to_what_the_raw_score_differs_from_the_base(town: Town) -> None:
    town.import_rows([row(n, zones="") for n in range(60)])
    town.move_to(TODAY + NOTICE_DAYS)
    for name in town.names:
        score = town.ledger.score(name, CONTEXT).score
        assert len(score.reasons) == 12
        assert sum(reason.counted for reason in score.reasons) == score.raw - BASE
        assert 0 <= score.score <= 1200


def test_a_score_is_the_same_by_pseudonym_and_by_reference(town: Town) -> None:
    town.import_rows(rows(20))
    assert town.ledger.score("card-2", CONTEXT) == town.ledger.score(town.names[2], CONTEXT)


def test_a_score_as_of_an_earlier_day_knows_only_what_was_included_then(town: Town) -> None:
    town.import_rows([row(0)])
    town.move_to(TODAY + 60)
    told = {
        day: town.ledger.score("card-0", CONTEXT, day).score
        for day in (TODAY - 1, TODAY, TODAY + NOTICE_DAYS)
    }
    assert [len(score.reasons) for score in told.values()] == [0, 1, 1]
    assert [score.raw for score in told.values()] == [BASE, BASE, BASE - 50]


def test_there_is_no_score_before_a_pack_is_in_force(town: Town) -> None:
    with pytest.raises(Refused):
        town.ledger.score("card-0", CONTEXT, FORCE - 1)


def test_a_negative_record_counts_after_its_notice_and_ages_away(town: Town) -> None:
    town.import_rows([row(0)])
    raw = []
    for day in (TODAY, TODAY + NOTICE_DAYS, TODAY + 180, TODAY + 365):
        town.move_to(day)
        raw.append(town.ledger.score("card-0", CONTEXT).score.raw)
    assert raw == [BASE, BASE - 50, BASE - 25, BASE]


def test_a_score_reads_as_text_and_as_facts(town: Town) -> None:
    town.import_rows([row(0)])
    town.move_to(TODAY + NOTICE_DAYS)
    scored = town.ledger.scored("card-0", CONTEXT)
    assert (scored.raw, scored.score, scored.band) == (950, 950, "good")
    (reason,) = scored.reasons
    assert reason.counted == -50
    assert reason.record in score_text(scored)
    assert "950 points" in score_text(scored)


def test_scoring_everyone_is_stored_stated_in_public_and_verified(town: Town) -> None:
    town.import_rows(rows(40))
    population = town.ledger.score_all(CONTEXT)
    facts = population_facts(population)
    assert facts["subjects"] == 5
    assert sum(facts["bands"].values()) == 5
    assert sum(count for _, count in facts["histogram"]) == 5
    verification = town.ledger.verify()
    checks = {check.name: check for check in verification.checks}
    assert verification.ok
    assert checks["scores"].count == 5
    singles = sorted(town.ledger.score(name, CONTEXT).score.score for name in town.names)
    assert singles == sorted(s for s, n in population.histogram for _ in range(n))


def test_scoring_everyone_twice_gives_one_digest(town: Town) -> None:
    town.import_rows(rows(40))
    first, second = town.ledger.score_all(CONTEXT), town.ledger.score_all(CONTEXT)
    assert first.digest == second.digest
    assert town.ledger.verify().ok


def test_who_withdrew_is_in_no_population(town: Town) -> None:
    town.ledger.withdraw(town.people[0], CONTEXT)
    assert town.ledger.score_all(CONTEXT).subjects == 4


def test_nobody_is_named_in_a_list_of_people(town: Town) -> None:
    with pytest.raises(Refused) as caught:
        town.ledger.improvements(CONTEXT, TODAY - 1, 3)
    assert caught.value.code == "E-SCORE-01"


def test_verbs_in_a_bulk_block_become_durable_together_or_not_at_all(town: Town) -> None:
    before = town.ledger.checkpoint
    with pytest.raises(ZeroDivisionError), town.ledger.bulk():
        town.add_person().public.thumbprint[1 // 0]
    assert len(town.ledger._core.vault.numbers(CONTEXT)) == 5
    assert town.ledger.checkpoint == before
    with pytest.raises(Refused) as caught, town.ledger.bulk():
        town.import_rows(rows(1))
    assert caught.value.code == "E-LEDGER-03"
    assert parse_checkpoint(town.ledger.checkpoint)[0].size == town.ledger.log_size
