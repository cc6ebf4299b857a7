"""The command line: parse, call one verb of the ledger, print.

One file a group of commands; each imports its verbs when it runs, so that `--help` stays fast.
"""

import importlib
import json
import sys
from typing import Any

import click

from standing.errors import StandingError

_COMMANDS = {
    # command: (module, attribute, short help)
    "init": ("standing.cli.setup", "init", "Make a new ledger."),
    "key": ("standing.cli.setup", "key", "Make key files."),
    "accredit": ("standing.cli.setup", "accredit", "Put an organisation's key on the roll."),
    "revoke": ("standing.cli.setup", "revoke", "End a key's right to sign."),
    "pack": ("standing.cli.rules", "pack", "Write, lint, compare and publish rules."),
    "enrol": ("standing.cli.people", "enrol", "Give a subject a place in the vault."),
    "consent": ("standing.cli.people", "consent", "Agree to be recorded, or stop."),
    "link": ("standing.cli.people", "link", "Let an issuer's reference stand for a subject."),
    "import": ("standing.cli.records", "import_", "Turn a file's rows into signed batches."),
    "score": ("standing.cli.records", "score", "Score a subject with every reason, or everyone."),
    "forecast": ("standing.cli.future", "forecast", "Show what a score becomes by itself."),
    "what-if": ("standing.cli.future", "what_if", "Suppose an annulment, or acts to come."),
    "case": ("standing.cli.cases", "case_", "Look at cases: what they are, and their clocks."),
    "contest": ("standing.cli.cases", "contest", "Contest something; answer; rule."),
    "restriction": ("standing.cli.cases", "restriction", "Propose, decide, object, release."),
    "reply": ("standing.cli.cases", "reply", "Say something beside a record."),
    "record": ("standing.cli.cases", "record", "Take a record back, or tell its source's end."),
    "mandate": ("standing.cli.cases", "mandate", "Let somebody act for a subject."),
    "second-key": ("standing.cli.cases", "second_key", "Keep a second key for recovery."),
    "recovery": ("standing.cli.cases", "recovery", "Recover a lost key: two of three."),
    "contact": ("standing.cli.cases", "contact", "Say where to be told of notices."),
    "hold": ("standing.cli.cases", "hold", "Keep what a court or a claim needs."),
    "inbox": ("standing.cli.inbox", "inbox", "Show what happened about a subject, newest first."),
    "outbox": ("standing.cli.inbox", "outbox", "Show messages: told, waiting, given up."),
    "letter": ("standing.cli.inbox", "letter", "Write the letter of a restriction or a ruling."),
    "evidence": ("standing.cli.inbox", "evidence", "Take a file out again."),
    "present": ("standing.cli.answers", "present", "Let one relying party ask once about you."),
    "stop": ("standing.cli.leaving", "stop", "Stop somebody without their key; undo it."),
    "erase": ("standing.cli.leaving", "erase", "Forget all that is held of somebody."),
    "decide": ("standing.cli.answers", "decide", "Answer a relying party's question."),
    "recalls": ("standing.cli.answers", "recalls", "Fetch or confirm recalls of answers."),
    "followed": ("standing.cli.answers", "followed", "Report transactions that took place."),
    "report": ("standing.cli.records", "report", "Show all that is held on a subject."),
    "verify": ("standing.cli.check", "verify", "Check everything, as a stranger would."),
    "tick": ("standing.cli.check", "tick", "Publish marks, find news, send notices."),
    "backup": ("standing.cli.backup", "backup", "Copy a ledger and its keys to two places."),
    "restore": ("standing.cli.backup", "restore", "Bring a ledger back from its copies."),
    "doctor": ("standing.cli.doctor", "doctor", "See whether a ledger can do its work."),
    "log": ("standing.cli.log", "log", "Look into a log, prove, check all of it."),
    "serve": ("standing.cli.serve", "serve", "Serve a ledger's log and pages."),
    "witness": ("standing.cli.witness", "witness", "Cosign the checkpoints of other logs."),
    "mirror": ("standing.cli.mirror", "mirror", "Keep and serve a whole copy of a log."),
    "demo": ("standing.cli.demo", "demo", "Make an invented city and verify it."),
    "story": ("standing.cli.story", "story", "Play a story of the right to be heard."),
    "example": ("standing.cli.demo", "example", "Run real data through a ledger."),
}


class _Lazy(click.Group):
    """Knows its commands by name and loads one when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module, attribute, _ = _COMMANDS[cmd_name]
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, _, text) in _COMMANDS.items()])


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="standing-ledger", prog_name="standing")
def cli() -> None:
    """Keep a ledger of conduct records that people agree to and anyone can verify."""


def main() -> None:
    """Run the command line on the words that were typed."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command; errors become one clear text (or JSON). Gives the exit code."""
    as_json = "--json" in arguments
    try:
        # without click's own error printing, an Exit comes back as its code
        code = cli.main(arguments, prog_name="standing", standalone_mode=False)
    except (click.Abort, KeyboardInterrupt):
        click.echo("Stopped.", err=True)
        return 130
    except click.ClickException as problem:
        _print_problem(_usage(problem), as_json=as_json)
        return 3
    except StandingError as problem:
        _print_problem(problem, as_json=as_json)
        return problem.exit_code
    return code if isinstance(code, int) else 0


def _usage(problem: click.ClickException) -> StandingError:
    from standing.errors import Usage

    where = ""
    if isinstance(problem, click.UsageError) and problem.ctx is not None:
        where = problem.ctx.command_path
    return Usage(
        "E-CLI-01",
        "The command cannot be understood.",
        why=problem.format_message(),
        fix=f"See: {where or 'standing'} --help",
        where=where,
    )


def _print_problem(problem: StandingError, *, as_json: bool) -> None:
    from standing.cli.options import row_line

    rows: Any = getattr(problem, "rows", None)
    if as_json:
        body: dict[str, Any] = {"error": problem.as_dict()}
        if rows is not None:
            body["rows"] = [
                {"row": r.row, "code": r.code, "reason": r.reason, "remedy": r.remedy} for r in rows
            ]
            body["total"] = problem.total  # type: ignore[attr-defined]
        click.echo(json.dumps(body, ensure_ascii=False), err=True)
        return
    for row in rows or ():
        click.echo(row_line(row), err=True)
    where = f"\n  where: {problem.where}" if problem.where else ""
    click.echo(
        f"{problem.code} {problem.what}\n  why: {problem.why}\n  do: {problem.fix}{where}", err=True
    )
