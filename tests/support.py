"""A small ledger for tests: one context, two issuers, a relying party, a few people."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import standing
from standing import policy
from standing.cases.lifecycles import Case
from standing.ledger import Ledger
from standing.ledger.intake import Imported
from standing.wire.days import format_day
from standing.wire.keys import KeyFile, SigningKey

FOUNDED = 20_000
FORCE = FOUNDED + 30
TODAY = FOUNDED + 40
UNTIL = FOUNDED + 1000
NOTICE_DAYS = 14
ADULT_SINCE = 10_000
CONTEXT = "transit"
DUTY = "dd5a913e1c7ceeec2ffea08d412e94697eff7a86824a18276c5f052f87b69427"
COLUMNS = ("id", "card", "type", "day", "basis", "signer", "zones")

CATALOGUE = f"""
format: standing/catalogue/1
version: 1
title: Test catalogue
settings:
  transit: {{title: Public transport, source: city-rules, sectors: [transit-operator]}}
types:
  fare-unpaid:
    setting: transit
    act: Rides without a fare
    sign: -1
    ceiling: general
    duty: {{title: Pay, citation: sample 1, url: "https://example.org/x", source: city-rules, text: Pay the fare, sha256: "{DUTY}", sample: true}}
    fields:
      zones: {{least: 1, most: 9, required: false}}
  helped:
    setting: transit
    act: Helped
    sign: 1
    ceiling: general
""".encode()

CATALOGUE_DIGEST = sha256(policy.canonical(policy.parse_catalogue(CATALOGUE))).hexdigest()

MAP = b"""
context = "transit"
issuer = {constant = "metro"}
reference = "card"
type = "type"
day = "day"
basis = "basis"
signer = "signer"
identified = {constant = "credential-shown"}
id = "id"
[details]
zones = "zones"
"""


def pack(published: int = FOUNDED, force: int = FORCE, version: int = 1) -> bytes:
    """Write a pack that the linter passes."""
    return f"""
format: standing/pack/1
linter: {policy.LINTER_VERSION}
catalogue: {CATALOGUE_DIGEST}
context: transit
version: {version}
title: Transit
setting: transit
source: city-rules
subjects: [person]
published: "{format_day(published)}"
force: "{format_day(force)}"
change: {{first_force: "{format_day(FORCE)}", summary: "first pack: nothing to compare"}}
base: 1000
floor: 0
ceiling: 1200
bands: [{{name: low, least: 0}}, {{name: mid, least: 600}}, {{name: good, least: 900}}]
score_of: [transit]
window_days: 365
notice_days: {NOTICE_DAYS}
contest_days: 184
acts:
  fare-unpaid: {{tier: general, points: -50, validity_days: 365, ages: [[180, -25], [365, 0]], cap: 200, window_days: 365, inputs: [ticket-check], duty: "{DUTY}"}}
  helped: {{tier: general, points: 5, validity_days: 365, ages: [[365, 0]], cap: 100, window_days: 365, inputs: [staff-report]}}
recoveries:
  - {{kind: time, restores: [fare-unpaid]}}
purposes:
  ride: {{title: Ride, parties: [transit-operator], answers: [clear]}}
organisations:
  - {{name: metro, employer: metro, role: issuer, kind: private}}
  - {{name: bus, employer: bus, role: relying-party, kind: private, sector: transit-operator}}
  - {{name: first, employer: first house, role: reviewer, kind: private}}
  - {{name: second, employer: second house, role: second-reviewer, kind: private}}
impact: {{result: "not shown"}}
calendar: {{weekend: [6, 7], holidays: {{}}}}
""".encode()


def rail_pack(published: int) -> bytes:
    """Write the first pack of a second context, with the same rules."""
    force = published + 30
    return (
        pack(published, force)
        .replace(b"context: transit", b"context: rail")
        .replace(b"score_of: [transit]", b"score_of: [rail]")
        .replace(format_day(FORCE).encode(), format_day(force).encode())
    )


def new_key(role: str, name: str) -> KeyFile:
    key = SigningKey.generate()
    return KeyFile(role, name, key, key.public)


@dataclass
class Town:
    """A ledger with the keys that act in it; nothing of it is shared between tests."""

    ledger: Ledger
    clock: standing.SimulatedClock
    keys: dict[str, KeyFile]
    people: list[SigningKey] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    trips: int = 0

    @property
    def directory(self) -> Path:
        return self.ledger.directory

    def add_person(self) -> SigningKey:
        """Enrol one more person of age, with consent and the card card-N."""
        key = SigningKey.generate()
        self.ledger.enrol(key.public)
        self.ledger.attest_adult(key.public, ADULT_SINCE, by=self.keys["registry"].key)
        name = self.ledger.consent(key, CONTEXT)
        self.link(name, f"card-{len(self.people)}")
        self.people.append(key)
        self.names.append(name)
        return key

    def link(self, name: str, reference: str) -> None:
        self.ledger.link(name, reference, CONTEXT, issuer="metro", by=self.keys["metro"].key)

    def write_rows(self, rows: Iterable[dict[str, object]], name: str = "rows.csv") -> Path:
        """Write rows beside the ledger as CSV."""
        path = self.directory.parent / name
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, COLUMNS)
            writer.writeheader()
            writer.writerows(rows)
        return path

    def take(self, path: Path, **options: object) -> Imported:
        """Import a file under the issuer's key."""
        options.setdefault("map_data", MAP)
        options.setdefault("keys", {"metro": self.keys["metro"]})
        return self.ledger.import_file(path, **options)

    def import_rows(self, rows: Iterable[dict[str, object]], **options: object) -> Imported:
        return self.take(self.write_rows(rows), **options)

    def add_rail(self) -> None:
        """Publish rules for a second context."""
        makers = [self.keys["ann"], self.keys["ben"]]
        self.ledger.publish_pack(rail_pack(self.ledger.today), by=makers)

    def ask(self, reference: str, nonce: bytes = b"n" * 16, trip: str = "") -> bytes:
        """Sign a question, each about a trip of its own unless one is named."""
        self.trips += 1
        trip = trip or f"trip-{self.trips:06}"
        return self.ledger.ask(self.keys["bus"], CONTEXT, "ride", trip, reference, nonce)

    def move_to(self, day: int) -> None:
        self.clock.advance_to(day)

    def verify(self) -> None:
        """Let a day pass, and demand that everything verifies."""
        self.move_to(self.ledger.today + 1)
        self.ledger.tick()
        self.ledger.score_all(CONTEXT)
        checks = self.ledger.verify().checks
        assert all(c.ok for c in checks), [c.problem for c in checks if not c.ok]

    def accredit(self, name: str, role: str, employer: str = "") -> SigningKey:
        """Put one more key on the roll, for the one context."""
        key = self.keys[name] = new_key(role, name)
        self.ledger.accredit(
            key.public, role=role, name=name, employer=employer or name, until=UNTIL,
            by=self.keys["city"], contexts=[CONTEXT],
        )  # fmt: skip
        assert key.key is not None
        return key.key

    def add_court(self) -> None:
        """Let two reviewers of two houses, a desk and an oversight body act here."""
        with self.ledger.publishing_later():
            self.accredit("first", "reviewer", "first house")
            self.accredit("second", "reviewer", "second house")
            self.accredit("counter", "desk")
            self.accredit("watch", "oversight")

    def record_of(self, person: int, place: int = 0) -> str:
        """Name a record of a person, by its place among theirs."""
        return self.ledger.report(self.names[person])["contexts"][0]["records"][place]["record"]

    def contest(self, person: int, record: str, **changes: object) -> Case:
        facts = {
            "target": "record", "named": record, "words": "I had a ticket.", "issuer": "metro",
        } | changes  # fmt: skip
        return self.ledger.open_case(
            self.names[person], CONTEXT, "contest", "file", facts, key=self.people[person]
        )


def row(number: int = 0, **changes: object) -> dict[str, object]:
    """Give one good row; `number` tells its id, card and type."""
    return {
        "id": f"r{number}",
        "card": f"card-{number % 5}",
        "type": "helped" if number % 3 == 2 else "fare-unpaid",
        "day": format_day(TODAY - number % 5),
        "basis": f"ticket {number}",
        "signer": f"inspector-{number % 2}",
        "zones": "" if number % 3 else "3",
    } | changes


def rows(count: int) -> list[dict[str, object]]:
    return [row(number) for number in range(count)]


def make_ledger(
    tmp_path: Path, *, subjects: int = 5, page_size: int = 4096, rules: bytes | None = None
) -> Town:
    """Make a ledger whose pack is in force, with so many people, on the day TODAY."""
    clock = standing.SimulatedClock(FOUNDED)
    keys = {
        name: new_key(role, name)
        for name, role in {
            "city": "operator", "ann": "rule-maker", "ben": "rule-maker", "registry": "attester",
            "metro": "issuer", "bus": "relying-party",
        }.items()
    }  # fmt: skip
    ledger = standing.create(
        tmp_path / "ledger",
        keys["city"],
        origin="test.example/ledger",
        clock=clock,
        page_size=page_size,
    )
    town = Town(ledger, clock, keys)
    with ledger.publishing_later():  # few files: some tests read each of them
        for name in ("ann", "ben", "registry", "metro", "bus"):
            key = keys[name]
            acts = key.role in {"issuer", "relying-party"}
            ledger.accredit(
                key.public,
                role=key.role,
                name=name,
                until=UNTIL,
                by=keys["city"],
                contexts=[CONTEXT] if acts else [],
                sector="transit-operator" if name == "bus" else "",
            )
        ledger.publish_catalogue(CATALOGUE, by=keys["ann"])
        ledger.publish_pack(rules or pack(), by=[keys["ann"], keys["ben"]])
    clock.advance_to(FORCE + 1)
    with ledger.bulk():
        for _ in range(subjects):
            town.add_person()
    clock.advance_to(TODAY)
    return town
