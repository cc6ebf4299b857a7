"""Programs that use other people's libraries: made once, then given tasks.

What they need is locked with hashes. Each is made in `.interop/`, which git ignores, in a folder
named by what it is made from, so that a change makes it anew.
"""

import base64
import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
MADE = HERE.parents[1] / ".interop"
GO_SOURCES = HERE / "go"
PYTHON_SOURCES = HERE / "python"
# the Go that is there, none that it fetches, and no workspace around this repository
ENVIRONMENT = {**os.environ, "GOTOOLCHAIN": "local", "GOWORK": "off"}
SETUP_SECONDS = 500
RUN_SECONDS = 60
REFUSED = 1


@dataclass(frozen=True)
class Answer:
    """What a stranger said, and whether it accepted all that it was given."""

    accepted: bool
    said: Any

    @property
    def refused(self) -> bool:
        return not self.accepted


class Stranger:
    """A program outside this project; `ask` raises if it fails in another way than by refusing."""

    def __init__(self, *command: str | Path) -> None:
        self._command = command

    def ask(self, *arguments: str, **task: object) -> Answer:
        done = subprocess.run(
            [*self._command, *arguments],
            input=json.dumps(task, default=_text),
            capture_output=True,
            text=True,
            timeout=RUN_SECONDS,
            check=False,
        )
        # a crash is no refusal: it must not pass for one in a test that wants a refusal
        assert done.returncode in {0, REFUSED}, done.stderr
        assert done.stdout, done.stderr
        return Answer(done.returncode == 0, json.loads(done.stdout))


def bytes_of(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


def _text(value: object) -> str:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return os.fspath(value)  # a path; anything else raises


# --- Go --------------------------------------------------------------------------------------


def go_stranger() -> Stranger:
    """Build the Go program, or skip, saying what goes unchecked."""
    go = shutil.which("go")
    if go is None:
        pytest.skip(_unchecked("Go is not installed"))
    # asked outside the module, where a Go that is too old would refuse to answer
    version = subprocess.check_output(
        [go, "env", "GOVERSION"], text=True, cwd=HERE, env=ENVIRONMENT
    ).strip()
    wanted = _wanted_go()
    if _numbers(version) < wanted:
        needed = ".".join(map(str, wanted))
        pytest.skip(_unchecked(f"Go {needed} or newer is needed, found {version}"))

    def build(target: Path) -> None:
        _set_up([go, "build", "-trimpath", "-buildvcs=false", "-mod=readonly", "-o", target, "."])

    sources = sorted(
        path for path in GO_SOURCES.iterdir() if path.suffix in {".go", ".mod", ".sum"}
    )
    return Stranger(_made("go", [version.encode(), *_contents(sources)], build) / "interop")


def _unchecked(why: str) -> str:
    return f"{why}: x/mod, torchwood, circl and go-cose did NOT check this log"


def _wanted_go() -> tuple[int, ...]:
    line = re.search(r"^go (\S+)$", (GO_SOURCES / "go.mod").read_text(), re.MULTILINE)
    assert line is not None
    return _numbers(line[1])[:2]


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version))


# --- Python ----------------------------------------------------------------------------------


def python_stranger() -> Stranger:
    """Set up an environment of its own: cwt does not work with the cbor2 that standing needs."""
    lock = PYTHON_SOURCES / "requirements.lock"

    def install(target: Path) -> None:
        _set_up([sys.executable, "-m", "venv", target])
        pip = [target / "bin" / "python", "-m", "pip", "--disable-pip-version-check"]
        _set_up([*pip, "install", "--quiet", "--no-deps", "--require-hashes", "-r", lock])

    home = _made("python", [sys.version.encode(), *_contents([lock])], install)
    # -I: neither PYTHONPATH nor the working directory may bring this project's code in
    return Stranger(home / "bin" / "python", "-I", PYTHON_SOURCES / "check.py")


# --- both ------------------------------------------------------------------------------------


def _contents(paths: Iterable[Path]) -> list[bytes]:
    return [path.name.encode() + b"\0" + path.read_bytes() for path in paths]


def _made(name: str, parts: list[bytes], make: Callable[[Path], None]) -> Path:
    """Make a folder once, also when several test processes ask for it at the same time."""
    digest = hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts))
    target = MADE / f"{name}-{digest.hexdigest()[:16]}"
    MADE.mkdir(exist_ok=True)
    with (MADE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        finished = target / ".finished"
        if not finished.exists():
            shutil.rmtree(target, ignore_errors=True)
            target.mkdir()
            make(target)
            finished.touch()
    return target


def _set_up(command: list[str | Path]) -> None:
    done = subprocess.run(
        command,
        cwd=GO_SOURCES,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=SETUP_SECONDS,
        check=False,
    )
    if done.returncode != 0:
        pytest.fail(f"set-up failed: {' '.join(map(str, command))}\n{done.stdout}")
