"""The small rail ledger that the state machine plays on: made once a session, copied for each run.

Three people, each known to two issuers; reviewers of every kind of house, the wrong ones too; their
records are told and count.
"""

import atexit
import csv
import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import standing
from standing import policy
from standing.ledger import Ledger
from standing.packs import shipped
from standing.wire.days import format_day, parse_day
from standing.wire.keys import KeyFile, SigningKey
from tests.support import new_key

IN_MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
"""Where hundreds of ledgers are written for moments: nobody cuts the power here."""
CONTEXT = "rail"
FOUNDED = parse_day("2026-03-02")
FORCE = FOUNDED + 30
DELIVERED = parse_day("2026-04-10")
NOTICE = 14
BEGIN = DELIVERED + NOTICE
UNTIL = FOUNDED + 1_500
HOUSES = {
    # key: role, employer
    "railway": ("issuer", "Railway"),
    "coach": ("issuer", "Coach Company"),
    "rail-sales": ("relying-party", "Ticket House"),
    "board": ("reviewer", "Arbitration House"),
    "board-two": ("reviewer", "arbitration  house"),  # the same house, spelled otherwise
    "institute": ("reviewer", "Consumer Institute"),
    "rail-clerk": ("reviewer", "Railway"),
    "coach-clerk": ("reviewer", "Coach Company"),
    "sales-clerk": ("reviewer", "Ticket House"),
    "city-clerk": ("reviewer", "City Works"),
    "counter": ("desk", "City Library"),
}
ISSUERS = ("railway", "coach")
REVIEWERS = tuple(name for name, (role, _) in HOUSES.items() if role == "reviewer")
PEOPLE = 3
FIRST_RECORDS = (
    # person, issuer, type, days before delivery
    (0, "railway", "rail.forged-ticket", 1),
    (0, "railway", "rail.smoking", 2),
    (0, "railway", "rail.unpaid-fare", 3),
    (0, "coach", "rail.unpaid-fare", 4),
    (0, "coach", "rail.help-given", 2),
    (1, "railway", "rail.smoking", 3),
    (1, "coach", "rail.smoking", 1),
    (1, "coach", "rail.unpaid-fare", 2),
    (1, "railway", "rail.help-given", 3),
    (2, "coach", "rail.endangering", 5),
)
_COLUMNS = ["id", "card", "type", "day", "basis", "signer", "second", "fare_cents"]
_MAP = """
context = "rail"
issuer = {{constant = "{issuer}"}}
reference = "card"
type = "type"
day = "day"
basis = "basis"
signer = "signer"
second = "second"
identified = {{constant = "credential-shown"}}
id = "id"

[details]
fare_cents = "fare_cents"
"""


@dataclass
class Stage:
    """What acts on the ledger: every key, by name; the people in order."""

    directory: Path
    keys: dict[str, KeyFile]
    people: list[SigningKey] = field(default_factory=list)

    def key(self, name: str) -> SigningKey:
        found = self.keys[name].key
        assert found is not None, "made here"
        return found


def card(person: int, issuer: str) -> str:
    return f"{issuer}-card-{person}"


def open_at(directory: Path, day: int) -> Ledger:
    return standing.open(directory, clock=standing.SimulatedClock(day))


def deliver(
    ledger: Ledger, keys: dict[str, KeyFile], rows: Sequence[tuple[int, str, str, int]], tag: str,
    *, signer: str = "guard 7", second: str = "",
) -> None:  # fmt: skip
    """Import records (person, issuer, type, day), one batch an issuer."""
    for issuer in sorted({issuer for _, issuer, _, _ in rows}):
        path = ledger.directory.parent / f"rows-{issuer}.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(_COLUMNS)
            for number, (person, by, kind, day) in enumerate(rows):
                if by == issuer:
                    fare = 1_240 if kind == "rail.unpaid-fare" else ""
                    writer.writerow(
                        [f"{tag}-{number}", card(person, issuer), kind, format_day(day),
                         f"report {tag}/{number}", signer, second, fare]
                    )  # fmt: skip
        ledger.import_file(path, _MAP.format(issuer=issuer).encode(), {issuer: keys[issuer]})
        path.unlink()


@cache
def prepared() -> Stage:
    """Make the ledger once; whoever plays on it copies its directory."""
    folder = Path(tempfile.mkdtemp(prefix="standing-stage-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    clock = standing.SimulatedClock(FOUNDED)
    operator = new_key("operator", "city-office")
    stage = Stage(folder / "ledger", {"city-office": operator})
    with standing.create(
        stage.directory, operator, origin="machine.example/standing", clock=clock,
        employer="City Works",
    ) as ledger:  # fmt: skip
        with ledger.publishing_later():
            _publish(ledger, stage)
        clock.advance_to(FORCE + 1)
        for person in range(PEOPLE):
            stage.people.append(_join(ledger, stage, person))
        clock.advance_to(DELIVERED)
        rows = [(who, by, kind, DELIVERED - ago) for who, by, kind, ago in FIRST_RECORDS]
        deliver(ledger, stage.keys, rows, "first")
        clock.advance_to(BEGIN)
        ledger.tick(send=False)
    return stage


def _publish(ledger: Ledger, stage: Stage) -> None:
    keys, operator = stage.keys, stage.keys["city-office"]
    for name, role in (("council", "rule-maker"), ("union", "rule-maker"), ("civil", "attester")):
        keys[name] = new_key(role, name)
        ledger.accredit(keys[name].public, role=role, name=name, until=UNTIL, by=operator)
    for name in HOUSES:
        accredit(ledger, stage.keys, name)
    ledger.publish_catalogue(shipped("catalogue"), by=keys["council"])
    pack = policy.redated(policy.parse_pack(shipped(CONTEXT)), published=FOUNDED, force=FORCE)
    taking_part = [
        policy.Organisation(
            name=name, employer=employer, role=role, kind="sole-supplier",
            sector="rail-operator" if role == "relying-party" else "",
        )
        for name, (role, employer) in HOUSES.items()
        if role in {"issuer", "relying-party"}
    ]  # fmt: skip
    data = policy.canonical(policy.with_organisations(pack, taking_part))
    ledger.publish_pack(data, by=[keys["council"], keys["union"]])


def accredit(ledger: Ledger, keys: dict[str, KeyFile], name: str) -> None:
    """Put a fresh key of a house on the roll."""
    role, employer = HOUSES[name]
    keys[name] = new_key(role, name)
    ledger.accredit(
        keys[name].public, role=role, name=name, employer=employer, until=UNTIL,
        by=keys["city-office"], contexts=[CONTEXT],
        sector="rail-operator" if role == "relying-party" else "",
    )  # fmt: skip


def _join(ledger: Ledger, stage: Stage, person: int) -> SigningKey:
    key = SigningKey.generate()
    ledger.enrol(key.public)
    ledger.attest_adult(key.public, parse_day("2001-05-01"), by=stage.key("civil"))
    name = ledger.consent(key, CONTEXT)
    address = {"kind": "email", "address": f"person-{person}@machine.example"}
    ledger.open_case(key.public, "", "contact", "set", address, key=key)
    for issuer in ISSUERS:
        ledger.link(name, card(person, issuer), CONTEXT, issuer=issuer, by=stage.key(issuer))
    return key


def copied(folder: Path) -> Stage:
    """Give a stage of its own, in a folder, as it was prepared."""
    ready = prepared()
    shutil.copytree(ready.directory, folder / "ledger")
    return Stage(folder / "ledger", dict(ready.keys), list(ready.people))
