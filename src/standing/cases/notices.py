"""Notices: what a subject is told of everything that happens about them. Pure.

A notice follows from what the vault holds and the day, so that none is ever lost: one for each
record, question, step, clock that ran out, pack and end of a consent. Each has an id that stays,
plain words in both languages, what can be done about it and until when, and the next day on which
something happens by itself. Sending is another matter: it says that there is a notice, no more.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import msgspec

from standing.cases import _notice_words as texts
from standing.cases._notice_words import LANGUAGES
from standing.cases.lifecycles import (
    CONTEST_OPEN,
    RESTRICTION_LIVE,
    SILENCE,
    Case,
    Event,
    Move,
    days_of,
    outcome_of,
    table_of,
)
from standing.cases.work import history, is_step, passed_of
from standing.policy import Pack
from standing.wire.days import format_day

__all__ = [
    "GIVE_UP_SECONDS", "LANGUAGES", "Asked", "Door", "Item", "Next", "Noticed", "Sayer", "Words",
    "as_facts", "case_items", "case_seeds", "consent_item", "consent_seed", "is_contested",
    "next_try", "pack_items", "pack_seeds", "plain", "question_item", "question_seed",
    "record_item", "record_seed",
]  # fmt: skip

_MINUTE: Final = 60
_HOUR: Final = 60 * _MINUTE
_DAY: Final = 24 * _HOUR
_PAUSES: Final = (_MINUTE, 5 * _MINUTE, 30 * _MINUTE, 2 * _HOUR, 12 * _HOUR)
GIVE_UP_SECONDS: Final = 30 * _DAY
_KEY: Final = "--key YOUR.key"
_UNKNOWN: Final = ("{who}: {event}.", "{who}：{event}。")

Name = Callable[[bytes], str]
"""Names what is told by what it is about: another id for each recipient."""


class Words(NamedTuple):
    """One text in both languages."""

    en: str
    zh: str

    def in_(self, language: str) -> str:
        """Give the text in a language."""
        return self[LANGUAGES.index(language)]


@dataclass(frozen=True, slots=True)
class Door:
    """What can be done: in words, the command, the last day; None where no day ends it."""

    words: Words
    command: str
    until: int | None = None


@dataclass(frozen=True, slots=True)
class Next:
    """The next day on which something happens by itself, and what."""

    day: int
    words: Words


@dataclass(frozen=True, slots=True)
class Item:
    """One notice in a subject's inbox."""

    id: str
    day: int
    kind: str  # record, question, step, clock, pack or consent
    context: str  # empty where it belongs to no context
    about: str  # the record, case, transaction, pack that it is about
    step: int | None  # the number of the step, where it tells of one
    words: Words
    doors: tuple[Door, ...] = ()
    next: Next | None = None


class Sayer(NamedTuple):
    """Who took a step: a role and, for anyone but the subject, a name."""

    role: str
    name: str


def plain(key: str, **values: object) -> Words:
    """Say one of the plain sentences in both languages."""
    return _said(texts.PLAIN[key], values)


def _said(text: texts.Said, values: Mapping[str, object]) -> Words:
    english, chinese = (
        text[place].format(
            **{
                name: value[place] if isinstance(value, tuple) else value
                for name, value in values.items()
            }
        )
        for place in range(len(LANGUAGES))
    )
    return Words(english, chinese)


def _joined(first: Words, then: Words) -> Words:
    return Words(f"{first.en[:1].upper()}{first.en[1:]} {then.en}".strip(), first.zh + then.zh)


# --- what a notice is known by ------------------------------------------------------------------


def record_seed(leaf: bytes) -> bytes:
    """Tell what the notice of a record is about."""
    return b"record|" + leaf


def question_seed(leaf: bytes) -> bytes:
    """Tell what the notice of a question is about."""
    return b"question|" + leaf


def pack_seeds(digest: bytes) -> tuple[bytes, bytes]:
    """Tell what the notices of a pack are about: its publication, its force."""
    return b"pack|published|" + digest, b"pack|force|" + digest


def consent_seed(leaf: bytes) -> bytes:
    """Tell what the notice of a consent's end is about."""
    return b"consent|" + leaf


def case_seeds(case: Case) -> Iterator[tuple[bytes, int]]:
    """Tell what the notices of a case are about, each with its day, in order."""
    events = iter(case.events)
    for place, (day, by, state) in enumerate(passed_of(case)):
        if is_step(by):
            yield b"step|" + next(events).leaf, day
        elif by == SILENCE:
            yield b"clock|%b|%d" % (case.opening, place), day
        else:
            yield b"elsewhere|%b|%b" % (case.opening, state.encode()), day


# --- records ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Noticed:
    """What a notice of a record tells: days in whole days, `None` for what does not come."""

    leaf: bytes
    id: str
    context: str
    issuer: str
    type: str
    day: int
    included: int
    negative: bool
    counts_from: int
    changes: int | None  # the next day on which its points change
    expires: int
    contest_until: int | None  # the last day
    is_contested: bool
    has_reply: bool


def record_item(said: Noticed, subject: str, day: int, name: Name) -> Item:
    """Tell of a record: what, by whom, from when it counts, how to contest it."""
    sign = texts.PLAIN["record.negative" if said.negative else "record.positive"]
    told = plain(
        "record.noticed", issuer=said.issuer, type=said.type, on=format_day(said.day), negative=sign
    )
    words = _joined(told, plain("record.counts-from", day=format_day(said.counts_from)))
    return Item(
        name(record_seed(said.leaf)), said.included, "record", said.context, said.id, None, words,
        tuple(_record_doors(said, subject, day)), _record_next(said, day),
    )  # fmt: skip


def _record_doors(said: Noticed, subject: str, day: int) -> Iterator[Door]:
    where = f"{subject} --context {said.context} {_KEY}"
    if not said.is_contested and (said.contest_until is None or day <= said.contest_until):
        yield Door(
            _said(texts.DOORS["contest.file"], {}),
            f"standing contest file {where} --target record --named {said.id} --words WORDS",
            said.contest_until,
        )
    if not said.has_reply:
        yield Door(
            _said(texts.DOORS["reply.reply"], {}),
            f"standing reply reply {where} --record {said.id} --words WORDS",
        )


def _record_next(said: Noticed, day: int) -> Next | None:
    coming = [
        (said.counts_from, "record.counts"),
        (said.changes or 0, "record.changes"),
        (said.expires, "record.expires"),
    ]
    later = [(when, key) for when, key in coming if when > day]
    if not later or said.is_contested:
        return None
    when, key = min(later, key=lambda one: one[0])
    return Next(when, plain("record.expires" if when == said.expires else key))


# --- questions --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Asked:
    """What a notice of a question tells."""

    leaf: bytes
    day: int
    context: str
    party: str
    purpose: str
    transaction: str
    reference: str
    answer: str
    alternative: str = ""  # the ordinary service that the party offered
    is_presented: bool = False  # made with the subject's own presentation


def question_item(asked: Asked, subject: str, name: Name) -> Item:
    """Tell who asked, for what, in which transaction, and what was answered."""
    about = texts.PLAIN["question.presented"] if asked.is_presented else asked.reference
    words = plain(
        "question.asked", party=asked.party, purpose=asked.purpose, transaction=asked.transaction,
        reference=about, answer=asked.answer,
    )  # fmt: skip
    command = (
        f"standing contest file {subject} --context {asked.context} {_KEY} --target decision"
        f" --named {_quoted(asked.transaction)} --words WORDS"
    )
    door = Door(_said(texts.DOORS["case.contest-decision"], {}), command)
    return Item(
        name(question_seed(asked.leaf)), asked.day, "question", asked.context, asked.transaction,
        None, words, (door,),
    )  # fmt: skip


def _quoted(text: str) -> str:
    """Write somebody else's text as one word of a command: nothing in it is run."""
    return "'" + text.replace("'", "'\\''") + "'"


# --- packs and consents -----------------------------------------------------------------------


def pack_items(digest: bytes, pack: Pack, published: int, name: Name) -> tuple[Item, Item]:
    """Tell of a pack: that it was published, and that it is in force now."""
    values = {
        "context": pack.context, "version": pack.version, "summary": _sentence(pack.change.summary),
        "force": format_day(pack.force),
    }  # fmt: skip
    door = Door(
        _said(texts.DOORS["consent.withdraw"], {}),
        f"standing consent withdraw {_KEY} --context {pack.context}",
    )
    about = f"{pack.context}@{pack.version}"
    on_publication, on_force = pack_seeds(digest)
    return (
        Item(
            name(on_publication), published, "pack", pack.context, about, None,
            plain("pack.published", **values), (door,), Next(int(pack.force), plain("pack.begins")),
        ),
        Item(
            name(on_force), int(pack.force), "pack", pack.context, about, None,
            plain("pack.force", **values), (door,),
        ),
    )  # fmt: skip


def _sentence(text: str) -> str:
    return text if text.endswith((".", "。", "!", "?")) else f"{text}."


def consent_item(leaf: bytes, context: str, until: int, name: Name) -> Item:
    """Tell that a consent has ended by itself, on the first day on which it no longer holds."""
    door = Door(
        _said(texts.DOORS["consent.give"], {}), f"standing consent give {_KEY} --context {context}"
    )
    return Item(
        name(consent_seed(leaf)), until, "consent", context, context, None,
        plain("consent.ended", context=context), (door,),
    )  # fmt: skip


# --- cases ------------------------------------------------------------------------------------


def case_items(
    case: Case, subject: str, who: Callable[[Case, Event], Sayer], name: Name
) -> list[Item]:
    """Tell of every step of a case and of every clock that ran out in it, in order.

    What can be done, and what comes by itself, stands with the last one alone.
    """
    items: list[Item] = []
    last = len(passed_of(case)) - 1
    for place, (then, (seed, day)) in enumerate(zip(history(case), case_seeds(case), strict=True)):
        _, by, state = then.passed[-1]
        event = then.events[-1]
        if is_step(by):
            kind, what = "step", _event_words(then, event, who(case, event))
        else:
            kind, what = "clock", plain("silence" if by == SILENCE else "elsewhere")
        items.append(
            Item(
                name(seed), day, kind, case.context, case.name,
                event.number if kind == "step" else None, _joined(what, _state_words(then, state)),
                tuple(_doors(case, subject)) if place == last else (),
                _next(case) if place == last else None,
            )
        )  # fmt: skip
    return items


def _event_words(case: Case, event: Event, sayer: Sayer) -> Words:
    text = texts.EVENTS.get(f"{case.lifecycle}.{event.name}", _UNKNOWN)
    role = texts.ROLES.get(sayer.role, ("{name}", "{name}"))
    who = _said(role, {"name": sayer.name})
    return _said(text, {**_values(case, event), "who": tuple(who), "event": event.name})


def _state_words(case: Case, state: str) -> Words:
    means = table_of(case.lifecycle).states[state].means
    text = texts.STATES.get(f"{case.lifecycle}.{state}", (f"{means}.", f"{means}。"))
    return _said(text, _values(case, case.events[-1]))


def _values(case: Case, event: Event) -> dict[str, object]:
    """Gather what a sentence about a case may name."""
    first, said = case.first, event.facts
    values: dict[str, object] = {}
    for facts in (first, said):
        for field in facts.__struct_fields__:
            value = getattr(facts, field)
            if field in {"until", "on", "first", "last"} and value is not None:
                value = format_day(value)
            if isinstance(value, str | int):
                values[field] = value
    if "kind" in values:
        values["kind"] = texts.KINDS.get(first.kind, (first.kind, first.kind))
    if case.lifecycle == "contest":
        values["what"] = tuple(_said(texts.TARGETS[first.target], {"named": first.named}))
        ruling = case.last("rule", "decide")
        outcome = outcome_of(case) or (ruling.facts.outcome if ruling else "")
        values["outcome"] = texts.OUTCOMES.get(outcome, (outcome, outcome))
    if case.lifecycle == "restriction":
        values["days"] = str(days_of(case))
        outcome = getattr(said, "outcome", "")
        values["outcome"] = texts.OUTCOMES.get(outcome, (outcome, outcome))
    return values


def _doors(case: Case, subject: str) -> Iterator[Door]:
    until = None if case.due is None else case.due - 1
    for move in table_of(case.lifecycle).moves:
        text = texts.DOORS.get(f"{case.lifecycle}.{move.event}")
        if text is not None and "subject" in move.by and case.state in move.sources:
            yield Door(_said(text, {}), _command(case, move), until)
    if case.lifecycle == "restriction" and case.state in RESTRICTION_LIVE:
        yield Door(
            _said(texts.DOORS["restriction.contest"], {}),
            f"standing contest file {subject} --context {case.context} {_KEY} --target restriction"
            f" --named {case.name} --words WORDS",
        )


def _command(case: Case, move: Move) -> str:
    wanted = [
        f"--{field.name.replace('_', '-')} {field.name.upper()}"
        for field in msgspec.structs.fields(move.facts)
        if field.required
    ]
    return " ".join([f"standing {case.lifecycle} {move.event} {case.name} {_KEY}", *wanted])


def _next(case: Case) -> Next | None:
    clock = table_of(case.lifecycle).states[case.state].clock
    if clock is None or case.due is None:
        return None
    return Next(case.due, _state_words(case, clock.then))


def is_contested(record: str, cases: list[Case]) -> bool:
    """Tell whether a contest of this record is open."""
    return any(
        case.lifecycle == "contest" and case.state in CONTEST_OPEN and case.first.named == record
        for case in cases
    )


# --- trying again -----------------------------------------------------------------------------


def next_try(attempts: int, made: int, now: int) -> int | None:
    """Give the second of the next attempt to tell, after so many failed; None gives up.

    >>> next_try(1, 0, 0), next_try(3, 0, 400), next_try(9, 0, 20 * 86_400)
    (60, 2200, 1814400)
    """
    pause = _PAUSES[attempts - 1] if attempts <= len(_PAUSES) else _DAY
    return None if now - made >= GIVE_UP_SECONDS else now + pause


def as_facts(item: Item, language: str) -> dict[str, Any]:
    """Give a notice by name, in one language."""
    return {
        "id": item.id,
        "day": format_day(item.day),
        "kind": item.kind,
        "context": item.context,
        "about": item.about,
        "step": item.step,
        "words": item.words.in_(language),
        "can": [
            {
                "words": door.words.in_(language),
                "command": door.command,
                "until": None if door.until is None else format_day(door.until),
            }
            for door in item.doors
        ],
        "next": None
        if item.next is None
        else {"day": format_day(item.next.day), "words": item.next.words.in_(language)},
    }
