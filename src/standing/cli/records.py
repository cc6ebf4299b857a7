"""`import`, `score`, `report`: records in, scores and reports out."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from standing.cli.inbox import language_option, write_papers
from standing.cli.options import (
    PATH,
    json_option,
    ledger_option,
    load_key,
    load_signing_key,
    open_for,
    reach,
    read,
    require_file,
    row_line,
    server_option,
    show,
    today_option,
    whom,
)


@click.command("import")
@click.argument("file", type=PATH)
@click.option("--map", "map_file", type=PATH, required=True, metavar="MAP.toml")
@click.option("--key", "keys", multiple=True, required=True, metavar="ISSUER=FILE",
              help="An issuer's private key; repeat for each issuer in the file.")  # fmt: skip
@click.option("--keep-good", is_flag=True, help="Write the batches without a bad row.")
@click.option(
    "--batch", "batch_records", type=click.IntRange(1, 16384), default=500, show_default=True
)
@ledger_option
@server_option
@today_option
@json_option
def import_(
    file: Path,
    map_file: Path,
    keys: tuple[str, ...],
    keep_good: bool,
    batch_records: int,
    directory: Path,
    server: str | None,
    today: str | None,
    as_json: bool,
) -> None:
    """Turn the rows of a CSV or Parquet FILE into signed batches. All of them, or none."""
    data = require_file(map_file, "map")
    issuers = {}
    for pair in keys:
        name, separator, path = pair.partition("=")
        if not separator or not name or not path:
            raise click.UsageError(f"--key wants ISSUER=FILE, got {pair!r}.")
        issuers[name] = load_key(Path(path))
    if server is not None:
        if len(issuers) != 1 or keep_good:
            raise click.UsageError("With --server, give one --key, and no --keep-good.")
        with reach(directory, server, today) as remote:
            [(name, _)] = issuers.items()
            signing = load_signing_key(Path(keys[0].partition("=")[2]))
            sent = remote.import_file(file, data, name, signing, map_where=str(map_file))
        _show_sent(sent, as_json=as_json)
        return
    with open_for(directory, today) as ledger, _progress(as_json=as_json) as progress:
        done = ledger.import_file(
            file, data, issuers, map_where=str(map_file), keep_good=keep_good,
            batch_records=batch_records, progress=progress,
        )  # fmt: skip
    value = {
        "records": done.records,
        "batches": done.batches,
        "refused": done.refused,
        "already_there": done.already_there,
        "seconds": round(done.seconds, 3),
        "records_per_second": done.records_per_second,
    }
    text = (
        f"{done.records:,} records in {done.batches:,} batches, {done.seconds:.1f} s"
        f" ({done.records_per_second:,} a second)."
        + (f" {done.already_there:,} were there already." if done.already_there else "")
        + (f" {done.refused:,} were refused." if done.refused else "")
    )
    show(value, text, as_json=as_json)
    for row in done.bad:
        click.echo(row_line(row), err=True)


def _show_sent(sent: Any, *, as_json: bool) -> None:
    """Print what became of batches that were made here and sent."""
    import msgspec

    text = f"{sent.records:,} records in {sent.batches:,} batches were taken."
    if sent.already_there:
        text += f" {sent.already_there:,} were there already."
    show(msgspec.to_builtins(sent), text, as_json=as_json)
    for bad in sent.bad:
        click.echo(f"  {bad.row}: {bad.reason}. {bad.remedy}. [{bad.code}]", err=True)
    if sent.bad:
        from standing.errors import Refused

        raise Refused(
            "E-CLIENT-07",
            f"{sent.total} of the records cannot be taken; the last sending was refused whole.",
            why=f"{sent.bad[0].row}: {sent.bad[0].reason}.",
            fix="Correct these rows and import again: what was taken is left out then.",
        )


class _progress:  # noqa: N801 - used like a function
    """A progress bar on a terminal, nothing in a pipe."""

    def __init__(self, *, as_json: bool) -> None:
        self._on = sys.stderr.isatty() and not as_json
        self._bar: Any = None
        self._tasks: dict[str, Any] = {}

    def __enter__(self) -> Callable[[str, int, int], None]:
        if self._on:
            from rich.console import Console
            from rich.progress import Progress

            self._bar = Progress(console=Console(stderr=True), transient=True)
            self._bar.start()
        return self._step

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def _step(self, phase: str, done: int, total: int) -> None:
        if self._bar is None:
            return
        if phase not in self._tasks:
            self._tasks[phase] = self._bar.add_task(
                {"check": "Checking", "write": "Writing"}[phase], total=total
            )
        self._bar.update(self._tasks[phase], completed=done)


@click.command()
@click.argument("subject", required=False)
@click.option("--context", help="The context (needed with a reference or --all).")
@click.option("--as-of", metavar="DAY", help="An earlier day.")
@click.option("--all", "everyone", is_flag=True, help="Score the whole population and state it.")
@ledger_option
@server_option
@today_option
@json_option
def score(
    subject: str | None,
    context: str | None,
    as_of: str | None,
    everyone: bool,
    directory: Path,
    server: str | None,
    today: str | None,
    as_json: bool,
) -> None:
    """Score SUBJECT with every reason, or a whole population.

    SUBJECT is a pseudonym, a reference, or a key file; with --server, your own key file.
    """
    if everyone == (subject is not None):
        raise click.UsageError("Give a SUBJECT, or --all.")
    if context is None:
        raise click.UsageError("Give --context.")
    if everyone:
        if server is not None:
            raise click.UsageError("Everybody is scored beside the ledger: leave out --server.")
        _score_all(directory, context, today, as_json=as_json)
        return
    import msgspec

    from standing.ledger.facts import score_text
    from standing.wire.days import parse_day

    day = parse_day(as_of) if as_of else None
    with read(directory, server) as ledger:
        scored = ledger.scored(whom(str(subject), server), context, day)
    show(msgspec.to_builtins(scored), score_text(scored), as_json=as_json)


def _score_all(directory: Path, context: str, today: str | None, *, as_json: bool) -> None:
    from standing.ledger.facts import population_facts, population_text

    with open_for(directory, today) as ledger:
        population = ledger.score_all(context)
    show(population_facts(population), population_text(population), as_json=as_json)


@click.command()
@click.argument("subject")
@click.option("--context", help="Only this context (needed with --for, and with a reference).")
@click.option(
    "--for",
    "recipient",
    type=PATH,
    metavar="RECIPIENT.pub",
    help="Make it verifiable, sealed to this key.",
)
@click.option("-o", "output", type=PATH, metavar="FILE", help="Write it as JSON, or verifiable.")
@click.option("--html", type=PATH, metavar="FILE", help="Write it as a page.")
@click.option("--pdf", type=PATH, metavar="FILE", help="Write it for paper.")
@language_option
@ledger_option
@server_option
@today_option
@json_option
def report(
    subject: str,
    context: str | None,
    recipient: Path | None,
    output: Path | None,
    html: Path | None,
    pdf: Path | None,
    language: str,
    directory: Path,
    server: str | None,
    today: str | None,
    as_json: bool,
) -> None:
    """Write all that is held on SUBJECT: for reading, or for one recipient to verify.

    SUBJECT is a pseudonym, a reference, or the file of the subject's key; with --server, your own
    key file. For reading it is complete, free, in any of three forms, and bears no signature.
    """
    if recipient is not None:
        if server is not None:
            raise click.UsageError("A report for a recipient is made beside its ledger.")
        if context is None or output is None or html is not None or pdf is not None:
            raise click.UsageError("A report for a recipient is of one --context, to one -o FILE.")
        with open_for(directory, today) as ledger:
            data = ledger.report_for(subject, context, load_key(recipient).public)
        kind = "verifiable, sealed to its recipient"
        files = write_papers({output: lambda: data})
    else:
        kind = "for reading, unsigned"
        files = _for_reading(subject, context, (directory, server), output, html, pdf, language)
    facts = {"files": files, "kind": kind}
    show(facts, "\n".join(f"Wrote {file} ({kind})." for file in files), as_json=as_json)


def _for_reading(
    subject: str, context: str | None, place: tuple[Path, str | None], output: Path | None,
    html: Path | None, pdf: Path | None, language: str,
) -> list[str]:  # fmt: skip
    from standing import pages

    if output is None and html is None and pdf is None:
        raise click.UsageError("Say where to: -o FILE, --html FILE, --pdf FILE, or several.")
    with read(*place) as ledger:
        held = ledger.report(whom(subject, place[1]), context)
    return write_papers(
        {
            output: lambda: json.dumps(held, ensure_ascii=False, indent=2).encode() + b"\n",
            html: lambda: pages.report_page(held, language).encode(),
            pdf: lambda: pages.report_pdf(held, language),
        }
    )
