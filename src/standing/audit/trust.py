"""What a verifier starts from: `trust.json`. Every other key follows from charter entries."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from standing.errors import Broken, Refused, Usage
from standing.wire.keys import PublicKey

TRUST_FILE: Final = "trust.json"


@dataclass(frozen=True)
class Trust:
    """Origin, kind of clock, genesis and checkpoint key of one ledger."""

    origin: str
    clock: str
    genesis: str  # leaf hash of the first entry, hexadecimal
    checkpoint_key: PublicKey

    @property
    def extensions(self) -> tuple[str, ...]:
        """The checkpoint's extension lines: a simulated ledger says so in every one."""
        return ("clock simulated",) if self.clock == "simulated" else ()

    def format(self) -> bytes:
        """Write the one canonical form."""
        value = {
            "checkpoint_key": self.checkpoint_key.cose_key().hex(),
            "clock": self.clock,
            "genesis": self.genesis,
            "origin": self.origin,
        }
        return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False).encode() + b"\n"


def parse_trust(data: bytes, *, where: str) -> Trust:
    """Read `trust.json`; raises `E-TRUST-01` for anything but its canonical form."""
    try:
        value = json.loads(data)
        trust = Trust(
            origin=value["origin"],
            clock=value["clock"],
            genesis=value["genesis"],
            checkpoint_key=PublicKey.from_cose_key(bytes.fromhex(value["checkpoint_key"])),
        )
        good = trust.format() == data and trust.clock in {"real", "simulated"}
    except (ValueError, KeyError, TypeError, AttributeError, Refused, Broken):
        good = False
    if not good:
        raise Broken(
            "E-TRUST-01",
            "The trust file cannot be read.",
            why="It is not in the form in which standing writes it.",
            fix="Take trust.json again from where you trust it.",
            where=where,
        )
    return trust


def load_trust(directory: Path) -> Trust:
    """Read a ledger's trust file; raises `E-LEDGER-01` where there is no ledger."""
    path = directory / TRUST_FILE
    if not path.is_file():
        raise Usage(
            "E-LEDGER-01",
            f"{str(directory)!r} holds no ledger.",
            why=f"It has no {TRUST_FILE}.",
            fix="Name another directory with --ledger DIR, or make one: standing init.",
            where=str(directory),
        )
    return parse_trust(path.read_bytes(), where=str(path))
