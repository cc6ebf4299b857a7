"""`inbox`, `outbox`, `letter`, `evidence`: what somebody was told, and how far it came."""

from pathlib import Path
from typing import Any

import click

from standing.cli.options import (
    PATH,
    json_option,
    key_option,
    ledger_option,
    load_key,
    read,
    server_option,
    show,
    whom,
    write_output,
)

_LANGUAGES = ("en", "zh-Hans")


def language_option(function: Any) -> Any:
    """Add `--language`: of the two that every text is written in."""
    return click.option(
        "--language",
        type=click.Choice(_LANGUAGES),
        default="en",
        show_default=True,
        help="In which language.",
    )(function)


@click.command()
@click.argument("subject")
@click.option("--context", help="Only this context (needed with a reference).")
@language_option
@ledger_option
@server_option
@json_option
def inbox(
    subject: str,
    context: str | None,
    language: str,
    directory: Path,
    server: str | None,
    as_json: bool,
) -> None:
    """Show what happened about SUBJECT (a pseudonym, a reference, or a key file), newest first.

    Each notice says what happened, what comes next by itself, and what can be done until when.
    """
    from standing.ledger.inbox_text import inbox_text

    with read(directory, server) as ledger:
        items = ledger.notices(whom(subject, server), context, language)[::-1]
    show({"language": language, "items": items}, inbox_text(items, language), as_json=as_json)


@click.command()
@click.option(
    "--state",
    type=click.Choice(["waiting", "told", "undelivered", "dropped"]),
    help="Only messages of this state.",
)
@ledger_option
@json_option
def outbox(state: str | None, directory: Path, as_json: bool) -> None:
    """Show the messages that say "you have a notice": told, waiting, or given up after 30 days.

    No address stands here: a recipient is the case that keeps a contact, or an organisation.
    """
    from standing.ledger import open_ledger
    from standing.ledger.inbox_text import message_facts, message_text

    with open_ledger(directory, read_only=True) as ledger:
        messages = ledger.outbox(state or "")
    text = "\n".join(map(message_text, messages)) or "No messages."
    show({"messages": [message_facts(one) for one in messages]}, text, as_json=as_json)


@click.command()
@click.argument("case")
@click.option("--step", type=int, help="The number of the step (default: the last with a letter).")
@click.option("--html", type=PATH, metavar="FILE", help="Write it as a page.")
@click.option("--pdf", type=PATH, metavar="FILE", help="Write it for paper.")
@language_option
@ledger_option
@json_option
def letter(
    case: str,
    step: int | None,
    html: Path | None,
    pdf: Path | None,
    language: str,
    directory: Path,
    as_json: bool,
) -> None:
    """Write the letter about CASE: a proposed or decided restriction, or a ruling.

    At most four principal reasons, the duties, when each record is gone, how to contest and how
    to recover, what stays open, and who outside can be turned to.
    """
    from standing import pages
    from standing.ledger import open_ledger

    with open_ledger(directory, read_only=True) as ledger:
        written = ledger.letter(case, step)
    text = pages.letter_text(written, language)
    files = write_papers(
        {html: lambda: pages.letter_page(written, language).encode(),
         pdf: lambda: pages.letter_pdf(written, language)}
    )  # fmt: skip
    facts = {
        "case": written.case,
        "step": written.step,
        "kind": written.kind,
        "language": language,
        "text": text,
        "files": files,
    }
    said = "\n".join(f"Wrote {file}." for file in files) or text
    show(facts, said, as_json=as_json)


def write_papers(papers: dict[Path | None, Any]) -> list[str]:
    """Write each paper that a file was named for; gives the files."""
    files = []
    for path, make in papers.items():
        if path is not None:
            write_output(path, make())
            files.append(str(path))
    return files


@click.command()
@click.argument("leaf")
@key_option("The key of its owner, or of who has a part in its case; the public half is enough.")
@click.option("-o", "output", type=PATH, required=True, metavar="FILE")
@ledger_option
@json_option
def evidence(leaf: str, key: Path, output: Path, directory: Path, as_json: bool) -> None:
    """Take a file out again by its LEAF, as `standing case show` prints it."""
    from standing.errors import Usage
    from standing.ledger import open_ledger

    try:
        name = bytes.fromhex(leaf)
    except ValueError:
        raise Usage(
            "E-EVIDENCE-02",
            "This is no leaf.",
            why="A leaf is 64 hexadecimal digits.",
            fix="Copy it from: standing case show NAME.",
        ) from None
    with open_ledger(directory, read_only=True) as ledger:
        kept = ledger.evidence(name, load_key(key).public)
    write_output(output, kept.data)
    facts = {"file": str(output), "name": kept.name, "bytes": len(kept.data)}
    show(facts, f"Wrote {output}: {kept.name!r}, {len(kept.data):,} bytes.", as_json=as_json)
