"""What may be wrong with a row, whether it stands in a file or comes as a record.

Facts repeat, so each different value is checked once and rows are named only where one is bad.
A row is named with its first fault alone. Rows are counted from 1.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from standing.cases.record_rules import (
    FROM_REGISTER,
    IDENTIFIED,
    SECOND,
    no_human,
    unfit_second,
)
from standing.errors import Refused
from standing.ledger.intake._blocks import BadRow
from standing.ledger.intake._map import Bad
from standing.ledger.intake._rules import Rules
from standing.wire.days import LAST_DAY, format_day

MAX_TEXT_CHARS: Final = 200
Found = dict[int, BadRow]
"""Each bad row by its place, counted from 0."""

Fault = tuple[str, str, str]  # code, reason, remedy


def filled(text: str) -> Fault | None:
    if isinstance(text, Bad):
        return "E-ROW-10", f"value {text}", "add the value to the map or correct the row"
    if not text.strip():
        return "E-ROW-11", "value is empty", "fill it in: a record names it always"
    if len(text) > MAX_TEXT_CHARS or not text.isprintable():
        return (
            "E-ROW-12",
            f"value is longer than {MAX_TEXT_CHARS} characters or not printable",
            "shorten it to a plain reference",
        )
    return None


def _all_filled(values: Sequence[str]) -> bool:
    """Tell, in a few passes at the speed of C, whether `filled` would find nothing."""
    return (
        all(map(str.strip, values))
        and max(map(len, values), default=0) <= MAX_TEXT_CHARS
        and "".join(values).isprintable()
        and set(map(type, values)) <= {str}
    )


def check_texts(found: Found, texts: Mapping[str, Sequence[str]], rules: Rules) -> None:
    """Check what rows say in words; `texts` holds a column a fact, a second signer's if any."""
    for name in _NAMED:
        check_each(found, name, texts[name], filled)
    check_each(found, "signer", texts["signer"], _named_human)
    if "second" in texts:
        _check_seconds(found, texts["signer"], texts["second"])
    _check_issuers(found, texts["issuer"], rules)
    _check_how_known(found, texts["identified"], rules)


_NAMED: Final = ("issuer", "reference", "type", "basis", "signer", "identified")


def check_each(
    found: Found,
    name: str,
    values: Sequence[str],
    check: Callable[[str], Fault | None],
) -> None:
    if check is filled and _all_filled(values):
        return
    faults = {value: fault for value in set(values) if (fault := check(value)) is not None}
    if not faults:
        return
    for place, value in enumerate(values):
        fault = faults.get(value)
        if fault is not None and place not in found:
            found[place] = BadRow(place + 1, fault[0], f"its {name} {fault[1]}", fault[2])


def _check_issuers(found: Found, issuers: Sequence[str], rules: Rules) -> None:
    def check(name: str) -> Fault | None:
        if name in rules.issuers:
            return None
        known = ", ".join(sorted(rules.issuers)) or "none"
        return "E-ROW-13", f"{name!r} has no key here (given: {known})", "add --key ISSUER=FILE"

    check_each(found, "issuer", issuers, check)


def _named_human(signer: str) -> Fault | None:
    if isinstance(signer, Bad):
        return None  # found before
    if SECOND.strip() in signer:
        return "E-ROW-19", f"{signer!r} names two", "give the second signer in a column of its own"
    why = no_human(signer)
    return None if why is None else ("E-ROW-18", why, "name who looked at it and decided (L06)")


def _check_seconds(found: Found, signers: Sequence[str], seconds: Sequence[str]) -> None:
    """Check the second signers of the rows that have one: another name, of another unit."""
    pairs = list(zip(signers, seconds, strict=True))
    faults: dict[tuple[str, str], Fault] = {}
    for pair in set(pairs):
        fault = _second_fault(*pair)
        if fault is not None:
            faults[pair] = fault
    for place, pair in enumerate(pairs) if faults else ():
        if pair in faults and place not in found:
            code, reason, remedy = faults[pair]
            found[place] = BadRow(place + 1, code, f"its second value {reason}", remedy)


def _second_fault(signer: str, second: str) -> Fault | None:
    if second == "":
        return None
    fault = filled(second)
    if fault is not None:
        return fault
    why = unfit_second(signer, second)
    return None if why is None else ("E-ROW-19", why, "name somebody of another unit: UNIT/NAME")


def _check_how_known(found: Found, values: Sequence[str], rules: Rules) -> None:
    allowed = frozenset({FROM_REGISTER}) if rules.is_register else IDENTIFIED

    def check(value: str) -> Fault | None:
        if value in allowed:
            return None
        return (
            "E-ROW-14",
            f"{value!r} does not say how the subject was known",
            f"use {' or '.join(sorted(allowed))}",
        )

    check_each(found, "identified", values, check)


def day_fault(day: int, rules: Rules) -> Fault | None:
    """Tell why conduct of a day may not be stored today."""
    if not 0 <= day <= LAST_DAY:
        return "E-ROW-15", f"{day} is not a day", "count days since 1970-01-01"
    if day > rules.today:
        return (
            "E-ROW-16",
            f"{format_day(day)} lies in the future (today is {format_day(rules.today)})",
            "correct the day; nothing is recorded ahead",
        )
    if day < rules.oldest:
        return (
            "E-ROW-17",
            f"{format_day(day)} is too long ago (the earliest is {format_day(rules.oldest)})",
            "leave it out: a record is stored soon after the act or never",
        )
    return None


def conduct_fault(problem: Refused) -> Fault:
    """Say what the catalogue has against an act and its details."""
    return problem.code, f"{problem.what.rstrip('.')}: {problem.why}", problem.fix
