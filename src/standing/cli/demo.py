"""`demo` and `example`: an invented city, a dishonest operator, and real data."""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from standing.cli.options import PATH, json_option, show
from standing.errors import EXIT_PROOF_FAILED

if TYPE_CHECKING:
    from standing.demo import City, Watched

_DEMO_DIR = Path("demo-ledger")
_PATIENCE_SECONDS = 60.0
_WRITING = frozenset({"serve", "decide"})  # what the demo's own pages leave no room for


@click.group(invoke_without_command=True)
@click.option("--dir", "directory", type=PATH, default=_DEMO_DIR, show_default=True)
@click.option("--seed", type=int, default=7, show_default=True)
@click.option("--subjects", type=click.IntRange(10, 1_000_000), default=2000, show_default=True)
@click.option("--port", type=click.IntRange(0, 65_535), default=8420, show_default=True,
              help="Where pages answer; another one if it is taken, 0: a free one.")  # fmt: skip
@click.option("--once", is_flag=True, help="End after verifying, without pages.")
@click.option(
    "--serve", "to_serve", is_flag=True, help="Serve until told to stop, without a terminal too."
)
@json_option
@click.pass_context
def demo(
    ctx: click.Context,
    directory: Path,
    seed: int,
    subjects: int,
    port: int,
    once: bool,
    to_serve: bool,
    as_json: bool,
) -> None:
    """Make an invented city on a simulated clock, verify it, and show it in a browser.

    Pages answer on this machine until Ctrl-C; the verification runs on beside them. Without a
    terminal it also ends by itself, when it is verified and nobody has asked for a page for a
    minute.
    """
    ctx.obj = directory
    if ctx.invoked_subcommand is not None:
        return
    if directory.exists() and (directory / "demo-keys").is_dir():
        shutil.rmtree(directory)  # an earlier demo, known by the keys that only demos keep inside
    if once:
        _once(directory, seed, subjects, as_json=as_json)
        return
    from standing.cli.demo_site import show_city

    def made(city: "City", watched: "Watched", url: str, links: dict[str, str]) -> None:
        value = {
            **_facts(directory, city, watched), "url": url, "links": links,
            "next": _next(directory, city, watched),
        }  # fmt: skip
        show(value, _welcome(city, url, links, value["next"]), as_json=as_json)

    steps = _steps(as_json=as_json)
    # whoever runs it in a pipe waits for its end
    patience = None if to_serve or sys.stdout.isatty() else _PATIENCE_SECONDS
    if not show_city(
        directory, seed, subjects, port, steps, made, patience=patience, quiet=as_json
    ):
        raise click.exceptions.Exit(EXIT_PROOF_FAILED)


def _once(directory: Path, seed: int, subjects: int, *, as_json: bool) -> None:
    import time

    from standing.audit import verify_ledger
    from standing.demo import make_city, watch
    from standing.ledger.facts import verification_text

    city = make_city(directory, seed=seed, subjects=subjects, progress=_steps(as_json=as_json))
    watched = watch(directory)
    began = time.perf_counter()
    verification = verify_ledger(directory, watched.checkpoint)
    seconds = time.perf_counter() - began
    value: dict[str, Any] = {
        **_facts(directory, city, watched),
        "seconds_verify": round(seconds, 2),
        "verified": verification.ok,
        "witnessed_size": verification.compared_with,
        "next": _next(directory, city, watched),
    }
    made = f"made in {city.seconds:.1f} s, verified in {seconds:.1f} s."
    lines = (
        f"The invented city (simulated clock) is in {directory}: {city.subjects:,} residents,",
        f"{city.records:,} rows taken in {city.batches:,} signed batches, {made}",
        f"A witness with its own key cosigned the log; its checkpoint: {watched.directory}.",
        "",
        verification_text(verification),
        "",
        "Try next:",
        *(f"  {command}" for command in value["next"]),
    )
    show(value, "\n".join(lines), as_json=as_json)
    if not verification.ok:
        raise click.exceptions.Exit(EXIT_PROOF_FAILED)


def _facts(directory: Path, city: "City", watched: "Watched") -> dict[str, Any]:
    return {
        "dir": str(directory),
        "subjects": city.subjects,
        "records": city.records,
        "batches": city.batches,
        "log_size": city.log_size,
        "seconds_make": round(city.seconds, 2),
        "witness": str(watched.directory),
        "heard": {what: case for what, (case, _, _) in city.heard.items()},
    }


def _welcome(city: "City", url: str, links: dict[str, str], commands: list[str]) -> str:
    wide = max(len(name) for name in links)
    lines = (
        (
            f"The invented city: {city.subjects:,} residents, {city.records:,} rows in"
            f" {city.batches:,} signed batches, made in {city.seconds:.1f} s, simulated clock."
        ),
        "",
        f"  the public log   {url}/log",
        *(f"  {name:<{wide}}   {link}" for name, link in links.items()),
        "",
        "Each link signs in once; the server then signs with that person's file in demo-keys/.",
        "Another one: standing demo link NAME (with --dir and --port as here).",
        "Verification runs on beside them. Ctrl-C ends.",
        "",
        "Or, beside it, in another window:",
        *(f"  {words}" for words in commands if words.split()[1] not in _WRITING),
    )
    return "\n".join(lines)


def _next(directory: Path, city: "City", watched: "Watched") -> list[str]:
    """Give commands to try on the city; each works as it stands."""
    who = f"{city.someone} --context {city.context}"
    key = f"{directory}/demo-keys/{city.asker}.key"
    ask = f"--purpose {city.purpose} --transaction booking-1 --reference {city.reference}"
    at = f"--ledger {directory}"
    return [
        f"standing verify {directory} --against {watched.directory}/checkpoint",
        f"standing log proof 1 {at}",
        f"standing serve {at}",
        f"standing score {who} {at}",
        f"standing forecast {who} {at}",
        f"standing what-if {who} --add {city.good_act}=2 {at}",
        f"standing pack diff rail@1 {city.proposal} {at}",
        f"standing pack simulate {city.proposal} --html simulation.html {at}",
        f"standing decide --key {key} {ask} {at}",
        *(
            f"standing case show {case} {at}"
            for what, (case, _, _) in city.heard.items()
            if what in {"won", "restriction"}
        ),
        "standing story restriction",
        f"standing report {city.someone} -o report.json {at}",
        f"standing demo --dir {directory} tamper --what record",
    ]


def _steps(*, as_json: bool) -> Callable[[str, int, int], None]:
    """Print a line a phase on standard error, moving on a terminal."""
    on_terminal = sys.stderr.isatty() and not as_json

    def step(phase: str, done: int, total: int) -> None:
        if on_terminal:
            click.echo(f"\r  {phase}: {done:,} of {total:,}   ", nl=done >= total, err=True)

    return step


@demo.command()
@click.argument("name")
@click.option("--port", type=click.IntRange(1, 65_535), default=8420, show_default=True,
              help="Where the demo's pages answer.")  # fmt: skip
@json_option
@click.pass_obj
def link(directory: Path, name: str, port: int, as_json: bool) -> None:
    """Make a one-use link that signs in with the demo's key file NAME."""
    from standing.audit import load_trust
    from standing.web import new_links

    load_trust(directory)
    path = new_links(directory, directory / "demo-keys", [name])[name]
    url = f"http://localhost:{port}{path}"
    show({"name": name, "url": url}, url, as_json=as_json)


@demo.command()
@click.option("--what", required=True, help="record, statement, tile, consent, score or pack.")
@click.option("--dir", "directory", type=PATH, default=None, help="The ledger to copy.")
@json_option
@click.pass_obj
def tamper(parent: Path, what: str, directory: Path | None, as_json: bool) -> None:
    """Change one thing in a copy, as a dishonest operator would; verify then fails on it."""
    from standing.audit import load_trust
    from standing.demo import TAMPERINGS
    from standing.demo import tamper as change

    source = directory or parent
    if what not in TAMPERINGS:
        raise click.UsageError(f"--what is one of {', '.join(TAMPERINGS)}, got {what!r}.")
    load_trust(source)
    copy = change(source, what)
    text = f"In {copy}, the operator {TAMPERINGS[what][0]}.\nNow try: standing verify {copy}"
    show({"dir": str(copy), "what": what}, text, as_json=as_json)


@click.command()
@click.argument("name")
@click.option("--dir", "directory", type=PATH, default=None, help="Keep the ledger here.")
@json_option
def example(name: str, directory: Path | None, as_json: bool) -> None:
    """Run real data (food-hygiene or punctuality) through a ledger, and verify it."""
    import tempfile

    from standing.demo import EXAMPLES, run_example

    if name not in EXAMPLES:
        raise click.UsageError(f"The examples are {' and '.join(EXAMPLES)}, got {name!r}.")
    with tempfile.TemporaryDirectory() as folder:
        run = run_example(name, directory or Path(folder) / name, _steps(as_json=as_json))
    value = {
        "rows": run.rows,
        "records": run.records,
        "subjects": run.population.subjects,
        "bands": run.population.bands,
        "seconds": round(run.seconds, 2),
        "verified": run.verification.ok,
    }
    show(value, _example_text(name, run), as_json=as_json)
    if not run.verification.ok:
        raise click.exceptions.Exit(EXIT_PROOF_FAILED)


def _example_text(name: str, run: Any) -> str:
    from standing.demo import EXAMPLES
    from standing.ledger.facts import population_text, verification_text

    told = EXAMPLES[name]
    lines = [told.source, "Assumptions:", *(f"  - {line}" for line in told.assumptions), ""]
    lines += [f"{run.rows:,} rows, {run.records:,} records, {run.seconds:.1f} s in all.", ""]
    lines += [population_text(run.population), "", f"Largest improvements since {told.earlier}:"]
    for best in run.improvements:
        score = best.now.score
        lines.append(
            f"  {best.reference}: {best.before} to {score.score} ({score.score - best.before:+})"
        )
        lines += [f"      {line}" for line in _by_rule(score.reasons)]
    return "\n".join([*lines, "", verification_text(run.verification)])


def _by_rule(reasons: Any) -> list[str]:
    """Sum the reasons of each rule: there may be thousands of records behind one score."""
    sums: dict[tuple[str, str], tuple[int, int]] = {}
    for reason in reasons:
        records, points = sums.get((reason.rule, reason.why), (0, 0))
        sums[reason.rule, reason.why] = records + 1, points + reason.counted
    return [
        f"{points:+,} from {records:,} of {rule} ({why})"
        for (rule, why), (records, points) in sorted(sums.items())
    ]
