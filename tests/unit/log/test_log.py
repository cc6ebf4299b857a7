"""Appending, publishing, proving and reading."""

import hashlib
import shutil
import stat
import threading
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from standing.errors import Broken, Refused
from standing.log import Log, Signers, _reader, check_log
from standing.log import _tree as tree_module
from standing.verify.checkpoints import verify_checkpoint
from standing.verify.receipts import verify_receipt
from standing.verify.tree import EMPTY_ROOT, leaf_hash, verify_consistency, verify_inclusion
from standing.wire.keys import SigningKey
from tests.unit.log.conftest import (
    CHECKPOINT_KEY,
    ML_DSA_KEY,
    NAMES,
    ORIGIN,
    PUBLIC,
    RECEIPT_KEY,
    SIGNERS,
    check,
    check_directory,
    create,
    entry,
    group,
    name_of,
    read,
    write,
)
from tests.unit.verify import naive


def _tree(place):
    return {
        path.relative_to(place).as_posix(): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in place.rglob("*")
        if path.is_file()
    }


def test_a_new_log_is_empty_and_whole(log, place):
    assert (log.head.size, log.head.root) == (0, EMPTY_ROOT)
    log.publish()
    assert check_directory(place) == 0


def test_what_was_appended_is_found_read_and_under_the_signed_root(log):
    assert log.append(group(0, 3), {"state": b"1"}) == range(3)
    assert log.append(group(3, 5), {"state": b"2"}) == range(3, 5)
    assert [log.find(name_of(entry(n))) for n in range(6)] == [0, 1, 2, 3, 4, None]
    assert list(log.entries()) == [entry(n) for n in range(5)]
    assert (log.entry(4), log.state("state"), log.state("none")) == (entry(4), b"2", None)
    stated = verify_checkpoint(log.head.checkpoint, ORIGIN, CHECKPOINT_KEY.public)
    assert (stated.size, stated.root) == (5, naive.root(list(log.entries())))


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(1, 300), min_size=1, max_size=6), st.data())
def test_any_split_into_commits_gives_one_root_and_the_naive_proofs(tmp_path_factory, parts, data):
    place = tmp_path_factory.mktemp("log") / "log"
    size = sum(parts)
    entries = [entry(n) for n in range(size)]
    with create(place) as log:
        done = 0
        for part in parts:
            log.append(group(done, done + part))
            done += part
            if data.draw(st.booleans()):
                log.publish()
        assert log.head.root == naive.root(entries)
        for _ in range(5):
            at = data.draw(st.integers(1, size))
            index, old = data.draw(st.integers(0, at - 1)), data.draw(st.integers(1, at))
            root = log.root_at(at)
            assert root == naive.root(entries[:at])
            assert log.inclusion(index, at) == naive.path(index, entries[:at])
            assert log.consistency(old, at) == naive.proof(old, entries[:at])
            verify_inclusion(index, at, leaf_hash(entry(index)), log.inclusion(index, at), root)
            verify_consistency(old, log.root_at(old), at, root, log.consistency(old, at))
        log.publish()
        assert list(log.entries()) == entries
        assert log.leaf_hashes(0, size) == b"".join(map(leaf_hash, entries))
        start = data.draw(st.integers(0, size))
        assert list(log.entries(start, size)) == entries[start:]
        assert log.leaf_hashes(start, size) == b"".join(map(leaf_hash, entries[start:]))
    assert check_directory(place) == size


def test_a_large_log_has_upper_tiles_that_stand_for_the_lower_ones(log, place):
    """Three levels of tiles: 65,536 entries and a few."""
    size = 65_536 + 300
    for start in range(0, size, 20_000):
        log.append(group(start, min(start + 20_000, size)))
        log.publish()
    assert (place / "tile/1/000").stat().st_size == 256 * 32
    assert (place / "tile/2/000.p/1").stat().st_size == 32
    for index in (0, 255, 65_535, 65_536, size - 1):
        path = log.inclusion(index)
        verify_inclusion(index, size, leaf_hash(entry(index)), path, log.head.root)
    verify_consistency(300, log.root_at(300), size, log.head.root, log.consistency(300))
    log.close()
    assert check_directory(place) == size
    with write(place) as again:
        again.append(group(size, size + 1))
        verify_inclusion(
            size, size + 1, leaf_hash(entry(size)), again.inclusion(size), again.head.root
        )


def test_what_does_not_fit_the_memory_is_read_again(log, monkeypatch):
    monkeypatch.setattr(tree_module, "_KEPT_TILES", 1)
    monkeypatch.setattr(tree_module, "_KEPT_EDGES", 1)
    monkeypatch.setattr(_reader, "_KEPT_BUNDLES", 1)
    log.append(group(0, 1000))
    log.publish()
    for index in (0, 999, 300, 0, 700):
        assert log.entry(index) == entry(index)
        verify_inclusion(index, 1000, leaf_hash(entry(index)), log.inclusion(index), log.head.root)


def test_a_receipt_is_the_same_each_time_also_after_more_entries_and_a_new_start(log, place):
    log.append(group(0, 2))
    log.append(group(2, 7))
    first = [log.receipt(index) for index in range(7)]
    log.append(group(7, 600))
    log.publish()
    assert [log.receipt(index) for index in range(7)] == first
    log.close()
    with read(place) as again:
        assert [again.receipt(index) for index in range(7)] == first
    for index, receipt in enumerate(first):
        proved = verify_receipt(receipt, entry(index), RECEIPT_KEY.public)
        assert proved[:2] == (index, 2 if index < 2 else 7)


def _changed(**keys) -> Signers:
    newer = replace(SIGNERS, **keys)
    return replace(newer, earlier=(CHECKPOINT_KEY.public,))


def test_old_receipts_stay_as_they_were_when_the_receipt_key_changes(log, place):
    log.append(group(0, 4))
    old = log.receipt(1)
    newer = SigningKey.from_seed(bytes(32))
    log.append(group(4, 5), next_signers=_changed(receipt=newer))
    verify_receipt(log.receipt(4), entry(4), RECEIPT_KEY.public)
    log.append(group(5, 6))
    log.publish()
    verify_receipt(log.receipt(5), entry(5), newer.public)
    assert log.receipt(1) == old
    log.close()
    with Log.open(place, **NAMES, signers=lambda _: _changed(receipt=newer)) as again:
        again.append(group(6, 7))
        verify_receipt(again.receipt(6), entry(6), newer.public)
        assert again.receipt(1) == old
        after = replace(PUBLIC, receipt=newer.public)
        check_log(
            again, keys=lambda size: after if size >= 5 else PUBLIC, statement_hash_of=name_of
        )
        with pytest.raises(Broken):
            check_log(again, keys=lambda _: PUBLIC, statement_hash_of=name_of)


def test_the_head_of_a_key_change_is_signed_by_the_old_checkpoint_key_and_the_new(log, place):
    newer = SigningKey.from_seed(bytes(32))
    log.append(group(0, 4))
    log.append(group(4, 5), next_signers=_changed(checkpoint=newer))
    log.publish()
    both = (place / "checkpoint").read_bytes()
    for key in (CHECKPOINT_KEY.public, newer.public):
        assert verify_checkpoint(both, ORIGIN, key, ML_DSA_KEY.public).size == 5
    log.append(group(5, 6))
    log.close()  # not published: the next start finds the old checkpoint and a newer key
    with Log.open(place, **NAMES, signers=lambda _: _changed(checkpoint=newer)) as again:
        new = (place / "checkpoint").read_bytes()
        assert verify_checkpoint(new, ORIGIN, newer.public).size == 6
        with pytest.raises(Broken):
            verify_checkpoint(new, ORIGIN, CHECKPOINT_KEY.public)
        after = replace(PUBLIC, checkpoint=newer.public)
        check_log(
            again, keys=lambda size: after if size >= 5 else PUBLIC, statement_hash_of=name_of
        )


def test_a_published_checkpoint_carries_both_kinds_of_signature(log, place):
    log.append(group(0, 4))
    log.publish()
    data = (place / "checkpoint").read_bytes()
    assert verify_checkpoint(data, ORIGIN, CHECKPOINT_KEY.public, ML_DSA_KEY.public).size == 4
    other = SigningKey.from_seed(bytes(32), "ML-DSA-44")
    with pytest.raises(Broken):
        verify_checkpoint(data, ORIGIN, CHECKPOINT_KEY.public, other.public)
    (place / "checkpoint").write_bytes(log.head.checkpoint)  # without the second line
    with pytest.raises(Broken) as caught:
        check(log)
    assert caught.value.code == "E-LOG-13"


def test_the_first_entry_alone_has_no_receipt(log):
    log.append(group(0, 1))
    with pytest.raises(Refused) as caught:
        log.receipt(0)
    assert caught.value.code == "E-RECEIPT-02"


def test_a_statement_is_registered_once_and_a_refused_group_leaves_nothing(log):
    log.append(group(0, 3), {"state": b"kept"})
    before = log.head
    for repeated in ([*group(3, 5), *group(1, 2)], [*group(3, 4), *group(3, 4)]):
        with pytest.raises(Refused) as caught:
            log.append(repeated, {"state": b"lost"})
        assert caught.value.code == "E-LOG-09"
    assert (log.head, log.find(name_of(entry(3))), log.state("state")) == (before, None, b"kept")
    assert log.append(group(3, 5)) == range(3, 5)
    check(log)


def test_an_entry_is_at_most_65535_bytes_long(log, place):
    longest = bytes(65_535)
    log.append([(longest, name_of(longest)), *group(0, 255)])
    log.publish()
    assert log.entry(0) == longest
    with pytest.raises(Refused) as caught:
        log.append([(longest + b"\0", bytes(32))])
    assert caught.value.code == "E-LOG-06"
    assert check_directory(place) == 256


def test_nothing_is_no_group(log):
    with pytest.raises(Refused) as caught:
        log.append([])
    assert caught.value.code == "E-LOG-14"


@pytest.mark.parametrize(
    "ask",
    [
        lambda log: log.entry(3),
        lambda log: log.entry(-1),
        lambda log: log.receipt(3),
        lambda log: log.entries(2, 4),
        lambda log: log.leaf_hashes(1, 0),
        lambda log: log.root_at(4),
        lambda log: log.inclusion(2, 2),
        lambda log: log.inclusion(0, 4),
        lambda log: log.consistency(0),
        lambda log: log.consistency(3, 2),
    ],
)
def test_what_lies_outside_the_log_is_refused(log, ask):
    log.append(group(0, 3))
    with pytest.raises(Refused) as caught:
        ask(log)
    assert caught.value.code == "E-LOG-10"


def test_published_files_are_tiles_bundles_and_checkpoint_and_full_bundles_leave_the_database(
    log, place
):
    log.append(group(0, 300))
    log.publish()
    names = {name for name in _tree(place) if not name.startswith("log.db")}
    assert names == {
        "checkpoint",
        "tile/entries/000",
        "tile/entries/001.p/44",
        "tile/0/000",
        "tile/0/001.p/44",
        "tile/1/000.p/1",
    }
    assert (place / "checkpoint").read_bytes().startswith(log.head.checkpoint)
    bundle = (place / "tile/entries/000").read_bytes()
    assert bundle[:2] == len(entry(0)).to_bytes(2)
    assert bundle[2 : 2 + len(entry(0))] == entry(0)
    assert log.db.execute("SELECT min(idx), count(*) FROM entries").fetchone() == (256, 44)


def test_partial_tiles_stay_until_the_full_tile_stands(log, place):
    for start in range(0, 250, 50):
        log.append(group(start, start + 50))
        log.publish()
    assert sorted(p.name for p in (place / "tile/0/000.p").iterdir()) == [
        "100", "150", "200", "250", "50",
    ]  # fmt: skip
    check(log)
    log.append(group(250, 256))
    log.publish()
    assert not (place / "tile/0/000.p").exists()
    assert not (place / "tile/entries/000.p").exists()
    assert check_directory(place) == 256


def test_publishing_again_changes_no_byte(log, place):
    log.append(group(0, 300))
    log.publish()
    files = {name: data for name, (data, _) in _tree(place).items() if "log.db" not in name}
    log.publish()
    assert {n: d for n, (d, _) in _tree(place).items() if "log.db" not in n} == files


def test_a_document_is_named_by_its_digest(log, place):
    digest = log.put_document(b"a pack")
    assert digest == hashlib.sha256(b"a pack").digest() == log.put_document(b"a pack")
    assert log.document(digest) == b"a pack"
    (place / "documents" / digest.hex()).write_bytes(b"another")
    assert log.document(digest) == b"a pack", "what was read once, and held, is kept"
    log.close()
    with read(place) as again:
        for wanted in (digest, bytes(32)):
            with pytest.raises(Broken) as caught:
                again.document(wanted)
            assert caught.value.code == "E-LOG-11"


def test_the_checkpoint_before_a_day_is_the_last_of_an_earlier_day_or_the_very_first(log):
    assert log.checkpoint_before(10) == b""
    heads = []
    for n, day in enumerate((10, 10, 12, 15, 15)):
        log.append(group(n, n + 1), day=day)
        heads.append(log.head.checkpoint)
    before = {day: heads.index(log.checkpoint_before(day)) for day in (0, 9, 10, 11, 12, 13, 16)}
    assert before == {0: 0, 9: 0, 10: 0, 11: 1, 12: 1, 13: 2, 16: 4}


def test_a_reader_writes_nothing_and_needs_no_key(log, place):
    log.append(group(0, 300))
    log.publish()
    log.close()
    before = _tree(place)
    for path in [place, *place.rglob("*")]:
        path.chmod(stat.S_IMODE(path.stat().st_mode) & ~0o222)
    try:
        with read(place) as again:
            check(again)
            assert again.receipt(7)
            for act in (
                lambda: again.append(group(300, 301)),
                again.publish,
                lambda: again.put_document(b""),
            ):
                with pytest.raises(Refused) as caught:
                    act()
                assert caught.value.code == "E-LOG-08"
        assert _tree(place) == before
    finally:
        for path in [place, *place.rglob("*")]:
            path.chmod(stat.S_IMODE(path.stat().st_mode) | 0o200)


def test_a_reader_beside_a_writer_sees_one_moment(log, place):
    log.append(group(0, 10))
    log.publish()
    with read(place) as reader:
        log.append(group(10, 20))
        log.publish()
        assert reader.head.size == 10
        assert list(reader.entries()) == [entry(n) for n in range(10)]
    with read(place) as reader:
        assert reader.head.size == 20


def test_readers_come_and_go_while_a_writer_writes(log, place):
    """The writer folds its write-ahead file into the database often while it is copied."""
    log.db.execute("PRAGMA wal_autocheckpoint=5")
    log.append(group(0, 2))
    log.publish()
    stop = threading.Event()
    errors = []

    def look():
        while not stop.is_set():
            try:
                with read(place) as reader:
                    size = reader.head.size
                    assert reader.root_at(size) == reader.head.root
                    assert reader.find(name_of(entry(size - 1))) == size - 1
            except Exception as error:  # noqa: BLE001 - handed to the test below
                errors.append(error)

    thread = threading.Thread(target=look)
    thread.start()
    for n in range(2, 200):
        log.append(group(n, n + 1))
    stop.set()
    thread.join()
    assert errors == []


def test_a_copy_of_the_directory_is_the_same_log(log, place, tmp_path):
    log.append(group(0, 300))
    log.publish()
    log.append(group(300, 310))
    shutil.copytree(place, tmp_path / "copy")
    assert check_directory(tmp_path / "copy") == 310


def test_a_log_is_never_made_over_another(log, place):
    log.append(group(0, 1))
    log.close()
    with pytest.raises(Refused) as caught:
        create(place)
    assert caught.value.code == "E-LOG-01"
    with write(place) as again:
        assert again.head.size == 1


@pytest.mark.parametrize("open_it", [read, write])
def test_a_directory_without_a_log_is_said_so(tmp_path, open_it):
    for place in (tmp_path, tmp_path / "none"):
        with pytest.raises(Broken) as caught:
            open_it(place)
        assert caught.value.code == "E-LOG-02"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("open_it", [read, write])
def test_a_database_that_is_none_is_said_so(log, place, open_it):
    log.close()
    (place / "log.db").write_bytes(b"no database" * 1000)
    with pytest.raises(Broken):
        open_it(place)


def test_another_format_of_the_database_is_not_guessed_at(log, place):
    log.db.execute("PRAGMA user_version=9")
    log.close()
    with pytest.raises(Broken) as caught:
        read(place)
    assert caught.value.code == "E-LOG-15"
