"""The first pass: every row is checked before anything is written.

Facts repeat, so each different value is checked once and rows are named only where one is bad.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from functools import cached_property, lru_cache
from typing import Final

import numpy as np

from standing import policy
from standing.cases.lifecycles import WorkingDays
from standing.cases.record_rules import (
    FROM_REGISTER,
    IDENTIFIED,
    SECOND,
    no_human,
    unfit_second,
    with_second,
)
from standing.errors import Refused
from standing.ledger.intake._blocks import BadRow, Block, Columns, Table, read_block
from standing.ledger.intake._map import Bad, RowMap, parse_integer, parse_map
from standing.vault import ROWID, Rows
from standing.wire.days import format_day, parse_day

MAX_TEXT_CHARS: Final = 200
Details = dict[str, int | str]


# the same rules serve many files of a day, and every process parses them once
_parse_catalogue = lru_cache(maxsize=4)(policy.parse_catalogue)
_parse_pack = lru_cache(maxsize=32)(policy.parse_pack)


@dataclass(frozen=True)
class Rules:
    """What a file's rows are checked against. Plain bytes and numbers: it crosses processes."""

    map_data: bytes
    map_where: str
    catalogue: bytes
    pack: bytes
    today: int
    oldest: int  # the earliest day of conduct that may still be stored
    issuers: frozenset[str]
    row_key: bytes
    working_days: WorkingDays
    ledger_keys: frozenset[bytes]  # thumbprints of the keys that sign what the law opens

    def __reduce__(self) -> tuple[object, ...]:
        """Cross process borders without what was parsed here."""
        return type(self), tuple(getattr(self, field.name) for field in fields(self))

    @cached_property
    def row_map(self) -> RowMap:
        """Give the parsed map."""
        return parse_map(self.map_data, where=self.map_where)

    @cached_property
    def _catalogue(self) -> policy.Catalogue:
        return _parse_catalogue(self.catalogue)

    @cached_property
    def parsed_pack(self) -> policy.Pack:
        """Give the parsed pack."""
        return _parse_pack(self.pack)

    def is_negative(self, act: str) -> bool:
        """Tell whether an act type weighs against its subject."""
        return self.parsed_pack.acts[act].points < 0

    def conduct(self, act: str, texts: dict[str, str]) -> Details:
        """Give the coded details of an act; raises `Refused` where the catalogue says no."""
        details: Details = {}
        for name, text in texts.items():
            if text == "":
                continue
            number = parse_integer(text)
            details[name] = text if number is None else number
        policy.check_conduct(self._catalogue, self.parsed_pack, type=act, details=details)
        return details


@dataclass
class Facts:
    """The mapped facts of one block, one value a row. Valid only where no row is bad."""

    count: int
    issuer: Sequence[str]
    reference: Sequence[str]
    type: Sequence[str]
    day: Sequence[int]
    basis: Sequence[str]
    signer: Sequence[str]
    identified: Sequence[str]
    details: Sequence[Details]
    row: Sequence[str]


@dataclass
class Checked:
    """What the first pass found in one block."""

    bad: list[BadRow]  # numbered as in the file
    row_ids: Rows  # keyed identity of every row, bad ones too
    references: frozenset[str]  # only where a register names the subjects


def check_block(rules: Rules, table: Table, block: Block) -> Checked:
    """Map and check one block."""
    facts, bad = map_block(rules, table, block)
    ids = _row_ids(rules.row_key, facts)
    register = rules.parsed_pack.public_register is not None
    references = frozenset(facts.reference) if register else frozenset()
    return Checked(bad, ids, references)


def map_block(rules: Rules, table: Table, block: Block) -> tuple[Facts, list[BadRow]]:
    """Read a block, map its facts, and name each row that is bad with its first fault."""
    row_map = rules.row_map
    columns = read_block(table, block, row_map.columns)
    found: dict[int, BadRow] = {bad.row - 1: bad for bad in columns.malformed}
    texts = {name: fact.of(columns.values, columns.count) for name, fact in row_map.facts.items()}
    for name, check in _CHECKS.items():
        _check_each(found, name, texts[name], check)
    _check_each(found, "signer", texts["signer"], _named_human)
    _check_seconds(found, texts)
    _check_issuers(found, texts["issuer"], rules)
    _check_how_known(found, texts["identified"], rules)
    days = _days(found, texts["day"], rules)
    details = _details(found, columns, texts["type"], rules)
    if "id" in texts:
        _check_each(found, "id", texts["id"], _filled)
    facts = _facts(table, block, texts, days, details)
    bad = [
        BadRow(block.first_row + place, b.code, b.reason, b.remedy)
        for place, b in sorted(found.items())
    ]
    return facts, bad


def mapped_block(rules: Rules, table: Table, block: Block) -> Facts:
    """Map a block that was checked before. Facts of rows that were found bad mean nothing."""
    row_map = rules.row_map
    columns = read_block(table, block, row_map.columns)
    texts = {name: fact.of(columns.values, columns.count) for name, fact in row_map.facts.items()}
    found: dict[int, BadRow] = {}
    days = {text: _day_or_zero(text) for text in set(texts["day"])}
    return _facts(
        table,
        block,
        texts,
        [days[text] for text in texts["day"]],
        _details(found, columns, texts["type"], rules),
    )


def _day_or_zero(text: str) -> int:
    try:
        return parse_day(text)
    except Refused:
        return 0


def _facts(
    table: Table,
    block: Block,
    texts: dict[str, Sequence[str]],
    days: Sequence[int],
    details: Sequence[Details],
) -> Facts:
    count = len(days)
    signers = texts["signer"]
    if "second" in texts:
        signers = [
            with_second(signer, second)
            for signer, second in zip(signers, texts["second"], strict=True)
        ]
    rows = texts.get("id")
    if rows is None:
        head = table.digest[:32]
        first = block.first_row
        rows = [f"{head}:{number}" for number in range(first, first + count)]
    return Facts(
        count,
        texts["issuer"],
        texts["reference"],
        texts["type"],
        days,
        texts["basis"],
        signers,
        texts["identified"],
        details,
        rows,
    )


_Fault = tuple[str, str, str]  # code, reason, remedy


def _filled(text: str) -> _Fault | None:
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
    """Tell, in a few passes at the speed of C, whether `_filled` would find nothing."""
    return (
        all(map(str.strip, values))
        and max(map(len, values), default=0) <= MAX_TEXT_CHARS
        and "".join(values).isprintable()
        and set(map(type, values)) <= {str}
    )


_CHECKS: Final[dict[str, Callable[[str], _Fault | None]]] = dict.fromkeys(
    ("issuer", "reference", "type", "basis", "signer", "identified"), _filled
)


def _check_each(
    found: dict[int, BadRow],
    name: str,
    values: Sequence[str],
    check: Callable[[str], _Fault | None],
) -> None:
    if check is _filled and _all_filled(values):
        return
    faults = {value: fault for value in set(values) if (fault := check(value)) is not None}
    if not faults:
        return
    for place, value in enumerate(values):
        fault = faults.get(value)
        if fault is not None and place not in found:
            found[place] = BadRow(place + 1, fault[0], f"its {name} {fault[1]}", fault[2])


def _check_issuers(found: dict[int, BadRow], issuers: Sequence[str], rules: Rules) -> None:
    def check(name: str) -> _Fault | None:
        if name in rules.issuers:
            return None
        known = ", ".join(sorted(rules.issuers)) or "none"
        return "E-ROW-13", f"{name!r} has no key here (given: {known})", "add --key ISSUER=FILE"

    _check_each(found, "issuer", issuers, check)


def _named_human(signer: str) -> _Fault | None:
    if isinstance(signer, Bad):
        return None  # found before
    if SECOND.strip() in signer:
        return "E-ROW-19", f"{signer!r} names two", "give the second signer in a column of its own"
    why = no_human(signer)
    return None if why is None else ("E-ROW-18", why, "name who looked at it and decided (L06)")


def _check_seconds(found: dict[int, BadRow], texts: dict[str, Sequence[str]]) -> None:
    """Check the second signers of the rows that have one: another name, of another unit."""
    seconds = texts.get("second")
    if seconds is None:
        return
    pairs = list(zip(texts["signer"], seconds, strict=True))
    faults: dict[tuple[str, str], _Fault] = {}
    for pair in set(pairs):
        fault = _second_fault(*pair)
        if fault is not None:
            faults[pair] = fault
    for place, pair in enumerate(pairs) if faults else ():
        if pair in faults and place not in found:
            code, reason, remedy = faults[pair]
            found[place] = BadRow(place + 1, code, f"its second value {reason}", remedy)


def _second_fault(signer: str, second: str) -> _Fault | None:
    if second == "":
        return None
    fault = _filled(second)
    if fault is not None:
        return fault
    why = unfit_second(signer, second)
    return None if why is None else ("E-ROW-19", why, "name somebody of another unit: UNIT/NAME")


def _check_how_known(found: dict[int, BadRow], values: Sequence[str], rules: Rules) -> None:
    register = rules.parsed_pack.public_register is not None
    allowed = frozenset({FROM_REGISTER}) if register else IDENTIFIED

    def check(value: str) -> _Fault | None:
        if value in allowed:
            return None
        return (
            "E-ROW-14",
            f"{value!r} does not say how the subject was known",
            f"use {' or '.join(sorted(allowed))}",
        )

    _check_each(found, "identified", values, check)


def _days(found: dict[int, BadRow], values: Sequence[str], rules: Rules) -> Sequence[int]:
    days: dict[str, int] = {}

    def check(text: str) -> _Fault | None:
        if isinstance(text, Bad):
            return _filled(text)
        try:
            day = parse_day(text)
        except Refused:
            return "E-ROW-15", f"{text!r} is not a day", "write it as YYYY-MM-DD"
        if day > rules.today:
            return (
                "E-ROW-16",
                f"{text} lies in the future (today is {format_day(rules.today)})",
                "correct the day; nothing is recorded ahead",
            )
        if day < rules.oldest:
            return (
                "E-ROW-17",
                f"{text} is too long ago (the earliest is {format_day(rules.oldest)})",
                "leave it out: a record is stored soon after the act or never",
            )
        days[text] = day
        return None

    _check_each(found, "day", values, check)
    return [days.get(text, 0) for text in values]


def _details(
    found: dict[int, BadRow], columns: Columns, types: Sequence[str], rules: Rules
) -> Sequence[Details]:
    names = list(rules.row_map.details)
    sources = [fact.of(columns.values, columns.count) for fact in rules.row_map.details.values()]
    keys = list(zip(types, *sources, strict=True))
    details: dict[tuple[str, ...], Details] = {}
    faults: dict[tuple[str, ...], BadRow] = {}
    for key in set(keys):
        broken = next((text for text in key[1:] if isinstance(text, Bad)), None)
        if broken is not None:
            faults[key] = BadRow(0, "E-ROW-10", f"a detail {broken}", "correct the row or the map")
            continue
        try:
            details[key] = rules.conduct(key[0], dict(zip(names, key[1:], strict=True)))
        except Refused as problem:
            reason = problem.what.rstrip(".")
            faults[key] = BadRow(0, problem.code, f"{reason}: {problem.why}", problem.fix)
    if faults:
        for place, key in enumerate(keys):
            fault = faults.get(key)
            if fault is not None and place not in found:
                found[place] = fault
    nothing: Details = {}
    return [details.get(key, nothing) for key in keys]


def _row_ids(row_key: bytes, facts: Facts) -> Rows:
    # bad rows may hold broken text; their identity is never stored
    joined = b"".join(
        hashlib.blake2b(
            f"{issuer}\0{row}".encode(errors="replace"), key=row_key, digest_size=16
        ).digest()
        for issuer, row in zip(facts.issuer, facts.row, strict=True)
    )
    return np.frombuffer(joined, ROWID)
