"""The linter: may this pack load? Every finding says code, line, got, allowed, why and source.

A code about the running system has no field in the format, so a pack that tries to switch one off
meets an unknown field. Codes marked W load with a written justification in the pack itself.
"""

from collections.abc import Iterator
from typing import Final, Literal

import msgspec

from standing.errors import Refused
from standing.policy import _rules_effects, _rules_inputs, _rules_points, _rules_time
from standing.policy._codes import CODES
from standing.policy._fold import RecordFact, score
from standing.policy._hit import Hit
from standing.policy._parse import convert, line_of
from standing.policy._schedule import Schedule
from standing.policy._schema import Catalogue, Example, Pack
from standing.policy._text import Lines, TextProblem, read, readable

_RULES: Final = (
    *_rules_inputs.RULES,
    *_rules_points.RULES,
    *_rules_time.RULES,
    *_rules_effects.RULES,
)
_LEAST_JUSTIFICATION: Final = 40
_SHOWN: Final = 5


class Finding(msgspec.Struct, frozen=True):
    """One place where a pack and a code meet.

    `level`: `refuse` keeps the pack out; `justify` does so until a justification of at least 40
    characters is signed with it; `justified` is shown and lets it in. `line` is 1 for JSON.
    """

    code: str
    level: Literal["refuse", "justify", "justified"]
    line: int
    where: str
    got: str
    allowed: str
    why: str
    source: str


def lint(data: bytes, catalogue: Catalogue) -> tuple[Finding, ...]:
    """Judge a pack as written or as published; an empty result is a pack that may load.

    A document that cannot be read gives one finding (`FORMAT`, or `L12` for a number that is no
    integer) and is judged no further; examples run only in a pack with nothing to refuse.
    """
    try:
        plain, lines = read(data)
        pack = convert(plain, Pack, lines)
    except TextProblem as problem:
        return (_of_text(problem),)
    return _judge(pack, catalogue, lines)


def load_pack(data: bytes, catalogue: Catalogue) -> Pack:
    """Read and lint a pack; raises `E-PACK-02` with the findings that keep it out."""
    try:
        plain, lines = read(data)
        pack = convert(plain, Pack, lines)
    except TextProblem as problem:
        raise _refused((_of_text(problem),)) from None
    findings = [f for f in _judge(pack, catalogue, lines) if f.level != "justified"]
    if findings:
        raise _refused(findings)
    return pack


def _judge(pack: Pack, catalogue: Catalogue, lines: Lines) -> tuple[Finding, ...]:
    hits = [hit for rule in _RULES for hit in rule(pack, catalogue)]
    hits += _justification_hits(pack)
    findings = [_finding(hit, pack, lines) for hit in hits]
    if all(finding.level != "refuse" for finding in findings):
        findings += [_finding(hit, pack, lines) for hit in _example_hits(pack)]
    return tuple(sorted(findings, key=lambda f: (f.line, f.code, f.where, f.got)))


def _finding(hit: Hit, pack: Pack, lines: Lines) -> Finding:
    facts = CODES[hit.code]
    level: Literal["refuse", "justify", "justified"] = "refuse"
    if facts.waivable:
        written = pack.justifications.get(hit.code, "").strip()
        level = "justified" if len(written) >= _LEAST_JUSTIFICATION else "justify"
    where = ".".join(str(step) for step in hit.path)
    line = line_of(hit.path, lines)
    return Finding(hit.code, level, line, where, hit.got, hit.allowed, facts.why, facts.source)


def _of_text(problem: TextProblem) -> Finding:
    facts = CODES[problem.code]
    return Finding(
        problem.code,
        "refuse",
        problem.line,
        "",
        problem.got,
        problem.allowed,
        facts.why,
        facts.source,
    )


def _justification_hits(pack: Pack) -> Iterator[Hit]:
    waivable = [code for code, facts in CODES.items() if facts.waivable]
    for code in pack.justifications:
        if code not in waivable:
            got = f"a justification for {readable(code)}"
            allowed = f"justifications for {', '.join(waivable)}; no other code has a switch"
            yield Hit("FORMAT", ("justifications", code), got, allowed)


def _example_hits(pack: Pack) -> Iterator[Hit]:
    schedule = Schedule([(pack.force, pack)])
    for index, example in enumerate(pack.examples):
        for part, got, wanted in _differences(pack, example, schedule):
            yield Hit("EXAMPLES", ("examples", index, "expect", part), got, wanted)


def _differences(
    pack: Pack, example: Example, schedule: Schedule
) -> Iterator[tuple[str, str, str]]:
    records = [
        RecordFact(
            given.id,
            given.type,
            pack.force + given.day,
            pack.force + (given.day if given.noticed is None else given.noticed),
            given.status,
        )
        for given in example.given
    ]
    expect = example.expect
    if len({record.id for record in records}) != len(records):
        yield "score", "one record id twice", "each record its own id"
        return
    result = score(records, schedule, pack.force + example.at)
    counted = {reason.record: reason.counted for reason in result.reasons}
    if result.score != expect.score:
        yield "score", f"a score of {result.score}", str(expect.score)
    if result.band != expect.band:
        yield "band", f"the band {result.band}", expect.band
    for record, points in expect.counted.items():
        if counted.get(record) != points:
            got = counted.get(record)
            was = "no record" if got is None else f"{got} points of"
            yield "counted", f"{was} {record}", str(points)


def _refused(findings: "tuple[Finding, ...] | list[Finding]") -> Refused:
    shown = "; ".join(
        f"{f.code} line {f.line}: got {f.got}, allowed {f.allowed}" for f in findings[:_SHOWN]
    )
    more = len(findings) - _SHOWN
    first = findings[0]
    return Refused(
        "E-PACK-02",
        f"The pack does not load: {len(findings)} finding{'s' if len(findings) > 1 else ''}.",
        why=shown + (f"; and {more} more." if more > 0 else "."),
        fix=f"{first.why} Correct the lines named; see docs/reference/linter.md.",
        where=f"line {first.line}",
    )
