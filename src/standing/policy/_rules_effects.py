"""Linter rules about consequences: restrictions, perks, answers, and who must be independent."""

from collections.abc import Iterator

from standing.policy._codes import (
    ESSENTIAL_SERVICES,
    IMMEDIATE_DANGER,
    PERK_TERMS,
    SERVICES,
    UNTOUCHABLE_BY_PERKS,
)
from standing.policy._hit import Hit, Rule, burdens
from standing.policy._schema import Catalogue, Pack, Perk, Restriction
from standing.policy._text import Path
from standing.policy._words import one_spelling

_LEAST_SERIOUS, _LEAST_GENERAL = 1, 3
_LONGEST_GENERAL, _LONGEST_SERIOUS = 90, 180
_LOW, _HIGH = 800, 1_250
_MOST_WORTH, _MOST_CONSENT = 50, 365
_SAME_PRICE, _TWICE_THE_TIME = 100, 200


def _contexts(pack: Pack, _: Catalogue) -> Iterator[Hit]:
    sections: tuple[tuple[str, tuple[Restriction | Perk, ...]], ...] = (
        ("restrictions", pack.restrictions),
        ("perks", pack.perks),
    )
    for name, parts in sections:
        for index, part in enumerate(parts):
            if part.context != pack.context:
                yield Hit("L27", (name, index, "context"), part.context, pack.context)
            if part.purpose not in pack.purposes:
                allowed = f"one of {', '.join(pack.purposes) or 'no purposes'}"
                yield Hit("L62", (name, index, "purpose"), part.purpose, allowed)


def _restrictions(pack: Pack, _: Catalogue) -> Iterator[Hit]:
    for index, restriction in enumerate(pack.restrictions):
        path: Path = ("restrictions", index)
        if restriction.effect in IMMEDIATE_DANGER:
            allowed = "refuse-sale, refuse-booking or require-deposit"
            yield Hit("L69", (*path, "effect"), restriction.effect, allowed)
        yield from _trigger(restriction, (*path, "trigger"))
        if pack.about_people:
            yield from _length(restriction, (*path, "days"))
            yield from _alternative(restriction, path)


def _trigger(restriction: Restriction, path: Path) -> Iterator[Hit]:
    trigger = restriction.trigger
    allowed = f"{_LEAST_SERIOUS} serious or {_LEAST_GENERAL} general named records"
    if trigger.score_below is not None:
        yield Hit("L28", (*path, "score_below"), f"a score below {trigger.score_below}", allowed)
    if trigger.minor:
        yield Hit("L28", (*path, "minor"), f"{trigger.minor} minor records", allowed)
    few = 0 < trigger.general < _LEAST_GENERAL
    if few or not (trigger.serious or trigger.general):
        got = f"{trigger.serious} serious, {trigger.general} general records"
        yield Hit("L28", path, got, allowed)


def _length(restriction: Restriction, path: Path) -> Iterator[Hit]:
    # the milder of the records that can bring it about sets the limit
    is_general = bool(restriction.trigger.general or restriction.trigger.minor)
    longest = _LONGEST_GENERAL if is_general else _LONGEST_SERIOUS
    if restriction.days > longest:
        tier = "general" if is_general else "serious"
        yield Hit("L29", path, f"{restriction.days} days", f"at most {longest} for {tier} records")


def _alternative(restriction: Restriction, path: Path) -> Iterator[Hit]:
    other = restriction.alternative
    for at, service in (("service", restriction.service), ("alternative", other.service)):
        if service not in SERVICES:
            place = (*path, at) if at == "service" else (*path, at, "service")
            yield Hit("L31", place, service, f"one of {', '.join(sorted(SERVICES))}")
    if restriction.service in ESSENTIAL_SERVICES:
        yield Hit("L31", (*path, "service"), restriction.service, "no essential service")
    if other.service == restriction.service:
        got = f"{other.service} in place of itself"
        yield Hit("L31", (*path, "alternative", "service"), got, "another service")
    if other.price_percent > _SAME_PRICE:
        got = f"{other.price_percent} % of the price"
        yield Hit("L31", (*path, "alternative", "price_percent"), got, "no dearer")
    if other.time_percent > _TWICE_THE_TIME:
        got = f"{other.time_percent} % of the time"
        yield Hit("L31", (*path, "alternative", "time_percent"), got, "at most twice the time")
    if other.where_none != "not-applied":
        got = "the restriction without an alternative"
        yield Hit("L31", (*path, "alternative", "where_none"), got, "not-applied")


def _perks(pack: Pack, _: Catalogue) -> Iterator[Hit]:
    longest = max((act.validity_days for _, act in burdens(pack)), default=0)
    for index, perk in enumerate(pack.perks):
        path: Path = ("perks", index)
        if pack.about_people:
            yield from _perk_limits(perk, path)
        unfit = [code for code in perk.acts if code not in pack.acts or pack.acts[code].points < 0]
        if unfit:
            yield Hit("L47", (*path, "acts"), ", ".join(unfit), "positive acts of this pack")
        wanted = min(longest, _MOST_CONSENT)
        if pack.about_persons and perk.consent_days != wanted:
            got = f"{perk.consent_days} days of consent"
            yield Hit("L51", (*path, "consent_days"), got, f"{wanted} days from everyone")


def _perk_limits(perk: Perk, path: Path) -> Iterator[Hit]:
    if perk.worth_permille > _MOST_WORTH:
        got = f"{perk.worth_permille} thousandths of the price"
        yield Hit("L47", (*path, "worth_permille"), got, f"at most {_MOST_WORTH} (5 %)")
    if perk.touches in UNTOUCHABLE_BY_PERKS:
        allowed = "no tax, public fee, priority or essential service"
        yield Hit("L47", (*path, "touches"), perk.touches, allowed)
    elif perk.touches not in PERK_TERMS:
        yield Hit(
            "L47", (*path, "touches"), perk.touches, f"one of {', '.join(sorted(PERK_TERMS))}"
        )
    if not perk.other_route.strip():
        allowed = "a way to the same term without any record"
        yield Hit("L47", (*path, "other_route"), "no other route", allowed)


def _impact(pack: Pack, _: Catalogue) -> Iterator[Hit]:
    impact = pack.impact
    if not pack.about_people:
        return
    if impact.result == "shown":
        shown = f"{impact.low_permille} to {impact.high_permille} thousandths"
        if pack.version == 1:
            yield Hit("L38", ("impact",), f"{shown} in a first pack", "'not shown'")
        elif not _LOW <= impact.low_permille <= impact.high_permille <= _HIGH:
            yield Hit("L42", ("impact",), shown, f"{_LOW} to {_HIGH}, or 'not shown'")
    elif pack.restrictions:
        got = "restrictions with an impact not shown"
        yield Hit("L42", ("impact",), got, "a shown impact, or perks and warnings only")


def _authorities(pack: Pack, _: Catalogue) -> Iterator[Hit]:
    if not (pack.about_people and pack.restrictions):
        return
    attached = {attachment.kind for attachment in pack.attachments}
    missing = sorted({"legal-opinion", "impact-assessment"} - attached)
    for index, member in enumerate(pack.organisations):
        is_party = member.role in {"issuer", "relying-party"}
        if is_party and member.kind != "private" and missing:
            got = f"a {member.kind} without {' and '.join(missing)}"
            allowed = "both attached, or perks and warnings only"
            yield Hit("L48", ("organisations", index), got, allowed)


def _codes(pack: Pack, _: Catalogue) -> Iterator[Hit]:
    """Each consequence has a code of its own, and none is the answer that means nothing."""
    taken = {"clear"}
    sections: tuple[tuple[str, tuple[Restriction | Perk, ...]], ...] = (
        ("restrictions", pack.restrictions),
        ("perks", pack.perks),
    )
    for name, parts in sections:
        for index, part in enumerate(parts):
            if part.code in taken:
                allowed = "a code of its own, other than clear"
                yield Hit("L52", (name, index, "code"), part.code, allowed)
            taken.add(part.code)


def _answers(pack: Pack, _: Catalogue) -> Iterator[Hit]:
    if not pack.about_people:
        return
    for code, purpose in pack.purposes.items():
        if "clear" not in purpose.answers:
            allowed = "clear among the answers: it stands while anything is open"
            yield Hit("L52", ("purposes", code, "answers"), "no clear answer", allowed)
    for code, purpose in pack.purposes.items():
        fitting = {"clear", *(r.code for r in pack.restrictions if r.purpose == code)}
        fitting |= {perk.code for perk in pack.perks if perk.purpose == code}
        for answer in purpose.answers:
            if answer not in fitting:
                path = ("purposes", code, "answers")
                yield Hit("L52", path, answer, f"one of {', '.join(sorted(fitting))}")
        if purpose.perk and purpose.perk not in {perk.code for perk in pack.perks}:
            yield Hit("L52", ("purposes", code, "perk"), purpose.perk, "a perk of this pack")


def _reviewers(pack: Pack, _: Catalogue) -> Iterator[Hit]:
    if not (pack.about_people and pack.restrictions):
        return
    parties = {"operator", "issuer", "relying-party"}
    interested = {one_spelling(o.employer) for o in pack.organisations if o.role in parties}
    by_role = {
        role: {one_spelling(o.employer) for o in pack.organisations if o.role == role} - interested
        for role in ("reviewer", "second-reviewer")
    }
    first, second = by_role["reviewer"], by_role["second-reviewer"]
    if not any(one != other for one in first for other in second):
        got = "restrictions without two independent reviewers"
        allowed = (
            "reviewers of two employers who are no issuer, relying party or operator,"
            " or perks and warnings only"
        )
        yield Hit("L66", ("organisations",), got, allowed)


RULES: tuple[Rule, ...] = (
    _contexts,
    _codes,
    _restrictions,
    _perks,
    _impact,
    _authorities,
    _answers,
    _reviewers,
)
