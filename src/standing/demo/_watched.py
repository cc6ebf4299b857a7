"""A witness of the city's log: another key, another directory, asked over HTTP.

It is what makes the demo's history comparable: the checkpoint that it keeps lies out of the
operator's reach, and `standing verify --against` reads it.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from standing.audit import POLICY_FILE, load_trust
from standing.errors import Broken
from standing.ledger import open_ledger
from standing.serve import WitnessApp, serving
from standing.verify.cosignatures import cosigner_of
from standing.verify.quorum import Group, TrustedWitness, TrustPolicy
from standing.wire.keys import KeyFile, SigningKey, write_key_file
from standing.wire.notes import ED25519_TYPE, NoteKey
from standing.witness import Witness

WITNESS_NAME: Final = "witness.example/demo"
CHECKPOINT_FILE: Final = "checkpoint"
KEY_FILE: Final = "witness.key"
_MEMORY_DIR: Final = "memory"
_NAME_IN_POLICY: Final = "neighbour"


@dataclass(frozen=True)
class Watched:
    """Where the witness lives, and the checkpoint that it cosigned and keeps."""

    directory: Path
    checkpoint: bytes
    log_vkey: str


def home_of(directory: Path) -> Path:
    """Name the witness's own directory: beside the ledger's, not in it."""
    return directory.with_name(f"{directory.name}-witness")


def watch(directory: Path) -> Watched:
    """Found a witness, let it cosign the ledger's log over HTTP, and keep what it holds."""
    home = home_of(directory)
    if (home / KEY_FILE).is_file():
        shutil.rmtree(home)  # the witness of an earlier demo, known by its key file
    home.mkdir(parents=True)
    key = SigningKey.generate()
    write_key_file(home / KEY_FILE, KeyFile("witness", "demo-witness", key, key.public))
    trust = load_trust(directory)
    log = NoteKey(trust.origin, ED25519_TYPE, trust.checkpoint_key)
    memory = home / _MEMORY_DIR
    with (
        Witness.open(memory, name=WITNESS_NAME, keys=[key], logs=[log], new=True) as witness,
        serving(WitnessApp(witness)) as url,
    ):
        _name_witness(directory, key, url)
        with open_ledger(directory) as ledger:
            gathered = ledger.cosign()
        held = witness.checkpoint(trust.origin)
    _name_witness(directory, key, None)  # it is asked no more: its address is gone
    if gathered is None or not gathered.enough or held is None:
        problems = gathered.problems if gathered else ()
        raise problems[0] if problems else _no_answer(home)
    (home / CHECKPOINT_FILE).write_bytes(held)
    return Watched(home, held, log.vkey())


def _name_witness(directory: Path, key: SigningKey, url: str | None) -> None:
    """Write which witness the ledger has, and that its cosignature is wanted."""
    witness = TrustedWitness(_NAME_IN_POLICY, cosigner_of(WITNESS_NAME, key.public), url)
    groups: tuple[Group, ...] = ()
    policy = TrustPolicy((), (witness,), groups, _NAME_IN_POLICY)
    (directory / POLICY_FILE).write_bytes(policy.format())


def _no_answer(home: Path) -> Broken:
    return Broken(
        "E-DEMO-01",
        "The demo's witness did not cosign.",
        why="It gave no cosignature that holds.",
        fix="Run the demo again; if it stays so, report it.",
        where=str(home),
    )
