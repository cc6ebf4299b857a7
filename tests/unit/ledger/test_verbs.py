"""The groups of verbs stand beside one another: none hides a verb of another."""

from collections import Counter

from standing.ledger import Ledger
from standing.ledger.verbs._base import Verbs


def test_every_verb_stands_in_one_group() -> None:
    groups = [one for one in Ledger.__mro__ if one is not object]
    assert {Ledger, *Ledger.__bases__, Verbs} == set(groups)
    verbs = Counter(name for one in groups for name in vars(one) if not name.startswith("__"))
    assert len(verbs) > 100
    assert [name for name, places in verbs.items() if places > 1] == []


def test_no_group_keeps_anything_but_the_open_ledger() -> None:
    assert [one for one in Ledger.__mro__[:-1] if "__init__" in vars(one)] == [Verbs]
