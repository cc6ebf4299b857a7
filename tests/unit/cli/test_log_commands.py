"""`standing log`: look, prove, check; each answer one JSON object, each failure its exit code."""

import base64
import json
import shutil
import sys

import pytest

import standing
from standing import charter
from standing.cli import main
from standing.log import CHECKPOINT_FILE
from standing.verify.receipts import verify_receipt
from standing.verify.tlog_proof import parse_tlog_proof
from standing.verify.tree import leaf_hash
from standing.wire import cbor, cose
from standing.wire.keys import load_key_file
from standing.wire.notes import NoteKey
from tests.unit.serve.support import ORIGIN, found

FIVE = {"code", "what", "why", "fix", "where"}


@pytest.fixture
def office(tmp_path):
    made = found(tmp_path / "ledger")
    grow(made, 3)
    return made


def grow(office, count):
    with office.open() as ledger:
        ledger.register([charter.examine(office.document(), {}) for _ in range(count)])
        ledger.publish()
        return ledger.log_size


@pytest.fixture
def run(office, monkeypatch, capsys):
    """Run `standing log ... --json` in this process; gives the exit code and the one object."""

    def call(*words, ledger=office.directory):
        line = ["standing", "log", *map(str, words), "--ledger", str(ledger), "--json"]
        monkeypatch.setattr(sys, "argv", line)
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        told = out or err
        assert told.count("\n") == 1
        assert not (out and err)
        return int(ended.value.code or 0), json.loads(told)

    return call


@pytest.fixture
def good(run):
    def call(*words, **more):
        code, told = run(*words, **more)
        assert code == 0, told
        return told

    return call


@pytest.fixture
def bad(run):
    def call(code, *words, **more):
        exited, told = run(*words, **more)
        assert exited == code, told
        assert set(told["error"]) == FIVE
        return told["error"]["code"]

    return call


def public(office, purpose):
    return load_key_file(office.directory / "keys" / f"{purpose}.key.pub").public


def entry_of(office, index):
    with standing.open(office.directory, read_only=True) as ledger:
        return ledger._core.log.entry(index)


def test_checkpoint_is_verified_and_shown(office, good):
    told = good("checkpoint")
    with standing.open(office.directory, read_only=True) as ledger:
        assert (told["size"], told["root"]) == (
            ledger.log_size, ledger._core.log.head.root.hex(),
        )  # fmt: skip
        assert told["note"].encode() == ledger.published
    assert (told["origin"], told["clock"], told["witnessed"]) == (ORIGIN, "simulated", None)
    assert [line["kind"] for line in told["signatures"]] == ["Ed25519", "ML-DSA-44 cosignature"]


def test_a_checkpoint_that_was_changed_exits_2(office, bad):
    path = office.directory / "log" / CHECKPOINT_FILE
    data = path.read_bytes()
    lines = data.split(b"\n")
    lines[1] = b"%d" % (int(lines[1]) - 1)
    path.write_bytes(b"\n".join(lines))
    assert bad(2, "checkpoint").startswith("E-")


@pytest.mark.parametrize("by", ["index", "hash"])
@pytest.mark.parametrize("receipt", [True, False])
def test_a_proof_by_index_or_by_hash_holds_with_public_keys_alone(
    office, good, tmp_path, by, receipt
):
    entry = entry_of(office, 7)
    which = 7 if by == "index" else cose.parse_sign1(entry).statement_hash.hex()
    words = ["proof", which, *(["--receipt"] if receipt else [])]
    told = good(*words)
    assert (told["kind"], told["index"]) == ("receipt" if receipt else "tlog-proof", 7)
    data = base64.b64decode(told["proof"])
    path = tmp_path / "proof"
    again = good(*words, "-o", path)
    assert again == told
    assert path.read_bytes() == data
    if receipt:
        assert verify_receipt(data, entry, public(office, "receipt"))[0] == 7
    else:
        proof = parse_tlog_proof(data)
        proof.verify(leaf_hash(entry), [NoteKey(ORIGIN, 1, public(office, "checkpoint"))])
    checked = good("check", path)
    assert (checked["kind"], checked["index"]) == (told["kind"], 7)
    assert checked["in_this_copy"] is True
    assert checked["statement_hash"] == cose.parse_sign1(entry).statement_hash.hex()


@pytest.mark.parametrize("which", ["999", "007", "x", "0" * 64, "f" * 63])
def test_an_entry_that_is_not_there_exits_1_with_its_code(bad, which):
    for command in ("proof", "show"):
        assert bad(1, command, which) == "E-INSPECT-01"


@pytest.fixture
def elsewhere(office, tmp_path):
    """Give the options for a proof from a copy of the published files alone, without log.db."""
    place = tmp_path / "elsewhere"
    shutil.copytree(office.directory / "log", place, ignore=shutil.ignore_patterns("log.db*"))
    return "--from", place, "--trust", office.directory / "trust.json"


def test_a_proof_comes_from_published_tiles_alone(office, good, elsewhere, tmp_path):
    told = good("proof", 7, *elsewhere, ledger=tmp_path / "none")
    assert told == good("proof", 7)
    proof = parse_tlog_proof(base64.b64decode(told["proof"]))
    proof.verify(leaf_hash(entry_of(office, 7)), [NoteKey(ORIGIN, 1, public(office, "checkpoint"))])


def test_a_proof_from_tiles_holds_after_the_checkpoint_key_changed(office, good):
    with office.open() as ledger:
        _, kid = ledger.rotate_key("checkpoint", by=office.keys["city"])
    grow(office, 1)
    trust = office.directory / "trust.json"
    told = good("proof", 7, "--from", office.directory / "log", "--trust", trust)
    new = load_key_file(office.directory / "keys" / f"checkpoint-{kid.hex()[:16]}.key").public
    proof = parse_tlog_proof(base64.b64decode(told["proof"]))
    proof.verify(leaf_hash(entry_of(office, 7)), [NoteKey(ORIGIN, 1, new)])


def test_a_proof_from_tiles_that_are_not_the_signed_ones_exits_2(bad, elsewhere):
    place = elsewhere[1]
    tiles = [path for path in (place / "tile" / "0").rglob("*") if path.is_file()]
    assert tiles
    for path in tiles:
        data = path.read_bytes()
        path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    assert bad(2, "proof", 7, *elsewhere) == "E-LOG-18"


def test_a_proof_from_tiles_of_a_log_that_is_not_trusted_exits_2(bad, elsewhere, tmp_path):
    other = found(tmp_path / "other")
    trust = other.directory / "trust.json"
    assert bad(2, "proof", 7, *elsewhere[:3], trust).startswith("E-")


def test_what_tiles_alone_cannot_tell_is_refused(office, bad, elsewhere, tmp_path):
    (tmp_path / "empty").mkdir()
    trust = elsewhere[2:]
    assert bad(4, "proof", 7, "--from", tmp_path / "empty", *trust) == "E-INSPECT-04"
    for which in (cose.parse_sign1(entry_of(office, 7)).statement_hash.hex(), "9999", "07"):
        assert bad(1, "proof", which, *elsewhere) == "E-INSPECT-01"
    bad(3, "proof", 7, *elsewhere[:2])
    bad(3, "proof", 7, *trust)
    bad(3, "proof", 7, "--receipt", *elsewhere)


def write_proofs(good, tmp_path, index, prefix=""):
    paths = [tmp_path / f"{prefix}receipt", tmp_path / f"{prefix}proof"]
    good("proof", index, "--receipt", "-o", paths[0])
    good("proof", index, "-o", paths[1])
    return paths


def test_check_with_the_statement_at_hand(office, good, bad, tmp_path):
    own, other = tmp_path / "own", tmp_path / "other"
    own.write_bytes(entry_of(office, 7))
    other.write_bytes(entry_of(office, 8))
    for path in write_proofs(good, tmp_path, 7):
        assert good("check", path, "--statement", own)["index"] == 7
        assert bad(2, "check", path, "--statement", other).startswith("E-")


def test_a_statement_that_carries_its_receipt_is_checked(office, good, bad, tmp_path):
    receipt, _ = write_proofs(good, tmp_path, 7)
    parts = cbor.decode(entry_of(office, 7)[1:])
    parts[1] = {cose.RECEIPTS: [receipt.read_bytes()]}
    path = tmp_path / "transparent"
    path.write_bytes(b"\xd2" + cbor.encode(parts))
    told = good("check", path)
    assert (told["kind"], told["index"]) == ("receipt", 7)
    parts[2] = bytes([parts[2][0] ^ 1]) + parts[2][1:]
    path.write_bytes(b"\xd2" + cbor.encode(parts))
    assert bad(2, "check", path).startswith("E-")


def test_a_proof_that_was_tampered_with_exits_2_or_is_no_proof(office, run, good, tmp_path):
    for path in write_proofs(good, tmp_path, 7):
        data, whole = path.read_bytes(), good("check", path)
        for at in range(0, len(data), 29):
            changed = bytearray(data)
            changed[at] ^= 1
            path.write_bytes(changed)
            code, told = run("check", path)
            if code:
                assert code in {1, 2}, (at, told)
                assert set(told["error"]) == FIVE
            else:  # one line no longer names its key: the proof stands on the other, and says so
                assert {**told, "signed_by": whole["signed_by"]} == whole
                assert len(told["signed_by"]) < len(whole["signed_by"])


def test_proofs_of_another_log_exit_2(office, good, bad, tmp_path):
    other = found(tmp_path / "other")
    grow(other, 3)
    for number, words in enumerate((["proof", 7, "--receipt"], ["proof", 7])):
        path = tmp_path / f"strange{number}"
        good(*words, "-o", path, ledger=other.directory)
        assert good("check", path, ledger=other.directory)["in_this_copy"] is True
        assert bad(2, "check", path).startswith("E-")


def test_proofs_from_a_fork_with_the_same_keys_exit_2(office, run, good, tmp_path):
    fork = tmp_path / "fork"
    shutil.copytree(office.directory, fork)
    grow(office, 2)
    twin = type(office)(fork, office.keys, count=100)
    grow(twin, 2)
    newest = grow(twin, 1) - 1
    for number, words in enumerate((["proof", newest - 1, "--receipt"], ["proof", newest - 1])):
        path = tmp_path / f"forked{number}"
        good(*words, "-o", path, ledger=fork)
        statement = tmp_path / "statement"
        statement.write_bytes(entry_of(twin, newest - 1))
        code, told = run("check", path, "--statement", statement)
        assert code == 2, told


@pytest.mark.parametrize("content", [b"", b"nonsense", b"\xd2\x84", b"c2sp.org/tlog-proof@v1\n"])
def test_what_is_no_proof_at_all_is_refused(run, tmp_path, content):
    path = tmp_path / "nothing"
    path.write_bytes(content)
    code, told = run("check", path)
    assert code in {1, 2}
    assert set(told["error"]) == FIVE
    assert run("check", tmp_path / "absent")[0] == 3


def test_consistency_of_sizes_and_of_checkpoints_kept_elsewhere(office, good, bad, tmp_path):
    kept = tmp_path / "kept"
    kept.write_bytes((office.directory / "log" / CHECKPOINT_FILE).read_bytes())
    old = good("checkpoint")["size"]
    new = grow(office, 4)
    for words in ([old, new], [kept, new], [new, kept], [old, old]):
        told = good("consistency", *words)
        assert told["old"]["size"] == old
        assert told["new"]["size"] in {old, new}
    from standing.verify.tree import verify_consistency

    told = good("consistency", kept, office.directory / "log" / CHECKPOINT_FILE)
    path = [base64.b64decode(node) for node in told["path"]]
    sides = [(told[side]["size"], bytes.fromhex(told[side]["root"])) for side in ("old", "new")]
    verify_consistency(*sides[0], *sides[1], path)
    assert bad(3, "consistency", 0, new) == "E-INSPECT-03"
    assert bad(1, "consistency", old, new + 1).startswith("E-LOG-")
    assert bad(3, "consistency", tmp_path / "absent", new) == "E-FILE-01"


def test_a_checkpoint_of_a_fork_exits_2(office, bad, tmp_path):
    fork = tmp_path / "fork"
    shutil.copytree(office.directory, fork)
    grow(office, 3)
    grow(type(office)(fork, office.keys, count=100), 2)
    assert bad(2, "consistency", fork / "log" / CHECKPOINT_FILE, 5) == "E-VERIFY-02"
    other = found(tmp_path / "other")
    strange = other.directory / "log" / CHECKPOINT_FILE
    assert bad(2, "consistency", strange, 5).startswith("E-")


def test_show_tells_facts_first(office, good):
    told = good("show", 0)
    assert (told["index"], told["kind"], told["issuer"]) == (0, "genesis", "city")
    assert told["says"]["origin"] == ORIGIN
    told = good("show", 13)
    assert (told["kind"], told["issuer"], told["signer"]) == ("document", "dora", "issuer of dora")
    assert bytes.fromhex(told["raw"]) == entry_of(office, 13)
    assert good("show", told["statement_hash"]) == told


def test_every_entry_of_a_living_ledger_can_be_shown(good, tmp_path):
    from tests.support import CONTEXT, TODAY, make_ledger, rows

    (tmp_path / "town").mkdir()
    town = make_ledger(tmp_path / "town")
    town.import_rows(rows(6))
    town.ledger.score_all(CONTEXT)
    town.move_to(TODAY + 1)
    town.ledger.tick()
    size = town.ledger.log_size
    town.ledger.close()
    kinds = {good("show", at, ledger=town.directory)["kind"] for at in range(size)}
    assert {
        "genesis",
        "key",
        "accredit",
        "catalogue",
        "pack",
        "document",
        "day",
        "marks",
        "batch",
    } <= kinds


def test_fsck_and_audit_hold_and_count(office, good):
    size = good("checkpoint")["size"]
    told = good("fsck")
    assert (told["ok"], told["entries"]) == (True, size)
    assert told["root"] == good("checkpoint")["root"]
    told = good("audit")
    assert (told["ok"], told["judged"]) == (True, size)
    assert sum(told["kinds"].values()) == size
    assert told["kinds"]["document"] == 3


def test_fsck_names_the_first_file_that_differs(office, run, bad):
    size = run("checkpoint")[1]["size"]
    tile = office.directory / "log" / "tile" / "0" / "000.p" / str(size)
    data = tile.read_bytes()
    tile.write_bytes(bytes([data[0] ^ 1]) + data[1:])
    code, told = run("fsck")
    assert (code, told["error"]["code"]) == (2, "E-LOG-13")
    assert told["error"]["where"].startswith("tile/0/000")
    tile.write_bytes(data)
    assert run("fsck")[0] == 0


def test_audit_finds_a_state_that_does_not_follow(office, run):
    import sqlite3

    with sqlite3.connect(office.directory / "log" / "log.db") as db:
        db.execute("UPDATE state SET value=(SELECT value FROM state WHERE name='clock')")
    db.close()
    code, told = run("audit")
    assert code == 2, told


def test_cosign_without_a_witness_is_a_usage_error(bad):
    assert bad(3, "cosign") == "E-CLI-01"


def test_each_command_says_the_same_to_people(office, good, tmp_path, monkeypatch, capsys):
    write_proofs(good, tmp_path, 7)
    for words, wanted in {
        ("checkpoint",): f"{ORIGIN}: 15 entries",
        ("proof", "7"): "c2sp.org/tlog-proof@v1",
        ("check", str(tmp_path / "receipt")): "This copy agrees.",
        ("consistency", "5", "9"): "begins the log of 9",
        ("show", "0"): "entry 0: genesis by city",
        ("fsck",): "entries give every file",
        ("audit",): "had the right to stand in the log",
    }.items():
        monkeypatch.setattr(
            sys, "argv", ["standing", "log", *words, "--ledger", str(office.directory)]
        )
        with pytest.raises(SystemExit) as ended:
            main()
        assert not ended.value.code
        assert wanted in capsys.readouterr().out


@pytest.mark.parametrize("command", ["checkpoint", "fsck", "audit"])
def test_where_there_is_no_ledger_the_exit_is_3(bad, tmp_path, command):
    assert bad(3, command, ledger=tmp_path / "nowhere") == "E-LEDGER-01"
