"""The reference says what the linter does: every code, every fixture."""

import re

import pytest

from standing.policy import CODES

from .conftest import FIXTURES, ROOT

PAGE = (ROOT / "docs" / "reference" / "linter.md").read_text()
SECTIONS = {part.split(":", 1)[0]: part for part in re.split(r"^## ", PAGE, flags=re.MULTILINE)[1:]}


def test_every_code_has_one_heading_and_in_order():
    headings = re.findall(r"^## (.+)$", PAGE, flags=re.MULTILINE)
    assert headings == [f"{code}: {facts.title}" for code, facts in CODES.items()]


@pytest.mark.parametrize("code", CODES)
def test_a_section_says_when_why_and_on_what_the_rule_leans(code):
    facts, section = CODES[code], SECTIONS[code]
    assert f"; at {facts.at}." in section
    assert f"Why: {facts.why}" in section
    assert f"Source: {facts.source}." in section
    assert ("written justification" in section) >= facts.waivable


def test_every_fixture_is_listed_under_its_code():
    for path in (FIXTURES / "refused").glob("*.yaml"):
        assert f"`{path.name}`" in SECTIONS[path.stem.split("-")[0]]


@pytest.mark.parametrize("code", [code for code, facts in CODES.items() if "run" in facts.at])
def test_a_code_about_the_running_system_names_its_test_or_says_that_there_is_none(code):
    section = SECTIONS[code]
    named = re.search(r"Enforced by `(.+)::(.+)`", section)
    if named is None:
        assert "Enforced while the system runs: not yet." in section
    else:
        assert f"def {named[2]}(" in (ROOT / named[1]).read_text()
