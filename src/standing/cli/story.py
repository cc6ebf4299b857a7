"""`story`: a story of the right to be heard, really run, as a transcript."""

import sys
from pathlib import Path

import click

from standing.cli.options import PATH


@click.command()
@click.argument("name", required=False)
@click.option("--dir", "directory", type=PATH, default=None, help="Keep the ledger here.")
def story(name: str | None, directory: Path | None) -> None:
    """Play the story NAME on a small ledger and print its transcript; without NAME, list them.

    Every command of a story runs as if it were typed. What is random is written as an alias:
    `r_1` for a record, `c_1` for a case, `s_1` for a person's name in a context.
    """
    import tempfile

    from standing.demo import play, story_names

    if name is None:
        click.echo("\n".join(story_names()))
        return
    out = sys.stdout
    with tempfile.TemporaryDirectory() as folder:
        place = directory or Path(folder)
        place.mkdir(parents=True, exist_ok=True)
        for line in play(name, place, _run):
            out.write(f"{line}\n")


def _run(arguments: list[str]) -> int:
    from standing.cli import run

    return run(arguments)
