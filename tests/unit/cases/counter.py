"""A counter that sells tickets: rules under which one purpose opens a perk and a restriction."""

import csv
import os
from itertools import count
from pathlib import Path

import standing
from standing import policy
from standing.packs import shipped
from standing.wire.days import format_day
from standing.wire.keys import KeyFile, SigningKey

FOUNDED = 20_200  # so that TODAY is in 2026, whose holidays the pack lists
FORCE = FOUNDED + 30
JOINED = FORCE + 1
TODAY = JOINED + 366
CONTEXT, PURPOSE = "rail", "high-speed-sale"
PACK = Path(__file__).parents[2] / "packs" / "passing.yaml"
ROLES = {
    "city": "operator", "ann": "rule-maker", "ben": "rule-maker", "registry": "attester",
    "railway": "issuer", "sales": "relying-party", "desk": "relying-party",
    "first": "reviewer", "second": "reviewer",
}  # fmt: skip
MAP = b"""
context = "rail"
issuer = {constant = "railway"}
reference = "card"
type = "type"
day = "day"
basis = "basis"
signer = "signer"
identified = {constant = "credential-shown"}
id = "id"
"""
_numbers = count(1)


def _pack() -> bytes:
    """Give the rules with one more purpose, to which nothing may be answered but `clear`."""
    more = b"  luggage: {title: Take luggage, parties: [rail-operator], answers: [clear]}\n"
    return PACK.read_bytes().replace(b"restrictions:\n", more + b"restrictions:\n", 1)


class Counter:
    """A ledger under `tests/packs/passing.yaml`; people who joined long enough ago for a perk."""

    def __init__(self, folder: Path, people: int = 3, also: dict[str, str] | None = None) -> None:
        self.folder = folder
        self.clock = standing.SimulatedClock(FOUNDED)
        self.keys = {}
        self.roles = ROLES | (also or {})  # whom consents name as issuers is there before them
        for name, role in self.roles.items():
            key = SigningKey.generate()
            self.keys[name] = KeyFile(role, name, key, key.public)
        self.ledger = standing.create(
            folder / "ledger", self.keys["city"], origin="counter.example/log", clock=self.clock
        )
        with self.ledger.publishing_later():
            self._publish()
        self.clock.advance_to(JOINED)
        self.people = [SigningKey.generate() for _ in range(people)]
        with self.ledger.bulk():
            self.names = [self.join(key, f"card-{n}") for n, key in enumerate(self.people)]
        self.clock.advance_to(TODAY)

    def _publish(self) -> None:
        for name, role in list(self.roles.items())[1:]:
            is_here = role in {"issuer", "relying-party", "reviewer"}
            self.ledger.accredit(
                self.keys[name].public, role=role, name=name, employer=f"{name} house",
                until=TODAY + 1_000, by=self.keys["city"], contexts=[CONTEXT] if is_here else [],
                sector="rail-operator" if role == "relying-party" else "",
            )  # fmt: skip
        self.ledger.publish_catalogue(shipped("catalogue"), by=self.keys["ann"])
        pack = policy.redated(policy.parse_pack(_pack()), published=FOUNDED, force=FORCE)
        sectors = {"relying-party": "rail-operator"}
        taking_part = [
            policy.Organisation(
                name=name, employer=f"{name} house", role=role, kind="private",
                sector=sectors.get(role, ""),
            )
            for name, role in self.roles.items()
            if role in {"issuer", "relying-party"}
        ]  # fmt: skip
        pack = policy.with_organisations(pack, taking_part)
        self.ledger.publish_pack(policy.canonical(pack), by=[self.keys["ann"], self.keys["ben"]])

    def join(self, key: SigningKey, card: str) -> str:
        """Enrol one more person with consent and a card."""
        self.ledger.enrol(key.public)
        self.ledger.attest_adult(key.public, 10_000, by=self.keys["registry"].key)
        name = self.ledger.consent(key, CONTEXT, [PURPOSE])
        self.ledger.link(name, card, CONTEXT, issuer="railway", by=self.keys["railway"].key)
        return name

    def record(self, person: int, kind: str) -> None:
        """Store a record of a person, of today; it counts after 14 days."""
        number = next(_numbers)
        row = {
            "id": number, "card": f"card-{person}", "type": kind,
            "day": format_day(self.ledger.today), "basis": f"file {number}", "signer": "manager",
        }  # fmt: skip
        path = self.folder / f"{number}.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(row))
            writer.writeheader()
            writer.writerow(row)
        self.ledger.import_file(path, MAP, {"railway": self.keys["railway"]})

    def move(self, days: int) -> None:
        self.clock.advance_to(self.ledger.today + days)

    def present(self, key: SigningKey, party: str = "sales", **changes: object) -> bytes:
        what = {"context": CONTEXT, "purpose": PURPOSE} | changes
        return self.ledger.present(key, self.keys[party].public, **what)

    def ask(self, token: bytes, party: str = "sales", alternative: str = "a slower train") -> bytes:
        return self.ledger.ask_with(
            self.keys[party], CONTEXT, PURPOSE, f"booking-{next(_numbers)}", token,
            os.urandom(16), alternative,
        )  # fmt: skip

    def answer(self, key: SigningKey) -> str:
        return self.ledger.decide(self.ask(self.present(key))).answer.answer

    def restrict(self, person: int, days: int = 60) -> str:
        """Let a restriction on a forged ticket begin; gives the case."""
        ledger, name = self.ledger, self.names[person]
        self.record(person, "rail.forged-ticket")
        self.move(14)
        shown = ledger.report(name, CONTEXT)["contexts"][0]["records"]
        [forged] = [r["record"] for r in shown if r["type"] == "rail.forged-ticket"]
        facts = {"code": "no-high-speed", "records": [forged], "days": days, "words": "Forged."}
        sales, reviewer = self.keys["sales"].key, self.keys["first"].key
        case = ledger.open_case(name, CONTEXT, "restriction", "propose", facts, key=sales)
        ledger.step(case.name, "open", key=reviewer)
        facts = {"days": days, "reasons": "rail.forged-ticket is proven, by a court.",
                 "opened": [forged], "active_seconds": 300}  # fmt: skip
        ledger.step(case.name, "decide", facts, key=reviewer)
        for _ in range(30):
            if ledger.case(case.name).state == "begun":
                return case.name
            self.move(1)
        raise AssertionError("it never began")
