"""Fields of steps on pages follow from the tables: nothing about a value is said a second time."""

from typing import get_type_hints

import pytest

from standing.cases.lifecycles import LIFECYCLES, Day, kind_of
from standing.web._contest import _GROUNDS
from standing.web._fields import Field, fields_of, shown
from standing.web._step_words import CHOICES
from standing.web._voice import Voice

ENGLISH = Voice("en")
EVENTS = [
    (table.name, move.event, move.facts) for table in LIFECYCLES.values() for move in table.moves
]


@pytest.mark.parametrize(("lifecycle", "event", "facts"), EVENTS)
def test_a_day_is_shown_as_a_date_and_a_number_as_a_number(lifecycle, event, facts):
    for name, hint in get_type_hints(facts, include_extras=True).items():
        kind = kind_of(hint)[0]
        if kind in {Day, int}:
            wanted = "5 October 2024" if kind is Day else "20001"
            assert shown(lifecycle, event, name, 20_001, ENGLISH) == wanted


def test_what_no_table_has_is_shown_as_it_is():
    assert shown("contest", "file", "until", 20_001, ENGLISH) == "20001"


def test_fields_have_the_shape_that_their_table_gives():
    fields = {field.name: field for field in fields_of("contest", "rule")}
    assert fields["on"].kind == "day"
    assert {f.kind for f in fields_of("contest", "hear") if f.name == "present"} == {"many"}
    assert fields["reasons"] == Field("reasons", fields["reasons"].label, "long", True, (), 4000)
    assert fields["outcome"].choices == ("uphold", "correct", "annul", "inadmissible")
    assert {f.kind for f in fields_of("mandate", "give") if f.name == "acts"} == {"choices"}
    assert {f.kind for f in fields_of("contest", "re-enter") if f.name == "certified"} == {"flag"}


def test_every_ground_of_a_contest_can_be_chosen_and_has_words():
    assert _GROUNDS[0] == "wrong"
    assert set(_GROUNDS) <= set(CHOICES)
