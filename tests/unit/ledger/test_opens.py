"""A subject is told what their records open, and that a restriction needs a human."""

from standing.ledger._scores import SubjectScore
from standing.ledger.facts import score_text
from standing.packs import shipped
from standing.policy import RecordFact, Schedule, consequences, parse_pack, score


def test_a_score_says_which_restriction_s_records_are_there() -> None:
    pack = parse_pack(shipped("rail"))
    schedule = Schedule([(int(pack.force), pack)])
    fact = RecordFact("r_a", "rail.forged-ticket", int(pack.force), int(pack.force))
    result = score([fact], schedule, pack.force + 20)
    opens = tuple(consequences(result, pack))
    told = score_text(SubjectScore("s_a", "rail", pack.force + 20, b"", result, b"", opens))
    assert "opens: no-high-speed (a restriction only if a human decides)" in told
