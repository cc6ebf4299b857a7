"""`log`: look into a ledger's log, prove what stands in it, and check all of it."""

import base64
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from standing.cli.options import (
    PATH,
    json_option,
    ledger_option,
    open_for,
    require_file,
    show,
    today_option,
    write_output,
)

if TYPE_CHECKING:
    from standing.audit import Opened

_LINE = 160  # an ML-DSA-44 signature has 3,200 characters


@click.group()
def log() -> None:
    """Look into a log: checkpoint, entries, proofs; check all of it."""


@contextmanager
def _opened(directory: Path) -> "Iterator[Opened]":
    from standing.audit import open_ledger

    ledger = open_ledger(directory)
    try:
        yield ledger
    finally:
        ledger.close()


@log.command()
@ledger_option
@json_option
def checkpoint(directory: Path, as_json: bool) -> None:
    """Verify and show the newest published checkpoint, and the witnessed one."""
    from standing.audit import checkpoint_facts

    with _opened(directory) as ledger:
        facts = checkpoint_facts(ledger)
    text = _checkpoint_text(facts)
    if facts["witnessed"] is not None:
        text += "\n\nWith enough witnesses:\n" + _checkpoint_text(facts["witnessed"])
    show(facts, text, as_json=as_json)


def _checkpoint_text(facts: dict[str, Any]) -> str:
    lines = [
        f"{facts['origin']}: {facts['size']:,} entries ({facts['clock']} clock)",
        f"root {facts['root']}",
    ]
    lines += [
        f"signed by {line['name']} ({line['kind']}, key id {line['key_id']})"
        for line in facts["signatures"]
    ]
    note = [
        line if len(line) <= _LINE else f"{line[:_LINE]}... (whole with --json)"
        for line in facts["note"].rstrip("\n").split("\n")
    ]
    return "\n".join([*lines, "", *note])


@log.command()
@click.argument("which", metavar="INDEX|HASH")
@click.option("-o", "output", type=PATH, metavar="FILE", help="Write the proof here.")
@click.option("--receipt", is_flag=True, help="Give the COSE receipt instead of a tlog-proof.")
@click.option("--from", "source", metavar="URL", help="From published tiles alone: URL or folder.")
@click.option("--trust", type=PATH, metavar="trust.json", help="With --from: what you trust.")
@ledger_option
@json_option
def proof(
    which: str,
    output: Path | None,
    receipt: bool,
    source: str | None,
    trust: Path | None,
    directory: Path,
    as_json: bool,
) -> None:
    """Prove that an entry stands in the log, as a file that anyone can check offline."""
    from standing.audit import place_of, prove

    if source is not None or trust is not None:
        if source is None or trust is None or receipt:
            raise click.UsageError("--from goes with --trust, and not with --receipt.")
        index, data = _proof_from_tiles(source, trust, which)
    else:
        with _opened(directory) as ledger:
            index = place_of(ledger, which)
            data = ledger.log.receipt(index) if receipt else prove(ledger, which).format()
    kind = "receipt" if receipt else "tlog-proof"
    if output is not None:
        write_output(output, data)
    value = {"kind": kind, "index": index, "proof": base64.b64encode(data).decode()}
    told = data.decode().rstrip("\n") if not receipt else data.hex()
    text = f"Wrote the {kind} of entry {index} to {output}." if output else told
    show(value, text, as_json=as_json)


def _proof_from_tiles(source: str, trust: Path, which: str) -> tuple[int, bytes]:
    from standing.audit import parse_trust, prove_published
    from standing.log import MAX_BUNDLE_BYTES
    from standing.mirror import source_of

    place = source_of(source)
    trusted = parse_trust(require_file(trust, "trust file"), where=str(trust))
    made = prove_published(lambda name: place.read(name, MAX_BUNDLE_BYTES), trusted, which)
    return made.index, made.format()


@log.command()
@click.argument("receipt", type=PATH, metavar="RECEIPT")
@click.option("--statement", type=PATH, metavar="FILE", help="What it is about (else: the log's).")
@ledger_option
@json_option
def check(receipt: Path, statement: Path | None, directory: Path, as_json: bool) -> None:
    """Check a receipt, a tlog-proof, or a statement that carries its receipt."""
    from standing.audit import check_proof

    data = require_file(receipt, "receipt")
    about = require_file(statement, "statement") if statement else None
    with _opened(directory) as ledger:
        proven = check_proof(ledger, data, about)
    value = {
        "kind": proven.kind,
        "index": proven.index,
        "size": proven.size,
        "root": proven.root.hex(),
        "statement_hash": proven.statement_hash.hex(),
        "signed_by": proven.signed_by,
        "in_this_copy": proven.in_this_copy,
    }
    here = "This copy agrees." if proven.in_this_copy else "This copy does NOT have that tree."
    text = (
        f"The {proven.kind} holds: statement {value['statement_hash']} is entry {proven.index} of"
        f" {proven.size}.\nSigned by {' and '.join(proven.signed_by)}.\n{here}"
    )
    show(value, text, as_json=as_json)
    if not proven.in_this_copy:
        raise click.exceptions.Exit(2)


@log.command()
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
@ledger_option
@json_option
def consistency(old: str, new: str, directory: Path, as_json: bool) -> None:
    """Prove that the log at OLD begins the log at NEW; each a size, or a checkpoint's file."""
    from standing.audit import consistency_facts

    with _opened(directory) as ledger:
        facts = consistency_facts(ledger, _side(old), _side(new))
    lines = [
        f"The log of {facts['old']['size']:,} entries (root {facts['old']['root']})",
        f"begins the log of {facts['new']['size']:,} (root {facts['new']['root']}).",
        *facts["path"],
    ]
    show(facts, "\n".join(lines), as_json=as_json)


def _side(text: str) -> bytes | int:

    if text.isascii() and text.isdigit():
        return int(text)
    return require_file(Path(text), "checkpoint")


@log.command()
@ledger_option
@today_option
@json_option
def cosign(directory: Path, today: str | None, as_json: bool) -> None:
    """Ask the witnesses in DIR/witnesses.policy for the published checkpoint, now."""
    with open_for(directory, today) as ledger:
        gathered = ledger.cosign()
    if gathered is None:
        raise click.UsageError("DIR/witnesses.policy names no witness with an address.")
    value = {
        "cosignatures": gathered.cosignatures,
        "quorum": gathered.enough,
        "problems": [problem.as_dict() for problem in gathered.problems],
    }
    lines = [f"{gathered.cosignatures} cosignatures came."]
    lines += [str(problem) for problem in gathered.problems]
    lines.append(
        "They suffice: published as checkpoint.witnessed." if gathered.enough else "Too few."
    )
    show(value, "\n".join(lines), as_json=as_json)


@log.command()
@ledger_option
@json_option
def fsck(directory: Path, as_json: bool) -> None:
    """Derive every tile, checkpoint, receipt and index again from the entries, and compare."""
    from standing.audit import check_log_files, replay_changes

    began = time.perf_counter()
    with _opened(directory) as ledger:
        replay_changes(ledger)
        entries = check_log_files(ledger)
        root = ledger.log.head.root.hex()
    seconds = time.perf_counter() - began
    value = {"entries": entries, "root": root, "ok": True, "seconds": round(seconds, 3)}
    text = f"{entries:,} entries give every file and row of this log (root {root})."
    show(value, text, as_json=as_json)


@log.command()
@ledger_option
@json_option
def audit(directory: Path, as_json: bool) -> None:
    """Judge every registration again: who signed, with which right, on which day."""
    from standing.audit import check_stored_state, replay_all

    began = time.perf_counter()
    with _opened(directory) as ledger:
        replay = replay_all(ledger)
        check_stored_state(ledger, replay.state)
    seconds = time.perf_counter() - began
    value = {
        "judged": replay.judged,
        "kinds": dict(sorted(replay.kinds.items())),
        "ok": True,
        "seconds": round(seconds, 3),
    }
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in sorted(replay.kinds.items()))
    text = f"{replay.judged:,} statements had the right to stand in the log: {kinds}."
    show(value, text, as_json=as_json)


@log.command("show")
@click.argument("which", metavar="INDEX|HASH")
@ledger_option
@json_option
def show_entry(which: str, directory: Path, as_json: bool) -> None:
    """Show an entry: facts first, its bytes last."""
    from standing.audit import entry_facts

    with _opened(directory) as ledger:
        facts = entry_facts(ledger, which)
    lines = [f"entry {facts['index']}: {facts['kind']} by {facts['issuer']}"]
    lines += [f"  signed by {facts['signer']}, key {facts['key'][:16]}", f"  for {facts['slot']}"]
    lines += [f"  {name}: {value}" for name, value in facts["says"].items()]
    lines += [f"  {name}: {facts[name]}" for name in ("statement_hash", "leaf_hash", "bytes")]
    show(facts, "\n".join([*lines, "", facts["raw"]]), as_json=as_json)
