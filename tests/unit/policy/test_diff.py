"""Two packs in words: each difference once, for whom it is milder, and what a record becomes."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from standing import policy
from standing.errors import Refused
from standing.policy._text import dump, read

from .conftest import FIXTURES, NAMES, PACKS
from .histories import ACTS, HARSHER, MILDER, PACK, act, pack_of

PASSING = (FIXTURES / "passing.yaml").read_text()
OLD = policy.parse_pack(PASSING.encode())
TURNED = {"milder": "harsher", "harsher": "milder", "neutral": "neutral"}


def edited(*pairs):
    text = PASSING
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new, 1)
    return policy.parse_pack(text.encode())


def said(new, old=OLD):
    return [(one.mark, one.words) for one in policy.diff_packs(old, new).differences]


@pytest.mark.parametrize(
    ("old", "new", "mark", "words"),
    [
        ("base: 1000", "base: 990", "harsher",
         "Everyone starts at 990 points instead of 1000."),
        ("notice_days: 14", "notice_days: 21", "milder",
         "A record counts 21 days after notice instead of 14."),
        ("contest_days: 184", "contest_days: 200", "milder",
         "A record can be contested for 200 days instead of 184."),
        ("{name: strained, least: 900}", "{name: strained, least: 880}", "milder",
         "The band strained begins at 880 points instead of 900."),
        ("points: -40", "points: -30", "milder",
         "Smoking: a record takes 30 points instead of 40."),
        ("points: 20", "points: 15", "harsher",
         "Help given: a record gives 15 points instead of 20."),
        ("tier: general", "tier: serious", "harsher",
         "Smoking: a record is serious instead of general."),
        ("cap: 120", "cap: 160", "harsher",
         "Smoking: the records of one window count at most 160 points instead of 120."),
        ("cap: 40", "cap: 60", "milder",
         "Help given: the records of one window count at most 60 points instead of 40."),
        ("window_days: 368", "window_days: 460", "milder",
         "Smoking: a window has 460 days instead of 368."),
        ("    warn_first: true\n", "", "harsher",
         "Unpaid fare: the first record of a window counts."),
        ("inputs: [ticket-check]", "inputs: [gate-record]", "neutral",
         "Unpaid fare: a record rests on gate-record instead of ticket-check."),
        ("[[92, -30], [184, -20]", "[[92, -30], [184, -15]", "milder",
         ("Smoking: a record weighs 30 points after 92 days, 15 points after 184 days, 10 points "
         "after 276 days, instead of 30 points after 92 days, 20 points after 184 days, 10 points "
         "after 276 days.")),
        ("[[92, -30], [184, -20]", "[[92, -35], [184, -15]", "neutral",
         ("Smoking: a record weighs 35 points after 92 days, 15 points after 184 days, 10 points "
         "after 276 days, instead of 30 points after 92 days, 20 points after 184 days, 10 points "
         "after 276 days.")),
        ("restores: [rail.unpaid-fare, rail.smoking, rail.forged-ticket]",
         "restores: [rail.unpaid-fare, rail.smoking]", "harsher",
         ("Time: gives back rail.unpaid-fare and rail.smoking instead of rail.unpaid-fare, "
         "rail.smoking and rail.forged-ticket.")),
        ("recoveries:\n",
         ("recoveries:\n  - {kind: lesson, act: rail.help-given, restores: [rail.smoking], "
         "points: 30, yearly: 2}\n"),
         "milder",
         "Lesson (Help given) is a new way back: up to 30 points of smoking, at most 2 times a year."),
        ("parties: [rail-operator]", "parties: [rail-operator, ticket-agent]", "harsher",
         ("The question high-speed-sale: may be asked by rail-operator and ticket-agent instead of "
         "rail-operator.")),
        ("days: 180", "days: 90", "milder",
         "The restriction no-high-speed: lasts at most 90 days instead of 180."),
        ("trigger: {serious: 1}", "trigger: {serious: 2}", "milder",
         "The restriction no-high-speed: needs 2 serious instead of 1 serious."),
        ("trigger: {serious: 1}", "trigger: {serious: 1, general: 3}", "harsher",
         "The restriction no-high-speed: needs 1 serious or 3 general instead of 1 serious."),
        ("trigger: {serious: 1}", "trigger: {serious: 2, general: 3}", "neutral",
         "The restriction no-high-speed: needs 2 serious or 3 general instead of 1 serious."),
        ("time_percent: 200", "time_percent: 150", "milder",
         ("The restriction no-high-speed: leaves another way open at 150 % of the time instead of "
         "200 %.")),
        ("records: 1\n", "records: 2\n", "harsher",
         "The perk seat-choice: needs 2 records instead of 1."),
        ("name: Sample Rail,", "name: Other Rail,", "neutral", None),
        ("employer: Sample Rail, role: issuer", "employer: Holding, role: issuer", "neutral",
         "Sample Rail (issuer): has the employer Holding instead of Sample Rail."),
        ("2026: [2026-12-25, 2026-12-26]", "2026: [2026-12-24, 2026-12-25, 2026-12-26]", "milder",
         "Free days of 2026: 2026-12-24 added."),
        ("weekend: [6, 7]", "weekend: [7]", "harsher",
         "Nobody has to act on weekdays 7 instead of 6 and 7 (1 is Monday)."),
        ("impact: {result: not shown}",
         "impact: {result: shown, low_permille: 900, high_permille: 1100}", "neutral",
         "The impact on groups is shown, 900 to 1100 thousandths instead of not shown."),
        ("title: The second unpaid fare counts", "title: Other", "neutral",
         "The examples are others than before."),
    ],
)  # fmt: skip
def test_a_difference_is_one_sentence_with_its_mark(old, new, mark, words):
    found = said(edited((old, new)))
    if words is not None:
        assert found == [(mark, words)]
    assert {one for one, _ in found} == {mark}


def test_parts_that_come_or_go_are_named():
    without = msgspec.structs.replace(
        OLD,
        acts={code: one for code, one in OLD.acts.items() if code != "rail.smoking"},
        restrictions=(),
        perks=(),
        purposes={},
        recoveries=(),
        organisations=OLD.organisations[1:],
    )
    assert said(without) == [
        ("milder", "Smoking is weighed no more: a record takes 40 points in the old pack."),
        ("harsher", ("Time is no way back any more: unpaid fare, smoking and forged ticket, by the "
                    "age tables.")),
        ("milder", ("The question 'Sell a ticket for a high-speed train', by rail-operator, is "
                   "gone.")),
        ("milder", ("The restriction no-high-speed is gone: No high-speed ticket after a serious "
                   "record, at most 180 days, for 1 serious; open stays An ordinary train on the "
                   "same route and day (at 100 % of the price and 200 % of the time).")),
        ("harsher", ("The perk seat-choice is gone: Choose a seat without a charge, for 1 record "
                    "of rail.help-given.")),
        ("neutral", ("Sample City Ledger no longer takes part as operator (employer Sample Ledger "
                    "Cooperative, private).")),
    ]  # fmt: skip
    back = said(OLD, without)
    assert [mark for mark, _ in back] == [TURNED[mark] for mark, _ in said(without)]
    assert back[0][1] == "Smoking is new: a record takes 40 points and is gone after 365 days."


def test_the_effects_are_what_one_record_counts_and_the_most_at_once():
    new = edited(
        ("points: -40", "points: -30"), ("[[92, -30]", "[[92, -25]"), ("cap: 120", "cap: 90")
    )
    effects = policy.diff_packs(OLD, new).effects
    assert [(e.name, e.moment, e.before, e.after) for e in effects] == [
        ("Smoking", "notice", -40, -30),
        ("Smoking", "90 days", -40, -30),
        ("Smoking", "180 days", -30, -25),
        ("Smoking", "at once", -240, -180),
        ("All burdens together", "at once", -530, -470),
    ]


def test_an_act_that_is_not_weighed_has_no_points():
    effects = policy.diff_packs(pack_of({"fare": ACTS["fare"]}), pack_of({"help": ACTS["help"]}))
    found = {(e.act, e.moment): (e.before, e.after) for e in effects.effects}
    assert found["fare", "notice"] == (-40, None)
    assert found["help", "notice"] == (None, 10)
    assert found["help", "365 days"] == (None, 0)


def test_a_comparison_reads_as_text():
    new = edited(("points: -40", "points: -30"), ("notice_days: 14", "notice_days: 10"))
    assert (
        policy.diff_text(policy.diff_packs(OLD, new))
        == """\
rail: version 1 from 2026-11-01, version 1 from 2026-11-01
  harsher  A record counts 10 days after notice instead of 14.
  milder   Smoking: a record takes 30 points instead of 40.

What records count, before -> after:
  Smoking  one, when notice ends  -40 -> -30
  Smoking  one, after 90 days     -40 -> -30"""
    )
    assert policy.diff_text(policy.diff_packs(OLD, OLD)).endswith("The rules are the same.")


def test_packs_of_two_contexts_are_not_compared():
    with pytest.raises(Refused, match="E-PACK-20"):
        policy.diff_packs(OLD, msgspec.structs.replace(OLD, context="road"))


def turned_is_the_other_way_round(old, new):
    there, back = policy.diff_packs(old, new), policy.diff_packs(new, old)
    marks = sorted((one.where, TURNED[one.mark]) for one in there.differences)
    assert sorted((one.where, one.mark) for one in back.differences) == marks
    effects = {(e.act, e.moment, e.after, e.before) for e in there.effects}
    assert {(e.act, e.moment, e.before, e.after) for e in back.effects} == effects


POINTS = st.integers(-60, 60)
AGES = st.lists(st.integers(1, 300), min_size=1, max_size=4, unique=True).map(sorted)


@st.composite
def weighed(draw):
    points, days = draw(POINTS), draw(AGES)
    ages = [[day, points // (place + 2)] for place, day in enumerate(days[:-1])]
    one = act(points, [*ages, [days[-1], 0]], cap=draw(st.integers(0, 120)),
              window=30 * draw(st.integers(1, 12)), warn=draw(st.booleans()))  # fmt: skip
    return one | {"tier": draw(st.sampled_from(["minor", "general", "serious"]))}


@st.composite
def any_pack(draw):
    codes = st.sampled_from(["a.fare", "b.fare", "c.noise", "d.lesson"])
    acts = draw(st.dictionaries(codes, weighed(), min_size=1))
    kinds = st.sampled_from(["lesson", "service", "time", "payment"])
    names = st.sampled_from(sorted(acts))
    route = st.fixed_dictionaries(
        {"kind": kinds, "act": names, "restores": st.lists(names, min_size=1, max_size=3),
         "points": st.integers(0, 30), "yearly": st.integers(0, 3)}
    )  # fmt: skip
    return pack_of(
        acts,
        recoveries=draw(st.lists(route, max_size=3)),
        notice=draw(st.integers(0, 30)),
        base=draw(st.integers(100, 1000)),
    )


@settings(max_examples=60, deadline=None)
@given(any_pack(), any_pack())
def test_old_and_new_exchanged_turn_milder_into_harsher(old, new):
    turned_is_the_other_way_round(old, new)


@settings(max_examples=30, deadline=None)
@given(any_pack())
def test_a_pack_does_not_differ_from_itself(pack):
    found = policy.diff_packs(pack, pack)
    assert (found.differences, found.effects) == ((), ())


@pytest.mark.parametrize("name", NAMES)
def test_a_sample_pack_does_not_differ_from_itself_or_from_other_dates(packs, name):
    pack = packs[name]
    found = policy.diff_packs(pack, policy.redated(pack, published=20_000, force=20_030))
    wanted = {"public_register.history_from"} if pack.public_register else set()
    assert {one.where for one in found.differences} <= wanted
    assert found.effects == ()


@pytest.mark.parametrize("other", [MILDER, HARSHER])
def test_the_built_packs_turn_too(other):
    turned_is_the_other_way_round(PACK, other)


HEAD = {"format", "context", "version", "published", "force", "change"}


def leaves(value, path=()):
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, child in list(items):
        if isinstance(child, (dict, list)) and child:
            yield from leaves(child, (*path, key))
        else:
            yield (*path, key)


def changes(value):
    """Other values for a leaf; one of them fits its field."""
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        return [value + 1, value - 1]
    if isinstance(value, str) and value[:2] == "20":
        return ["2026-12-27", "2026-10-15"]
    return [f"{value}x", "serious", "service", "private", "shown", "organisation", "require-deposit",
            "reviewer", "applied", "record-end", "a" * 64, "latest-record"]  # fmt: skip


@pytest.mark.parametrize("name", ["hospitality", "food-hygiene", "rail"])
def test_no_change_of_a_rule_goes_unsaid(name):
    plain, _ = read((PACKS / f"{name}.yaml").read_bytes())
    plain = msgspec.json.decode(policy.canonical(policy.parse_pack(dump(plain))))
    old = policy.parse_pack(dump(plain))
    tried = 0
    for path in leaves(plain):
        if path[0] in HEAD:
            continue
        other = msgspec.json.decode(dump(plain))
        holder = other
        for step in path[:-1]:
            holder = holder[step]
        for value in changes(holder[path[-1]]):
            holder[path[-1]] = value
            try:
                new = policy.parse_pack(dump(other))
            except Refused:
                continue
            if new != old:
                tried += 1
                assert policy.diff_packs(old, new).differences, path
                break
    assert tried > 150


@pytest.mark.parametrize(
    ("old", "new", "mark", "words"),
    [
        (
            "    2026: [2026-12-25, 2026-12-26]\n",
            "    2026: [2026-12-25, 2026-12-26]\n    2027: [2027-12-25]\n",
            "harsher",  # without a table no clock runs against the subject
            "2027 has a table of free days now: 2027-12-25.",
        ),
        (
            "justifications:\n",
            (
                "public_register: {name: R, url: 'https://example.org/r', history_from: 2000-01-01}\n"
                "justifications:\n"
            ),
            "neutral",
            "The register R is read now.",
        ),
        (
            "trigger: {serious: 1}",
            "trigger: {serious: 1, score_below: 500}",
            "harsher",
            (
                "The restriction no-high-speed: needs 1 serious or a score below 500 instead of "
                "1 serious."
            ),
        ),
    ],
)
def test_a_table_a_register_and_a_bare_threshold_come_and_go(old, new, mark, words):
    other = edited((old, new))
    assert said(other) == [(mark, words)]
    assert [one for one, _ in said(OLD, other)] == [TURNED[mark]]
