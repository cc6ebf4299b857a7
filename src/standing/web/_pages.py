"""Templates filled with facts, in the language of a visit."""

import re
from collections.abc import Mapping, Sequence
from functools import partial
from gettext import NullTranslations
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from standing import policy
from standing.web import _static
from standing.web._fields import shown
from standing.web._problems import PROBLEM_TYPE, Problem
from standing.web._step_words import CHOICES, EVENTS, LABELS
from standing.web._visit import Visit
from standing.web._voice import LANGUAGES, NAMES, VOICES

HTML_TYPE: Final = "text/html"
_GROUP: Final = 8


class Pages:
    """Renders pages in every language."""

    def __init__(self, *, is_simulated: bool) -> None:
        self.is_simulated = is_simulated
        self._environments = {language: _environment(language) for language in LANGUAGES}

    def render(self, visit: Visit, template: str, values: Mapping[str, Any]) -> bytes:
        """Fill a template in the language of a visit."""
        found = self._environments[visit.voice.language].get_template(template)
        text = found.render(
            values,
            visit=visit,
            voice=visit.voice,
            simulated=self.is_simulated,
            languages=NAMES,
        )
        return text.encode()

    def problem(self, visit: Visit, problem: Problem) -> tuple[str, bytes]:
        """Write an error as content type and body."""
        if visit.wants_json:
            return PROBLEM_TYPE, problem.as_json()
        values = {"problem": problem.error, "status": problem.status}
        return HTML_TYPE, self.render(visit, "error.html", values)


def _groups(digest: str) -> list[str]:
    """Cut a digest into groups that an eye can compare."""
    return [digest[place : place + _GROUP] for place in range(0, len(digest), _GROUP)]


def _is_digest(value: object) -> bool:
    """Whether a value is a hash or a key in hexadecimal, which is shown in groups."""
    return isinstance(value, str) and re.fullmatch("[0-9a-f]{64,}", value) is not None


def _anchor(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def _shown(value: Any) -> str:
    """Write a value of a statement on one line."""
    if isinstance(value, str) or not isinstance(value, Sequence | Mapping):
        return str(value)
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {_shown(item)}" for name, item in value.items())
    return ", ".join(_shown(item) for item in value)


def _messages(translations: NullTranslations) -> dict[str, Any]:
    """Give the functions that templates say messages with; what they give is text, and escaped."""

    def gettext(message: str, /, **values: object) -> str:
        told = translations.gettext(message)
        return told % values if values else told

    def ngettext(one: str, many: str, count: int, /, **values: object) -> str:
        return translations.ngettext(one, many, count) % {"num": count, **values}

    return {"gettext": gettext, "ngettext": ngettext, "_": gettext}


def _environment(language: str) -> Environment:
    environment = Environment(
        loader=PackageLoader("standing.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        extensions=["jinja2.ext.i18n"],
    )
    # not the extension's own functions: those mark whatever they are given as safe HTML
    environment.newstyle_gettext = True  # type: ignore[attr-defined]
    environment.globals |= _messages(VOICES[language].translations)
    environment.filters |= {"groups": _groups, "anchor": _anchor, "shown": _shown}
    environment.tests["digest"] = _is_digest
    environment.globals |= {
        "static": _static.address, "WHY": policy.WHY, "labels": LABELS, "choices": CHOICES,
        "events": EVENTS, "said_in": partial(shown, voice=VOICES[language]),
    }  # fmt: skip
    return environment
