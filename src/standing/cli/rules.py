"""`pack`: lint, publish and list rules; reading and writing packs stands in `packs`."""

from pathlib import Path
from typing import Any, Final

import click

from standing.cli import packs, simulate
from standing.cli.options import (
    PATH,
    json_option,
    ledger_option,
    load_key,
    open_for,
    require_file,
    show,
    today_option,
)

_LEVELS: Final = {
    "refuse": "",
    "justify": " Or justify it: a text of 40 characters or more at justifications.{code}.",
    "justified": " Justified in the pack.",
}
_CODES_AT: Final = "What each code wants: docs/reference/linter.md."


@click.group()
def pack() -> None:
    """Write, read, lint, compare, publish and list rule packs."""


for command in (packs.new, packs.show_pack, packs.diff, simulate.simulate):
    pack.add_command(command)


@pack.command()
@click.argument("file", type=PATH)
@click.option("--catalogue", type=PATH, help="The catalogue (default: the one that ships).")
@json_option
def lint(file: Path, catalogue: Path | None, as_json: bool) -> None:
    """Check a pack against every code; needs no ledger. Exit 0 if it would load, else 1."""
    from standing import policy
    from standing.packs import shipped

    acts = policy.parse_catalogue(
        require_file(catalogue, "catalogue") if catalogue else shipped("catalogue")
    )
    findings = policy.lint(require_file(file, "pack"), acts)
    in_the_way = sum(f.level != "justified" for f in findings)
    value = {
        "ok": not in_the_way,
        "findings": [
            {
                name: getattr(f, name)
                for name in ("code", "level", "line", "got", "allowed", "why", "source")
            }
            for f in findings
        ],
    }
    lines = [
        f"{f.code} line {f.line}: got {f.got}; allowed {f.allowed}. {f.why} ({f.source})"
        + _LEVELS[f.level].format(code=f.code)
        for f in findings
    ]
    if in_the_way:
        lines.append(f"The pack does not load: {in_the_way} to correct. {_CODES_AT}")
    else:
        lines.append("The pack passes every code.")
    show(value, "\n".join(lines), as_json=as_json)
    if in_the_way:
        raise click.exceptions.Exit(1)


@pack.command()
@click.argument("file", type=PATH)
@click.option("--key", "keys", type=PATH, multiple=True, required=True, metavar="FILE",
              help="A rule-maker's private key; give two.")  # fmt: skip
@click.option("--attach", type=PATH, multiple=True, metavar="FILE",
              help="A document that the pack attaches; once for each.")  # fmt: skip
@click.option("--simulation", type=PATH, metavar="FILE",
              help="The simulation that the pack names.")  # fmt: skip
@ledger_option
@today_option
@json_option
def publish(
    file: Path,
    keys: tuple[Path, ...],
    attach: tuple[Path, ...],
    simulation: Path | None,
    directory: Path,
    today: str | None,
    as_json: bool,
) -> None:
    """Lint a pack, compare it with the ledger, and publish it under two rule-makers' keys.

    The documents that it attaches and its simulation are published with it; those that the ledger
    keeps already need not be given again.
    """
    data = require_file(file, "pack")
    makers = [load_key(path) for path in keys]
    documents = [require_file(path, "attachment") for path in attach]
    simulated = None if simulation is None else require_file(simulation, "simulation")
    with open_for(directory, today) as ledger:
        digest = ledger.publish_pack(data, by=makers, attach=documents, simulation=simulated)
        is_published = ledger.state.roll.packs[digest].published is not None
    value = {"pack": digest.hex(), "published": is_published}
    text = f"Published pack {digest.hex()}."
    if not is_published:
        text = (
            f"Signed pack {digest.hex()} once. It is published when a second rule-maker signs it:"
            f" standing pack publish {file} --key OTHER.key."
        )
    show(value, text, as_json=as_json)


@pack.command()
@click.argument("file", type=PATH, required=False)
@click.option("--key", "key", type=PATH, required=True, metavar="FILE", help="A rule-maker's key.")
@ledger_option
@today_option
@json_option
def catalogue(
    file: Path | None, key: Path, directory: Path, today: str | None, as_json: bool
) -> None:
    """Publish the catalogue of act types in FILE (default: the one that ships)."""
    from standing.packs import shipped

    data = require_file(file, "catalogue") if file else shipped("catalogue")
    with open_for(directory, today) as ledger:
        digest = ledger.publish_catalogue(data, by=load_key(key))
    show({"catalogue": digest.hex()}, f"Published catalogue {digest.hex()}.", as_json=as_json)


@pack.command("list")
@ledger_option
@json_option
def list_packs(directory: Path, as_json: bool) -> None:
    """List the packs of a ledger with their days of force."""
    from standing.ledger import open_ledger
    from standing.wire.days import format_day

    with open_ledger(directory, read_only=True) as ledger:
        packs: list[dict[str, Any]] = [
            {
                "context": p.context,
                "version": p.version,
                "force": format_day(p.force),
                "published": None if p.published is None else format_day(p.published),
                "digest": digest.hex(),
            }
            for digest, p in ledger.state.roll.packs.items()
        ]
    packs.sort(key=lambda p: (p["context"], p["version"]))
    text = "\n".join(
        f"{p['context']} {p['version']}: in force from {p['force']}"
        + (f", {p['digest']}" if p["published"] else " (waits for the second signature)")
        for p in packs
    )
    show({"packs": packs}, text or "No pack is published.", as_json=as_json)
