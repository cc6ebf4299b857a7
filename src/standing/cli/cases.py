"""`case` and one command a lifecycle: each step of each table, with options made from its fields.

What a step may say stands once, in the tables of `standing.cases`; these commands are made from
them, so that no step is without its command.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, get_type_hints

import click
import msgspec

from standing.cases.lifecycles import LIFECYCLES, Day, Lifecycle, Move, kind_of
from standing.cli.options import (
    PATH,
    holder,
    json_option,
    key_option,
    ledger_option,
    load_key,
    load_signing_key,
    open_for,
    reach,
    read,
    require_file,
    server_option,
    show,
    today_option,
    whom,
)

_HELP = {
    "target": "What is contested.",
    "named": "The record, case, transaction or reference.",
    "ground": "Why.",
    "words": "In your own words.",
    "last_use": 'For "not me": when it was last used rightly.',
    "more_time": "New evidence: 15 days more.",
    "reasons": "The reasons, in full.",
    "opened": "What was looked at: names, files by leaf.",
    "outcome": "What is decided.",
    "type": "The right act type.",
    "on": "The day.",
    "into": "The other contest.",
    "present": "Who was there.",
    "minutes": "What was said.",
    "until": "The last day.",
    "certified": "The evidence is complete and right.",
    "code": "The restriction, as the pack names it.",
    "records": "A record that it stands on.",
    "days": "For how many days.",
    "active_seconds": "How long the file was open and active.",
    "first": "The first day.",
    "last": "The last day.",
    "step": "The number of the step.",
    "record": "The record.",
    "issuer": "Whose record it is (found by itself).",
    "reference": "How the issuer or the desk knows the person.",
    "holder": "The public key file of whoever is to hold it.",
    "only_in": "Only in this context; repeat for more (default: all).",
    "kind": "What kind.",
    "name": "Whose key it is.",
    "acts": "What the key may do.",
    "address": "Where to.",
    "language": "In which language.",
    "claim": "Which court or claim.",
}
_NAMES = {"key": "holder", "contexts": "only_in"}  # `--key` is the signer's
_FOUND = {("contest", "again"), ("contest", "issuer"), ("reply", "issuer"), ("restriction", "at")}
"""Fields that the ledger fills in: what they say follows from the case."""


def lifecycle_commands(name: str) -> click.Group:
    """Make the command of a lifecycle, with one command a step that somebody may take."""
    table = LIFECYCLES[name]
    made = click.Group(name, help=f"Steps of a {table.title}: see docs/reference/lifecycles.md.")
    for move in table.moves:
        if move.by != ("ledger",):
            made.add_command(_step_command(table, move))
    return made


def _step_command(table: Lifecycle, move: Move) -> click.Command:
    hints = get_type_hints(move.facts, include_extras=True)
    options = [
        _option(field, hints[field.name])
        for field in msgspec.structs.fields(move.facts)
        if field.name != "files" and (table.name, field.name) not in _FOUND
    ]
    run: Callable[..., None] = partial(_open if not move.sources else _step, table, move)
    if "files" in hints:
        run = click.option(
            "--file", "files", type=PATH, multiple=True, help="Evidence; repeat for more."
        )(_plain(run))
    for option in reversed(options):
        run = option(_plain(run))
    run = key_option(f"The private key of: {', '.join(_people(move))}.")(_plain(run))
    run = click.argument("case")(run) if move.sources else _subject(table)(run)
    run = ledger_option(server_option(today_option(json_option(run))))
    who = ", ".join(_people(move))
    summary = f"{' '.join((move.facts.__doc__ or '').split())}\n\nBy {who}: {move.does}."
    return click.command(move.event, help=summary, short_help=f"By {who}: {move.does}.")(run)


def _people(move: Move) -> list[str]:
    return [role for role in move.by if role != "ledger"]


def _plain(function: Callable[..., None]) -> Callable[..., None]:
    """Give click a function that can carry its options."""
    if not isinstance(function, partial):
        return function

    def run(**values: Any) -> None:
        function(**values)

    return run


def _subject(table: Lifecycle) -> Callable[[Callable[..., None]], Callable[..., None]]:
    def add(function: Callable[..., None]) -> Callable[..., None]:
        context = click.option("--context", required=table.within, default=None)
        return click.argument("subject")(context(function))

    return add


def _option(field: msgspec.structs.FieldInfo, hint: Any) -> Callable[..., Any]:
    kind, is_many = kind_of(hint)
    name = _NAMES.get(field.name, field.name)
    flag = f"--{(name.removesuffix('s') if is_many else name).replace('_', '-')}"
    help_text = _HELP[name]
    if kind is bool:
        return click.option(flag, name, is_flag=True, help=help_text)
    is_given = field.default is msgspec.NODEFAULT and field.default_factory is msgspec.NODEFAULT
    values: dict[str, Any] = {"required": is_given, "help": help_text}
    if kind is Day:
        values["metavar"] = "DAY"
    elif kind is bytes:
        values |= {"type": PATH, "metavar": "FILE"}
    elif isinstance(kind, tuple):
        values["type"] = click.Choice(kind)
    elif kind is int:
        values["type"] = int
    if is_many:
        values["multiple"] = True
    elif not is_given and field.default:
        values |= {"default": field.default, "show_default": True}
    return click.option(flag, name, **values)


def _facts(move: Move, values: dict[str, Any]) -> dict[str, Any]:
    """Turn what click read into what the step says: dates into days, key files into keys."""
    from standing.wire.days import parse_day

    hints = get_type_hints(move.facts, include_extras=True)
    said: dict[str, Any] = {}
    fields = {option: field for field, option in _NAMES.items()}
    for option, value in values.items():
        name = fields.get(option, option)
        if value is None or value == ():
            continue
        kind, is_many = kind_of(hints[name])
        if kind is Day:
            value = parse_day(value)  # noqa: PLW2901 - the same fact, read
        elif kind is bytes:
            value = load_key(value).public.cose_key()  # noqa: PLW2901 - see above
        elif is_many:
            value = list(value)  # noqa: PLW2901 - see above
        said[name] = value
    return said


def read_files(paths: tuple[Path, ...]) -> list[tuple[str, bytes]]:
    """Read evidence, each file's size looked at first."""
    from standing.ledger.evidence import check_size

    files = []
    for path in paths:
        if path.exists():  # what is no file, as a device without end, holds nothing to keep
            check_size(path.name, path.stat().st_size if path.is_file() else 0)
        files.append((path.name, require_file(path, "evidence")))
    return files


def _open(
    table: Lifecycle, move: Move, *, subject: str, key: Path, directory: Path,
    server: str | None, today: str | None, as_json: bool, context: str | None = None,
    files: tuple[Path, ...] = (), **values: Any,
) -> None:  # fmt: skip
    facts, evidence = _facts(move, values), read_files(files)
    with reach(directory, server, today) as ledger:
        who: Any = load_key(Path(subject)).public if Path(subject).is_file() else subject
        if server is not None:
            who = _named(who, key)
        case = ledger.open_case(
            who, context or "", table.name, move.event, facts, key=load_signing_key(key),
            files=evidence,
        )  # fmt: skip
        _show(ledger, case, as_json=as_json)


def _step(
    _table: Lifecycle, move: Move, *, case: str, key: Path, directory: Path, server: str | None,
    today: str | None, as_json: bool, files: tuple[Path, ...] = (), **values: Any,
) -> None:  # fmt: skip
    facts, evidence = _facts(move, values), read_files(files)
    with reach(directory, server, today) as ledger:
        after = ledger.step(case, move.event, facts, key=load_signing_key(key), files=evidence)
        _show(ledger, after, as_json=as_json)


def _show(ledger: Any, case: Any, *, as_json: bool) -> None:
    from standing.ledger.case_text import CaseFacts

    told = case if isinstance(case, CaseFacts) else ledger.case_facts(case.name)
    show(msgspec.to_builtins(told), told.line, as_json=as_json)


def _named(who: Any, key: Path) -> str:
    """Name whom a case is about to a server, which knows whoever signs by their key."""
    if isinstance(who, str):
        return who
    if who != load_key(key).public:
        raise click.UsageError("With --server, a key file as SUBJECT is the signer's own.")
    return ""


@click.group("case")
def case_() -> None:
    """Look at contests, restrictions, replies and the other cases."""


@case_.command("show")
@click.argument("name")
@click.option("--key", type=PATH, metavar="FILE",
              help="Show it as the holder of this key sees it (needed with --server).")  # fmt: skip
@ledger_option
@server_option
@json_option
def case_show(
    name: str, key: Path | None, directory: Path, server: str | None, as_json: bool
) -> None:
    """Show the case NAME (c_...): what it is today, its clock, and every step."""
    from standing.ledger.case_text import CaseFacts, case_text

    if server is not None and key is None:
        raise click.UsageError("With --server, give the --key of somebody with a part in it.")
    with read(directory, server) as ledger:
        case: CaseFacts = (
            ledger.case_facts(name) if key is None else ledger.case_for(name, holder(key, server))
        )
    show(msgspec.to_builtins(case), case_text(case), as_json=as_json)


@case_.command("list")
@click.argument("subject")
@click.option("--context", default="", help="A context; without it, cases of no context.")
@ledger_option
@server_option
@json_option
def case_list(
    subject: str, context: str, directory: Path, server: str | None, as_json: bool
) -> None:
    """List the cases of SUBJECT in a context.

    SUBJECT is a pseudonym, a reference, or a key file; with --server, your own key file.
    """
    with read(directory, server) as ledger:
        cases = ledger.case_list(whom(subject, server), context)
    text = "\n".join(case.line for case in cases) or "No cases."
    show({"cases": msgspec.to_builtins(cases)}, text, as_json=as_json)


@case_.command("rates")
@click.option("--publish", is_flag=True, help="State them in public.")
@ledger_option
@today_option
@json_option
def case_rates(publish: bool, directory: Path, today: str | None, as_json: bool) -> None:
    """Count what each reviewer decided and how cases ended; counts under five are left out."""
    with open_for(directory, today) as ledger:
        if publish:
            entry, counted = ledger.publish_rates()
            counted = {**counted, "entry": entry}
        else:
            counted = ledger.rates()
    lines = [f"{name}: {_counts(said)}" for name, said in counted["reviewers"].items()]
    lines.append(f"cases: {_counts(counted['cases'])}")
    if publish:
        lines.append(f"Stated in entry {counted['entry']}.")
    show(counted, "\n".join(lines), as_json=as_json)


@case_.command("waiting")
@key_option("The key of an issuer, a reviewer or a desk; the public half is enough beside it.")
@ledger_option
@server_option
@json_option
def case_waiting(key: Path, directory: Path, server: str | None, as_json: bool) -> None:
    """List the cases in which something waits for the holder of a key, the first due first.

    An issuer sees contests of its records and what became of them; a reviewer the cases that it
    may decide; a desk the hardships to release.
    """
    from standing.ledger.work_text import work_facts, work_text

    with read(directory, server) as ledger:
        waiting = ledger.work_lines(holder(key, server))
    text = "\n".join(map(work_text, waiting)) or "Nothing waits."
    show({"waiting": [work_facts(work) for work in waiting]}, text, as_json=as_json)


def _counts(said: dict[str, int]) -> str:
    return ", ".join(f"{count} {what}" for what, count in said.items()) or "fewer than five of any"


contest = lifecycle_commands("contest")
restriction = lifecycle_commands("restriction")
reply = lifecycle_commands("reply")
record = lifecycle_commands("record")
mandate = lifecycle_commands("mandate")
second_key = lifecycle_commands("second-key")
recovery = lifecycle_commands("recovery")
contact = lifecycle_commands("contact")
hold = lifecycle_commands("hold")
