"""The tree over tiles gives the roots and proofs of RFC 9162, however it grew."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from standing.log import _tree
from standing.log._layout import cut_hashes
from standing.log._tree import Tree
from standing.verify.tree import (
    EMPTY_ROOT,
    consistency_path,
    inclusion_path,
    leaf_hash,
    root_of,
    verify_consistency,
    verify_inclusion,
)
from tests.unit.verify import naive

LARGE = 65_536


def entries_of(size):
    return [b"entry %d" % n for n in range(size)]


def leaves_of(size):
    return [leaf_hash(entry) for entry in entries_of(size)]


class Tiles:
    """Where a tree reads its tiles from: hashes computed anew from leaves, level by level."""

    def __init__(self, leaves):
        self.leaves = leaves
        self.reads = 0

    def load(self, level, number, width, known):
        self.reads += 1
        run = 256**level
        at = number * 256
        return [
            root_of(self.leaves[place * run : (place + 1) * run])
            for place in range(at + len(known), at + width)
        ]


def grown(tiles, groups):
    """Give a tree that took the leaves in as groups, as a writer does."""
    tree, size = Tree(tiles.load), 0
    for count in groups:
        tree.extend(size, tiles.leaves[size : size + count])
        size += count
    return tree


groupings = st.lists(st.integers(1, 300), min_size=1, max_size=6)


@settings(max_examples=60, deadline=None)
@given(groups=groupings, data=st.data())
def test_root_and_proofs_are_the_naive_ones_however_the_log_grew(groups, data):
    size = sum(groups)
    entries = entries_of(size)
    tree = grown(Tiles(leaves_of(size)), groups)
    some = data.draw(st.integers(1, size))
    assert tree.root_at(some) == naive.root(entries[:some])
    index = data.draw(st.integers(0, some - 1))
    assert tree.inclusion(index, some) == naive.path(index, entries[:some])
    old = data.draw(st.integers(1, some))
    assert tree.consistency(old, some) == naive.proof(old, entries[:some])


@settings(max_examples=40, deadline=None)
@given(size=st.integers(1, 1200), data=st.data())
def test_a_tree_that_reads_its_tiles_agrees_with_one_that_grew(size, data):
    tiles = Tiles(leaves_of(size))
    reader, writer = Tree(tiles.load), grown(tiles, [size])
    for _ in range(4):
        some = data.draw(st.integers(1, size))
        index, old = data.draw(st.integers(0, some - 1)), data.draw(st.integers(1, some))
        assert reader.root_at(some) == writer.root_at(some) == root_of(tiles.leaves[:some])
        assert reader.inclusion(index, some) == writer.inclusion(index, some)
        assert reader.consistency(old, some) == writer.consistency(old, some)


@pytest.mark.parametrize("size", [1, 2, 3, 255, 256, 257, 511, 512, 513, 768])
def test_at_the_edges_of_tiles_every_entry_and_every_older_size_is_proved(size):
    leaves = leaves_of(size)
    tree = Tree(Tiles(leaves).load)
    root = tree.root_at(size)
    assert root == root_of(leaves)
    for index in {*range(0, size, 37), 0, size - 1, size // 2, min(255, size - 1)}:
        verify_inclusion(index, size, leaves[index], tree.inclusion(index, size), root)
    for old in {*range(1, size + 1, 41), 1, size, min(256, size), max(1, size - 1)}:
        path = tree.consistency(old, size)
        assert path == consistency_path(leaves, old)
        verify_consistency(old, tree.root_at(old), size, root, path)


def test_the_empty_tree_has_the_root_of_nothing_and_needs_no_tile():
    tiles = Tiles([])
    assert Tree(tiles.load).root_at(0) == EMPTY_ROOT == naive.root([])
    assert tiles.reads == 0


def test_the_tiles_of_a_grown_tree_are_those_that_would_be_read():
    leaves = leaves_of(700)
    tiles = Tiles(leaves)
    tree = grown(tiles, [100, 156, 1, 255, 188])
    for level, number, width in [(0, 0, 256), (0, 1, 256), (0, 2, 188), (1, 0, 2), (0, 0, 10)]:
        assert cut_hashes(tree.tile(level, number, width)) == tiles.load(level, number, width, ())
    assert cut_hashes(tree.hashes(0, 250, 520)) == leaves[250:520]
    assert tree.tile_root(0, 1) == root_of(leaves[256:512])


@pytest.fixture(scope="module")
def large():
    """Leaves on both sides of 65,536, where a third level of tiles begins."""
    return [n.to_bytes(32) for n in range(LARGE + 300)]


@pytest.mark.parametrize("seed", range(3))
def test_across_65536_entries_the_proofs_hold_in_groups_of_any_size(large, seed):
    draw = random.Random(seed)
    groups, left = [], len(large)
    while left:
        groups.append(min(left, draw.choice([1, 255, 256, 257, 512, 9000, 40_000])))
        left -= groups[-1]
    tree = grown(Tiles(large), groups)
    for size in (LARGE - 1, LARGE, LARGE + 1, LARGE + 257, len(large)):
        root = root_of(large[:size])
        assert tree.root_at(size) == root
        index, old = draw.randrange(size), draw.randrange(1, size)
        assert tree.inclusion(index, size) == inclusion_path(large[:size], index)
        path = tree.consistency(old, size)
        assert path == consistency_path(large[:size], old)
        verify_consistency(old, tree.root_at(old), size, root, path)
    verify_consistency(LARGE, tree.root_at(LARGE), len(large), tree.root_at(len(large)),
                       tree.consistency(LARGE, len(large)))  # fmt: skip


def test_tiles_that_were_let_go_are_read_again(large, monkeypatch):
    monkeypatch.setattr(_tree, "_KEPT_TILES", 4)
    monkeypatch.setattr(_tree, "_KEPT_EDGES", 2)
    leaves = large[:5000]
    tiles = Tiles(leaves)
    tree = grown(tiles, [1500, 1500, 2000])
    draw = random.Random(1)
    for _ in range(60):
        size = draw.randrange(1, len(leaves) + 1)
        index = draw.randrange(size)
        assert tree.root_at(size) == root_of(leaves[:size])
        assert tree.inclusion(index, size) == inclusion_path(leaves[:size], index)
    assert len(tree._tiles) <= 4
    assert tiles.reads > 20
