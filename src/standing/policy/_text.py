"""Bytes to plain data with line numbers: a small, strict subset of YAML, and canonical JSON.

Authors write YAML: block or flow collections, text, whole numbers, `true`, `false`, `null`.
Anchors, aliases, tags, several documents, repeated keys and floats are refused: a rule says what
it says where it stands. Bytes that begin with `{` are the published form and must be exactly the
canonical JSON of their own content, so that no byte of a signed document is meaningless.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, Final

import yaml

from standing.errors import Refused

MAX_BYTES: Final = 1_000_000
MAX_DEPTH: Final = 12
MAX_NODES: Final = 50_000
_SHOWN: Final = 60

Plain = dict[str, Any] | list[Any] | str | int | bool | None
Path = tuple[str | int, ...]
Lines = dict[Path, int]

_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,18})", re.ASCII)
_FLOAT = re.compile(
    r"[-+]?([0-9][0-9_]*\.[0-9_]*|\.[0-9]+)([eE][-+]?[0-9]+)?|[-+]?[0-9]+[eE][-+]?[0-9]+"
    r"|[-+]?\.(inf|nan)|NaN|-?Infinity",
    re.ASCII | re.IGNORECASE,
)
_WORDS: Final[dict[str, bool | None]] = {"true": True, "false": False, "null": None}
# libyaml when the wheel brings it; the pure-Python parser gives the same events, slower
_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


class TextProblem(Exception):  # noqa: N818 - becomes a finding or a Refused, never seen outside
    """Bytes that are no document: what was read, what is allowed, and on which line."""

    def __init__(self, line: int, got: str, allowed: str, *, code: str = "FORMAT") -> None:
        super().__init__(f"line {line}: {got}; {allowed}")
        self.line = line
        self.got = got
        self.allowed = allowed
        self.code = code


def read(data: bytes) -> tuple[Plain, Lines]:
    """Read a document; gives its plain data and the line on which each part begins.

    Raises TextProblem. Only the line of the root is known for canonical JSON.
    """
    if len(data) > MAX_BYTES:
        raise TextProblem(1, f"{len(data):,} bytes", f"at most {MAX_BYTES:,} bytes")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise TextProblem(1, f"byte {error.start} is not UTF-8", "text in UTF-8") from None
    if data.startswith(b"{"):
        return _read_json(text), {(): 1}
    return _Builder(text).build()


def dump(value: Any) -> bytes:
    """Write the canonical JSON of plain data: sorted keys, no spaces, UTF-8, no line end."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()


def _read_json(text: str) -> Plain:
    try:
        value = json.loads(
            text, object_pairs_hook=_unique, parse_float=_no_float, parse_constant=_no_float
        )
        if _depth(value) > MAX_DEPTH:
            raise TextProblem(1, "a deeper nesting", f"at most {MAX_DEPTH} levels")
        is_canonical = dump(value) == text.encode()
    except json.JSONDecodeError as error:
        raise TextProblem(
            error.lineno, f"no JSON ({error.msg})", "canonical JSON or YAML"
        ) from None
    except RecursionError:
        raise TextProblem(1, "a deeper nesting", f"at most {MAX_DEPTH} levels") from None
    except UnicodeEncodeError:
        raise TextProblem(1, "no JSON (half a character)", "text in UTF-8") from None
    except ValueError:
        raise TextProblem(1, "a number of thousands of digits", "numbers of 64 bits") from None
    if not is_canonical:
        raise TextProblem(
            1,
            "JSON in another form than the canonical one",
            "sorted keys, no spaces, UTF-8, no line end",
        )
    plain: Plain = value
    return plain


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise TextProblem(1, "one key twice in an object", "each key once")
    return found


def _no_float(text: str) -> object:
    raise TextProblem(1, text, "whole numbers only", code="L12")


def _depth(value: Any) -> int:
    level, deepest = [value], 0
    while level and deepest <= MAX_DEPTH:
        deepest += 1
        level = [child for part in level for child in _children(part)]
    return deepest


def _children(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


class _Builder:
    """Folds the parser's events into plain data, with its own stack: depth costs no recursion."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._lines: Lines = {}
        self._open: list[tuple[dict[str, Any] | list[Any], Path]] = []
        self._key: list[str | None] = []
        self._root: list[Plain] = []
        self._nodes = 0

    def build(self) -> tuple[Plain, Lines]:
        try:
            for event in self._events():
                self._take(event)
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            problem = getattr(error, "problem", None) or "it breaks off"
            line = mark.line + 1 if mark else 1
            raise TextProblem(line, f"no YAML: {problem}", "a YAML document") from None
        if len(self._root) != 1:
            raise TextProblem(1, f"{len(self._root)} documents", "exactly one document")
        return self._root[0], self._lines

    def _events(self) -> Iterator[Any]:
        yield from yaml.parse(self._text, Loader=_LOADER)

    def _take(self, event: Any) -> None:
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            raise TextProblem(_line(event), "an anchor or alias", "each value written out")
        if isinstance(event, yaml.NodeEvent):
            self._refuse_excess(event)
        if isinstance(event, yaml.ScalarEvent):
            self._scalar(event)
        elif isinstance(event, yaml.MappingStartEvent):
            self._begin({}, event)
        elif isinstance(event, yaml.SequenceStartEvent):
            self._begin([], event)
        elif isinstance(event, yaml.CollectionEndEvent):
            self._open.pop()
            self._key.pop()

    def _refuse_excess(self, event: Any) -> None:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise TextProblem(_line(event), "more values", f"at most {MAX_NODES:,} values")
        if getattr(event, "tag", None) not in {None, "!"}:
            raise TextProblem(
                _line(event), f"the tag {readable(str(event.tag))}", "values without a tag"
            )
        if len(self._open) > MAX_DEPTH:
            raise TextProblem(_line(event), "a deeper nesting", f"at most {MAX_DEPTH} levels")

    def _scalar(self, event: Any) -> None:
        if self._awaits_key():
            self._set_key(event)
            return
        plain = event.style is None or event.style == ""
        self._put(_value(event) if plain else event.value, _line(event))

    def _awaits_key(self) -> bool:
        return bool(self._open) and isinstance(self._open[-1][0], dict) and self._key[-1] is None

    def _set_key(self, event: Any) -> None:
        if event.value in self._open[-1][0]:
            raise TextProblem(_line(event), f"{cut(repr(event.value))} twice", "each key once")
        self._key[-1] = event.value
        self._lines[(*self._open[-1][1], event.value)] = _line(event)

    def _begin(self, value: dict[str, Any] | list[Any], event: Any) -> None:
        if self._awaits_key():
            raise TextProblem(_line(event), "a collection as a key", "text as a key")
        path = self._put(value, _line(event))
        self._open.append((value, path))
        self._key.append(None)

    def _put(self, value: Plain, line: int) -> Path:
        if not self._open:
            self._root.append(value)
            self._lines[()] = line
            return ()
        holder, path = self._open[-1]
        if isinstance(holder, list):
            holder.append(value)
            here: Path = (*path, len(holder) - 1)
            self._lines[here] = line
            return here
        key = self._key[-1]
        assert key is not None  # _awaits_key took the scalar, _begin refused the collection
        holder[key] = value
        self._key[-1] = None
        return (*path, key)


def _value(event: Any) -> Plain:
    text: str = event.value
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        raise TextProblem(_line(event), text, "whole numbers only", code="L12")
    return text


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1


def cut(text: str) -> str:
    """Shorten a text to what fits into a message."""
    return text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."


def readable(text: str) -> str:
    """Give what an author wrote as one short line that cannot move a terminal's cursor."""
    return cut(text if text.isprintable() else repr(text))


def refused(problem: TextProblem, *, what: str) -> Refused:
    """Give a text problem the five facts of an error."""
    return Refused(
        "E-PACK-01",
        f"This is no {what} that standing can read.",
        why=f"Line {problem.line}: got {problem.got}; allowed is {problem.allowed}.",
        fix="Correct that line. Packs are written in plain YAML: no anchors, tags or floats.",
        where=f"line {problem.line}",
    )
