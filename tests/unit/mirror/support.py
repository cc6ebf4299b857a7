"""A real log to mirror, forks of it, and a stranger's check of a mirrored directory."""

import shutil
from pathlib import Path

from standing.log import Log, Signers
from standing.log._layout import ENTRIES, TILE, tile_path, unpack_entries
from standing.log._publish import tiles_between
from standing.verify.checkpoints import verify_checkpoint
from standing.verify.tree import leaf_hash, root_of
from standing.wire.keys import SigningKey
from standing.wire.notes import NoteKey
from tests.unit.log.conftest import CHECKPOINT_KEY, NAMES, ORIGIN, RECEIPT_KEY, group

LOG_KEY = NoteKey(ORIGIN, 1, CHECKPOINT_KEY.public)
MIRROR = SigningKey.from_seed(b"m" * 32, "ML-DSA-44")
MIRROR_NAME = "mirror.example"
SIGNERS = Signers(CHECKPOINT_KEY, RECEIPT_KEY)
NOW = 1_700_000_000


def open_log(place: Path, signers: Signers = SIGNERS) -> Log:
    """Open a log for writing, or make it."""
    if (place / "log.db").exists():
        return Log.open(place, **NAMES, signers=lambda _: signers)
    return Log.create(place, **NAMES, signers=signers)


def log_of(place: Path, *sizes: int, branch: int = 0) -> Path:
    """Make a log that published checkpoints at these sizes; a branch has other entries."""
    with open_log(place) as log:
        for size in sizes:
            have = log.head.size
            if size > have:
                log.append(group(have + branch, size + branch))
            log.publish()
    return place


def fork_of(place: Path, target: Path, *sizes: int) -> Path:
    """Copy a log and go on with other entries: what a dishonest operator does."""
    shutil.copytree(place, target)
    return log_of(target, *sizes, branch=1_000_000)


def check_mirror(directory: Path, key=CHECKPOINT_KEY.public) -> int:
    """Check that everything the checkpoint promises is there and right; gives its size."""
    data = (directory / "checkpoint").read_bytes()
    stated = verify_checkpoint(data, ORIGIN, key)
    leaves = []
    for number in range(-(-stated.size // TILE)):
        width = min(stated.size - number * TILE, TILE)
        name = tile_path(ENTRIES, number, width)
        entries = list(unpack_entries((directory / name).read_bytes(), name))
        assert len(entries) == width
        leaves += map(leaf_hash, entries)
    assert root_of(leaves) == stated.root
    level, hashes = 0, leaves
    while hashes:
        for number in range(-(-len(hashes) // TILE)):
            part = hashes[number * TILE : (number + 1) * TILE]
            path = directory / tile_path(level, number, len(part))
            assert path.read_bytes() == b"".join(part), path
        whole = len(hashes) // TILE * TILE
        hashes = [root_of(hashes[i : i + TILE]) for i in range(0, whole, TILE)]
        level += 1
    for place in tiles_between(0, stated.size):
        assert (directory / tile_path(*place)).exists()
    return stated.size
