"""An issuer and a relying party pool what they see, and guess who is enrolled and who left.

They send 10,000 rows and questions about references of people whom another issuer knows: some
live, some withdrawn or erased before, some leaving while they look, and as many strangers. Everything
that comes back is kept. A guesser learns on half of the references and is asked about the other.
"""

import hashlib
import random
from collections import Counter as Tally
from collections import defaultdict

import msgspec
import pytest

from standing.charter import kind_of
from standing.errors import StandingError
from standing.wire import cose
from standing.wire.days import format_day
from standing.wire.keys import SigningKey
from tests.unit.cases.counter import CONTEXT, PURPOSE, Counter

EACH = 30  # of each kind: live, left before, leaving meanwhile
ROWS_A_FILE = 32
QUESTIONS, PRESENTATIONS = 3_000, 450
MAP = b"""
context = "rail"
issuer = {constant = "spy"}
reference = "card"
type = "type"
day = "day"
basis = "basis"
signer = "signer"
identified = {constant = "credential-shown"}
id = "id"
"""


class Attack:
    """The city, and the two who look at it."""

    def __init__(self, folder):
        roles = {"spy": "issuer", "spy-sales": "relying-party"}
        self.city = Counter(folder, people=3 * EACH, also=roles)
        self.ledger = self.city.ledger
        self.chance = random.Random(1)
        self.spies = {name: self.city.keys[name] for name in roles}
        cards = [f"card-{n}" for n in range(3 * EACH)]
        self.live, self.left, self.leaving = cards[:EACH], cards[EACH : 2 * EACH], cards[2 * EACH :]
        self.strangers = [f"card-{n}" for n in range(1_000, 1_000 + 3 * EACH)]
        self.references = [*cards, *self.strangers]
        self.keys = dict(zip(self.references, self.city.people, strict=False))
        self.keys |= {card: SigningKey.generate() for card in self.strangers}
        self.seen = defaultdict(list)
        self.last = defaultdict(dict)
        self.first = {}
        self.pages = defaultdict(list)
        self.count = 0
        self.sent = 0

    # --- what they do -----------------------------------------------------------------------------

    def run(self):
        """Look before, while and after some leave; whom to ask next hangs on what was seen."""
        ledger = self.ledger
        self._leave(self.left)
        self.city.move(40)
        with ledger.publishing_later():
            ledger.tick()
            ledger.decide(self._question("nobody"))  # the day's first
            for card in self.references:
                self._ask(card)
                self._ask_with(card)
            self._look()
            self._leave(self.leaving)
            for card in self.references:
                self._note(card, "reposted", *self._outcome(self.first[card]))
            self._look()
            self.city.move(1)
            ledger.decide(self._question("nobody"))
            self._import("nobody")
            del self.seen["nobody"], self.last["imported"]
            self._look(last=True)

    def _leave(self, cards):
        """Let every second one withdraw, to be forgotten in 30 days, and the others be at once."""
        for card in cards[::2]:
            self.ledger.withdraw(self.keys[card], CONTEXT)
        for card in cards[1::2]:
            self.ledger.erase(CONTEXT, key=self.keys[card])

    def _look(self, *, last=False):
        if last:
            for card in self.references:
                self._import(card)
        for _ in range(QUESTIONS // 3):
            self._ask(self._next("asked"))
        for _ in range(PRESENTATIONS // 3):
            self._ask_with(self._next("presented"))

    def _next(self, kind):
        """Choose whom to ask about: whoever was answered unlike the others, else anybody."""
        last = self.last[kind]
        usual = Tally(last.values()).most_common(1)
        odd = [card for card in last if last[card] != usual[0][0]]
        return self.chance.choice(odd or self.references)

    def _note(self, card, kind, *what):
        self.seen[card].append((kind, *what))
        self.last[kind][card] = what

    def _question(self, card):
        self.count += 1
        return self.ledger.ask(
            self.spies["spy-sales"], CONTEXT, PURPOSE, f"{self.count:06}", card, bytes(16), "train"
        )

    def _ask(self, card):
        question, before = self._question(card), self._written()
        self.first.setdefault(card, question)
        self._note(card, "asked", *self._outcome(question))
        self.pages[card].append(self._written() - before)

    def _written(self):
        """Give how many pages lie ahead of the vault; they are moved into it now and then."""
        path = self.ledger.directory / "vault.db-wal"
        pages = path.stat().st_size // (24 + 4_096) if path.exists() else 0
        if pages > 4_000:
            self.ledger._core.vault.db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            return 0
        return pages

    def _ask_with(self, card):
        self.count += 1
        token = self.ledger.present(
            self.keys[card], self.spies["spy-sales"].public, CONTEXT, PURPOSE
        )
        question = self.ledger.ask_with(
            self.spies["spy-sales"], CONTEXT, PURPOSE, f"{self.count:06}", token, bytes(16), "train"
        )
        again = self.ledger.ask_with(
            self.spies["spy-sales"], CONTEXT, PURPOSE, f"{self.count:06}x", token, bytes(16)
        )
        self._note(card, "presented", len(token), *self._outcome(question))
        self._note(card, "again", *self._outcome(again))

    def _outcome(self, question):
        db, log = self.ledger._core.vault.db, self.ledger.log_size
        before = db.total_changes
        self.sent += 1
        try:
            decision = self.ledger.decide(question)
        except StandingError as refusal:
            return str(refusal), db.total_changes - before, self.ledger.log_size - log
        answer = msgspec.structs.replace(decision.answer, transaction="", day=0, expires=0,
                                         checkpoint=b"")  # fmt: skip
        size = len(decision.signed) - len(decision.answer.checkpoint)
        return answer, size, db.total_changes - before, self.ledger.log_size - log

    def _import(self, card):
        """Import a file about one reference, one row of it twice, and once more as it is."""
        path = self.city.folder / "spied.csv"
        lines = ["id,card,type,day,basis,signer"]
        for n in range(ROWS_A_FILE):
            self.count += 1
            kind = ("rail.help-given", "rail.smoking")[n % 2]
            day = format_day(self.ledger.today)
            lines.append(f"{self.count:07},{card},{kind},{day},file {self.count:07},a")
        self.sent += ROWS_A_FILE
        path.write_text("\n".join(lines) + "\n")
        for _ in range(2):
            first = self.ledger.log_size
            done = self.ledger.import_file(path, MAP, {"spy": self.spies["spy"]})
            entries = [cose.parse_sign1(entry) for entry in self.ledger._core.log.entries(first)]
            self._note(
                card, "imported", done.records, done.batches, done.refused, done.already_there,
                done.bad, tuple((kind_of(e), len(e.entry_bytes)) for e in entries),
            )  # fmt: skip


@pytest.fixture(scope="module")
def attack(tmp_path_factory):
    made = Attack(tmp_path_factory.mktemp("attack"))
    made.run()
    yield made
    made.ledger.close()


def guess(features, labels, references):
    """Learn on every second reference; give the share of right guesses about the others."""
    order = sorted(references, key=lambda card: hashlib.sha256(card.encode()).digest())
    learnt, asked = order[::2], order[1::2]
    votes = defaultdict(Tally)
    for card in learnt:
        votes[features[card]][labels[card]] += 1
    usual = Tally(labels[card] for card in learnt).most_common(1)[0][0]
    right = 0
    for card in asked:
        said = votes[features[card]].most_common(1)
        right += (said[0][0] if said else usual) == labels[card]
    most = Tally(labels[card] for card in asked).most_common(1)[0][1]
    return right / len(asked), most / len(asked)


def labellings(attack):
    """Give what they would like to know: who ever enrolled, whose consent lives, who has left."""
    known = {*attack.live, *attack.left, *attack.leaving}
    gone = {*attack.left, *attack.leaving}
    return {
        "enrolled": {card: card in known for card in attack.references},
        "live": {card: card in attack.live for card in attack.references},
        "left": {card: card in gone for card in attack.references},
    }


@pytest.mark.slow
def test_what_they_see_is_the_same_about_everyone(attack):
    assert attack.sent >= 10_000
    kinds = defaultdict(set)
    for seen in attack.seen.values():
        for one in seen:
            kinds[one[0]].add(one[1:])
    assert set(kinds) == {"asked", "presented", "again", "imported", "reposted"}
    # "imported": the first time, and the second time when every row is there already
    assert {kind: len(found) for kind, found in kinds.items()} == {
        "asked": 1, "presented": 1, "again": 1, "imported": 2, "reposted": 1,
    }  # fmt: skip
    assert all("E-PRESENT-10" in text for text, *_ in kinds["again"])


@pytest.mark.slow
@pytest.mark.parametrize("secret", ["enrolled", "live", "left"])
def test_a_guesser_does_no_better_than_the_most_frequent_guess(attack, secret):
    labels = labellings(attack)[secret]
    features = {card: frozenset(attack.seen[card]) for card in attack.references}
    share, by_chance = guess(features, labels, attack.references)
    assert share <= by_chance


@pytest.mark.slow
@pytest.mark.parametrize("secret", ["enrolled", "live", "left"])
def test_the_pages_written_for_a_question_tell_nothing(attack, secret):
    """Which pages a random leaf falls on is chance: a learnt threshold guesses like a coin."""
    labels = labellings(attack)[secret]
    mean = {card: sum(n) / len(n) for card, n in attack.pages.items() if n}
    asked = sorted(mean, key=lambda card: hashlib.sha256(card.encode()).digest())
    two = [c for c in asked if labels[c]], [c for c in asked if not labels[c]]
    even = min(map(len, two)) // 2
    learnt = [(mean[c], labels[c]) for side in two for c in side[:even]]
    fresh = [(mean[c], labels[c]) for side in two for c in side[even : 2 * even]]
    cut, turned = max(
        ((at, way) for at, _ in learnt for way in (False, True)),
        key=lambda one: sum(((value > one[0]) != one[1]) == label for value, label in learnt),
    )
    share = sum(((value > cut) != turned) == label for value, label in fresh) / len(fresh)
    assert share < 0.5 + 4.5 * 0.5 / len(fresh) ** 0.5


@pytest.mark.slow
def test_the_guesser_would_see_what_the_vault_knows(attack):
    """The same guesser, told how many rows about each reference were stored, knows everything."""
    vault = attack.ledger._core.vault
    stored = {}
    for card in attack.references:
        number = vault.people.find(card, CONTEXT)
        stored[card] = 0 if number is None else len(vault.filed.records_of(number, CONTEXT))
    assert {stored[card] for card in attack.live} == {ROWS_A_FILE}
    share, by_chance = guess(stored, labellings(attack)["live"], attack.references)
    assert share == 1.0
    assert by_chance < 0.9


@pytest.mark.slow
def test_the_log_names_none_of_them_and_verifies(attack):
    for entry in attack.ledger._core.log.entries():
        assert b"card-" not in entry
    assert attack.ledger.verify().ok
