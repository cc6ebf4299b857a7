"""Rules enter a ledger only where they fit what it already holds."""

import msgspec

from standing import charter, policy
from standing.audit import verify_ledger
from standing.policy._text import dump
from tests.support import CATALOGUE, CONTEXT, FORCE, Town, pack, row

JSON = "application/json"


def publish_by_hand(town: Town, document: bytes, linter: int) -> bytes:
    """Publish a pack as an earlier release did: both signatures, no check of today's."""
    core = town.ledger._core
    digest = core.log.put_document(document)
    read = policy.parse_pack(document)
    facts = {
        "context": read.context, "version": read.version, "force": int(read.force),
        "linter": linter, "catalogue": core.state.roll.catalogues[-1],
    }  # fmt: skip
    envelope = charter.Envelope("pack", digest, JSON, facts)
    core.commit(
        [
            charter.sign_envelope(town.keys[name].key, name, f"pack/{read.version}", envelope)
            for name in ("ann", "ben")
        ]
    )
    return digest


def test_a_pack_published_under_linter_1_stays_in_force_and_is_not_judged_again(
    town: Town,
) -> None:
    plain = msgspec.json.decode(policy.canonical(policy.parse_pack(pack())))
    del plain["catalogue"]
    second = FORCE + 365
    plain |= {"linter": 1, "version": 2, "published": "2024-11-13", "force": "2025-11-03"}
    assert policy.parse_pack(dump(plain)).force == second
    assert policy.lint(dump(plain), policy.parse_catalogue(CATALOGUE))
    digest = publish_by_hand(town, dump(plain), linter=1)
    town.import_rows([row(0)])
    town.move_to(second)
    assert town.ledger.state.packs_of(CONTEXT)[-1] == (second, digest)
    assert town.ledger.score("card-0", CONTEXT, second).score.pack_version == 2
    assert verify_ledger(town.directory).ok
