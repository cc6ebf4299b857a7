"""The invented city behind its pages: small, but with all its rules, cases and kinds of people.

What a page shows is looked for, not fixed: the city lives through the fifteen months up to today.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from standing import policy
from standing.audit import verify_ledger
from standing.demo import City, make_city, watch
from standing.errors import StandingError
from standing.ledger import Ledger, open_ledger
from standing.ledger.facts import verification_facts
from standing.packs import successor, with_simulation, written
from standing.policy.simulation import document
from standing.serve import LogServer, Registrar, serving
from standing.serve import Settings as ServeSettings
from standing.web import Settings, Verification, make_site, new_links
from standing.wire.keys import load_key_file

_T = TypeVar("_T")
_WAITING = "transit@1"
_SEED = 7
_PEOPLE = 60


@dataclass
class Scene:
    """A served city. `names` are what addresses of pages are filled in with."""

    city: City
    url: str
    writer: Registrar
    names: dict[str, str] = field(default_factory=dict)

    def do(self, work: Callable[[Ledger], _T]) -> _T:
        return self.writer.do(work).result()

    @property
    def keys(self) -> Path:
        return self.city.directory / "demo-keys"

    def link(self, name: str) -> str:
        return new_links(self.city.directory, self.keys, [name])[name]


@contextmanager
def served_city(folder: Path) -> Iterator[Scene]:
    """Serve a small city in which new rules were published and others wait."""
    with served_demo(folder, _PEOPLE) as scene:
        _publish(scene)
        scene.names = _names(scene)
        yield scene


@contextmanager
def served_demo(folder: Path, people: int) -> Iterator[Scene]:
    """Make the city, verify it, and serve it as the demo does."""
    city = make_city(folder / "city", seed=_SEED, subjects=people)
    watched = watch(city.directory)
    verification = Verification(f"standing verify {city.directory.name}")
    verification.finish(verification_facts(verify_ledger(city.directory, watched.checkpoint)))
    keys = city.directory / "demo-keys"
    settings = Settings(rate=10_000, tries=10_000, demo_keys=keys, verification=verification)
    writers: list[Registrar] = []

    def beside(writer: Registrar) -> object:
        writers.append(writer)
        return make_site(settings)(writer)

    def stop(problem: StandingError) -> None:
        raise problem

    with open_ledger(city.directory) as ledger:
        server = LogServer(ledger, ServeSettings(helpers=0), stop, beside)
        with serving(server) as url:
            yield Scene(city, url.replace("127.0.0.1", "localhost"), writers[0])


def _publish(scene: Scene) -> None:
    """Publish the proposed rules under two signatures, and other ones under the first of two."""
    makers = [load_key_file(scene.keys / f"{name}.key") for name in ("council", "consumer-union")]

    def publish(ledger: Ledger) -> None:
        proposed = scene.city.proposal.read_text(encoding="utf-8")
        plain = successor(ledger.pack(_WAITING), ledger.today, summary="nothing but a date")
        for text, signers in ((proposed, makers), (written(plain), makers[:1])):
            result = ledger.simulate(text.encode()).result
            named = with_simulation(policy.parse_pack(text.encode()), result).encode()
            ledger.publish_pack(named, by=signers, simulation=document(result))

    scene.do(publish)


def _names(scene: Scene) -> dict[str, str]:
    """Find who and what the pages are shown about."""
    case, subject, context = scene.city.heard["running"]
    files = sorted(scene.keys.glob("resident-*.key"))
    keys = {file.stem: load_key_file(file).public for file in files}

    def find(ledger: Ledger) -> dict[str, str]:
        mine = [(name, place) for name, key in keys.items() for place in ledger.places(key)
                if place.subject]  # fmt: skip
        whole = {(name, p.context): ledger.mine(keys[name], p.context) for name, p in mine}
        found = {
            "running": case, "in": context, "won": scene.city.heard["won"][0],
            "restricted": scene.city.heard["restriction"][0],
        }  # fmt: skip
        for (name, where), page in whole.items():
            for card in page.cards:
                if page.subject == subject and case in card.cases:
                    found |= {"contested": name, "issuer": card.issuer}
                if card.can_contest:
                    found |= {"burdened": name, "where": where, "record": card.record}
            for one in page.cases:
                if one.case == found["won"]:
                    found["winner"] = name
                if one.case == found["restricted"]:
                    found["refused"] = name
            if page.asked:
                found |= {"asked": name, "at": where}
        return found

    return scene.do(find)
