"""Who may read region and group: simulation and audit. The rooms that score do not know the words.

import-linter sees modules, not the methods of `Vault`; so this reads every source. It finds what
people write by accident or in haste, not what hides its name on purpose.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCES = Path(__file__).resolve().parents[3] / "src" / "standing"
READERS = ("audit/", "ledger/_simulate.py")
"""May read everybody's."""
WRITERS = (
    "vault/",  # keeps them
    "ledger/_people.py", "ledger/verbs/_subjects.py", "cli/people.py",  # the subject gives them
    "interface.py", "client/_client.py", "web/api/_subjects.py",  # and does so from elsewhere
    "ledger/_report.py", "ledger/_reading.py",  # the subject reads its own
    "pages/_report.py", "pages/_sheet_words.py",
    "demo/_sayings.py",  # an invented subject gives them
)  # fmt: skip
"""May know the kind of document, and may not read everybody's."""
SCORERS = ("policy/", "cases/")
"""Compute scores and answers."""
WORDS = frozenset({"region", "regions", "group", "groups", "attribute", "attributes"})


def misuses(path: str, source: str) -> set[str]:
    """Name what a file of `src/standing` does with attributes and may not."""
    tree = ast.parse(source)
    found = set()
    knows = path.startswith((*READERS, *WRITERS))
    for node in ast.walk(tree):
        if not path.startswith((*READERS, "vault/")) and _reads_all(node):
            found.add("reads everybody's")
        if not knows and _names_them(node):
            found.add("names them")
        if path.startswith(SCORERS) and any(_words(name) & WORDS for name in _identifiers(node)):
            found.add("has a word for them")
    if not knows and any("attributes" in _words(text) for text in _texts(tree)):
        found.add("names them")
    if path.startswith(SCORERS) and WORDS & set(_texts(tree)):
        found.add("has a word for them")
    return found


def _reads_all(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "attributes"


def _names_them(node: ast.AST) -> bool:
    return any("attributes" in _words(name) for name in _identifiers(node)) or (
        isinstance(node, ast.Attribute) and node.attr == "region"
    )


def _identifiers(node: ast.AST) -> Iterator[str]:
    for field in ("id", "attr", "arg", "name", "asname", "module"):
        value = getattr(node, field, None)
        if isinstance(value, str):
            yield value


def _words(text: str) -> set[str]:
    return set(re.sub(r"(?<=[a-z])(?=[A-Z])|[^A-Za-z]+", " ", text).lower().split())


def _texts(tree: ast.AST) -> list[str]:
    """Give the string constants that are no docstring."""
    alone = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in alone
    ]


def test_nothing_but_simulation_and_audit_reads_them() -> None:
    files = {p.relative_to(SOURCES).as_posix(): p.read_text("utf-8") for p in SOURCES.rglob("*.py")}
    assert len(files) > 100
    assert {path: found for path, text in files.items() if (found := misuses(path, text))} == {}


def test_each_named_place_is_there_so_that_no_leave_outlives_its_file() -> None:
    missing = {name for name in (*READERS, *WRITERS, *SCORERS) if not (SOURCES / name).exists()}
    assert missing <= {"ledger/_simulate.py"}


@pytest.mark.parametrize(
    ("path", "source", "found"),
    [
        ("cases/scores.py", "def f(vault, day):\n    return vault.rights.attributes('rail', day)",
         {"reads everybody's", "names them", "has a word for them"}),
        ("ledger/_scores.py", "core.vault.rights.attributes(context, day)",
         {"reads everybody's", "names them"}),
        ("ledger/_decide.py", "read = core.vault.rights.attributes", {"reads everybody's", "names them"}),
        ("ledger/_report.py", "core.vault.rights.attributes(context, day)", {"reads everybody's"}),
        ("ledger/_people.py", "core.vault.rights.attributes(context, day)", {"reads everybody's"}),
        ("cli/people.py", "ledger._core.vault.rights.attributes(context, day)", {"reads everybody's"}),
        ("ledger/_scores.py", "getattr(vault, 'attributes')(c, d)", {"names them"}),
        ("ledger/_scores.py", "db.execute(\"SELECT sealed FROM documents WHERE kind='attributes'\")",
         {"names them"}),
        ("demo/_city.py", "from standing.vault import Attributes", {"names them"}),
        ("engine/embedded.py", "from standing.vault._attributes import held_attributes as h",
         {"names them"}),
        ("ledger/_scores.py", "vault.held_attributes", {"names them"}),
        ("ledger/_scores.py", "type(document).__name__ == 'Attributes'", {"names them"}),
        ("ledger/_scores.py", "where = document.region", {"names them"}),
        ("policy/_fold.py", "def score(facts, region): ...", {"has a word for them"}),
        ("policy/_fold.py", "def score(facts, *, by_group=()): ...", {"has a word for them"}),
        ("policy/_schema.py", "class P:\n    groups: int", {"has a word for them"}),
        ("policy/_fold.py", "facts['region']", {"has a word for them"}),
        ("policy/_fold.py", "score(facts, group=1)", {"has a word for them"}),
        ("cases/decisions.py", "getattr(fact, 'group')", {"has a word for them"}),
        # allowed
        ("policy/_codes.py", "'Rules that hit one group harder must say so.'", set()),
        ("policy/_schema.py", "ratio = 1\n'''The interval between groups.'''", set()),
        ("ledger/_simulate.py", "core.vault.rights.attributes(context, day)", set()),
        ("audit/_private.py", "vault.rights.attributes(context, day)", set()),
        ("serve/_witness.py", "found.group(1)", set()),
    ],
)  # fmt: skip
def test_a_source_that_should_not_is_found(path: str, source: str, found: set[str]) -> None:
    assert misuses(path, source) == found
