"""Documents in, frozen types out, and back to the bytes that are hashed and signed.

`parse_pack` and `parse_catalogue` take what an author wrote (YAML) or what was published
(canonical JSON). `canonical` gives the published bytes: parsing those gives an equal object.
See docs/adr/0003-canonical-packs.md. Whether the rules are fair is the linter's question.
"""

import hashlib
import re
import typing
from collections.abc import Iterable
from typing import Any, TypeVar

import msgspec

from standing.errors import Refused
from standing.policy._schema import Catalogue, Organisation, Pack, PackDay, read_day, write_day
from standing.policy._text import (
    Lines,
    Path,
    Plain,
    TextProblem,
    cut,
    dump,
    read,
    readable,
    refused,
)

_Document = TypeVar("_Document", Pack, Catalogue)
# the last place: what an author wrote may look like one too
_WHERE = re.compile(
    r"^(?P<text>.*?)(?: - at `(?:key` in `)?\$(?P<path>[A-Za-z0-9_.\[\]]*)`)?$", re.DOTALL
)
_UNKNOWN = "Object contains unknown field"
_NO_CHOICE = "Invalid enum value"
_GOT = re.compile(r", got `\w+`")
_WORDS = {
    "`int`": "a whole number",
    "`str`": "text",
    "`bool`": "true or false",
    "`array`": "a list",
    "`object`": "named fields",
    "`null`": "nothing",
    r"matching regex '^[a-z0-9]+([.-][a-z0-9]+)*$'": "of small letters, digits, '.' and '-'",
    r"matching regex '^[a-z][a-z0-9_]*$'": "of small letters, digits and '_'",
    r"matching regex '^[0-9a-f]{64}$'": "of 64 hexadecimal digits",
    r"matching regex '^([0-9a-f]{64})?$'": "of 64 hexadecimal digits",
    r"matching regex '^https://[^\\s]+$'": "that is an https:// address",
    r"matching regex '^[0-9]{4}$'": "that is a year",
}
_STEP = re.compile(r"\.([A-Za-z_][A-Za-z0-9_]*)|\[([0-9]+)\]|(\[\.\.\.\])")


def parse_pack(data: bytes) -> Pack:
    """Read a pack's form; raises `E-PACK-01` naming the line, what was got and what is allowed.

    The form alone: `lint` and `load_pack` judge the rules.
    """
    return _parse(data, Pack, "pack")


def parse_catalogue(data: bytes) -> Catalogue:
    """Read a catalogue; raises `E-PACK-01` for its form, `E-CAT-01` for an inconsistent content."""
    catalogue = _parse(data, Catalogue, "catalogue")
    for code, kind in catalogue.types.items():
        problem = _type_problem(catalogue, code)
        if problem:
            raise Refused(
                "E-CAT-01",
                f"The catalogue's act type {code} does not hold together.",
                why=problem,
                fix="Correct the act type and let the rule-makers sign the catalogue again.",
                where=f"types.{code} ({kind.setting})",
            )
    return catalogue


def canonical(document: Pack | Catalogue) -> bytes:
    """Give the bytes that are hashed, published and signed: sorted, spaceless JSON in UTF-8."""
    plain = msgspec.to_builtins(document, enc_hook=write_day)
    if isinstance(document, Pack) and not document.catalogue:
        del plain["catalogue"]  # a pack of linter 1 keeps the bytes that were signed
    return dump(plain)


def redated(pack: Pack, *, published: int, force: int) -> Pack:
    """Give the same rules with other dates, for a ledger that begins on another day.

    The first day of force moves by as many days, so the windows keep their place relative to it;
    a register's history begins at the latest on the new day of force.
    """
    moved = force - pack.force
    register = pack.public_register
    if register is not None:
        begins = PackDay(min(register.history_from, force))
        register = msgspec.structs.replace(register, history_from=begins)
    first = PackDay(pack.change.first_force + moved)
    return msgspec.structs.replace(
        pack,
        published=PackDay(published),
        force=PackDay(force),
        change=msgspec.structs.replace(pack.change, first_force=first),
        public_register=register,
    )


def with_organisations(pack: Pack, organisations: Iterable[Organisation]) -> Pack:
    """Give the same rules with these organisations in place of the pack's own of their roles.

    Whoever has another role stays: reviewers, above all.
    """
    new = tuple(organisations)
    roles = {one.role for one in new}
    kept = tuple(one for one in pack.organisations if one.role not in roles)
    return msgspec.structs.replace(pack, organisations=(*kept, *new))


def convert(plain: Plain, kind: type[_Document], lines: Lines) -> _Document:
    """Turn plain data into the type; raises TextProblem at the line of the first difference."""
    try:
        return msgspec.convert(plain, kind, dec_hook=read_day)
    except msgspec.ValidationError as error:
        raise _explain(error, plain, kind, lines) from None


def line_of(path: Path, lines: Lines) -> int:
    """Give the line of a part, or of the nearest part around it."""
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 1)


def _parse(data: bytes, kind: type[_Document], what: str) -> _Document:
    try:
        plain, lines = read(data)
        return convert(plain, kind, lines)
    except TextProblem as problem:
        raise refused(problem, what=what) from None


def _explain(
    error: msgspec.ValidationError, plain: Plain, kind: type[Any], lines: Lines
) -> TextProblem:
    text = str(error)
    if text.startswith(_UNKNOWN):
        found = _first_unknown(plain, kind, ())
        if found is not None:
            path, names = found
            got = f"a field {_dotted(path)}"
            return TextProblem(line_of(path, lines), got, f"only {', '.join(names)}")
    match = _WHERE.match(text)
    assert match is not None  # every part of the pattern is optional
    path, value, inner = _resolve(match["path"] or "", plain, kind)
    # an expression, a quoted number or a fraction where points belong: integers only
    code = "L12" if text.startswith("Expected `int`") else "FORMAT"
    got = f"{_dotted(path)}{_shown(value)}"
    wanted = _plainly(match["text"])
    if text.startswith(_NO_CHOICE) and typing.get_origin(inner) is typing.Literal:
        wanted = f"one of {', '.join(map(str, typing.get_args(inner)))}"
    return TextProblem(line_of(path, lines), got, wanted, code=code)


def _first_unknown(plain: Any, kind: Any, path: Path) -> tuple[Path, tuple[str, ...]] | None:
    """Find a field that its structure does not have, and the names that it has."""
    bare = _bare(kind)
    children: list[tuple[Any, Any, str | int]] = []
    if isinstance(bare, type) and issubclass(bare, msgspec.Struct) and isinstance(plain, dict):
        strange = [key for key in plain if key not in bare.__struct_fields__]
        if strange:
            return (*path, strange[0]), bare.__struct_fields__
        hints = typing.get_type_hints(bare)
        children = [(value, hints[key], key) for key, value in plain.items()]
    elif typing.get_origin(bare) is dict and isinstance(plain, dict):
        children = [(value, typing.get_args(bare)[-1], key) for key, value in plain.items()]
    elif typing.get_origin(bare) is tuple and isinstance(plain, list):
        children = [(value, typing.get_args(bare)[0], n) for n, value in enumerate(plain)]
    found = (_first_unknown(value, inner, (*path, key)) for value, inner, key in children)
    return next((one for one in found if one is not None), None)


def _plainly(text: str) -> str:
    """Say what a reader of types expected, in words that an author knows."""
    wanted = _GOT.sub("", text).removeprefix("Expected ")
    for technical, plain in _WORDS.items():
        wanted = wanted.replace(technical, plain)
    return (wanted[:1].lower() + wanted[1:]).rstrip(".")


def _dotted(path: Path) -> str:
    return ".".join(readable(str(step)) for step in path) or "the document"


def _shown(value: object) -> str:
    """Show a value that fits into a message; a structure is named by its place alone."""
    return "" if isinstance(value, (dict, list)) else f": {cut(repr(value))}"


def _resolve(text: str, plain: Any, kind: Any) -> tuple[Path, Any, Any]:
    """Find the part that a message means, or the nearest one; `[...]` is some key of a map."""
    path: Path = ()
    for name, index, some in _STEP.findall(text):
        try:
            key: str | int | None
            if some:
                inner = typing.get_args(kind)[-1]
                key = _culprit(plain, inner)
            elif name:
                inner, key = typing.get_type_hints(kind).get(name, Any), name
            else:
                arguments = typing.get_args(kind)
                key = int(index)
                is_pair = len(arguments) > 1 and arguments[1] is not ...
                inner = arguments[key] if is_pair else arguments[0]
            plain, kind, path = plain[key], _bare(inner), (*path, typing.cast("str | int", key))
        except (KeyError, IndexError, TypeError):  # no such part
            break
    return path, plain, kind


def _bare(kind: Any) -> Any:
    """Strip `| None`: the structs of a pack know no other union of structures."""
    parts = [part for part in typing.get_args(kind) if part is not type(None)]
    is_union = type(None) in typing.get_args(kind)
    return parts[0] if is_union else kind


def _culprit(plain: Any, inner: Any) -> str | None:
    for key, value in plain.items():
        try:
            msgspec.convert(value, inner, dec_hook=read_day)
        except msgspec.ValidationError:
            return str(key)
    return None


def _type_problem(catalogue: Catalogue, code: str) -> str:
    kind = catalogue.types[code]
    if kind.setting not in catalogue.settings:
        return f"Its setting {kind.setting!r} is none of the catalogue's."
    if kind.sign < 0 and kind.duty is None:
        return "A burdening act type needs a written duty with citation, address and digest (L05)."
    if kind.duty is not None:
        digest = hashlib.sha256(kind.duty.text.encode()).hexdigest()
        if digest != kind.duty.sha256:
            return f"The duty's text has the SHA-256 {digest}, the catalogue says otherwise."
    for name, field in kind.fields.items():
        is_number = field.least is not None and field.most is not None
        if is_number == bool(field.codes) or (field.least is None) != (field.most is None):
            return f"The detail {name!r} is either a number from..to or a list of codes."
        if is_number and (field.least or 0) > (field.most or 0):
            return f"The detail {name!r} ends before it begins."
    return ""
