"""Linter rules about time and form: notice, contest, windows, publication, calendar, scale."""

from collections.abc import Iterator
from typing import Any

import msgspec

from standing.policy._codes import LINTER_VERSION
from standing.policy._hit import Hit, Rule
from standing.policy._schema import Catalogue, Pack, write_day
from standing.policy._text import Path
from standing.wire.days import format_day

FIRST_PACK = "first pack: nothing to compare"
_LEAST_NOTICE, _LEAST_CONTEST, _LEAST_PUBLISHED = 7, 184, 30


def _form(pack: Pack, _: Catalogue) -> Iterator[Hit]:
    starts = [band.least for band in pack.bands]
    if starts != sorted(set(starts)) or starts[0] != pack.floor or starts[-1] > pack.ceiling:
        got = f"bands from {starts}"
        yield Hit("FORMAT", ("bands",), got, "rising bands, the first from floor, all on the scale")
    if len({band.name for band in pack.bands}) != len(starts):
        yield Hit("FORMAT", ("bands",), "one name twice", "each band its own name")
    if not pack.floor < pack.base <= pack.ceiling:
        got = f"floor {pack.floor}, base {pack.base}, ceiling {pack.ceiling}"
        yield Hit("FORMAT", ("base",), got, "floor below base, base at most ceiling")
    if pack.linter != LINTER_VERSION:
        yield Hit("FORMAT", ("linter",), f"linter {pack.linter}", f"linter {LINTER_VERSION}")
    roles = [(member.name, member.role) for member in pack.organisations]
    for index, role in enumerate(roles):
        if role in roles[:index]:
            got = f"{role[0]} twice as {role[1]}"
            yield Hit("FORMAT", ("organisations", index), got, "each organisation once in a role")
    if len(set(pack.subjects)) != len(pack.subjects):
        yield Hit("FORMAT", ("subjects",), "one kind twice", "each kind of subject once")
    if pack.about_persons and pack.public_register is not None:
        got = "a public register with natural persons"
        allowed = "registers for organisations and sole traders"
        yield Hit("FORMAT", ("public_register",), got, allowed)


def _texts(pack: Pack, _: Catalogue) -> Iterator[Hit]:
    """Text says something, and is nothing but text: no blanks for words, no control characters."""
    plain: list[tuple[Path, Any]] = [((), msgspec.to_builtins(pack, enc_hook=write_day))]
    while plain:
        path, value = plain.pop()
        if isinstance(value, dict):
            plain += [((*path, key), inner) for key, inner in value.items()]
        elif isinstance(value, (list, tuple)):
            plain += [((*path, n), inner) for n, inner in enumerate(value)]
        elif isinstance(value, str) and not _is_text(value):
            yield Hit("FORMAT", path, f"{value!r:.60}", "words, without blanks around them")


def _is_text(value: str) -> bool:
    is_one_block = value.strip("\n") == value.strip()
    is_plain = all(line.isprintable() for line in value.split("\n"))
    return is_plain and is_one_block and (not value or bool(value.strip()))


def _notice(pack: Pack, _: Catalogue) -> Iterator[Hit]:
    if not pack.about_people:
        return
    if pack.notice_days < _LEAST_NOTICE:
        got, allowed = f"{pack.notice_days} days", f"at least {_LEAST_NOTICE}, 14 as a rule"
        yield Hit("L18", ("notice_days",), got, allowed)
    if pack.contest_days < _LEAST_CONTEST:
        got, allowed = f"{pack.contest_days} days", f"at least {_LEAST_CONTEST}"
        yield Hit("L20", ("contest_days",), got, allowed)


def _windows(pack: Pack, _: Catalogue) -> Iterator[Hit]:
    since = pack.force - pack.change.first_force
    if since < 0 or since % pack.window_days:
        got = f"force on {format_day(pack.force)}"
        first = format_day(pack.change.first_force)
        allowed = f"{first} or whole windows of {pack.window_days} days later"
        yield Hit("L37", ("force",), got, allowed)
    for code, act in pack.acts.items():
        if act.window_days % pack.window_days:
            got = f"a window of {act.window_days} days"
            allowed = f"a multiple of the context's {pack.window_days}"
            yield Hit("L37", ("acts", code, "window_days"), got, allowed)


def _publication(pack: Pack, _: Catalogue) -> Iterator[Hit]:
    lead = pack.force - pack.published
    if lead < _LEAST_PUBLISHED:
        yield Hit(
            "L38", ("published",), f"{lead} days before force", f"at least {_LEAST_PUBLISHED}"
        )
    change = pack.change
    if pack.version == 1:
        is_first = change.first_force == pack.force and not change.previous
        if change.summary != FIRST_PACK:
            got = f"the summary {change.summary!r} in version 1"
            yield Hit("L38", ("change",), got, repr(FIRST_PACK))
        elif not is_first:
            first = format_day(change.first_force)
            got = f"first force {first}, previous {change.previous or 'none'}"
            allowed = f"first force {format_day(pack.force)} and no previous pack in version 1"
            yield Hit("L38", ("change",), got, allowed)
    elif not (change.previous and change.simulation) or change.summary == FIRST_PACK:
        got = f"version {pack.version} without what it changes"
        yield Hit("L38", ("change",), got, "the previous pack's digest, a summary, a simulation")


def _one_context(pack: Pack, _: Catalogue) -> Iterator[Hit]:
    if pack.about_people and pack.score_of != (pack.context,):
        got = f"a score of {', '.join(pack.score_of)}"
        yield Hit("L41", ("score_of",), got, f"{pack.context} alone")


def _calendar(pack: Pack, _: Catalogue) -> Iterator[Hit]:
    calendar = pack.calendar
    if calendar.rolls != ("time-to-act",):
        got = f"{', '.join(calendar.rolls) or 'nothing'} rolls forward"
        yield Hit("L45", ("calendar", "rolls"), got, "time-to-act alone")
    for year, days in calendar.holidays.items():
        path = ("calendar", "holidays", year)
        strangers = [format_day(day) for day in days if not format_day(day).startswith(year)]
        if strangers:
            yield Hit("L45", path, ", ".join(strangers), f"days of {year}")
        if list(days) != sorted(set(days)):
            yield Hit("L45", path, "days out of order or twice", "rising days, each once")


RULES: tuple[Rule, ...] = (
    _form,
    _texts,
    _notice,
    _windows,
    _publication,
    _one_context,
    _calendar,
)
