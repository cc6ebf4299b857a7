"""The first pass over a file: every row is mapped and checked before anything is written."""

from collections.abc import Sequence
from dataclasses import dataclass

from standing.cases.record_rules import with_second
from standing.errors import Refused
from standing.ledger.intake._blocks import BadRow, Block, Columns, Table, read_block
from standing.ledger.intake._facts import Facts, row_ids
from standing.ledger.intake._faults import (
    Fault,
    Found,
    check_each,
    check_texts,
    conduct_fault,
    day_fault,
    filled,
)
from standing.ledger.intake._map import Bad
from standing.ledger.intake._rules import Details, FileRules
from standing.vault import Rows
from standing.wire.days import parse_day


@dataclass
class Checked:
    """What the first pass found in one block."""

    bad: list[BadRow]  # numbered as in the file
    row_ids: Rows  # keyed identity of every row, bad ones too
    references: frozenset[str]  # only where a register names the subjects


def check_block(rules: FileRules, table: Table, block: Block) -> Checked:
    """Map and check one block."""
    facts, bad = map_block(rules, table, block)
    ids = row_ids(rules.row_key, zip(facts.issuer, facts.row, strict=True))
    references = frozenset(facts.reference) if rules.is_register else frozenset()
    return Checked(bad, ids, references)


def map_block(rules: FileRules, table: Table, block: Block) -> tuple[Facts, list[BadRow]]:
    """Read a block, map its facts, and name each row that is bad with its first fault."""
    row_map = rules.row_map
    columns = read_block(table, block, row_map.columns)
    found: Found = {bad.row - 1: bad for bad in columns.malformed}
    texts = {name: fact.of(columns.values, columns.count) for name, fact in row_map.facts.items()}
    check_texts(found, texts, rules)
    days = _days(found, texts["day"], rules)
    details = _details(found, columns, texts["type"], rules)
    if "id" in texts:
        check_each(found, "id", texts["id"], filled)
    facts = _facts(table, block, texts, days, details)
    bad = [
        BadRow(block.first_row + place, b.code, b.reason, b.remedy)
        for place, b in sorted(found.items())
    ]
    return facts, bad


def mapped_block(rules: FileRules, table: Table, block: Block) -> Facts:
    """Map a block that was checked before. Facts of rows that were found bad mean nothing."""
    row_map = rules.row_map
    columns = read_block(table, block, row_map.columns)
    texts = {name: fact.of(columns.values, columns.count) for name, fact in row_map.facts.items()}
    found: Found = {}
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


def _days(found: Found, values: Sequence[str], rules: FileRules) -> Sequence[int]:
    days: dict[str, int] = {}

    def check(text: str) -> Fault | None:
        if isinstance(text, Bad):
            return filled(text)
        try:
            day = parse_day(text)
        except Refused:
            return "E-ROW-15", f"{text!r} is not a day", "write it as YYYY-MM-DD"
        days[text] = day
        return day_fault(day, rules)

    check_each(found, "day", values, check)
    return [days.get(text, 0) for text in values]


def _details(
    found: Found, columns: Columns, types: Sequence[str], rules: FileRules
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
            faults[key] = BadRow(0, *conduct_fault(problem))
    if faults:
        for place, key in enumerate(keys):
            fault = faults.get(key)
            if fault is not None and place not in found:
                found[place] = fault
    nothing: Details = {}
    return [details.get(key, nothing) for key in keys]
