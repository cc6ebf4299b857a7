"""Judging a log again, in parts and in processes, is judging it as the charter does."""

import contextlib
import hashlib

import pytest

from standing import audit, charter
from standing.errors import Broken
from standing.log import Log, Signers, _derive
from standing.wire import cose
from standing.wire.keys import load_key_file
from tests.support import CONTEXT, TODAY, rows
from tests.unit.serve.support import ORIGIN, found

DOCUMENT = "application/vnd.standing.document.v1+cose"


@contextlib.contextmanager
def opened(directory):
    ledger = audit.open_ledger(directory)
    try:
        yield ledger
    finally:
        ledger.close()


def same_as_the_charter(directory):
    """Compare with a plain replay of every entry; gives what was judged."""
    with opened(directory) as ledger:
        entries = list(ledger.log.entries())
        replay = audit.replay_all(ledger)
        plain = charter.replay(entries)
        assert charter.encode_state(replay.state) == charter.encode_state(plain)
        audit.check_stored_state(ledger, replay.state)
        changes = audit.replay_changes(ledger)
        assert charter.encode_state(changes) == charter.encode_state(plain)
    assert replay.judged == len(entries)
    kinds = [charter.kind_of(cose.parse_sign1(entry)) for entry in entries]
    assert replay.kinds == {kind: kinds.count(kind) for kind in kinds}
    return replay


def test_a_town_that_has_lived_is_judged_as_the_charter_does(town):
    town.import_rows(rows(20))
    town.ledger.score_all(CONTEXT)
    town.ledger.rotate_key("clerk", by=town.keys["city"])
    town.move_to(TODAY + 1)
    town.ledger.tick()
    town.import_rows(rows(30))
    town.ledger.revoke(town.keys["bus"].public.thumbprint, "left", by=town.keys["city"])
    replay = same_as_the_charter(town.directory)
    assert {"genesis", "key", "accredit", "batch", "document", "marks", "day", "revoke"} <= set(
        replay.kinds
    )


@pytest.fixture
def office(tmp_path):
    return found(tmp_path / "ledger")


def fill(office, count, between=()):
    """Register documents, and after each 100 one of the acts that change the state."""
    acts = iter(between)
    with office.open() as ledger:
        for _ in range(count // 100):
            claims = [charter.examine(office.document(), {}) for _ in range(100)]
            outcomes = ledger.register(claims)
            assert not any(isinstance(one, Exception) for one in outcomes)
            for act in acts:
                act(ledger, office)
                break
        ledger.publish()
        return ledger.log_size


def revoke_emil(ledger, office):
    ledger.revoke(office.keys["emil"].public.thumbprint, "left", by=office.keys["city"])


def new_clerk(ledger, office):
    ledger.rotate_key("clerk", by=office.keys["city"])


def new_receipt_key(ledger, office):
    ledger.rotate_key("receipt", by=office.keys["city"])


@pytest.mark.parametrize("few", [1, 1000])
def test_a_log_of_several_bundles_is_judged_alike_in_processes_and_in_one(office, monkeypatch, few):
    monkeypatch.setattr(_derive, "_FEW_BUNDLES", few)
    monkeypatch.setattr(_derive.os, "cpu_count", lambda: 2)
    size = fill(office, 700, [new_clerk, revoke_emil, new_receipt_key])
    assert size > 512
    replay = same_as_the_charter(office.directory)
    assert replay.kinds["document"] == 700
    with opened(office.directory) as ledger:
        audit.replay_changes(ledger)
        assert audit.check_log_files(ledger) == size


# --- entries that nobody should have taken --------------------------------------------------------


def key_of(office, purpose):
    key = load_key_file(office.directory / "keys" / f"{purpose}.key").key
    assert key is not None
    return key


def rebuild(office, tmp_path, change):
    """Make the log anew with the log's own keys from changed entries; gives a ledger's directory.

    Tree, tiles, checkpoints and receipts are all as they should be: only the judgement can tell.
    """
    import shutil

    copy = tmp_path / "forged"
    shutil.copytree(office.directory, copy)
    with opened(copy) as ledger:
        entries = list(ledger.log.entries())
        extensions = ledger.trust.extensions
        rows_of = {name: ledger.log.state(name) for name in ("clock", "roll")}
    shutil.rmtree(copy / "log")
    signers = Signers(*(key_of(office, p) for p in ("checkpoint", "receipt", "checkpoint-ml-dsa")))
    forged = change(entries)
    with Log.create(copy / "log", origin=ORIGIN, extensions=extensions, signers=signers) as log:
        for start in range(0, len(forged), 50):
            part = forged[start : start + 50]
            log.append([(e, cose.statement_hash_of(e)) for e in part], rows_of, day=office.day)
        log.publish()
    return copy


def blamed(directory):
    with opened(directory) as ledger, pytest.raises(Broken) as caught:
        audit.replay_all(ledger)
    assert caught.value.code == "E-VERIFY-02"
    return caught.value.where


def swapped(at, entry):
    return lambda entries: [*entries[:at], entry, *entries[at + 1 :]]


def forgeries(office):
    """Give entries that stand nowhere by right, by what is wrong with them."""
    from tests.support import new_key

    office.keys["zoe"] = new_key("issuer", "zoe")
    good = office.document()
    catalogue = charter.Envelope("catalogue", bytes(32), "application/json", {})
    moved = charter.DayMoved(office.day - 1)
    return {
        "a key on no roll": office.document("zoe"),
        "a revoked key": office.document("gone"),
        "another's name": office.document("dora", issuer="emil"),
        "a kind beyond the right": charter.sign_envelope(
            office.key("dora"), "dora", "x", catalogue
        ),
        "a signature that does not hold": good[:-2] + bytes([good[-2] ^ 1]) + good[-1:],
        "a day by an issuer": charter.sign_statement(office.key("dora"), "dora", "x", moved),
        "a day that goes back": charter.sign_statement(key_of(office, "clerk"), ORIGIN, "x", moved),
    }


FORGERIES = (
    "a key on no roll", "a revoked key", "another's name", "a kind beyond the right",
    "a signature that does not hold", "a day by an issuer", "a day that goes back",
)  # fmt: skip


@pytest.mark.parametrize("what", ["a key on no roll", "a signature that does not hold"])
@pytest.mark.parametrize(("few", "where"), [(1, 300), (1000, 20), (1000, 300), (1000, 610)])
def test_one_forged_entry_in_a_long_log_is_found_by_its_index(
    office, tmp_path, monkeypatch, few, where, what
):
    monkeypatch.setattr(_derive, "_FEW_BUNDLES", few)
    monkeypatch.setattr(_derive.os, "cpu_count", lambda: 2)
    assert fill(office, 600) > where
    forged = rebuild(office, tmp_path, swapped(where, forgeries(office)[what]))
    assert blamed(forged) == f"entry {where}"


@pytest.mark.parametrize("what", FORGERIES)
def test_each_kind_of_forged_entry_is_found_by_its_index(office, tmp_path, what):
    size = fill(office, 100)
    forged = rebuild(office, tmp_path, swapped(size - 10, forgeries(office)[what]))
    assert blamed(forged) == f"entry {size - 10}"


def test_what_an_issuer_signed_after_its_revocation_is_found(office, tmp_path):
    size = fill(office, 200, [revoke_emil])
    late = office.document("emil")
    forged = rebuild(office, tmp_path, lambda entries: [*entries, late])
    assert blamed(forged) == f"entry {size}"


def test_an_entry_that_carries_more_than_was_signed_is_found(office, tmp_path):
    from standing.wire import cbor

    size = fill(office, 100)

    def dress(entries):
        parts = cbor.decode(entries[size - 1][1:])
        parts[1] = {33: b"more"}
        return [*entries[:-1], b"\xd2" + cbor.encode(parts)]

    assert blamed(rebuild(office, tmp_path, dress)) == f"entry {size - 1}"


def test_a_log_without_its_genesis_is_found(office, tmp_path):
    fill(office, 100)
    assert blamed(rebuild(office, tmp_path, lambda entries: entries[1:])) == "entry 0"


# --- statements that look like another kind -------------------------------------------------------


def test_a_statement_that_holds_the_name_of_another_kind_is_judged_by_its_own(office):
    from tests.support import UNTIL, new_key

    size = fill(office, 100)
    fay = new_key("issuer", DOCUMENT)
    with office.open() as ledger:
        ledger.accredit(
            fay.public, role="issuer", name=DOCUMENT, until=UNTIL, by=office.keys["city"],
            kinds=("document",),
        )  # fmt: skip
        ledger.revoke(office.keys["emil"].public.thumbprint, DOCUMENT, by=office.keys["city"])
        tricky = charter.Envelope(
            "document", bytes(32), "text/plain", {"note": DOCUMENT.replace("document", "accredit")}
        )
        signed = charter.sign_envelope(fay.key, DOCUMENT, "document/x", tricky)
        (outcome,) = ledger.register([charter.examine(signed, {})])
        assert outcome.index == size + 2
        ledger.publish()
    replay = same_as_the_charter(office.directory)
    assert (replay.kinds["revoke"], replay.kinds["document"]) == (2, 101)


def test_rules_that_hold_the_name_of_a_document_are_judged_as_rules(office, tmp_path):
    fill(office, 100)
    catalogue = charter.Envelope(
        "catalogue", hashlib.sha256(b"c").digest(), DOCUMENT, {"looks": DOCUMENT}
    )
    signed = charter.sign_envelope(office.key("ann"), "ann", "catalogue", catalogue)
    with office.open() as ledger:
        ledger._core.log.put_document(b"c")
        ledger._core.commit([signed])
    same_as_the_charter(office.directory)


# --- documents ------------------------------------------------------------------------------------


def test_a_document_that_its_issuer_keeps_is_no_fault_and_one_that_we_keep_must_be_there(office):
    fill(office, 100)
    with office.open() as ledger:
        assert ledger.verify().ok
        ledger.state_in_public(b"stated", "statement/1", {"about": "a test"})
        digest = ledger.deposit(charter.sign_deposit(office.key("dora"), b"deposited"))
        kept = office.document(digest=digest)
        ledger.register([charter.examine(kept, {})])
        ledger.publish()
        checks = {check.name: check for check in ledger.verify().checks}
    assert (checks["documents"].ok, checks["documents"].count) == (True, 2)
    assert checks["documents"].unchecked == "100 that lie elsewhere"
    stated = office.directory / "log" / "documents" / hashlib.sha256(b"stated").hexdigest()
    stated.unlink()
    failed = {check.name for check in audit.verify_ledger(office.directory).checks if not check.ok}
    assert failed == {"documents"}
    stated.write_bytes(b"stated")
    (office.directory / "log" / "documents" / digest.hex()).write_bytes(b"changed")
    failed = {check.name for check in audit.verify_ledger(office.directory).checks if not check.ok}
    assert failed == {"documents", "log"}
