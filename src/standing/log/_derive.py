"""What the entries of full bundles give: leaf hashes and statement hashes, beside their tiles.

The costly, plain part of a check, so that it can run in several processes.
"""

import hashlib
import itertools
import multiprocessing
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeVar

from standing.errors import Broken, Refused
from standing.log._layout import ENTRIES, TILE, cut_hashes, tile_path, unpack_entries
from standing.verify.tree import root_of

HashOf = Callable[[bytes], bytes]
_Extra = TypeVar("_Extra")
_Result = TypeVar("_Result")

_FEW_BUNDLES: Final = 64  # not worth starting processes for
_PARTS_A_PROCESS: Final = 4


@dataclass
class Derived:
    """Hashes in order of entries, the files that agree, and the first that does not, with why."""

    leaves: bytes = b""
    names: bytes = b""
    roots: bytes = b""  # of each bundle's leaves: the hashes of the level above
    seen: list[str] = field(default_factory=list)
    problem: tuple[str, str] | None = None
    suspect: int | None = None  # where entries and tile first disagree, counted in `names`


def over_bundles(
    work: Callable[[Path, int, int, _Extra], _Result],
    directory: Path,
    bundles: int,
    extra: _Extra,
) -> Iterator[_Result]:
    """Do work over the first full bundles of a log, stretch by stretch, in order.

    In as many processes as there are cores where that pays, so `work` is a function of a module.
    """
    cores = os.cpu_count() or 1
    if bundles < _FEW_BUNDLES or cores == 1:
        yield work(directory, 0, bundles, extra)
        return
    parts = cores * _PARTS_A_PROCESS
    edges = [bundles * part // parts for part in range(parts + 1)]
    # not forked: the caller's process may run threads, and its memory is not wanted here
    context = multiprocessing.get_context("forkserver")
    with ProcessPoolExecutor(cores, mp_context=context) as pool:
        jobs = [
            pool.submit(work, directory, first, stop, extra)
            for first, stop in itertools.pairwise(edges)
        ]
        for job in jobs:
            yield job.result()


def read_bundle(directory: Path, number: int) -> list[bytes]:
    """Read the entries of a full bundle."""
    name = tile_path(ENTRIES, number)
    return list(unpack_entries((directory / name).read_bytes(), name))


def derive_bundles(directory: Path, bundles: int, hash_of: HashOf) -> Iterator[Derived]:
    """Derive the first full bundles of a log, part by part, in order."""
    return over_bundles(derive, directory, bundles, hash_of)


def derive(directory: Path, first: int, stop: int, hash_of: HashOf) -> Derived:
    """Derive bundles `first` to `stop`; ends at the first that disagrees with its tile."""
    leaves: list[bytes] = []
    names: list[bytes] = []
    roots: list[bytes] = []
    found = Derived()
    sha256 = hashlib.sha256
    for number in range(first, stop):
        begin = len(leaves)
        name = tile_path(ENTRIES, number)
        try:
            entries = read_bundle(directory, number)
            leaves += [sha256(b"\x00" + entry).digest() for entry in entries]
        except FileNotFoundError:
            found.problem = name, "the file is missing"
            break
        except Broken as problem:
            found.problem = name, problem.why
            break
        if len(entries) != TILE:
            found.problem = name, f"it holds {len(entries)} entries instead of {TILE}"
            break
        for place, entry in enumerate(entries, number * TILE):
            try:
                names.append(hash_of(entry))
            except (Refused, Broken) as problem:
                found.problem = f"entry {place}", str(problem).rstrip(".")
                return found
        found.seen.append(name)
        tile = tile_path(0, number)
        held = _read(directory / tile, found.seen, tile)
        if held is not None and held != b"".join(leaves[begin:]):
            found.problem = tile, "the file is not what the entries give"
            pairs = zip(leaves[begin:], cut_hashes(held), strict=False)
            found.suspect = next(
                (at for at, (leaf, other) in enumerate(pairs, begin) if leaf != other), None
            )
            break
        roots.append(root_of(leaves[begin:]))
    found.leaves, found.names, found.roots = b"".join(leaves), b"".join(names), b"".join(roots)
    return found


def _read(path: Path, seen: list[str], name: str) -> bytes | None:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None  # whether it must be there is asked at the end
    seen.append(name)
    return data
