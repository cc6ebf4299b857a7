"""What a subject is told: what records open, what changes when, what would be different."""

from standing.ledger import score_views
from standing.ledger._scores import SubjectScore
from standing.ledger.facts import forecast_text, score_text, what_if_text
from standing.ledger.score_views import Forecast
from standing.packs import shipped
from standing.policy import (
    RecordFact,
    Schedule,
    consequences,
    forecast,
    parse_pack,
    score,
    what_if,
)


def test_a_score_says_which_restriction_s_records_are_there() -> None:
    pack = parse_pack(shipped("rail"))
    schedule = Schedule([(int(pack.force), pack)])
    fact = RecordFact("r_a", "rail.forged-ticket", int(pack.force), int(pack.force))
    result = score([fact], schedule, pack.force + 20)
    opens = tuple(consequences(result, pack))
    found = SubjectScore("s_a", "rail", pack.force + 20, b"", result, b"", opens)
    told = score_text(score_views.scored(found))
    assert "opens: no-high-speed (a restriction only if a human decides)" in told


def test_a_forecast_and_a_supposition_have_a_line_for_each_day_on_which_something_shows() -> None:
    pack = parse_pack(shipped("rail"))
    force = int(pack.force)
    schedule = Schedule([(force, pack)])
    help_given = RecordFact("r_a", "rail.help-given", force, force)
    above = forecast([help_given], schedule, force + 20)  # its points fade above the ceiling
    assert len(above) > 1
    told = Forecast(subject="s_a", context="rail", outlooks=score_views.at(above))
    assert "no change in the next 24 months" in forecast_text(told)
    same = what_if([help_given], schedule, force + 20, more=["rail.help-given"])
    assert what_if_text(score_views.supposed(same)).endswith("no difference in the next 24 months")
    burden = what_if([], schedule, force, more=["rail.smoking"])
    shown = [
        line.split()[1] for line in what_if_text(score_views.supposed(burden)).splitlines()[1:]
    ]
    assert shown == ["1000", "960", "970", "980", "990", "1000"]
