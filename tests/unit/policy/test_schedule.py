"""The packs of one context in time."""

import msgspec
import pytest

from standing.errors import Refused
from standing.policy import Schedule

from .histories import ACTS, MILDER, PACK, START, act, pack_of


def test_the_pack_in_force_is_the_latest_one_whose_day_has_come():
    schedule = Schedule([(START + 90, MILDER), (START, PACK)])
    assert schedule.in_force(START + 89).version == 1
    assert schedule.in_force(START + 90).version == 2
    assert (schedule.context, schedule.first_force) == ("test", START)


@pytest.mark.parametrize(
    ("later", "word"),
    [
        ((START + 91, MILDER), "first day of a window"),
        ((START, MILDER), "on one day"),
        ((START + 90, msgspec.structs.replace(MILDER, context="other")), "one context"),
        ((START + 90, msgspec.structs.replace(MILDER, window_days=45)), "first day of a window"),
        (
            (START + 90, pack_of({"fare": act(-40, [[90, 0]], cap=100, window=120)})),
            "window of fare",
        ),
    ],
)
def test_a_later_pack_cannot_move_the_windows_of_its_context(later, word):
    with pytest.raises(Refused, match="E-SCHED-01") as caught:
        Schedule([(START, PACK), later])
    assert word in caught.value.what


def test_a_schedule_needs_a_pack():
    with pytest.raises(Refused, match="E-SCHED-01"):
        Schedule([])


def test_a_later_pack_may_bring_new_kinds_with_windows_of_their_own():
    new = pack_of({**ACTS, "new": act(-10, [[60, 0]], cap=20, window=60)})
    assert Schedule([(START, PACK), (START + 30, new)]).windows["new"] == 60


def test_what_is_known_on_a_day_holds_no_later_pack():
    schedule = Schedule([(START, PACK), (START + 90, MILDER)])
    assert schedule.known_on(START + 89).is_single
    assert not schedule.known_on(START + 90).is_single
    with pytest.raises(Refused, match="E-SCORE-01"):
        schedule.known_on(START - 1)
