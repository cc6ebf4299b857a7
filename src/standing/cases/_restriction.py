"""The restriction: proposed on named records, decided by a human, announced before it begins.

An answer says so only while it is in force: begun, its records still there, nothing contested,
nobody released for hardship (L27 to L34, L52 to L54).
"""

from typing import Annotated, Final, Literal

import msgspec

from standing.cases._guards import (
    FILES_KNOWN,
    SUBJECT,
    Day,
    Leaves,
    Name,
    Nothing,
    Reasons,
    Words,
    independent,
    steps_of,
    took,
    two_houses,
)
from standing.cases._machine import (
    Case,
    Clock,
    Event,
    Facts,
    Guard,
    Lifecycle,
    Move,
    RecordView,
    Signer,
    State,
    World,
)
from standing.cases._time import WorkingDays
from standing.policy import Pack, is_triggered
from standing.wire.days import format_day

LETTER_DAYS: Final = 7
SILENCE_DAYS: Final = 15
TWO_ABOVE_DAYS: Final = 90
ACTIVE_SECONDS: Final = 180
OPEN_SECONDS: Final = 60  # from drafting the step to signing it
A_DAY: Final = 25
HARDSHIP_DAYS: Final = 30

DECISIONS: Final = frozenset({"decide", "settle"})
"""The steps of which a human takes at most 25 a day."""
LIVE: Final = ("proposed", "half", "decided", "objected", "confirmed", "begun")


class Propose(Facts, frozen=True, kw_only=True):
    """Which restriction of the pack, on which records, for how many days, and why."""

    code: Name
    records: Annotated[tuple[Name, ...], msgspec.Meta(min_length=1, max_length=20)]
    days: Annotated[int, msgspec.Meta(ge=1, le=3660)]
    words: Words


class Say(Facts, frozen=True, kw_only=True):
    """What the subject has to say before a human decides."""

    words: Words
    files: Leaves = ()


class Open(Facts, frozen=True, kw_only=True):
    """The reviewer opened the file; `at` in seconds since 1970."""

    at: Annotated[int, msgspec.Meta(ge=0)]


class Decide(Facts, frozen=True, kw_only=True):
    """A human decides: for how many days, why, having looked at what, for how long."""

    days: Annotated[int, msgspec.Meta(ge=1, le=3660)]
    reasons: Reasons
    opened: Annotated[tuple[Name, ...], msgspec.Meta(min_length=1, max_length=200)]
    active_seconds: Annotated[int, msgspec.Meta(ge=0, le=86_400)]


class Decline(Facts, frozen=True, kw_only=True):
    """A human says no."""

    reasons: Reasons


class Object(Facts, frozen=True, kw_only=True):
    """Why it should not begin."""

    words: Words
    files: Leaves = ()


class Settle(Facts, frozen=True, kw_only=True):
    """A second person decides on the objection."""

    outcome: Literal["begin", "decline"]
    reasons: Reasons
    active_seconds: Annotated[int, msgspec.Meta(ge=0, le=86_400)]


class Hardship(Facts, frozen=True, kw_only=True):
    """Why the subject must travel (or the like), on which days; their word is enough."""

    ground: Literal["medical", "funeral", "court", "care", "disability"]
    first: Day
    last: Day
    words: Words


class Release(Facts, frozen=True, kw_only=True):
    """The duty officer releases a hardship, by the number of its step."""

    step: Annotated[int, msgspec.Meta(ge=0, le=10_000)]


class Lift(Facts, frozen=True, kw_only=True):
    """Why it ends early."""

    words: Words


# --- clocks -------------------------------------------------------------------------------------


def _silence(case: Case, _days: WorkingDays) -> int:
    return case.opened + SILENCE_DAYS + 1


def _objection(case: Case, _days: WorkingDays) -> int:
    return case.since + SILENCE_DAYS + 1


def _begin(case: Case, days: WorkingDays) -> int:
    return days.time_to_act(case.since, LETTER_DAYS)


def _begin_confirmed(case: Case, days: WorkingDays) -> int:
    decided = case.entered("decided")
    assert decided is not None, "an objection follows a decision"
    return max(days.time_to_act(decided, LETTER_DAYS), case.since + 1)


def days_of(case: Case) -> int:
    """Give for how many days a restriction holds: the shortest that a human decided."""
    days: int = min([case.first.days, *(event.facts.days for event in case.every("decide"))])
    return days


def _end(case: Case, _days: WorkingDays) -> int:
    return case.since + days_of(case)


def begins(case: Case) -> int | None:
    """Give the day on which a restriction begins if nothing happens; None where none is set."""
    begun = case.entered("begun")
    return case.due if begun is None and case.state in {"decided", "confirmed"} else begun


# --- guards -------------------------------------------------------------------------------------


def _issuers(case: Case | None, world: World) -> tuple[str, ...]:
    named = case.first.records if case else ()
    return tuple(sorted({world.records[r].issuer for r in named if r in world.records}))


def _of_the_pack(_case: Case | None, event: Event, _signer: Signer, world: World) -> str | None:
    listed = {r.code: r for r in world.pack.restrictions} if world.pack else {}
    restriction = listed.get(event.facts.code)
    if restriction is None:
        return f"the pack lists: {', '.join(sorted(listed)) or 'no restriction'}"
    if event.facts.days > restriction.days:
        return f"got {event.facts.days} days, the pack allows {restriction.days}"
    return None


def tally(pack: Pack, records: list[RecordView]) -> dict[str, int]:
    """Count the burdens among records that stand, by tier."""
    counts: dict[str, int] = {}
    for record in records:
        act = pack.acts.get(record.type)
        if act is not None and record.stands and act.points < 0:
            counts[act.tier] = counts.get(act.tier, 0) + 1
    return counts


def _triggered(_case: Case | None, event: Event, _signer: Signer, world: World) -> str | None:
    named = list(dict.fromkeys(event.facts.records))
    if len(named) != len(event.facts.records):
        return "a record is named twice"
    known = {name: world.records[name] for name in named if name in world.records}
    # one and the same for whoever never was here, left, or has nothing that counts
    idle = [name for name in named if name not in known or not known[name].stands]
    if idle:
        return f"nothing that counts for this person here: {', '.join(idle)}"
    views = [known[name] for name in named]
    restriction = world.pack.restriction(event.facts.code) if world.pack else None
    if restriction is None or world.pack is None:
        return None  # the guard before says so
    if not is_triggered(restriction.trigger, tally(world.pack, views)):
        return "the named records are not those that the pack asks for"
    return None


def _two_houses(_case: Case | None, event: Event, _signer: Signer, world: World) -> str | None:
    issuers = {world.records[r].issuer for r in event.facts.records if r in world.records}
    return two_houses(world, tuple(sorted(issuers)))


def _no_other(_case: Case | None, event: Event, _signer: Signer, world: World) -> str | None:
    for other in world.others:
        live = other.lifecycle == "restriction" and other.state in LIVE
        if live and other.first.code == event.facts.code:
            return f"the case {other.name} is open on the same"
    return None


def _is_independent(case: Case | None, _event: Event, signer: Signer, world: World) -> str | None:
    return independent(signer, world, _issuers(case, world))


def _softens(case: Case | None, event: Event, _signer: Signer, _w: World) -> str | None:
    if case is not None and event.facts.days > case.first.days:
        return f"got {event.facts.days} days, proposed were {case.first.days}"
    return None


def _opened_now(_case: Case | None, event: Event, _signer: Signer, world: World) -> str | None:
    late = world.now - event.facts.at
    if not 0 <= late <= OPEN_SECONDS:
        return f"it says {abs(late)} seconds {'ago' if late > 0 else 'ahead'}: open the file again"
    return None


def _looked(case: Case | None, event: Event, signer: Signer, world: World) -> str | None:
    assert case is not None, "a decision follows a proposal"
    if event.facts.active_seconds < ACTIVE_SECONDS:
        return f"got {event.facts.active_seconds} seconds, wanted {ACTIVE_SECONDS}"
    opened = steps_of(signer, case.every("open"), world)
    if not opened:
        return "this reviewer has not opened the file"
    if not world.is_simulated and world.now - opened[0].facts.at < ACTIVE_SECONDS:
        return f"the file was opened {world.now - opened[0].facts.at} seconds ago"
    return None


def _not_too_many(_case: Case | None, _event: Event, signer: Signer, world: World) -> str | None:
    decided = world.decided_today(signer)
    if decided >= A_DAY:
        return f"this reviewer has decided {decided} today"
    return None


def _saw_all(case: Case | None, event: Event, _signer: Signer, _w: World) -> str | None:
    assert case is not None, "a decision follows a proposal"
    files = {leaf.hex() for e in case.every("say") for leaf in e.facts.files}
    missing = ({*case.first.records} | files) - set(event.facts.opened)
    return f"not opened: {', '.join(sorted(missing))}" if missing else None


def _names_a_fact(case: Case | None, event: Event, _signer: Signer, world: World) -> str | None:
    assert case is not None, "a decision follows a proposal"
    facts = set(case.first.records)
    for name in case.first.records:
        record = world.records.get(name)
        if record is not None:
            facts |= {record.type, format_day(record.day)}
    if not any(fact in event.facts.reasons for fact in facts):
        return "the reasons name no record, act type or day of this case"
    return None


def _another_human(case: Case | None, _event: Event, signer: Signer, world: World) -> str | None:
    assert case is not None, "a second decision follows a first"
    if took(signer, case.every("decide"), world):
        return f"the reviewer {signer.name} has decided here before"
    return None


def _is_proposer(case: Case | None, _event: Event, signer: Signer, world: World) -> str | None:
    assert case is not None, "only what was proposed is lifted"
    proposer = world.who(case.events[0].kid)
    if signer.role == "relying-party" and (proposer is None or proposer.name != signer.name):
        return "another party proposed it"
    return None


def _short(_case: Case | None, event: Event, _signer: Signer, world: World) -> str | None:
    said = event.facts
    if not said.first <= said.last <= said.first + HARDSHIP_DAYS or said.last < world.day:
        return f"a release covers up to {HARDSHIP_DAYS} days from its first, none of them past"
    return None


def _is_hardship(case: Case | None, event: Event, _signer: Signer, _w: World) -> str | None:
    assert case is not None, "a release follows a hardship"
    if event.facts.step not in {e.number for e in case.every("hardship")}:
        return f"step {event.facts.step} is no hardship"
    return None


_INDEPENDENT = Guard(
    "L23, L66", "the reviewer's employer is not the issuer's, an asking party's or the operator's",
    _is_independent, lasting=True, of_signer=True,
)  # fmt: skip
_LOOKED = Guard("L33", "the reviewer had the file open and active for 3 minutes", _looked)
_TOO_MANY = Guard("L33", "at most 25 decisions a day", _not_too_many)
_FACT = Guard("L33", "the reasons name a fact of the case", _names_a_fact, lasting=True)
_HUMAN = Guard("L33", "another human than before", _another_human, lasting=True, of_signer=True)


def _decided(case: Case | None, event: Event) -> str:
    assert case is not None, "a decision follows a proposal"
    return "half" if case.state == "proposed" and event.facts.days > TWO_ABOVE_DAYS else "decided"


def _settled(_case: Case | None, event: Event) -> str:
    return "confirmed" if event.facts.outcome == "begin" else "declined"


RESTRICTION: Final = Lifecycle(
    "restriction",
    "restriction",
    {
        "proposed": State(
            "a letter has come; nothing holds; a human looks at it",
            Clock("15 days from the proposal", _silence, "lapsed"),
        ),
        "half": State(
            "one human has decided; above 90 days a second one must too",
            Clock("15 days from the proposal", _silence, "lapsed"),
        ),
        "decided": State(
            "announced by letter; nothing holds yet; the subject may object",
            Clock("7 days, to a working day", _begin, "begun"),
        ),
        "objected": State(
            "does not begin until a second person has decided",
            Clock("15 days from the objection", _objection, "lapsed"),
        ),
        "confirmed": State(
            "a second person decided that it begins",
            Clock("the day announced, or the day after", _begin_confirmed, "begun"),
        ),
        "begun": State(
            "in force, while its records are there, nothing is contested and nobody is released",
            Clock("the days decided; days set aside count as served", _end, "ended"),
        ),
        "ended": State("over", final=True),
        "lapsed": State("not decided in time: never begins", final=True),
        "declined": State("a human said no", final=True),
        "lifted": State("ended early", final=True),
        "annulled": State("a contest of it was right, or not decided in time", final=True),
        "left": State("ended: the subject left", final=True),
    },
    (
        Move("propose", ("relying-party",), (), ("proposed",),
             "the subject gets the letter", Propose,
             (
                 Guard("L27, L29", "it is a restriction of this context's pack, no longer than"
                       " it allows", _of_the_pack, lasting=True),
                 Guard("L28", "it stands on named records that count", _triggered),
                 Guard("L66", "two independent houses review here", _two_houses),
                 Guard("L53", "the same is not open already", _no_other),
             )),
        Move("say", SUBJECT, ("proposed", "half", "decided", "objected"), ("=",),
             "kept with the case, seen by whoever decides", Say, (FILES_KNOWN,)),
        Move("open", ("reviewer",), ("proposed", "half", "objected"), ("=",),
             "the reviewer's time in the file begins", Open,
             (_INDEPENDENT, Guard("L33", "it says when the file was opened: now", _opened_now))),
        Move("decide", ("reviewer",), ("proposed", "half"), ("half", "decided"),
             "the letter names the day on which it begins", Decide,
             (_INDEPENDENT, Guard("L33", "it may only soften", _softens, lasting=True), _LOOKED,
              _TOO_MANY, Guard("L33", "records, reply and evidence were opened", _saw_all,
                               lasting=True), _FACT, _HUMAN), _decided),
        Move("decline", ("reviewer",), ("proposed", "half"), ("declined",),
             "nothing happens", Decline, (_INDEPENDENT,)),
        Move("object", SUBJECT, ("decided",), ("objected",), "it does not begin", Object,
             (FILES_KNOWN,)),
        Move("settle", ("reviewer",), ("objected",), ("confirmed", "declined"),
             "it begins after all, or never", Settle,
             (_INDEPENDENT, _HUMAN, _LOOKED, _TOO_MANY, _FACT), _settled),
        Move("hardship", SUBJECT, ("decided", "confirmed", "begun"), ("=",),
             "released for those days by a duty officer, and by itself on the next day",
             Hardship, (Guard("L54", "it is for some days", _short),)),
        Move("release", ("desk", "reviewer"), ("decided", "confirmed", "begun"), ("=",),
             "released at once for those days", Release,
             (Guard("L54", "it releases a hardship", _is_hardship, lasting=True),)),
        Move("lift", ("relying-party", "reviewer"),
             LIVE, ("lifted",),
             "over at once", Lift, (Guard("L52", "the party lifts its own", _is_proposer,
                                          lasting=True),)),
        Move("leave", ("ledger",),
             LIVE, ("left",),
             "over at once", Nothing),
    ),
)  # fmt: skip


def is_released(case: Case, day: int) -> bool:
    """Tell whether a hardship frees the subject on a day; silence of the duty officer frees too."""
    freed = {event.facts.step for event in case.every("release")}
    return any(
        event.facts.first <= day <= event.facts.last and (event.number in freed or day > event.day)
        for event in case.every("hardship")
    )
