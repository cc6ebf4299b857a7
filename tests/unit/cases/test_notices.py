"""Everything that happens about somebody is told: in both languages, under an id that stays."""

import re
import shlex
import string

import click
import pytest

from standing.cases import _notice_words as texts
from standing.cases.lifecycles import LIFECYCLES
from standing.cases.notices import GIVE_UP_SECONDS, LANGUAGES, next_try
from standing.cli import cli
from standing.ledger.inbox_text import inbox_facts, inbox_text
from standing.wire.days import format_day, parse_day
from tests.unit.cases.conftest import TODAY

MOVES = [(table, move) for table in LIFECYCLES.values() for move in table.moves]
STATES = [(table, state) for table in LIFECYCLES.values() for state in table.states]
TABLES = (
    texts.ROLES, texts.TARGETS, texts.OUTCOMES, texts.EVENTS, texts.STATES, texts.DOORS,
    texts.PLAIN, texts.KINDS,
)  # fmt: skip
TEXTS = [(key, said) for table in TABLES for key, said in table.items()]


@pytest.mark.parametrize(
    ("table", "move"), MOVES, ids=[f"{table.name}.{move.event}" for table, move in MOVES]
)
def test_every_event_of_every_lifecycle_has_words(table, move):
    assert f"{table.name}.{move.event}" in texts.EVENTS


@pytest.mark.parametrize(
    ("table", "state"), STATES, ids=[f"{table.name}.{state}" for table, state in STATES]
)
def test_every_state_of_every_lifecycle_has_words(table, state):
    assert f"{table.name}.{state}" in texts.STATES


def test_no_words_are_left_of_what_is_gone():
    events = {f"{table.name}.{move.event}" for table, move in MOVES}
    states = {f"{table.name}.{state}" for table, state in STATES}
    assert set(texts.EVENTS) == events
    assert set(texts.STATES) == states


@pytest.mark.parametrize(("key", "said"), TEXTS, ids=[key for key, _ in TEXTS])
def test_both_languages_say_the_same(key, said):
    english, chinese = said
    names = [{n for _, n, _, _ in string.Formatter().parse(text) if n} for text in said]
    assert names[0] == names[1]
    assert not re.search("[\u4e00-\u9fff]", english)
    assert re.search("[\u4e00-\u9fff]", chinese)


@pytest.mark.parametrize("name", sorted({move.event for table, move in MOVES}))
def test_a_subject_has_a_door_to_every_step_that_is_theirs(name):
    for table, move in MOVES:
        if move.event == name and "subject" in move.by and move.sources:
            assert f"{table.name}.{name}" in texts.DOORS


def parsed(command, files):
    """Parse a command as the command line would; raises what it would not understand."""
    for name, value in files.items():
        command = command.replace(name, value)
    words = shlex.split(command)
    assert words.pop(0) == "standing"
    found = cli
    context = click.Context(cli, info_name="standing")
    while isinstance(found, click.Group):
        name = words.pop(0)
        found = found.get_command(context, name)
        assert found is not None, command
    return found.make_context(name, words)


@pytest.fixture
def lived(stage):
    """Every kind of case has been there about one resident, some of them several times."""
    resident = stage.keys["resident"].public
    stage.open(resident, "contact", "set", {"kind": "email", "address": "ann@example.org"},
               "resident", context="")  # fmt: skip
    stage.open(resident, "second-key", "register", {"key": stage.key_of("neighbour")}, "resident",
               context="")  # fmt: skip
    stage.open(resident, "mandate", "give",
               {"key": stage.key_of("counter"), "kind": "adviser", "name": "Ada", "acts": ["read"],
                "until": TODAY + 5}, "resident", context="")  # fmt: skip
    stage.open("card-1", "hold", "hold", {"claim": "court 1", "words": "x", "until": TODAY + 3},
               "resident")  # fmt: skip
    stage.open("card-1", "reply", "reply", {"record": stage.forged, "words": "Not mine."},
               "resident")  # fmt: skip
    stage.open(
        "card-1",
        "contest",
        "file",
        {"target": "record", "named": stage.unpaid, "words": "I paid."},
        "resident",
    )
    stage.open("card-1", "restriction", "propose",
               {"code": "no-high-speed", "records": [stage.forged], "days": 60,
                "words": "A ticket that a court found to be forged."}, "rail-sales")  # fmt: skip
    stage.move(30)
    return stage


def test_there_is_one_item_for_each_record_step_and_clock(lived):
    items = [one.item for one in lived.ledger.inbox(lived.keys["resident"].public)]
    assert len({item.id for item in items}) == len(items)
    kinds = {kind: sum(item.kind == kind for item in items) for kind in {i.kind for i in items}}
    passed = [
        case.passed
        for context in ("", "rail")
        for case in lived.ledger.cases(lived.keys["resident"].public, context)
    ]
    assert kinds["record"] == 2
    assert kinds["step"] + kinds["clock"] == sum(map(len, passed))
    assert kinds["clock"] >= 4  # contest and restriction lapsed, mandate and hold ended


def test_an_item_keeps_its_id_whatever_happens_later(lived):
    before = {one.item.id: one.item for one in lived.ledger.inbox("card-1", "rail")}
    lived.move(40)
    lived.ledger.tick()
    lived.open(
        "card-1",
        "contest",
        "file",
        {"target": "record", "named": lived.forged, "words": "Look."},
        "resident",
    )
    after = {one.item.id: one.item for one in lived.ledger.inbox("card-1", "rail")}
    assert before.keys() < after.keys()
    for name, item in before.items():
        assert (item.day, item.kind, item.about, item.words) == (
            after[name].day, after[name].kind, after[name].about, after[name].words,
        )  # fmt: skip


def test_two_people_have_no_id_in_common(lived):
    facts = {"target": "score", "words": "It is too low."}
    for card, who in (("card-1", "resident"), ("card-2", "neighbour")):
        lived.open(card, "contest", "file", facts, who)
    mine = {one.item.id for one in lived.ledger.inbox("card-1", "rail")}
    theirs = {one.item.id for one in lived.ledger.inbox("card-2", "rail")}
    assert theirs
    assert not mine & theirs


def test_what_another_case_decides_is_told_in_both(stage):
    restriction = stage.open(
        "card-1",
        "restriction",
        "propose",
        {
            "code": "no-high-speed",
            "records": [stage.forged],
            "days": 60,
            "words": "A ticket that a court found to be forged.",
        },
        "rail-sales",
    )
    contest = stage.open(
        "card-1",
        "contest",
        "file",
        {"target": "restriction", "named": restriction.name, "words": "Too much."},
        "resident",
    )
    stage.move(9)  # nobody decides: the contest lapses, and the restriction with it
    assert stage.ledger.case(restriction.name).state == "annulled"
    stage.ledger.tick()
    told = [one.item for one in stage.ledger.inbox("card-1", "rail")]
    ends = {item.about: item for item in told if item.kind == "clock"}
    assert ends.keys() == {restriction.name, contest.name}
    assert "Another case decided it." in ends[restriction.name].words.en
    before = {item.id for item in told}
    stage.move(40)  # clocks of the restriction's own have run on and moved nothing
    stage.ledger.tick()
    assert {one.item.id for one in stage.ledger.inbox("card-1", "rail")} == before


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_inbox_reads_in_both_languages_and_leaves_no_gap(lived, language):
    told = lived.ledger.inbox(lived.keys["resident"].public)
    items = inbox_facts(told, language)
    text = inbox_text(items, language)
    assert "{" not in text
    assert "None" not in text
    for one in told:
        assert one.item.words.in_(language) in text
    assert [item["id"] for item in items] == [one.item.id for one in told]


def test_every_command_of_every_door_can_be_typed(lived, tmp_path):
    key = str(lived.folder / "keys" / "resident.key")
    values = {
        "YOUR.key": key,
        "GROUND": "court",
        "FIRST": format_day(TODAY),
        "LAST": format_day(TODAY),
    }
    seen = set()
    for day in range(3):
        for one in lived.ledger.inbox(lived.keys["resident"].public):
            for door in one.item.doors:
                seen.add(parsed(door.command, values).command.name)
        lived.move(day + 1)
    assert {"file", "reply", "change", "remove"} <= seen


def test_a_clock_that_comes_next_is_told_beforehand(stage):
    case = stage.open(
        "card-1",
        "contest",
        "file",
        {"target": "record", "named": stage.unpaid, "words": "I paid."},
        "resident",
    )
    [item] = [i.item for i in stage.ledger.inbox("card-1", "rail") if i.item.about == case.name]
    assert item.next.day == case.due
    assert "never counts again" in item.next.words.en
    assert {door.until for door in item.doors} == {case.due - 1}


def test_pauses_grow_to_a_day_and_end_after_thirty():
    now, attempts, pauses = 0, 0, []
    while True:
        attempts += 1
        later = next_try(attempts, 0, now)
        if later is None:
            break
        pauses.append(later - now)
        now = later
    assert pauses == sorted(pauses)
    assert pauses[:6] == [60, 300, 1_800, 7_200, 43_200, 86_400]
    assert now >= GIVE_UP_SECONDS


def test_a_record_is_told_of_before_it_counts(stage):
    """L18: in the inbox from the day on which it is in the log, and worth nothing until its day."""
    for one in stage.ledger.inbox("card-1", "rail"):
        if one.item.kind != "record":
            continue
        record = one.item.about
        counts_from = parse_day(re.search(r"counts from (\S+) on", one.item.words.en)[1])
        assert counts_from - one.item.day >= 7
        for day in range(one.item.day, counts_from + 1):
            reasons = {r.record: r for r in stage.ledger.score("card-1", "rail", day).score.reasons}
            assert (reasons[record].counted != 0) == (day == counts_from)
