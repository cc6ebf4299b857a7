"""The arithmetic of a pack: what one record, many records and all of them come to.

Every number follows from the pack alone, for someone who stands at base. `page` writes the
reference of the sample packs, `show_text` one pack in plain words.
"""

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from standing.policy._hit import burdens, most_at_once
from standing.policy._schema import Act, Pack
from standing.policy._words import (
    counted,
    end,
    fading,
    gives_back,
    instead,
    listed,
    names_of,
    needs,
    route,
    steps,
    takes,
)
from standing.wire.days import format_day

_HEAD: Final = (
    "# The sample packs: their arithmetic\n"
    "\n"
    "Made from the packs by `make docs`: each number follows from the pack alone.\n"
    '"At once" is the cap times the windows that can hold counting records on one day.\n'
    '"To the next band" and "to the lowest" say how many fresh records of the kind in one window '
    "lead from base to the band below and to the lowest one; "
    "a dash says that the records of one window do not.\n"
    "After its last day a record is gone and counts nothing.\n"
)
_COLUMNS: Final = (
    "act", "tier", "points", "later (from day: points)", "cap", "window", "at once",
    "to the next band", "to the lowest", "gone after",
)  # fmt: skip
_SUBJECTS: Final = {
    "person": "persons", "sole_trader": "sole traders", "organisation": "organisations",
}  # fmt: skip


class ActFacts(msgspec.Struct, frozen=True):
    """What follows for one act.

    `to_next` and `to_lowest`: how many fresh records in one window lead from base to the next band
    below and to the lowest; None where the cap ends them before, and for acts that burden nobody.
    `gone_after`: days from conduct until a record is gone.
    """

    code: str
    name: str
    at_once: int
    to_next: int | None
    to_lowest: int | None
    gone_after: int


class Arithmetic(msgspec.Struct, frozen=True):
    """What follows for a pack: `worst` and `minor_worst` are scores, `heaviest` is points."""

    acts: tuple[ActFacts, ...]
    heaviest: int
    worst: int
    minor_worst: int


def arithmetic(pack: Pack) -> Arithmetic:
    """Work out what a pack's weights come to."""
    names = names_of(pack.acts)
    below = [band.least for band in pack.bands if band.least <= pack.base]
    to_next, to_lowest = pack.base - below[-1] + 1, pack.base - pack.bands[1].least + 1
    acts = tuple(
        ActFacts(
            code,
            names[code],
            most_at_once(act),
            _records(act, to_next) if len(below) > 1 else None,
            _records(act, to_lowest) if len(below) > 1 else None,
            act.validity_days,
        )
        for code, act in pack.acts.items()
    )
    total = sum(most_at_once(act) for _, act in burdens(pack))
    minor = sum(most_at_once(act) for _, act in burdens(pack) if act.tier == "minor")
    heaviest = max((-act.points for _, act in burdens(pack)), default=0)
    return Arithmetic(acts, heaviest, max(pack.floor, pack.base - total), pack.base - minor)


def _records(act: Act, points: int) -> int | None:
    """Give how many fresh records in one window take so many points."""
    if act.points >= 0 or act.cap < points:
        return None
    number = -(points // act.points)  # rounded up: points is positive, act.points negative
    return number + 1 if act.warn_first else number


# --- the reference page ---------------------------------------------------------------------------


def page(packs: Iterable[Pack]) -> str:
    """Write the reference page of some packs."""
    return _HEAD + "".join(_section(pack) for pack in packs)


def _section(pack: Pack) -> str:
    facts = arithmetic(pack)
    rows = [_row(pack.acts[one.code], one) for one in facts.acts]
    lines = [
        f"\n## {pack.context}: {pack.title}\n",
        f"{_scale(pack)}\nA record counts {pack.notice_days} days after notice.\n",
        f"| {' | '.join(_COLUMNS)} |",
        "|---" * len(_COLUMNS) + "|",
        *rows,
        "",
        _worst(pack, facts),
    ]
    return "\n".join(lines) + "\n"


def _row(act: Act, facts: ActFacts) -> str:
    first = " (the first of a window warns)" if act.warn_first else ""
    later = ", ".join(f"{day}: {points}" for day, points in act.ages)
    cells = (
        f"`{facts.code}`", act.tier, f"{act.points:+d}{first}", later, act.cap,
        f"{act.window_days} days", facts.at_once, facts.to_next or "-", facts.to_lowest or "-",
        f"{facts.gone_after} days",
    )  # fmt: skip
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def _scale(pack: Pack) -> str:
    bands = ", ".join(f"{band.name} from {band.least}" for band in pack.bands)
    return f"Base {pack.base}, from {pack.floor} to {pack.ceiling}; bands from below: {bands}."


def _worst(pack: Pack, facts: Arithmetic) -> str:
    text = f"One record takes at most {counted(facts.heaviest, 'point')}; "
    text += f"all burdens at their worst lead to {facts.worst}."
    if facts.minor_worst < pack.base:
        text += f" Minor records alone lead to {facts.minor_worst} at worst."
    return text


# --- one pack in plain words ----------------------------------------------------------------------


def show_text(pack: Pack) -> str:
    """Write a pack in plain words with its arithmetic; ends without a line break."""
    facts = arithmetic(pack)
    names = {one.code: one.name for one in facts.acts}
    published, force = format_day(pack.published), format_day(pack.force)
    lines = [
        f"{pack.context} {pack.version}: {pack.title}",
        f"Published on {published}, in force from {force}.",
        f"About {listed(_SUBJECTS[one] for one in pack.subjects)}. {_scale(pack)}",
        f"A record counts {pack.notice_days} days after notice.",
        f"It can be contested for {pack.contest_days} days, and while it counts.",
        "",
        "What is recorded",
    ]
    for one in facts.acts:
        lines += _act_lines(pack, pack.acts[one.code], one)
    lines += ["", _worst(pack, facts)]
    for title, said in (
        ("Ways back", (f"{route(r, names)}: {gives_back(r, names)}." for r in pack.recoveries)),
        ("Who may ask, and for what", _purposes(pack)),
        ("What may follow", _consequences(pack)),
        ("Who takes part", _organisations(pack)),
    ):
        found = [f"  {line}" for line in said]
        lines += ["", title, *(found or ["  Nothing."])]
    return "\n".join(lines)


def _act_lines(pack: Pack, act: Act, facts: ActFacts) -> Iterator[str]:
    yield f"  {facts.name} ({act.tier}, {facts.code})"
    yield f"    One record {takes(act.points)}{_later(act)} It is gone after {end(act)[0]} days."
    if act.warn_first:
        yield "    The first record of a window is a warning and counts nothing."
    if act.cap:
        yield (
            f"    At most {counted(act.cap, 'point')} in a window of {act.window_days} days, "
            f"{facts.at_once} at once."
        )
    if act.points < 0:
        yield f"    {_leads(pack, facts)}"


def _later(act: Act) -> str:
    return f", {fading(act)}." if steps(act) else "."


def _leads(pack: Pack, facts: ActFacts) -> str:
    bands = [band for band in pack.bands if band.least <= pack.base]
    if len(bands) == 1:
        return "Base lies in the lowest band."
    lowest, below = bands[0].name, bands[-2].name
    if facts.to_next is None:
        text = "Records of one window lead to no other band"
        if facts.at_once > pack.base - bands[-1].least:
            return f"{text}; those of several windows together can."
        return f"{text}, nor do those of several windows."
    text = f"{counted(facts.to_next, 'record')} in one window: {below}"
    if below == lowest:
        return f"{text}, the lowest band."
    if facts.to_lowest is None:
        return f"{text}; never {lowest}, the lowest band, by this kind in one window."
    return f"{text}; {facts.to_lowest}: {lowest}, the lowest band."


def _purposes(pack: Pack) -> Iterator[str]:
    for purpose in pack.purposes.values():
        yield f"{purpose.title}: {listed(purpose.parties)}; answers: {listed(purpose.answers)}."


def _consequences(pack: Pack) -> Iterator[str]:
    for one in pack.restrictions:
        yield (
            f"{one.title}: for {needs(one.trigger)}, at most {one.days} days, under: "
            f"{one.own_term}. Open stays: {instead(one)}."
        )
    for perk in pack.perks:
        yield (
            f"{perk.title}: for {counted(perk.records, 'record')} of {listed(perk.acts)}. "
            f"With it: {perk.with_it}. Without it: {perk.without_it}. "
            f"Another way: {perk.other_route}."
        )


def _organisations(pack: Pack) -> Iterator[str]:
    for one in pack.organisations:
        sector = f", {one.sector}" if one.sector else ""
        yield f"{one.name}: {one.role}, {one.kind}{sector}; employer {one.employer}."
