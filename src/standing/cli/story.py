"""`story`: a story of the right to be heard, really run, as a transcript."""

import sys
from pathlib import Path

import click

from standing.cli.options import PATH, json_option, show


@click.command()
@click.argument("name", required=False)
@click.option("--dir", "directory", type=PATH, default=None, help="Keep the ledger here.")
@json_option
def story(name: str | None, directory: Path | None, as_json: bool) -> None:
    """Play the story NAME on a small ledger and print its transcript; without NAME, list them.

    Every command of a story runs as if it were typed. What is random is written as an alias:
    `r_1` for a record, `c_1` for a case, `s_1` for a person's name in a context.
    """
    import tempfile

    from standing.demo import play, story_names

    if name is None:
        show({"stories": story_names()}, "\n".join(story_names()), as_json=as_json)
        return
    out, lines = sys.stdout, []
    with tempfile.TemporaryDirectory() as folder:
        place = directory or Path(folder)
        place.mkdir(parents=True, exist_ok=True)
        for line in play(name, place, _run):
            lines.append(line)
            if not as_json:
                out.write(f"{line}\n")
    if as_json:
        show({"story": name, "transcript": lines}, "", as_json=True)


def _run(arguments: list[str]) -> int:
    from standing.cli import run

    return run(arguments)
