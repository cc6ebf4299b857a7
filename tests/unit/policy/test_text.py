"""Bytes in, plain data out: what an author may write and what is refused before any rule."""

import pytest
import yaml

from standing.policy import _text
from standing.policy._text import TextProblem, dump, read

from .conftest import PACKS


def plain(text):
    return read(text.encode())[0]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: 1", {"a": 1}),
        ("a: -12", {"a": -12}),
        ("a: '1'", {"a": "1"}),
        ("a: true\nb: false\nc: null", {"a": True, "b": False, "c": None}),
        ("a: yes\nb: NO\nc: on", {"a": "yes", "b": "NO", "c": "on"}),
        ("a: 2026-11-01", {"a": "2026-11-01"}),
        ("a: 012\nb: 0x1F\nc: 1_000", {"a": "012", "b": "0x1F", "c": "1_000"}),
        ("a: [1, {b: c}, [d]]", {"a": [1, {"b": "c"}, ["d"]]}),
        ("a: >-\n  one\n  line", {"a": "one line"}),
        ("2026: [x]", {"2026": ["x"]}),
        ("a: 3/4", {"a": "3/4"}),
    ],
)
def test_a_value_is_what_it_looks_like_and_nothing_else(text, value):
    assert plain(text) == value


def test_each_part_knows_the_line_it_begins_on():
    _, lines = read(b"# note\na: 1\nb:\n  - x\n  - c: 2\n")
    assert lines[("a",)] == 2
    assert lines[("b", 0)] == 4
    assert lines[("b", 1, "c")] == 5


@pytest.mark.parametrize(
    ("text", "word", "line"),
    [
        ("a: 1\na: 2", "twice", 2),
        ("a:\n  b: 1\n  b: 1", "twice", 3),
        ("a: &x 1", "anchor", 1),
        ("a: &x [1]\nb: *x", "anchor", 1),
        ("a: 1\nb: !!python/object:os.system 1", "tag", 2),
        ("a: !!float 1", "tag", 1),
        ("a: 1\n---\nb: 2", "documents", 1),
        ("", "documents", 1),
        ("a: ]", "no YAML", 1),
        ("? [1]\n: 2", "key", 1),
        ("a:\n\t- 1", "no YAML", 2),
        ("{", "no JSON", 1),
        ('{"a":1,"a":1}', "twice", 1),
        ('{"a": 1}', "canonical", 1),
        ('{"b":1,"a":1}', "canonical", 1),
        ('{"a":1}\n', "canonical", 1),
        ('{"a":"\\ud800"}', "no JSON", 1),
        ('{"a":' + "9" * 5000 + "}", "digits", 1),
        ('{"a":' + "[" * 100_000, "nesting", 1),
        ('{"a":' + "[" * 40 + "]" * 40 + "}", "nesting", 1),
        ("a: " + "[" * 40, "nesting", 1),
        ("a: " + "[" * 100_000, "nesting", 1),
    ],
)  # fmt: skip
def test_a_text_that_can_be_read_in_two_ways_is_refused_with_its_line(text, word, line):
    with pytest.raises(TextProblem) as caught:
        plain(text)
    assert word in str(caught.value)
    assert caught.value.line == line


@pytest.mark.parametrize("number", ["1.0", "-.5", "1e3", "1.5e-3", ".inf", "-.INF", ".nan", "1."])
def test_a_float_is_refused_as_a_breach_of_whole_numbers(number):
    with pytest.raises(TextProblem) as caught:
        plain(f"x: 1\na: {number}")
    assert (caught.value.code, caught.value.line) == ("L12", 2)


@pytest.mark.parametrize("text", ['{"a":1.0}', '{"a":1e3}', '{"a":NaN}', '{"a":-Infinity}'])
def test_a_float_in_published_bytes_is_refused_as_well(text):
    with pytest.raises(TextProblem) as caught:
        plain(text)
    assert caught.value.code == "L12"


def test_a_yaml_bomb_is_refused_at_its_first_anchor():
    bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"{new}: &{new} [{', '.join(['*' + old] * 9)}]\n"
        for old, new in zip("abcdefgh", "bcdefghi", strict=True)
    )
    with pytest.raises(TextProblem, match="anchor"):
        plain(bomb)


def test_ten_megabytes_are_refused_before_they_are_parsed():
    with pytest.raises(TextProblem, match="10,000,000 bytes"):
        read(b"a" * 10_000_000)


def test_more_values_than_a_pack_could_need_are_refused():
    with pytest.raises(TextProblem, match="more values"):
        plain("a: [" + "1," * 60_000 + "]")


def test_bytes_that_are_not_utf_8_are_refused():
    with pytest.raises(TextProblem, match="UTF-8"):
        read(b"a: \xff")


def test_dumping_sorts_keys_and_keeps_every_script():
    assert dump({"b": "公交", "a": [1, None, True]}) == '{"a":[1,null,true],"b":"公交"}'.encode()


@pytest.mark.parametrize("name", ["catalogue", "rail"])
def test_the_parser_without_a_compiled_library_reads_the_same(name, monkeypatch):
    data = (PACKS / f"{name}.yaml").read_bytes()
    fast = read(data)
    monkeypatch.setattr(_text, "_LOADER", yaml.BaseLoader)
    assert read(data) == fast
