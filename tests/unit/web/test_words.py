"""Both languages say everything; what ships of others is what their packages held."""

import ast
import hashlib
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
WEB = ROOT / "src" / "standing" / "web"
sys.path.insert(0, str(ROOT / "docs"))

import messages  # noqa: E402 - a program of the docs, not a package

PLACE = re.compile(r"%\(\w+\)s")


def test_no_message_is_missing_in_chinese():
    assert messages.missing("zh_Hans") == []


def test_what_is_compiled_is_what_is_written():
    catalog = messages.written("zh_Hans")
    shipped = messages.place_of("zh_Hans").with_suffix(".mo").read_bytes()
    assert shipped == messages.compiled(catalog)


def test_no_message_stands_in_the_catalogue_that_no_page_says():
    said = {str(message.id) for message in messages.wanted()}
    assert {str(message.id) for message in messages.written("zh_Hans")} - said == set()


def test_a_translation_fills_in_the_same_values():
    for message in messages.written("zh_Hans"):
        one = message.id if isinstance(message.id, str) else message.id[1]
        said = message.string if isinstance(message.string, str) else message.string[0]
        assert not message.id or set(PLACE.findall(one)) == set(PLACE.findall(said)), one


def test_the_files_of_others_are_unchanged():
    notice = (WEB / "static" / "vendor" / "NOTICE").read_text()
    named = dict(
        re.findall(r"^(\S+\.(?:js|css)).*?sha256 ([0-9a-f]{64})", notice, re.MULTILINE | re.DOTALL)
    )
    assert named.keys() == {path.name for path in (WEB / "static" / "vendor").glob("*.[jc]s*")}
    for name, digest in named.items():
        assert hashlib.sha256((WEB / "static" / "vendor" / name).read_bytes()).hexdigest() == digest


FOR_PROGRAMS = {"_signed.py", "_repeats.py"}  # nobody meets these on a page
ERRORS = {"malformed", "Refused", "Unreachable", "Broken"}


def unmarked(source: str) -> list[str]:
    """Find what errors say in words that no translator is shown."""
    found = []
    for call in ast.walk(ast.parse(source)):
        if (
            isinstance(call, ast.Call)
            and isinstance(call.func, ast.Name)
            and call.func.id in ERRORS
        ):
            told = call.args if call.func.id == "malformed" else call.args[1:]
            told = [*told, *(word.value for word in call.keywords if word.arg in {"why", "fix"})]
            found += [
                ast.unparse(text)
                for text in told
                if isinstance(text, (ast.Constant, ast.JoinedStr))
            ]
    return found


def test_what_an_error_of_a_page_says_is_there_to_be_translated():
    assert unmarked('raise malformed(f"{x} is odd")') == ["f'{x} is odd'"]
    assert unmarked('raise Refused("E-1", "Odd.", why=N_("So."), fix="Stop.")') == [
        "'Odd.'",
        "'Stop.'",
    ]
    for path in sorted(WEB.glob("*.py")):
        if path.name not in FOR_PROGRAMS:
            assert unmarked(path.read_text()) == [], path.name
