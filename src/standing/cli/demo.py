"""`demo` and `example`: an invented city, a dishonest operator, and real data."""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from standing.cli.options import PATH, json_option, show
from standing.errors import EXIT_PROOF_FAILED

_DEMO_DIR = Path("demo-ledger")


@click.group(invoke_without_command=True)
@click.option("--dir", "directory", type=PATH, default=_DEMO_DIR, show_default=True)
@click.option("--seed", type=int, default=7, show_default=True)
@click.option("--subjects", type=click.IntRange(10, 1_000_000), default=2000, show_default=True)
@click.option("--once", is_flag=True, help="End after verifying.")
@json_option
@click.pass_context
def demo(
    ctx: click.Context,
    directory: Path,
    seed: int,
    subjects: int,
    once: bool,  # noqa: FBT001 - there are no pages yet that would keep it running
    as_json: bool,  # noqa: FBT001
) -> None:
    """Make an invented city on a simulated clock, verify it, and say what to try next."""
    ctx.obj = directory
    if ctx.invoked_subcommand is not None:
        return
    import time

    from standing.audit import verify_ledger
    from standing.demo import make_city
    from standing.ledger.facts import verification_text

    if directory.exists() and (directory / "demo-keys").is_dir():
        shutil.rmtree(directory)  # an earlier demo, known by the keys that only demos keep inside
    city = make_city(directory, seed=seed, subjects=subjects, progress=_steps(as_json=as_json))
    began = time.perf_counter()
    verification = verify_ledger(directory)
    seconds = time.perf_counter() - began
    value: dict[str, Any] = {
        "dir": str(directory),
        "subjects": city.subjects,
        "records": city.records,
        "batches": city.batches,
        "log_size": city.log_size,
        "seconds_make": round(city.seconds, 2),
        "seconds_verify": round(seconds, 2),
        "verified": verification.ok,
    }
    text = "\n".join(
        [
            f"The invented city (simulated clock) is in {directory}: {city.subjects:,} residents,",
            f"{city.records:,} rows taken in {city.batches:,} signed batches, made in"
            f" {city.seconds:.1f} s, verified in {seconds:.1f} s.",
            "",
            verification_text(verification),
            "",
            "Try next:",
            f"  standing verify {directory} --against {directory}/demo-keys/checkpoint",
            f"  standing score {city.someone} --context {city.context} --ledger {directory}",
            f"  standing decide --key {directory}/demo-keys/{city.asker}.key --purpose {city.purpose}"
            f" --transaction booking-1 --reference {city.reference} --ledger {directory}",
            f"  standing report {city.someone} -o report.json --ledger {directory}",
            f"  standing demo --dir {directory} tamper --what record",
        ]
    )
    show(value, text, as_json=as_json)
    if not verification.ok:
        raise click.exceptions.Exit(EXIT_PROOF_FAILED)


def _steps(*, as_json: bool) -> Callable[[str, int, int], None]:
    """Print a line a phase on standard error, moving on a terminal."""
    on_terminal = sys.stderr.isatty() and not as_json

    def step(phase: str, done: int, total: int) -> None:
        if on_terminal:
            click.echo(f"\r  {phase}: {done:,} of {total:,}   ", nl=done >= total, err=True)

    return step


@demo.command()
@click.option("--what", required=True, help="record, statement, tile, consent, score or pack.")
@click.option("--dir", "directory", type=PATH, default=None, help="The ledger to copy.")
@json_option
@click.pass_obj
def tamper(parent: Path, what: str, directory: Path | None, as_json: bool) -> None:  # noqa: FBT001
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
def example(name: str, directory: Path | None, as_json: bool) -> None:  # noqa: FBT001
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
    from standing.wire.days import format_day

    told = EXAMPLES[name]
    lines = [told.source, "Assumptions:", *(f"  - {line}" for line in told.assumptions), ""]
    lines += [f"{run.rows:,} rows, {run.records:,} records, {run.seconds:.1f} s in all.", ""]
    lines += [population_text(run.population), "", f"Largest improvements since {told.earlier}:"]
    for best in run.improvements:
        score = best.now.score
        lines.append(
            f"  {best.reference}: {best.before} to {score.score} ({score.score - best.before:+})"
        )
        newest = sorted(score.reasons, key=lambda r: (-r.expires, r.record))[:3]
        lines += [
            f"      {r.counted:+} {r.rule} ({r.why}, gone {format_day(r.expires)})" for r in newest
        ]
        if len(score.reasons) > len(newest):
            rest = len(score.reasons) - len(newest)
            counted = sum(r.counted for r in score.reasons) - sum(r.counted for r in newest)
            lines.append(f"      {counted:+} from {rest:,} more records")
    return "\n".join([*lines, "", verification_text(run.verification)])
