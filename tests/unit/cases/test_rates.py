"""What reviewers decide is counted in public, and small counts are left out."""

from standing.wire import cbor


def file(stage, number):
    facts = {"target": "decision", "named": f"booking-{number}", "words": "That was wrong."}
    return stage.open("card-1", "contest", "file", facts, "resident")


def test_rates_per_reviewer_are_published_without_small_counts(stage):
    for number in range(5):
        case = file(stage, number)
        ruling = {
            "outcome": "annul",
            "reasons": "The answer was wrong, as they say.",
            "opened": ["booking"],
        }
        stage.step(case, "rule", ruling, by="review-board")
    case = file(stage, 6)
    stage.step(case, "take-back", by="resident")
    entry, counted = stage.ledger.publish_rates()
    assert counted["reviewers"] == {"review-board": {"contest rule annul": 5}}
    assert counted["cases"] == {"contest closed": 5}
    statement = stage.ledger._core.log.entry(entry)
    document = cbor.encode(["standing/rates/1", counted])
    digest = stage.ledger._core.log.put_document(document)
    assert digest in statement


def test_a_ruling_that_nobody_appealed_was_not_decided_by_silence(stage):
    for number in range(5):
        case = file(stage, number)
        ruling = {
            "outcome": "uphold",
            "reasons": "The answer was right that day.",
            "opened": ["booking"],
        }
        stage.step(case, "rule", ruling, by="review-board")
    stage.move(30)
    assert stage.ledger.rates()["cases"] == {"contest closed": 5}
    assert stage.ledger.contest_numbers().outcomes == {"uphold": 5}
