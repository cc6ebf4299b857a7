"""A sheet: what a letter or a report says, as blocks, before it is HTML, PDF or plain text.

All three are made from the same blocks, so that they say the same. Blocks hold text alone; what
somebody else wrote is a quotation, and is marked as such.
"""

from typing import NamedTuple


class Heading(NamedTuple):
    """The head of a part; level 2 or 3."""

    text: str
    level: int = 2


class Para(NamedTuple):
    """A paragraph in the sheet's language."""

    text: str


class Quote(NamedTuple):
    """What somebody wrote, word for word, in whatever language; who it was."""

    text: str
    by: str = ""


class Facts(NamedTuple):
    """Names and values, one a line."""

    rows: tuple[tuple[str, str], ...]


class Table(NamedTuple):
    """Rows under heads."""

    caption: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class Door(NamedTuple):
    """Something that can be done: in words, the command, until when."""

    words: str
    command: str
    until: str = ""


Block = Heading | Para | Quote | Facts | Table | Door


class Sheet(NamedTuple):
    """A whole letter or report in one language."""

    title: str
    language: str
    stamp: str  # "" where there is none
    blocks: tuple[Block, ...]


def plain(text: str) -> str:
    r"""Take out of somebody else's text what no page, paper or terminal should act on.

    Line ends stay; other control characters, and those that turn the direction of what follows,
    are written as their number.

    >>> plain("fine\nhere\x1b[31m")
    'fine\nhere[1b][31m'
    """
    lines = text.splitlines()
    return "\n".join(
        "".join(c if c.isprintable() else f"[{ord(c):x}]" for c in line) for line in lines
    )
