"""Invented populations as columns on disk: Zipf's law says who has how many records."""

from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from standing import policy
from standing.columns import ColumnStore
from standing.columns._segment import write_segment
from standing.columns._store import _EMPTY
from standing.packs import shipped
from standing.policy.columns import Columns

CONTEXT = "hospitality"
PACK = policy.parse_pack(shipped(CONTEXT))
FORCE = int(PACK.force)
TODAY = FORCE + 400
SCHEDULE = policy.Schedule([(FORCE, PACK)])
CODES = ("", *sorted(PACK.acts))
_BLOCK = 8_000_000


def make_population(root: Path, records: int, subjects: int, seed: int = 1) -> ColumnStore:
    """Write a store of so many records: acts of 400 days, 4 in 100 contested or gone."""
    store = ColumnStore(root, CONTEXT)
    store.folder.mkdir(parents=True)
    chance = np.random.default_rng(seed)
    held = _zipf(chance, records, subjects)

    def fill(out: tuple[Any, ...]) -> None:
        out[0][:] = np.sort(chance.integers(1, 2**63, subjects, dtype=np.uint64))
        np.cumsum(held, out=out[1])
        first = 0
        while first < subjects:
            begin = int(out[1][first - 1]) if first else 0
            last = int(np.searchsorted(out[1], begin + _BLOCK, "right"))
            last = min(max(last, first + 1), subjects)
            _fill(chance, out, held, first, last, begin)
            first = last

    counts = (subjects, subjects, records, records, records, records, 0)
    listed = write_segment(store.folder / "000001", counts, fill)
    manifest = msgspec.structs.replace(_EMPTY, codes=CODES, segments=(listed,), through=1)
    store._publish(manifest)  # noqa: SLF001 - a store of this size is not made by appending
    return store


def _zipf(chance: np.random.Generator, records: int, subjects: int) -> Any:
    weights = 1 / np.arange(1, subjects + 1)
    held = chance.multinomial(records, weights / weights.sum())
    chance.shuffle(held)
    return held


def _fill(
    chance: np.random.Generator, out: tuple[Any, ...], held: Any, first: int, last: int, begin: int
) -> None:
    rows = np.repeat(np.arange(last - first, dtype=np.uint64), held[first:last])
    count = len(rows)
    kinds = chance.integers(1, len(CODES), count, dtype=np.uint64)
    days = np.uint64(FORCE) + chance.integers(0, TODAY - FORCE, count, dtype=np.uint64)
    keys = np.sort(rows << np.uint64(24) | kinds << np.uint64(16) | days)
    end = begin + count
    out[2][begin:end] = keys >> np.uint64(16) & np.uint64(255)
    out[3][begin:end] = keys & np.uint64(65_535)
    out[4][begin:end] = out[3][begin:end] + chance.integers(0, 10, count, dtype=np.uint16)
    fates = chance.random(count, dtype=np.float32) * 100
    out[5][begin:end] = np.where(fates < 96, 0, (fates - 95).astype(np.uint8))


def news(store: Columns, count: int, seed: int = 2) -> Columns:
    """Invent records of today, in order of subjects who are there."""
    chance = np.random.default_rng(seed)
    chosen = chance.choice(store.subjects, count)
    subjects, times = np.unique(chosen, return_counts=True)
    day = np.full(count, TODAY, np.uint16)
    return Columns(
        CODES, subjects, np.cumsum(times), np.full(count, 3, np.uint8), day, day,
        np.zeros(count, np.uint8), np.empty(0, np.uint16),
    )  # fmt: skip


def harsher(pack: policy.Pack) -> policy.Pack:
    """Half as much again for each no-show, and perks after eight kept bookings."""
    acts = dict(pack.acts)
    worst = acts["hospitality.no-show"]
    acts["hospitality.no-show"] = msgspec.structs.replace(
        worst,
        points=worst.points * 3 // 2,
        ages=tuple((day, points * 3 // 2) for day, points in worst.ages),
    )
    perks = tuple(msgspec.structs.replace(perk, records=8) for perk in pack.perks)
    return msgspec.structs.replace(pack, acts=acts, perks=perks, version=2)
