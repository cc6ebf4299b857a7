"""`pack simulate`: what a pack would do to everybody, before anybody signs it."""

import shlex
from pathlib import Path
from typing import Any

import click

from standing.cli.options import PATH, check_output, json_option, ledger_option, show, write_output
from standing.cli.packs import read_pack_bytes


@click.command()
@click.argument("new", metavar="NEW")
@click.option("--against", metavar="OLD", help="Another pack (default: the one in force).")
@click.option("-o", "output", type=PATH, metavar="FILE",
              help="Write the document that is published with the pack.")  # fmt: skip
@click.option("--html", "page", type=PATH, metavar="FILE", help="Write a page with charts.")
@click.option("--language", type=click.Choice(["en", "zh-Hans"]), default="en", show_default=True,
              help="The page's language.")  # fmt: skip
@ledger_option
@json_option
def simulate(
    new: str,
    against: str | None,
    output: Path | None,
    page: Path | None,
    language: str,
    directory: Path,
    as_json: bool,
) -> None:
    """Score the whole population under NEW and under OLD, and tell what would change.

    NEW and OLD are files, or packs of the ledger: a digest, or CONTEXT@VERSION. Nothing is changed
    or published. Counts of one to four people are left out everywhere.
    """
    import hashlib

    import msgspec

    from standing.ledger import open_ledger
    from standing.ledger.simulation_text import simulation_text
    from standing.policy.simulation import document

    for path in (output, page):
        check_output(path)
    with open_ledger(directory, read_only=True) as ledger:
        rules = read_pack_bytes(new, directory)
        old = None if against is None else read_pack_bytes(against, directory)
        simulated = ledger.simulate(rules, old)
    written: list[str] = []
    lines = [simulation_text(simulated.result, simulated.findings)]
    value: dict[str, Any] = {
        **msgspec.to_builtins(simulated.result),
        "findings": msgspec.to_builtins(simulated.findings),
        "written": written,
    }
    if output is not None:
        data = document(simulated.result)
        write_output(output, data)
        written.append(str(output))
        value["sha256"] = hashlib.sha256(data).hexdigest()
        lines.append(f"Wrote {output}. Name it in the pack: change.simulation: {value['sha256']}")
    if page is not None:
        from standing.pages import simulation_page

        words = [new, *(["--against", against] if against else []), "--html", str(page)]
        command = shlex.join(["standing", "pack", "simulate", *words, "--ledger", str(directory)])
        text = simulation_page(
            simulated.result, simulated.findings, language=language, command=command
        )
        write_output(page, text.encode())
        written.append(str(page))
        lines.append(f"Wrote {page}.")
    show(value, "\n".join(lines), as_json=as_json)
