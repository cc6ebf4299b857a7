"""The how-to pages that are typed from the top: each command, edit and file, in an empty folder.

A page's fences are its steps: `console` holds commands with what they print, `diff NAME` changes a
file, any other fence with a name is that file. A step of another form fails the test.
"""

import re
import shlex
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.unit.cli.test_cli import Shell, shell

__all__ = ["shell"]  # a fixture

HOW_TO = Path(__file__).resolve().parents[3] / "docs" / "how-to"
PAGES = ["write-a-pack.md"]
FENCE = re.compile(
    r"^```(?P<kind>\S*)(?: (?P<name>\S+))?\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)
LOOP = re.compile(r"for (?P<name>\w+) in (?P<values>.*); do\n(?P<body>.*)\ndone", re.DOTALL)


class Command(NamedTuple):
    """What is typed, and the lines that the page shows of what it prints."""

    typed: str
    shown: list[str]


class Fence(NamedTuple):
    """One step or several: a transcript, an edit, or a file."""

    kind: str
    name: str
    text: str


def fences(page: str) -> Iterator[Fence]:
    """Give a page's fences; fails on what looks like a step and is none."""
    before = ""
    last = 0
    for found in FENCE.finditer(page):
        fence = Fence(found["kind"], found["name"] or "", found["text"])
        between = page[last : found.start()]
        before = between if between.strip() else before  # fences in a row share their prose
        if fence.kind == "console":
            assert not fence.name
        else:
            assert f"`{fence.name}`" in before, f"the prose before it does not name {fence}"
        yield fence
        last = found.end()
    rest = FENCE.sub("", page)
    assert not re.search(r"^(    |\t|\$ |```|~~~)", rest, re.MULTILINE), "a step outside the fences"


def commands(text: str) -> list[Command]:
    """Read a transcript: `$` begins a command, `>` goes on with it, the rest is printed."""
    found: list[Command] = []
    for line in text.splitlines():
        if line.startswith("$ "):
            found.append(Command(line[2:], []))
        elif line.startswith("> "):
            assert found, line
            assert not found[-1].shown, line
            found[-1] = Command(f"{found[-1].typed}\n{line[2:]}", [])
        else:
            found[-1].shown.append(line)
    return found


def edited(text: str, change: str) -> str:
    """Apply a change, `@@` between its parts; the old lines of each stand in a text once."""
    for part in change.split("@@\n"):
        lines = part.splitlines()
        assert all(line[0] in " -+" for line in lines), part
        old, new = (
            "".join(f"{line[1:]}\n" for line in lines if line[0] != mark) for mark in ("+", "-")
        )
        assert f"\n{text}".count(f"\n{old}") == 1, f"not once in the file:\n{old}"
        text = f"\n{text}".replace(f"\n{old}", f"\n{new}")[1:]
    return text


def is_shown(shown: Sequence[str], printed: Sequence[str]) -> bool:
    """Tell whether lines are what was printed, where `...` stands for any lines left out."""
    parts = [r"(?:.*\n)*?" if line == "..." else re.escape(f"{line}\n") for line in shown]
    whole = "".join(f"{line}\n" for line in printed)
    return re.fullmatch("".join(parts), whole) is not None


class Typist:
    """Types a page in the current folder, and knows how the last command ended."""

    def __init__(self, run: Shell) -> None:
        self._run = run
        self._code = 0
        self._is_told = True  # whether the page says how a failed command ended

    def take(self, fence: Fence) -> None:
        """Do what a fence says."""
        path = Path(fence.name)
        if fence.kind == "console":
            for command in commands(fence.text):
                self._type(command)
        elif fence.kind == "diff":
            path.write_text(edited(path.read_text(encoding="utf-8"), fence.text), encoding="utf-8")
        else:
            with path.open("x", encoding="utf-8") as file:
                file.write(fence.text)

    def end(self) -> None:
        """Demand that nothing failed without the page saying so."""
        assert self._code == 0 or self._is_told

    def _type(self, command: Command) -> None:
        if command.typed == "echo $?":
            printed, self._is_told = str(self._code), True
        else:
            printed = "".join(self._line(line) for line in unrolled(command.typed))
        lines = printed.splitlines()
        assert not command.shown or is_shown(command.shown, lines), (
            f"$ {command.typed}\nprints:\n{printed}\nthe page shows:\n" + "\n".join(command.shown)
        )
        assert command.shown or self._code == 0, f"$ {command.typed}\nprints:\n{printed}"

    def _line(self, line: str) -> str:
        self.end()
        program, *words = shlex.split(line)
        self._code, self._is_told = 0, False
        if program == "cp":
            source, target = words
            shutil.copyfile(source, target)
            return ""
        assert program == "standing", f"the test cannot type {line!r}"
        self._code, out, err = self._run(*words)
        return out + err


def unrolled(typed: str) -> list[str]:
    """Give a command's lines; a loop as often as it runs."""
    loop = LOOP.fullmatch(typed)
    if loop is None:
        assert "\n" not in typed, typed
        assert "$" not in typed, typed
        return [typed]
    body = [line.strip() for line in loop["body"].splitlines()]
    return [
        line.replace(f"${loop['name']}", value) for value in loop["values"].split() for line in body
    ]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_that_is_typed_from_the_top_does_what_it_says(
    name: str, shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    typist = Typist(shell)
    for fence in fences((HOW_TO / name).read_text(encoding="utf-8")):
        typist.take(fence)
    typist.end()


# --- the typist itself ----------------------------------------------------------------------------

GOOD = """\
Write it into `a.txt`:
```text a.txt
one
two
```
```console
$ cp a.txt b.txt
$ standing pack lint a.txt
...
$ echo $?
1
$ standing --version
...
```
Change `b.txt`:
```diff b.txt
 one
-two
+three
```
"""


def typed(page: str, shell: Shell) -> None:
    typist = Typist(shell)
    for fence in fences(page):
        typist.take(fence)
    typist.end()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("$ echo $?\n1\n", ""),  # a failure that the page keeps quiet
        ("$ echo $?\n1\n", "$ echo $?\n2\n"),
        ("lint a.txt\n...\n", "lint a.txt\nThe pack passes every code.\n"),
        ("lint a.txt\n...\n", "lint a.txt\n...\nload\n...\n"),  # a part of a line
        ("-two\n", "-four\n"),
        ("$ cp a.txt b.txt\n", "$ touch b.txt\n"),
        ("$ cp a.txt b.txt\n", "$ cp a.txt $HOME\n"),
        ("```text a.txt", "```text"),
        ("```text a.txt", "```text c.txt"),
        ("Write it", "    $ standing tick\n\nWrite it"),
        ("Write it", "$ standing tick\n\nWrite it"),
    ],
)
def test_a_page_that_drifts_is_found(
    old: str, new: str, shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, page in enumerate((GOOD, GOOD.replace(old, new))):
        (tmp_path / str(number)).mkdir()
        monkeypatch.chdir(tmp_path / str(number))
        if page == GOOD:
            typed(page, shell)
            assert Path("b.txt").read_text(encoding="utf-8") == "one\nthree\n"
            continue
        with pytest.raises((AssertionError, OSError)):
            typed(page, shell)
