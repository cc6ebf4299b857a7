"""The report for reading as a sheet: everything that it holds, in one language."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from standing.pages._sheet import Block, Door, Facts, Heading, Para, Quote, Sheet, Table, plain
from standing.pages._voice import Voice

_STATUS: Final = {
    "effective": "status.effective",
    "contested": "status.contested",
    "corrected": "status.corrected",
    "annulled": "status.annulled",
    "lapsed": "status.lapsed",
    "retracted": "status.retracted",
}
_TELLING: Final = {
    "waiting": "telling.waiting",
    "told": "telling.told",
    "undelivered": "telling.undelivered",
    "dropped": "telling.dropped",
}
_WHY: Final = {
    "counted": "why.counted",
    "aged": "why.aged",
    "cap": "why.cap",
    "contested": "why.contested",
    "warned": "why.warned",
    "better-pack": "why.better-pack",
    "recovered": "why.recovered",
    "noticed": "why.noticed",
    "not-yet": "why.not-yet",
    "expired": "why.expired",
    "annulled": "why.annulled",
    "lapsed": "why.lapsed",
    "retracted": "why.retracted",
    "no-rule": "why.no-rule",
    "": "why.none",
}
Held = Mapping[str, Any]


def report_sheet(report: Held, language: str) -> Sheet:
    """Write a report in a language; raises `E-PAGE-01` for one that has no catalogue."""
    voice = Voice(language)
    stamp = voice.say("letter.stamp") if report["simulated"] else ""
    return Sheet(voice.say("report.title"), language, stamp, tuple(_blocks(report, voice)))


def _blocks(report: Held, voice: Voice) -> Iterator[Block]:
    adult = report["adult_since"] or voice.say("report.unknown")
    yield Facts(
        (
            (voice.say("letter.from"), report["ledger"]),
            (voice.say("letter.day"), report["day"]),
            (voice.say("report.adult"), adult),
        )
    )
    yield Para(voice.say("report.note"))
    for context in report["contexts"]:
        yield from _context(context, voice)
    yield Heading(voice.say("report.mandates"))
    yield from _cases(report["mandates"], voice)
    yield Heading(voice.say("report.keys"))
    yield from _cases(report["keys"], voice)
    yield from _contacts(report["contacts"], voice)
    yield from _told(report["told"], voice)


def _context(held: Held, voice: Voice) -> Iterator[Block]:
    yield Heading(voice.say("report.context", context=held["context"]))
    score = held["score"]
    rows = [(voice.say("report.name"), held["subject"])]
    if "none" in score:
        rows.append((voice.say("report.score"), voice.say("why.none")))
    else:
        said = voice.say(
            "report.score-value", score=voice.number(score["score"]), band=score["band"]
        )
        rows.append((voice.say("report.score"), said))
        opens = voice.say("list").join(score["opens"]) or voice.say("report.none")
        rows.append((voice.say("report.opens"), opens))
    yield Facts(tuple(rows))
    yield Heading(voice.say("report.records"), 3)
    for record in held["records"]:
        yield from _record(record, voice)
    if not held["records"]:
        yield Para(voice.say("report.no-records"))
    yield from _asked(held["asked"], voice)
    yield Heading(voice.say("report.cases"), 3)
    yield from _cases(held["cases"], voice)
    yield from _consents(held, voice)
    yield from _told(held["told"], voice)


def _record(record: Held, voice: Voice) -> Iterator[Block]:
    counted = f"{_signed(record['counted'], voice)}, {voice.say(_WHY[record['why']])}"
    details = voice.say("list").join(f"{name}: {v}" for name, v in record["details"].items())
    rows = [
        (voice.say("letter.record"), record["record"]),
        (voice.say("report.type"), record["type"]),
        (voice.say("report.counted"), counted),
        (voice.say("report.status"), voice.say(_STATUS[record["status"]])),
        (voice.say("report.day"), record["day"]),
        (voice.say("report.included"), record["included"]),
        (voice.say("letter.expires"), record["expires"] or voice.say("report.unknown")),
        (voice.say("report.issuer"), record["issuer"]),
        (voice.say("report.signer"), plain(record["signer"])),
        (voice.say("report.basis"), plain(record["basis"])),
        (voice.say("report.identified"), record["identified"]),
        (voice.say("report.details"), details or voice.say("report.none")),
        (voice.say("report.entry"), str(record["entry"])),
        (
            voice.say("report.cases"),
            voice.say("list").join(record["cases"]) or voice.say("report.none"),
        ),
    ]
    if record["reply"]:
        rows.append((voice.say("letter.reply"), plain(record["reply"]["words"])))
        if record["reply"]["answer"]:
            rows.append((voice.say("letter.answer"), plain(record["reply"]["answer"])))
    yield Facts(tuple(rows))


def _signed(points: int, voice: Voice) -> str:
    return f"+{voice.number(points)}" if points > 0 else voice.number(points)


def _asked(asked: Sequence[Held], voice: Voice) -> Iterator[Block]:
    yield Heading(voice.say("report.asked"), 3)
    heads = (
        voice.say("letter.day"), voice.say("report.asked-by"), voice.say("report.purpose"),
        voice.say("report.transaction"), voice.say("report.reference"), voice.say("report.answer"),
    )  # fmt: skip
    rows = tuple(
        (
            one["day"], one["by"], one["purpose"], plain(one["transaction"]),
            plain(one["reference"]) or voice.say("report.presented"), one["answer"],
        )
        for one in asked
    )  # fmt: skip
    if rows:
        yield Table(voice.say("report.asked"), heads, rows)
    else:
        yield Para(voice.say("report.asked-none"))


def _cases(cases: Sequence[Held], voice: Voice) -> Iterator[Block]:
    for case in cases:
        yield from _case(case, voice)
    if not cases:
        yield Para(voice.say("report.no-cases"))


def _case(case: Held, voice: Voice) -> Iterator[Block]:
    yield Heading(voice.say("report.case", case=case["case"]), 3)
    happened = tuple((one["day"], plain(one[voice.language])) for one in case["happened"])
    yield Table(
        voice.say("report.happened"),
        (voice.say("letter.day"), voice.say("report.happened")),
        happened,
    )
    for step in case["steps"]:
        for name, value in step["says"].items():
            if name in {"words", "reasons", "minutes"}:
                yield Quote(plain(str(value)), f"{step['day']}, {step['by']}")
    files = [file for step in case["steps"] for file in step["files"]]
    if files:
        yield Table(
            voice.say("report.files"),
            (voice.say("report.file"), voice.say("report.bytes"), voice.say("report.leaf")),
            tuple((plain(f["name"]), voice.number(f["bytes"]), f["leaf"]) for f in files),
        )
        yield Door(
            voice.say("report.file"),
            "standing evidence LEAF --key YOUR.key -o FILE",
        )


def _consents(held: Held, voice: Voice) -> Iterator[Block]:
    yield Heading(voice.say("report.consents"), 3)
    join = voice.say("list").join
    yield Table(
        voice.say("report.consents"),
        (
            voice.say("report.from"), voice.say("report.until"), voice.say("report.withdrawn"),
            voice.say("report.purposes"), voice.say("report.issuers"),
        ),
        tuple(
            (one["from"], one["until"], one["withdrawn"] or "–", join(one["purposes"]),
             join(one["issuers"]))
            for one in held["consents"]
        ),
    )  # fmt: skip
    yield Table(
        voice.say("report.references"),
        (voice.say("report.reference"), voice.say("report.issuer"), voice.say("report.since")),
        tuple((plain(one["reference"]), one["issuer"], one["since"]) for one in held["references"]),
    )
    stated = held["attributes"]
    if stated:
        yield Heading(voice.say("report.attributes"), 3)
        yield Facts(
            (
                (voice.say("report.region"), stated["region"] or "–"),
                (voice.say("report.group"), stated["group"] or "–"),
                (voice.say("report.since"), stated["since"]),
            )
        )


def _contacts(contacts: Sequence[Held], voice: Voice) -> Iterator[Block]:
    yield Heading(voice.say("report.contacts"))
    rows = tuple(
        (one["kind"], plain(one["address"]), one["since"], one["removed"] or "–")
        for one in contacts
    )
    heads = (
        voice.say("report.kind"), voice.say("report.address"), voice.say("report.since"),
        voice.say("report.removed"),
    )  # fmt: skip
    yield (
        Table(voice.say("report.contacts"), heads, rows) if rows else Para(voice.say("report.none"))
    )


def _told(told: Sequence[Held], voice: Voice) -> Iterator[Block]:
    yield Heading(voice.say("report.told"), 3)
    rows = tuple(
        (one["day"], one["recipient"], voice.say(_TELLING[one["state"]]), one["item"])
        for one in told
    )
    heads = (
        voice.say("letter.day"), voice.say("report.told-to"), voice.say("report.state"),
        voice.say("report.item"),
    )  # fmt: skip
    yield Table(voice.say("report.told"), heads, rows) if rows else Para(voice.say("report.none"))
