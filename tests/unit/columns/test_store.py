"""The bulk store: what goes in comes out, whatever the segments; what is forgotten is gone."""

import json
import os
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from standing.columns import (
    SEGMENT_COLUMNS,
    ColumnStore,
    Forgetting,
    _segment,
    blocks,
    clean_columns,
)
from standing.errors import Broken, Refused
from standing.policy import RecordFact
from standing.policy.columns import columns_of, facts_at
from tests.unit.policy.histories import ACTS, START, populations

CODES = ("", *sorted(ACTS))


def news_of(facts, codes=CODES):
    return columns_of(facts, codes)


def held(columns):
    """Everybody's records, without the names that columns do not keep."""
    found = {}
    for row, number in enumerate(columns.subjects.tolist()):
        mine = [fact for fact in facts_at(columns, row) if fact.type]  # not the overwritten
        if mine:
            found[number] = mine
    return expected(found)


def expected(facts):
    return {
        number: sorted(
            ((f.type, f.day, f.noticed, f.status, f.source_expires) for f in mine), key=str
        )
        for number, mine in facts.items()
        if mine
    }


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def everything(root):
    """Every byte below a folder."""
    return b"".join(path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file())


@pytest.fixture
def store(tmp_path):
    return ColumnStore(tmp_path / "columns", "transit")


@settings(max_examples=60, deadline=None)  # it writes files
@given(st.lists(populations(), min_size=1, max_size=6))
def test_appends_give_back_all_records_in_order_however_they_were_split(tmp_path_factory, parts):
    store = ColumnStore(tmp_path_factory.mktemp("columns"), "transit")
    whole, codes = {}, CODES
    for n, facts in enumerate(parts, 1):
        news = columns_of(facts, codes)
        codes = news.codes
        store.append(news, n, f"{n:064x}")
        for number, mine in facts.items():
            whole.setdefault(number, []).extend(mine)
    columns = store.load()
    assert held(columns) == expected(whole)
    assert store.covers() == (len(parts), f"{len(parts):064x}", 0)
    for row in range(len(columns.subjects)):
        part = columns.rows(np.array([row]))
        keys = list(zip(part.kind.tolist(), part.day.tolist(), strict=True))
        assert keys == sorted(keys)
    for number, mine in expected(whole).items():
        assert held(store.row(number)) == {number: mine}


def fact(name, day=0, type_="fare"):
    return RecordFact(name, type_, START + day, START + day)


def test_many_appends_keep_few_segments(store):
    for n in range(1, 65):
        store.append(news_of({n: [fact("a"), fact("b")]}), n, "")
    assert len(store.segments()) <= 7
    assert len(names(store.folder)) == len(store.segments()) + 1
    assert store.load().records == 128


def test_a_store_of_nobody_is_empty_and_says_so(store):
    assert (store.exists, store.covers(), store.load().records) == (False, (0, "", 0), 0)
    assert store.row(5).records == 0
    store.append(news_of({}), 3, "aa")
    assert (store.exists, store.covers(), store.load().records) == (True, (3, "aa", 0), 0)


def test_the_forgotten_leave_no_byte_in_any_segment_and_the_others_stay(store):
    gone, stays = 0x1122334455667788, 0x1122334455667799
    for n in range(3):
        mine = [RecordFact(f"a{n}", "grave", 0x4F4F, 0x4D4D, "effective", 0x4B4B)] * 3
        store.append(news_of({gone: mine, stays: [fact("b", n)], 5: [fact("c", n)]}), n + 1, "")
    assert gone.to_bytes(8, "little") in everything(store.folder)
    assert b"\x4f\x4f" in everything(store.folder)
    store.forget(gone)
    left = everything(store.folder)
    for trace in (gone.to_bytes(8, "little"), b"\x4f\x4f", b"\x4d\x4d", b"\x4b\x4b"):
        assert trace not in left
    assert sorted(held(store.load())) == [5, stays]
    assert store.row(gone).records == 0
    assert store.row(stays).records == 3


def test_the_first_and_neighbouring_rows_are_forgotten_too(store):
    store.append(news_of({n: [fact("a", n)] for n in range(1, 6)}), 1, "")
    for number in (1, 3, 4, 2):
        store.forget(number)
        assert store.row(number).records == 0
    assert held(store.load()) == expected({5: [fact("a", 5)]})
    store.append(news_of({3: [fact("b", 9)], 5: [fact("c", 2)]}), 2, "")
    assert held(store.load()) == expected({3: [fact("b", 9)], 5: [fact("a", 5), fact("c", 2)]})
    assert store.load().subjects.tolist() == [3, 5]


def test_forgetting_somebody_unknown_changes_nothing(store):
    store.append(news_of({7: [fact("a")]}), 1, "")
    before = everything(store.folder)
    store.forget(8)
    assert everything(store.folder) == before


@settings(max_examples=60, deadline=None)  # it writes files
@given(populations(), st.integers(1, 30))
def test_blocks_are_the_whole_store_in_order(tmp_path_factory, facts, size):
    store = ColumnStore(tmp_path_factory.mktemp("columns"), "transit")
    store.append(columns_of(facts, CODES), 1, "")
    parts = list(blocks(store.segments(), size))
    assert [n for block in parts for n in block.subjects.tolist()] == (
        store.load().subjects.tolist() if store.load().records else []
    )
    found = {}
    for block in parts:
        found |= held(block)
    assert found == expected(facts)
    store.append(columns_of({2**62: [fact("z")]}, store.codes), 2, "")
    assert sum(block.records for block in blocks(store.segments(), size)) == store.load().records


@settings(max_examples=80, deadline=None)  # it writes files
@given(
    st.sets(st.integers(1, 2**63 - 1) | st.integers(1, 40), min_size=1, max_size=40),
    st.lists(st.integers(0, 39), max_size=20),
    st.integers(1, 9),
)
def test_one_row_is_found_wherever_it_lies_and_whoever_left(
    tmp_path_factory, numbers, leavers, block
):
    store = ColumnStore(tmp_path_factory.mktemp("columns"), "transit")
    facts = {number: [fact("a", number % 90)] * (number % 3 + 1) for number in numbers}
    store.append(news_of(facts), 1, "")
    gone = {sorted(numbers)[place % len(numbers)] for place in leavers}
    for number in gone:
        store.forget(number)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_segment, "_BLOCK_ROWS", block)
        for number in {*numbers, 1, 2**63 - 1, min(numbers) + 1}:
            here = number in numbers and number not in gone
            assert held(store.row(number)) == (expected({number: facts[number]}) if here else {})


def test_a_row_that_ends_where_nothing_is_is_found(store):
    store.append(news_of({1: [fact("a")], 2: [fact("b")]}), 1, "aa")
    path = next(store.folder.glob("*/ends.npy"))
    np.save(path, np.array([5, 2]))
    with pytest.raises(Broken, match="E-COL-01"):
        store.row(2)
    path.unlink()
    with pytest.raises(Broken, match="E-COL-01"):
        store.row(1)


class CutError(Exception):
    """The machine stops here."""


CALLS = {name: getattr(os, name) for name in ("fsync", "rename", "unlink", "rmdir")}
OLD, NEW = {1: [fact("a")], 2: [fact("b")]}, {2: [fact("c", 1)], 3: [fact("d")]}


def append(store):
    store.append(news_of(NEW), 2, "bb")


def forget(store):
    forgetting = Forgetting(store.folder.parent)
    with forgetting.of(1, "transit"):
        pass
    forgetting.settle(committed=True)


def cut_at(stop, verb, store):
    """End a process at its n-th fsync, rename or unlink; tells whether it came that far."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != 0
    left = [stop]

    def counting(name):
        def call(*arguments, **options):
            left[0] -= 1
            if left[0] == 0:
                os._exit(9)
            return CALLS[name](*arguments, **options)

        return call

    for name in CALLS:
        setattr(os, name, counting(name))
    verb(store)
    os._exit(0)


def fail_at(monkeypatch, stop, verb, store):
    """Let the n-th fsync, rename or unlink fail; tells whether it came that far."""
    left = [stop]

    def counting(name):
        def call(*arguments, **options):
            left[0] -= 1
            if left[0] == 0:
                raise CutError
            return CALLS[name](*arguments, **options)

        return call

    with monkeypatch.context() as patch:
        for name in CALLS:
            patch.setattr(os, name, counting(name))
        with suppress(CutError):
            verb(store)
    return left[0] <= 0


GONE = ({}, (0, "", 0))  # it is made anew from the vault
BOTH = expected({1: OLD[1], 2: [*OLD[2], *NEW[2]], 3: NEW[3]})
KEPT, GROWN = (expected(OLD), (1, "aa", 0)), (BOTH, (2, "bb", 0))
FORGOTTEN = (expected({2: OLD[2]}), (1, "aa", 1))


@pytest.mark.parametrize("how", ["crash", "error"])
@pytest.mark.parametrize(
    ("verb", "allowed"),
    [
        (append, {"crash": [KEPT, GROWN], "error": [GONE, GROWN]}),
        (forget, {"crash": [FORGOTTEN, GONE], "error": [FORGOTTEN, GONE]}),
    ],
)
def test_a_write_cut_off_at_any_call_leaves_a_whole_store_or_none(
    tmp_path, monkeypatch, verb, allowed, how
):
    """Cut at every call in turn; the next writer cleans up and goes on."""
    store = ColumnStore(tmp_path / "first", "transit")
    store.append(news_of(OLD), 1, "aa")  # code is compiled once, here
    outcomes = []
    for stop in range(1, 100):
        store = ColumnStore(tmp_path / str(stop), "transit")
        store.append(news_of(OLD), 1, "aa")
        was_cut = (
            cut_at(stop, verb, store) if how == "crash"
            else fail_at(monkeypatch, stop, verb, store)
        )  # fmt: skip
        clean_columns(store.folder.parent)
        outcomes.append((held(store.load()), store.covers()))
        if store.folder.exists():
            listed = json.loads((store.folder / "manifest.json").read_text())["segments"]
            assert names(store.folder) == sorted([*(s["name"] for s in listed), "manifest.json"])
        if not was_cut:
            break
    assert all(outcome in allowed[how] for outcome in outcomes)
    assert all(possible in outcomes for possible in allowed[how])


def test_a_vault_that_did_not_commit_costs_a_rebuild_and_nobody_s_records(tmp_path):
    store = ColumnStore(tmp_path, "transit")
    store.append(news_of({1: [fact("a")]}), 1, "aa")
    forgetting = Forgetting(tmp_path)
    with forgetting.of(1, "transit"):
        pass
    forgetting.settle(committed=False)
    assert (store.exists, store.covers()) == (False, (0, "", 0))


def test_an_error_in_the_vault_costs_a_rebuild_at_once(tmp_path):
    store = ColumnStore(tmp_path, "transit")
    store.append(news_of({1: [fact("a")], 2: [fact("b")]}), 1, "aa")
    forgetting = Forgetting(tmp_path)
    with forgetting.of(2, "transit"):
        pass
    with pytest.raises(CutError), forgetting.of(1, "transit"):
        raise CutError
    assert not store.exists
    store.append(news_of({3: [fact("a")]}), 1, "aa")
    forgetting.settle(committed=False)  # nothing is open any more
    assert store.load().records == 1


def test_a_damaged_store_never_stands_in_the_way_of_leaving(tmp_path):
    store = ColumnStore(tmp_path, "transit")
    store.append(news_of({1: [fact("a")], 2: [fact("b")]}), 1, "aa")
    path = next(store.folder.glob("*/kind.npy"))
    path.write_bytes(path.read_bytes()[:-1])
    forgetting = Forgetting(tmp_path)
    with forgetting.of(1, "transit"):
        pass
    forgetting.settle(committed=True)
    assert not store.exists


def test_an_append_that_fails_leaves_nobody_s_records_behind(tmp_path, monkeypatch):
    store = ColumnStore(tmp_path / "columns", "transit")
    store.append(news_of({1: [fact("a")]}), 1, "aa")
    monkeypatch.setattr(store, "_publish", lambda _: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(OSError, match="full"):
        store.append(news_of({2: [fact("b")]}), 2, "bb")
    assert not store.exists


def test_whoever_is_not_kept_is_forgotten(store):
    store.append(news_of({n: [fact("a", n)] for n in range(1, 8)}), 1, "")
    store.append(news_of({9: [fact("a")], 3: [fact("b")]}), 2, "")
    store.forget_others(np.array([3, 5], np.uint64))
    assert held(store.load()) == expected({3: [fact("a", 3), fact("b")], 5: [fact("a", 5)]})
    store.forget_others(np.array([], np.uint64))
    assert held(store.load()) == {}


def test_a_reader_goes_on_while_a_writer_merges(store):
    store.append(news_of({1: [fact("a")]}), 1, "aa")
    before = store.segments()
    manifest, real = store._manifest(), store._manifest
    store.append(news_of({2: [fact("b")]}), 2, "bb")  # merges: the first segment's folder is gone
    assert sum(block.records for block in blocks(before)) == 1
    answers = iter([manifest])
    store._manifest = lambda: next(answers, None) or real()
    assert store.load().records == 2  # read again, under the manifest that counts by now


@pytest.mark.parametrize("context", ["../evil", "", "a/b", "A", ".", "a..b", "a\n"])
def test_a_context_that_is_no_code_names_no_folder(tmp_path, context):
    with pytest.raises(Refused, match="E-COL-02"):
        ColumnStore(tmp_path, context)


def test_nothing_is_written_where_there_is_no_store(tmp_path):
    forgetting = Forgetting(tmp_path / "columns")
    with forgetting.of(1, "transit"):
        pass
    forgetting.settle(committed=True)
    assert not (tmp_path / "columns").exists()


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b'{"format":"x"}', b"\xff"])
def test_a_manifest_that_says_nothing_is_an_empty_store(store, text):
    store.append(news_of({1: [fact("a")]}), 1, "aa")
    (store.folder / "manifest.json").write_bytes(text)
    assert (store.covers(), store.load().records) == ((0, "", 0), 0)


@pytest.mark.parametrize("name", SEGMENT_COLUMNS[:6])
def test_a_column_that_is_cut_missing_or_another_is_found(store, name):
    store.append(news_of({1: [fact("a"), fact("b")], 2: [fact("c")]}), 1, "aa")
    path = next(store.folder.glob(f"*/{name}.npy"))
    good = path.read_bytes()
    for bad in (good[:-1], good[:60], b"", np.lib.format.magic(1, 0) + b"x" * 100):
        path.write_bytes(bad)
        with pytest.raises(Broken, match="E-COL-01"):
            store.load()
    path.unlink()
    with pytest.raises(Broken, match="E-COL-01"):
        store.load()
    np.save(path, np.zeros(3, np.float64))
    with pytest.raises(Broken, match="E-COL-01"):
        store.load()
    np.save(path, np.array([[1]]))
    with pytest.raises(Broken, match="E-COL-01"):
        store.load()
    np.save(path, np.array([object()]), allow_pickle=True)
    with pytest.raises(Broken, match="E-COL-01"):
        store.load()


def test_only_its_owner_may_look_into_a_store(store):
    store.append(news_of({1: [fact("a")]}), 1, "aa")
    for folder in (store.folder, store.folder.parent):
        assert folder.stat().st_mode & 0o077 == 0


def test_a_store_holds_no_more_than_its_columns(store):
    store.append(news_of({1: [fact("a")]}), 1, "aa")
    [segment] = [path for path in store.folder.iterdir() if path.is_dir()]
    assert {path.stem for path in segment.iterdir()} == set(SEGMENT_COLUMNS) - {"until"}
    assert Path(segment, "kind.npy").stat().st_size < 200
