"""Digests that two scorers compare."""

import hashlib
import struct

import pytest

from standing import policy
from standing.errors import Broken
from standing.policy import RecordFact, Schedule

from .histories import PACK, START


def test_the_population_digest_is_the_hash_of_packed_little_endian_rows():
    rows = [(0, 1000, 2), (7, -5, 0), (2**64 - 1, 2**31 - 1, 255)]
    packed = b"".join(struct.pack("<QiB", *row) for row in rows)
    assert policy.population_digest(rows) == hashlib.sha256(packed).digest()


def test_nobody_has_the_digest_of_nothing():
    assert policy.population_digest([]) == hashlib.sha256(b"").digest()


@pytest.mark.parametrize("rows", [[(2, 0, 0), (1, 0, 0)], [(1, 0, 0), (1, 0, 0)]])
def test_rows_out_of_order_or_twice_are_broken(rows):
    with pytest.raises(Broken, match="E-POP-01"):
        policy.population_digest(rows)


def digest_of(history, at=20, pack=b"p" * 32):
    result = policy.score(history, Schedule([(START, PACK)]), START + at)
    leaves = {fact.id: fact.id.encode() * 32 for fact in history}
    return policy.subject_digest(result, history, pack_digest=pack, record_digests=leaves)


def test_a_subject_s_digest_is_the_same_for_any_order_of_arrival():
    history = [RecordFact(name, "fare", START, START + 1) for name in "abc"]
    assert digest_of(history) == digest_of(history[::-1])


def test_a_subject_s_digest_tells_every_fact_apart():
    base = [RecordFact("a", "fare", START, START)]
    others = [
        [RecordFact("a", "fare", START, START, "contested")],
        [RecordFact("a", "fare", START, START, "annulled")],
        [RecordFact("a", "fare", START + 1, START + 1)],
        [RecordFact("b", "fare", START, START)],
        [],
    ]
    digests = [digest_of(history) for history in (base, *others)]
    digests += [digest_of(base, at=21), digest_of(base, pack=b"q" * 32)]
    assert len(set(digests)) == len(digests)
