"""One language of the site: its messages, and how it writes numbers, points and days.

English texts are the names of messages; the Chinese catalogue is compiled and shipped. A message
that a catalogue lacks is shown in English; a test holds that none is lacking.
"""

import gettext
from datetime import UTC, date, datetime
from importlib.resources import as_file, files
from typing import Final

from babel import Locale
from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal

from standing.wire.days import format_day, parse_day

LANGUAGES: Final = ("en", "zh-Hans")
NAMES: Final = {"en": "English", "zh-Hans": "简体中文"}
_DOMAIN: Final = "standing"
_DAY: Final = {"en": "d MMMM y", "zh-Hans": "y年M月d日"}
_SHORT_DAY: Final = {"en": "d MMM y", "zh-Hans": "y年M月d日"}
_MINUS: Final = "−"


class Voice:
    """Speaks one language of the site."""

    def __init__(self, language: str) -> None:
        assert language in LANGUAGES, "chosen from the list"
        self.language = language
        self.locale = Locale.parse(language.replace("-", "_"))
        self.translations = _load(language)

    def say(self, message: str, **values: object) -> str:
        """Give a message with its values filled in."""
        told = self.translations.gettext(message)
        return told % values if values else told

    def sentence(self, message: str) -> str:
        """Give a message that stands in a table as a sentence.

        >>> Voice("en").sentence("kept with the case")
        'Kept with the case.'
        """
        told = self.say(message)
        return told[:1].upper() + told[1:] + ("。" if self.language == "zh-Hans" else ".")

    def say_n(self, one: str, many: str, n: int, **values: object) -> str:
        """Give a message in the form that a count asks for; `%(n)s` is the count."""
        told = self.translations.ngettext(one, many, n)
        return told % {"n": self.number(n), **values}

    def number(self, value: int) -> str:
        """Write a whole number, grouped as the language does."""
        return str(format_decimal(value, locale=self.locale)).replace("-", _MINUS)

    def points(self, value: int) -> str:
        """Write points with their sign.

        >>> Voice("en").points(-12), Voice("en").points(1200), Voice("en").points(0)
        ('−12', '+1,200', '0')
        """
        return f"+{self.number(value)}" if value > 0 else self.number(value)

    def day(self, value: str | int) -> str:
        """Write a day in words.

        >>> Voice("en").day("2026-11-23"), Voice("zh-Hans").day(20780)
        ('23 November 2026', '2026年11月23日')
        """
        return self._date(value, _DAY)

    def short_day(self, value: str | int) -> str:
        """Write a day where there is little room."""
        return self._date(value, _SHORT_DAY)

    def _date(self, value: str | int, patterns: dict[str, str]) -> str:
        if value == "":
            return ""
        text = format_day(value) if isinstance(value, int) else format_day(parse_day(value))
        return str(format_date(date.fromisoformat(text), patterns[self.language], self.locale))

    def moment(self, seconds: int) -> str:
        """Write seconds since 1970 as day and time, in UTC."""
        when = datetime.fromtimestamp(seconds, UTC)
        pattern = f"{_SHORT_DAY[self.language]} HH:mm 'UTC'"
        return str(format_datetime(when, pattern, locale=self.locale))

    def who(self, text: str) -> str:
        """Tell who took a step: a side as it is called, or a role and a name."""
        known = self.translations.gettext(text)
        role, _, name = text.partition(" ")
        return known if known != text or not name else f"{self.say(role)} {name}"

    def listed(self, names: list[str]) -> str:
        """Join names."""
        return ("、" if self.language == "zh-Hans" else ", ").join(names)


def _load(language: str) -> gettext.NullTranslations:
    if language == "en":
        return gettext.NullTranslations()
    name = language.replace("-", "_")
    place = files("standing.web") / "locale" / name / "LC_MESSAGES" / f"{_DOMAIN}.mo"
    with as_file(place) as path, path.open("rb") as file:
        return gettext.GNUTranslations(file)


VOICES: Final = {language: Voice(language) for language in LANGUAGES}


def choose_language(cookie: str | None, accepted: str | None) -> str:
    """Choose by what was chosen before, else by what the browser prefers.

    >>> choose_language(None, "fr;q=0.9, zh-CN;q=0.8, en;q=0.5"), choose_language("en", "zh")
    ('zh-Hans', 'en')
    """
    if cookie in LANGUAGES:
        return str(cookie)
    wishes = []
    for place, part in enumerate((accepted or "").split(",")[:20]):
        name, _, weight = part.strip().partition(";q=")
        try:
            wishes.append((-float(weight or 1), place, name.lower()))
        except ValueError:
            continue
    for _, _, name in sorted(wishes):
        if name.startswith("zh"):
            return "zh-Hans"
        if name.startswith("en"):
            return "en"
    return "en"
