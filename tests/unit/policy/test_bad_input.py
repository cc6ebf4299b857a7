"""Bad input, each refused with its code, its line, what was got and what is allowed."""

import pytest

from standing import policy
from standing.errors import Refused

from .conftest import FIXTURES, PACKS

PASSING = (FIXTURES / "passing.yaml").read_text()
CATALOGUE = (PACKS / "catalogue.yaml").read_text()
SMOKING_AGES = "ages: [[92, -30], [184, -20], [276, -10], [365, 0]]"

# (what is replaced, with what, code, the line of the finding, got, allowed)
CASES = {
    "a float": (
        "points: -40", "points: -40.5", "L12", "points: -40.5", "-40.5", "whole numbers only",
    ),
    "a float that is whole": (
        "points: -40", "points: -4e1", "L12", "points: -4e1", "-4e1", "whole numbers only",
    ),
    "a division": (
        "points: -40", "points: -120/3", "L12", "points: -120/3",
        "acts.rail.smoking.points: '-120/3'", "a whole number",
    ),
    "a burdening type with good points": (
        "points: -40", "points: 40", "L12", "points: 40", "40 points",
        "negative points: one type, one sign",
    ),
    "ages of two signs": (
        SMOKING_AGES, "ages: [[92, -30], [184, 20], [365, 0]]", "L12", "ages: [[92, -30], [184, 20]",
        "points of both signs", "one sign",
    ),
    "ages that grow": (
        SMOKING_AGES, "ages: [[92, -20], [184, -30], [365, 0]]", "L09", "ages: [[92, -20]",
        "sizes [40, 20, 30, 0]", "points that never grow with age",
    ),
    "ages that do not end in 0": (
        SMOKING_AGES, "ages: [[92, -30], [365, -1]]", "L09", "ages: [[92, -30], [365",
        "it ends with [365, -1]", "[365, 0]",
    ),
    "ages that end too early": (
        SMOKING_AGES, "ages: [[92, -30], [364, 0]]", "L09", "ages: [[92, -30], [364",
        "it ends with [364, 0]", "[365, 0]",
    ),
    "ages out of order": (
        SMOKING_AGES, "ages: [[184, -30], [92, -20], [365, 0]]", "L09", "ages: [[184",
        "ages [184, 92, 365]", "ages that rise from 1 day on",
    ),
    "a record over its cap": (
        "cap: 120", "cap: 39", "L13", "cap: 39", "a cap of 39 with -40 points a record",
        "a cap of at least 40",
    ),
    "a type outside the catalogue": (
        "  rail.help-given:", "  rail.singing:", "L61", "rail.singing:", "rail.singing",
        "an act type of catalogue version 1",
    ),
    "another catalogue": (
        "catalogue: 41f8", "catalogue: 0000", "L61", "catalogue: 0000", "catalogue 0000",
        "the SHA-256 of catalogue version 1",
    ),
    "no catalogue": (
        "catalogue: ", "# catalogue: ", "L61", "format: ", "no catalogue",
        "the SHA-256 of catalogue version 1",
    ),
    "a restriction of another context": (
        "context: rail\n    purpose: high-speed-sale\n    effect", ("context: road\n    purpose: "
        "high-speed-sale\n    effect"), "L27", "context: road", "road", "rail",
    ),
    "a perk of another context": (
        "context: rail\n    purpose: high-speed-sale\n    acts", ("context: road\n    purpose: "
        "high-speed-sale\n    acts"), "L27", "context: road", "road", "rail",
    ),
    "a day that does not exist": (
        "force: 2026-11-01", "force: 2026-02-30", "FORMAT", "force: 2026-02-30",
        "force: '2026-02-30'", "exists in the calendar",
    ),
    "a holiday that does not exist": (
        "[2026-12-25, 2026-12-26]", "[2026-12-25, 2026-13-26]", "FORMAT", "2026-13-26",
        "calendar.holidays.2026.1: '2026-13-26'", "day",
    ),
    "an anchor": (
        "title: Small pack", "title: &a Small pack", "FORMAT", "title: &a", "an anchor or alias",
        "each value written out",
    ),
    "a burden without a duty": (
        "    duty: 4b5fe5bb7b7d11e9601702a262d08ad6640708cf9f5194c44eb86c55ddbaf17e\n", "", "L05",
        "rail.smoking:", "no duty", "the duty's text hash 4b5fe5bb",
    ),
    "a duty of another text": (
        "duty: 4b5f", "duty: 0000", "L05", "duty: 0000", "0000e5bb", "the duty's text hash 4b5fe5bb",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_it_is_refused_with_code_line_got_and_allowed(case, catalogue):
    old, new, code, line, got, allowed = CASES[case]
    assert old in PASSING
    text = PASSING.replace(old, new, 1)
    found = [f for f in policy.lint(text.encode(), catalogue) if f.code == code]
    assert found, "not refused"
    finding = found[0]
    assert finding.level == "refuse"
    assert line in text.splitlines()[finding.line - 1]
    assert got in finding.got
    assert allowed in finding.allowed
    with pytest.raises(Refused, match="E-PACK-02") as caught:
        policy.load_pack(text.encode(), catalogue)
    assert f"{code} line {finding.line}: got {finding.got}" in caught.value.why


def test_a_bomb_of_anchors_is_refused_at_its_first_line(catalogue):
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    for old, new in zip("abcdefgh", "bcdefghi", strict=True):
        lines.append(f"{new}: &{new} [{', '.join(['*' + old] * 9)}]")
    (finding,) = policy.lint("\n".join(lines).encode(), catalogue)
    told = (finding.code, finding.line, finding.got, finding.allowed)
    assert told == ("FORMAT", 1, "an anchor or alias", "each value written out")


def test_a_pack_of_ten_megabytes_is_refused_before_it_is_read(catalogue):
    data = PASSING.encode()
    data += b"#" * (10_000_000 - len(data))
    (finding,) = policy.lint(data, catalogue)
    told = (finding.code, finding.line, finding.got, finding.allowed)
    assert told == ("FORMAT", 1, "10,000,000 bytes", "at most 1,000,000 bytes")
    with pytest.raises(Refused, match="E-PACK-01"):
        policy.parse_pack(data)


@pytest.mark.parametrize(
    ("old", "new", "code", "words"),
    [
        ("      source: rail-terms\n", "", "E-PACK-01", "source"),
        ("      source: rail-terms\n", "      source: ''\n", "E-PACK-01", "source: ''"),
        ("      citation: Conditions of carriage by rail, tickets\n", "", "E-PACK-01", "citation"),
    ],
)
def test_a_duty_without_a_source_is_refused_in_the_catalogue(old, new, code, words):
    assert old in CATALOGUE
    with pytest.raises(Refused, match=code) as caught:
        policy.parse_catalogue(CATALOGUE.replace(old, new, 1).encode())
    assert words in caught.value.why
    assert caught.value.where.startswith("line ")


def test_a_duty_of_another_source_than_the_pack_s_is_refused(catalogue):
    other = CATALOGUE.replace("source: rail-terms", "source: rail-law")  # setting and duties alike
    acts = policy.parse_catalogue(other.encode())
    found = {f.where: (f.code, f.got, f.allowed) for f in policy.lint(PASSING.encode(), acts)}
    assert found["source"] == ("L62", "rail-terms", "rail-law")
    assert found["acts.rail.smoking"] == ("L62", "a duty of rail-law", "duties of rail-terms")
