"""Worked examples of the specification scorer, one promise each."""

import pytest

from standing import policy
from standing.errors import Refused
from standing.policy import RecordFact, Schedule

from .histories import ACTS, HARSHER, MILDER, PACK, RECOVERIES, START, act, pack_of

ONE = Schedule([(START, PACK)])
TWO = Schedule([(START, PACK), (START + 90, MILDER)])
THREE = Schedule([(START + 180, HARSHER), (START, PACK), (START + 90, MILDER)])


def rec(name, kind, day, noticed=None, **rest):
    return RecordFact(
        name, kind, START + day, START + (day if noticed is None else noticed), **rest
    )


def counted(records, at, schedule=ONE):
    result = policy.score(records, schedule, START + at)
    return {reason.record: (reason.counted, reason.why) for reason in result.reasons}


def test_nobody_s_records_are_base():
    result = policy.score([], ONE, START)
    assert (result.raw, result.score, result.band, result.reasons) == (1000, 1000, "high", ())


@pytest.mark.parametrize(
    ("at", "points", "why"),
    [
        (-1, 0, "not-yet"),
        (0, 0, "noticed"),
        (6, 0, "noticed"),
        (7, -40, "counted"),
        (39, -40, "counted"),
        (40, -20, "aged"),
        (89, -20, "aged"),
        (90, 0, "expired"),
        (5000, 0, "expired"),
    ],
)
def test_a_record_is_noticed_counts_fades_and_is_gone(at, points, why):
    early = Schedule([(START - 10, PACK)])
    assert counted([rec("a", "fare", 0)], at, early) == {"a": (points, why)}


def test_the_time_of_notice_runs_from_the_day_the_record_entered_the_log():
    assert counted([rec("a", "fare", 0, noticed=10)], 16) == {"a": (0, "noticed")}
    assert counted([rec("a", "fare", 0, noticed=10)], 17) == {"a": (-40, "counted")}


@pytest.mark.parametrize(
    ("status", "burden", "merit"),
    [
        ("effective", (-40, "counted"), (10, "counted")),
        ("contested", (0, "contested"), (10, "counted")),
        ("lapsed", (0, "lapsed"), (10, "counted")),
        ("annulled", (0, "annulled"), (0, "annulled")),
        ("retracted", (0, "retracted"), (0, "retracted")),
    ],
)
def test_what_became_of_a_record_decides_whether_it_counts(status, burden, merit):
    history = [rec("a", "fare", 0, status=status), rec("b", "help", 0, status=status)]
    assert counted(history, 10) == {"a": burden, "b": merit}


def test_no_record_outlives_its_source():
    history = [rec("a", "fare", 0, source_expires=START + 30)]
    assert counted(history, 29) == {"a": (-40, "counted")}
    assert counted(history, 30) == {"a": (0, "expired")}
    reason = policy.score(history, ONE, START + 20).reasons[0]
    assert (reason.next_change, reason.expires) == (START + 30, START + 30)


def test_a_reason_says_when_its_record_changes_next():
    for at, change in ((3, 7), (10, 40), (50, 90)):
        reason = policy.score([rec("a", "fare", 0)], ONE, START + at).reasons[0]
        assert reason.next_change == START + change
    for status in ("contested", "annulled"):
        history = [rec("a", "fare", 0, status=status)]
        assert policy.score(history, ONE, START + 10).reasons[0].next_change is None


def test_the_first_minor_record_of_a_window_warns_by_day_and_then_by_id():
    history = [rec("b", "noise", 1), rec("a", "noise", 1), rec("c", "noise", 0, status="annulled")]
    assert counted(history, 9) == {
        "c": (0, "annulled"),
        "a": (0, "warned"),
        "b": (-6, "counted"),
    }


def test_each_window_warns_anew():
    assert counted([rec("a", "noise", 29), rec("b", "noise", 30)], 37) == {
        "a": (0, "warned"),
        "b": (0, "warned"),
    }


def test_windows_reach_back_before_the_first_pack():
    assert counted([rec("a", "noise", -2), rec("b", "noise", -1), rec("c", "noise", 0)], 8) == {
        "a": (0, "warned"),
        "b": (-6, "counted"),
        "c": (0, "warned"),
    }


def test_records_use_up_the_cap_of_their_window_in_order_of_day_and_id():
    history = [rec("d", "fare", 3), rec("a", "fare", 2), rec("c", "fare", 1), rec("e", "fare", 4)]
    assert counted(history, 20) == {
        "c": (-40, "counted"),
        "a": (-40, "counted"),
        "d": (-20, "cap"),
        "e": (0, "cap"),
    }


def test_good_records_have_a_cap_too():
    history = [rec(name, "help", 0) for name in "abc"]
    assert policy.score(history, ONE, START + 10).raw == 1025


def test_a_score_stays_between_floor_and_ceiling_and_raw_says_what_it_was():
    low = Schedule(
        [(START, pack_of({"grave": act(-90, [[200, 0]], cap=180, window=210)}, base=100))]
    )
    result = policy.score([rec("a", "grave", 0), rec("b", "grave", 1)], low, START + 20)
    assert (result.raw, result.score, result.band) == (-80, 0, "low")
    rich = Schedule(
        [(START, pack_of({"help": act(90, [[200, 0]], cap=180, window=210)}, base=100))]
    )
    result = policy.score([rec("a", "help", 0), rec("b", "help", 1)], rich, START + 20)
    assert (result.raw, result.score, result.band) == (280, 200, "high")


def test_a_lesson_gives_back_points_of_the_oldest_burdens_before_it():
    history = [
        rec("a", "fare", 0, status="contested"),
        rec("b", "noise", 1),
        rec("c", "noise", 2),
        rec("d", "fare", 3),
        rec("z", "lesson", 5),
        rec("e", "fare", 6),
    ]
    assert counted(history, 14) == {
        "a": (0, "contested"),
        "b": (0, "warned"),
        "c": (0, "recovered"),
        "d": (-14, "recovered"),
        "z": (0, "counted"),
        "e": (-40, "counted"),
    }


def test_two_lessons_never_lift_a_record_above_nothing():
    history = [rec("a", "fare", 0), rec("y", "lesson", 1), rec("z", "lesson", 2)]
    assert counted(history, 10)["a"] == (0, "recovered")
    assert policy.score(history, ONE, START + 10).raw == 1000


def test_only_so_many_lessons_of_a_year_give_anything_and_one_without_use_is_not_one_of_them():
    routes = ({**RECOVERIES[0], "yearly": 1},)
    schedule = Schedule([(START, pack_of(ACTS, recoveries=routes))])
    history = [
        rec("x", "lesson", 0),
        rec("a", "fare", 1),
        rec("y", "lesson", 2),
        rec("z", "lesson", 3),
    ]
    assert counted(history, 10, schedule)["a"] == (-10, "recovered")
    history += [rec("b", "fare", 366), rec("w", "lesson", 367)]  # the next year
    assert counted(history, 380, schedule)["b"] == (-10, "recovered")


def test_a_lesson_does_not_count_before_it_is_noticed():
    history = [rec("a", "fare", 0), rec("z", "lesson", 10)]
    assert counted(history, 16)["a"] == (-40, "counted")
    assert counted(history, 17)["a"] == (-10, "recovered")


def test_a_milder_later_pack_is_milder_for_earlier_windows_too():
    assert counted([rec("a", "fare", 70)], 89, TWO) == {"a": (-40, "counted")}
    assert counted([rec("a", "fare", 70)], 90, TWO) == {"a": (-20, "counted")}
    assert policy.score([rec("a", "fare", 70)], TWO, START + 90).pack_version == 2


def test_a_harsher_later_pack_leaves_earlier_windows_under_their_own_rules():
    history = [rec("a", "fare", 150)]
    assert counted(history, 185, THREE) == {"a": (-10, "better-pack")}
    assert counted([rec("a", "fare", 181)], 190, THREE) == {"a": (-60, "counted")}


def test_a_kind_that_a_later_pack_no_longer_weighs_keeps_its_merit_and_sheds_its_burden():
    assert counted([rec("a", "help", 170)], 185, THREE) == {"a": (10, "better-pack")}
    gone = pack_of({"help": ACTS["help"]}, version=2, force=START + 90)
    later = Schedule([(START, PACK), (START + 90, gone)])
    assert counted([rec("a", "fare", 70)], 91, later) == {"a": (0, "no-rule")}


def test_no_rules_no_score():
    with pytest.raises(Refused, match="E-SCORE-01"):
        policy.score([], ONE, START - 1)


def test_one_record_given_twice_is_refused():
    with pytest.raises(Refused, match="E-SCORE-02"):
        policy.score([rec("a", "fare", 0), rec("b", "fare", 0), rec("a", "help", 3)], ONE, START)


def test_every_why_has_words_for_a_reader():
    seen = {
        reason.why
        for schedule in (ONE, THREE)
        for at in (9, 20, 185)
        for reason in policy.score(
            [rec(f"{kind}{day}{status}", kind, day, status=status)
             for kind in ACTS for day in (0, 1, 2, 30, 150, 170)
             for status in ("effective", "contested", "annulled", "lapsed", "retracted")],
            schedule, START + at,
        ).reasons
    }  # fmt: skip
    assert seen <= set(policy.WHY)
    assert set(policy.WHY) - seen <= {"no-rule", "noticed"}
