"""Nobody is readable from the log: a twin in which one person's private life did not happen has the
same public entries, but for roots and signatures; and a known event has 64 places or more to be.
"""

import contextlib
import re
import tempfile
from pathlib import Path
from random import Random

import msgspec
import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st

from standing import charter
from standing.errors import Refused
from standing.wire import cose
from standing.wire.keys import SigningKey
from tests.machine.place import Cast, Place, is_whole
from tests.machine.stage import (
    BEGIN,
    CONTEXT,
    IN_MEMORY,
    ISSUERS,
    PEOPLE,
    accredit,
    card,
    copied,
    deliver,
)

HIDDEN = 0
"""Whose private events happen in one of the twins alone."""
LEAST = 64
CANDIDATES = 20


# --- what happens in private, to one person -------------------------------------------------------


def contest(cast, who, draw):
    mine = sorted(cast.place.records(who))
    cast.contest(who, draw.choice(mine))


def contest_score(cast, who, _draw):
    cast.contest(who, "", target="score", ground="other")


def go_on(cast, who, draw):
    """Let whoever is next do something in one of the person's contests."""
    cases = [c for c in cast.place.cases(who) if c.lifecycle == "contest"]
    case = draw.choice(cases)
    match draw.choice(["add", "rule", "appeal", "decide", "back", "hearing"]):
        case "add":
            cast.own(case, "add", who, {"words": "See."}, files=[("a.txt", b"a" * 5_000)])
        case "rule":
            cast.rule(case, draw.choice(["uphold", "annul"]), "board")
        case "appeal":
            cast.own(case, "appeal", who, {"words": "Look again."})
        case "decide":
            cast.rule(case, "uphold", "institute", "decide")
        case "back":
            cast.own(case, "take-back", who)
        case _:
            cast.own(case, "ask-hearing", who)


def reply(cast, who, draw):
    facts = {"record": draw.choice(sorted(cast.place.records(who))), "words": "Not so."}
    key = cast.place.stage.people[who]
    cast.ledger.open_case(cast.place.names[who], CONTEXT, "reply", "reply", facts, key=key)


def mandate(cast, who, _draw):
    own = cast.place.stage.people[who]
    facts = {
        "key": SigningKey.generate().public.cose_key(), "kind": "attorney", "name": "Helper",
        "acts": ["contest"], "until": cast.place.day + 90,
    }  # fmt: skip
    cast.ledger.open_case(own.public, "", "mandate", "give", facts, key=own)


def withdraw(cast, who, _draw):
    cast.ledger.withdraw(cast.place.stage.people[who], CONTEXT)


def agree(cast, who, _draw):
    cast.ledger.consent(cast.place.stage.people[who], CONTEXT)


def attributes(cast, who, _draw):
    cast.ledger.give_attributes(cast.place.stage.people[who], CONTEXT, region="north")


PRIVATE = (contest, contest, contest_score, go_on, go_on, go_on, reply, mandate, withdraw, agree,
           attributes)  # fmt: skip
"""FREEZES, ERASURE and PRESENTATIONS belong here too."""


# --- what everybody may see ----------------------------------------------------------------------


def record(cast, who, draw):
    kind = draw.choice(["rail.smoking", "rail.unpaid-fare", "rail.help-given"])
    rows = [(who, draw.choice(ISSUERS), kind, cast.place.day - draw.choice([0, 1, 2]))]
    deliver(cast.ledger, cast.place.stage.keys, rows, f"row {draw.random()}")


def score_all(cast, _who, _draw):
    cast.ledger.score_all(CONTEXT)


def new_key(cast, _who, _draw):
    accredit(cast.ledger, cast.place.stage.keys, "counter")


def tick(cast, _who, _draw):
    cast.ledger.tick(send=False)


def ask(cast, who, draw):
    nonce = draw.randbytes(16)
    question = cast.ledger.ask(
        cast.place.stage.keys["rail-sales"], CONTEXT, "high-speed-sale", f"sale {nonce.hex()}",
        card(who, "railway"), nonce, "ordinary train",
    )  # fmt: skip
    decision = cast.ledger.decide(question)
    cast.told.append((decision.answer.answer, len(decision.signed)))


PUBLIC = (record, record, score_all, new_key, tick, ask)


def play(cast, seed, *, is_twin):
    """Let one thing happen; in the twin, nothing private to the hidden person does."""
    draw = Random(seed)
    verb, who = draw.choice([*PRIVATE, *PRIVATE, *PUBLIC]), draw.choice([HIDDEN, *range(PEOPLE)])
    days = draw.choice([0, 0, 0, 1, 1, 3])
    if not (is_twin and verb in PRIVATE and who == HIDDEN):
        with contextlib.suppress(Refused, IndexError):  # it had no place: that leaves no trace
            verb(cast, who, draw)
            cast.done.append((verb.__name__, who))
    cast.place.sleep(days)


def without_bytes(value):
    """Put the length of every byte string in its place: keys, hashes and signatures differ."""
    match value:
        case bytes():
            return f"{len(value)} bytes"
        case str():
            return re.sub("[0-9a-f]{12}", "a hash", value)
        case dict():
            return {name: without_bytes(part) for name, part in value.items()}
        case list() | tuple():
            return [without_bytes(part) for part in value]
    return value


def seen(ledger):
    """Give what a stranger reads: each entry without its byte strings, each file by its size."""
    log = ledger._core.log
    entries = []
    for data in log.entries():
        sign1 = cose.parse_sign1(data)
        said = msgspec.to_builtins(charter.parse_statement(sign1), builtin_types=(bytes,))
        header = {name: without_bytes(value) for name, value in sign1.protected.items()}
        entries.append((charter.kind_of(sign1), len(data), header, without_bytes(said)))
    files = [
        (str(path.parent.relative_to(log.directory)), path.stat().st_size)
        for path in log.directory.rglob("*")
        if path.is_file() and not path.name.startswith("log.db")
    ]
    return entries, sorted(files)


def played(folder, seeds, *, is_twin):
    place = Place(copied(folder), folder, BEGIN)
    cast = Cast(place)
    cast.told, cast.done = [], []
    try:
        for seed in seeds:
            play(cast, seed, is_twin=is_twin)
        place.sleep(1)
        cast.ledger.tick(send=False)
        return seen(cast.ledger), cast.told, cast.done
    finally:
        place.close()


@settings(max_examples=15, deadline=None, derandomize=True)
@given(st.lists(st.integers(0, 2**32 - 1), min_size=25, max_size=40, unique=True))
def test_the_public_entries_do_not_tell_whether_a_private_life_happened(seeds):
    with tempfile.TemporaryDirectory(dir=IN_MEMORY) as folder:
        here, twin = Path(folder) / "here", Path(folder) / "twin"
        here.mkdir()
        twin.mkdir()
        entries, told, done = played(here, seeds, is_twin=False)
        note(done)
        assert (entries, told) == played(twin, seeds, is_twin=True)[:2]
        kinds = [kind for kind, *_ in entries[0]]
        assert kinds.count("marks") > 2


def test_the_comparison_sees_what_is_public(tmp_path):
    """A public act that happened in one of two ledgers alone is seen."""
    found = []
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        place = Place(copied(tmp_path / name), tmp_path / name, BEGIN)
        if name == "other":
            accredit(place.ledger, place.stage.keys, "counter")
        found.append(seen(place.ledger))
        place.close()
    assert found[0] != found[1]


@pytest.fixture
def cast(tmp_path):
    place = Place(copied(tmp_path), tmp_path, BEGIN)
    yield Cast(place)
    place.close()


def marks_of(cast):
    """Give (leaves, position of each document) of every marks statement since the beginning."""
    core = cast.ledger._core
    places = {}
    query = "SELECT marks, position FROM documents WHERE marks IS NOT NULL"
    for row, position in core.vault.db.execute(query):
        places.setdefault(row, []).append(position)
    return [
        (len(leaves) // 32, places.get(row, [])) for row, _, _, leaves in core.vault.marks.every()
    ]


def test_a_known_event_has_at_least_64_places_to_be_in(cast):
    """Whoever knows the interval of one event learns that it is one of so many leaves, no more."""
    for _ in range(40):
        cast.contest(HIDDEN, "", target="score", ground="other")
        [case] = [c for c in cast.place.cases(HIDDEN) if c.state == "open"]
        cast.own(case, "take-back", HIDDEN)
        cast.place.sleep(1)
        cast.ledger.tick(send=False)
    found = marks_of(cast)
    assert min(size for size, _ in found) >= LEAST
    positions = [place for _, places in found[-40:] for place in places]
    assert len(set(positions)) >= CANDIDATES, "where a leaf lies tells when it came"


def test_an_interval_in_which_nothing_happened_looks_like_any_other(cast):
    core = cast.ledger._core
    cast.place.sleep(1)
    cast.ledger.tick(send=False)
    first = core.log.head.size
    cast.contest(HIDDEN, cast.record(HIDDEN, "smoking"))
    for _ in range(2):
        cast.place.sleep(1)
        cast.ledger.tick(send=False)
    busy, idle = [
        charter.parse_statement(cose.parse_sign1(core.log.entry(first + n))) for n in (0, 1)
    ]
    assert busy.size == idle.size == LEAST
    assert len(core.log.entry(first)) == len(core.log.entry(first + 1))


def test_intervals_that_were_missed_are_made_up_by_one_statement(cast):
    """Sleeping says nothing of what happened meanwhile: one statement, whatever it holds."""
    for _ in range(3):
        cast.contest(HIDDEN, cast.record(HIDDEN, "smoking"))
        [case] = [c for c in cast.place.cases(HIDDEN) if c.state == "open"]
        cast.own(case, "take-back", HIDDEN)
        cast.place.sleep(2)
    before = cast.ledger.log_size
    cast.ledger.tick(send=False)
    assert cast.ledger.log_size == before + 1


@pytest.mark.parametrize("name", ["railway-card-0", "nobody"])
def test_a_stop_about_nobody_is_kept_and_verifies_like_any_other(cast, name):
    cast.ledger.freeze(name, CONTEXT, key=cast.key("railway"))
    cast.place.sleep(1)
    cast.ledger.tick(send=False)
    cast.place.close()
    assert is_whole(cast.ledger.directory) == []
