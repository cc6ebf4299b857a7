"""The story's stage, opened: two people, the rail rules, reviewers of two houses."""

import shutil

import pytest

from standing.demo import make_stage
from standing.engine import SimulatedClock
from standing.ledger import open_ledger
from standing.wire.days import parse_day
from standing.wire.keys import KeyFile, SigningKey, load_key_file
from tests.machine.place import Cast, Place
from tests.machine.stage import BEGIN, copied

TODAY = parse_day("2026-05-04")


class Stage:
    """An open ledger with its keys; `day` is a Monday on which every record counts."""

    def __init__(self, folder):
        self.folder = folder
        self.clock = SimulatedClock(TODAY)
        self.ledger = open_ledger(folder / "ledger", clock=self.clock)
        self.keys = {p.stem: load_key_file(p).key for p in (folder / "keys").glob("*.key")}
        self.records = {
            (card, record["type"]): record["record"]
            for card in ("card-1", "card-2")
            for record in self.ledger.report(card, "rail")["contexts"][0]["records"]
        }

    @property
    def forged(self):
        return self.records["card-1", "rail.forged-ticket"]

    @property
    def unpaid(self):
        return self.records["card-1", "rail.unpaid-fare"]

    def move(self, days):
        self.clock.advance_to(self.ledger.today + days)

    def open(self, card, lifecycle, event, facts, by, **more):
        context = more.pop("context", "rail")
        return self.ledger.open_case(
            card, context, lifecycle, event, facts, key=self.keys[by], **more
        )

    def step(self, case, event, facts=None, *, by, **more):
        return self.ledger.step(case.name, event, facts or {}, key=self.keys[by], **more)

    def score(self, card="card-1"):
        return self.ledger.score(card, "rail").score.score

    @property
    def operator(self):
        return self.key_file("city-office", "operator")

    def key_file(self, name, role):
        return KeyFile(role, name, self.keys[name], self.keys[name].public)

    def accredit(self, name, role, employer, sector=""):
        """Put one more key on the roll."""
        self.keys[name] = SigningKey.generate()
        self.ledger.accredit(
            self.keys[name].public, role=role, name=name, employer=employer, contexts=["rail"],
            sector=sector, until=self.ledger.today + 1_000, by=self.operator,
        )  # fmt: skip
        return self.key_file(name, role)

    def key_of(self, name):
        return self.keys[name].public.cose_key()


@pytest.fixture(scope="session")
def prepared(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stage") / "made"
    folder.mkdir()
    make_stage(folder)
    return folder


@pytest.fixture
def stage(prepared, tmp_path):
    folder = tmp_path / "stage"
    shutil.copytree(prepared, folder)
    made = Stage(folder)
    yield made
    made.ledger.close()


@pytest.fixture
def cast(tmp_path):
    """Three people, two issuers, reviewers of every kind of house: the state machine's stage."""
    place = Place(copied(tmp_path), tmp_path, BEGIN)
    yield Cast(place)
    place.close()
