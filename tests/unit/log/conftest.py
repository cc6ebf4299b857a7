"""A small log, and what its entries are called by."""

import hashlib
from pathlib import Path

import pytest

from standing.log import HeadKeys, Log, Signers, check_log
from standing.wire.keys import SigningKey

ORIGIN = "ledger.example/log"
EXTENSIONS = ("clock: simulated",)
CHECKPOINT_KEY = SigningKey.from_seed(bytes(range(32)))
RECEIPT_KEY = SigningKey.from_seed(bytes(range(32))[::-1])
ML_DSA_KEY = SigningKey.from_seed(bytes(range(32)), "ML-DSA-44")
SIGNERS = Signers(CHECKPOINT_KEY, RECEIPT_KEY, ML_DSA_KEY)
PUBLIC = HeadKeys(CHECKPOINT_KEY.public, RECEIPT_KEY.public, ML_DSA_KEY.public)
NAMES = {"origin": ORIGIN, "extensions": EXTENSIONS}


def entry(n: int) -> bytes:
    """Entries of various lengths, none alike."""
    return b"entry %d " % n + b"x" * (n * 7 % 50)


def name_of(data: bytes) -> bytes:
    return hashlib.sha256(b"statement" + data).digest()


def group(start: int, stop: int) -> list[tuple[bytes, bytes]]:
    return [(entry(n), name_of(entry(n))) for n in range(start, stop)]


def create(directory: Path, **more) -> Log:
    return Log.create(directory, **NAMES, signers=SIGNERS, **more)


def write(directory: Path) -> Log:
    return Log.open(directory, **NAMES, signers=lambda _: SIGNERS)


def read(directory: Path) -> Log:
    return Log.open(directory, **NAMES, signers=None)


def check(log: Log) -> bytes:
    return check_log(log, keys=lambda _: PUBLIC, statement_hash_of=name_of)


def check_directory(directory: Path) -> int:
    """Check a log as a stranger does; gives its size."""
    with read(directory) as log:
        check(log)
        return log.head.size


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "log"


@pytest.fixture
def log(place: Path):
    with create(place) as made:
        yield made
