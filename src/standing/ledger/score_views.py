"""A score, what it becomes by itself, and what it would be, as plain values: days are dates.

The command line, the interface, the pages and the reports give these; `facts` writes them as text.
"""

from collections.abc import Sequence

from standing import policy
from standing.cases.standing import Reply
from standing.ledger._scores import SubjectScore
from standing.ledger.public import View
from standing.wire.days import format_day


class At(View, frozen=True, kw_only=True):
    """A score from a day on; `raw` is what it would be without floor and ceiling."""

    day: str
    raw: int
    score: int
    band: str


class ReplyView(View, frozen=True, kw_only=True):
    """What the subject says beside a record, and the issuer's answer."""

    case: str
    words: str
    answer: str


class ReasonView(View, frozen=True, kw_only=True, omit_defaults=True):
    """One record's part of a score; without `reply` where nothing is said beside it."""

    record: str
    rule: str
    face: int
    aged: int
    counted: int
    why: str
    next_change: str | None
    expires: str
    reply: ReplyView | None = None


class Scored(View, frozen=True, kw_only=True):
    """One subject's score on one day; what the reasons count adds up to `raw` from the base."""

    subject: str
    context: str
    as_of: str
    raw: int
    score: int
    band: str
    opens: tuple[str, ...]
    reasons: tuple[ReasonView, ...]
    digest: str


class Forecast(View, frozen=True, kw_only=True):
    """Each change of a score in 24 months, today's first, if nothing new happens."""

    subject: str
    context: str
    outlooks: tuple[At, ...]


class Stand(View, frozen=True, kw_only=True):
    """A score and its band."""

    score: int
    band: str


class Supposed(View, frozen=True, kw_only=True):
    """A score as it is, and as it would be, today and in what follows."""

    day: str
    as_is: Stand
    as_if: Stand
    forecast_as_is: tuple[At, ...]
    forecast_as_if: tuple[At, ...]


def at(outlooks: Sequence[policy.Outlook]) -> tuple[At, ...]:
    """Give the days of a forecast or of a history."""
    return tuple(At(day=format_day(o.day), raw=o.raw, score=o.score, band=o.band) for o in outlooks)


def scored(found: SubjectScore) -> Scored:
    """Give a score with its reasons, and what is said beside them."""
    return Scored(
        subject=found.subject,
        context=found.context,
        as_of=format_day(found.as_of),
        raw=found.score.raw,
        score=found.score.score,
        band=found.score.band,
        opens=tuple(found.opens),
        reasons=tuple(_reason(r, found.replies.get(r.record)) for r in found.score.reasons),
        digest=found.digest.hex(),
    )


def _reason(reason: policy.Reason, reply: Reply | None) -> ReasonView:
    return ReasonView(
        record=reason.record,
        rule=reason.rule,
        face=reason.face,
        aged=reason.aged,
        counted=reason.counted,
        why=reason.why,
        next_change=None if reason.next_change is None else format_day(reason.next_change),
        expires=format_day(reason.expires),
        reply=None if reply is None else replied(reply),
    )


def replied(reply: Reply) -> ReplyView:
    """Give what is said beside a record."""
    return ReplyView(case=reply.case, words=reply.words, answer=reply.answer)


def supposed(found: policy.WhatIf) -> Supposed:
    """Give both futures."""
    return Supposed(
        day=format_day(found.day),
        as_is=Stand(score=found.as_is.score, band=found.as_is.band),
        as_if=Stand(score=found.as_if.score, band=found.as_if.band),
        forecast_as_is=at(found.forecast_as_is),
        forecast_as_if=at(found.forecast_as_if),
    )
