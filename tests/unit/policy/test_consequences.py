"""Perks that are due and restrictions that might be proposed: by named records alone."""

import msgspec
import pytest

from standing import policy
from standing.policy import RecordFact, Schedule
from standing.policy._schema import Trigger

FORCE = 20_000


@pytest.fixture
def open_with(packs):
    def look(name, *records, at=40):
        pack = packs[name]
        schedule = Schedule([(FORCE, policy.redated(pack, published=FORCE - 31, force=FORCE))])
        facts = [
            RecordFact(f"r{n}", code, FORCE + n, FORCE + n, status)
            for n, (code, status) in enumerate(records)
        ]
        result = policy.score(facts, schedule, FORCE + at)
        return policy.consequences(result, schedule.in_force(FORCE + at))

    return look


def of(code, count=1, status="effective"):
    return [(code, status)] * count


def test_nobody_s_records_open_nothing(open_with):
    assert open_with("rail") == open_with("hospitality") == frozenset()


def test_one_serious_record_allows_a_proposal(open_with):
    assert open_with("rail", *of("rail.forged-ticket")) == {"no-high-speed"}


def test_three_general_records_allow_one_and_two_do_not(open_with):
    assert open_with("rail", *of("rail.smoking", 2)) == frozenset()
    assert open_with("rail", *of("rail.smoking", 3)) == {"no-high-speed-short"}


@pytest.mark.parametrize("status", ["contested", "annulled", "lapsed", "retracted"])
def test_a_record_that_does_not_count_allows_nothing(open_with, status):
    assert open_with("rail", *of("rail.forged-ticket", 1, status)) == frozenset()


def test_a_record_under_notice_allows_nothing(open_with):
    assert open_with("rail", *of("rail.forged-ticket"), at=13) == frozenset()


def test_records_that_the_limit_of_their_kind_hides_are_still_records(open_with):
    assert open_with("rail", *of("rail.unpaid-fare", 5)) == {"no-high-speed-short"}


def test_a_perk_is_due_from_so_many_good_records_on(open_with):
    assert open_with("hospitality", *of("hospitality.kept-booking", 4)) == frozenset()
    assert open_with("hospitality", *of("hospitality.kept-booking", 5)) == {"no-deposit"}


def test_either_kind_of_record_is_enough_where_a_trigger_names_both(packs):
    pack = packs["rail"]
    both = Trigger(serious=1, general=3)
    one = msgspec.structs.replace(pack.restrictions[0], trigger=both)
    pack = msgspec.structs.replace(pack, restrictions=(one,))
    for counts, expected in (
        ({}, False), ({"serious": 1}, True), ({"general": 3}, True),
        ({"general": 2}, False), ({"serious": 1, "general": 9}, True),
    ):  # fmt: skip
        assert policy.met(pack, counts)["no-high-speed"] is expected
