"""A letter as a sheet: what is told, in which order, in one language."""

from collections.abc import Iterator
from typing import Final

from standing.cases.notices import Words
from standing.ledger import Letter, Principal, WayBack
from standing.pages._sheet import Block, Door, Facts, Heading, Para, Quote, Sheet, plain
from standing.pages._voice import Voice

_TITLES: Final = {
    "proposal": "letter.proposal",
    "decision": "letter.decision",
    "ruling": "letter.ruling",
}
_WAYS_BACK: Final = {
    "time": "letter.back-time",
    "lesson": "letter.back-lesson",
    "service": "letter.back-service",
    "payment": "letter.back-payment",
    "instalment": "letter.back-instalment",
    "waiver": "letter.back-waiver",
}
_OUTSIDE: Final = {
    "settings": "letter.outside-settings",
    "pack": "letter.outside-pack",
    "": "letter.outside-none",
}


def letter_sheet(letter: Letter, language: str) -> Sheet:
    """Write a letter in a language; raises `E-PAGE-01` for one that has no catalogue."""
    voice = Voice(language)
    stamp = voice.say("letter.stamp") if letter.is_simulated else ""
    return Sheet(voice.say(_TITLES[letter.kind]), language, stamp, tuple(_blocks(letter, voice)))


def _blocks(letter: Letter, voice: Voice) -> Iterator[Block]:
    yield Facts(
        (
            (voice.say("letter.to"), letter.subject),
            (voice.say("letter.from"), letter.ledger),
            (voice.say("letter.day"), voice.day(letter.day)),
            (voice.say("letter.case"), letter.case),
            (voice.say("letter.context"), letter.context),
            (voice.say("letter.by"), letter.by),
        )
    )
    yield Para(_in(letter.words, voice))
    yield from _restriction(letter, voice)
    if letter.reasons:
        yield Heading(voice.say("letter.reasons"))
        yield Quote(plain(letter.reasons), letter.by)
    if letter.principal:
        yield Heading(voice.say("letter.principal"))
        yield Para(voice.say("letter.principal-how"))
        for reason in letter.principal:
            yield from _reason(reason, voice)
    if letter.others:
        yield Para(voice.say("letter.others", n=voice.number(letter.others)))
    yield Heading(voice.say("letter.doors"))
    for door in letter.doors:
        yield Door(_in(door.words, voice), door.command, _until(door.until, voice))
    if not letter.doors:
        yield Para(voice.say("letter.no-doors"))
    if letter.next is not None:
        yield Heading(voice.say("letter.next"))
        day, words = voice.day(letter.next.day), _in(letter.next.words, voice)
        yield Para(voice.say("letter.next-value", day=day, words=words))
    yield Heading(voice.say("letter.outside"))
    yield Para(voice.say(_OUTSIDE[letter.external_from], name=plain(letter.external)))
    yield Para(voice.say("letter.free"))


def _restriction(letter: Letter, voice: Voice) -> Iterator[Block]:
    held = letter.restriction
    if held is None:
        return
    begins = voice.say("letter.begins-open") if held.begins is None else voice.day(held.begins)
    rows = [
        (
            voice.say("letter.restriction"),
            f"{held.title} ({held.code})" if held.title else held.code,
        ),
        (voice.say("letter.days"), voice.say("letter.days-value", n=voice.number(held.days))),
        (voice.say("letter.begins"), begins),
    ]
    if held.title:
        instead = voice.say(
            "letter.instead-value", title=held.alternative, price=voice.number(held.price_percent),
            time=voice.number(held.time_percent),
        )  # fmt: skip
        rows += [
            (voice.say("letter.term"), held.own_term),
            (voice.say("letter.instead"), instead),
        ]
    yield Heading(voice.say("letter.what"))
    yield Facts(tuple(rows))


def _reason(reason: Principal, voice: Voice) -> Iterator[Block]:
    points = voice.number(reason.counted) if reason.counted else voice.say("letter.points-zero")
    yield Heading(f"{reason.act} ({reason.type})", 3)
    rows = [
        (voice.say("letter.record"), f"{reason.record}, {voice.day(reason.day)}, {reason.issuer}"),
        (voice.say("letter.points"), points),
    ]
    if reason.duty_title:
        rows += [
            (voice.say("letter.duty"), f"{reason.duty_title}: {plain(reason.duty_text)}"),
            (voice.say("letter.citation"), reason.duty_citation),
        ]
    rows += [
        (voice.say("letter.expires"), voice.day(reason.expires)),
        (voice.say("letter.back"), _ways_back(reason.ways_back, voice)),
    ]
    if reason.reply is not None:
        rows.append((voice.say("letter.reply"), plain(reason.reply.words)))
        if reason.reply.answer:
            rows.append((voice.say("letter.answer"), plain(reason.reply.answer)))
    yield Facts(tuple(rows))
    yield Door(voice.say("letter.contest"), reason.contest, _until(reason.contest_until, voice))


def _ways_back(ways: tuple[WayBack, ...], voice: Voice) -> str:
    said = [
        voice.say(_WAYS_BACK[way.kind], act=way.act, n=voice.number(way.points)) for way in ways
    ]
    return voice.say("list").join(said) or voice.say("letter.back-none")


def _until(day: int | None, voice: Voice) -> str:
    return "" if day is None else voice.say("letter.until", day=voice.day(day))


def _in(words: Words, voice: Voice) -> str:
    return plain(words.in_(voice.language))
