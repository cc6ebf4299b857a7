"""What stands in deploy/ fits the program that it starts."""

import re
import shlex
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import click
import pytest

from standing.cli.serve import serve
from standing.web._ops import health

ROOT = Path(__file__).parents[2]
DOCKERFILE = ROOT / "deploy/Dockerfile"
UNIT = ROOT / "deploy/standing.service"


def _instructions() -> list[tuple[str, str]]:
    text = DOCKERFILE.read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [tuple(line.strip().split(maxsplit=1)) for line in lines]  # type: ignore[misc]


def _parse(words: list[str]) -> click.Context:
    """Read words as `standing serve` would, without starting it."""
    return serve.make_context("serve", words, resilient_parsing=False)


def test_the_image_is_made_of_files_that_are_here_and_sent_along() -> None:
    sent = {
        line[1:].rstrip("/")
        for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
        if line.startswith("!")
    }
    for name, rest in _instructions():
        if name != "COPY" or rest.startswith("--from"):
            continue
        for source in rest.split()[:-1]:
            assert (ROOT / source).exists()
            assert source in sent


def test_the_image_starts_a_command_that_is_one() -> None:
    words = next(rest for name, rest in reversed(_instructions()) if name == "CMD")
    command = re.findall(r'"([^"]*)"', words)
    assert command[0] == "serve"
    assert _parse(command[1:]).params["host"] == "0.0.0.0"
    check = next(rest for name, rest in _instructions() if name == "HEALTHCHECK")
    assert f":{_parse([]).params['port']}{next(iter(health.paths))}'" in check


def test_the_unit_starts_a_command_that_is_one() -> None:
    line = next(x for x in UNIT.read_text(encoding="utf-8").splitlines() if x[:10] == "ExecStart=")
    program, command, *words = shlex.split(line.removeprefix("ExecStart="))
    assert (Path(program).name, command) == ("standing", "serve")
    assert _parse(words).params["directory"] == Path("/var/lib/standing/ledger")


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not here")
def test_systemd_reads_the_unit(tmp_path: Path) -> None:
    text = UNIT.read_text(encoding="utf-8")
    text = re.sub(r"^ExecStart=\S+", f"ExecStart={sys.executable}", text, flags=re.MULTILINE)
    text = re.sub(r"^(User|Group)=.*$", r"\1=root", text, flags=re.MULTILINE)
    copy = tmp_path / "standing.service"
    copy.write_text(text, encoding="utf-8")
    told = subprocess.run(
        ["systemd-analyze", "verify", copy], capture_output=True, text=True, check=False
    )
    assert "standing.service" not in told.stderr, told.stderr


def test_a_wheel_holds_every_file_that_the_program_reads(tmp_path: Path) -> None:
    words = ["wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", str(tmp_path)]
    subprocess.run([sys.executable, "-m", "pip", *words, str(ROOT)], check=True)
    [wheel] = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as file:
        held = set(file.namelist())
    source = ROOT / "src"
    wanted = {
        path.relative_to(source).as_posix()
        for path in (source / "standing").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert wanted - held == set()
