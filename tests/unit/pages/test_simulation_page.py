"""The page of a simulation: everything that was told stands in it, and nothing else gets in."""

import base64
import hashlib
import itertools
import re

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from standing.pages import LANGUAGES, simulation_page
from standing.pages._voice import Voice
from standing.policy import Finding
from standing.policy.simulation import Flip, Impact, Part
from tests.unit.pages.populations import TEXT, harsher, shipped_pack, simulation, simulations
from tests.unit.pages.reading import Page, cells, numbers

COMMAND = "standing pack simulate next.yaml --page simulation.html"
FINDING = Finding(
    "L42", "justify", 1_096, "impact", "an impact not shown", "a shown impact", "Say so.", "rule"
)
RAIL = simulation("rail")
SMALL = simulation("rail", size=9)
EMPTY = simulation("rail", size=0, regions=(), groups=())
NAMED = {"rail": RAIL, "small": SMALL, "empty": EMPTY}


def page(result=RAIL, findings=(), language="en", command=COMMAND):
    return Page(simulation_page(result, findings, language=language, command=command))


def every_number(result, voice):
    """Every count, share and ratio of a simulation as the page writes it."""
    found = [result.lower, result.same, result.higher, result.subjects]
    found += [n for row in result.moves for n in row]
    found += [*result.before, *result.after]
    found += [n for flip in result.flips for n in (flip.comes, flip.goes, flip.stays)]
    parts = [part for found in result.parts.values() for part in found]
    found += [n for part in parts for n in (part.subjects, part.lower, part.higher)]
    yield from (voice.number(n) for n in found if n is not None)
    for part in parts:
        for share in (part.before, part.after):
            yield from () if share is None else map(voice.share, share)
        yield from () if part.ratio is None else map(voice.ratio, part.ratio)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", NAMED)
def test_every_number_is_on_the_page_and_nothing_left_out_has_one(name, language):
    text = page(NAMED[name], language=language).pieces
    for number in every_number(NAMED[name], Voice(language)):
        assert re.search(rf"(?<![\d,.]){re.escape(number)}(?![\d,])", text), number
    assert "None" not in text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", NAMED)
def test_a_drawing_and_its_table_hold_the_same_numbers(name, language):
    for figure in page(NAMED[name], language=language).figures:
        told = {piece for cell in cells(figure) for piece in re.findall(r"[−\d.,%]+|–", cell)}
        drawn = {piece for n in numbers(figure) for piece in re.findall(r"[−\d.,%]+|–", n)}
        assert drawn
        assert drawn <= told
        if figure.get("id") in {"changes", "moves", "flips"}:
            assert {piece for piece in told if piece[0] != "."} == drawn


def test_a_hidden_count_is_hatched_and_heard():
    figure = next(f for f in page(SMALL).figures if f.get("id") == "moves")
    hidden = sum(count is None for row in SMALL.moves for count in row)
    hatched = [r for r in figure.iter("rect") if "hatch" in r.get("class", "")]
    assert len(hatched) == hidden > 0
    heard = [s for s in figure.iter("span") if s.get("class") == "heard"]
    assert [s.text for s in heard] == ["left out"] * hidden


def test_the_head_names_the_packs_the_day_and_the_command():
    shown = page().shown
    for text in (
        "rail", "23 November 2026", RAIL.old_title, RAIL.new_title, COMMAND, "12,035",
        RAIL.old_pack, RAIL.new_pack, RAIL.new_rules, "Simulated: nothing was changed",
    ):  # fmt: skip
        assert text in shown
    assert re.findall(r"<span>(9ac04be7)</span>", page().text) == ["9ac04be7"] * 8


def test_a_pack_that_is_not_published_has_no_digest_to_name():
    assert "not published" in page(msgspec.structs.replace(RAIL, old_pack="")).shown


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_titles_state_the_findings(language):
    titles = [figure.find("h3").text for figure in page(language=language).figures]
    lower = f"{RAIL.lower:,}"
    worse = sum(n for i, row in enumerate(RAIL.moves) for j, n in enumerate(row) if j < i)
    assert lower in titles[0]
    assert str(worse) in titles[1]
    if language == "en":
        assert titles[0] == f"Of 12,035 subjects, 0 score higher and {lower} lower"
        assert (
            titles[1] == f"Of 12,035 subjects, 0 move to a better band and {worse} to a worse one"
        )
        assert "All 6 intervals lie within 0.8 to 1.25" in titles


def test_no_sum_stands_for_a_whole_that_holds_hidden_counts():
    moves = ((7, None, 0), (None, 9, 6), (0, 0, None))
    shown = page(msgspec.structs.replace(RAIL, moves=moves)).shown
    assert "6 or more move to a better band and a number left out to a worse one" in shown
    everything = page(msgspec.structs.replace(RAIL, lower=None, higher=None, same=None)).shown
    assert "a number left out score higher and a number left out lower" in everything


def test_bands_that_differ_have_no_better_and_no_worse():
    moves = ((5, 0), (0, 6), (7, 0))
    changed = msgspec.structs.replace(RAIL, new_bands=("low", "fine"), moves=moves)
    shown = page(changed).shown
    assert "The bands change: from low, strained, steady to low, fine" in shown
    assert "better band" not in shown
    assert "▲ better" not in shown


def test_findings_come_before_the_numbers_and_say_code_line_got_and_allowed():
    shown = page(findings=[FINDING]).shown
    assert shown.index("This pack would not load yet") < shown.index("Of 12,035 subjects")
    for text in ("L42", "1,096", "an impact not shown", "a shown impact", "Say so."):
        assert text in shown
    assert "would not load" not in page().shown


def test_a_justified_finding_does_not_say_that_the_pack_stays_out():
    justified = msgspec.structs.replace(FINDING, level="justified")
    shown = page(findings=[justified]).shown
    assert "This pack loads with justifications" in shown
    assert "would not load" not in shown


@pytest.mark.parametrize(
    ("counts", "day", "text"),
    [
        ((0, 12), 20_841, "23 January 2027: on the first day of force nobody falls, because each"),
        ((0, 12), 20_841, "(L37). 12 rise."),
        ((0, 0), 20_841, "Nobody rises."),
        ((0, None), 20_841, "How many rise is left out."),
        ((9, 12), None, "on the first day of force 9 fall. Each window keeps the milder rules"),
        ((None, 12), 20_841, "on the first day of force a number left out fall."),
        (None, None, "Not part of this simulation"),
    ],
)
def test_the_first_day_of_force_is_told(counts, day, text):
    result = msgspec.structs.replace(RAIL, on_force_day=counts, milder_law_day=day)
    assert text in page(result).shown


@pytest.mark.parametrize(
    ("impact", "text"),
    [
        (
            Impact(result="shown", low_permille=961, high_permille=1_032),
            "interval 0.961 to 1.032, which is within 0.8 to 1.25",
        ),
        (Impact(result="shown", low_permille=800, high_permille=1_250), "which is within"),
        (
            Impact(result="shown", low_permille=799, high_permille=1_032),
            "which reaches outside 0.8 to 1.25",
        ),
        (
            Impact(result="shown", low_permille=900, high_permille=1_251),
            "which reaches outside 0.8 to 1.25",
        ),
        (Impact(result="not shown"), "The impact on groups is not shown"),
    ],
)
def test_the_impact_is_told(impact, text):
    assert text in page(msgspec.structs.replace(RAIL, impact=impact)).shown


def test_an_interval_outside_is_named_and_goes_on_past_the_edge():
    wide = Part("far", 40, (900, 850, 950), (500, 400, 600), 9, 0, (300, 100, 700))
    near = Part("near", 400, (900, 850, 950), (910, 860, 960), 0, 9, (1_010, 990, 9_000))
    shown = page(msgspec.structs.replace(RAIL, parts={"region": (wide, near)}))
    assert "2 of 2 intervals reach outside 0.8 to 1.25: far, near" in shown.shown
    assert "changes most in far: 90.0% before, 50.0% after" in shown.shown
    ratios = next(f for f in shown.figures if f.get("id") == "ratios-0")
    assert {"◂", "▸"} <= {text.text for text in ratios.iter("text")}


def test_one_interval_is_no_plural():
    near = Part("near", 400, (900, 850, 950), (910, 860, 960), 0, 9, (1_010, 990, 1_100))
    shown = page(msgspec.structs.replace(RAIL, parts={"region": (near,)})).shown
    assert "The interval lies within 0.8 to 1.25" in shown


def test_nobody_said_where_they_belong():
    for parts in ({}, {"region": (), "group": ()}):
        shown = page(msgspec.structs.replace(RAIL, parts=parts)).shown
        assert "Nobody said to which region or group they belong" in shown


def test_a_small_part_is_counted_without_a_name():
    small = Part("", None, None, None, None, None, None)
    shown = page(msgspec.structs.replace(RAIL, parts={"group": (small,)})).shown
    assert "parts of fewer than five" in shown
    assert "Every share is left out" in shown
    assert "No ratio can be shown" in shown


def test_shares_that_stay_say_so():
    same = Part("near", 400, (900, 850, 950), (900, 850, 950), 0, 9, None)
    hidden = Part("far", 40, None, None, None, None, None)
    told = {
        (same,): "changes nowhere",
        (same, hidden): "No share that is shown changes",
    }
    for parts, text in told.items():
        assert text in page(msgspec.structs.replace(RAIL, parts={"group": parts})).shown


@pytest.mark.parametrize(
    ("flip", "text"),
    [
        (Flip("p", "perk", "A perk", 0, 0, 7), "No consequence comes or goes for anybody"),
        (Flip("p", "perk", "A perk", None, 0, 7), "For how many a consequence comes or goes is"),
        (Flip("p", "perk", "A perk", 8, 0, 7), "“A perk” changes most: it comes for 8"),
    ],
)
def test_consequences_are_told(flip, text):
    shown = page(msgspec.structs.replace(RAIL, flips=(flip,))).shown
    assert text in shown
    assert "a human decides" not in shown


def test_a_restriction_says_that_a_human_decides():
    assert "a human decides" in page().shown


def test_packs_without_consequences_say_so():
    shown = page(msgspec.structs.replace(RAIL, flips=())).shown
    assert "Neither pack has a restriction or a perk." in shown


def test_an_empty_population_says_so():
    shown = page(EMPTY).shown
    assert "Fewer than five subjects can be scored" in shown
    assert "Scores before and after" not in shown


def test_a_histogram_marks_base_where_the_scales_are_known():
    marked = next(f for f in page().figures if f.get("id") == "scores")
    assert any("◆" in (text.text or "") for text in marked.iter("text"))
    assert len([r for r in marked.iter("rect") if r.get("class") == "base"]) == 12
    plain = next(
        f
        for f in page(msgspec.structs.replace(RAIL, scales=None)).figures
        if f.get("id") == "scores"
    )
    assert not [r for r in plain.iter("rect") if r.get("class") == "base"]


def test_a_row_that_dwarfs_the_others_is_broken_and_says_so():
    marked = next(f for f in page().figures if f.get("id") == "scores")
    assert [r for r in marked.iter("rect") if r.get("class") == "gap"]
    assert "A bar with gaps is longer than drawn." in page().shown


EVIL = "<script>alert(1)</script>"


def test_what_others_wrote_is_text():
    parts = {EVIL: (Part(EVIL, 40, (900, 850, 950), (500, 400, 600), 9, 0, (300, 100, 700)),)}
    result = msgspec.structs.replace(
        RAIL, context=EVIL, old_title=EVIL, new_title=EVIL, old_bands=(EVIL, "b", "c"), parts=parts,
        flips=(Flip(EVIL, "perk", EVIL, 8, 0, 7),), old_pack=EVIL,
    )  # fmt: skip
    finding = msgspec.structs.replace(FINDING, code=EVIL, got=EVIL, allowed=EVIL, why=EVIL)
    shown = page(result, findings=[finding], command=EVIL)
    assert not shown.all("script")
    assert shown.shown.count("alert(1)") > 8


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_admits_its_style_and_nothing_else(language):
    text = page(language=language).text
    (style,) = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    (policy,) = [
        attrs["content"]
        for attrs in page(language=language).all("meta")
        if attrs.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )
    assert "\r" not in style


@pytest.mark.parametrize("name", NAMED)
def test_the_page_loads_nothing_and_styles_nothing_inline(name):
    shown = page(NAMED[name], findings=[FINDING])
    tags = {tag for tag, _ in shown.elements}
    assert not tags & {"script", "link", "img", "iframe", "object", "embed", "use", "image", "form"}
    for _, attrs in shown.elements:
        assert not {"src", "style", "srcset", "xlink:href"} & set(attrs)
        assert not [key for key in attrs if key.startswith("on")]
        assert attrs.get("href", "#").startswith("#")
    assert not re.findall(r"https?://|@import", shown.text)
    assert set(re.findall(r"url\((.)", shown.text)) <= {"#"}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", NAMED)
def test_the_page_can_be_read_without_eyes(name, language):
    shown = page(NAMED[name], findings=[FINDING], language=language)
    assert shown.all("html") == [{"lang": language}]
    ids = [attrs["id"] for _, attrs in shown.elements if "id" in attrs]
    assert len(ids) == len(set(ids))
    for _, attrs in shown.elements:
        named = attrs.get("aria-labelledby", "").split()
        assert set(named) <= set(ids)
        if "href" in attrs:
            assert attrs["href"].removeprefix("#") in ids
    for drawing in shown.drawings:
        assert drawing.get("role") == "img"
        title, desc, *_ = drawing
        assert (title.tag, desc.tag) == ("title", "desc")
        assert title.text
        assert desc.text
    levels = [int(tag[1]) for tag, _ in shown.elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b - a <= 1 for a, b in itertools.pairwise(levels))
    assert len(shown.all("table")) == len(shown.all("caption")) == len(shown.figures) + 1
    assert all(attrs.get("scope") in {"col", "row"} for attrs in shown.all("th"))


def test_long_and_many_names_are_cut_in_drawings_and_whole_in_tables():
    names = tuple(f"a-band-with-a-very-long-name-{n}-of-many-{'x' * 30}" for n in range(20))
    moves = tuple(tuple(5 + i * j for j in range(20)) for i in range(20))
    regions = tuple(
        Part(f"{'区' * 40}{n:02}", 40 + n, None, None, None, None, None) for n in range(60)
    )
    result = msgspec.structs.replace(
        RAIL, old_bands=names, new_bands=names, moves=moves, parts={"region": regions}, scales=None
    )
    for figure in page(result).figures:
        assert all(len(text.text or "") < 60 for text in figure.iter("text"))
        if figure.get("id") == "moves":
            assert set(names) <= set(cells(figure))


def test_equal_simulations_give_equal_pages():
    assert page().text == page(simulation("rail")).text


def test_another_sample_pack_with_five_bands_and_wide_scores():
    result = simulation("punctuality", size=2_000, changed=harsher)
    assert len(result.new_bands) == len(shipped_pack("punctuality").bands) == 5
    assert "200,000" in page(result).shown


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=60)
@given(
    simulations(),
    st.lists(
        st.builds(
            Finding, TEXT, st.sampled_from(["refuse", "justify", "justified"]),
            st.integers(1, 10**6), TEXT, TEXT, TEXT, TEXT, TEXT,
        ),
        max_size=3,
    ),
    st.sampled_from(LANGUAGES),
    TEXT,
)  # fmt: skip
def test_any_simulation_has_a_page(result, findings, language, command):
    shown = page(result, findings, language, command)
    assert len(shown.drawings) == len(shown.figures) >= 2
    assert not shown.all("script")
    assert not [n for figure in shown.figures for n in numbers(figure) if "None" in n]
