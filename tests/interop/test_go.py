"""Go's own transparency log libraries read, prove and refuse: x/mod and torchwood."""

import base64
import hashlib
import shutil
import time

import pytest

from standing.audit.trust import TRUST_FILE, parse_trust
from standing.verify.checkpoints import Checkpoint, verify_checkpoint
from standing.verify.cosignatures import cosigner_of, verify_cosignature
from standing.wire.keys import SigningKey
from standing.wire.notes import (
    Note,
    NoteSignature,
    format_note,
    key_id,
    parse_note,
    sign_note,
    vkey,
)
from tests.interop.conftest import SIGNER, SIZES, pairs, public_copy
from tests.interop.strangers import bytes_of
from tests.unit.log.conftest import CHECKPOINT_KEY, ORIGIN, create, entry, name_of

LAST = SIZES[-1]
PROVED = (*range(1, 18), 31, 32, 33, 127, 128, 129, *range(254, 259), 511, 512, 513, 699, 700)
"""Sizes between which proofs are made: small trees whole, and the edges of tiles."""
ML_DSA_44 = 0x06


def inclusion(log, index, size):
    return {"index": index, "size": size, "path": log.inclusion(index, size)}


def consistency(log, old, new):
    return {"old": old, "new": new, "path": log.consistency(old, new)}


def inclusions(log):
    """Make a proof of every entry of small trees, and of some in large ones."""
    for size in PROVED:
        some = {0, 1, size // 2, size // 3, 255, 256, size - 2, size - 1}
        for index in range(size) if size < 34 else sorted(some & set(range(size))):
            yield inclusion(log, index, size)


def consistencies(log):
    for new in PROVED:
        for old in PROVED[: PROVED.index(new) + 1]:
            yield consistency(log, old, new)


def tree(directory):
    """List the files of the tree as published last: of a tile's partial ones, the widest."""
    widest = {}
    for path in sorted(path for path in directory.glob("tile/**/*") if path.is_file()):
        tile, _, width = path.as_posix().partition(".p/")
        if int(width or 256) > widest.get(tile, (0, path))[0]:
            widest[tile] = (int(width or 256), path)
    return sorted(path for _, path in widest.values())


@pytest.fixture
def copy(history, tmp_path):
    """The last published files, to damage."""
    return public_copy(history.published[LAST], tmp_path / "copy")


# --- what is published is accepted -----------------------------------------------------------


@pytest.mark.parametrize("size", SIZES)
def test_x_mod_reads_what_was_published_at_each_size(go, history, size):
    directory = history.published[size]
    answer = go.ask("tiles", **SIGNER, directory=directory)
    assert answer.accepted, answer.said
    assert (answer.said["size"], answer.said["entries"]) == (size, size)
    assert bytes_of(answer.said["root"]) == history.log.root_at(size)
    # nothing of the tree goes unread, so that a flip anywhere below is seen
    assert answer.said["read"] == [
        path.relative_to(directory).as_posix() for path in tree(directory)
    ]


def test_x_mod_accepts_every_proof_of_inclusion_and_makes_the_same(go, history):
    proofs = list(inclusions(history.log))
    answer = go.ask("tiles", **SIGNER, directory=history.published[LAST], inclusion=proofs)
    assert answer.accepted, answer.said
    assert answer.said["inclusion"] == len(proofs)
    for size, root in answer.said["roots"].items():
        assert bytes_of(root) == history.log.root_at(int(size))


def test_x_mod_accepts_every_proof_of_consistency_and_makes_the_same(go, history):
    proofs = list(consistencies(history.log))
    answer = go.ask("tiles", **SIGNER, directory=history.published[LAST], consistency=proofs)
    assert answer.accepted, answer.said
    assert answer.said["consistency"] == len(proofs)


def test_x_mod_proves_that_earlier_checkpoints_state_a_prefix(go, history):
    earlier = history.checkpoints
    answer = go.ask("tiles", **SIGNER, directory=history.published[LAST], earlier=earlier)
    assert answer.accepted, answer.said
    assert answer.said["earlier"] == len(SIZES)


def test_both_read_the_log_of_a_whole_ledger(go, town):
    trust = parse_trust((town.directory / TRUST_FILE).read_bytes(), where=TRUST_FILE)
    signer = {"origin": trust.origin, "vkey": vkey(trust.origin, trust.checkpoint_key)}
    for command in ("tiles", "client"):
        answer = go.ask(command, **signer, directory=town.directory / "log")
        assert answer.accepted, answer.said
        assert answer.said["entries"] > 2


@pytest.mark.parametrize("size", SIZES)
def test_torchwood_reads_the_log_and_writes_offline_proofs(go, history, size):
    indexes = sorted({0, 1, 100, 254, 255, 256, 300, size - 1} & set(range(size)))
    proofs = [inclusion(history.log, index, size) for index in indexes]
    directory = history.published[size]
    answer = go.ask("client", **SIGNER, directory=directory, inclusion=proofs)
    assert answer.accepted, answer.said
    assert (answer.said["size"], answer.said["entries"]) == (size, size)
    leaves = history.log.leaf_hashes(0, size)
    assert bytes_of(answer.said["leaves"]) == hashlib.sha256(leaves).digest()
    assert answer.said["extension"] == "".join(f"{line}\n" for line in history.log.extensions)


def test_a_witness_of_torchwood_adds_its_line_and_ours_still_holds(go, history):
    directory = history.published[LAST]
    answer = go.ask("client", **SIGNER, directory=directory, witness="witness.example")
    assert answer.accepted, answer.said
    cosigned = bytes_of(answer.said["cosigned"])
    names = {line.name for line in parse_note(cosigned).signatures}
    assert names == {ORIGIN, "witness.example"}
    secret = SigningKey.from_seed(hashlib.sha256(b"witness.example").digest())
    when = verify_cosignature(cosigned, cosigner_of("witness.example", secret.public))
    assert 0 <= time.time() - when < 600
    stated = verify_checkpoint(cosigned, ORIGIN, CHECKPOINT_KEY.public)
    assert (stated.size, stated.root) == (LAST, history.log.root_at(LAST))


@pytest.mark.parametrize("command", ["tiles", "client"])
def test_a_signature_of_an_unknown_kind_is_passed_over(go, copy, command):
    """As C2SP demands: a checkpoint may carry a second signature, which old readers ignore."""
    note = parse_note((copy / "checkpoint").read_bytes())
    public = bytes(1312)
    line = NoteSignature(
        "another.example", key_id("another.example", ML_DSA_44, public), bytes(2420)
    )
    for signatures in ((*note.signatures, line), (line, *note.signatures)):
        (copy / "checkpoint").write_bytes(format_note(Note(note.text, signatures)))
        answer = go.ask(command, **SIGNER, directory=copy)
        assert answer.accepted, answer.said


# --- what was changed is refused -------------------------------------------------------------


def spots(data):
    """Name bytes to flip: both ends, and between."""
    return sorted({0, 1, 2, len(data) // 3, len(data) // 2, len(data) - 2, len(data) - 1})


@pytest.mark.parametrize("command", ["tiles", "client"])
def test_a_flipped_byte_in_any_tile_or_bundle_is_refused(go, copy, command):
    assert go.ask(command, **SIGNER, directory=copy).accepted
    files = tree(copy)
    assert {path.relative_to(copy / "tile").parts[0] for path in files} == {"0", "1", "entries"}
    for path in files:
        data = path.read_bytes()
        for spot in spots(data):
            changed = bytearray(data)
            changed[spot] ^= 0x01
            path.write_bytes(changed)
            assert go.ask(command, **SIGNER, directory=copy).refused, f"{path} at {spot}"
        path.write_bytes(data)


@pytest.mark.parametrize("command", ["tiles", "client"])
def test_a_missing_or_shortened_file_is_refused(go, copy, command):
    for path in [copy / "checkpoint", *tree(copy)]:
        data = path.read_bytes()
        path.write_bytes(data[:-1])
        assert go.ask(command, **SIGNER, directory=copy).refused, path
        path.unlink()
        assert go.ask(command, **SIGNER, directory=copy).refused, path
        path.write_bytes(data)


@pytest.mark.parametrize("command", ["tiles", "client"])
def test_tiles_in_another_order_are_refused(go, copy, command):
    first, second = copy / "tile/0/000", copy / "tile/0/001"
    data = first.read_bytes()
    shutil.copy(second, first)
    second.write_bytes(data)
    assert go.ask(command, **SIGNER, directory=copy).refused


def own_part(data):
    """Cut a checkpoint after the line of the log's Ed25519 key: what readers must verify."""
    note = parse_note(data)
    (line,) = [each for each in note.signatures if f"+{each.key_id.hex()}+" in SIGNER["vkey"]]
    return format_note(Note(note.text, (line,)))


def test_any_flipped_bit_of_a_checkpoint_is_refused(go, history):
    good = own_part(history.checkpoints[-1])
    changed = []
    for place in range(len(good)):
        for bit in range(8):
            data = bytearray(good)
            data[place] ^= 1 << bit
            changed.append(bytes(data))
    assert go.ask("checkpoints", **SIGNER, notes=[good]).accepted
    answer = go.ask("checkpoints", **SIGNER, notes=changed)
    assert len(answer.said) == len(changed)
    for data, verdict in zip(changed, answer.said, strict=True):
        assert "refused" in verdict or decoded(data) == decoded(good)


def decoded(data):
    """Read a note of one signature as Go's base64 does: bits that carry nothing are not looked at.

    Our own reader refuses such a second spelling.
    """
    text, _, encoded = data.rpartition(b" ")
    return text, base64.b64decode(encoded, validate=False)


@pytest.mark.parametrize(("size", "root_of"), [(700, 512), (699, 700), (512, 700)])
@pytest.mark.parametrize("command", ["tiles", "client"])
def test_a_signed_checkpoint_over_other_tiles_is_refused(go, history, copy, command, size, root_of):
    text = Checkpoint(ORIGIN, size, history.log.root_at(root_of)).text()
    (copy / "checkpoint").write_bytes(sign_note(text, ORIGIN, CHECKPOINT_KEY))
    assert go.ask(command, **SIGNER, directory=copy).refused


OTHERS = {
    "key": {"vkey": vkey(ORIGIN, SigningKey.from_seed(bytes(32)).public)},
    "origin": {"origin": "other.example/log"},
    "name of the key": {"vkey": vkey("other.example/log", CHECKPOINT_KEY.public)},
}


@pytest.mark.parametrize("what", OTHERS)
@pytest.mark.parametrize("command", ["tiles", "client"])
def test_a_log_of_another_signer_is_refused(go, history, command, what):
    signer = {**SIGNER, **OTHERS[what]}
    assert go.ask(command, **signer, directory=history.published[LAST]).refused


def test_a_flipped_byte_in_a_proof_is_refused(go, history):
    log, directory = history.log, history.published[LAST]
    for kind, proof in (
        ("inclusion", inclusion(log, 300, 700)),
        ("consistency", consistency(log, 257, 700)),
    ):
        for place in range(len(proof["path"])):
            path = list(proof["path"])
            path[place] = bytes([path[place][0] ^ 1]) + path[place][1:]
            task = {kind: [{**proof, "path": path}]}
            assert go.ask("tiles", **SIGNER, directory=directory, **task).refused


def test_a_proof_for_another_entry_or_size_is_refused(go, history):
    log, directory = history.log, history.published[LAST]
    good = inclusion(log, 300, 700)
    for change in ({"index": 301}, {"size": 512}, {"path": good["path"][:-1]}):
        answer = go.ask("tiles", **SIGNER, directory=directory, inclusion=[{**good, **change}])
        assert answer.refused, change


def test_a_fork_is_refused(go, history, tmp_path):
    """A checkpoint that the log's key signed over another past."""
    made = pairs(0, 255)
    made[10] = (entry(9_999), name_of(entry(9_999)))
    with create(tmp_path / "fork") as fork:
        fork.append(made)
        note = fork.head.checkpoint
    assert go.ask("checkpoints", **SIGNER, notes=[note]).accepted
    directory = history.published[LAST]
    assert go.ask("tiles", **SIGNER, directory=directory, earlier=[note]).refused
