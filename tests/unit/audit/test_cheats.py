"""Whatever one thing an operator changes after a full life of cases, verify finds it."""

from random import Random

import pytest

from standing.vault import Vault
from tests.machine.cheats import CHEATS
from tests.machine.place import Cast, Place, is_whole
from tests.machine.stage import BEGIN, CONTEXT, copied


@pytest.fixture
def lived(tmp_path):
    """A ledger in which everything happened once, whole and closed."""
    place = Place(copied(tmp_path), tmp_path, BEGIN)
    cast = Cast(place)
    cast.begun(0, [cast.record(0, "forged-ticket")])
    case = cast.contest(0, cast.record(0, "smoking"))
    cast.own(case, "add", 0, {"words": "See."}, files=[("paper.txt", b"paper")])
    evidence = cast.ledger.case(case.name).events[-1].facts.files[0]
    opened = [case.first.named, evidence.hex()]
    cast.rule(case, "uphold", "board", opened=opened)
    cast.own(case, "appeal", 0, {"words": "Look again."})
    cast.contest(1, cast.record(1, "smoking"))
    cast.ledger.withdraw(place.stage.people[1], CONTEXT)
    cast.ledger.freeze(place.names[2], CONTEXT, key=cast.key("counter"))
    place.sleep(1)
    cast.ledger.tick(send=False)
    place.close()
    assert is_whole(cast.ledger.directory) == []
    return cast.ledger.directory


@pytest.mark.parametrize("name", sorted(CHEATS))
def test_a_cheating_operator_never_verifies(lived, name):
    vault = Vault.open(lived / "vault.db", lived / "keys")
    assert CHEATS[name](vault, Random(1)), "there was nothing to change"
    vault.close()
    assert is_whole(lived)
