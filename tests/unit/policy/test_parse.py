"""Documents in, types out: the published bytes, other dates, and refusals that name the line."""

import contextlib
import copy
import hashlib

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from standing import policy
from standing.errors import Refused
from standing.policy._text import dump, read
from standing.wire.days import parse_day

from .conftest import FIXTURES, NAMES, PACKS

CATALOGUE = (PACKS / "catalogue.yaml").read_text()
PASSING = (FIXTURES / "passing.yaml").read_text()


@pytest.mark.parametrize("name", NAMES)
def test_the_published_bytes_of_a_pack_parse_to_an_equal_pack(packs, name):
    published = policy.canonical(packs[name])
    again = policy.parse_pack(published)
    assert again == packs[name]
    assert policy.canonical(again) == published


def test_the_published_bytes_of_the_catalogue_parse_to_an_equal_catalogue(catalogue):
    assert policy.parse_catalogue(policy.canonical(catalogue)) == catalogue


def test_published_bytes_name_every_value_so_that_no_default_can_change_a_pack(passing):
    published = policy.canonical(policy.parse_pack(passing))
    assert b'"ages_from":"conduct"' in published
    assert b'"force":"2026-11-01"' in published


def test_comments_and_order_of_keys_do_not_change_what_is_signed(passing):
    plain, _ = read(passing)
    turned = "\n".join(f"{key}: {dump(plain[key]).decode()}" for key in reversed(plain))
    pack = policy.parse_pack(turned.encode())
    assert policy.canonical(pack) == policy.canonical(policy.parse_pack(passing))


def test_days_are_whole_numbers_to_the_rules(passing):
    pack = policy.parse_pack(passing)
    assert pack.force == parse_day("2026-11-01")
    assert pack.force - pack.published == 31


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ("force: 2026-11-01", "force: 2026-11-31", "exists in the calendar"),
        ("force: 2026-11-01", "force: 20000", "day like"),
        ("version: 1", "version: one", "allowed is a whole number."),
        ("version: 1", "version: 0", ">= 1"),
        ("format: standing/pack/1", "format: standing/pack/2", "one of standing/pack/1"),
        ("subjects: [person]", "subjects: [child]", "one of person, sole_trader, organisation"),
        ("tier: general", "tier: grave", "acts.rail.smoking.tier: 'grave'"),
        ("title: Choice of a seat", "title: ''", "perks.0.title"),
        ("trigger: {serious: 1}", "trigger: {serious: 1, moon: 2}", "trigger.moon"),
        ("  rail.smoking:", "  Rail Smoking:", "got acts"),
        ("counted: {b: -10}", "counted: {b: 3000000000}", "examples.0.expect.counted"),
    ],
)
def test_a_wrong_value_is_named_by_its_place(old, new, word):
    assert old in PASSING
    text = PASSING.replace(old, new, 1)
    with pytest.raises(Refused, match="E-PACK-01") as caught:
        policy.parse_pack(text.encode())
    assert word in caught.value.why
    assert caught.value.where.startswith("line ")


def _paths(value, path=()):
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, child in items if isinstance(value, (dict, list)) else ():
        if isinstance(child, (dict, list)):
            yield from _paths(child, (*path, key))
        else:
            yield (*path, key)


PLAIN = read(PASSING.encode())[0]
ODD = st.sampled_from([None, True, -1, 10**18, 10**40, "", "x", "1/2", [], [[]], {}, {"a": 1}])


@given(st.sampled_from(list(_paths(PLAIN))[1:]), ODD, st.booleans())
def test_any_odd_value_anywhere_is_read_or_refused_and_never_breaks_the_reader(path, odd, add):
    document = copy.deepcopy(PLAIN)
    holder = document
    for step in path[:-1]:
        holder = holder[step]
    if add and isinstance(holder, dict):
        holder["surplus"] = odd
    else:
        holder[path[-1]] = odd
    with contextlib.suppress(Refused):
        pack = policy.parse_pack(dump(document))
        assert policy.parse_pack(policy.canonical(pack)) == pack


def test_other_dates_keep_every_rule_and_still_pass_the_linter(packs, catalogue):
    for pack in packs.values():
        moved = policy.redated(pack, published=15_000, force=15_030)
        assert policy.load_pack(policy.canonical(moved), catalogue) == moved
        assert moved.acts == pack.acts
        assert (moved.published, moved.force, moved.change.first_force) == (15_000, 15_030, 15_030)


def test_a_register_never_begins_after_the_rules_do(packs):
    early = policy.redated(packs["food-hygiene"], published=10_000, force=10_030)
    assert early.public_register.history_from == 10_030
    late = policy.redated(packs["food-hygiene"], published=20_000, force=20_030)
    assert late.public_register.history_from == parse_day("2000-01-01")


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ("setting: public-transport", "setting: at-home", "'at-home' is none"),
        ("      text: Do not eat", "      text: Never eat", "SHA-256"),
        ("line: {least: 1, most: 99}", "line: {least: 9, most: 1}", "ends before"),
        ("line: {least: 1, most: 99}", "line: {least: 1}", "either a number"),
        ("line: {least: 1, most: 99}", "line: {least: 1, most: 2, codes: [a]}", "either a number"),
        ("line: {least: 1, most: 99}", "line: {}", "either a number"),
    ],
)
def test_a_catalogue_that_does_not_hold_together_is_refused(old, new, word):
    assert old in CATALOGUE
    with pytest.raises(Refused, match="E-CAT-01") as caught:
        policy.parse_catalogue(CATALOGUE.replace(old, new, 1).encode())
    assert word in caught.value.why


def test_a_burdening_type_without_a_duty_is_refused():
    kept = [line for line in CATALOGUE.splitlines() if "duty:" not in line]
    spoilt = [line for line in kept if not line.startswith("      ") or "least" in line]
    spoilt = [line for line in spoilt if "codes:" not in line and "fields:" not in line]
    text = "\n".join(line for line in spoilt if "least" not in line)
    with pytest.raises(Refused, match="E-CAT-01") as caught:
        policy.parse_catalogue(text.encode())
    assert "L05" in caught.value.why


def test_a_duty_without_a_source_is_refused():
    text = CATALOGUE.replace("      source: transit-terms\n", "", 1)
    with pytest.raises(Refused, match="E-PACK-01") as caught:
        policy.parse_catalogue(text.encode())
    assert "source" in caught.value.why


def test_the_sample_duties_are_digests_of_the_printed_text_and_say_that_they_are_samples(catalogue):
    duties = [kind.duty for kind in catalogue.types.values() if kind.duty]
    assert all(hashlib.sha256(d.text.encode()).hexdigest() == d.sha256 for d in duties)
    assert all(duty.sample for duty in duties)


def of_linter_1(data):
    """Give a pack as it was published before packs named their catalogue."""
    plain, _ = read(data)
    del plain["catalogue"]
    return dump(plain | {"linter": 1})


def test_a_pack_of_linter_1_reads_and_keeps_the_bytes_that_were_signed(passing):
    published = policy.canonical(policy.parse_pack(of_linter_1(passing)))
    again = policy.parse_pack(published)
    assert (again.linter, again.catalogue) == (1, "")
    assert b"catalogue" not in published
    assert policy.canonical(again) == published


def test_a_pack_of_linter_1_is_not_accepted_as_a_new_one(passing, catalogue):
    findings = [f for f in policy.lint(of_linter_1(passing), catalogue) if f.level == "refuse"]
    assert [(f.code, f.where) for f in findings] == [("FORMAT", "linter"), ("L61", "catalogue")]


def test_the_catalogue_that_a_pack_names_is_the_one_it_is_judged_by(passing, catalogue):
    other = msgspec.structs.replace(catalogue, version=2)
    (finding,) = [f for f in policy.lint(passing, other) if f.level != "justified"]
    named = hashlib.sha256(policy.canonical(catalogue)).hexdigest()
    wanted = hashlib.sha256(policy.canonical(other)).hexdigest()
    assert (finding.code, finding.got) == ("L61", f"catalogue {named}")
    assert finding.allowed.startswith(wanted)
    assert passing.decode().splitlines()[finding.line - 1] == f"catalogue: {named}"


@pytest.mark.parametrize(
    "name",
    ["a` - at `$.nowhere", "a` - at `$[0]", "a` - at `$", "x - at `$.acts[...].points`", "\\e[2J"],
)
def test_a_field_whose_name_looks_like_a_place_is_an_unknown_field(name):
    for text in (
        f'{PASSING}\n"{name}": 1\n',
        PASSING.replace("linter: 2", f'linter: 2\n"{name}": 1'),
    ):
        with pytest.raises(Refused, match="E-PACK-01") as caught:
            policy.parse_pack(text.encode())
        assert "got a field " in caught.value.why
        assert caught.value.why.isprintable()


@pytest.mark.parametrize("value", ["x' - at `$.nope", "x` - at `$.acts[...].points`", "a\\nb"])
def test_a_value_that_looks_like_a_place_is_named_where_it_stands(value):
    text = PASSING.replace("role: operator", f'role: "{value}"', 1)
    with pytest.raises(Refused, match="E-PACK-01") as caught:
        policy.parse_pack(text.encode())
    assert "organisations.0.role" in caught.value.why
    assert "one of operator, issuer" in caught.value.why
    assert caught.value.why.isprintable()


def test_a_name_in_a_message_is_short_and_moves_no_cursor():
    text = PASSING + '"' + "long " * 40 + '\\n\\x1b[2J": 1\n'
    with pytest.raises(Refused, match="E-PACK-01") as caught:
        policy.parse_pack(text.encode())
    assert caught.value.why.isprintable()
    assert "..." in caught.value.why
    assert "long " * 20 not in caught.value.why
