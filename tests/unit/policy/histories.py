"""Hypothesis strategies: records of every status under the sample packs and small invented ones."""

import msgspec
from hypothesis import strategies as st

from standing.policy import Pack, RecordFact, Schedule

START = 20_000
STATUSES = ("effective", "contested", "annulled", "lapsed", "retracted")


def pack_of(acts, *, version=1, force=START, recoveries=(), notice=7, base=1000):
    """A pack with the given acts; complete in form, small in content."""
    plain = {
        "format": "standing/pack/1",
        "linter": 1,
        "context": "test",
        "version": version,
        "title": "Test",
        "setting": "rail",
        "source": "rail-terms",
        "subjects": ["person"],
        "published": "2024-01-01",
        "force": "2024-10-04",
        "change": {"first_force": "2024-10-04", "summary": "first pack: nothing to compare"},
        "base": base,
        "floor": 0,
        "ceiling": 2 * base,
        "bands": [{"name": "low", "least": 0}, {"name": "high", "least": base - 50}],
        "score_of": ["test"],
        "window_days": 30,
        "notice_days": notice,
        "contest_days": 184,
        "acts": acts,
        "recoveries": list(recoveries),
        "purposes": {},
        "organisations": [],
        "impact": {"result": "not shown"},
        "calendar": {"weekend": [], "holidays": {}},
    }
    from standing.policy._schema import PackDay, read_day

    pack = msgspec.convert(plain, Pack, dec_hook=read_day)
    return msgspec.structs.replace(pack, force=PackDay(force))


def act(points, ages, *, cap, window=90, warn=False):
    return {
        "tier": "general",
        "points": points,
        "validity_days": ages[-1][0],
        "ages": ages,
        "cap": cap,
        "window_days": window,
        "inputs": ["staff-report"],
        "warn_first": warn,
    }


ACTS = {
    "noise": act(-6, [[10, -4], [20, -2], [30, 0]], cap=15, window=30, warn=True),
    "fare": act(-40, [[40, -20], [90, 0]], cap=100),
    "grave": act(-120, [[100, -60], [200, 0]], cap=200, window=210),
    "help": act(10, [[45, 5], [90, 0]], cap=25),
    "lesson": act(0, [[200, 0]], cap=0, window=210),
}
RECOVERIES = (
    {"kind": "lesson", "act": "lesson", "restores": ["noise", "fare", "grave"], "points": 30},
)
PACK = pack_of(ACTS, recoveries=RECOVERIES)
MILDER = pack_of(
    {**ACTS, "fare": act(-20, [[30, -10], [60, 0]], cap=80), "noise": ACTS["noise"]},
    version=2,
    force=START + 90,
    notice=14,
)
HARSHER = pack_of(
    {key: value for key, value in ACTS.items() if key != "help"}
    | {"fare": act(-60, [[60, -30], [90, 0]], cap=240)},
    version=3,
    force=START + 180,
)
BURDENS = ("noise", "fare", "grave")


def records(types=tuple(ACTS), statuses=STATUSES, sources=True):
    """Histories of up to twelve records around the packs' windows."""
    expiries = st.none() | st.integers(START, START + 400) if sources else st.none()
    one = st.builds(
        lambda type_, day, delay, status, source: (type_, day, day + delay, status, source),
        st.sampled_from(types),
        st.integers(START - 40, START + 260),
        st.integers(0, 20),
        st.sampled_from(statuses),
        expiries,
    )
    return st.lists(one, max_size=12).map(
        lambda rows: [RecordFact(f"r{i:02}", *row) for i, row in enumerate(rows)]
    )


# --- invented packs ---------------------------------------------------------------------------------


@st.composite
def _acts(draw):
    """Acts that every linter rule about ages allows; windows are whole steps of thirty days."""
    made = {}
    for name in draw(st.lists(st.sampled_from("abcdefg"), min_size=1, max_size=5, unique=True)):
        sign = -1 if name < "e" else 1
        size = draw(st.integers(0 if sign > 0 else 1, 200))
        days = sorted(draw(st.sets(st.integers(1, 200), min_size=1, max_size=4)))
        sizes = sorted((draw(st.integers(0, size)) for _ in days[1:]), reverse=True)
        ages = [[day, sign * left] for day, left in zip(days, [*sizes, 0], strict=True)]
        cap = size if size == 0 else draw(st.integers(size, 3 * size))
        warn = sign < 0 and draw(st.sampled_from((True, True, False)))
        made[name] = act(sign * size, ages, cap=cap, window=WINDOWS[name], warn=warn)
    return made


WINDOWS = {"a": 30, "b": 60, "c": 90, "d": 210, "e": 30, "f": 90, "g": 210}


@st.composite
def schedules(draw):
    """One to three packs of one context: invented ones, or those above."""
    if draw(st.booleans()):
        later = [(START + 90, MILDER), (START + 180, HARSHER)]
        return Schedule([(START, PACK), *later[: draw(st.integers(0, 2))]])
    packs = []
    for version in range(1, draw(st.integers(1, 3)) + 1):
        acts = draw(_acts())
        helpers = [name for name in acts if name in "efg"]
        burdens = [name for name in acts if name in "abcd"]
        routes = [
            {"kind": "lesson", "act": helper, "points": draw(st.integers(1, 120)),
             "yearly": draw(st.integers(0, 2)),
             "restores": draw(st.lists(st.sampled_from(burdens), min_size=1, unique=True))}
            for helper in helpers if burdens and draw(st.booleans())
        ]  # fmt: skip
        force = START + 30 * (version - 1) * draw(st.integers(1, 4)) if version > 1 else START
        packs.append((force, acts, routes, draw(st.integers(0, 20))))
    by_force = {force: rest for force, *rest in packs}
    return Schedule(
        (force, pack_of(acts, version=n, force=force, recoveries=routes, notice=notice))
        for n, (force, (acts, routes, notice)) in enumerate(sorted(by_force.items()), 1)
    )


@st.composite
def _dense(draw, types):
    """Up to ten records on few days of few types: warnings, limits and lessons meet often."""
    types = draw(st.lists(st.sampled_from(types), min_size=1, max_size=4, unique=True))
    late = st.integers(START + 355, START + 375)  # the turn of a year
    days = draw(st.lists(st.integers(START - 40, START + 130) | late, min_size=1, max_size=5))
    delays = draw(st.lists(st.integers(0, 3), min_size=1, max_size=2))
    statuses = draw(st.sampled_from((("effective",), ("effective",), STATUSES)))
    rows = [
        (*(draw(st.sampled_from(pool)) for pool in (types, days, delays, statuses)),)
        for _ in range(draw(st.integers(1, 10)))
    ]
    return [RecordFact(f"r{i:02}", t, d, d + e, s) for i, (t, d, e, s) in enumerate(rows)]


def populations(types=(*ACTS, *WINDOWS)):
    """One to six subjects with histories of every status; some types no pack may know."""
    histories = _dense(types) | _dense(types) | records(types=types)
    return st.dictionaries(st.integers(1, 2**63 - 1), histories, min_size=1, max_size=6)


@st.composite
def cases(draw, scheduled=None):
    """A schedule with a population whose records are mostly of types that it knows."""
    schedule = draw(scheduled or (schedules() | plain_schedules()))
    known = tuple(sorted(schedule.windows))
    types = draw(st.sampled_from((known, known, (*known, "noise", "a"))))
    return draw(populations(types)), schedule


@st.composite
def moments(draw, facts, schedule, least=START):
    """A day on which something turns, or its neighbour: where scorers differ if they do."""
    turns = {
        turn + near
        for mine in facts.values()
        for fact in mine
        for turn in schedule.turning_days(fact.type, fact.day, fact.noticed)
        for near in (-1, 0, 1)
        if turn + near >= least
    }
    anywhere = st.integers(least, least + 420)
    return draw(st.sampled_from(sorted(turns)) | anywhere if turns else anywhere)


def plain_schedules():
    """One invented pack that gives nothing back: the scorer's shortest way."""
    return _acts().map(lambda acts: Schedule([(START, pack_of(acts, notice=2))]))
