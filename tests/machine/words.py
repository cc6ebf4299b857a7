"""What the law's words say of contests and restrictions, written a second time and another way.

Nothing here is shared with the tables that the ledger runs on: its own calendar, its own clocks, its
own word on who may do what. What a record weighs on a day is the scoring specification's business,
and taken from there.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta

from standing.policy import RecordFact, Schedule, score
from tests.machine.stage import HOUSES

FREE = {
    date(year, month, day)
    for year in (2025, 2026, 2027, 2028)
    for month, day in ((1, 1), (5, 1), (12, 25), (12, 26))
}
NEGATIVE = {
    "rail.unpaid-fare": "general", "rail.smoking": "general", "rail.forged-ticket": "serious",
    "rail.endangering": "serious",
}  # fmt: skip
RESTRICTIONS = {
    # code: longest, tier, how many of it
    "no-high-speed": (180, "serious", 1),
    "no-high-speed-short": (90, "general", 3),
}
ALIVE = {"triage", "open", "merged", "ruled", "appealed"}
RUNNING = {"proposed", "half", "decided", "objected", "confirmed", "begun"}
OPERATOR = "City Works"
_EPOCH = date(1970, 1, 1)


# --- days ---------------------------------------------------------------------------------------


def is_working(day: int) -> bool:
    when = _EPOCH + timedelta(day)
    return when.isoweekday() < 6 and when not in FREE


def too_late(day: int, working_days: int) -> int:
    """Give the first day after so many working days that follow a day."""
    while working_days:
        day += 1
        working_days -= is_working(day)
    return day + 1


def act_by(day: int, days: int) -> int:
    """Give the first day that is too late for a subject who has so many days."""
    last = day + days
    while not is_working(last):
        last += 1
    assert (_EPOCH + timedelta(last)).year <= 2028, "the tables end there: play on earlier days"
    return last + 1


# --- who ----------------------------------------------------------------------------------------


def house(name: str) -> str:
    return " ".join(HOUSES[name][1].lower().split())


def is_tied(reviewer: str, issuers: Iterable[str]) -> bool:
    """Tell whether a reviewer would judge an own employer's work."""
    own = house(reviewer)
    others = [OPERATOR.lower(), house("rail-sales"), *map(house, issuers)]
    return own in others


# --- records ------------------------------------------------------------------------------------


@dataclass(eq=False)
class Kept:
    """A record as it was imported, and what its issuer did with it since."""

    id: str
    person: int
    issuer: str
    type: str
    day: int
    noticed: int
    signers: tuple[str, str] = ("", "")
    retracted: bool = False
    source_ends: int | None = None

    @property
    def is_negative(self) -> bool:
        return self.type in NEGATIVE


# --- contests -----------------------------------------------------------------------------------


@dataclass(eq=False)
class Contest:
    """One contest; `turn` lets time pass in it."""

    name: str
    person: int
    target: str
    named: str
    issuer: str
    ground: str
    is_again: bool
    filed: int
    by_law: bool = False  # nobody filed it: a "not me" that was right opened it
    state: str = ""
    since: int = 0
    opened: int = 0
    extended: int = 0
    more_time: bool = False
    files: set[str] = field(default_factory=set)
    recused: set[str] = field(default_factory=set)
    first: str = ""  # who ruled first
    ruling: dict[str, object] = field(default_factory=dict)
    wants_hearing: bool = False
    steps: int = 1
    into: "Contest | None" = None
    taken_in: bool = False
    noticed_again: int | None = None

    def __post_init__(self) -> None:
        self.to("triage" if self.is_again else "open", self.filed)

    def to(self, state: str, day: int) -> None:
        self.state, self.since = state, day
        if state == "open":
            self.opened = day

    def due(self) -> int | None:
        """Give the day on which silence speaks."""
        match self.state:
            case "triage":
                return too_late(self.since, 2)
            case "open":
                last = max(too_late(self.opened, 5), self.extended + 1)
                return last + 15 if self.more_time else last
            case "ruled":
                return act_by(self.since, 14)
            case "appealed":
                return self.since + 16
        return None

    def turn(self, day: int) -> None:
        after = {"triage": "open", "open": "lapsed", "ruled": "closed", "appealed": "lapsed"}
        while (due := self.due()) is not None and due <= day:
            self.to(after[self.state], due)

    def share(self) -> None:
        """A merged contest ends with the one it went into."""
        if self.state == "merged" and self.into is not None and self.into.state not in ALIVE:
            ends = {"lapsed", "conceded", "left", "taken-back"}
            self.state = self.into.state if self.into.state in ends else "joined"
            self.since = self.into.since

    @property
    def is_alive(self) -> bool:
        return self.state in ALIVE

    def result(self) -> str:
        """Tell what became of what is contested: open, gone, lapsed, corrected, back or stands."""
        if self.is_alive:
            return "open"
        if self.state in {"conceded", "left"}:
            return "gone"
        if self.state == "lapsed":
            return "lapsed"
        if self.state == "reentered":
            return "back"
        if self.state == "joined":
            assert self.into is not None
            return "gone" if self.into.result() in {"gone", "back"} else "stands"
        outcome = self.ruling.get("outcome") if self.state == "closed" else ""
        return {"annul": "gone", "correct": "corrected"}.get(str(outcome), "stands")


# --- restrictions -------------------------------------------------------------------------------


@dataclass(eq=False)
class Restriction:
    """One restriction; `turn` lets time pass in it."""

    name: str
    person: int
    code: str
    records: tuple[str, ...]
    days: int
    proposed: int
    state: str = "proposed"
    since: int = 0
    decided: int = 0
    begun: int = 0
    opened_by: set[str] = field(default_factory=set)
    deciders: list[str] = field(default_factory=list)
    settler: str = ""
    said: set[str] = field(default_factory=set)
    hardships: dict[int, tuple[int, int, int]] = field(default_factory=dict)
    released: set[int] = field(default_factory=set)
    steps: int = 1

    def __post_init__(self) -> None:
        self.since = self.proposed

    def to(self, state: str, day: int) -> None:
        self.state, self.since = state, day
        if state == "decided":
            self.decided = day
        if state == "begun":
            self.begun = day

    def due(self) -> int | None:
        match self.state:
            case "proposed" | "half":
                return self.proposed + 16
            case "decided":
                return act_by(self.since, 7)
            case "objected":
                return self.since + 16
            case "confirmed":
                return max(act_by(self.decided, 7), self.since + 1)
            case "begun":
                return self.begun + self.days
        return None

    def turn(self, day: int) -> None:
        after = {
            "proposed": "lapsed", "half": "lapsed", "decided": "begun", "objected": "lapsed",
            "confirmed": "begun", "begun": "ended",
        }  # fmt: skip
        while (due := self.due()) is not None and due <= day:
            self.to(after[self.state], due)

    def is_freed(self, day: int) -> bool:
        """Tell whether a hardship frees on a day; the duty officer's silence does, a day later."""
        return any(
            first <= day <= last and (number in self.released or day > told)
            for number, (first, last, told) in self.hardships.items()
        )


# --- people -------------------------------------------------------------------------------------


@dataclass(eq=False)
class Stop:
    """A request to stop without a key: undone within 14 days, or final."""

    name: str
    person: int
    opened: int
    state: str = "frozen"
    since: int = 0

    def __post_init__(self) -> None:
        self.since = self.opened

    def to(self, state: str, day: int) -> None:
        self.state, self.since = state, day

    def due(self) -> int | None:
        return self.opened + 14 if self.state == "frozen" else None

    def turn(self, day: int) -> None:
        if self.state == "frozen" and day >= self.opened + 14:
            self.to("stopped", self.opened + 14)


@dataclass(eq=False)
class Person:
    """What somebody agreed to, and when not."""

    since: int
    left: int | None = None  # the day from which nothing holds
    how: str = ""  # "withdrawn" or "stopped"
    gone: int | None = None  # from when 30 days run until everything is erased
    before: int | None = None  # the same, of the consent before this one
    stop: Stop | None = None
    gaps: list[tuple[int, int]] = field(default_factory=list)
    earlier: list[tuple[int, int]] = field(default_factory=list)
    is_erased: bool = False

    @property
    def is_frozen(self) -> bool:
        return self.stop is not None and self.stop.state == "frozen"

    @property
    def lives(self) -> bool:
        """Consent holds today."""
        return self.left is None and not self.is_frozen

    def turn(self, day: int) -> None:
        if self.stop is not None:
            self.stop.turn(day)
            if self.stop.state == "stopped" and self.left is None:
                self.leave(self.stop.opened, "stopped", self.stop.since)

    def leave(self, day: int, how: str, gone: int) -> None:
        self.left, self.how, self.gone = day, how, gone

    def covers(self, day: int) -> bool:
        """Tell whether consent held on a day of conduct up to today."""
        if any(a <= day < b for a, b in self.earlier):
            return True
        return self.since <= day and not any(a <= day < b for a, b in self.gaps)


# --- all of it ----------------------------------------------------------------------------------


class Words:
    """Everything that happened, as the words of the law see it."""

    def __init__(self, schedule: Schedule, day: int) -> None:
        self.schedule = schedule
        self.day = day
        self.records: dict[str, Kept] = {}
        self.contests: list[Contest] = []
        self.restrictions: list[Restriction] = []
        self.people: list[Person] = []
        self.stops: list[Stop] = []

    def turn(self, day: int) -> None:
        """Let days pass, one after the other: nothing is skipped for having slept."""
        for today in range(self.day, day + 1):
            for one in [*self.contests, *self.restrictions, *self.people]:
                one.turn(today)
            self.settle()
        self.day = day

    def settle(self) -> None:
        """Let what one case decides of another show."""
        for contest in self.contests:
            contest.share()
        for contest in self.contests:
            if contest.target == "restriction" and contest.result() in {"gone", "lapsed"}:
                struck = next(r for r in self.restrictions if r.name == contest.named)
                if struck.state in RUNNING:
                    struck.to("annulled", contest.since)

    # --- leaving ------------------------------------------------------------------------------

    def leave(self, person: int, *, finish: bool = False) -> None:
        """Somebody withdraws: what is open closes in their favour, contests too unless they wish."""
        who = self.people[person]
        day = who.stop.opened if who.is_frozen and who.stop is not None else self.day
        who.leave(day, "withdrawn", self.day)
        if who.stop is not None and who.stop.state == "frozen":
            who.stop.to("stopped", self.day)
        for contest in self.contests:
            if contest.person == person and contest.is_alive and not finish:
                contest.to("left", self.day)
        for restriction in self.restrictions:
            if restriction.person == person and restriction.state in RUNNING:
                restriction.to("left", self.day)

    # --- no retaliation -----------------------------------------------------------------------

    def may_not_issue(
        self, person: int, issuer: str, kind: str, day: int, signers: tuple[str, str]
    ) -> bool:
        """Tell whether an earlier contest keeps a record out: for 184 days, it has no price."""
        mine = [c for c in self.contests if c.person == person and c.named in self.records]
        recent = [c for c in mine if self.day - 184 <= c.filed <= self.day and not c.by_law]
        contested = [self.records[c.named] for c in recent]
        theirs = [k for k in contested if k.issuer == issuer]
        names = {name for k in theirs for name in k.signers if name}
        if names & {name for name in signers if name}:
            return True
        units = {name.rpartition("/")[0] for name in names}
        second = signers[1].rpartition("/")[0]
        if kind in NEGATIVE and theirs and (not signers[1] or second in units):
            return True
        over = [c for c in mine if self.day - 184 <= c.since <= self.day]
        return any(
            (k.issuer, k.type, k.day) == (issuer, kind, day)
            for c in over
            if c.result() in {"gone", "lapsed"}
            for k in [self.records[c.named]]
        )

    def is_wanted(self, person: int) -> str:
        """Tell why a person who left is not erased: they asked that a contest be finished."""
        who = self.people[person]
        if who.lives:
            return ""
        end = who.stop.opened if who.is_frozen and who.stop is not None else who.left
        assert end is not None
        for contest in self.contests:
            if (
                contest.person == person
                and contest.is_alive
                and (contest.filed > end or (who.how == "withdrawn" and not who.is_frozen))
            ):
                return "a contest goes on to its ruling"
        return ""

    def erase(self, person: int) -> None:
        """Nothing of somebody is left here."""
        who = self.people[person]
        if who.left is None:
            who.leave(self.day, "withdrawn", self.day)
        who.stop, who.gaps, who.earlier, who.is_erased = None, [], [], True
        self.records = {n: k for n, k in self.records.items() if k.person != person}
        self.contests = [c for c in self.contests if c.person != person]
        self.restrictions = [r for r in self.restrictions if r.person != person]
        self.stops = [stop for stop in self.stops if stop.person != person]

    # --- what is there ------------------------------------------------------------------------

    def about(self, record: str) -> list[Contest]:
        return [c for c in self.contests if c.target == "record" and c.named == record]

    def status(self, kept: Kept) -> str:
        """Tell what a record is today, the heaviest word first."""
        results = [contest.result() for contest in self.about(kept.id)]
        if "gone" in results:
            return "annulled"
        if kept.retracted:
            return "retracted"
        if "lapsed" in results:
            return "lapsed"
        return "contested" if "open" in results else "effective"

    def facts(self, person: int) -> list[RecordFact]:
        """Give the person's records as they count today."""
        found = []
        for kept in self.untouched(person):
            record = self.records[kept.id]
            kind, day, noticed = kept.type, kept.day, kept.noticed
            for contest in self.about(kept.id):
                if contest.result() == "corrected":
                    kind = str(contest.ruling.get("type") or kind)
                    day = int(str(contest.ruling.get("on") or day))
                if contest.noticed_again is not None:
                    noticed = contest.noticed_again
            if day < self.people[person].since:
                continue
            recorded = (kept.type, kept.day) if (kind, day) != (kept.type, kept.day) else None
            status, ends = self.status(record), record.source_ends
            found.append(RecordFact(kept.id, kind, day, noticed, status, ends, recorded))
        return found

    def untouched(self, person: int) -> list[RecordFact]:
        """Give the person's records as if nobody had ever contested anything."""
        return [
            RecordFact(
                k.id, k.type, k.day, k.noticed, "retracted" if k.retracted else "effective",
                k.source_ends,
            )
            for k in self.records.values()
            if k.person == person and k.day >= self.people[person].since
        ]  # fmt: skip

    def score(self, person: int) -> int:
        return score(self.facts(person), self.schedule, self.day).score

    def score_uncontested(self, person: int) -> int:
        """Score the person as if no burden had ever been contested."""
        good = [f for f in self.facts(person) if not self.records[f.id].is_negative]
        burdens = [f for f in self.untouched(person) if self.records[f.id].is_negative]
        return score([*good, *burdens], self.schedule, self.day).score

    def counting(self, person: int) -> dict[str, str]:
        """Give the type of each record that counts today, or that only its kind's limit hides."""
        if not self.people[person].lives:
            return {}
        result = score(self.facts(person), self.schedule, self.day)
        return {r.record: r.rule for r in result.reasons if r.counted or r.why == "cap"}

    def meets(self, person: int, code: str, records: Iterable[str]) -> bool:
        """Tell whether records are those that a restriction asks for."""
        _, tier, least = RESTRICTIONS[code]
        counting = self.counting(person)
        tiers = [NEGATIVE.get(counting[name]) for name in records if name in counting]
        return tiers.count(tier) >= least

    def answers(self, person: int) -> set[str]:
        """Name the restrictions that hold today: anything else is answered `clear`."""
        if not self.people[person].lives:
            return set()
        if any(c.person == person and c.is_alive for c in self.contests):
            return set()
        return {
            r.code
            for r in self.restrictions
            if r.person == person and r.state == "begun" and not r.is_freed(self.day)
            and self.meets(person, r.code, r.records)
        }  # fmt: skip
