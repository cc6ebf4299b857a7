"""Stories: scripts of commands, really run on a small ledger, as transcripts.

A script is text: lines that begin with `$ ` are commands, `# ` is said aloud, others make a file:
`> NAME` and its one line. What is random (names of people, records and cases, digests) is written
as an alias in the order in which it first appears, `r_1` for a record, so that a story reads the
same each time it is played; commands may use the aliases.
"""

import io
import os
import re
import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from importlib import resources
from pathlib import Path
from typing import Final

from standing.demo._stage import make_stage
from standing.errors import Usage

_SCRIPTS: Final = resources.files("standing.demo") / "stories"
_RANDOM: Final = re.compile(
    r"\b(?:(?P<kind>[rsc])_[a-z2-7]{26}|(?P<digest>[0-9a-f]{64})|(?P<nonce>[0-9a-f]{32}))\b"
)
_ALIAS: Final = re.compile(r"\b(?:[rsc]|digest|nonce)_[1-9][0-9]*\b")

Run = Callable[[list[str]], int]


def story_names() -> list[str]:
    """List the stories that can be played."""
    return sorted(path.name.removesuffix(".story") for path in _SCRIPTS.iterdir())


class _Aliases:
    """What is random, by the name that the transcript gives it."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}
        self._counts: dict[str, int] = {}

    def hide(self, text: str) -> str:
        """Write aliases for what is random."""
        return _RANDOM.sub(self._alias, text)

    def _alias(self, found: re.Match[str]) -> str:
        value = found[0]
        if value not in self._known:
            kind = found["kind"] or ("digest" if found["digest"] else "nonce")
            self._counts[kind] = self._counts.get(kind, 0) + 1
            self._known[value] = f"{kind}_{self._counts[kind]}"
        return self._known[value]

    def show(self, text: str) -> str:
        """Put what is random back where a command names its alias."""
        values = {alias: value for value, alias in self._known.items()}
        return _ALIAS.sub(lambda found: values.get(found[0], found[0]), text)


def play(name: str, folder: Path, run: Run) -> Iterator[str]:
    """Play a story in an empty folder; gives its transcript, line by line.

    `run` runs one command, given its arguments, and gives its exit code.
    """
    script = _read(name)
    make_stage(folder)
    aliases = _Aliases()
    with _inside(folder):
        for line in script.splitlines():
            yield from _played(line, folder, aliases, run)


def _read(name: str) -> str:
    if name not in story_names():
        raise Usage(
            "E-DEMO-02",
            f"There is no story {name!r}.",
            why=f"The stories are: {', '.join(story_names())}.",
            fix="Name one of them.",
        )
    return (_SCRIPTS / f"{name}.story").read_text(encoding="utf-8")


def _played(line: str, folder: Path, aliases: _Aliases, run: Run) -> Iterator[str]:
    if line.startswith("> "):
        file, _, text = line[2:].partition(" ")
        (folder / file).write_text(f"{text}\n", encoding="utf-8")
        yield line
    elif line.startswith("$ "):
        yield line
        words = shlex.split(aliases.show(line[2:]))
        code, output = _captured(words[1:], run)
        yield from aliases.hide(output).splitlines()
        yield f"exit {code}"
    else:
        yield line


def _captured(arguments: list[str], run: Run) -> tuple[int, str]:
    output = io.StringIO()
    with redirect_stdout(output), redirect_stderr(output):
        code = run(arguments)
    # absolute paths are of this play alone
    return code, output.getvalue().replace(f"{Path.cwd()}/", "")


@contextmanager
def _inside(folder: Path) -> Iterator[None]:
    """Work in a folder, so that a story's commands read like a person's."""
    before, columns = Path.cwd(), os.environ.get("COLUMNS")
    os.environ["COLUMNS"] = "100"
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)
        if columns is None:
            del os.environ["COLUMNS"]
        else:
            os.environ["COLUMNS"] = columns
        sys.stdout.flush()
