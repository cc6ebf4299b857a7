"""One language of the pages: its messages, and how it writes numbers, shares, ratios and days."""

from typing import Final

from standing.errors import Refused
from standing.pages._words import LANGUAGES, WORDS
from standing.wire.days import format_day

OUT: Final = "–"
"""What stands where a count was left out."""


class Voice:
    """Speaks one language; raises `E-PAGE-01` for a language that has no catalogue."""

    def __init__(self, language: str) -> None:
        if language not in LANGUAGES:
            raise Refused(
                "E-PAGE-01",
                f"There are no pages in {language!r}.",
                why=f"Pages are written in {' and '.join(LANGUAGES)}.",
                fix="Ask for one of these.",
            )
        self.language = language
        self._place = LANGUAGES.index(language)

    def say(self, message: str, **values: str) -> str:
        """Give a message with its values filled in."""
        return WORDS[message][self._place].format(**values)

    def number(self, number: int) -> str:
        """Write a whole number, grouped in threes as both languages do.

        >>> Voice("en").number(-12034)
        '−12,034'
        """
        return f"{number:,}".replace("-", "−")

    def count(self, count: int | None) -> str:
        """Write a count, or the dash of one that is left out."""
        return OUT if count is None else self.number(count)

    def subjects(self, count: int) -> str:
        """Write how many subjects, with the word."""
        return self.say("subject") if count == 1 else self.say("subjects", n=self.number(count))

    def share(self, permille: int) -> str:
        """Write thousandths as per cent.

        >>> Voice("en").share(912)
        '91.2%'
        """
        return f"{permille // 10:,}.{permille % 10}%"

    def ratio(self, permille: int) -> str:
        """Write thousandths as a ratio.

        >>> Voice("en").ratio(1043)
        '1.043'
        """
        return f"{permille // 1000:,}.{permille % 1000:03}"

    def between(self, low: str, high: str) -> str:
        """Write a range."""
        return self.say("range", low=low, high=high)

    def day(self, day: int) -> str:
        """Write a day in words.

        >>> Voice("en").day(20780), Voice("zh-Hans").day(20780)
        ('23 November 2026', '2026年11月23日')
        """
        year, month, of_month = map(int, format_day(day).split("-"))
        named = self.say("months").split()[month - 1]
        return self.say("day", day=str(of_month), month=named, year=str(year))

    def names(self, names: list[str], most: int = 3) -> str:
        """Write a list of names, the first few of a long one."""
        listed = self.say("list").join(names[:most])
        more = len(names) - most
        return listed if more <= 0 else self.say("many-more", names=listed, n=self.number(more))
