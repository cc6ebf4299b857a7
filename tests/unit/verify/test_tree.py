"""The tree of RFC 9162, against known roots and against a naive second implementation."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standing.errors import Broken
from standing.verify.tree import (
    EMPTY_ROOT,
    consistency_path,
    inclusion_path,
    leaf_hash,
    node_hash,
    root_from_inclusion,
    root_of,
    verify_consistency,
    verify_inclusion,
)
from tests.unit.verify import naive

# The eight leaves and roots that implementations of Certificate Transparency test with.
CT_LEAVES = [
    bytes.fromhex(text)
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]  # fmt: skip
CT_ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
SIZES = st.integers(1, 300)


def _entries(size):
    return [b"entry %d" % n for n in range(size)]


def _leaves(size):
    return [leaf_hash(entry) for entry in _entries(size)]


@pytest.mark.parametrize("size", range(9))
def test_the_known_roots_hold(size):
    assert root_of([leaf_hash(leaf) for leaf in CT_LEAVES[:size]]).hex() == CT_ROOTS[size]


@given(SIZES)
def test_root_and_paths_are_those_of_the_naive_implementation(size):
    entries, leaves = _entries(size), _leaves(size)
    assert root_of(leaves) == root_of(b"".join(leaves)) == naive.root(entries)
    index, old = size // 3, size - size // 4
    assert inclusion_path(leaves, index) == naive.path(index, entries)
    assert consistency_path(leaves, old) == naive.proof(old, entries)


@given(st.data(), SIZES)
def test_every_leaf_is_proved_and_a_changed_proof_is_not(data, size):
    index = data.draw(st.integers(0, size - 1))
    leaves = _leaves(size)
    root, path = root_of(leaves), inclusion_path(leaves, index)
    verify_inclusion(index, size, leaves[index], path, root)
    wrong = [
        (index, size, leaf_hash(b"another"), path, root),
        (index, size, leaves[index], path, leaf_hash(b"another")),
        (index, size, leaves[index], [*path, bytes(32)], root),
        (size, size, leaves[index], path, root),
        (-1, size, leaves[index], path, root),
    ]
    wrong += [(other, size, leaves[index], path, root) for other in {index ^ 1} if other < size]
    for at in range(len(path)):
        flipped = bytes([path[at][0] ^ 1]) + path[at][1:]
        wrong.append((index, size, leaves[index], [*path[:at], flipped, *path[at + 1 :]], root))
        wrong.append((index, size, leaves[index], path[:at], root))
        wrong.append(
            (index, size, leaves[index], [*path[:at], path[at][:31], *path[at + 1 :]], root)
        )
    for arguments in wrong:
        with pytest.raises(Broken):
            verify_inclusion(*arguments)


@given(st.data(), SIZES)
def test_an_older_tree_is_proved_a_prefix_and_a_changed_proof_is_not(data, size):
    old = data.draw(st.integers(1, size))
    leaves = _leaves(size)
    old_root, root = root_of(leaves[:old]), root_of(leaves)
    path = consistency_path(leaves, old)
    verify_consistency(old, old_root, size, root, path)
    other = leaf_hash(b"another")
    wrong = [
        (old, other, size, root, path),
        (old, old_root, size, other, path),
        (old, old_root, size, root, [*path, bytes(32)]),
        (0, EMPTY_ROOT, size, root, path),
        (size + 1, old_root, size, root, path),
    ]
    for at in range(len(path)):
        flipped = bytes([path[at][0] ^ 1]) + path[at][1:]
        wrong.append((old, old_root, size, root, [*path[:at], flipped, *path[at + 1 :]]))
        wrong.append((old, old_root, size, root, path[:at]))
        wrong.append((old, old_root, size, root, [*path[:at], b"", *path[at + 1 :]]))
    for arguments in wrong:
        with pytest.raises(Broken):
            verify_consistency(*arguments)


def test_a_rewritten_history_has_no_consistency_proof():
    honest, rewritten = _leaves(9), [leaf_hash(b"rewritten"), *_leaves(12)[1:]]
    with pytest.raises(Broken) as caught:
        verify_consistency(
            9, root_of(honest), 12, root_of(rewritten), consistency_path(rewritten, 9)
        )
    assert "rewritten" in caught.value.why


def test_a_leaf_cannot_pass_for_a_node():
    left, right = _leaves(2)
    assert leaf_hash(left + right) != node_hash(left, right)


@pytest.mark.parametrize("index", [-1, 3])
def test_there_is_no_path_for_a_leaf_outside(index):
    with pytest.raises(Broken):
        inclusion_path(_leaves(3), index)


@pytest.mark.parametrize("old", [0, 4])
def test_there_is_no_proof_from_a_size_outside(old):
    with pytest.raises(Broken):
        consistency_path(_leaves(3), old)


def test_a_run_of_hashes_that_is_cut_short_is_refused():
    with pytest.raises(Broken):
        root_of(bytes(33))


def test_a_claim_about_an_empty_tree_is_refused():
    with pytest.raises(Broken):
        root_from_inclusion(0, 0, _leaves(1)[0], [])
