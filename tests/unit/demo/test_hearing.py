"""The invented city shows the right to be heard."""

import pytest

from standing.demo import make_city
from standing.ledger import open_ledger


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    return make_city(tmp_path_factory.mktemp("city") / "ledger", seed=7, subjects=300)


def test_the_city_has_a_case_of_each_kind(city):
    with open_ledger(city.directory, read_only=True) as ledger:
        states = {what: ledger.case(case).state for what, (case, _, _) in city.heard.items()}
    assert states == {
        "won": "closed", "running": "open", "lapsed": "lapsed", "restriction": "decided",
        "reply": "answered",
    }  # fmt: skip


def test_a_won_contest_gave_points_back(city):
    case, subject, context = city.heard["won"]
    with open_ledger(city.directory, read_only=True) as ledger:
        record = ledger.case(case).first.named
        reasons = {r.record: r for r in ledger.score(subject, context).score.reasons}
    assert (reasons[record].counted, reasons[record].why) == (0, "annulled")
