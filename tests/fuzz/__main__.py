"""Run each target under atheris for a while, led by coverage: `make fuzz`.

atheris is installed into a folder of its own below `.fuzz/`, locked with hashes; nothing else needs
it. What the targets found worth keeping is kept there too, so that a later run goes on from it. A
finding leaves a file, and `--reproduce FILE --target NAME` runs it again without atheris.
"""

import argparse
import hashlib
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.fuzz.seeds import seeds_of
from tests.fuzz.targets import TARGETS

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
MADE = ROOT / ".fuzz"
FINDINGS = MADE / "findings"
LOCK = ROOT / "requirements" / "fuzz.lock"

SECONDS = 30
SLOWEST_SECONDS = 10  # one input that takes longer is a finding
MOST_MEGABYTES = 1024  # a process that grows beyond is a finding
LONGEST_BYTES = 8192  # two ML-DSA-44 lines fit
GRACE_SECONDS = 120  # beyond the time asked for: start, seeds, a last slow input
_COVERAGE = re.compile(r"^#\d+\s+(?:INITED|DONE|NEW|REDUCE|pulse)\s+cov: (\d+)", re.MULTILINE)
_EXECUTIONS = re.compile(r"^stat::number_of_executed_units:\s+(\d+)", re.MULTILINE)
_NO_WHEEL = "No matching distribution found"
_SILENT = (
    "Retrying"  # an index that does not answer offers no wheel either, and is no reason to skip
)


@dataclass(frozen=True)
class Outcome:
    """What a run of one target came to; `found` are the files of inputs that break a property."""

    executions: int
    coverage: tuple[int, int]
    corpus: tuple[int, int]
    found: list[Path]
    said: str


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("--seconds", type=int, default=SECONDS, help="for each target")
    parser.add_argument("--target", action="append", choices=TARGETS, help="again for more")
    parser.add_argument("--reproduce", type=Path, metavar="FILE", help="one input, one target")
    chosen = parser.parse_args(arguments)
    names: list[str] = chosen.target or list(TARGETS)
    if chosen.reproduce is not None:
        if len(names) != 1:
            parser.error("--reproduce needs one --target")
        TARGETS[names[0]](chosen.reproduce.read_bytes())
        print(f"{names[0]}: every property holds for {chosen.reproduce}")
        return 0
    atheris = _atheris()
    if atheris is None:
        return 0
    outcomes = [_report(name, _guided(name, atheris, chosen.seconds)) for name in names]
    total = sum(outcome.executions for outcome in outcomes)
    broken = sum(bool(outcome.found) for outcome in outcomes)
    print(f"{len(names)} targets, {total:,} executions, {broken} with a finding")
    return 1 if broken else 0


def _atheris() -> Path | None:
    """Give the folder that holds atheris, installed once; None, said loudly, without a wheel."""
    digest = hashlib.sha256(sys.version.encode() + LOCK.read_bytes()).hexdigest()[:16]
    folder = MADE / f"atheris-{digest}"
    if folder.is_dir():
        return folder
    MADE.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=MADE) as unfinished:
        made = Path(unfinished) / "made"
        options = ["--no-deps", "--only-binary", ":all:", "--require-hashes"]
        done = subprocess.run(
            [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
             *options, "--target", made, "-r", LOCK],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode == 0:
            return made.rename(folder)
    print(done.stderr, file=sys.stderr)
    if _NO_WHEEL not in done.stderr or _SILENT in done.stderr:
        sys.exit("atheris could not be installed: nothing was fuzzed")
    line = "!" * 88
    print(f"{line}\nSKIPPED: NOTHING WAS FUZZED. atheris has no wheel for this Python.\n{line}")
    return None


def _guided(name: str, atheris: Path, seconds: int) -> Outcome:
    corpus = _corpus(name)
    before = len(list(corpus.iterdir()))
    findings = FINDINGS / name
    findings.mkdir(parents=True, exist_ok=True)
    known = _written(findings)
    paths = [str(atheris), str(ROOT / "src"), str(ROOT)]
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz.guided", name, f"-max_total_time={seconds}",
         f"-timeout={SLOWEST_SECONDS}", f"-rss_limit_mb={MOST_MEGABYTES}",
         f"-max_len={LONGEST_BYTES}", f"-artifact_prefix={findings}/", "-print_final_stats=1",
         str(corpus)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
        timeout=seconds + GRACE_SECONDS, check=False,
    )  # fmt: skip
    covered = [int(number) for number in _COVERAGE.findall(done.stdout)] or [0]
    executed = _EXECUTIONS.search(done.stdout)
    found = sorted(path for path, _ in _written(findings) - known)
    if done.returncode != 0 and not found:
        sys.exit(f"{name}: the fuzzer itself failed\n{done.stdout}")
    after = len(list(corpus.iterdir()))
    return Outcome(
        int(executed.group(1)) if executed else 0,
        (covered[0], covered[-1]),
        (before, after),
        found,
        done.stdout,
    )


def _written(folder: Path) -> set[tuple[Path, int]]:
    """List files with their times: an input that is found again is written again."""
    return {(path, path.stat().st_mtime_ns) for path in folder.iterdir()}


def _corpus(name: str) -> Path:
    """Give the folder of a target's inputs, the seeds among them.

    It is named by what makes the seeds: after a change of keys or signed things, an input kept from
    before would pass for a forgery.
    """
    sources = [
        HERE / "objects.py",
        HERE / "seeds.py",
        *sorted((HERE.parent / "vectors").glob("*.json")),
    ]
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:16]
    corpus = MADE / f"corpus-{digest}" / name
    corpus.mkdir(parents=True, exist_ok=True)
    for seed in seeds_of(name):
        (corpus / hashlib.sha1(seed, usedforsecurity=False).hexdigest()).write_bytes(seed)
    return corpus


def _report(name: str, outcome: Outcome) -> Outcome:
    first, last = outcome.coverage
    begun, grown = outcome.corpus
    print(
        f"{name:18} {outcome.executions:>10,} executions   coverage {first:>4} -> {last:<4}"
        f"   corpus {begun:>4} -> {grown:<4}   {'FOUND' if outcome.found else 'ok'}",
        flush=True,
    )
    for path in outcome.found:
        print(f"{outcome.said}\n{name}: reproduce with\n"
              f'    make fuzz ARGS="--target {name} --reproduce {path.relative_to(ROOT)}"')  # fmt: skip
    return outcome


if __name__ == "__main__":
    sys.exit(main())
