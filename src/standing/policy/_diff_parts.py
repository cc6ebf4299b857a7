"""The parts of a pack that a comparison walks through, as tables: field, words, who gains.

A phrase stands after the part's name and a colon; `{old}` and `{new}` are the values in words.
Each way to judge is antisymmetric: old and new exchanged turn milder into harsher.
"""

from collections.abc import Callable, Iterator, Mapping
from operator import attrgetter
from typing import Any, Final, Literal

import msgspec

from standing.policy._schedule import UNLIMITED
from standing.policy._schema import TIERS, Act, Organisation, Pack, Recovery
from standing.policy._words import (
    counted,
    fading,
    gives_back,
    instead,
    needs,
    route,
    shown,
    steps,
    takes,
)
from standing.wire.days import format_day

Mark = Literal["milder", "harsher", "neutral"]
Names = Mapping[str, str]
_Gain = Callable[[Any, Any], int]
_Table = Mapping[str, tuple[str, _Gain]]
_NAME: Final = attrgetter("name")
_CODE: Final = attrgetter("code")
_NEVER: Final = 1_001  # more records than a trigger can ask for


class Difference(msgspec.Struct, frozen=True):
    """One difference: where in the pack, one sentence, and what it is for the subject."""

    where: str
    words: str
    mark: Mark


Part = Callable[[Pack, Pack, dict[str, str]], Iterator[Difference]]


def _difference(where: str, words: str, gain: int = 0) -> Difference:
    mark: Mark = "milder" if gain > 0 else "harsher" if gain < 0 else "neutral"
    return Difference(where, words, mark)


# --- who gains ------------------------------------------------------------------------------------


def _none(_old: Any, _new: Any) -> int:
    return 0


def _higher(old: Any, new: Any) -> int:
    return int(new) - int(old)


def _more_often(old: int, new: int) -> int:
    """Compare two limits a year, of which 0 is none."""
    return _higher(old or UNLIMITED, new or UNLIMITED)


def _lower(old: Any, new: Any) -> int:
    return int(old) - int(new)


def _more(old: Any, new: Any) -> int:
    before, after = set(old), set(new)
    return (after > before) - (after < before)


def _fewer(old: Any, new: Any) -> int:
    return _more(new, old)


def _all_at_least(pairs: list[tuple[int, int]]) -> int:
    """1 where no pair falls and one rises, -1 the other way round, 0 where they differ in both."""
    rises = any(new > old for old, new in pairs)
    falls = any(new < old for old, new in pairs)
    return rises - falls


# --- tables ---------------------------------------------------------------------------------------

_PACK: Final[_Table] = {
    "title": ("The title is {new} instead of {old}", _none),
    "catalogue": ("It is written against catalogue {new} instead of {old}", _none),
    "linter": ("It is judged by linter {new} instead of {old}", _none),
    "setting": ("The setting is {new} instead of {old}", _none),
    "source": ("Duties come from {new} instead of {old}", _none),
    "subjects": ("It is about {new} instead of {old}", _fewer),
    "score_of": ("The score is made of {new} instead of {old}", _fewer),
    "base": ("Everyone starts at {new} points instead of {old}", _higher),
    "floor": ("No score is below {new} instead of {old}", _higher),
    "ceiling": ("No score is above {new} instead of {old}", _higher),
    "window_days": ("A window of the context has {new} days instead of {old}", _none),
    "notice_days": ("A record counts {new} days after notice instead of {old}", _higher),
    "contest_days": ("A record can be contested for {new} days instead of {old}", _higher),
}
_PURPOSE: Final[_Table] = {
    "title": ("is called {new} instead of {old}", _none),
    "parties": ("may be asked by {new} instead of {old}", _fewer),
    "answers": ("is answered by {new} instead of {old}", _none),
    "perk": ("opens the perk {new} instead of {old}", _none),
}
_RESTRICTION: Final[_Table] = {
    "title": ("is called {new} instead of {old}", _none),
    "context": ("belongs to the context {new} instead of {old}", _none),
    "purpose": ("answers the question {new} instead of {old}", _none),
    "effect": ("is to {new} instead of {old}", _none),
    "service": ("is about {new} instead of {old}", _none),
    "days": ("lasts at most {new} days instead of {old}", _lower),
    "own_term": ("rests on {new} instead of {old}", _none),
}
_PERK: Final[_Table] = {
    "title": ("is called {new} instead of {old}", _none),
    "context": ("belongs to the context {new} instead of {old}", _none),
    "purpose": ("belongs to the question {new} instead of {old}", _none),
    "acts": ("is earned by {new} instead of {old}", _more),
    "records": ("needs {new} records instead of {old}", _lower),
    "with_it": ("gives {new} instead of {old}", _none),
    "without_it": ("without it the term is {new} instead of {old}", _none),
    "other_route": ("has the other way {new} instead of {old}", _none),
    "worth_permille": ("is worth {new} thousandths of the price instead of {old}", _higher),
    "touches": ("is about {new} instead of {old}", _none),
    "consent_days": ("needs {new} days of consent instead of {old}", _lower),
}
_ALTERNATIVE: Final[_Table] = {
    "service": ("leaves the service {new} open instead of {old}", _none),
    "title": ("leaves open {new} instead of {old}", _none),
    "price_percent": ("leaves another way open at {new} % of the price instead of {old} %", _lower),
    "time_percent": ("leaves another way open at {new} % of the time instead of {old} %", _lower),
    "where_none": ("is {new} where no other way is open, instead of {old}", _none),
}
_RECOVERY: Final[_Table] = {
    "restores": ("gives back {new} instead of {old}", _more),
    "points": ("gives back up to {new} points instead of {old}", _higher),
    "yearly": ("gives at most {new} times a year instead of {old} (0: no limit)", _more_often),
}
_ORGANISATION: Final[_Table] = {
    "employer": ("has the employer {new} instead of {old}", _none),
    "kind": ("is a {new} instead of a {old}", _none),
    "sector": ("has the sector {new} instead of {old}", _none),
}
_REGISTER: Final[_Table] = {
    "name": ("is {new} instead of {old}", _none),
    "url": ("lies at {new} instead of {old}", _none),
    "history_from": ("is read from {new} on instead of {old}", _higher),
}


def _fields(where: str, label: str, old: Any, new: Any, table: _Table) -> Iterator[Difference]:
    for name, (phrase, gain) in table.items():
        before, after = getattr(old, name), getattr(new, name)
        if before != after:
            said = phrase.format(old=shown(before), new=shown(after))
            text = f"{label}: {said}." if label else f"{said}."
            yield _difference(f"{where}.{name}" if where else name, text, gain(before, after))


def _pairs(old: Mapping[Any, Any], new: Mapping[Any, Any]) -> Iterator[tuple[Any, Any, Any]]:
    """Give each key with its value before and after, None where there is none."""
    for key in dict.fromkeys([*old, *new]):
        yield key, old.get(key), new.get(key)


def _by(items: Any, key: Callable[[Any], str]) -> dict[str, Any]:
    """Give items by their key; a second one of a key has its number, so that none is lost."""
    found: dict[str, Any] = {}
    for item in items:
        name, number = key(item), 2
        while name in found:
            name, number = f"{key(item)} {number}", number + 1
        found[name] = item
    return found


# --- parts ----------------------------------------------------------------------------------------


def _pack(old: Pack, new: Pack, _: Names) -> Iterator[Difference]:
    yield from _fields("", "", old, new, _PACK)


def _bands(old: Pack, new: Pack, _: Names) -> Iterator[Difference]:
    for band, before, after in _pairs(_by(old.bands, _NAME), _by(new.bands, _NAME)):
        where = f"bands.{band}"
        if before is None or after is None:
            state = "new" if before is None else "gone"
            least = (before or after).least
            yield _difference(where, f"The band {band}, from {least} points, is {state}.")
        elif before.least != after.least:
            words = f"The band {band} begins at {after.least} points instead of {before.least}."
            yield _difference(where, words, before.least - after.least)


def _acts(old: Pack, new: Pack, names: Names) -> Iterator[Difference]:
    for code, before, after in _pairs(old.acts, new.acts):
        where = f"acts.{code}"
        if before is None or after is None:
            yield _act_alone(where, names[code], before, after)
        else:
            yield from _act(where, names[code], before, after)


def _act_alone(where: str, name: str, before: Act | None, after: Act | None) -> Difference:
    if after is not None:
        ends = f"and is gone after {after.validity_days} days"
        words = f"{name} is new: a record {takes(after.points)} {ends}."
        return _difference(where, words, after.points)
    assert before is not None, "one of two packs weighs it"
    words = f"{name} is weighed no more: a record {takes(before.points)} in the old pack."
    return _difference(where, words, -before.points)


def _act(where: str, name: str, old: Act, new: Act) -> Iterator[Difference]:
    sign = _sign(old, new)

    def by_sign(before: Any, after: Any) -> int:
        return sign * (int(after) - int(before))

    def by_burden(before: Any, after: Any) -> int:
        return -by_sign(before, after)

    if old.tier != new.tier:
        heavier = TIERS.index(new.tier) - TIERS.index(old.tier)
        words = f"{name}: a record is {new.tier} instead of {old.tier}."
        yield _difference(f"{where}.tier", words, -heavier if sign < 0 else 0)
    if old.points != new.points:
        words = f"{name}: a record {_points_instead(old.points, new.points)}."
        yield _difference(f"{where}.points", words, new.points - old.points)
    if steps(old) != steps(new):
        words = f"{name}: a record weighs {fading(new)}, instead of {fading(old)}."
        yield _difference(f"{where}.ages", words, _curve(old, new))
    table: _Table = {
        "validity_days": ("a record fades to nothing after {new} days instead of {old}", by_sign),
        "cap": ("the records of one window count at most {new} points instead of {old}", by_sign),
        "window_days": ("a window has {new} days instead of {old}", by_burden),
        "inputs": ("a record rests on {new} instead of {old}", _none),
        "ages_from": ("a record ages from its {new} instead of its {old}", _none),
        "duty": ("the duty has the text {new} instead of {old}", _none),
        "legal_ground": ("the legal ground is {new} instead of {old}", _none),
    }
    yield from _fields(where, name, old, new, table)
    if old.warn_first != new.warn_first:
        words = "warns and counts nothing" if new.warn_first else "counts"
        gain = new.warn_first - old.warn_first if sign < 0 else 0
        yield _difference(
            f"{where}.warn_first", f"{name}: the first record of a window {words}.", gain
        )


def _sign(old: Act, new: Act) -> int:
    """Give what the act is in either pack: a burden where one of them burdens."""
    if min(old.points, new.points) < 0:
        return -1
    return 1 if max(old.points, new.points) > 0 else 0


def _points_instead(old: int, new: int) -> str:
    if old * new > 0:
        return f"{takes(new)} instead of {abs(old)}"
    return f"counts {new:+d} points instead of {old:+d}"


def _curve(old: Act, new: Act) -> int:
    """Compare two age tables from the first step of either on; on days before, points tell."""
    first = min(day for day, _ in (*old.ages, *new.ages))
    last = max(old.validity_days, new.validity_days)
    return _all_at_least([(_left(old, day), _left(new, day)) for day in range(first, last)])


def _left(act: Act, age: int) -> int:
    if age >= act.validity_days:
        return 0
    return next((points for day, points in reversed(act.ages) if day <= age), act.points)


def _recoveries(old: Pack, new: Pack, names: dict[str, str]) -> Iterator[Difference]:
    def label_of(one: Recovery) -> str:
        return route(one, names)

    found = _by(old.recoveries, label_of), _by(new.recoveries, label_of)
    for label, before, after in _pairs(*found):
        where = f"recoveries.{label}"
        if before is None:
            words = f"{label} is a new way back: {gives_back(after, names)}."
            yield _difference(where, words, 1)
        elif after is None:
            words = f"{label} is no way back any more: {gives_back(before, names)}."
            yield _difference(where, words, -1)
        else:
            yield from _fields(where, label, before, after, _RECOVERY)


def _purposes(old: Pack, new: Pack, _: Names) -> Iterator[Difference]:
    for code, before, after in _pairs(old.purposes, new.purposes):
        where = f"purposes.{code}"
        if before is None or after is None:
            one, may = (after, "may be asked now") if before is None else (before, "is gone")
            words = f"The question {one.title!r}, by {shown(one.parties)}, {may}."
            yield _difference(where, words, -1 if before is None else 1)
        else:
            yield from _fields(where, f"The question {code}", before, after, _PURPOSE)


def _restrictions(old: Pack, new: Pack, _: Names) -> Iterator[Difference]:
    for name, before, after in _pairs(_by(old.restrictions, _CODE), _by(new.restrictions, _CODE)):
        where, label = f"restrictions.{name}", f"The restriction {name}"
        if before is None or after is None:
            one, state = (after, "is new") if before is None else (before, "is gone")
            words = (
                f"{label} {state}: {one.title}, at most {one.days} days, "
                f"for {needs(one.trigger)}; open stays {instead(one)}."
            )
            yield _difference(where, words, -1 if before is None else 1)
            continue
        yield from _fields(where, label, before, after, _RESTRICTION)
        yield from _fields(
            f"{where}.alternative", label, before.alternative, after.alternative, _ALTERNATIVE
        )
        if before.trigger != after.trigger:
            words = f"{label}: needs {needs(after.trigger)} instead of {needs(before.trigger)}."
            yield _difference(f"{where}.trigger", words, _harder(before.trigger, after.trigger))


def _harder(old: Any, new: Any) -> int:
    """Positive where the new trigger asks for more of everything; 0 records means never."""
    pairs = [
        (getattr(old, tier) or _NEVER, getattr(new, tier) or _NEVER)
        for tier in ("serious", "general", "minor")
    ]
    lowest = -(2**31)
    limits = [lowest if one.score_below is None else one.score_below for one in (old, new)]
    return _all_at_least([*pairs, (-limits[0], -limits[1])])


def _perks(old: Pack, new: Pack, _: Names) -> Iterator[Difference]:
    for name, before, after in _pairs(_by(old.perks, _CODE), _by(new.perks, _CODE)):
        where, label = f"perks.{name}", f"The perk {name}"
        if before is None or after is None:
            one, state = (after, "is new") if before is None else (before, "is gone")
            records = counted(one.records, "record")
            words = f"{label} {state}: {one.with_it}, for {records} of {shown(one.acts)}."
            yield _difference(where, words, 1 if before is None else -1)
        else:
            yield from _fields(where, label, before, after, _PERK)


def _organisations(old: Pack, new: Pack, _: Names) -> Iterator[Difference]:
    def label_of(one: Organisation) -> str:
        return f"{one.name} ({one.role})"

    found = _by(old.organisations, label_of), _by(new.organisations, label_of)
    for label, before, after in _pairs(*found):
        where = f"organisations.{label}"
        if before is None or after is None:
            one, part = (
                (after, "takes part") if before is None else (before, "no longer takes part")
            )
            words = f"{one.name} {part} as {one.role} (employer {one.employer}, {one.kind})."
            yield _difference(where, words)
        else:
            yield from _fields(where, label, before, after, _ORGANISATION)


def _calendar(old: Pack, new: Pack, _: Names) -> Iterator[Difference]:
    table: _Table = {
        "weekend": ("Nobody has to act on weekdays {new} instead of {old} (1 is Monday)", _more),
        "rolls": ("Over free days rolls {new} instead of {old}", _none),
    }
    yield from _fields("calendar", "", old.calendar, new.calendar, table)
    for year, before, after in _pairs(old.calendar.holidays, new.calendar.holidays):
        where = f"calendar.holidays.{year}"
        if before is None or after is None:
            state = "has a table of free days now" if before is None else "has no table any more"
            # no table for a year: no clock runs against the subject
            gain = -1 if before is None else 1
            yield _difference(where, f"{year} {state}: {shown(before or after)}.", gain)
        elif before != after:
            words = f"Free days of {year}: {_days_instead(before, after)}."
            yield _difference(where, words, _more(before, after))


def _days_instead(before: tuple[int, ...], after: tuple[int, ...]) -> str:
    added = ", ".join(format_day(day) for day in after if day not in before)
    gone = ", ".join(format_day(day) for day in before if day not in after)
    said = ([f"{added} added"] if added else []) + ([f"{gone} gone"] if gone else [])
    return " and ".join(said) or "in another order"


def _papers(old: Pack, new: Pack, _: Names) -> Iterator[Difference]:
    if old.impact != new.impact:
        words = f"The impact on groups is {_impact(new)} instead of {_impact(old)}."
        yield _difference("impact", words)
    if old.public_register is None or new.public_register is None:
        if old.public_register != new.public_register:
            held = new.public_register or old.public_register
            assert held is not None, "they differ"
            state = "is read now" if new.public_register else "is read no more"
            yield _difference("public_register", f"The register {held.name} {state}.")
    else:
        yield from _fields(
            "public_register", "The register", old.public_register, new.public_register, _REGISTER
        )
    for name in ("attachments", "justifications", "examples"):
        before, after = getattr(old, name), getattr(new, name)
        if before != after:
            size = f"{len(after)} instead of {len(before)}"
            what = size if len(before) != len(after) else "others than before"
            yield _difference(name, f"The {name} are {what}.")


def _impact(pack: Pack) -> str:
    impact = pack.impact
    if impact.result == "not shown":
        return "not shown"
    return f"shown, {impact.low_permille} to {impact.high_permille} thousandths"


PARTS: Final[tuple[Part, ...]] = (
    _pack,
    _bands,
    _acts,
    _recoveries,
    _purposes,
    _restrictions,
    _perks,
    _organisations,
    _calendar,
    _papers,
)
