"""What a pack's weights come to: each number is what the specification scorer says too."""

import pytest

from standing import policy
from standing.policy import RecordFact, Schedule

from .conftest import NAMES
from .histories import ACTS, PACK, act, pack_of


def bands_of(pack, code, number):
    """Give the index of the band after so many records of one kind on one day."""
    records = [RecordFact(f"r{n:05}", code, pack.force, pack.force) for n in range(number)]
    schedule = Schedule([(pack.force, pack)])
    return policy.score(records, schedule, pack.force + pack.notice_days).band_index


@pytest.mark.parametrize("name", NAMES)
def test_the_records_that_lead_to_a_band_are_the_scorer_s(packs, name):
    pack = packs[name]
    start = bands_of(pack, next(iter(pack.acts)), 0)
    for facts in policy.arithmetic(pack).acts:
        burden = pack.acts[facts.code].points < 0
        most = 2 + pack.acts[facts.code].cap // max(1, abs(pack.acts[facts.code].points))
        for number, band in ((facts.to_next, start - 1), (facts.to_lowest, 0)):
            if number is not None:
                assert bands_of(pack, facts.code, number) <= band
                assert bands_of(pack, facts.code, number - 1) > band
            elif burden:
                assert bands_of(pack, facts.code, most) > band


def test_a_record_is_gone_on_the_day_that_is_named():
    facts = {one.code: one for one in policy.arithmetic(PACK).acts}
    for code, act_ in PACK.acts.items():
        assert facts[code].gone_after == act_.ages[-1][0]


def test_a_warning_costs_one_record_more_and_a_cap_can_end_the_way():
    loud = act(-6, [[30, 0]], cap=100, window=30)
    quiet, capped = loud | {"warn_first": True}, loud | {"cap": 50}
    pack = pack_of({"a.loud": loud, "b.quiet": quiet, "c.capped": capped, "help": ACTS["help"]})
    told = [(one.name, one.to_next, one.to_lowest) for one in policy.arithmetic(pack).acts]
    assert told == [("Loud", 9, 9), ("Quiet", 10, 10), ("Capped", None, None), ("Help", None, None)]


def test_where_base_lies_in_the_lowest_band_nothing_leads_lower():
    pack = pack_of({"fare": ACTS["fare"]})
    low = pack.bands[0]
    from msgspec.structs import replace

    pack = replace(pack, bands=(low, replace(pack.bands[1], least=pack.base + 1)))
    (facts,) = policy.arithmetic(pack).acts
    assert (facts.to_next, facts.to_lowest) == (None, None)
    assert "Base lies in the lowest band." in policy.show_text(pack)


def test_two_acts_of_one_last_name_have_their_whole_codes():
    pack = pack_of({"a.late": ACTS["fare"], "b.late": ACTS["fare"], "c.noise": ACTS["noise"]})
    assert [one.name for one in policy.arithmetic(pack).acts] == ["a.late", "b.late", "Noise"]


def test_a_pack_reads_in_plain_words(packs):
    text = policy.show_text(packs["hospitality"])
    assert text.splitlines()[0].startswith("hospitality 1: ")
    for part in ("What is recorded", "Ways back", "Who may ask", "What may follow", "Who takes"):
        assert f"\n\n{part}" in text
    assert "The first record of a window is a warning and counts nothing." in text
    assert "Another way: " in text


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("unpaid-fare", ("3 records in one window: strained; never low, the lowest band, by this "
                        "kind in one window.")),
        ("loud-audio", ("Records of one window lead to no other band, nor do those of several "
                       "windows.")),
    ],
)  # fmt: skip
def test_the_words_say_what_leads_to_which_band(packs, kind, words):
    text = policy.show_text(packs["transit"])
    part = text.split(f"transit.{kind})")[1].split("(")[0]
    assert words in part


def test_several_windows_together_are_named_where_they_reach_a_band(packs):
    text = policy.show_text(packs["rail"])
    part = text.split("rail.unpaid-fare)")[1].split("(")[0]
    assert "lead to no other band; those of several windows together can." in part


def test_the_lowest_band_is_named_where_one_kind_reaches_it():
    noise = act(-6, [[30, 0]], cap=600, window=30)
    from msgspec.structs import replace

    pack = pack_of({"noise": noise})
    high = replace(pack.bands[1], name="high", least=990)
    three = (pack.bands[0], replace(high, name="mid", least=900), high)
    text = policy.show_text(replace(pack, bands=three))
    assert "2 records in one window: mid; 17: low, the lowest band." in text
    assert "9 records in one window: low, the lowest band." in policy.show_text(pack)
