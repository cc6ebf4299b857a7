"""New keys for the log and for an issuer: what was signed before stays true, for ever."""

import json
import shutil
import sys

import pytest

import standing
from standing import audit, charter
from standing.cli import main
from standing.errors import Refused, StandingError
from standing.ledger import _rotate
from standing.verify.receipts import verify_receipt
from standing.wire import cose
from standing.wire.keys import KeyFile, PublicKey, SigningKey, write_key_file
from tests.support import CONTEXT, TODAY, UNTIL, new_key, rows

PURPOSES = sorted(charter.LOG_PURPOSES)


def rotate_here(town, purpose, tmp_path, monkeypatch, capsys):
    return town.ledger.rotate_key(purpose, by=town.keys["city"])


def rotate_by_command(town, purpose, tmp_path, monkeypatch, capsys):
    key = tmp_path / "city.key"
    if not key.exists():
        write_key_file(key, town.keys["city"])
    town.ledger.close()
    words = ["key", "rotate", purpose, "--key", key, "--ledger", town.directory, "--json"]
    monkeypatch.setattr(sys, "argv", ["standing", *map(str, words)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0
    told = json.loads(capsys.readouterr().out)
    town.ledger = standing.open(town.directory, clock=town.clock)
    assert told["purpose"] == purpose
    return told["entry"], bytes.fromhex(told["kid"])


def receipt_key(ledger, kid):
    return PublicKey.from_cose_key(ledger.state.roll.log_keys[kid].key)


def report(town, recipient):
    return town.ledger.report_for(town.names[1], CONTEXT, recipient.public)


def holds(town, sealed, trust, recipient):
    return audit.verify_report(sealed, trust, recipient, town.ledger.today).ok


@pytest.mark.parametrize("rotate", [rotate_here, rotate_by_command], ids=["verb", "command"])
@pytest.mark.parametrize("purpose", PURPOSES)
def test_after_a_key_change_all_that_was_signed_before_holds_and_work_goes_on(
    town, purpose, rotate, tmp_path, monkeypatch, capsys
):
    recipient = SigningKey.generate()
    trust = audit.load_trust(town.directory)
    town.import_rows(rows(6))
    town.ledger.score_all(CONTEXT)
    log = town.ledger._core.log
    old = [(log.entry(index), log.receipt(index)) for index in range(town.ledger.log_size)]
    before, kept, size = report(town, recipient), town.ledger.checkpoint, town.ledger.log_size
    named = town.ledger.state.log_keys(purpose)[-1]
    for _ in range(2):
        entry, kid = rotate(town, purpose, tmp_path, monkeypatch, capsys)
        assert charter.kind_of(cose.parse_sign1(town.ledger._core.log.entry(entry))) == "key"
        stated = town.ledger.state.log_key(purpose)
        assert stated is not None
        assert charter.read_log_key(purpose, stated).thumbprint == kid
        assert named in town.ledger.state.log_keys(purpose)
        between = town.ledger.checkpoint
        town.move_to(town.ledger.today + 1)
        town.ledger.tick()
    # work goes on, under the new key
    assert town.import_rows(rows(9)).records == 3
    assert len(town.ledger.score_all(CONTEXT).digest) == 32
    assert town.ledger.decide(town.ask("card-1")).answer
    after = report(town, recipient)
    for sealed in (before, after):
        assert holds(town, sealed, trust, recipient)
    for statement, receipt in old:
        key = receipt_key(town.ledger, cose.parse_sign1(receipt).kid)
        verify_receipt(receipt, statement, key)
    newest = town.ledger.log_size - 1
    log = town.ledger._core.log
    receipt = log.receipt(newest)
    key = receipt_key(town.ledger, cose.parse_sign1(receipt).kid)
    assert verify_receipt(receipt, log.entry(newest), key)[0] == newest
    assert [log.receipt(index) for index in range(size)] == [receipt for _, receipt in old]
    for outside in (kept, between, town.ledger.checkpoint):
        verification = town.ledger.verify(outside)
        assert verification.ok, [check for check in verification.checks if not check.ok]
    # and after a restart
    town.ledger.close()
    town.ledger = standing.open(town.directory, clock=town.clock)
    assert town.ledger.verify(kept).ok
    assert audit.load_trust(town.directory) == trust


def test_all_purposes_may_change_and_the_ledger_verifies(town):
    town.import_rows(rows(4))
    for _ in range(2):
        for purpose in PURPOSES:
            town.ledger.rotate_key(purpose, by=town.keys["city"])
    town.move_to(TODAY + 2)
    town.ledger.tick()
    town.import_rows(rows(8))
    assert town.ledger.verify().ok
    assert len(list((town.directory / "keys").glob("*.key"))) == 3 * len(PURPOSES)


@pytest.mark.parametrize("purpose", PURPOSES)
def test_cut_off_between_the_key_file_and_its_entry_the_ledger_opens_and_verifies(
    town, purpose, monkeypatch
):
    size = town.ledger.log_size

    def cut_off(*_args, **_more):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(_rotate.charter, "sign_statement", cut_off)
        with pytest.raises(KeyboardInterrupt):
            town.ledger.rotate_key(purpose, by=town.keys["city"])
    town.ledger.close()
    assert len(list((town.directory / "keys").glob(f"{purpose}-????????????????.key"))) == 1
    town.ledger = standing.open(town.directory, clock=town.clock)
    assert town.ledger.log_size == size
    town.import_rows(rows(3))
    assert town.ledger.verify().ok
    town.ledger.rotate_key(purpose, by=town.keys["city"])
    town.import_rows(rows(5))
    assert town.ledger.verify().ok


def test_a_lost_key_file_stops_the_ledger_and_a_reader_still_reads(town):
    _, kid = town.ledger.rotate_key("receipt", by=town.keys["city"])
    town.ledger.close()
    path = town.directory / "keys" / f"receipt-{kid.hex()[:16]}.key"
    data = path.read_bytes()
    path.unlink()
    with pytest.raises(StandingError) as caught:
        standing.open(town.directory, clock=town.clock)
    assert caught.value.code == "E-LEDGER-04"
    with standing.open(town.directory, read_only=True) as reader:
        assert reader.log_size
    path.write_bytes(data)
    path.chmod(0o600)
    town.ledger = standing.open(town.directory, clock=town.clock)


def test_a_key_file_that_was_swapped_is_found(town):
    _, kid = town.ledger.rotate_key("answer", by=town.keys["city"])
    path = town.directory / "keys" / f"answer-{kid.hex()[:16]}.key"
    other = SigningKey.generate()
    origin = town.ledger._core.trust.origin
    path.unlink()
    path.with_name(path.name + ".pub").unlink()
    write_key_file(path, KeyFile("answer", origin, other, other.public))
    failed = {check.name for check in town.ledger.verify().checks if not check.ok}
    assert failed == {"trust"}


def clerk_key(directory):
    from standing.wire.keys import load_key_file

    return load_key_file(directory / "keys" / "clerk.key").key


def test_a_retired_clerk_signs_nothing_more(town):
    old = clerk_key(town.directory)
    origin = town.ledger.state.genesis.origin
    town.ledger.rotate_key("clerk", by=town.keys["city"])
    envelope = charter.Envelope("document", bytes(32), "application/cbor", {"about": "scores"})
    through = town.ledger.state.marked_through + 1
    for signed in (
        charter.sign_statement(old, origin, origin, charter.DayMoved(TODAY)),
        charter.sign_statement(
            old, origin, f"marks/{through}", charter.Marks(1, bytes(32), 64, through)
        ),
        charter.sign_envelope(old, origin, "scores", envelope),
    ):
        with pytest.raises(Refused) as caught:
            charter.admit(town.ledger.state, cose.parse_sign1(signed))
        assert caught.value.code == "E-CHARTER-02"
        if charter.kind_of(cose.parse_sign1(signed)) == "document":
            (outcome,) = town.ledger.register(
                [charter.examine(signed, {old.public.thumbprint: old.public})]
            )
            assert isinstance(outcome, Refused)
            assert outcome.code in {"E-CHARTER-01", "E-CHARTER-02"}


def test_a_retired_receipt_key_signs_no_statement_and_no_later_receipt(town):
    old = town.ledger.state.log_key("receipt")
    town.ledger.rotate_key("receipt", by=town.keys["city"])
    town.import_rows(rows(3))
    log = town.ledger._core.log
    receipt = log.receipt(town.ledger.log_size - 1)
    assert cose.parse_sign1(receipt).kid != PublicKey.from_cose_key(old).thumbprint


@pytest.mark.parametrize(
    ("purpose", "by", "code"),
    [("snooping", "city", "E-KEY-14"), ("", "city", "E-KEY-14"), ("clerk", "metro", "E-KEY-10"),
     ("receipt", "registry", "E-KEY-10")],
)  # fmt: skip
def test_only_the_operator_changes_keys_and_only_the_logs(town, purpose, by, code):
    before = sorted((town.directory / "keys").iterdir())
    with pytest.raises(Refused) as caught:
        town.ledger.rotate_key(purpose, by=town.keys[by])
    assert caught.value.code == code
    assert sorted((town.directory / "keys").iterdir()) == before


def test_an_issuers_new_key_takes_over_and_what_the_old_one_signed_stays_valid(town):
    town.import_rows(rows(5))
    old, new = town.keys["metro"], new_key("issuer", "metro")
    town.ledger.accredit(
        new.public, role="issuer", name="metro", until=UNTIL, by=town.keys["city"],
        contexts=[CONTEXT],
    )  # fmt: skip
    town.ledger.revoke(old.public.thumbprint, "changed", by=town.keys["city"])
    size = town.ledger.log_size
    with pytest.raises(StandingError):
        town.import_rows(rows(8))
    assert town.ledger.log_size == size
    imported = town.import_rows(rows(8), keys={"metro": new})
    assert imported.records == 3
    scored = town.ledger.score(town.names[1], CONTEXT)
    assert scored is not None
    verification = town.ledger.verify()
    assert verification.ok, [check for check in verification.checks if not check.ok]
    batch = charter.Batch(1, bytes(32), 32, CONTEXT)
    signed = charter.sign_statement(old.key, "metro", "batch", batch)
    with pytest.raises(Refused) as caught:
        charter.admit(town.ledger.state, cose.parse_sign1(signed))
    assert caught.value.code == "E-CHARTER-03"


def test_daily_checkpoints_from_before_a_change_are_still_part_of_the_history(town):
    kept = []
    for day in range(3):
        town.import_rows(rows(3 * (day + 1)))
        kept.append(town.ledger.checkpoint)
        town.ledger.rotate_key("checkpoint", by=town.keys["city"])
        kept.append(town.ledger.checkpoint)
        town.move_to(TODAY + day + 1)
        town.ledger.tick()
    days = town.ledger._core.log.db.execute("SELECT checkpoint FROM days").fetchall()
    for outside in [*kept, *(data for (data,) in days)]:
        assert town.ledger.verify(outside).ok


def test_restored_without_its_newest_key_the_clerk_does_not_act(town, tmp_path):
    keys = town.directory / "keys"
    shutil.copytree(keys, tmp_path / "older-keys")
    town.ledger.rotate_key("clerk", by=town.keys["city"])
    town.ledger.close()
    shutil.rmtree(keys)
    shutil.copytree(tmp_path / "older-keys", keys)
    town.ledger = standing.open(town.directory, clock=town.clock)
    town.move_to(TODAY + 1)
    with pytest.raises(StandingError) as caught:
        town.ledger.tick()
    assert caught.value.code == "E-LEDGER-04"
