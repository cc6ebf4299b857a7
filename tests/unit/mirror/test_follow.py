"""A mirror copies whole logs, believes nothing, and keeps what contradicts it."""

import hashlib
import shutil

import pytest

from standing.errors import Broken, Refused, StandingError, Unreachable, Usage
from standing.log import Signers
from standing.log._layout import TILE, tile_path
from standing.mirror import MISSING_FILE, follow
from standing.verify.checkpoints import Checkpoint, verify_checkpoint
from standing.verify.cosignatures import cosigner_of, verify_cosignature
from standing.verify.tree import verify_consistency
from standing.wire import cose
from standing.wire.keys import PublicKey, SigningKey
from standing.wire.notes import (
    Note,
    NoteKey,
    NoteSignature,
    add_signatures,
    format_note,
    parse_note,
    sign_note,
)
from standing.witness._request import parse_request
from tests.unit.log.conftest import (
    CHECKPOINT_KEY,
    ML_DSA_KEY,
    ORIGIN,
    RECEIPT_KEY,
    group,
    name_of,
)
from tests.unit.mirror.support import (
    LOG_KEY,
    MIRROR,
    MIRROR_NAME,
    NOW,
    check_mirror,
    fork_of,
    log_of,
    open_log,
)


@pytest.fixture
def source(tmp_path):
    return tmp_path / "source"


@pytest.fixture
def copy(tmp_path):
    return tmp_path / "copy"


def mirror(source, copy, **more):
    return follow(source, copy, [LOG_KEY], **more)


SIZES = [
    (1,),
    (255,),
    (256,),
    (257,),
    (1, 2, 3),
    (5, 300),
    (255, 256, 257),
    (256, 512),
    (100, 200, 300, 700),
    (512, 513),
]


@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_a_mirror_follows_a_log_from_size_to_size(source, copy, sizes):
    held = 0
    for size in sizes:
        log_of(source, size)
        done = mirror(source, copy)
        assert (done.size, done.added, done.source_size) == (size, size - held, size)
        assert check_mirror(copy) == size
        held = size
    assert mirror(source, copy).added == 0


def test_a_mirror_of_70000_has_three_levels_of_tiles(source, copy):
    log_of(source, 65_000)
    mirror(source, copy)
    log_of(source, 70_000)
    assert mirror(source, copy).added == 5_000
    assert check_mirror(copy) == 70_000
    assert (copy / tile_path(2, 0, 1)).exists()


def test_a_mirror_can_be_mirrored_when_the_log_is_gone(source, copy, tmp_path):
    log_of(source, 300)
    mirror(source, copy)
    shutil.rmtree(source)
    assert mirror(copy, tmp_path / "second").size == 300
    check_mirror(tmp_path / "second")
    with pytest.raises(Unreachable) as caught:
        mirror(source, copy)
    assert caught.value.code == "E-MIRROR-08"


def test_partial_tiles_go_once_the_full_one_is_held(source, copy):
    log_of(source, 5)
    mirror(source, copy)
    log_of(source, 256)
    mirror(source, copy)
    assert not list(copy.rglob("*.p/5"))


def test_an_empty_log_is_held_too(source, copy):
    log_of(source)
    text = Checkpoint(ORIGIN, 0, hashlib.sha256(b"").digest()).text()
    (source / "checkpoint").write_bytes(sign_note(text, ORIGIN, CHECKPOINT_KEY))
    assert mirror(source, copy).size == 0
    log_of(source, 3)
    assert mirror(source, copy).size == 3


# --- its own cosignature ------------------------------------------------------------------------


def test_a_mirror_cosigns_what_it_holds_and_keeps_that_line(source, copy):
    log_of(source, 300)
    times = iter([NOW, NOW + 9])
    own = {"key": MIRROR, "name": MIRROR_NAME, "clock": lambda: next(times)}
    mirror(source, copy, **own)
    cosigner = cosigner_of(MIRROR_NAME, MIRROR.public)
    first = (copy / "checkpoint").read_bytes()
    assert verify_cosignature(first, cosigner) == NOW
    assert first.startswith((source / "checkpoint").read_bytes())
    mirror(source, copy, **own)
    assert (copy / "checkpoint").read_bytes() == first
    log_of(source, 301)
    mirror(source, copy, **own)
    assert verify_cosignature((copy / "checkpoint").read_bytes(), cosigner) == NOW + 9


def test_lines_of_witnesses_that_come_later_are_taken(source, copy):
    log_of(source, 3)
    mirror(source, copy, key=MIRROR, name=MIRROR_NAME)
    plain = (source / "checkpoint").read_bytes()
    witness = NoteSignature("w", b"\1\2\3\4", bytes(72))
    (source / "checkpoint").write_bytes(add_signatures(plain, [witness]))
    mirror(source, copy, key=MIRROR, name=MIRROR_NAME)
    held = parse_note((copy / "checkpoint").read_bytes())
    assert [line.name for line in held.signatures] == [ORIGIN, "w", MIRROR_NAME]


def test_a_checkpoint_full_of_strangers_lines_does_not_stop_it(source, copy):
    log_of(source, 3)
    strangers = [NoteSignature("s", n.to_bytes(4), bytes(2428)) for n in range(98)]
    note = parse_note((source / "checkpoint").read_bytes())
    line = note.signatures[0]
    (source / "checkpoint").write_bytes(format_note(Note(note.text, (*strangers, line))))
    mirror(source, copy, key=MIRROR, name=MIRROR_NAME)
    held = (copy / "checkpoint").read_bytes()
    verify_checkpoint(held, ORIGIN, CHECKPOINT_KEY.public)
    assert len(parse_note(held).signatures) == 66


def test_a_log_that_signs_with_ml_dsa_too_may_be_held_to_both_lines(source, copy):
    with open_log(source, Signers(CHECKPOINT_KEY, RECEIPT_KEY, ML_DSA_KEY)) as log:
        log.append(group(0, 3))
        log.publish()
    post = NoteKey(ORIGIN, 6, ML_DSA_KEY.public)
    assert follow(source, copy, [LOG_KEY, post]).size == 3
    verify_checkpoint(
        (copy / "checkpoint").read_bytes(), ORIGIN, CHECKPOINT_KEY.public, ML_DSA_KEY.public
    )
    _damage_line(source / "checkpoint")
    with pytest.raises(Broken):
        follow(source, copy, [LOG_KEY, post])


def _damage_line(path):
    note = parse_note(path.read_bytes())
    plain, post = note.signatures
    bad = post._replace(signature=bytes(len(post.signature)))
    path.write_bytes(format_note(Note(note.text, (plain, bad))))


# --- forks --------------------------------------------------------------------------------------


def kept(copy):
    folders = sorted((copy / "evidence").iterdir()) if (copy / "evidence").exists() else []
    return [{file.name: file.read_bytes() for file in folder.iterdir()} for folder in folders]


@pytest.mark.parametrize(
    ("shared", "held", "offered"),
    [
        (3, 5, 5),
        (3, 5, 9),
        (3, 9, 5),
        (300, 600, 700),
        (300, 700, 600),
        (300, 512, 800),
        (256, 257, 900),
        (3, 500, 512),
    ],
)
def test_a_fork_is_caught_proven_and_kept(tmp_path, source, copy, shared, held, offered):
    fork = fork_of(log_of(source, shared), tmp_path / "fork", offered)
    log_of(source, held)
    mirror(source, copy)
    before = (copy / "checkpoint").read_bytes()
    for _ in range(2):
        with pytest.raises(Broken) as caught:
            mirror(fork, copy)
        assert caught.value.code == "E-MIRROR-01"
    assert (copy / "checkpoint").read_bytes() == before
    assert check_mirror(copy) == held
    (found,) = kept(copy)
    assert found["held"] == before
    assert found["offered"] == (fork / "checkpoint").read_bytes()
    _prove(found)
    log_of(source, held + 1)
    assert mirror(source, copy).size == held + 1  # the honest log is followed as before


def _prove(found):
    """A third party's check: the smaller's root is not the root the larger has there."""
    request = parse_request(found["proof"])
    stated = {
        which: verify_checkpoint(found[which], ORIGIN, CHECKPOINT_KEY.public)
        for which in ("held", "offered")
    }
    small, large = sorted(stated.values(), key=lambda checkpoint: checkpoint.size)
    assert verify_checkpoint(request.checkpoint, ORIGIN, CHECKPOINT_KEY.public) in stated.values()
    with pytest.raises(Broken):
        verify_consistency(small.size, small.root, large.size, large.root, request.path)
    if small.size < large.size:
        from standing.verify.tree import _roots_from_path

        power_of_two = small.size & (small.size - 1) == 0
        if not power_of_two:
            other, root = _roots_from_path(small.size, large.size, list(request.path))
            assert (root, other != small.root) == (large.root, True)


def test_an_older_checkpoint_that_fits_is_no_fault(tmp_path, source, copy):
    old = tmp_path / "old"
    shutil.copytree(log_of(source, 300), old)
    log_of(source, 700)
    mirror(source, copy)
    done = mirror(old, copy)
    assert (done.size, done.source_size, done.added) == (700, 300, 0)
    assert kept(copy) == []


def test_the_witnessed_checkpoint_comes_along_if_it_fits(tmp_path, source, copy):
    witnessed = source / "checkpoint.witnessed"
    log_of(source, 3)
    old = (source / "checkpoint").read_bytes()
    stranger = sign_note(parse_note(old).text, ORIGIN, SECOND)
    fork = fork_of(source, tmp_path / "fork", 4) / "checkpoint"
    log_of(source, 300)
    for data, taken in [
        (b"nothing", None),
        (stranger, None),
        (fork.read_bytes(), None),
        (old, old),
        (stranger, old),
        ((source / "checkpoint").read_bytes(), (source / "checkpoint").read_bytes()),
        (old, (source / "checkpoint").read_bytes()),
    ]:
        witnessed.write_bytes(data)
        mirror(source, copy)
        held = copy / "checkpoint.witnessed"
        assert (held.read_bytes() if held.exists() else None) == taken


# --- sources that lie or fail -------------------------------------------------------------------


def _damage(path, at=0):
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("level", "number", "width"),
    [("entries", 0, TILE), ("entries", 1, TILE), ("entries", 2, 88)],
)
def test_a_changed_entry_is_not_taken(source, copy, level, number, width):
    log_of(source, 600)
    _damage(source / tile_path(level, number, width), at=5)
    with pytest.raises(Broken) as caught:
        mirror(source, copy)
    assert caught.value.code == "E-MIRROR-02"
    assert not (copy / "checkpoint").exists()
    assert not [path for path in copy.rglob("*") if path.is_file()]


@pytest.mark.parametrize("first", [0, 100, 256, 300])
def test_after_a_lie_the_truth_is_copied(source, copy, first):
    if first:
        log_of(source, first)
        mirror(source, copy)
    log_of(source, 600)
    lie = source / tile_path("entries", 1)
    _damage(lie, at=5)
    with pytest.raises(Broken):
        mirror(source, copy)
    _damage(lie, at=5)
    assert mirror(source, copy).size == 600
    assert check_mirror(copy) == 600


def test_changed_hash_tiles_at_the_source_do_not_reach_the_copy(source, copy):
    log_of(source, 600)
    _damage(source / tile_path(0, 0))
    mirror(source, copy)
    assert check_mirror(copy) == 600  # computed from the entries


def test_tiles_that_prove_nothing_are_not_called_a_fork_and_are_kept(source, copy):
    log_of(source, 300)
    mirror(source, copy)
    log_of(source, 900)
    _damage(source / tile_path(1, 0, 3))
    with pytest.raises(Broken) as caught:
        mirror(source, copy)
    assert caught.value.code == "E-MIRROR-02"
    (found,) = kept(copy)
    assert sorted(found) == ["held", "offered"]


@pytest.mark.parametrize("name", [tile_path("entries", 1), tile_path("entries", 2, 88)])
def test_a_missing_bundle_stops_the_copy_where_it_stood(source, copy, name):
    log_of(source, 600)
    data = (source / name).read_bytes()
    (source / name).unlink()
    with pytest.raises(StandingError) as caught:
        mirror(source, copy)
    assert (caught.value.code, caught.value.where) == ("E-MIRROR-02", name)
    (source / name).write_bytes(data)
    assert mirror(source, copy).size == 600
    check_mirror(copy)


def test_what_an_unfinished_copy_left_is_used_and_still_not_believed(source, copy):
    log_of(source, 600)
    last = source / tile_path("entries", 2, 88)
    data = last.read_bytes()
    last.unlink()
    with pytest.raises(StandingError):
        mirror(source, copy)
    left = copy / tile_path("entries", 0)
    assert left.exists()
    last.write_bytes(data)
    _damage(left, at=5)  # a disk that lies after a power cut
    assert mirror(source, copy).size == 600
    check_mirror(copy)
    left.write_bytes(b"")
    (copy / "checkpoint").unlink()
    assert mirror(source, copy).size == 600


def test_a_full_tile_stands_for_a_partial_one_that_went(source, copy):
    log_of(source, 300)
    old = (source / "checkpoint").read_bytes()
    log_of(source, 600)
    (source / "checkpoint").write_bytes(old)  # the log moves on while it is read
    assert mirror(source, copy).size == 300
    check_mirror(copy)


# --- whom it believes ---------------------------------------------------------------------------

STRANGER = NoteKey(ORIGIN, 1, SigningKey.from_seed(b"s" * 32).public)


def test_a_checkpoint_of_another_key_or_log_is_not_followed(source, copy):
    log_of(source, 3)
    for keys in ([STRANGER], [NoteKey("other", 1, CHECKPOINT_KEY.public)]):
        with pytest.raises(Broken) as caught:
            follow(source, copy, keys)
        assert caught.value.code == "E-MIRROR-05"
    follow(source, copy, [STRANGER, LOG_KEY])
    with pytest.raises(StandingError) as caught:
        follow(source, copy, [STRANGER])
    assert caught.value.code == "E-MIRROR-04"


def test_a_bad_line_of_a_known_key_beside_a_good_one_is_broken(source, copy):
    log_of(source, 3)
    bad = NoteSignature(ORIGIN, STRANGER.key_id, bytes(64))
    note = (source / "checkpoint").read_bytes()
    (source / "checkpoint").write_bytes(add_signatures(note, [bad]))
    mirror(source, copy)
    with pytest.raises(Broken):
        follow(source, copy, [LOG_KEY, STRANGER])


SECOND = SigningKey.from_seed(b"2" * 32)


def rotate(source, size, *, key=SECOND):
    """Go on with another checkpoint key, which an entry states."""
    entry = b"key:" + key.public.raw
    with open_log(source) as log:
        log.append([(entry, name_of(entry))])
    signers = Signers(key, RECEIPT_KEY, earlier=(CHECKPOINT_KEY.public,))
    with open_log(source, signers) as log:
        log.append(group(log.head.size, size))
        log.publish()


def keys_for(entries):
    return [
        NoteKey(ORIGIN, 1, PublicKey("Ed25519", entry[4:36]))
        for entry in entries
        if entry.startswith(b"key:")
    ]


def test_a_new_key_that_entries_state_is_followed(source, copy):
    log_of(source, 300)
    mirror(source, copy)
    rotate(source, 600)
    with pytest.raises(Broken) as caught:
        mirror(source, copy)
    assert caught.value.code == "E-MIRROR-05"
    done = mirror(source, copy, keys_for=keys_for)
    assert (done.size, len(done.keys)) == (600, 2)
    assert check_mirror(copy, SECOND.public) == 600
    assert mirror(source, copy, keys_for=keys_for).added == 0
    assert follow(source, copy, done.keys).size == 600


def test_entries_that_no_stated_key_signed_are_thrown_away(source, copy, tmp_path):
    log_of(source, 300)
    mirror(source, copy)
    rotate(source, 600)
    before = {path for path in copy.rglob("*") if path.is_file()}
    with pytest.raises(Broken) as caught:
        mirror(source, copy, keys_for=lambda _: [STRANGER])
    assert caught.value.code == "E-MIRROR-05"
    assert {path for path in copy.rglob("*") if path.is_file()} == before
    assert check_mirror(copy) == 300


def test_a_new_key_does_not_excuse_a_fork(source, copy, tmp_path):
    fork = fork_of(log_of(source, 290), tmp_path / "fork", 300)
    log_of(source, 300)
    mirror(source, copy)
    rotate(fork, 600)
    with pytest.raises(Broken) as caught:
        mirror(fork, copy, keys_for=keys_for)
    assert caught.value.code == "E-MIRROR-02"
    assert check_mirror(copy) == 300
    assert [path.name.split("-")[0] for path in (copy / "evidence").iterdir()] == ["unsigned"]


# --- documents ----------------------------------------------------------------------------------


def envelope(data: bytes) -> bytes:
    digest = hashlib.sha256(data).digest()
    header = {cose.HASH_ALG: -16, cose.PREIMAGE_CTY: "text/plain"}
    return cose.sign1(CHECKPOINT_KEY, header, digest)


def test_public_documents_are_copied_and_missing_ones_listed_and_fetched_later(source, copy):
    texts = [b"one", b"two", b"three"]
    with open_log(source) as log:
        for text in texts[:2]:
            log.put_document(text)
        entries = [envelope(text) for text in texts] + [b"\xd2 no COSE \x19\x01\x02"]
        log.append([(entry, name_of(entry)) for entry in entries])
        log.publish()
    two = hashlib.sha256(b"two").hexdigest()
    (source / "documents" / two).write_bytes(b"changed")
    done = mirror(source, copy)
    wanted = [hashlib.sha256(text).hexdigest() for text in texts]
    assert list(done.missing) == wanted[1:]
    assert (copy / MISSING_FILE).read_text().split() == wanted[1:]
    assert (copy / "documents" / wanted[0]).read_bytes() == b"one"
    (source / "documents" / two).write_bytes(b"two")
    assert list(mirror(source, copy).missing) == wanted[2:]
    assert (copy / "documents" / two).read_bytes() == b"two"


# --- its own directory --------------------------------------------------------------------------


@pytest.mark.parametrize("name", [tile_path(0, 2, 88), tile_path(1, 0, 2)])
@pytest.mark.parametrize("how", ["flip", "cut", "remove"])
def test_a_mirror_whose_own_tiles_are_damaged_does_not_go_on(source, copy, name, how):
    log_of(source, 600)
    mirror(source, copy)
    log_of(source, 700)
    path = copy / name
    data = path.read_bytes()
    path.unlink()
    if how != "remove":
        path.write_bytes(data[:-1] if how == "cut" else bytes([data[0] ^ 1]) + data[1:])
    with pytest.raises(Broken) as caught:
        mirror(source, copy)
    assert caught.value.code == "E-MIRROR-04"
    path.write_bytes(data)
    assert mirror(source, copy).size == 700


@pytest.mark.parametrize("data", [b"", b"nothing", b"a\n1\n\n"])
def test_a_mirror_whose_checkpoint_is_damaged_does_not_go_on(source, copy, data):
    log_of(source, 600)
    mirror(source, copy)
    (copy / "checkpoint").write_bytes(data)
    with pytest.raises(Broken) as caught:
        mirror(source, copy)
    assert caught.value.code == "E-MIRROR-04"


def test_a_log_is_not_overwritten_and_two_mirrors_do_not_write_at_once(source, copy):
    log_of(source, 3)
    with pytest.raises(Usage) as caught:
        mirror(source, source)
    assert caught.value.code == "E-MIRROR-07"
    from standing.mirror._held import locked

    with locked(copy), pytest.raises(Refused) as caught:
        mirror(source, copy)
    assert caught.value.code == "E-MIRROR-06"


@pytest.mark.parametrize(
    ("keys", "own"),
    [
        ([], {}),
        ([LOG_KEY, NoteKey("other", 1, CHECKPOINT_KEY.public)], {}),
        ([LOG_KEY], {"key": CHECKPOINT_KEY, "name": "m"}),
        ([LOG_KEY], {"key": MIRROR}),
        ([LOG_KEY], {"name": "m"}),
    ],
)
def test_odd_keys_are_refused(source, copy, keys, own):
    with pytest.raises(Usage) as caught:
        follow(source, copy, keys, **own)
    assert (caught.value.code, copy.exists()) == ("E-MIRROR-09", False)
