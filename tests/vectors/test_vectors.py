"""The vector files follow from their maker."""

from pathlib import Path

import pytest

from tests.vectors import make


@pytest.mark.parametrize("name", make.FILES)
def test_a_vector_file_is_what_its_maker_writes(name):
    assert (Path(__file__).parent / name).read_text(encoding="utf-8") == make.text_of(name)
