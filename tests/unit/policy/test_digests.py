"""Digests that two scorers compare."""

import hashlib
import struct

import msgspec
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


def edited(pack, **changes):
    return msgspec.structs.replace(pack, **changes)


CHANGED = {
    "context": "other",
    "base": 999,
    "floor": 1,
    "ceiling": 1001,
    "bands": (),
    "window_days": 46,
    "notice_days": 15,
    "acts": {},
    "recoveries": (),
    "restrictions": (),
    "perks": (),
}


@pytest.mark.parametrize("name", CHANGED)
def test_what_decides_a_score_or_a_consequence_changes_the_rules_digest(passing, name):
    pack = policy.parse_pack(passing)
    other = edited(pack, **{name: CHANGED[name]})
    assert policy.rules_digest(other) != policy.rules_digest(pack)


def test_the_first_day_of_force_changes_the_rules_digest_and_the_rest_of_the_change_does_not(
    passing,
):
    pack = policy.parse_pack(passing)
    first = edited(pack.change, first_force=pack.published)
    named = edited(pack.change, summary="Other", previous="a" * 64, simulation="b" * 64)
    assert policy.rules_digest(edited(pack, change=first)) != policy.rules_digest(pack)
    assert policy.rules_digest(edited(pack, change=named)) == policy.rules_digest(pack)


@pytest.mark.parametrize(
    "change",
    [{"version": 9}, {"title": "Other"}, {"attachments": ()}, {"organisations": ()},
     {"examples": ()}, {"justifications": {}}, {"catalogue": ""}],
)  # fmt: skip
def test_what_decides_neither_leaves_the_rules_digest(passing, change):
    pack = policy.parse_pack(passing)
    assert policy.rules_digest(edited(pack, **change)) == policy.rules_digest(pack)


def test_the_rules_digest_is_the_hash_of_canonical_json(passing):
    pack = policy.parse_pack(passing)
    plain = msgspec.json.decode(policy.canonical(pack))
    kept = {name: plain[name] for name in CHANGED}
    kept["change"] = {"first_force": "2026-11-01"}
    text = msgspec.json.encode(kept, order="deterministic")
    assert policy.rules_digest(pack) == hashlib.sha256(text).digest()


def test_other_organisations_take_the_places_of_their_roles_and_reviewers_stay(passing):
    pack = policy.parse_pack(passing)
    metro = policy.Organisation(name="m", employer="m ltd", role="issuer", kind="private")
    after = policy.with_organisations(pack, [metro]).organisations
    assert [one.role for one in after] == [
        "operator", "relying-party", "reviewer", "second-reviewer", "issuer",
    ]  # fmt: skip
    assert after[-1] == metro
    assert policy.with_organisations(pack, []) == pack
