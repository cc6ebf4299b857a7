"""The invented city: what its residents say of themselves, and the pack that it proposes."""

import random
from pathlib import Path

from standing import policy
from standing.demo._proposal import write_proposal
from standing.demo._sayings import _choose
from standing.packs import shipped
from standing.wire.days import parse_day


def test_most_residents_state_a_region_and_half_of_them_a_group() -> None:
    chance = random.Random(7)
    said = [_choose(chance) for _ in range(2_000)]
    regions = [region for region, _ in said if region]
    groups = [group for _, group in said if group]
    assert 1_100 < len(regions) < 1_300
    assert 0.45 < len(groups) / len(regions) < 0.55
    assert (len(set(regions)), len(set(groups))) == (6, 3)
    assert all(region for region, group in said if group)


def test_the_proposal_lacks_what_only_a_simulation_gives(tmp_path: Path) -> None:
    rail = policy.parse_pack(shipped("rail"))
    file = write_proposal(tmp_path, rail, parse_day("2027-12-24"))
    found = policy.lint(file.read_bytes(), policy.parse_catalogue(shipped("catalogue")))
    assert [(one.code, one.level) for one in found] == [("L38", "refuse"), ("L42", "justified")]
    proposed = policy.parse_pack(file.read_bytes())
    assert (proposed.version, (proposed.force - rail.force) % rail.window_days) == (2, 0)
    assert proposed.force - proposed.published >= 30
