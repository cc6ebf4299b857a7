"""The page of a simulation: what is told, in which order, and the one file it becomes."""

import base64
import hashlib
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from standing.pages._counts import changes, flips, scores
from standing.pages._moves import moves
from standing.pages._parts import HIGH, LOW, ratios, shares
from standing.pages._sheet import Sheet
from standing.pages._voice import Voice
from standing.pages.draw import Plot, is_out
from standing.policy import Finding
from standing.policy.simulation import Simulation

_DIGITS: Final = 8
_SHARES: Final = {"region": "parts.region", "group": "parts.group"}
_RATIOS: Final = {"region": "parts.ratio-region", "group": "parts.ratio-group"}
_LEVELS: Final = {
    "refuse": "findings.refuse",
    "justify": "findings.justify",
    "justified": "findings.justified",
}


class Section(NamedTuple):
    """One part of the page under its heading: a plot, sentences, or both."""

    id: str
    heading: str
    plot: Plot | None = None
    notes: tuple[str, ...] = ()


def simulation_page(
    result: Simulation, findings: Sequence[Finding], *, language: str = "en", command: str
) -> str:
    """Write a simulation as one HTML file that loads nothing and runs nothing.

    `findings`: what the linter has against the new pack. `language`: `en` or `zh-Hans`; raises
    `E-PAGE-01` for another. `command`: what makes the page again. Equal arguments give equal text.
    """
    voice = Voice(language)
    style = _environment.get_template("page.css").render()
    return _environment.get_template("simulation.html").render(
        say=voice.say,
        voice=voice,
        result=result,
        findings=findings,
        levels=_LEVELS,
        blocked=any(finding.level != "justified" for finding in findings),
        sections=tuple(_sections(result, voice)),
        command=command,
        style=Markup(style),  # noqa: S704 - ours, and nothing is filled into it
        security=_security(style),
    )


def sheet_page(sheet: Sheet) -> str:
    """Write a letter or a report as one HTML file that loads nothing and runs nothing."""
    style = _environment.get_template("page.css").render()
    return _environment.get_template("sheet.html").render(
        sheet=sheet,
        blocks=[(type(block).__name__, block) for block in sheet.blocks],
        style=Markup(style),  # noqa: S704 - ours, and nothing is filled into it
        security=_security(style),
    )


def simulation_sections(result: Simulation, language: str) -> tuple[Section, ...]:
    """Give the parts of a simulation's page, for a page that shows them beside something else."""
    return tuple(_sections(result, Voice(language)))


def _sections(result: Simulation, voice: Voice) -> Iterator[Section]:
    yield Section("score-changes", voice.say("changes.heading"), changes(result, voice))
    yield Section("band-moves", voice.say("moves.heading"), moves(result, voice))
    if histogram := scores(result, voice):
        yield Section("score-bars", voice.say("scores.heading"), histogram)
    consequences = flips(result, voice)
    kinds = {flip.kind for flip in result.flips}
    told = (voice.say("flips.human"),) if "restriction" in kinds else ()
    told = told if kinds else (voice.say("flips.none"),)
    yield Section("consequences", voice.say("flips.heading"), consequences, told)
    yield from _divisions(result, voice)
    yield Section("impact", voice.say("impact.heading"), notes=(_impact(result, voice),))
    yield Section("force", voice.say("force.heading"), notes=(_force(result, voice),))
    protected = ("protected.counts", "protected.parts", "protected.scores")
    notes = tuple(voice.say(message) for message in protected)
    yield Section("protected", voice.say("protected.heading"), notes=notes)


def _divisions(result: Simulation, voice: Voice) -> Iterator[Section]:
    for place, (name, found) in enumerate(result.parts.items()):
        if not found:
            continue
        id_ = str(place)  # a name may hold what an id must not
        heading = voice.say(_SHARES.get(name, "parts.other"), division=name)
        yield Section(f"parts-{id_}", heading, shares(id_, found, voice))
        heading = voice.say(_RATIOS.get(name, "parts.ratio-other"), division=name)
        yield Section(f"between-{id_}", heading, ratios(id_, found, voice))
    if not any(result.parts.values()):
        note = voice.say("parts.none")
        yield Section("parts", voice.say("parts.heading"), notes=(note,))


def _impact(result: Simulation, voice: Voice) -> str:
    impact = result.impact
    if impact.result != "shown":
        return voice.say("impact.not-shown")
    is_inside = LOW <= impact.low_permille <= impact.high_permille <= HIGH
    return voice.say(
        "impact.inside" if is_inside else "impact.outside",
        range=voice.between(voice.ratio(impact.low_permille), voice.ratio(impact.high_permille)),
    )


def _force(result: Simulation, voice: Voice) -> str:
    if result.on_force_day is None:
        return voice.say("force.unknown")
    lower, higher = result.on_force_day
    out = "force.higher-out" if higher is None else "force.higher-none"
    rises = voice.say("force.higher", n=voice.number(higher)) if higher else voice.say(out)
    if lower == 0:
        told = voice.say("force.nobody", higher=rises)
    elif lower is None:
        told = voice.say("force.some", lower=voice.say("force.lower-out"), higher=rises)
    else:
        falls = voice.say("force.lower", n=voice.number(lower))
        told = voice.say("force.some", lower=falls, higher=rises)
    if result.milder_law_day is None:
        return told
    return voice.say("force.when", day=voice.day(result.milder_law_day)) + told


def _security(style: str) -> str:
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def _groups(digest: str) -> list[str]:
    """Cut a digest into groups that an eye can compare."""
    return [digest[place : place + _DIGITS] for place in range(0, len(digest), _DIGITS)]


def _made() -> Environment:
    environment = Environment(
        loader=PackageLoader("standing.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["groups"] = _groups
    environment.tests["out"] = is_out
    return environment


_environment: Final = _made()
