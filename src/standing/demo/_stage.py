"""A small ledger on which a story is played: the rail rules, a few people, a few records.

Its days are fixed, so that a story reads the same on every day; its keys are not.
"""

import csv
from pathlib import Path
from typing import Final

from standing import policy
from standing.demo._keys import KeyRing
from standing.engine import SimulatedClock
from standing.ledger import Ledger, create
from standing.packs import shipped
from standing.wire.days import format_day, parse_day
from standing.wire.keys import KeyFile

CONTEXT: Final = "rail"
FOUNDED: Final = parse_day("2026-03-02")
FORCE: Final = FOUNDED + 30
JOINED: Final = FORCE + 1
DELIVERED: Final = parse_day("2026-04-10")
LEDGER_DIR: Final = "ledger"
KEYS_DIR: Final = "keys"
_ADULT_SINCE: Final = parse_day("2001-05-01")
_HOUSES: Final = {
    # key: role, employer
    "railway": ("issuer", "Railway"),
    "rail-sales": ("relying-party", "Railway"),
    "review-board": ("reviewer", "Arbitration House"),
    "second-review": ("reviewer", "Consumer Institute"),
    "counter": ("desk", "City Library"),
    "oversight": ("oversight", "City Council"),
}
_RECORDS: Final = (
    # card, type, day
    ("card-1", "rail.unpaid-fare", "2026-04-07"),
    ("card-1", "rail.forged-ticket", "2026-04-08"),
    ("card-2", "rail.smoking", "2026-04-08"),
    ("card-2", "rail.help-given", "2026-04-09"),
)
_FARE: Final = 1_240
_MAP: Final = b"""\
context = "rail"
issuer = {constant = "railway"}
reference = "card"
type = "type"
day = "day"
basis = "basis"
signer = "signer"
identified = {constant = "credential-shown"}
id = "id"

[details]
fare_cents = "fare_cents"
"""


def make_stage(folder: Path) -> None:
    """Make `ledger` and `keys` in a folder: two people, four records whose notice is running."""
    ring = KeyRing(folder / KEYS_DIR)
    clock = SimulatedClock(FOUNDED)
    operator = ring.make("operator", "city-office")
    with create(
        folder / LEDGER_DIR, operator, origin="story.example/standing", clock=clock
    ) as ledger:
        with ledger.publishing_later():
            keys = _publish(ledger, ring, operator)
        clock.advance_to(JOINED)
        _join(ledger, ring, keys)
        clock.advance_to(DELIVERED)
        _deliver(ledger, folder, keys["railway"])
        ledger.tick()


def _publish(ledger: Ledger, ring: KeyRing, operator: KeyFile) -> dict[str, KeyFile]:
    until = FOUNDED + 1_000
    keys: dict[str, KeyFile] = {}
    makers = [ring.make("rule-maker", name) for name in ("council", "consumer-union")]
    for key in (*makers, ring.make("attester", "registry-office")):
        keys[key.name] = key
        ledger.accredit(key.public, role=key.role, name=key.name, until=until, by=operator)
    for name, (role, employer) in _HOUSES.items():
        keys[name] = ring.make(role, name)
        sector = "rail-operator" if role == "relying-party" else ""
        ledger.accredit(
            keys[name].public, role=role, name=name, employer=employer, until=until, by=operator,
            contexts=[CONTEXT], sector=sector,
        )  # fmt: skip
    ledger.publish_catalogue(shipped("catalogue"), by=makers[0])
    pack = policy.redated(policy.parse_pack(shipped(CONTEXT)), published=FOUNDED, force=FORCE)
    taking_part = [
        policy.Organisation(
            name="railway", employer="Railway", role="issuer", kind="sole-supplier"
        ),
        policy.Organisation(
            name="rail-sales", employer="Railway", role="relying-party", kind="sole-supplier",
            sector="rail-operator",
        ),
    ]  # fmt: skip
    ledger.publish_pack(policy.canonical(policy.with_organisations(pack, taking_part)), by=makers)
    return keys


def _join(ledger: Ledger, ring: KeyRing, keys: dict[str, KeyFile]) -> None:
    attester, issuer = keys["registry-office"].key, keys["railway"].key
    assert attester is not None, "made here"
    assert issuer is not None, "made here"
    for card, name in (("card-1", "resident"), ("card-2", "neighbour")):
        key = ring.make("subject", name).key
        assert key is not None, "made here"
        ledger.enrol(key.public)
        ledger.attest_adult(key.public, _ADULT_SINCE, by=attester)
        pseudonym = ledger.consent(key, CONTEXT)
        ledger.link(pseudonym, card, CONTEXT, issuer="railway", by=issuer)


def _deliver(ledger: Ledger, folder: Path, issuer: KeyFile) -> None:
    path = folder / "rows.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "card", "type", "day", "basis", "signer", "fare_cents"])
        for number, (card, kind, day) in enumerate(_RECORDS):
            basis = f"report {format_day(DELIVERED)}/{number}"
            fare = _FARE if kind == "rail.unpaid-fare" else ""
            writer.writerow([number, card, kind, day, basis, "train manager 7", fare])
    ledger.import_file(path, _MAP, {"railway": issuer})
    path.unlink()
