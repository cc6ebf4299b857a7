"""Both languages have every message, with the same values in it, and every message is said."""

import re
import string
from pathlib import Path

import pytest

from standing import pages
from standing.errors import Refused
from standing.pages._voice import Voice
from standing.pages._words import LANGUAGES, WORDS

ROOM = Path(pages.__file__).parent
SOURCES = [
    *(path for path in ROOM.glob("*.py") if path.name not in {"_words.py", "_sheet_words.py"}),
    *(ROOM / "templates").iterdir(),
]
SAID = "\n".join(path.read_text(encoding="utf-8") for path in SOURCES)


def values_of(text):
    return sorted({name for _, name, _, _ in string.Formatter().parse(text) if name})


@pytest.mark.parametrize("message", sorted(WORDS))
def test_a_message_is_there_in_both_languages(message):
    texts = WORDS[message]
    assert len(texts) == len(LANGUAGES) == 2
    assert texts[0]
    assert texts[1] or message == "space"
    if message not in {"subject", "subjects"}:
        assert values_of(texts[0]) == values_of(texts[1])


@pytest.mark.parametrize("message", sorted(WORDS))
def test_a_message_is_used(message):
    assert f'"{message}"' in SAID


def test_whatever_is_said_is_in_the_catalogue():
    assert set(re.findall(r"\bsay\(\s*\"([^\"]+)\"", SAID)) <= set(WORDS)


def test_chinese_is_chinese_and_english_is_not():
    for message, (english, chinese) in WORDS.items():
        assert not re.search("[\u4e00-\u9fff]", english), message
        if message not in {"list", "space", "force.when"}:
            assert re.search("[\u4e00-\u9fff]", chinese), message


def test_the_terms_are_those_of_the_glossary():
    glossary = (Path(__file__).resolve().parents[3] / "GLOSSARY.md").read_text(encoding="utf-8")
    terms = dict(re.findall(r"^\| ([a-z -]+) \| ([^ |]+) \|", glossary, re.MULTILINE))
    for english, message in {
        "context": "head.context",
        "subject": "head.subjects",
        "band": "moves.heading",
        "score": "scores.heading",
        "pack": "head.new",
        "region": "parts.region",
        "group": "parts.group",
        "restriction": "flips.restriction",
        "perk": "flips.perk",
        "simulation": "stamp",
        "page": "contents",
    }.items():
        assert terms[english].removesuffix("面") in WORDS[message][1], english


def test_a_language_without_a_catalogue_is_refused():
    with pytest.raises(Refused, match="'fr'") as refused:
        Voice("fr")
    assert refused.value.code == "E-PAGE-01"


def test_one_subject_is_no_plural():
    assert Voice("en").subjects(1) == "1 subject"
    assert Voice("en").subjects(2_000) == "2,000 subjects"
    assert Voice("zh-Hans").subjects(1) == "1 名当事人"


def test_a_long_list_of_names_is_cut_and_says_so():
    assert Voice("en").names(["a", "b", "c", "d", "e"]) == "a, b, c and 2 more"
    assert Voice("zh-Hans").names(["a", "b"]) == "a、b"
