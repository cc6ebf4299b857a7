"""Reads the lines of a trust policy file; the public door is `verify.quorum`."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from standing.errors import Refused, StandingError
from standing.wire.notes import COSIGNATURE_TYPE, ED25519_TYPE, ML_DSA_44_TYPE, NoteKey, parse_vkey

_MAX_BYTES: Final = 1_000_000
_MAX_EACH: Final = 256
_NONE: Final = "none"
_CONTROL: Final = re.compile(rb"[\x00-\x08\x0b-\x1f\x7f]")
_BLANK: Final = re.compile(r"[ \t]+")
_COUNT: Final = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)
_LOG_KINDS: Final = frozenset({ED25519_TYPE, ML_DSA_44_TYPE})
_WITNESS_KINDS: Final = frozenset({COSIGNATURE_TYPE, ML_DSA_44_TYPE})


@dataclass(frozen=True)
class TrustedLog:
    """A log's key, whose name is the log's origin, and where to reach it if the file says so."""

    key: NoteKey
    url: str | None = None


@dataclass(frozen=True)
class TrustedWitness:
    """A witness: its name in this file, its key, where to reach it if the file says so."""

    name: str
    key: NoteKey
    url: str | None = None


@dataclass(frozen=True)
class Group:
    """A group: it has witnessed what at least `threshold` of its members have witnessed."""

    name: str
    threshold: int
    members: tuple[str, ...]


_Parts = tuple[tuple[TrustedLog, ...], tuple[TrustedWitness, ...], tuple[Group, ...], str]


def read_lines(data: bytes) -> _Parts:
    """Read all lines; raises `E-QUORUM-01`, naming the line."""
    if len(data) > _MAX_BYTES:
        raise _unfit(f"It has {len(data)} bytes; at most {_MAX_BYTES} are read.", 0)
    if data and not data.endswith(b"\n"):
        raise _unfit("Its last line does not end in a newline.", 0)
    reader = _Reader()
    for number, line in enumerate(data.split(b"\n")[:-1], 1):
        if _CONTROL.search(line):
            raise _unfit("It holds a control character.", number)
        items = _BLANK.split(line.decode(errors="surrogateescape").strip(" \t"))
        if items != [""] and not items[0].startswith("#"):
            try:
                reader.take(items[0], items[1:])
            except _BadLineError as error:
                raise _unfit(str(error), number) from None
            except StandingError as error:
                raise _unfit(f"{error.what} {error.why}", number) from error
    if reader.quorum is None:
        raise _unfit("It has no quorum line.", 0)
    return tuple(reader.logs), tuple(reader.witnesses), tuple(reader.groups), reader.quorum


class _BadLineError(Exception):
    """What is wrong with the line at hand."""


class _Reader:
    """What the lines so far have defined."""

    def __init__(self) -> None:
        self.logs: list[TrustedLog] = []
        self.witnesses: list[TrustedWitness] = []
        self.groups: list[Group] = []
        self.quorum: str | None = None
        self._names: set[str] = set()
        self._members: set[str] = set()

    def take(self, word: str, items: list[str]) -> None:
        """Take one line in."""
        lines: dict[str, Callable[[list[str]], None]] = {
            "log": self._log,
            "witness": self._witness,
            "group": self._group,
            "quorum": self._quorum,
        }
        if word not in lines:
            raise _BadLineError("A line begins with log, witness, group, quorum or #.")
        lines[word](items)
        if max(len(self.logs), len(self.witnesses), len(self.groups)) > _MAX_EACH:
            raise _BadLineError(f"At most {_MAX_EACH} logs, witnesses and groups are read.")

    def _log(self, items: list[str]) -> None:
        if len(items) not in {1, 2}:
            raise _BadLineError("Wanted: log VKEY, and a URL or nothing.")
        key = parse_vkey(items[0])
        if key.kind not in _LOG_KINDS:
            raise _BadLineError("A log's key is of the kind 1 or 6.")
        if any(log.key.public == key.public for log in self.logs):
            raise _BadLineError("Two logs have one key.")
        self.logs.append(TrustedLog(key, *items[1:]))

    def _witness(self, items: list[str]) -> None:
        if len(items) not in {2, 3}:
            raise _BadLineError("Wanted: witness NAME VKEY, and a URL or nothing.")
        key = parse_vkey(items[1])
        if key.kind not in _WITNESS_KINDS:
            raise _BadLineError("A witness's key is of the kind 4 or 6.")
        if any(witness.key.public == key.public for witness in self.witnesses):
            raise _BadLineError("Two witnesses have one key.")
        self._define(items[0])
        self.witnesses.append(TrustedWitness(items[0], key, *items[2:]))

    def _group(self, items: list[str]) -> None:
        if len(items) < 3:  # noqa: PLR2004 - a name, a threshold, a member
            raise _BadLineError("Wanted: group NAME all|any|NUMBER MEMBER...")
        name, count, *members = items
        for member in members:
            if member not in self._names or member in self._members:
                raise _BadLineError("A group's member is not defined above, or a member already.")
            self._members.add(member)
        self._define(name)
        self.groups.append(Group(name, _threshold(count, len(members)), tuple(members)))

    def _quorum(self, items: list[str]) -> None:
        if len(items) != 1 or self.quorum is not None:
            raise _BadLineError("Wanted: quorum NAME, once.")
        if items[0] not in {_NONE, *self._names}:
            raise _BadLineError("The quorum is not defined above.")
        self.quorum = items[0]

    def _define(self, name: str) -> None:
        if name == _NONE or name in self._names:
            raise _BadLineError("The name is taken.")
        self._names.add(name)


def _threshold(text: str, members: int) -> int:
    count = {"any": "1", "all": str(members)}.get(text, text)
    if not _COUNT.fullmatch(count) or int(count) > members:
        raise _BadLineError(f"A threshold is all, any, or a number from 1 to {members}.")
    return int(count)


def _unfit(why: str, line: int) -> Refused:
    return Refused(
        "E-QUORUM-01",
        "This is not a trust policy.",
        why=why,
        fix="Write it as the tlog-policy format of C2SP says.",
        where=f"line {line}" if line else "",
    )
