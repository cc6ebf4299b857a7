"""Write the generated pages of docs/reference: `make docs`. A test compares."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from standing import policy
from standing.cases.lifecycles import LIFECYCLES
from standing.cli import cli
from standing.packs import NAMES, shipped
from standing.web import api

ROOT = Path(__file__).resolve().parent.parent
REFERENCE = ROOT / "docs" / "reference"


def commands() -> str:
    """Print every command with its help, one heading each."""
    lines = ["# Commands", "", "Made from the code by `make docs`.", ""]
    lines += _command(
        "standing",
        cli,
        click.Context(cli, info_name="standing", terminal_width=80, **cli.context_settings),
    )
    return "\n".join(lines).rstrip() + "\n"


def _command(path: str, command: click.Command, context: click.Context) -> Iterator[str]:
    yield f"## {path}"
    yield ""
    vars(command)["_help_option"] = None  # click keeps it as whoever asked first saw it
    for line in command.get_help(context).splitlines():
        yield f"    {line}".rstrip()
    yield ""
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            assert child is not None
            inner = click.Context(child, info_name=name, parent=context, terminal_width=80)
            yield from _command(f"{path} {name}", child, inner)


def lifecycles() -> str:
    """Print the table of every lifecycle: states with their clocks, events with their guards."""
    lines = [
        "# Lifecycles",
        "",
        "Made from the code by `make docs`.",
        "A case is its steps.",
        "What it is on a day follows from the steps up to that day and from the table.",
        "A clock that has run out moves a case by itself, whether or not anybody looked.",
        "",
    ]
    for table in LIFECYCLES.values():
        lines += [f"## {table.name}", "", f"The lifecycle of a {table.title}.", ""]
        lines += ["| state | means | by itself |", "|---|---|---|"]
        for name, state in table.states.items():
            clock = f"after {state.clock.words}: {state.clock.then}" if state.clock else ""
            lines.append(
                f"| {name} | {state.means} | {clock or ('' if not state.final else 'final')} |"
            )
        lines += ["", "| event | by | from | to | guards | effect |", "|---|---|---|---|---|---|"]
        for move in table.moves:
            guards = "; ".join(f"{guard.words} ({guard.code})" for guard in move.guards)
            targets = "as it was" if move.targets == ("=",) else ", ".join(move.targets)
            sources = ", ".join(move.sources) or "the beginning"
            lines.append(
                f"| {move.event} | {', '.join(move.by)} | {sources} | {targets} | {guards}"
                f" | {move.does} |"
            )
        lines += ["", "| step | says |", "|---|---|"]
        for move in table.moves:
            fields = ", ".join(f"`{name}`" for name in move.facts.__struct_fields__)
            said = " ".join((move.facts.__doc__ or "").split())
            lines.append(f"| {move.event} | {said}{f' Fields: {fields}.' if fields else ''} |")
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def errors() -> str:
    """Print every error code with what it says and where it is raised, one heading each."""
    found: dict[str, set[tuple[str, str]]] = {}
    for path in sorted((ROOT / "src" / "standing").rglob("*.py")):
        room = path.relative_to(ROOT / "src" / "standing").parts[0].removesuffix(".py")
        for code, text in _codes(ast.parse(path.read_text(encoding="utf-8"))):
            found.setdefault(code, set()).add((room, text))
    lines = [
        "# Error codes",
        "",
        "Made from the code by `make docs`.",
        "Each error says what, why, what to do, and where; a code never changes its meaning.",
        "",
    ]
    for code in sorted(found):
        lines += [f"## {code}", ""]
        texts = sorted(found[code])
        lines += [f"- {room}: {text}" if text else f"- {room}" for room, text in texts]
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def _codes(tree: ast.AST) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        values: list[ast.expr] = []
        if isinstance(node, ast.Call):
            values = node.args
        elif isinstance(node, ast.Tuple):
            values = node.elts
        for place, value in enumerate(values):
            if isinstance(value, ast.Constant) and _is_code(value.value):
                following = values[place + 1] if place + 1 < len(values) else None
                yield value.value, _text(following)


def _is_code(value: object) -> bool:
    if not isinstance(value, str):
        return False
    parts = value.split("-")
    return len(parts) == 3 and parts[0] == "E" and parts[1].isupper() and parts[2].isdigit()


def _text(node: ast.expr | None) -> str:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "N_":
        return _text(node.args[0])  # marked for translation
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(
            str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values
        )
    return ""


def packs() -> str:
    """Print the arithmetic of the sample packs."""
    return policy.page(policy.parse_pack(shipped(name)) for name in NAMES)


def interface() -> str:
    """List every address of the interface, from its own description."""
    described = api.described()
    by_tag: dict[str, list[str]] = {}
    for path, methods in sorted(described["paths"].items()):
        for method, operation in methods.items():
            good = next(status for status in operation["responses"] if status.startswith("2"))
            who = "signed" if operation.get("security") else ""
            line = f"| `{method.upper()} {path}` | {operation['summary']} | {good} | {who} |"
            by_tag.setdefault(operation["tags"][0], []).append(line)
    lines = [
        "# The interface for programs",
        "",
        "Made by `make docs` from its own description, `GET /api/v1/openapi.json`.",
        "How to sign a request, repeat one, and sign a draft: [HTTP](http.md#the-interface).",
        "",
    ]
    for tag, rows in sorted(by_tag.items()):
        lines += [f"## {tag.capitalize()}", "", "| request | does | status | sender |"]
        lines += ["|---|---|---|---|", *rows, ""]
    return "\n".join(lines).rstrip() + "\n"


PAGES = {
    "api.md": interface,
    "commands.md": commands,
    "errors.md": errors,
    "lifecycles.md": lifecycles,
    "packs.md": packs,
}

if __name__ == "__main__":
    for name, make in PAGES.items():
        (REFERENCE / name).write_text(make(), encoding="utf-8")
        sys.stdout.write(f"wrote docs/reference/{name}\n")
