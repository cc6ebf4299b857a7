"""Logs for strangers: one that grew through many sizes, one of signed statements."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from standing.log import Log
from standing.wire import cose
from standing.wire.keys import SigningKey
from standing.wire.notes import vkey
from tests.interop.strangers import Stranger, go_stranger, python_stranger
from tests.unit.log.conftest import CHECKPOINT_KEY, ORIGIN, create, group, name_of

SIZES = (2, 255, 256, 257, 512, 700)
"""Sizes at which checkpoints are published: around a tile's 256, and where tiles grow."""
SHORTEST, LONGEST = b"", b"\xff" * 65_535
UNUSUAL = {100: SHORTEST, 300: LONGEST}
"""The two ends of an entry's 16-bit length, by index."""

ISSUER_KEY = SigningKey.from_seed(b"issuer's key for tests of strangers"[:32])
STATEMENT_SIZES = (2, 255, 256, 257, 300)


@dataclass(frozen=True)
class History:
    """A log, and the public files of each size that it published."""

    log: Log
    published: dict[int, Path]

    @property
    def checkpoints(self) -> list[bytes]:
        """Give the published checkpoints, oldest first."""
        return [(path / "checkpoint").read_bytes() for path in self.published.values()]


SIGNER = {"origin": ORIGIN, "vkey": vkey(ORIGIN, CHECKPOINT_KEY.public)}


def public_copy(directory: Path, target: Path) -> Path:
    """Copy what a web server would hand out of a log's directory."""
    return Path(shutil.copytree(directory, target, ignore=shutil.ignore_patterns("log.db*", ".*")))


def pairs(start: int, stop: int) -> list[tuple[bytes, bytes]]:
    """Give entries with the names of their statements; two have unusual lengths."""
    made = group(start, stop)
    for index in UNUSUAL.keys() & range(start, stop):
        made[index - start] = (UNUSUAL[index], name_of(UNUSUAL[index]))
    return made


@pytest.fixture(scope="session")
def history(tmp_path_factory: pytest.TempPathFactory) -> Iterator[History]:
    root = tmp_path_factory.mktemp("history")
    published = {}
    with create(root / "log") as log:
        for size in SIZES:
            log.append(pairs(log.head.size, size))
            log.publish()
            published[size] = public_copy(log.directory, root / str(size))
        yield History(log, published)


def statement(number: int) -> cose.Sign1:
    header = {
        cose.CWT: {cose.CWT_ISS: "issuer", cose.CWT_SUB: f"slot/{number}"},
        cose.TYP: "application/vnd.standing.batch.v1+cose",
    }
    return cose.parse_sign1(cose.sign1(ISSUER_KEY, header, b"payload %d" % number))


@pytest.fixture(scope="session")
def registered(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Log]:
    """A log of signed statements, appended in several commits."""
    with create(tmp_path_factory.mktemp("registered") / "log") as log:
        for size in STATEMENT_SIZES:
            made = [statement(number) for number in range(log.head.size, size)]
            log.append([(each.entry_bytes, each.statement_hash) for each in made])
        yield log


@pytest.fixture(scope="session")
def go() -> Stranger:
    return go_stranger()


@pytest.fixture(scope="session")
def python() -> Stranger:
    return python_stranger()
