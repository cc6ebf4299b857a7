"""Making a ledger's directory: keys, genesis, first key set, and what a verifier needs."""

import os
from pathlib import Path
from typing import Final

from standing import charter
from standing.audit.trust import TRUST_FILE, Trust
from standing.engine import Clock, Embedded, today
from standing.errors import Refused
from standing.ledger._keyring import Keyring
from standing.log import Log, Signers
from standing.vault import Vault
from standing.verify.tree import leaf_hash
from standing.wire import cose
from standing.wire import keys as wire_keys
from standing.wire.keys import KeyFile, SigningKey

LOG_DIR: Final = "log"
VAULT_FILE: Final = "vault.db"
KEYS_DIR: Final = "keys"
DAILY_SECONDS: Final = 86_400
HOURLY_SECONDS: Final = 3_600
_NAMED_PURPOSES: Final = ("receipt", "clerk", "answer", charter.ML_DSA_PURPOSE)


def create_directory(
    directory: Path,
    operator: KeyFile,
    clock: Clock,
    *,
    origin: str,
    employer: str,
    rp_id: str,
    page_size: int,
) -> None:
    """Make an empty ledger with its two first entries; refuses a directory in use."""
    if operator.key is None or operator.role != "operator":
        raise Refused(
            "E-KEY-10",
            "A ledger is founded with an operator's private key.",
            why=f"The file holds a key of role {operator.role!r}.",
            fix="Make one: standing key new operator -o operator.key.",
        )
    if directory.exists() and any(directory.iterdir()):
        raise Refused(
            "E-LEDGER-02",
            f"{str(directory)!r} is not empty.",
            why="A ledger is made in a new or an empty directory; nothing is overwritten.",
            fix="Choose another directory.",
            where=str(directory),
        )
    keys_dir = directory / KEYS_DIR
    keys_dir.mkdir(parents=True, mode=0o700)
    log_keys = {name: new_key(name) for name in ("checkpoint", *_NAMED_PURPOSES)}
    for purpose, key in log_keys.items():
        wire_keys.write_key_file(
            keys_dir / f"{purpose}.key", KeyFile(purpose, origin, key, key.public)
        )
    keyring = Keyring(keys_dir)
    statements = _genesis(operator, clock, log_keys, origin, employer, rp_id)
    genesis = leaf_hash(cose.parse_sign1(statements[0]).entry_bytes)
    trust = Trust(origin, clock.kind, genesis.hex(), log_keys["checkpoint"].public)
    log = Log.create(
        directory / LOG_DIR,
        origin=origin,
        extensions=trust.extensions,
        signers=Signers(
            log_keys["checkpoint"], log_keys["receipt"], log_keys[charter.ML_DSA_PURPOSE]
        ),
        page_size=page_size,
    )
    try:
        Embedded.open(log, keyring, clock).found(statements)
        log.publish()
    finally:
        log.close()
    Vault.create(directory / VAULT_FILE, keys_dir, page_size=page_size).close()
    _write_durably(directory / TRUST_FILE, trust.format())  # last: what makes it a ledger


def new_key(purpose: str) -> SigningKey:
    """Make a key of the algorithm that a purpose wants."""
    return SigningKey.generate("ML-DSA-44" if purpose == charter.ML_DSA_PURPOSE else "Ed25519")


def _genesis(
    operator: KeyFile,
    clock: Clock,
    log_keys: dict[str, SigningKey],
    origin: str,
    employer: str,
    rp_id: str,
) -> list[bytes]:
    assert operator.key is not None, "checked by the caller"
    interval = HOURLY_SECONDS if clock.kind == "real" else DAILY_SECONDS
    genesis = charter.Genesis(
        origin=origin,
        clock=clock.kind,
        day=today(clock),
        interval_seconds=interval,
        rp_id=rp_id,
        operator_name=operator.name,
        operator_employer=employer,
        operator_key=operator.public.cose_key(),
        checkpoint_key=log_keys["checkpoint"].public.cose_key(),
    )
    key_sets = [
        charter.KeySet(purpose, log_keys[purpose].public.cose_key()) for purpose in _NAMED_PURPOSES
    ]
    name = operator.name
    return [
        charter.sign_statement(operator.key, name, origin, genesis),
        *(
            charter.sign_statement(operator.key, name, f"key/{key_set.purpose}", key_set)
            for key_set in key_sets
        ),
    ]


def _write_durably(path: Path, data: bytes) -> None:
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    fd = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
