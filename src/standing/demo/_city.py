"""The invented city: fifteen months on a simulated clock, everyone with keys of their own.

Residents sign their consents; issuers deliver a week of rows at a time; some rows are about
people who never agreed, some residents stop. `seed` fixes people, events and scores, never keys,
salts or roots.
"""

import csv
import os
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Final

from standing import policy
from standing.demo._hearing import REVIEWERS, Plaintiff, be_heard, burdened
from standing.demo._keys import KEYS_DIR, KeyRing, new_key
from standing.demo._proposal import CONTEXT as PROPOSED
from standing.demo._proposal import write_proposal
from standing.demo._sayings import say_something
from standing.engine import RealClock, SimulatedClock, today
from standing.errors import Refused
from standing.ledger import Ledger, create
from standing.packs import NAMES, shipped
from standing.wire.days import format_day
from standing.wire.keys import KeyFile, SigningKey

_FIFTEEN_MONTHS: Final = 456
_NOTICE_OF_RULES: Final = 30
_JOINING_DAY: Final = 31
_YEAR: Final = 365
_WEEK: Final = 7
_NAMED_RESIDENTS: Final = 12
_STRANGERS_PERCENT: Final = 8
_LEAVERS_PERCENT: Final = 2
_QUESTIONS: Final = 40
_LISTENED_TO: Final = 100
_ACTS_A_WEEK: Final = 0.06  # of one resident in one context
_ISSUERS: Final = {
    "transit": ("metro",),
    "rail": ("railway",),
    "air": ("airport",),
    "road": ("road-police",),
    "hospitality": ("restaurants", "hotels"),
    "recycling": ("waste-stations",),
    "food-hygiene": ("food-inspectorate",),
    "punctuality": ("transport-registry",),
}
_ASKERS: Final = {"rail": "rail-operator", "air": "airline", "road": "car-share"}
_MAP: Final = """\
context = "{context}"
issuer = "issuer"
reference = "reference"
type = "type"
day = "day"
basis = "basis"
signer = "signer"
identified = "identified"
id = "id"

[details]
{details}
"""


@dataclass
class Resident:
    """One invented resident: a key, and a reference in each context they joined."""

    key: SigningKey
    contexts: tuple[str, ...]
    references: dict[str, tuple[str, str]] = field(
        default_factory=dict
    )  # context: issuer, reference
    leaves_on: int | None = None


@dataclass(frozen=True)
class City:
    """What was made."""

    directory: Path
    subjects: int
    records: int
    batches: int
    log_size: int
    seconds: float
    someone: str  # a resident's pseudonym, for the next commands
    context: str
    asker: str  # a relying party's name
    purpose: str
    reference: str
    good_act: str
    proposal: Path  # the next version of a pack, not published
    heard: dict[str, tuple[str, str, str]]  # what a case shows: (case, subject, context)
    resident: str  # whose key file shows most


Progress = Callable[[str, int, int], None]


def make_city(
    directory: Path, *, seed: int, subjects: int, progress: Progress = lambda *_: None
) -> City:
    """Make the whole city in a new directory; gives what was made."""
    began = time.perf_counter()
    maker = _Maker(directory, seed, progress)
    with maker.ledger as ledger:
        maker.publish_rules()
        maker.move_in(subjects)
        maker.live()
        heard = maker.be_heard()
        maker.look_back()
        return City(
            directory,
            subjects,
            maker.records,
            maker.batches,
            ledger.log_size,
            time.perf_counter() - began,
            *maker.someone(),
            write_proposal(directory, maker.packs[PROPOSED], ledger.today),
            heard,
            maker.resident(heard),
        )


def _employer(name: str) -> str:
    return f"{name} ltd"


def _sector(pack: policy.Pack) -> str:
    return min(party for purpose in pack.purposes.values() for party in purpose.parties)


def _taking_part(pack: policy.Pack) -> Iterator[policy.Organisation]:
    """Give the city's own issuers and relying party, of the kind that the sample's are."""
    kinds = {listed.role: listed.kind for listed in pack.organisations}
    for name in _ISSUERS[pack.context]:
        yield policy.Organisation(
            name=name, employer=_employer(name), role="issuer", kind=kinds["issuer"]
        )
    if pack.context in _ASKERS:
        name = _ASKERS[pack.context]
        yield policy.Organisation(
            name=name,
            employer=_employer(name),
            role="relying-party",
            kind=kinds["relying-party"],
            sector=_sector(pack),
        )


class _Maker:
    def __init__(self, directory: Path, seed: int, progress: Progress) -> None:
        self.chance = random.Random(seed)  # noqa: S311 - people, not secrets
        # of its own, so that what people say of themselves changes no event
        self.sayings = random.Random(f"{seed} sayings")  # noqa: S311 - people, not secrets
        self.progress = progress
        self.first_day = today(RealClock()) - _FIFTEEN_MONTHS
        self.clock = SimulatedClock(self.first_day)
        self.records = self.batches = 0
        self.residents: list[Resident] = []
        self.packs: dict[str, policy.Pack] = {}
        self.issuers: dict[str, KeyFile] = {}
        self.askers: dict[str, KeyFile] = {}
        self.court: dict[str, KeyFile] = {}
        self.establishments: dict[str, list[str]] = {}
        self.ledger = self._found(directory)

    def _found(self, directory: Path) -> Ledger:
        if directory.exists():
            raise Refused(
                "E-DEMO-01",
                f"{str(directory)!r} exists already.",
                why="The demo makes its ledger in a new directory and overwrites nothing.",
                fix="Remove it, or name another: standing demo --dir DIR.",
                where=str(directory),
            )
        self.operator = new_key("operator", "city-office")
        ledger = create(directory, self.operator, origin="demo.city/standing", clock=self.clock)
        self.ring = KeyRing(directory / KEYS_DIR)
        self.ring.keep(self.operator)
        return ledger

    # --- rules and organisations --------------------------------------------------------------

    def publish_rules(self) -> None:
        """Accredit the organisations, publish catalogue and packs, wait for their force."""
        until = self.first_day + 3 * _YEAR
        makers = [self.ring.make("rule-maker", name) for name in ("council", "consumer-union")]
        self.attester = self.ring.make("attester", "registry-office")
        catalogue_data = shipped("catalogue")
        self.catalogue = policy.parse_catalogue(catalogue_data)
        force = self.first_day + _NOTICE_OF_RULES
        for name in NAMES:
            pack = policy.parse_pack(shipped(name))
            pack = policy.redated(pack, published=self.first_day, force=force)
            self.packs[pack.context] = policy.with_organisations(pack, _taking_part(pack))
        with self.ledger.publishing_later():
            for maker in (*makers, self.attester):
                self._accredit(maker, until)
            for context, names in _ISSUERS.items():
                for name in names:
                    self.issuers[name] = self.ring.make("issuer", name)
                    self._accredit(self.issuers[name], until, contexts=(context,))
            self._accredit_askers(until)
            self._accredit_court(until)
            self.ledger.publish_catalogue(catalogue_data, by=makers[0])
            for pack in self.packs.values():
                self.ledger.publish_pack(policy.canonical(pack), by=makers)
        self.progress("rules", 1, 1)

    def _accredit(
        self,
        key: KeyFile,
        until: int,
        *,
        contexts: tuple[str, ...] = (),
        sector: str = "",
        employer: str = "",
    ) -> None:
        self.ledger.accredit(
            key.public,
            role=key.role,
            name=key.name,
            employer=employer or _employer(key.name),
            until=until,
            contexts=contexts,
            sector=sector,
            by=self.operator,
        )

    def _accredit_court(self, until: int) -> None:
        """Let reviewers of two houses, a desk and an oversight body act in every context."""
        houses = {**REVIEWERS, "library-desk": "City Library", "oversight": "City Council"}
        roles = {"library-desk": "desk", "oversight": "oversight"}
        for name, employer in houses.items():
            self.court[name] = self.ring.make(roles.get(name, "reviewer"), name)
            self._accredit(self.court[name], until, employer=employer)

    def _accredit_askers(self, until: int) -> None:
        for context, name in _ASKERS.items():
            self.askers[context] = self.ring.make("relying-party", name)
            sector = _sector(self.packs[context])
            self._accredit(self.askers[context], until, contexts=(context,), sector=sector)

    # --- people ---------------------------------------------------------------------------------

    def move_in(self, subjects: int) -> None:
        """Enrol residents with their own keys; each agrees in two to five contexts."""
        self.clock.advance_to(self.first_day + _JOINING_DAY)
        open_to_people = [c for c, pack in self.packs.items() if "person" in pack.subjects]
        with self.ledger.bulk():
            for number in range(subjects):
                self._move_in_one(number, open_to_people)
                if number % 100 == 0:
                    self.progress("residents", number, subjects)
        self.progress("residents", subjects, subjects)
        for context, pack in self.packs.items():
            if pack.public_register is not None:
                self.establishments[context] = [f"establishment {n:03}" for n in range(1, 41)]

    def _move_in_one(self, number: int, contexts: list[str]) -> None:
        assert self.attester.key is not None, "made here"
        chosen = tuple(self.chance.sample(contexts, self.chance.randint(2, min(5, len(contexts)))))
        if number < _NAMED_RESIDENTS:
            made = self.ring.make("subject", f"resident-{number + 1:02}").key
            assert made is not None, "made here"
            key = made
        else:
            key = SigningKey.generate()
        resident = Resident(key, chosen)
        self.ledger.enrol(key.public)
        of_age = self.first_day - self.chance.randint(1, 15_000)
        self.ledger.attest_adult(key.public, of_age, by=self.attester.key)
        for context in chosen:
            issuer = self.chance.choice(_ISSUERS[context])
            reference = f"{issuer}-{number:06}"
            pseudonym = self.ledger.consent(key, context)
            by = self.issuers[issuer].key
            assert by is not None, "made here"
            self.ledger.link(pseudonym, reference, context, issuer=issuer, by=by)
            resident.references[context] = (issuer, reference)
        asked = [context for context in chosen if self.packs[context].restrictions]
        say_something(self.ledger, key, asked, self.sayings)
        if self.chance.randrange(100) < _LEAVERS_PERCENT:
            resident.leaves_on = self.first_day + self.chance.randint(60, _YEAR)
        self.residents.append(resident)

    # --- a year -----------------------------------------------------------------------------------

    def live(self) -> None:
        """Let a year pass: each issuer delivers its week on a day of its own."""
        start = self.first_day + _JOINING_DAY
        turns = {issuer: n % _WEEK for n, issuer in enumerate(self.issuers)}
        contexts = {name: context for context, names in _ISSUERS.items() for name in names}
        with tempfile.TemporaryDirectory() as folder:
            for week in range(start + 1, start + _YEAR + 1, _WEEK):
                with self.ledger.publishing_later():
                    for day in range(week, min(week + _WEEK, start + _YEAR + 1)):
                        self.clock.advance_to(day)
                        self._some_leave(day)
                        for issuer, turn in turns.items():
                            if day % _WEEK == turn:
                                self._deliver(Path(folder), contexts[issuer], issuer, day)
                self.progress("days", min(week + _WEEK - 1 - start, _YEAR), _YEAR)
        self.clock.advance_to(start + _YEAR + 1)
        self.ledger.tick()

    def _some_leave(self, day: int) -> None:
        for resident in self.residents:
            if resident.leaves_on == day:
                self.ledger.withdraw(resident.key, resident.contexts[0])

    def _deliver(self, folder: Path, context: str, issuer: str, day: int) -> None:
        rows = list(self._week(context, issuer, day))
        if not rows:
            return
        details = sorted(
            {n for t in self.packs[context].acts for n in self.catalogue.types[t].fields}
        )
        path = folder / f"{issuer}.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(
                [
                    "id",
                    "issuer",
                    "reference",
                    "type",
                    "day",
                    "basis",
                    "signer",
                    "identified",
                    *details,
                ]
            )
            writer.writerows(rows)
        text = "\n".join(f'{name} = "{name}"' for name in details)
        done = self.ledger.import_file(
            path,
            _MAP.format(context=context, details=text).encode(),
            {issuer: self.issuers[issuer]},
        )
        self.records += done.records
        self.batches += done.batches

    def _week(self, context: str, issuer: str, day: int) -> Iterator[list[str]]:
        pack = self.packs[context]
        register = pack.public_register is not None
        known = self.establishments.get(context) or [
            resident.references[context][1]
            for resident in self.residents
            if resident.references.get(context, ("", ""))[0] == issuer
        ]
        details = sorted({n for t in pack.acts for n in self.catalogue.types[t].fields})
        acts = sorted(pack.acts)
        weights = [self._frequency(act, pack) for act in acts]
        count = round(len(known) * _ACTS_A_WEEK * (0.5 + self.chance.random()))
        for number in range(count):
            act = self.chance.choices(acts, weights)[0]
            reference = self.chance.choice(known)
            if not register and self.chance.randrange(100) < _STRANGERS_PERCENT:
                reference = f"{issuer}-stranger-{self.chance.randrange(10_000):04}"
            earliest = max(day - _WEEK, self.first_day + _JOINING_DAY)
            yield [
                f"{issuer}-{day}-{number}",
                issuer,
                reference,
                act,
                format_day(self.chance.randint(earliest, day)),
                f"{issuer} file {day}/{number}",
                f"officer-{self.chance.randint(1, 9)}",
                "register" if register else "credential-shown",
                *(self._detail(act, name) for name in details),
            ]

    def _frequency(self, act: str, pack: policy.Pack) -> int:
        if pack.acts[act].points >= 0:
            return 60
        return {"minor": 12, "general": 4, "serious": 1}[pack.acts[act].tier]

    def _detail(self, act: str, name: str) -> str:
        wanted = self.catalogue.types[act].fields.get(name)
        if wanted is None:
            return ""
        if wanted.codes:
            return self.chance.choice(wanted.codes)
        least = wanted.least if wanted.least is not None else 0
        most = wanted.most if wanted.most is not None else least + 100
        return str(self.chance.randint(least, most))

    # --- being heard ------------------------------------------------------------------------------

    def be_heard(self) -> dict[str, tuple[str, str, str]]:
        """Let some residents contest and reply, and one be told of a restriction."""
        every = [*self.issuers.values(), *self.askers.values(), *self.court.values()]
        keys = {key.name: key.key for key in every if key.key is not None}
        staying = [r for r in self.residents if r.leaves_on is None]
        restricted = next(self._with_serious(staying), None)
        others = [r for r in staying[:_LISTENED_TO] if not restricted or r.key != restricted.key]
        plaintiffs = burdened(self.ledger, [(r.key, r.references) for r in others])

        def advance(days: int) -> None:
            self.clock.advance_to(self.ledger.today + days)

        heard = be_heard(self.ledger, advance, list(islice(plaintiffs, 4)), keys, restricted)
        involved = {subject for _, subject, _ in heard.values()}
        self._some_are_forgotten([r for r in staying if not self._names(r) & involved])
        self.ledger.tick()
        return heard

    def _names(self, resident: Resident) -> set[str]:
        return {self.ledger.pseudonym_of(resident.key.public, c) for c in resident.contexts}

    def _some_are_forgotten(self, residents: list[Resident]) -> None:
        """Let one resident withdraw in the middle of a contest, and another be erased."""
        if len(residents) < _NAMED_RESIDENTS + 2:
            return
        leaver, forgotten = residents[-1], residents[-2]
        for context in leaver.contexts:
            facts = {"target": "score", "words": "I do not understand this score."}
            self.ledger.open_case(
                leaver.key.public, context, "contest", "file", facts, key=leaver.key
            )
            self.ledger.withdraw(leaver.key, context)
        self.ledger.erase(key=forgotten.key)
        for gone in (leaver, forgotten):
            self.residents.remove(gone)

    def _with_serious(self, residents: list[Resident]) -> Iterator[Plaintiff]:
        """Find a resident whose serious record allows a high-speed ticket to be refused."""
        for resident in residents:
            if "rail" in resident.references:
                issuer, reference = resident.references["rail"]
                scored = self.ledger.score(reference, "rail")
                if "no-high-speed" in scored.opens:
                    acts = self.packs["rail"].acts
                    serious = next(
                        r
                        for r in scored.score.reasons
                        if r.counted < 0 and acts[r.rule].tier == "serious"
                    )
                    yield Plaintiff(
                        scored.subject, resident.key, "rail", issuer, serious.record, serious.rule
                    )

    # --- looking back -----------------------------------------------------------------------------

    def look_back(self) -> None:
        """Ask some questions, report the bookings that followed, and score everyone."""
        chosen = [r for r in self.residents if set(r.contexts) & set(self.askers)]
        booked: dict[str, list[str]] = {}
        for number, resident in enumerate(chosen[:_QUESTIONS]):
            context = next(c for c in resident.contexts if c in self.askers)
            transaction = f"booking-{number:05}"
            self._ask(context, resident.references[context][1], transaction)
            booked.setdefault(context, []).append(transaction)
        for context, transactions in booked.items():
            self.ledger.followed(self.askers[context], transactions)
        for context in self.packs:
            self.ledger.score_all(context)
            self.progress("scores", list(self.packs).index(context) + 1, len(self.packs))

    def _ask(self, context: str, reference: str, transaction: str) -> None:
        purpose = self._purpose(context)
        question = self.ledger.ask(
            self.askers[context], context, purpose, transaction, reference, os.urandom(16),
            "an ordinary service on this route and day",
        )  # fmt: skip
        self.ledger.decide(question)

    def _purpose(self, context: str) -> str:
        purposes = self.packs[context].purposes
        sector = _sector(self.packs[context])
        return min(name for name, purpose in purposes.items() if sector in purpose.parties)

    def someone(self) -> tuple[str, str, str, str, str, str]:
        """Name a resident, a context, a question and an act, for the commands to try next."""
        for resident in self.residents[:_NAMED_RESIDENTS]:
            for context in self.askers:
                if context in resident.contexts and resident.leaves_on is None:
                    _, reference = resident.references[context]
                    pseudonym = self.ledger.pseudonym(reference, context)
                    asker = self.askers[context].name
                    good = self._good_act(context)
                    return pseudonym, context, asker, self._purpose(context), reference, good
        return "", "", "", "", "", ""

    def resident(self, heard: dict[str, tuple[str, str, str]]) -> str:
        """Name the key file of a resident with something to see: a contest, if one has a file."""
        named = {
            self.ledger.pseudonym(reference, context): f"resident-{number:02}"
            for number, resident in enumerate(self.residents[:_NAMED_RESIDENTS], 1)
            if resident.leaves_on is None
            for context, (_, reference) in resident.references.items()
        }
        cases = [heard[what] for what in ("running", "won", "lapsed", "reply") if what in heard]
        found = [named[subject] for _, subject, _ in cases if subject in named]
        return next(iter([*found, *named.values()]), "")

    def _good_act(self, context: str) -> str:
        acts = self.packs[context].acts
        return min(code for code, act in acts.items() if act.points > 0)
