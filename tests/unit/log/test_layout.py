"""Where tiles lie, and how entries lie in a bundle."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standing.errors import Broken
from standing.log._layout import pack_entries, tile_path, tile_range, unpack_entries


@pytest.mark.parametrize(
    ("place", "path"),
    [
        ((0, 0), "tile/0/000"),
        ((0, 999), "tile/0/999"),
        ((1, 1000), "tile/1/x001/000"),
        ((0, 1234067), "tile/0/x001/x234/067"),
        (("entries", 7, 12), "tile/entries/007.p/12"),
        ((2, 1234067, 255), "tile/2/x001/x234/067.p/255"),
    ],
)
def test_a_tile_lies_where_c2sp_says(place, path):
    assert tile_path(*place) == path


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_a_bundle_gives_back_its_entries(entries):
    assert list(unpack_entries(pack_entries(entries), "x")) == entries


@pytest.mark.parametrize("cut", [1, 2, 3, 6])
def test_a_bundle_cut_short_is_broken_and_named(cut):
    bundle = pack_entries([b"first", b"second"])
    with pytest.raises(Broken) as caught:
        list(unpack_entries(bundle[:-cut], "tile/entries/000"))
    assert (caught.value.code, caught.value.where) == ("E-LOG-05", "tile/entries/000")


def test_a_range_names_each_tile_and_how_much_of_it():
    assert list(tile_range(0, 0)) == []
    assert list(tile_range(0, 256)) == [(0, 256)]
    assert list(tile_range(255, 513)) == [(0, 256), (1, 256), (2, 1)]
