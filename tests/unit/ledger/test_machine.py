"""Subjects, issuers, reviewers, a relying party, sleeping clocks, crashes and a broken log, on a
real ledger, beside a second reading of the law's words that says what must come of it.

Held after every step: what is contested counts nothing, and nothing counts less for it; what lapsed
or was annulled never counts again; no restriction without its human, its notice and its end; who
stopped is scored and restricted no more; nobody rules on their own employer's record.
`STANDING_MACHINE=all` plays ten times as long.
"""

import os
import shutil
import tempfile
from collections import Counter
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, Phase, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
)

from standing.errors import Refused, StandingError
from standing.policy import RecordFact, Schedule, forecast, parse_pack, score
from standing.wire.keys import SigningKey
from tests.machine.place import Place, is_whole
from tests.machine.stage import (
    BEGIN,
    CONTEXT,
    FIRST_RECORDS,
    IN_MEMORY,
    ISSUERS,
    PEOPLE,
    REVIEWERS,
    accredit,
    card,
    copied,
    deliver,
)
from tests.machine.words import (
    ALIVE,
    NEGATIVE,
    RESTRICTIONS,
    RUNNING,
    Contest,
    Kept,
    Person,
    Restriction,
    Stop,
    Words,
    act_by,
    house,
    is_tied,
)

LONG = os.environ.get("STANDING_MACHINE") == "all"
LAST_DAY = BEGIN + 600  # the calendar's tables, and the consents, end later
WHO = range(PEOPLE)
ANY = range(12)
REVIEWER = [*REVIEWERS, *["board", "institute"] * 4]
ISSUER = ["railway", "coach"]
BY = [*["own"] * 6, "counter", "helper", "stranger"]
OUTCOMES = ["uphold", "uphold", "annul", "correct", "inadmissible"]
TYPES = sorted(NEGATIVE)
REASONS = "Looked at with care, and decided so."


IN_A_CONTEST = {
    # what may happen: how often, with what
    "add": (2, {"by": BY, "more": (False, True), "has_file": (False, True)}),
    "ask_for_a_hearing": (1, {"by": BY}),
    "appeal": (4, {"by": BY}),
    "take_back": (1, {"by": BY}),
    "answer_a_contest": (2, {"issuer": ISSUER, "has_file": (False, True)}),
    "concede": (1, {"issuer": ISSUER}),
    "reenter": (3, {"issuer": ISSUER, "is_new": [True, True, False]}),
    "rule_on": (
        7,
        {
            "reviewer": REVIEWER,
            "outcome": OUTCOMES,
            "kind": TYPES,
            "back": range(-1, 4),
            "thorough": [True] * 5 + [False],
        },
    ),
    "decide_on": (
        6,
        {
            "reviewer": REVIEWER,
            "outcome": OUTCOMES,
            "kind": TYPES,
            "back": range(-1, 4),
            "thorough": [True] * 5 + [False],
        },
    ),
    "extend": (1, {"reviewer": REVIEWER, "later": range(31)}),
    "look_whether_anything_is_new": (3, {"reviewer": REVIEWER, "admits": (False, True)}),
    "merge": (2, {"other": ANY, "reviewer": REVIEWER}),
    "step_back": (1, {"reviewer": REVIEWER}),
    "hear": (2, {"reviewer": REVIEWER, "ago": range(-1, 3)}),
    "two_rule_at_once": (1, {}),
}
IN_A_RESTRICTION = {
    "say": (2, {"by": BY}),
    "open_the_file": (6, {"reviewer": REVIEWER}),
    "decide_a_restriction": (
        8,
        {
            "reviewer": REVIEWER,
            "days": [30, 60, 90, 91, 180],
            "seconds": [200, 200, 200, 179],
            "thorough": [True] * 5 + [False],
            "names_a_fact": [True] * 5 + [False],
        },
    ),
    "decline": (1, {"reviewer": REVIEWER}),
    "object": (3, {"by": BY}),
    "settle": (6, {"reviewer": REVIEWER, "begins": [True, True, False]}),
    "tell_of_hardship": (3, {"by": BY, "soon": range(-3, 6), "length": range(32)}),
    "release": (2, {"by": ["counter", "board", "rail-clerk", "railway"]}),
    "lift": (1, {"by": ["rail-sales", "board", "counter"]}),
}


ELSE = {
    "contest_a_record": (
        12,
        {
            "who": WHO,
            "which": ANY,
            "other": [False] * 9 + [True],
            "by": BY,
            "has_file": (False, True),
            "ground": ["wrong", "wrong", "excused", "not-me"],
        },
    ),
    "propose": (
        2,
        {
            "who": WHO,
            "code": sorted(RESTRICTIONS),
            "count": range(1, 5),
            "days": [30, 60, 90, 120, 180, 181],
            "all_that_count": (False, True),
        },
    ),
    "bring_a_restriction_far": (
        7,
        {
            "who": WHO,
            "code": sorted(RESTRICTIONS),
            "days": [60, 120],
            "until": ["proposed", "half", "decided", "begun", "begun"],
        },
    ),
    "sleep": (10, {"days": [1, 1, 1, 2, 2, 3, 5, 8, 21]}),
    "sleep_until_a_clock_runs_out": (4, {"near": range(-1, 1), "which": ANY}),
    "sleep_and_be_awake": (
        2,
        {
            "days": [1, 7, 15, 30],
            "every": [1, 3, 10],
            "keep": (False, True),
        },
    ),
    "tick": (1, {}),
    "crash": (1, {}),
    "crash_during_the_next_step": (3, {"at": range(1, 81)}),
    "the_log_cannot_be_written": (2, {}),
    "the_log_is_mended": (3, {}),
    "the_clock_is_behind": (1, {"days": range(1, 4)}),
    "a_house_gets_another_key": (
        1,
        {"name": ["board", "institute", "railway", "coach", "rail-sales"]},
    ),
    "ask_about_somebody": (1, {"who": WHO}),
    "score_everybody": (1, {}),
    "give_a_mandate": (1, {"who": WHO}),
    "withdraw": (1, {"who": WHO, "finish": (False, True)}),
    "agree_again": (5, {"who": WHO}),
    "freeze": (1, {"who": WHO, "by": ["counter", *ISSUER]}),
    "resume": (2, {"who": WHO}),
    "confirm_a_stop": (1, {"who": WHO, "by": BY}),
    "erase": (1, {"who": WHO}),
    "change_a_record": (
        2,
        {"which": ANY, "issuer": ISSUER, "ends": (False, True), "later": range(91)},
    ),
    "record_something": (
        4,
        {
            "who": WHO,
            "issuer": ISSUER,
            "kind": [*sorted(NEGATIVE), "rail.help-given"],
            "ago": range(6),
            "signer": ["guard 7", "guard 8", "guard 9"],
            "second": ["", "office/clerk"],
        },
    ),
    "contest_a_score": (1, {"who": WHO, "by": BY}),
    "contest_a_restriction": (3, {"who": WHO, "which": ANY, "by": BY}),
}


def is_proposed(self):
    return any(case.state in RUNNING for case in self.words.restrictions)


class Court(RuleBasedStateMachine):
    """Whatever is played, the ledger says of every case, score and answer what the words say."""

    @initialize()
    def begin(self):
        self.root = Path(tempfile.mkdtemp(prefix="machine-", dir=IN_MEMORY))
        self.place = Place(copied(self.root), self.root, BEGIN)
        self.keys = self.place.stage.keys
        self.serial = 0
        self.seeds: Counter[int] = Counter()
        core = self.place.ledger._core
        packs = [(f, parse_pack(core.log.document(d))) for f, d in core.state.packs_of(CONTEXT)]
        self.words = Words(Schedule(packs), BEGIN)
        self.helpers: dict[int, SigningKey] = {}
        for person in range(PEOPLE):
            number = self.place.numbers[person]
            self.words.people.append(Person(core.vault.agreed.consents(number, CONTEXT)[0][0]))
            self.learn_records(person)
        assert len(self.words.records) == len(FIRST_RECORDS)
        self.gone: set[str] = set()

    def teardown(self):
        if not hasattr(self, "place"):
            return
        try:
            self.place.reopen()
            self.pass_days(1)
            self.place.ledger.tick(send=False)
            self.the_ledger_says_what_the_words_say()
            directory = self.place.ledger.directory
            self.place.close()
            problems = is_whole(directory)
            assert not problems, problems
        finally:
            self.place.close()
            shutil.rmtree(self.root)

    # --- helpers ------------------------------------------------------------------------------

    @property
    def ledger(self):
        return self.place.ledger

    @property
    def today(self):
        return self.words.day

    def learn_records(self, person):
        """Take in what was imported about somebody."""
        for name, opened in self.place.records(person).items():
            record = opened.record
            self.words.records.setdefault(
                name,
                Kept(
                    name,
                    person,
                    record.issuer,
                    record.type,
                    record.day,
                    opened.included,
                    tuple(record.signer.partition("; second: ")[::2]),
                ),
            )

    def key(self, name):
        key = self.keys[name].key
        assert key is not None
        return key

    def signer(self, person, by):
        """Give the key of somebody who speaks for a person, or means to."""
        match by:
            case "own":
                return self.place.stage.people[person]
            case "counter":
                return self.key("counter")
            case "helper":
                return self.helpers.get(person)
        return self.place.stage.people[(person + 1) % PEOPLE]

    def file(self):
        self.serial += 1
        return f"paper {self.serial}.txt", f"paper {self.serial}".encode()

    def contest_at(self, index, states=ALIVE):
        found = [c for c in self.words.contests if c.state in states]
        return found[index % len(found)] if found else None

    def restriction_at(self, index, states=RUNNING):
        found = [r for r in self.words.restrictions if r.state in states]
        return found[index % len(found)] if found else None

    def step(self, case, event, facts, key, wrong, files=()):
        """Take a step in a case; `wrong` says why the words forbid it."""
        taken = self.place.attempt(
            wrong, lambda: self.ledger.step(case.name, event, facts, key=key, files=files)
        )
        if taken is not None:
            case.steps += 1
            assert len(taken.events) == case.steps
            new = [leaf.hex() for leaf in getattr(taken.events[-1].facts, "files", ())]
            getattr(case, "files", getattr(case, "said", None)).update(new)
        return taken

    def pass_days(self, days):
        self.place.sleep(days)
        self.words.turn(self.place.day)

    # --- subjects -----------------------------------------------------------------------------

    def contest_a_record(self, who, which, other, by, has_file, ground):
        key = self.signer(who, by)
        mine = [k for k in self.words.records.values() if (k.person == who) != other]
        if key is None or not mine:
            return
        kept = mine[which % len(mine)]
        about = self.words.about(kept.id)
        counts = kept.id in self.words.counting(who)
        wrong = ""
        if kept.person != who:
            wrong = "the record is somebody else's"
        elif by == "stranger":
            wrong = "a stranger speaks for nobody"
        elif any(c.is_alive for c in about):
            wrong = "it is contested already"
        elif not counts and self.today >= act_by(kept.noticed, 184):
            wrong = "the time to contest is over"
        elif ground == "excused" and has_file:
            wrong = "papers that excuse are looked at, not kept"
        facts = {"target": "record", "named": kept.id, "words": "No.", "ground": ground}
        if ground == "not-me":
            facts["last_use"] = kept.day - 2
        self.open_contest(wrong, who, facts, key, kept.issuer, has_file=has_file)

    def open_contest(self, wrong, who, facts, key, issuer, *, has_file=False):
        files = [self.file()] if has_file else []
        name = self.place.names[who]
        taken = self.place.attempt(
            wrong,
            lambda: self.ledger.open_case(
                name, CONTEXT, "contest", "file", facts, key=key, files=files
            ),
        )
        if taken is not None:
            self.remember(taken, who, issuer, facts.get("ground", "wrong"))

    def remember(self, taken, who, issuer, ground, *, by_law=False):
        said = taken.first
        judged = {"closed", "dismissed", "joined"}
        is_again = any(
            (c.person, c.target, c.named) == (who, said.target, said.named) and c.state in judged
            for c in self.words.contests
        )
        contest = Contest(
            taken.name, who, said.target, said.named, issuer, ground, is_again, self.today
        )
        contest.files = {leaf.hex() for leaf in said.files}
        contest.last_use = said.last_use
        contest.by_law = by_law
        self.words.contests.append(contest)

    def contest_a_score(self, who, by):
        self.contest_something(who, by, "score", "")

    def contest_a_restriction(self, who, which, by):
        found = [r for r in self.words.restrictions if r.person == who]
        if found:
            self.contest_something(who, by, "restriction", found[which % len(found)].name)

    def contest_something(self, who, by, target, named):
        key = self.signer(who, by)
        if key is None:
            return
        wrong = "nobody is known by that name" if self.words.people[who].is_erased else ""
        wrong = wrong or self.not_speaking(by)
        for other in self.words.contests:
            same = (other.person, other.target, other.named) == (who, target, named)
            if same and other.is_alive:
                wrong = wrong or "it is contested already"
        facts = {"target": target, "named": named, "words": "No.", "ground": "other"}
        self.open_contest(wrong, who, facts, key, "")

    def add(self, which, by, more, has_file):
        case = self.contest_at(which)
        key = case and self.signer(case.person, by)
        if key is None:
            return
        wrong = self.not_speaking(by) or self.not_in(case, {"open", "triage", "appealed"})
        if more and (case.more_time or not has_file or case.state == "appealed"):
            wrong = wrong or "more time is given once, for new evidence, in the first instance"
        if case.ground == "excused" and has_file:
            wrong = wrong or "papers that excuse are looked at, not kept"
        facts = {"words": "And this.", "more_time": more}
        files = [self.file()] if has_file else []
        if self.step(case, "add", facts, key, wrong, files):
            case.more_time |= more

    @rule(seed=st.integers(0, 2**32 - 1))
    def go_on(self, seed):
        """Let something happen, the likelier the more it is worth.

        Drawn from a seed, not by Hypothesis: it loves extremes and repetition, and switches most rules
        of a machine off in any one run, so that what takes ten steps in order would not come about.
        """
        self.seeds[seed] += 1
        draw = Random(f"{seed} {self.seeds[seed]}")
        kinds = ["contest"] * 10 * bool(self.words.contests)
        kinds += ["restriction"] * 6 * is_proposed(self)
        kind = draw.choice([*kinds, *["else"] * 16])
        table = {"contest": IN_A_CONTEST, "restriction": IN_A_RESTRICTION, "else": ELSE}[kind]
        names = [name for name, (weight, _) in table.items() for _ in range(weight)]
        name = draw.choice(names)
        drawn = {key: draw.choice(values) for key, values in table[name][1].items()}
        if kind != "else":
            drawn["which"] = draw.choice(ANY)
        note(f"day {self.today - BEGIN}: {name} {drawn}")
        getattr(self, name)(**drawn)

    @staticmethod
    def not_speaking(by):
        return "a stranger speaks for nobody" if by == "stranger" else ""

    @staticmethod
    def not_in(case, states):
        return "" if case.state in states else f"it is {case.state}"

    def ask_for_a_hearing(self, which, by):
        case = self.contest_at(which)
        key = case and self.signer(case.person, by)
        if key is None:
            return
        wrong = self.not_speaking(by) or self.not_in(case, {"open", "appealed"})
        if self.step(case, "ask-hearing", {}, key, wrong):
            case.wants_hearing = True

    def appeal(self, which, by):
        case = self.contest_at(which, {"ruled"}) or self.contest_at(which, {"closed"})
        key = case and self.signer(case.person, by)
        if key is None:
            return
        wrong = self.not_speaking(by) or self.not_in(case, {"ruled"})
        if self.step(case, "appeal", {"words": "Look again."}, key, wrong):
            case.to("appealed", self.today)

    def take_back(self, which, by):
        case = self.contest_at(which)
        key = case and self.signer(case.person, by)
        if key is None:
            return
        if self.step(case, "take-back", {}, key, self.not_speaking(by)):
            is_ruled = case.state in {"ruled", "appealed"}
            case.to("closed" if is_ruled else "taken-back", self.today)

    def give_a_mandate(self, who):
        key = SigningKey.generate()
        facts = {
            "key": key.public.cose_key(), "kind": "attorney", "name": "Helper",
            "acts": ["contest", "restriction"], "contexts": [CONTEXT], "until": self.today + 900,
        }  # fmt: skip
        own = self.place.stage.people[who]
        taken = self.place.attempt(
            "",
            lambda: self.ledger.open_case(own.public, "", "mandate", "give", facts, key=own),
        )
        if taken is not None:
            self.helpers[who] = key

    # --- issuers ------------------------------------------------------------------------------

    def answer_a_contest(self, which, issuer, has_file):
        case = self.contest_at(which)
        if case is None:
            return
        wrong = self.not_in(case, {"open", "appealed"})
        wrong = wrong or ("it is another's record" if case.issuer != issuer else "")
        files = [self.file()] if has_file else []
        self.step(case, "answer", {"words": "It is so."}, self.key(issuer), wrong, files)

    def concede(self, which, issuer):
        case = self.contest_at(which)
        if case is None:
            return
        wrong = self.not_in(case, {"triage", "open", "ruled", "appealed"})
        wrong = wrong or ("it is another's record" if case.issuer != issuer else "")
        if self.step(case, "concede", {"words": "Our mistake."}, self.key(issuer), wrong):
            case.to("conceded", self.today)
            self.doubt_the_reference(case)

    def reenter(self, which, issuer, is_new):
        case = self.contest_at(which, {"closed"})
        if case is None:
            return
        wrong = "" if case.ruling.get("outcome") == "annul" else "it was not annulled"
        wrong = wrong or ("" if case.target == "record" else "no record was annulled")
        wrong = wrong or ("it is another's record" if case.issuer != issuer else "")
        old = [bytes.fromhex(leaf) for leaf in sorted(case.files)]
        if not is_new and not old:
            return
        wrong = wrong or ("" if is_new else "its evidence is old")
        facts = {"words": "Now it is proved.", "certified": True}
        files = [self.file()] if is_new else []
        if not is_new:
            facts["files"] = old
        if self.step(case, "re-enter", facts, self.key(issuer), wrong, files):
            case.to("reentered", self.today)
            case.noticed_again = self.today

    def change_a_record(self, which, issuer, ends, later):
        records = list(self.words.records.values())
        if not records:
            return
        kept = records[which % len(records)]
        wrong = "" if kept.issuer == issuer else "it is another's record"
        on = self.today + later
        event = "source-ends" if ends else "retract"
        facts = {"record": kept.id} | ({"on": on} if ends else {"words": "By mistake."})
        name, key = self.place.names[kept.person], self.key(issuer)
        taken = self.place.attempt(
            wrong, lambda: self.ledger.open_case(name, CONTEXT, "record", event, facts, key=key)
        )
        if taken is None:
            return
        if ends:
            kept.source_ends = on if kept.source_ends is None else min(on, kept.source_ends)
        else:
            kept.retracted = True

    def record_something(self, who, issuer, kind, ago, signer, second):
        if len(self.words.records) > 24:
            return
        self.serial += 1
        rows = [(who, issuer, kind, self.today - ago)]
        before = len(self.place.records(who))
        ledger, keys, tag = self.ledger, self.keys, f"later-{self.serial}"
        self.place.needs_log(lambda: deliver(ledger, keys, rows, tag, signer=signer, second=second))
        is_taken = not self.place.is_log_broken and self.may_be_recorded(who, self.today - ago)
        if self.words.may_not_issue(who, issuer, kind, self.today - ago, (signer, second)):
            is_taken = False
        assert len(self.place.records(who)) == before + is_taken
        self.learn_records(who)

    def may_be_recorded(self, who, day):
        """Consent lives now, and lived on the day: under an earlier one, it is kept and is nothing."""
        person = self.words.people[who]
        return person.lives and person.covers(day)

    # --- reviewers ----------------------------------------------------------------------------

    def judged(self, case):
        """Name the issuers whose work a contest puts in question."""
        if case.issuer:
            return {case.issuer}
        named = [k for k in self.words.records.values() if k.person == case.person]
        if case.target == "restriction":
            struck = next(r for r in self.words.restrictions if r.name == case.named)
            named = [self.words.records[name] for name in struck.records]
        return {k.issuer for k in named if k.noticed < self.today}

    def not_fit(self, case, reviewer):
        """Tell why the words keep a reviewer from judging a contest."""
        if is_tied(reviewer, self.judged(case)):
            return "they would judge their own employer, or for one who asks"
        if reviewer in case.recused:
            return "they stepped back"
        if case.target == "restriction":
            struck = next(r for r in self.words.restrictions if r.name == case.named)
            if reviewer in {*struck.deciders, struck.settler}:
                return "they decided what is contested"
        return ""

    def rule_on(self, which, reviewer, outcome, kind, back, thorough):
        case = self.contest_at(which, {"open"}) or self.contest_at(which)
        if case is None:
            return
        wrong = self.not_in(case, {"open"})
        if self.pass_judgement(case, "rule", wrong, reviewer, outcome, kind, back, thorough):
            case.first = reviewer
            case.to("closed" if outcome == "annul" else "ruled", self.today)
            if outcome == "annul":
                self.doubt_the_reference(case)

    def decide_on(self, which, reviewer, outcome, kind, back, thorough):
        case = self.contest_at(which, {"appealed"}) or self.contest_at(which, {"ruled"})
        if case is None:
            return
        wrong = self.not_in(case, {"appealed"})
        if not wrong and house(reviewer) == house(case.first):
            wrong = "the same house decided first"
        if self.pass_judgement(case, "decide", wrong, reviewer, outcome, kind, back, thorough):
            case.to("closed", self.today)
            if outcome == "annul":
                self.doubt_the_reference(case)

    def pass_judgement(self, case, event, wrong, reviewer, outcome, kind, back, thorough):
        named = [case.named] if case.target in {"record", "restriction"} else []
        wanted = [*named, *sorted(case.files)]
        ruling = {"outcome": outcome, "reasons": REASONS, "opened": wanted or ["the score"]}
        wrong = wrong or self.not_fit(case, reviewer)
        if case.wants_hearing:
            wrong = wrong or "a hearing was asked for"
        if not thorough and wanted:
            ruling["opened"] = [*wanted[1:], "something else"]
            wrong = wrong or "not everything was opened"
        if outcome == "correct":
            wrong = wrong or ("" if case.target == "record" else "only a record is corrected")
            ruling |= {"type": kind} if back < 0 else {"type": kind, "on": self.today - back}
            wrong = wrong or self.not_milder(case, kind, None if back < 0 else self.today - back)
        if self.step(case, event, ruling, self.key(reviewer), wrong):
            case.ruling = ruling
            return True
        return False

    def not_milder(self, case, kind, on):
        """Tell whether a correction would lower the score on some day of 24 months."""
        kept = self.words.records[case.named]
        tiers = ("general", "serious")
        held = [
            c.ruling.get("type") for c in self.words.about(kept.id) if c.result() == "corrected"
        ]
        before = NEGATIVE.get(str(held[-1]) if held else kept.type, "general")
        if tiers.index(NEGATIVE[kind]) > tiers.index(before):
            return "it is of a heavier tier"
        person = self.words.people[kept.person]
        if not person.lives or kept.day < person.since:
            return ""
        rest = [f for f in self.words.facts(kept.person) if f.id != kept.id]
        plain = RecordFact(kept.id, kept.type, kept.day, kept.noticed)
        changed = RecordFact(kept.id, kind, kept.day if on is None else on, kept.noticed)
        schedule = self.words.schedule
        lines = [forecast([*rest, one], schedule, self.today) for one in (plain, changed)]
        for day in {outlook.day for line in lines for outlook in line}:
            was, would = (score([*rest, one], schedule, day).raw for one in (plain, changed))
            if would < was:
                return "it would lower the score"
        return ""

    def doubt_the_reference(self, case):
        """After a "not me" that was right: what else came by that reference is contested too."""
        self.words.settle()
        if case.ground != "not-me":
            return
        wrong_one = self.words.records[case.named]
        busy = {c.named for c in self.words.contests if c.state != "taken-back"}
        for kept in list(self.words.records.values()):
            same = (kept.person, kept.issuer) == (wrong_one.person, wrong_one.issuer)
            if same and kept.is_negative and kept.day > case.last_use and kept.id not in busy:
                [new] = [
                    c for c in self.place.cases(kept.person)
                    if c.lifecycle == "contest" and c.first.named == kept.id
                    and c.name not in {known.name for known in self.words.contests}
                ]  # fmt: skip
                self.remember(new, kept.person, kept.issuer, "wrong", by_law=True)

    def extend(self, which, reviewer, later):
        case = self.contest_at(which)
        if case is None:
            return
        until = self.today + later
        wrong = self.not_in(case, {"open"}) or self.not_fit(case, reviewer)
        if not wrong and (until > case.opened + 20 or case.ground == "not-me"):
            wrong = "it would take longer than 20 days, or than the issuer has to prove who it was"
        facts = {"until": until, "reasons": REASONS}
        if self.step(case, "extend", facts, self.key(reviewer), wrong):
            case.extended = max(case.extended, until)

    def look_whether_anything_is_new(self, which, reviewer, admits):
        case = self.contest_at(which, {"triage", "open"})
        if case is None:
            return
        wrong = self.not_in(case, {"triage"}) or self.not_fit(case, reviewer)
        event = "admit" if admits else "dismiss"
        if self.step(case, event, {"reasons": REASONS}, self.key(reviewer), wrong):
            case.to("open" if admits else "dismissed", self.today)

    def merge(self, which, other, reviewer):
        case, into = self.contest_at(which, {"open"}), self.contest_at(other, {"open", "appealed"})
        if case is None or into is None:
            return
        wrong = self.not_fit(case, reviewer)
        same = (case.person, case.target, case.issuer) == (into.person, into.target, into.issuer)
        if case is into or not same:
            wrong = wrong or "they do not fit"
        if any(c.into is case and c.state == "merged" for c in self.words.contests):
            wrong = wrong or "another was merged into it"
        if self.step(case, "merge", {"into": into.name}, self.key(reviewer), wrong):
            case.into = into
            case.to("merged", self.today)

    def step_back(self, which, reviewer):
        case = self.contest_at(which)
        if case is None:
            return
        wrong = self.not_in(case, {"open", "triage", "appealed"})
        if self.step(case, "recuse", {"reasons": REASONS}, self.key(reviewer), wrong):
            case.recused.add(reviewer)

    def hear(self, which, reviewer, ago):
        case = self.contest_at(which)
        if case is None:
            return
        wrong = self.not_in(case, {"open", "appealed"}) or self.not_fit(case, reviewer)
        on = self.today - ago
        if not case.filed <= on <= self.today:
            wrong = wrong or "it was not held while the contest was open"
        facts = {"on": on, "present": ["the subject"], "minutes": "Both sides were heard."}
        if self.step(case, "hear", facts, self.key(reviewer), wrong):
            case.wants_hearing = False

    def two_rule_at_once(self, which):
        case = self.contest_at(which, {"open"})
        if case is None or case.wants_hearing or self.place.crash_at:
            return
        fit = [name for name in REVIEWERS if not self.not_fit(case, name)]
        named = [case.named] if case.target in {"record", "restriction"} else []
        ruling = {
            "outcome": "uphold", "reasons": REASONS,
            "opened": [*named, *sorted(case.files)] or ["the score"],
        }  # fmt: skip
        drafts = [
            self.ledger.draft_step(case.name, "rule", ruling, by=self.key(name).public).signed(
                self.key(name)
            )
            for name in fit[:2]
        ]
        if len(drafts) < 2:
            return
        taken = self.ledger.take_step(drafts[0])
        before = self.place.print()
        with pytest.raises(Refused, match="E-CASE-12"):
            self.ledger.take_step(drafts[1])
        assert self.place.print() == before
        case.steps += 1
        assert len(taken.events) == case.steps
        case.ruling, case.first = ruling, fit[0]
        case.to("ruled", self.today)

    # --- restrictions -------------------------------------------------------------------------

    def propose(self, who, code, count, days, all_that_count):
        mine = [k.id for k in self.words.records.values() if k.person == who and k.is_negative]
        counting = self.words.counting(who)
        named = [name for name in mine if name in counting or not all_that_count][:count]
        if all_that_count:
            tier = RESTRICTIONS[code][1]
            named = [n for n in mine if NEGATIVE.get(counting.get(n, "")) == tier][:count]
        if not named:
            return
        wrong = ""
        if days > RESTRICTIONS[code][0]:
            wrong = "it would be longer than the pack allows"
        elif any(name not in counting for name in named):
            wrong = "a record does not count"
        elif not self.words.meets(who, code, named):
            wrong = "the records are not enough"
        elif any(
            (r.person, r.code) == (who, code) and r.state in RUNNING
            for r in self.words.restrictions
        ):
            wrong = "the same is open"
        facts = {"code": code, "records": named, "days": days, "words": "Under our terms."}
        name, key = self.place.names[who], self.key("rail-sales")
        taken = self.place.attempt(
            wrong,
            lambda: self.ledger.open_case(name, CONTEXT, "restriction", "propose", facts, key=key),
        )
        if taken is not None:
            self.words.restrictions.append(
                Restriction(taken.name, who, code, tuple(named), days, self.today)
            )

    def bring_a_restriction_far(self, who, code, days, until):
        """Take the shortest way, which chance alone would hardly find."""
        known = len(self.words.restrictions)
        self.propose(who, code, 3, days, all_that_count=True)
        if len(self.words.restrictions) == known or until == "proposed":
            return
        made = self.words.restrictions[-1]
        place = [r for r in self.words.restrictions if r.state in RUNNING].index(made)
        humans = ["board", "institute"][: 1 if until == "half" or days <= 90 else 2]
        for human in humans:
            self.open_the_file(place, human)
            self.decide_a_restriction(place, human, days, 200, thorough=True, names_a_fact=True)
        due = made.due()
        if until == "begun" and made.state == "decided" and due < LAST_DAY:
            self.pass_days(due - self.today)

    def tied_to(self, case, reviewer):
        issuers = {self.words.records[name].issuer for name in case.records}
        return "they would judge their own employer" if is_tied(reviewer, issuers) else ""

    def say(self, which, by):
        case = self.restriction_at(which)
        key = case and self.signer(case.person, by)
        if key is None:
            return
        wrong = self.not_speaking(by)
        wrong = wrong or self.not_in(case, {"proposed", "half", "decided", "objected"})
        self.step(case, "say", {"words": "Please."}, key, wrong, [self.file()])

    def open_the_file(self, which, reviewer):
        case = self.restriction_at(which)
        if case is None:
            return
        wrong = self.not_in(case, {"proposed", "half", "objected"}) or self.tied_to(case, reviewer)
        if self.step(case, "open", {}, self.key(reviewer), wrong):
            case.opened_by.add(reviewer)

    def decide_a_restriction(self, which, reviewer, days, seconds, thorough, names_a_fact):
        case = self.restriction_at(which)
        if case is None:
            return
        wrong = self.not_in(case, {"proposed", "half"}) or self.tied_to(case, reviewer)
        if days > case.days and not wrong:
            # a later decision may name more than the first and softens nothing: the least holds
            proposed = self.place.ledger.case(case.name).first.days
            wrong = "it may only soften" if days > proposed else ""
        wrong = wrong or self.not_looked(case, reviewer, seconds)
        opened = [*case.records, *sorted(case.said)]
        if not thorough:
            opened = [*opened[1:], "something else"]
            wrong = wrong or "not everything was opened"
        reasons = f"{REASONS} It was {case.records[0]}." if names_a_fact else REASONS
        wrong = wrong or ("" if names_a_fact else "the reasons name no fact")
        facts = {"days": days, "reasons": reasons, "opened": opened, "active_seconds": seconds}
        if self.step(case, "decide", facts, self.key(reviewer), wrong):
            is_half = case.state == "proposed" and days > 90
            case.deciders.append(reviewer)
            case.days = min(case.days, days)
            case.to("half" if is_half else "decided", self.today)

    def not_looked(self, case, reviewer, seconds):
        if reviewer in case.deciders:
            return "they have decided here before"
        if seconds < 180 or reviewer not in case.opened_by:
            return "they did not look for three minutes"
        return ""

    def decline(self, which, reviewer):
        case = self.restriction_at(which)
        if case is None:
            return
        wrong = self.not_in(case, {"proposed", "half"}) or self.tied_to(case, reviewer)
        if self.step(case, "decline", {"reasons": REASONS}, self.key(reviewer), wrong):
            case.to("declined", self.today)

    def object(self, which, by):
        case = self.restriction_at(which)
        key = case and self.signer(case.person, by)
        if key is None:
            return
        wrong = self.not_speaking(by) or self.not_in(case, {"decided"})
        if self.step(case, "object", {"words": "No."}, key, wrong):
            case.to("objected", self.today)

    def settle(self, which, reviewer, begins):
        case = self.restriction_at(which)
        if case is None:
            return
        wrong = self.not_in(case, {"objected"}) or self.tied_to(case, reviewer)
        wrong = wrong or self.not_looked(case, reviewer, 200)
        facts = {
            "outcome": "begin" if begins else "decline", "active_seconds": 200,
            "reasons": f"{REASONS} It was {case.records[0]}.",
        }  # fmt: skip
        if self.step(case, "settle", facts, self.key(reviewer), wrong):
            case.settler = reviewer
            case.to("confirmed" if begins else "declined", self.today)

    def tell_of_hardship(self, which, by, soon, length):
        case = self.restriction_at(which)
        key = case and self.signer(case.person, by)
        if key is None:
            return
        first, last = self.today + soon, self.today + soon + length
        wrong = self.not_speaking(by) or self.not_in(case, {"decided", "confirmed", "begun"})
        if length > 30 or last < self.today:
            wrong = wrong or "it is too long, or past"
        facts = {"ground": "funeral", "first": first, "last": last, "words": "A funeral."}
        if self.step(case, "hardship", facts, key, wrong):
            case.hardships[case.steps - 1] = (first, last, self.today)

    def release(self, which, by):
        case = self.restriction_at(which)
        if case is None:
            return
        told = next(iter(case.hardships), None)
        wrong = self.not_in(case, {"decided", "confirmed", "begun"})
        wrong = wrong or ("no hardship was told" if told is None else "")
        wrong = wrong or ("an issuer releases nobody" if by == "railway" else "")
        if self.step(case, "release", {"step": told or 0}, self.key(by), wrong):
            case.released.add(told)

    def lift(self, which, by):
        case = self.restriction_at(which)
        if case is None:
            return
        wrong = "a desk lifts nothing" if by == "counter" else ""
        if self.step(case, "lift", {"words": "Enough."}, self.key(by), wrong):
            case.to("lifted", self.today)

    # --- consent ------------------------------------------------------------------------------

    def withdraw(self, who, finish):
        person, key = self.words.people[who], self.place.stage.people[who]
        wrong = "" if person.left is None else "they left before"
        if self.place.attempt(wrong, lambda: self.ledger.withdraw(key, CONTEXT, finish=finish)):
            self.words.leave(who, finish=finish)
            self.place.never_left.discard(who)

    def agree_again(self, who):
        """A new consent starts at the base; its references are linked anew if they were erased."""
        person, key = self.words.people[who], self.place.stage.people[who]
        if person.left is None:
            return
        is_today = person.left == self.today or (
            person.how == "withdrawn" and person.gone == self.today
        )
        wrong = "they left today" if is_today and not person.is_erased else ""
        if not self.place.attempt(wrong, lambda: self.ledger.consent(key, CONTEXT)):
            return
        earlier = [] if person.is_erased else [*person.earlier, (person.since, person.left)]
        again = self.words.people[who] = Person(self.today, earlier=earlier)
        again.gaps = list(person.gaps)
        again.before = person.gone
        if person.is_erased:
            for issuer in ISSUERS:
                self.ledger.link(
                    self.place.names[who], card(who, issuer), CONTEXT, issuer=issuer,
                    by=self.key(issuer),
                )  # fmt: skip

    def freeze(self, who, by):
        """At a desk, or by an issuer's reference; about nobody, it is answered alike."""
        person = self.words.people[who]
        name = self.place.names[who] if by == "counter" else card(who, by)
        stopped = self.place.attempt(
            "", lambda: self.ledger.freeze(name, CONTEXT, key=self.key(by))
        )
        if stopped is None:
            return
        assert (stopped.day, stopped.final) == (self.today, self.today + 14)
        if person.lives:
            person.stop = Stop(stopped.case, who, self.today)
            self.words.stops.append(person.stop)
            self.place.never_left.discard(who)

    def resume(self, who):
        person, key = self.words.people[who], self.place.stage.people[who]
        wrong = "" if person.is_frozen else "nothing is stopped"
        if self.place.attempt(wrong, lambda: self.ledger.resume(key, CONTEXT)):
            person.gaps.append((person.stop.opened, self.today))
            person.stop.to("resumed", self.today)
            person.stop = None

    def confirm_a_stop(self, who, by):
        person = self.words.people[who]
        if person.stop is None or by == "helper":
            return
        name, key = person.stop.name, self.signer(who, by)
        wrong = self.not_speaking(by) or ("" if person.is_frozen else "it is final")
        if self.place.attempt(wrong, lambda: self.ledger.confirm_stop(name, key=key)):
            self.words.leave(who)
            person.how = "stopped"

    def erase(self, who):
        person, key = self.words.people[who], self.place.stage.people[who]
        wrong = "nothing is left" if person.is_erased else self.words.is_wanted(who)
        if self.place.attempt(wrong, lambda: self.ledger.erase(CONTEXT, key=key)):
            self.words.erase(who)
            self.place.never_left.discard(who)

    def forget_what_was_erased(self, who):
        """What somebody left behind goes when `tick` comes, 30 days after, and never sooner."""
        person = self.words.people[who]
        if person.is_erased:
            return
        there = {c.name for c in self.place.cases(who)}
        kept = self.place.records(who)
        gone = [c for c in self.words.contests if c.person == who and c.name not in there]
        gone += [r for r in self.words.restrictions if r.person == who and r.name not in there]
        gone += [stop for stop in self.words.stops if stop.person == who and stop.name not in there]
        lost = [k for k in self.words.records.values() if k.person == who and k.id not in kept]
        if not gone and not lost:
            return
        left = person.before if person.lives or person.is_frozen else person.gone
        assert left is not None, "something of somebody who never left is gone"
        assert left + 30 <= self.today, "it went before its time"
        if person.left is not None:
            self.words.erase(who)
            return
        for one in lost:
            del self.words.records[one.id]
        self.words.contests = [c for c in self.words.contests if c not in gone]
        self.words.restrictions = [r for r in self.words.restrictions if r not in gone]
        self.words.stops = [stop for stop in self.words.stops if stop not in gone]

    # --- time, crashes, the log ---------------------------------------------------------------

    def sleep(self, days):
        if self.today + days < LAST_DAY:
            self.pass_days(days)

    def sleep_until_a_clock_runs_out(self, near, which):
        """Where something changes, and on the day before, mistakes are made."""
        cases = [*self.words.contests, *self.words.restrictions]
        dues = sorted({due for case in cases if (due := case.due()) is not None})
        if dues:
            day = dues[which % len(dues)] + near
            if self.today < day < LAST_DAY:
                self.pass_days(day - self.today)

    def sleep_and_be_awake(self, days, every, keep):
        if not self.place.is_log_broken and self.today + days < LAST_DAY:
            self.place.sleep_twice(days, every, keep_ticked=keep)
            self.words.turn(self.place.day)

    def tick(self):
        """Publish what is due, unless the log cannot be written."""
        if self.place.is_log_broken:
            with pytest.raises(StandingError):
                self.ledger.score_all(CONTEXT)
        else:
            self.place.ledger.tick(send=False)

    def crash(self):
        self.place.crash()

    def crash_during_the_next_step(self, at):
        self.place.crash_at = at

    def the_log_cannot_be_written(self):
        if self.place.is_log_broken:
            return
        self.place.break_log()

    def the_log_is_mended(self):
        if not self.place.is_log_broken:
            return
        self.place.reopen()

    def the_clock_is_behind(self, days):
        """Whoever's clock went back can read, and can do nothing until it is right."""
        self.place.go_back(days)
        before = self.place.print()
        own = self.place.stage.people[0]
        facts = {"target": "score", "words": "No.", "ground": "other", "again": False}
        core = self.ledger._core
        # the ledger knows a day only by what was written on it or before
        known = max(core.state.day, core.vault.marks.newest_waiting())
        if core.today < known:
            with pytest.raises(Refused, match="E-CLOCK-02"):
                self.ledger.open_case(own.public, CONTEXT, "contest", "file", facts, key=own)
        assert self.place.print() == before
        self.place.reopen()

    def a_house_gets_another_key(self, name):
        """The house and its past stay the same: also for who may judge whom."""
        if self.place.is_log_broken:
            return
        ledger, operator = self.ledger, self.keys["city-office"]
        old = self.keys[name].public.thumbprint
        ledger.revoke(old, "lost", by=operator)
        accredit(ledger, self.keys, name)

    def ask_about_somebody(self, who):
        if self.place.is_log_broken:
            return
        self.serial += 1
        holding = self.words.answers(who)
        wanted = next((code for code in RESTRICTIONS if code in holding), "clear")
        assert self.place.answer(who, self.serial.to_bytes(16, "big")) == wanted

    def score_everybody(self):
        if self.place.is_log_broken:
            return
        population = self.ledger.score_all(CONTEXT)
        lives = [who for who in range(PEOPLE) if self.words.people[who].lives]
        wanted = sorted(self.words.score(who) for who in lives)
        assert [v for value, n in population.histogram for v in [value] * n] == wanted

    # --- what is held -------------------------------------------------------------------------

    @invariant()
    def the_ledger_says_what_the_words_say(self):
        if not hasattr(self, "words"):
            return
        self.words.turn(self.place.day)
        for person in range(PEOPLE):
            self.forget_what_was_erased(person)
            self.cases_are_as_the_words_say(person)
            self.scores_are_as_the_words_say(person)
            self.restrictions_hold_only_in_their_time(person)

    def cases_are_as_the_words_say(self, person):
        every = [*self.words.contests, *self.words.restrictions, *self.words.stops]
        known = {c.name: c for c in every}
        found = {c.name: c for c in self.place.cases(person)}
        told = {
            name: (c.state, c.since, c.due) for name, c in found.items() if c.lifecycle != "record"
        }
        wanted = {
            name: (c.state, c.since, c.due()) for name, c in known.items() if c.person == person
        }
        assert told == wanted

    def scores_are_as_the_words_say(self, person):
        result = self.place.score(person)
        if not self.words.people[person].lives:
            assert result is None, "who stopped has no score"
            return
        assert result.score == self.words.score(person)
        assert result.score >= self.words.score_uncontested(person), "a contest lowered the score"
        for reason in result.reasons:
            kept = self.words.records[reason.record]
            results = {c.result() for c in self.words.about(kept.id)}
            is_back = "back" in results and "gone" not in results
            if kept.is_negative and results & {"open", "lapsed", "gone"}:
                assert reason.counted == 0
            if "lapsed" in results or ("gone" in results and not is_back):
                self.gone.add(kept.id)
            if kept.id in self.gone and "back" not in results and kept.is_negative:
                assert reason.counted == 0, "what was gone came back"

    def restrictions_hold_only_in_their_time(self, person):
        holding = self.place.answers(person)
        assert holding == self.words.answers(person)
        for code in holding:
            [held] = [
                r for r in self.words.restrictions
                if (r.person, r.code, r.state) == (person, code, "begun")
            ]  # fmt: skip
            assert held.decided + 7 <= held.begun <= self.today < held.begun + held.days
            humans = {*held.deciders, held.settler} - {""}
            assert len(humans) >= (2 if held.days > 90 else 1)
            assert not any(self.tied_to(held, human) for human in humans)
            assert held.days <= RESTRICTIONS[code][0]


FEW = settings(
    max_examples=300 if LONG else 30,
    stateful_step_count=50,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    database=None,
    derandomize=not LONG,
    print_blob=True,
    phases=[Phase.generate] if os.environ.get("STANDING_MACHINE") == "quick" else list(Phase),
    report_multiple_bugs=False,
)


class TestCourt(Court.TestCase):
    settings = FEW
