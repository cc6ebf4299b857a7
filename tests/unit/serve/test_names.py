"""Only names that the layout makes are looked up."""

import asyncio

import pytest

from standing.log._layout import tile_path
from standing.serve._http import Problem
from standing.serve._reads import Files


def _get(directory, path):
    return asyncio.run(Files(directory).get(path))


@pytest.mark.parametrize("number", [0, 999, 1_000, 1_234_067, 1_000_000, 10**15])
@pytest.mark.parametrize("place", [0, 63, "entries"])
def test_every_name_of_the_layout_is_looked_up(tmp_path, number, place):
    for width in (1, 255, 256):
        with pytest.raises(Problem) as caught:
            _get(tmp_path, f"/{tile_path(place, number, width)}")
        assert caught.value.status == 404


@pytest.mark.parametrize("path", ["/tile/0/x000/000", "/tile/entries/x000/x001/067.p/3"])
def test_a_number_with_zeros_in_front_is_no_name(tmp_path, path):
    (tmp_path / path[1:]).parent.mkdir(parents=True)
    (tmp_path / path[1:]).write_bytes(b"a second name")
    assert _get(tmp_path, path) is None


@pytest.mark.parametrize(
    "path",
    [
        "", "/", "//checkpoint", "/checkpoint/", "/checkpoint\n", "/./checkpoint", "/../secret",
        "/documents/../../secret", "/tile/0/../../../secret", "/tile/../../secret", "/log.db",
        "/tile/0/..", "/tile/entries/000/../../../../secret", "/tile/64/000", "/tile/0/000.p/0",
        "/tile/0/000.p/256", "/tile/0/\u0660\u0660\u0660", "/tile/0/000\0", "/.new", "/tile/0/000.p",
    ],
)  # fmt: skip
def test_no_other_name_is_looked_up(tmp_path, path):
    directory = tmp_path / "log"
    directory.mkdir()
    (tmp_path / "secret").write_bytes(b"outside")
    (directory / "log.db").write_bytes(b"inside, and not to be read")
    assert _get(directory, path) is None
