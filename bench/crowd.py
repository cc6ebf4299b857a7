"""A ledger of many subjects: some real ones through the verbs, the crowd put into the vault."""

import csv
import os
import random
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from standing import policy
from standing.demo._keys import new_key
from standing.engine import SimulatedClock
from standing.ledger import Ledger, create
from standing.packs import shipped
from standing.vault import Consent, new_salt
from standing.wire.days import format_day, parse_day
from standing.wire.keys import KeyFile, SigningKey

RAIL, HOSPITALITY = "rail", "hospitality"
PURPOSES = {RAIL: "high-speed-sale", HOSPITALITY: "table-or-room"}
FOUNDED = parse_day("2026-01-05")
TODAY = FOUNDED + 150
_ROLES = {
    "one": "rule-maker", "two": "rule-maker", "office": "attester", "railway": "issuer",
    "hotels": "issuer", "sales": "relying-party", "booking": "relying-party",
    "first": "reviewer", "second": "reviewer",
}  # fmt: skip
_CONTEXT_OF = {"railway": RAIL, "sales": RAIL, "hotels": HOSPITALITY, "booking": HOSPITALITY}
_REASONS = "rail.forged-ticket is proven, as a court has found."


@dataclass
class Crowd:
    """The ledger, its keys, and whom it holds."""

    ledger: Ledger
    clock: SimulatedClock
    folder: Path
    keys: dict[str, KeyFile]
    people: list[SigningKey] = field(default_factory=list)
    crowd: list[str] = field(default_factory=list)  # references
    rows: int = 0

    def key(self, name: str) -> SigningKey:
        found = self.keys[name].key
        assert found is not None, "made here"
        return found

    def import_rows(self, context: str, issuer: str, rows: Iterable[tuple[str, str, int]]) -> None:
        """Import (reference, type, day) rows of an issuer."""
        path = self.folder / "rows.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(["id", "card", "type", "day", "basis", "signer", "guests"])
            for card, kind, day in rows:
                self.rows += 1
                basis = f"file {self.rows}"
                writer.writerow([self.rows, card, kind, format_day(day), basis, "a", 2])
        text = f"""
context = "{context}"
issuer = {{constant = "{issuer}"}}
reference = "card"
type = "type"
day = "day"
basis = "basis"
signer = "signer"
identified = {{constant = "credential-shown"}}
id = "id"
"""
        text += '[details]\nguests = "guests"\n' if context == HOSPITALITY else ""
        self.ledger.import_file(path, text.encode(), {issuer: self.keys[issuer]})


def make_crowd(folder: Path, subjects: int, *, real: int, restricted: int) -> Crowd:
    """Make a ledger of `subjects` in rail, `real` of them through the verbs, also in hospitality.

    The first `restricted` of the real ones are restricted in rail.
    """
    clock = SimulatedClock(FOUNDED)
    operator = new_key("operator", "city")
    ledger = create(folder / "ledger", operator, origin="bench/standing", clock=clock)
    keys = {"city": operator, **{name: new_key(role, name) for name, role in _ROLES.items()}}
    made = Crowd(ledger, clock, folder, keys)
    with ledger.publishing_later():
        _publish(made)
    clock.advance_to(FOUNDED + 31)
    _say(f"enrolling {real:,} subjects")
    with ledger.bulk():
        for number in range(real):
            _join(made, number)
    _say(f"putting {subjects - real:,} more into the vault")
    _fill(made, subjects - real)
    clock.advance_to(FOUNDED + 60)
    chance = random.Random(1)
    kept = [
        (f"card-{chance.randrange(real):07}", "hospitality.kept-booking", FOUNDED + 50 + n % 10)
        for n in range(5 * real)
    ]
    made.import_rows(HOSPITALITY, "hotels", kept)
    forged = [(f"card-{n:07}", "rail.forged-ticket", FOUNDED + 55) for n in range(restricted)]
    made.import_rows(RAIL, "railway", forged)
    clock.advance_to(TODAY)
    ledger.tick()
    for number in range(restricted):
        _restrict(made, number)
    clock.advance_to(TODAY + 12)
    ledger.tick()
    return made


def _publish(made: Crowd) -> None:
    for name, role in _ROLES.items():
        context = _CONTEXT_OF.get(name)
        sector = {"sales": "rail-operator", "booking": "restaurant"}.get(name, "")
        made.ledger.accredit(
            made.keys[name].public, role=role, name=name, employer=f"{name} house",
            until=FOUNDED + 2_000, by=made.keys["city"], contexts=[context] if context else [],
            sector=sector,
        )  # fmt: skip
    made.ledger.publish_catalogue(shipped("catalogue"), by=made.keys["one"])
    for context in (RAIL, HOSPITALITY):
        pack = policy.parse_pack(shipped(context))
        pack = policy.redated(pack, published=FOUNDED, force=FOUNDED + 30)
        kinds = {listed.role: listed.kind for listed in pack.organisations}
        taking_part = [
            policy.Organisation(
                name=name, employer=f"{name} house", role=made.keys[name].role,
                kind=kinds[made.keys[name].role],
                sector={"sales": "rail-operator", "booking": "restaurant"}.get(name, ""),
            )
            for name, within in _CONTEXT_OF.items()
            if within == context
        ]  # fmt: skip
        pack = policy.with_organisations(pack, taking_part)
        made.ledger.publish_pack(policy.canonical(pack), by=[made.keys["one"], made.keys["two"]])


def _join(made: Crowd, number: int) -> None:
    key = SigningKey.generate()
    made.ledger.enrol(key.public)
    made.ledger.attest_adult(key.public, 10_000, by=made.key("office"))
    for context, issuer in ((RAIL, "railway"), (HOSPITALITY, "hotels")):
        name = made.ledger.consent(key, context)
        made.ledger.link(name, f"card-{number:07}", context, issuer=issuer, by=made.key(issuer))
    made.people.append(key)


def _fill(made: Crowd, count: int) -> None:
    """Put subjects with consent and a reference into the vault, as rows and sealed consents."""
    vault = made.ledger._core.vault  # noqa: SLF001 - a million through the verbs takes ten minutes
    draft = made.ledger.draft_consent(made.people[0].public, RAIL, [PURPOSES[RAIL]])
    values = {name: getattr(draft, name) for name in draft.__struct_fields__}
    with vault.transaction():
        for number in range(count):
            subject, key = number + 1, os.urandom(40)
            reference = f"crowd-{number:07}"
            values |= {
                "salt": new_salt(), "pseudonym": vault.people.name(subject, RAIL), "key": key,
                "proof": ["cose", bytes(64)],
            }  # fmt: skip
            vault.db.execute("INSERT INTO subjects VALUES (?,?,?)", (subject, "person", key))
            vault.db.execute(
                "INSERT INTO links VALUES (?,?,?,?,0)",
                (vault.secret.reference(RAIL, reference), draft.day, subject, 2**31),
            )
            vault.add(Consent(**values), subject, RAIL)
            made.crowd.append(reference)


def _restrict(made: Crowd, number: int) -> None:
    ledger, reference = made.ledger, f"card-{number:07}"
    [record] = [r["record"] for r in ledger.report(reference, RAIL)["contexts"][0]["records"]]  # type: ignore[index]
    facts = {"code": "no-high-speed", "records": [record], "days": 60, "words": "Forged."}
    case = ledger.open_case(
        reference, RAIL, "restriction", "propose", facts, key=made.key("sales")
    ).name
    reviewer = made.key("first" if number % 2 else "second")
    ledger.step(case, "open", key=reviewer)
    facts = {"days": 60, "reasons": _REASONS, "opened": [record], "active_seconds": 200}
    ledger.step(case, "decide", facts, key=reviewer)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
