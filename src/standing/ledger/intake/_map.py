"""The map: which column, constant or table of values gives each fact of a record.

A TOML file. Each fact is a column's name, or `{constant = ...}`, `{column = ..., values = {...}}`,
`{column = ..., steps = [[from, value], ...], empty = ...}` or `{template = "{year}-{month:02}"}`.
Unknown keys are refused.
"""

import re
import string
import tomllib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from standing.errors import Refused

_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,17})", re.ASCII)
_PAD = re.compile(r"0[1-9]", re.ASCII)


class _Constant(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    constant: str


class _Column(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    column: str
    values: dict[str, str] | None = None
    steps: tuple[tuple[int, str], ...] | None = None
    empty: str | None = None


class _Template(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    template: str


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    context: str
    issuer: Any
    reference: Any
    type: Any
    day: Any
    basis: Any
    signer: Any
    identified: Any
    second: Any = None
    id: Any = None
    details: dict[str, Any] = {}


class Bad(str):
    """A value that could not be mapped: the text says why. It never equals a good value."""

    __slots__ = ()


class Fact(msgspec.Struct, frozen=True):
    """How one fact comes about: which columns it reads and how their texts become one text."""

    columns: tuple[str, ...]
    convert: Callable[..., str] | None  # of the columns' texts; None where the text stands as it is
    constant: str | None = None

    def of(self, columns: Mapping[str, Sequence[str]], count: int) -> Sequence[str]:
        """Give the fact for each of `count` rows; a value that cannot be mapped is a `Bad`."""
        if self.constant is not None:
            return [self.constant] * count
        sources = [columns[name] for name in self.columns]
        if self.convert is None:
            return sources[0]
        # most columns hold few different values: convert each combination once
        seen = {key: self.convert(*key) for key in set(zip(*sources, strict=True))}
        return [seen[key] for key in zip(*sources, strict=True)]


class RowMap(msgspec.Struct, frozen=True):
    """A parsed map."""

    context: str
    facts: dict[str, Fact]  # issuer, reference, type, day, basis, signer, identified; second, id
    details: dict[str, Fact]

    @property
    def columns(self) -> tuple[str, ...]:
        """List every column that the map reads, once."""
        names: dict[str, None] = {}
        for fact in (*self.facts.values(), *self.details.values()):
            names |= dict.fromkeys(fact.columns)
        return tuple(names)


def parse_map(data: bytes, *, where: str) -> RowMap:
    """Read a map; raises `E-MAP-01` naming what is wrong."""
    try:
        file = msgspec.convert(tomllib.loads(data.decode("utf-8")), _File)
        facts = {
            name: _fact(getattr(file, name), name)
            for name in _File.__struct_fields__
            if name not in {"context", "details"} and getattr(file, name) is not None
        }
        details = {name: _fact(source, f"details.{name}") for name, source in file.details.items()}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, ValueError) as problem:
        raise Refused(
            "E-MAP-01",
            "The map cannot be read.",
            why=f"{problem}.",
            fix="See the how-to on importing for an example of a map.",
            where=where,
        ) from None
    return RowMap(file.context, facts, details)


def _fact(source: Any, name: str) -> Fact:
    if isinstance(source, str):
        return Fact((source,), None)
    if not isinstance(source, dict):
        raise ValueError(f"{name}: wanted a column name or a table, got {source!r}")  # noqa: TRY004 - one error for all of a map's faults
    try:
        if "constant" in source:
            return Fact((), None, msgspec.convert(source, _Constant).constant)
        if "template" in source:
            return _template(msgspec.convert(source, _Template).template, name)
        return _column(msgspec.convert(source, _Column), name)
    except msgspec.ValidationError as problem:
        raise ValueError(f"{name}: {problem}") from None


def _column(source: _Column, name: str) -> Fact:
    if source.values is not None and source.steps is not None:
        raise ValueError(f"{name}: give values or steps, not both")
    empty, table, steps = source.empty, source.values, source.steps
    if steps is not None and list(steps) != sorted(steps):
        raise ValueError(f"{name}: steps must ascend")
    if empty is None and table is None and steps is None:
        return Fact((source.column,), None)

    def convert(text: str) -> str:
        if empty is not None and text in {"", "NA"}:
            return empty
        if table is not None:
            found = table.get(text)
            return found if found is not None else Bad(f"{text!r} is not in the map's values")
        if steps is not None:
            return _step(text, steps)
        return text

    return Fact((source.column,), convert)


def _step(text: str, steps: tuple[tuple[int, str], ...]) -> str:
    if not _INTEGER.fullmatch(text):
        return Bad(f"{text!r} is not a whole number")
    number = int(text)
    chosen = None
    for start, value in steps:
        if number >= start:
            chosen = value
    return chosen if chosen is not None else Bad(f"{text} is below the map's first step")


def _template(text: str, name: str) -> Fact:
    try:
        pieces = list(string.Formatter().parse(text))
    except ValueError as problem:
        raise ValueError(f"{name}: template {text!r}: {problem}") from None
    if any(conversion or (spec and not _PAD.fullmatch(spec)) for _, _, spec, conversion in pieces):
        raise ValueError(f"{name}: template {text!r}: only {{column}} and {{column:02}} are known")
    parts = [(literal, field, int(spec[1:]) if spec else 0) for literal, field, spec, _ in pieces]

    def convert(*values: str) -> str:
        rest = iter(values)
        return "".join(
            literal + (next(rest).zfill(pad) if field is not None else "")
            for literal, field, pad in parts
        )

    return Fact(tuple(field for _, field, _ in parts if field is not None), convert)


def parse_integer(text: str) -> int | None:
    """Read a whole number in its one canonical form, or nothing."""
    return int(text) if _INTEGER.fullmatch(text) else None
