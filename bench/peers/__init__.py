"""Programs that a user would otherwise pick, measured beside ours: never imported by standing."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).resolve().parents[2]
_LOCK = _ROOT / "requirements" / "peers.lock"
_PROGRAM = Path(__file__).with_name("pymerkle_appends.py")


def pymerkle(folder: Path, seconds: float) -> dict[str, float | int]:
    """Measure appends and proofs of pymerkle, in a process and an environment of its own."""
    python = _environment() / "bin" / "python"
    command = [str(python), "-I", str(_PROGRAM), str(folder / "pymerkle.db"), str(seconds)]
    told = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return {
        "pymerkle_appends_per_second": round(told["appends_per_second"]),
        "pymerkle_proof_ms": round(told["proof_ms"], 3),
    }


def run(program: str, given: str) -> Any:
    """Run a peer's program in an environment of its own: JSON on its input, JSON back."""
    python = _environment() / "bin" / "python"
    command = [str(python), "-I", str(Path(__file__).with_name(program))]
    return json.loads(
        subprocess.run(command, check=True, input=given, capture_output=True, text=True).stdout
    )


def _environment() -> Path:
    name = hashlib.sha256(_LOCK.read_bytes() + sys.version.encode()).hexdigest()[:16]
    home = _ROOT / ".interop" / f"peers-{name}"
    done = home / "done"
    if not done.exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(home)], check=True)
        pip = [str(home / "bin" / "python"), "-m", "pip", "--disable-pip-version-check"]
        install = ["install", "--quiet", "--no-deps", "--require-hashes", "-r", str(_LOCK)]
        subprocess.run([*pip, *install], check=True, stdout=sys.stderr)
        done.touch()
    return home
