"""What the site keeps of a ledger from one request to the next."""

from standing.web._names import names_in
from standing.web._site import _roll
from tests.support import Town, rows


def test_names_are_kept_while_people_act_and_read_again_when_rules_come(town: Town) -> None:
    before, named = _roll(town.ledger), names_in(town.ledger)
    town.import_rows(rows(5))
    town.add_person()
    [roll] = _roll(town.ledger)
    assert roll is before[0]
    town.add_rail()
    assert _roll(town.ledger) != before
    assert set(names_in(town.ledger).contexts) - set(named.contexts) == {"rail"}
