"""Simulating a pack over a ledger's people: nothing changes, nobody is pointed at."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from standing import policy
from standing.errors import Refused
from standing.policy._text import dump
from standing.policy.simulation import document
from tests.support import CONTEXT, NOTICE_DAYS, TODAY, Town, make_ledger, row

from .test_rules import parts, publish

PEOPLE = 24


@pytest.fixture
def crowd(tmp_path: Path) -> Iterator[Town]:
    """24 people: every second one with an unpaid fare, half in each of two districts and groups.

    A simulation rounds counts to fives: of twelve it says ten.
    """
    town = make_ledger(tmp_path, subjects=PEOPLE)
    town.import_rows(
        [
            row(0, id=f"n{n}", card=f"card-{n}", zones="") for n in range(0, PEOPLE, 2)
            for _ in range(1)
        ]
    )  # fmt: skip
    for n, person in enumerate(town.people):
        town.ledger.give_attributes(
            person, CONTEXT, region=f"district-{n % 4 // 2}", group="ab"[n % 4 // 2]
        )
    town.move_to(TODAY + NOTICE_DAYS)
    yield town
    town.ledger.close()


def later(town: Town, points: int = -40) -> dict[str, object]:
    plain = parts(town)
    plain["acts"]["fare-unpaid"] |= {"points": points, "ages": [[180, points // 2], [365, 0]]}
    return plain


def test_a_milder_pack_lifts_whoever_has_such_a_record_and_nobody_else(crowd: Town) -> None:
    result = crowd.ledger.simulate(dump(later(crowd))).result
    assert (result.subjects, result.lower, result.same, result.higher) == (25, 0, 10, 10)
    assert result.old_pack == crowd.ledger.state.packs_of(CONTEXT)[0][1].hex()
    assert result.moves == ((0, 0, 0), (0, 0, 0), (0, 0, 25))


def test_a_harsher_pack_lowers_nobody_on_its_first_day_of_force(crowd: Town) -> None:
    result = crowd.ledger.simulate(dump(later(crowd, points=-160))).result
    assert (result.lower, result.higher) == (10, 0)
    assert result.on_force_day == (0, 0)
    assert [row for row in result.moves if any(row)] == [(0, 10, 10)]


def test_regions_and_groups_are_told_apart_and_their_ratio_stated(crowd: Town) -> None:
    result = crowd.ledger.simulate(dump(later(crowd, points=-160))).result
    assert [(p.name, p.subjects, p.lower) for p in result.parts["region"]] == [
        ("district-0", 10, 5), ("district-1", 10, 5),
    ]  # fmt: skip
    assert [p.after[0] for p in result.parts["group"]] == [500, 500]
    assert result.impact.result == "shown"
    assert result.impact.low_permille < 1_000 < result.impact.high_permille


def test_whoever_withdraws_is_in_no_simulation(crowd: Town) -> None:
    for person in crowd.people[:4]:
        crowd.ledger.withdraw(person, CONTEXT)
    result = crowd.ledger.simulate(dump(later(crowd))).result
    assert (result.subjects, result.higher) == (20, 10)
    assert [p.subjects for p in result.parts["group"]] == [10, 10]


def test_a_simulation_changes_nothing(crowd: Town) -> None:
    size = crowd.ledger.log_size
    crowd.ledger.simulate(dump(later(crowd)))
    assert crowd.ledger.log_size == size
    assert crowd.ledger.verify().ok


def test_what_the_linter_has_against_the_pack_is_told_and_it_is_simulated_all_the_same(
    crowd: Town,
) -> None:
    simulated = crowd.ledger.simulate(dump(later(crowd) | {"notice_days": 3}))
    assert {"L18", "L38"} <= {finding.code for finding in simulated.findings}
    assert simulated.result.subjects == 25


def test_a_pack_is_compared_with_another_one_that_is_given(crowd: Town) -> None:
    result = crowd.ledger.simulate(dump(later(crowd)), dump(later(crowd, points=-160))).result
    assert (result.lower, result.higher) == (0, 10)


def test_packs_of_two_contexts_are_not_compared(crowd: Town) -> None:
    with pytest.raises(Refused, match="E-PACK-20"):
        crowd.ledger.simulate(dump(later(crowd)), dump(later(crowd) | {"context": "rail"}))


def test_a_context_without_rules_has_nothing_to_compare_with(crowd: Town) -> None:
    with pytest.raises(Refused, match="E-PACK-12"):
        crowd.ledger.simulate(dump(later(crowd) | {"context": "rail"}))


def test_a_simulation_s_document_is_published_with_the_pack_that_it_is_of(town: Town) -> None:
    """What `simulate` writes is what `publish` takes, impact and all."""
    plain = parts(town)
    result = town.ledger.simulate(dump(plain)).result
    plain["impact"] = {"result": result.impact.result, "low_permille": 0, "high_permille": 0}
    publish(town, plain, document(result))
    published = policy.parse_pack(
        town.ledger._core.log.document(town.ledger.state.packs_of(CONTEXT)[1][1])
    )
    assert published.version == 2
    assert town.ledger.verify().ok
