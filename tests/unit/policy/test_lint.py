"""The linter: each code refuses its own fixture, and nothing else about it."""

import difflib

import msgspec
import pytest

from standing import policy
from standing.errors import Refused
from standing.policy._codes import SENSITIVE_INPUTS, WEALTH_INPUTS
from standing.policy._schema import Field

from .conftest import FIXTURES, NAMES, PACKS

REFUSED = sorted((FIXTURES / "refused").glob("*.yaml"))
AT_LOAD = {code for code, facts in policy.CODES.items() if "load" in facts.at}
MOST_LINES = 5


def blocking(data, catalogue):
    return [f for f in policy.lint(data, catalogue) if f.level != "justified"]


def edited(data, *pairs):
    text = data.decode()
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new, 1)
    return text.encode()


def test_the_passing_pack_has_nothing_to_refuse(passing, catalogue):
    assert blocking(passing, catalogue) == []
    assert policy.load_pack(passing, catalogue).context == "rail"


@pytest.mark.parametrize("name", NAMES)
def test_each_sample_pack_passes_every_code(name, catalogue):
    assert blocking((PACKS / f"{name}.yaml").read_bytes(), catalogue) == []


@pytest.mark.parametrize("path", REFUSED, ids=lambda path: path.stem)
def test_each_fixture_is_refused_with_its_own_code_and_no_other(path, catalogue):
    code = path.stem.split("-")[0]
    findings = blocking(path.read_bytes(), catalogue)
    assert {finding.code for finding in findings} == {code}
    assert all(f.got and f.allowed and f.why and f.source and f.line > 1 for f in findings)


@pytest.mark.parametrize("path", REFUSED, ids=lambda path: path.stem)
def test_each_fixture_differs_from_the_passing_pack_only_in_the_offending_value(path, passing):
    diff = difflib.ndiff(passing.decode().splitlines(), path.read_text().splitlines())
    changed = [line for line in diff if line[:2] in {"+ ", "- "}]
    assert 1 <= len(changed) <= MOST_LINES


@pytest.mark.parametrize("path", REFUSED, ids=lambda path: path.stem)
def test_the_line_of_a_finding_is_a_line_of_the_difference_or_the_part_around_it(
    path, catalogue, passing
):
    lines = path.read_text().splitlines()
    for finding in blocking(path.read_bytes(), catalogue):
        last = finding.where.rsplit(".", 1)[-1]
        is_named = last in lines[finding.line - 1] or last.isdigit() or not finding.where
        assert is_named or finding.code in {"L28", "L70", "L14"}


def test_every_code_that_binds_at_load_has_a_fixture():
    assert {path.stem.split("-")[0] for path in REFUSED} == AT_LOAD


@pytest.mark.parametrize("path", REFUSED, ids=lambda path: path.stem)
def test_a_refused_pack_does_not_load(path, catalogue):
    with pytest.raises(Refused, match="E-PACK-02") as caught:
        policy.load_pack(path.read_bytes(), catalogue)
    assert path.stem.split("-")[0] in caught.value.why


@pytest.mark.parametrize("code", ["L14", "L39", "L42", "L70"])
def test_a_code_marked_w_loads_with_a_written_justification_and_is_still_shown(code, catalogue):
    path = next(path for path in REFUSED if path.stem.startswith(code))
    text = path.read_text()
    note = f"  {code}: These words stand for a reason of at least forty characters.\n"
    old = "justifications:\n"
    text = text.replace(old, old + note) if old in text else text + old + note
    findings = policy.lint(text.encode(), catalogue)
    assert (code, "justified") in {(f.code, f.level) for f in findings}
    assert policy.load_pack(text.encode(), catalogue)


def test_a_word_is_no_justification(catalogue):
    path = next(path for path in REFUSED if path.stem.startswith("L42"))
    text = path.read_text() + "justifications:\n  L42: Because.\n"
    assert [f.level for f in policy.lint(text.encode(), catalogue)] == ["justify"]


@pytest.mark.parametrize(
    ("pairs", "code"),
    [
        ([("trigger: {serious: 1}", "trigger: {serious: 1, minor: 1}"), ("days: 180", "days: 90")], "L28"),
        ([("trigger: {serious: 1}", "trigger: {general: 2}"), ("days: 180", "days: 90")], "L28"),
        ([("trigger: {serious: 1}", "trigger: {}")], "L28"),
        ([("trigger: {serious: 1}", "trigger: {general: 3}")], "L29"),
        ([("time_percent: 200", "time_percent: 200\n      where_none: applied")], "L31"),
        ([("price_percent: 100", "price_percent: 101")], "L31"),
        ([("service: ordinary-train", "service: high-speed-train")], "L31"),
        ([("touches: seat", "touches: tax")], "L47"),
        ([("touches: seat", "touches: emergency")], "L47"),
        ([("other_route: Choose a seat without a charge at the counter", "other_route: ' '")], "L47"),
        ([("acts: [rail.help-given]", "acts: [rail.smoking]")], "L47"),
        ([("perk: seat-choice", "perk: other")], "L52"),
        ([("setting: rail", "setting: road"), ("source: rail-terms", "source: road-rules")], "L62"),
        ([("setting: rail", "setting: home")], "L62"),
        ([("source: rail-terms", "source: other-terms")], "L62"),
        ([("sector: rail-operator", "sector: police")], "L62"),
        ([("purpose: high-speed-sale", "purpose: other")], "L62"),
        ([("tier: general", "tier: serious")], "L61"),
        ([("first_force: 2026-11-01", "first_force: 2026-10-31")], "L37"),
        ([("version: 1", "version: 2")], "L38"),
        ([('summary: "first pack: nothing to compare"', "summary: none")], "L38"),
        ([("{result: not shown}", "{result: shown, low_permille: 900, high_permille: 1100}")], "L38"),
        ([("points: 20", "points: 0")], "L12"),
        ([("points: 20\n", "points: -20\n")], "L12"),
        ([("points: -120\n", "points: -251\n"), ("cap: 125", "cap: 251")], "L13"),
        ([("cap: 120", "cap: 250"), ("cap: 125", "cap: 250")], "L13"),
        ([("ages: [[184, 10], [365, 0]]", "ages: [[184, 10], [184, 5], [365, 0]]")], "L09"),
        ([("    cap: 40", "    cap: 40\n    warn_first: true")], "L17"),
        ([("restores: [rail.unpaid-fare,", "restores: [rail.unpaid-fare, rail.singing,")], "L15"),
        ([("- {name: steady, least: 950}", "- {name: strained, least: 950}")], "FORMAT"),
        ([("- {name: low, least: 0}", "- {name: low, least: 1}")], "FORMAT"),
        ([("base: 1000", "base: 1001")], "FORMAT"),
        ([("subjects: [person]", "subjects: [person, person]")], "FORMAT"),
        ([("linter: 2", "linter: 1")], "FORMAT"),
        ([("2026: [2026-12-25, 2026-12-26]", "2026: [2025-12-25, 2026-12-26]")], "L45"),
        ([("2026: [2026-12-25, 2026-12-26]", "2026: [2026-12-26, 2026-12-25]")], "L45"),
        ([("band: steady", "band: low")], "EXAMPLES"),
        ([("counted: {b: -10}", "counted: {c: -10}")], "EXAMPLES"),
        ([("code: no-high-speed", "code: clear")], "L52"),
        ([("code: no-high-speed", "code: seat-choice")], "L52"),
        ([("answers: [clear, ", "answers: [")], "L52"),
        ([("service: high-speed-train", "service: fast-train")], "L31"),
        ([("service: ordinary-train", "service: walk")], "L31"),
        ([("touches: seat", "touches: taxes")], "L47"),
        ([("title: Choice of a seat", "title: ' '")], "FORMAT"),
        ([("title: Choice of a seat", 'title: "Choice\\e[2J"')], "FORMAT"),
        ([("title: Choice of a seat", "title: 'Choice '")], "FORMAT"),
        ([("{id: b, type", "{id: a, type")], "EXAMPLES"),
    ],
)  # fmt: skip
def test_a_second_way_to_break_a_code_is_refused_as_well(pairs, code, passing, catalogue):
    data = edited(passing, *pairs)
    assert code in {finding.code for finding in blocking(data, catalogue)}


def test_an_impact_outside_the_limits_needs_a_reason_in_a_later_pack(packs, catalogue):
    for low, high, codes in ((700, 1100, {"L42"}), (900, 1300, {"L42"}), (800, 1250, set())):
        data = policy.canonical(later_pack(packs["rail"], low, high))
        assert {finding.code for finding in blocking(data, catalogue)} == codes


def later_pack(pack, low, high):
    change = msgspec.structs.replace(
        pack.change, summary="Milder ages", previous="a" * 64, simulation="b" * 64
    )
    impact = msgspec.structs.replace(
        pack.impact, result="shown", low_permille=low, high_permille=high
    )
    return msgspec.structs.replace(pack, version=2, change=change, impact=impact, justifications={})


def test_a_public_register_about_natural_persons_is_refused(passing, catalogue):
    register = (
        b"public_register: {name: R, url: 'https://example.org/r', history_from: 2000-01-01}\n"
    )
    assert "FORMAT" in {finding.code for finding in blocking(passing + register, catalogue)}


def test_a_recovery_needs_a_positive_act_that_lasts_as_long_as_what_it_restores(passing, catalogue):
    for act, restored in (
        ("rail.smoking", "rail.smoking"),
        ("rail.help-given", "rail.forged-ticket"),
    ):
        lesson = (
            f"  - {{kind: lesson, act: {act}, restores: [{restored}], points: 60, yearly: 2}}\n"
        )
        data = edited(passing, ("purposes:\n", lesson + "purposes:\n"))
        assert "L15" in {finding.code for finding in blocking(data, catalogue)}


def test_a_lesson_that_gives_back_half_the_cap_is_a_way_back(passing, catalogue):
    lesson = "\n  - {kind: lesson, act: rail.help-given, restores: [rail.smoking], points: 30, yearly: 2}\n"
    old = "restores: [rail.unpaid-fare, rail.smoking, rail.forged-ticket]}\n"
    new = "restores: [rail.unpaid-fare, rail.forged-ticket]}" + lesson
    assert blocking(edited(passing, (old, new)), catalogue) == []


def test_a_serious_act_that_fades_too_slowly_is_no_recovery_by_time(passing, catalogue):
    data = edited(passing, ("[365, -60]", "[365, -61]"))
    assert {finding.code for finding in blocking(data, catalogue)} == {"L15"}


def test_sums_that_leave_32_bits_are_refused_even_for_organisations(packs, catalogue):
    pack = packs["punctuality"]
    acts = {
        code: msgspec.structs.replace(act, cap=1_000_000_000) for code, act in pack.acts.items()
    }
    data = policy.canonical(msgspec.structs.replace(pack, acts=acts))
    assert {finding.code for finding in blocking(data, catalogue)} == {"L12"}


def test_codes_for_people_do_not_bind_a_pack_about_organisations(packs, catalogue):
    pack = msgspec.structs.replace(packs["food-hygiene"], contest_days=30, notice_days=0)
    assert blocking(policy.canonical(pack), catalogue) == []


def test_a_sole_trader_has_the_rights_of_a_person(packs, catalogue):
    pack = msgspec.structs.replace(packs["food-hygiene"], subjects=("sole_trader",))
    codes = {finding.code for finding in blocking(policy.canonical(pack), catalogue)}
    assert {"L13", "L15", "L18"} <= codes


def test_minor_records_alone_do_not_reach_the_lowest_band(passing, catalogue):
    data = edited(passing, ("points: -10", "points: -20"), ("cap: 20", "cap: 60"))
    assert "L39" in {finding.code for finding in blocking(data, catalogue)}


def test_acts_that_can_never_move_a_band_need_a_reason(packs, catalogue):
    bands = [
        {"name": "low", "least": 0},
        {"name": "mid", "least": 100},
        {"name": "top", "least": 200},
    ]
    plain = msgspec.json.decode(policy.canonical(packs["transit"]))
    plain["bands"] = bands
    plain["examples"] = []
    pack = msgspec.json.encode(plain, order="deterministic")
    assert {finding.code for finding in blocking(pack, catalogue)} == {"L70"}


def test_findings_come_in_the_order_of_the_document(passing, catalogue):
    data = edited(passing, ("notice_days: 14", "notice_days: 1"), ("days: 180", "days: 200"))
    assert [finding.code for finding in blocking(data, catalogue)] == ["L18", "L29"]


def with_routes(passing, *routes):
    lines = "".join(f"  - {route}\n" for route in routes)
    return edited(passing, ("purposes:\n", lines + "purposes:\n"))


def test_one_act_is_one_way_back(passing, catalogue):
    data = with_routes(
        passing,
        "{kind: lesson, act: rail.help-given, restores: [rail.smoking], points: 60, yearly: 1}",
        "{kind: service, act: rail.help-given, restores: [rail.unpaid-fare], points: 9, yearly: 1}",
    )
    [finding] = blocking(data, catalogue)
    assert (finding.code, finding.got) == ("L15", "a second way back by rail.help-given")


@pytest.mark.parametrize("waiver", ["points: 0", "points: 39, yearly: 1", "points: 40, yearly: 1"])
def test_a_way_beside_a_payment_gives_as_much_as_often(passing, catalogue, packs, waiver):
    pay = "restores: [rail.smoking], points: 40, yearly: 2}"
    data = with_routes(
        passing,
        "{kind: payment, act: rail.help-given, " + pay,
        "{kind: waiver, act: rail.smoking, restores: [rail.smoking], " + waiver + "}",
    )
    assert "without its like" in " ".join(f.got for f in blocking(data, catalogue))


@pytest.mark.parametrize("name", sorted(SENSITIVE_INPUTS | WEALTH_INPUTS))
def test_no_coded_detail_has_the_name_of_a_forbidden_input(passing, catalogue, name):
    kind = catalogue.types["rail.smoking"]
    detail = Field(codes=("a",), required=False)
    fields = {**kind.fields, name.replace("-", "_"): detail}
    types = {**catalogue.types, "rail.smoking": msgspec.structs.replace(kind, fields=fields)}
    spoiled = msgspec.structs.replace(catalogue, types=types)
    codes = {finding.code for finding in blocking(passing, spoiled)}
    assert codes & {"L03", "L04"}


def test_one_employer_in_two_spellings_is_one_employer(passing, catalogue):
    data = passing.decode()
    reviewer = next(line for line in data.splitlines() if "role: second-reviewer" in line)
    first = next(line for line in data.splitlines() if "role: reviewer" in line)
    employer = first.split("employer: ")[1].split(",")[0]
    same = reviewer.replace(reviewer.split("employer: ")[1].split(",")[0], employer.upper())
    codes = {finding.code for finding in blocking(data.replace(reviewer, same).encode(), catalogue)}
    assert "L66" in codes


def test_an_organisation_stands_once_in_a_role(passing, catalogue):
    text = passing.decode()
    line = next(line for line in text.splitlines() if "role: reviewer" in line)
    data = text.replace(line, f"{line}\n{line}")
    findings = blocking(data.encode(), catalogue)
    assert [(f.code, f.allowed) for f in findings] == [
        ("FORMAT", "each organisation once in a role")
    ]
