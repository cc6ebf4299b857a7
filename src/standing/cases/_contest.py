"""The contest: the subject says that something is wrong, and it burdens nobody until it is judged.

Points are set aside from the moment of filing, through the second instance. Silence lapses: what
is not decided in time never counts again (L19 to L23, L53, L60).
"""

from collections.abc import Iterable
from typing import Annotated, Final, Literal

import msgspec

from standing.cases._guards import (
    FILES_KNOWN,
    SUBJECT,
    Day,
    Leaves,
    Name,
    Named,
    Nothing,
    Reasons,
    Words,
    files_of,
    independent,
    one_house,
    took,
)
from standing.cases._machine import (
    Case,
    Clock,
    Event,
    Facts,
    Guard,
    Lifecycle,
    Move,
    Signer,
    State,
    World,
)
from standing.cases._time import WorkingDays

WORKING_DAYS: Final = 5
LONGEST_DAYS: Final = 20
NEW_EVIDENCE_DAYS: Final = 15
TRIAGE_WORKING_DAYS: Final = 2
FILING_DAYS: Final = 14
SECOND_DAYS: Final = 15

OPEN: Final = ("open", "triage", "merged", "ruled", "appealed")
"""The states in which a contested burden is set aside."""


class File(Facts, frozen=True, kw_only=True):
    """What is contested, and why.

    `named`: a record (r_...), a case (c_...), a transaction, a reference; nothing for a score or a
    refused erasure. `again`: it was contested before. `last_use`: for "not me", the day on which
    the reference was last used rightly.
    """

    target: Literal["record", "score", "restriction", "decision", "link", "erasure"]
    named: Named = ""
    ground: Literal["wrong", "not-me", "excused", "disproportionate", "other"] = "wrong"
    words: Words
    files: Leaves = ()
    again: bool = False
    last_use: Day | None = None
    issuer: Named = ""  # whose record it is; empty where no record is contested


class Add(Facts, frozen=True, kw_only=True):
    """More words or files; with `more_time`, the subject's own new evidence gives 15 days more."""

    words: Words
    files: Leaves = ()
    more_time: bool = False


class Answer(Facts, frozen=True, kw_only=True):
    """What the issuer answers, with its evidence."""

    words: Words
    files: Leaves = ()


class Concede(Facts, frozen=True, kw_only=True):
    """The issuer says that its record was wrong."""

    words: Words


class Judge(Facts, frozen=True, kw_only=True):
    """Reasons of a reviewer for a step short of a ruling."""

    reasons: Reasons


class Merge(Facts, frozen=True, kw_only=True):
    """Into which open contest this one goes."""

    into: Name


class Hear(Facts, frozen=True, kw_only=True):
    """What was said at the hearing, who was there, and on which day."""

    on: Day
    present: Annotated[tuple[Name, ...], msgspec.Meta(min_length=1, max_length=20)]
    minutes: Reasons
    files: Leaves = ()


class Extend(Facts, frozen=True, kw_only=True):
    """Until when the reviewer needs, and why."""

    until: Day
    reasons: Reasons


class Rule(Facts, frozen=True, kw_only=True):
    """A ruling. `opened`: what was looked at, records and cases by name and files by leaf in hex.

    `type`, `on`: of a corrected record, where they change.
    """

    outcome: Literal["uphold", "correct", "annul", "inadmissible"]
    reasons: Reasons
    opened: Annotated[tuple[Name, ...], msgspec.Meta(min_length=1, max_length=200)]
    type: Named = ""
    on: Day | None = None


class Again(Facts, frozen=True, kw_only=True):
    """Why the ruling is wrong."""

    words: Words
    files: Leaves = ()


class Reenter(Facts, frozen=True, kw_only=True):
    """New evidence for an annulled record, certified as complete and right by its issuer (L25)."""

    words: Words
    files: Annotated[Leaves, msgspec.Meta(min_length=1)]
    certified: Literal[True]


# --- clocks -------------------------------------------------------------------------------------


def _opened_on(case: Case) -> int:
    day = next(day for day, _, state in case.passed if state == "open")
    return int(day)


def _until(case: Case, days: WorkingDays) -> int:
    start = _opened_on(case)
    until: int = days.after(start, WORKING_DAYS)
    until = max([until, *(event.facts.until + 1 for event in case.every("extend"))])
    if any(event.facts.more_time for event in case.every("add")):
        until += NEW_EVIDENCE_DAYS
    return until


def _filing(case: Case, days: WorkingDays) -> int:
    return days.time_to_act(case.since, FILING_DAYS)


def _second(case: Case, _days: WorkingDays) -> int:
    return case.since + SECOND_DAYS + 1


def _triage(case: Case, days: WorkingDays) -> int:
    return days.after(case.since, TRIAGE_WORKING_DAYS)


# --- guards -------------------------------------------------------------------------------------


def _issuers(case: Case | None) -> tuple[str, ...]:
    return (case.first.issuer,) if case is not None and case.first.issuer else ()


def _is_the_issuer(case: Case | None, _event: Event, signer: Signer, _w: World) -> str | None:
    [issuer] = _issuers(case) or ("",)
    if signer.role == "issuer" and signer.name != issuer:
        return f"the record is of {issuer or 'nobody'}, and this is the key of {signer.name}"
    return None


def _is_independent(case: Case | None, event: Event, signer: Signer, world: World) -> str | None:
    return independent(signer, world, _judged(case, event.day, world))


def _judged(case: Case | None, day: int, world: World) -> tuple[str, ...]:
    """Name the issuers whose work a ruling judges: everybody's, where no record is contested."""
    assert case is not None, "a reviewer acts in a case"
    if case.first.issuer:
        return (case.first.issuer,)
    restriction = _restriction_of(case, world)
    named = restriction.first.records if restriction else list(world.records)
    records = [world.records[name] for name in named if name in world.records]
    # what comes on the same day or later changes nothing for who may rule
    return tuple(sorted({record.issuer for record in records if record.noticed < day}))


def _restriction_of(case: Case, world: World) -> Case | None:
    is_one = case.first.target == "restriction"
    return next((c for c in world.others if is_one and c.name == case.first.named), None)


def _not_its_decider(case: Case | None, _event: Event, signer: Signer, world: World) -> str | None:
    restriction = _restriction_of(case, world) if case else None
    if restriction is not None and took(signer, restriction.every("decide", "settle"), world):
        return f"the reviewer {signer.name} decided the restriction that is contested"
    return None


def _not_recused(case: Case | None, _event: Event, signer: Signer, world: World) -> str | None:
    if case is not None and took(signer, case.every("recuse"), world):
        return f"the reviewer {signer.name} stepped back from this case"
    return None


def _second_house(case: Case | None, _event: Event, signer: Signer, world: World) -> str | None:
    first = case.last("rule") if case else None
    before = world.who(first.kid) if first else None
    if before is not None and one_house(signer, before.employer):
        return f"the first instance was decided by {before.name} of the same employer"
    return None


def _heard(case: Case | None, _event: Event, _signer: Signer, _w: World) -> str | None:
    asked = case.last("ask-hearing") if case else None
    held = case.last("hear") if case else None
    if asked is not None and (held is None or held.number < asked.number):
        return "the subject asked for a hearing and none was held"
    return None


def _held(case: Case | None, event: Event, _signer: Signer, _w: World) -> str | None:
    assert case is not None, "a hearing is held in a case"
    if not case.opened <= event.facts.on <= event.day:
        return "a hearing lies between the filing and today"
    return None


def _opened_all(case: Case | None, event: Event, _signer: Signer, _w: World) -> str | None:
    assert case is not None, "a ruling follows a filing"
    wanted = {leaf.hex() for step in case.events for leaf in files_of(step)}
    if case.first.target in {"record", "restriction"}:
        wanted.add(case.first.named)
    missing = wanted - set(event.facts.opened)
    return f"not opened: {', '.join(sorted(missing))}" if missing else None


def _fits_target(case: Case | None, event: Event, _signer: Signer, _w: World) -> str | None:
    assert case is not None, "a ruling follows a filing"
    said = event.facts
    if said.outcome == "correct":
        if case.first.target != "record":
            return "only a record can be corrected"
        if not said.type and said.on is None:
            return "a correction says what was right: the act type or the day"
        if said.on is not None and said.on > event.day:
            return "nothing is corrected to a day to come"
    elif said.type or said.on is not None:
        return "only a correction names another act type or day"
    return None


def _milder(case: Case | None, event: Event, _signer: Signer, world: World) -> str | None:
    assert case is not None, "a ruling follows a filing"
    if event.facts.outcome == "correct" and not world.milder(case.first.named, event.facts):
        return "on some day of the next 24 months the score would be lower than as recorded"
    return None


def _target_there(_case: Case | None, event: Event, _signer: Signer, world: World) -> str | None:
    said = event.facts
    if said.target == "record":
        record = world.records.get(said.named)
        if record is None:
            return f"{said.named!r} is no record of this subject in this context"
        if said.issuer != record.issuer:
            return f"the record is of {record.issuer}"
    elif said.target == "restriction":
        if not any(c.name == said.named and c.lifecycle == "restriction" for c in world.others):
            return f"{said.named!r} is no restriction of this subject in this context"
    elif said.issuer:
        return "only a record has an issuer"
    if said.target in {"decision", "link"} and not said.named:
        return "name the transaction, or the reference that was refused"
    return None


def _same_target(case: Case, target: object, named: object) -> bool:
    said = case.first
    return case.lifecycle == "contest" and (said.target, said.named) == (target, named)


def _no_other(_case: Case | None, event: Event, _signer: Signer, world: World) -> str | None:
    for other in world.others:
        is_same = _same_target(other, event.facts.target, event.facts.named)
        if is_same and other.state in OPEN:
            return f"the case {other.name} is open on the same"
    return None


def _again_right(_case: Case | None, event: Event, _signer: Signer, world: World) -> str | None:
    again = is_again(event.facts.target, event.facts.named, world.others)
    if event.facts.again != again:
        return "it was contested and judged before" if again else "nothing was judged before"
    return None


def is_again(target: object, named: object, others: Iterable[Case]) -> bool:
    """Tell whether the same was contested before and a reviewer judged it."""
    return any(
        _same_target(other, target, named) and other.state in {"closed", "dismissed", "joined"}
        for other in others
    )


def _in_time(_case: Case | None, event: Event, _signer: Signer, world: World) -> str | None:
    record = world.records.get(event.facts.named)
    if event.facts.target != "record" or record is None or record.stands or world.pack is None:
        return None
    if world.day >= world.days.time_to_act(record.noticed, world.pack.contest_days):
        return f"its notice was more than {world.pack.contest_days} days ago, and it counts nothing"
    return None


def _not_me_complete(_case: Case | None, event: Event, _s: Signer, _w: World) -> str | None:
    said = event.facts
    if (said.ground == "not-me") != (said.last_use is not None):
        return '"not me" says when the reference was last used rightly; nothing else does'
    if said.ground == "not-me" and said.target != "record":
        return '"not me" is said of a record'
    return None


def _alike(case: Case | None, event: Event, _signer: Signer, world: World) -> str | None:
    assert case is not None, "only a case is merged"
    into = next((c for c in world.others if c.name == event.facts.into), None)
    if into is None or into.lifecycle != "contest" or into.name == case.name:
        return f"{event.facts.into!r} is no other contest of this subject"
    if into.first.target != case.first.target or into.first.issuer != case.first.issuer:
        return "they contest different kinds of things, or records of different issuers"
    return None


def _merges(case: Case | None, event: Event, _signer: Signer, world: World) -> str | None:
    assert case is not None, "only a case is merged"
    into = next(c for c in world.others if c.name == event.facts.into)  # the guard before says so
    if into.state not in {"open", "appealed"}:
        return f"{into.name} is not open"
    if any(c.state == "merged" and c.last("merge").facts.into == case.name for c in world.others):  # type: ignore[union-attr]
        return "another contest was merged into this one"
    return None


def _within(case: Case | None, event: Event, _signer: Signer, _w: World) -> str | None:
    assert case is not None, "only a case is extended"
    start = _opened_on(case)
    if event.facts.until > start + LONGEST_DAYS:
        return f"a decision takes {LONGEST_DAYS} days at most"
    if case.first.ground == "not-me":
        return f"the issuer has {WORKING_DAYS} working days to prove who it was, and no more"
    return None


def _more_time_once(case: Case | None, event: Event, signer: Signer, _w: World) -> str | None:
    if not event.facts.more_time:
        return None
    if case is not None and any(e.facts.more_time for e in case.every("add")):
        return "new evidence gave more time once already"
    if signer.role not in SUBJECT or not event.facts.files:
        return "only the subject's own new evidence gives more time"
    if case is not None and case.state == "appealed":
        return f"the second instance has its {SECOND_DAYS} days, and no more"
    return None


def _no_barred(case: Case | None, event: Event, _signer: Signer, _w: World) -> str | None:
    assert case is not None, "only an annulled record comes back"
    if outcome_of(case) != "annul" or case.first.target != "record":
        return "its record was not annulled"
    old = {leaf for step in case.events for leaf in files_of(step)}
    return "its evidence is not new" if set(event.facts.files) <= old else None


def _no_papers(case: Case | None, event: Event, _signer: Signer, _w: World) -> str | None:
    ground = event.facts.ground if case is None else case.first.ground
    if ground == "excused" and files_of(event):
        return "papers that excuse are shown to the reviewer at a hearing, and not kept"
    return None


_NO_PAPERS = Guard("L63", "papers that excuse are not kept", _no_papers, lasting=True)
_ISSUER = Guard(
    "L21", "the issuer is the record's own", _is_the_issuer, lasting=True, of_signer=True
)
_INDEPENDENT = Guard(
    "L23, L66", "the reviewer's employer is not the issuer's, an asking party's or the operator's",
    _is_independent, lasting=True, of_signer=True,
)  # fmt: skip
_NOT_RECUSED = Guard(
    "L23", "the reviewer has not stepped back", _not_recused, lasting=True, of_signer=True
)
_SECOND = Guard(
    "L23", "the second instance has another employer", _second_house, lasting=True, of_signer=True
)
_HEARD = Guard("L23", "a hearing that was asked for was held", _heard, lasting=True)
_OPENED = Guard("L23", "everything in the case was opened", _opened_all, lasting=True)
_FITS = Guard("L23", "the outcome fits what is contested", _fits_target, lasting=True)
_MILDER = Guard("L19", "a correction never lowers the score", _milder)
_NOT_DECIDER = Guard(
    "L23", "the reviewer did not decide what is contested", _not_its_decider, lasting=True,
    of_signer=True,
)  # fmt: skip
_REVIEWER = (_INDEPENDENT, _NOT_RECUSED, _NOT_DECIDER)
_RULING = (*_REVIEWER, _HEARD, _OPENED, _FITS, _MILDER)


def _filed(_case: Case | None, event: Event) -> str:
    return "triage" if event.facts.again else "open"


def _ruled(_case: Case | None, event: Event) -> str:
    return "closed" if event.facts.outcome == "annul" else "ruled"


def outcome_of(case: Case) -> str:
    """Give what became of a contest: an outcome, "" while it is open."""
    if case.state in {"lapsed", "conceded", "taken-back", "dismissed", "left", "reentered"}:
        return case.state
    decided = case.last("rule", "decide")
    return decided.facts.outcome if case.state == "closed" and decided is not None else ""


def _taken_back(case: Case | None, _event: Event) -> str:
    is_ruled = case is not None and case.state in {"ruled", "appealed"}
    return "closed" if is_ruled else "taken-back"  # what was ruled is not undone by giving up


CONTEST: Final = Lifecycle(
    "contest",
    "contest",
    {
        "triage": State(
            "contested again: set aside while a reviewer looks whether there is anything new",
            Clock("2 working days", _triage, "open"),
        ),
        "open": State(
            "set aside; issuer and subject are heard, a reviewer decides",
            Clock(
                "5 working days; to 20 days where the reviewer says why; 15 more for the subject's"
                " own new evidence", _until, "lapsed",
            ),
        ),
        "merged": State("set aside; decided together with another contest"),
        "joined": State("decided in the contest that it was merged into", final=True),
        "ruled": State(
            "ruled on, and still set aside: the subject may go to the second instance",
            Clock("14 days, to a working day", _filing, "closed"),
        ),
        "appealed": State(
            "set aside; a reviewer of another employer decides",
            Clock("15 days", _second, "lapsed"),
        ),
        "closed": State("decided; the last ruling holds", final=True),
        "lapsed": State(
            "not decided in time: a burden never counts again, a good record stays", final=True
        ),
        "conceded": State("the issuer gave in: annulled", final=True),
        "taken-back": State("the subject no longer contests; the record counts", final=True),
        "dismissed": State("nothing was new: the earlier ruling holds", final=True),
        "left": State("closed in the subject's favour, who left", final=True),
        "reentered": State("the record is back on new evidence, noticed anew", final=True),
    },
    (
        Move(
            "file", (*SUBJECT, "ledger"), (), ("open", "triage"),
            "points are set aside at once; the issuer is told", File,
            (
                Guard("L53", "what is contested is the subject's own", _target_there,
                      lasting=True),
                Guard("L20", "it is filed within 184 days, or while the record counts", _in_time),
                Guard("L19", "no contest is open on the same", _no_other),
                Guard("L19", "it says whether it was contested before", _again_right),
                Guard("L60", '"not me" is complete', _not_me_complete, lasting=True),
                _NO_PAPERS, FILES_KNOWN,
            ), _filed,
        ),
        Move("add", SUBJECT, ("open", "triage", "appealed"), ("=",), "kept with the case", Add,
             (Guard("L22", "more time is given once", _more_time_once, lasting=True), _NO_PAPERS,
              FILES_KNOWN)),
        Move("answer", ("issuer",), ("open", "appealed"), ("=",), "kept with the case", Answer,
             (_ISSUER, FILES_KNOWN)),
        Move("concede", ("issuer",), ("open", "triage", "ruled", "appealed"), ("conceded",),
             "the record is annulled at once", Concede, (_ISSUER,)),
        Move("admit", ("reviewer",), ("triage",), ("open",), "the contest goes on", Judge,
             _REVIEWER),
        Move("dismiss", ("reviewer",), ("triage",), ("dismissed",),
             "nothing is new: the earlier ruling holds", Judge, _REVIEWER),
        Move("merge", ("reviewer",), ("open",), ("merged",), "one ruling decides both", Merge,
             (*_REVIEWER, Guard("L23", "the other contest fits", _alike, lasting=True),
              Guard("L23", "the other contest is open", _merges))),
        Move("recuse", ("reviewer",), ("open", "triage", "appealed"), ("=",),
             "this reviewer decides nothing here", Judge),
        Move("ask-hearing", SUBJECT, ("open", "appealed"), ("=",),
             "no ruling without a hearing", Nothing),
        Move("hear", ("reviewer",), ("open", "appealed"), ("=",), "the minutes are kept", Hear,
             (*_REVIEWER, Guard("L23", "it was held while the contest was open", _held,
                                lasting=True), FILES_KNOWN)),
        Move("extend", ("reviewer",), ("open",), ("=",), "the clock is set later", Extend,
             (*_REVIEWER, Guard("L22", "no later than 20 days", _within, lasting=True))),
        Move("rule", ("reviewer",), ("open",), ("ruled", "closed"),
             "an annulment holds at once; anything else after the time to go on", Rule, _RULING,
             _ruled),
        Move("appeal", SUBJECT, ("ruled",), ("appealed",), "the second instance decides", Again,
             (_NO_PAPERS, FILES_KNOWN)),
        Move("decide", ("reviewer",), ("appealed",), ("closed",), "the last ruling holds", Rule,
             (*_RULING, _SECOND)),
        Move("take-back", SUBJECT, OPEN, ("taken-back", "closed"),
             "the record counts again, or as it was ruled", Nothing, choose=_taken_back),
        Move("leave", ("ledger",), OPEN, ("left",), "closed in the subject's favour", Nothing),
        Move("re-enter", ("issuer",), ("closed",), ("reentered",),
             "the record counts after a new notice", Reenter,
             (_ISSUER, Guard("L25", "there is new evidence", _no_barred, lasting=True),
              FILES_KNOWN)),
    ),
)  # fmt: skip
