"""Verifying as a stranger: what holds, what was rewritten, what is for somebody else."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import standing
from standing import audit
from standing.errors import StandingError, Usage
from standing.ledger.facts import verification_facts, verification_text
from tests.support import CONTEXT, NOTICE_DAYS, TODAY, Town, make_ledger, new_key, rows


@pytest.fixture
def lived(town: Town) -> Town:
    """Records, a question, a withdrawal and a stated population are in."""
    town.import_rows(rows(20))
    town.ledger.decide(town.ask("card-1"))
    town.ledger.withdraw(town.people[0], CONTEXT)
    town.ledger.score_all(CONTEXT)
    town.move_to(TODAY + NOTICE_DAYS)
    town.ledger.tick()
    return town


def failed(verification: audit.Verification) -> set[str]:
    return {check.name for check in verification.checks if not check.ok}


def test_a_ledger_nobody_touched_holds(lived: Town) -> None:
    verification = lived.ledger.verify()
    assert verification.ok
    assert all(check.problem is None for check in verification.checks)
    assert verification.log_size == lived.ledger.log_size
    counts = {check.name: check.count for check in verification.checks}
    assert counts["statements"] == lived.ledger.log_size
    assert counts["answers"] == 1
    assert counts["records"] > 0


def test_verification_reads_as_text_and_as_facts(lived: Town) -> None:
    verification = lived.ledger.verify()
    assert json.loads(json.dumps(verification_facts(verification)))["ok"] is True
    text = verification_text(verification)
    assert "Everything that was checked holds." in text
    assert "NOT compared with any outside copy" in text


def test_verifying_changes_no_file(lived: Town) -> None:
    lived.ledger.close()
    before = {p: p.read_bytes() for p in lived.directory.rglob("*") if p.is_file()}
    assert audit.verify_ledger(lived.directory).ok
    assert {p: p.read_bytes() for p in lived.directory.rglob("*") if p.is_file()} == before


def test_a_checkpoint_kept_outside_is_part_of_the_history(lived: Town) -> None:
    kept = lived.ledger.checkpoint
    size = lived.ledger.log_size
    lived.ledger.score_all(CONTEXT)
    verification = lived.ledger.verify(kept)
    assert verification.ok
    assert verification.compared_with == size < verification.log_size


def test_a_history_rewritten_with_all_the_operators_keys_is_found(
    lived: Town, tmp_path: Path
) -> None:
    lived.ledger.close()
    copy = tmp_path / "copy"
    shutil.copytree(lived.directory, copy)
    keys = lived.keys
    with standing.open(
        lived.directory, clock=standing.SimulatedClock(TODAY + NOTICE_DAYS)
    ) as ledger:
        ledger.revoke(keys["bus"].public.thumbprint, "left", by=keys["city"])
        kept = ledger.checkpoint
    with standing.open(copy, clock=standing.SimulatedClock(TODAY + NOTICE_DAYS)) as ledger:
        ledger.revoke(keys["ann"].public.thumbprint, "left", by=keys["city"])
        ledger.score_all(CONTEXT)
    alone = audit.verify_ledger(copy)
    compared = audit.verify_ledger(copy, kept)
    assert alone.ok
    assert failed(compared) == {"history"}
    assert compared.compared_with is None


def test_a_ledger_that_lost_its_newest_entries_is_found(lived: Town, tmp_path: Path) -> None:
    lived.ledger.close()
    shutil.copytree(lived.directory, tmp_path / "old")
    with standing.open(
        lived.directory, clock=standing.SimulatedClock(TODAY + NOTICE_DAYS)
    ) as ledger:
        ledger.score_all(CONTEXT)
        kept = ledger.checkpoint
    assert failed(audit.verify_ledger(tmp_path / "old", kept)) == {"history"}


def test_a_checkpoint_of_another_ledger_is_found(lived: Town, tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    other = make_ledger(tmp_path / "b", subjects=0)
    kept = other.ledger.checkpoint
    other.ledger.close()
    assert failed(lived.ledger.verify(kept)) == {"history"}
    assert failed(lived.ledger.verify(b"not a checkpoint")) == {"history"}


def test_a_directory_without_a_ledger_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(Usage) as caught:
        audit.verify_ledger(tmp_path)
    assert caught.value.code == "E-LEDGER-01"


@pytest.mark.parametrize(
    ("sql", "check"),
    [
        ("DELETE FROM documents WHERE kind='consent'", "people"),
        ("DELETE FROM documents WHERE kind='withdrawal'", "people"),
        ("UPDATE consents SET withdrawn=NULL", "people"),
        ("UPDATE consents SET until=until+1", "people"),
        ("DELETE FROM links", "people"),
        ("UPDATE adults SET since=since-1", "people"),
        ("DELETE FROM questions", "answers"),
        ("UPDATE questions SET until=0", "answers"),
        ("DELETE FROM runs WHERE kind='posting'", "indexes"),
        ("UPDATE scores SET day=day-1", "scores"),
        ("DELETE FROM marks", "marks"),
        ("DELETE FROM batches", "records"),
    ],
)
def test_a_row_changed_in_the_vault_is_found_by_name(lived: Town, sql: str, check: str) -> None:
    lived.ledger._core.vault.db.execute(sql)
    assert check in failed(lived.ledger.verify())


def test_stored_scores_that_are_gone_are_not_counted_as_checked(lived: Town) -> None:
    lived.ledger._core.vault.db.execute("DELETE FROM scores")
    checks = {check.name: check for check in lived.ledger.verify().checks}
    assert checks["scores"].count == 0
    assert checks["scores"].unchecked == "scores that were not stored"


@pytest.mark.parametrize("table", ["names", "subjects"])
def test_a_subject_removed_from_the_vault_is_found(lived: Town, table: str) -> None:
    lived.ledger._core.vault.db.execute(f"DELETE FROM {table}")
    assert "people" in failed(lived.ledger.verify())


# --- reports ------------------------------------------------------------------------------------


def test_a_report_holds_for_its_recipient_alone(lived: Town) -> None:
    court, other = new_key("auditor", "court"), new_key("auditor", "other")
    sealed = lived.ledger.report_for("card-1", CONTEXT, court.public)
    trust = audit.load_trust(lived.directory)
    day = lived.ledger.today
    verification = audit.verify_report(sealed, trust, court.key, day)
    assert verification.ok, verification_text(verification)
    assert verification.log_size == lived.ledger.log_size
    assert not audit.verify_report(sealed, trust, other.key, day).ok


def test_a_report_expires(lived: Town) -> None:
    court = new_key("auditor", "court")
    sealed = lived.ledger.report_for("card-1", CONTEXT, court.public)
    trust = audit.load_trust(lived.directory)
    assert audit.verify_report(sealed, trust, court.key, lived.ledger.today + 30).ok
    assert not audit.verify_report(sealed, trust, court.key, lived.ledger.today + 31).ok


def test_a_report_with_one_byte_changed_does_not_hold(lived: Town) -> None:
    court = new_key("auditor", "court")
    sealed = lived.ledger.report_for("card-1", CONTEXT, court.public)
    trust = audit.load_trust(lived.directory)
    for at in range(0, len(sealed), max(1, len(sealed) // 200)):
        changed = bytearray(sealed)
        changed[at] ^= 1
        assert not audit.verify_report(bytes(changed), trust, court.key, lived.ledger.today).ok
    for cut in (b"", sealed[:-1], sealed + b"\0"):
        assert not audit.verify_report(cut, trust, court.key, lived.ledger.today).ok


def test_a_report_of_another_ledger_does_not_hold(lived: Town, tmp_path: Path) -> None:
    court = new_key("auditor", "court")
    sealed = lived.ledger.report_for("card-1", CONTEXT, court.public)
    (tmp_path / "b").mkdir()
    other = make_ledger(tmp_path / "b", subjects=0)
    other.ledger.close()
    trust = audit.load_trust(other.directory)
    assert not audit.verify_report(sealed, trust, court.key, lived.ledger.today).ok


def test_there_is_no_report_on_who_withdrew(lived: Town) -> None:
    with pytest.raises(StandingError):
        lived.ledger.report_for(lived.names[0], CONTEXT, new_key("auditor", "court").public)


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data + b" ",
        lambda data: data.replace(b"simulated", b"Simulated"),
        lambda data: data.replace(b"{", b"[", 1),
        lambda data: b"",
        lambda data: b"\xff" + data,
        lambda data: json.dumps(json.loads(data)).encode(),
    ],
)
def test_a_trust_file_has_one_form(lived: Town, change: Callable[[bytes], bytes]) -> None:
    good = (lived.directory / "trust.json").read_bytes()
    assert audit.parse_trust(good, where="trust.json").format() == good
    with pytest.raises(StandingError) as caught:
        audit.parse_trust(change(good), where="trust.json")
    assert caught.value.code == "E-TRUST-01"
