"""Fields of a step, made from the table that the step stands in: what may be said stands once."""

from dataclasses import dataclass
from typing import Annotated, Any, Final, get_args, get_origin, get_type_hints

import msgspec

from standing.cases.lifecycles import Day, Move, kind_of, table_of
from standing.errors import Refused
from standing.web._problems import N_, malformed
from standing.web._step_words import CHOICES, LABELS, TITLES
from standing.web._voice import Voice
from standing.wire.days import format_day, parse_day

FILES: Final = "files"
_LONG: Final = 300  # a text that may be longer has a tall field
_PLAIN: Final[dict[Any, str]] = {Day: "day", bool: "flag", int: "number"}
_SEVERAL: Final = {"line": "many", "choice": "choices"}
_FOUND: Final = frozenset({"again", "at", "issuer"})
"""What the ledger fills in: it follows from the case."""
_SERVED: Final = frozenset({"opened", "active_seconds"})
"""What the pages count themselves: what was opened, and for how long."""


@dataclass(frozen=True)
class Field:
    """One field of a form."""

    name: str
    label: str
    kind: str  # line, long, day, number, choice, choices, many, flag, files
    is_required: bool
    choices: tuple[str, ...] = ()
    most: int | None = None


def fields_of(lifecycle: str, event: str) -> list[Field]:
    """List the fields that a person fills in for a step, in the table's order."""
    move = table_of(lifecycle).move(event)
    hints = _hints(lifecycle, event)
    return [
        _field(field, hints[field.name])
        for field in msgspec.structs.fields(move.facts)
        if field.name not in _FOUND | _SERVED
    ]


def _hints(lifecycle: str, event: str) -> dict[str, Any]:
    return get_type_hints(table_of(lifecycle).move(event).facts, include_extras=True)


def needs_counting(lifecycle: str, event: str) -> bool:
    """Tell whether a step says what was opened, or for how long."""
    return bool(_SERVED & set(table_of(lifecycle).move(event).facts.__struct_fields__))


def _field(field: msgspec.structs.FieldInfo, hint: Any) -> Field:
    is_required = field.default is msgspec.NODEFAULT and field.default_factory is msgspec.NODEFAULT
    label = LABELS.get(field.name, field.name)
    if field.name == FILES:
        return Field(FILES, label, "files", is_required=False)
    kind, choices, most = _kind(hint)
    return Field(field.name, label, kind, is_required and kind != "flag", choices, most)


def _kind(hint: Any) -> tuple[str, tuple[str, ...], int | None]:
    """Tell of a type which kind of field it has, among which choices, up to which length."""
    value, is_many = kind_of(hint)
    choices = value if isinstance(value, tuple) else ()
    most = None if is_many else _most(hint)
    kind = "choice" if choices else _PLAIN.get(value) or ("long" if (most or 0) > _LONG else "line")
    return _SEVERAL.get(kind, kind) if is_many else kind, choices, most


def _most(hint: Any) -> int | None:
    """Give the greatest length that a type states."""
    notes = get_args(hint)[1:] if get_origin(hint) is Annotated else ()
    return next((note.max_length for note in notes if note.max_length is not None), None)


def read_fields(lifecycle: str, event: str, form: Any) -> dict[str, Any]:
    """Read a form as what a step says: only its own fields, whatever else was sent."""
    said: dict[str, Any] = {}
    for field in fields_of(lifecycle, event):
        if field.kind == "files":
            continue
        if field.kind in {"many", "choices"}:
            values = [text for value in form.getall(field.name, []) for text in _lines(value)]
            if values:
                said[field.name] = values
            continue
        text = str(form.get(field.name, "")).replace("\r\n", "\n").strip()
        if text:
            said[field.name] = _value(field, text)
    return said


def _lines(value: Any) -> list[str]:
    return [line.strip() for line in str(value).splitlines() if line.strip()]


def _value(field: Field, text: str) -> Any:
    match field.kind:
        case "day":
            try:
                return int(parse_day(text))
            except Refused:
                raise malformed(N_("Write each day as 2026-11-23.")) from None
        case "number":
            if not text.isascii() or not text.isdigit() or len(text) > 9:  # noqa: PLR2004 - a number that a field can hold
                raise malformed(N_("Write a whole number, of nine digits at most."))
            return int(text)
        case "flag":
            return text == "yes"
        case _:
            return text


def move_of(lifecycle: str, event: str) -> Move:
    """Give a step's line in its table."""
    return table_of(lifecycle).move(event)


def title_of(lifecycle: str, event: str, voice: Voice) -> str:
    """Call a step what whoever takes it does."""
    title = TITLES.get(f"{lifecycle} {event}")
    return voice.say(title) if title else f"{voice.say(lifecycle)}: {voice.say(event)}"


def shown(lifecycle: str, event: str, name: str, value: Any, voice: Voice) -> str:
    """Write what a step says in one field; nobody's own words are translated."""
    if kind_of(_hints(lifecycle, event).get(name))[0] is Day and isinstance(value, int):
        return voice.day(format_day(value))
    if isinstance(value, bool):
        return voice.say("yes") if value else voice.say("no")
    if isinstance(value, list | tuple):
        return "\n".join(shown(lifecycle, event, name, one, voice) for one in value)
    known = {choice for field in fields_of(lifecycle, event) if field.name == name
             for choice in field.choices}  # fmt: skip
    return voice.say(CHOICES.get(value, value)) if value in known else str(value)
