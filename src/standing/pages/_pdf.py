"""A sheet as a PDF letter for A4 paper, with reportlab; equal sheets give equal bytes.

Fonts are those that every reader of PDF brings: Helvetica, and STSong-Light for Chinese. What
neither has is written as its number, so that nothing that somebody wrote is silently left out.
"""

import io
from collections.abc import Iterator
from functools import lru_cache
from itertools import groupby
from typing import Any, Final
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.platypus import (
    Flowable,
    KeepTogether,
    Paragraph,
    SimpleDocTemplate,
    Spacer,
    TableStyle,
)
from reportlab.platypus import Table as Grid

from standing.pages._sheet import Block, Door, Facts, Heading, Para, Quote, Sheet, Table

_LATIN: Final = "Helvetica"
_CHINESE: Final = "STSong-Light"
_LABEL: Final = 45 * mm
_NARROW: Final = 8
_WIDE: Final = 40
_INSTEAD: Final = str.maketrans({"−": "–"})
_MARGIN: Final = 22 * mm
_WIDTH: Final = A4[0] - 2 * _MARGIN
_PAIR: Final = TableStyle(
    [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LEFTPADDING", (0, 0), (-1, -1), 0),
        ("TOPPADDING", (0, 0), (-1, -1), 1.5),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 1.5),
        ("LINEBELOW", (0, 0), (-1, -1), 0.25, colors.lightgrey),
    ]
)


def sheet_pdf(sheet: Sheet) -> bytes:
    """Write a sheet as PDF."""
    _fonts()
    looks = _looks(sheet.language)
    story: list[Flowable] = []
    if sheet.stamp:
        story.append(_words(sheet.stamp, looks["stamp"]))
    story.append(_words(sheet.title, looks["title"]))
    for block in sheet.blocks:
        story += _flow(block, looks)
    data = io.BytesIO()
    document = SimpleDocTemplate(
        data, pagesize=A4, leftMargin=_MARGIN, rightMargin=_MARGIN, topMargin=_MARGIN,
        bottomMargin=_MARGIN, title=sheet.title, author="standing", lang=sheet.language,
        invariant=1,
    )  # fmt: skip
    document.build(story, onFirstPage=_number, onLaterPages=_number)
    return data.getvalue()


@lru_cache(maxsize=1)
def _fonts() -> None:
    pdfmetrics.registerFont(UnicodeCIDFont(_CHINESE))


def _number(canvas: Any, _document: Any) -> None:
    canvas.setFont(_LATIN, 8)
    canvas.drawRightString(A4[0] - _MARGIN, 12 * mm, str(canvas.getPageNumber()))


def _looks(language: str) -> dict[str, ParagraphStyle]:
    base = ParagraphStyle(
        "plain", fontName=_LATIN, fontSize=9.5, leading=13.5, spaceAfter=4, splitLongWords=1
    )
    if language != "en":
        base.wordWrap = "CJK"
    made: dict[str, dict[str, Any]] = {
        "plain": {},
        "title": {"fontSize": 17, "leading": 22, "spaceAfter": 10},
        "stamp": {"textColor": colors.darkslategray, "spaceAfter": 6},
        "head2": {"fontSize": 12, "leading": 16, "spaceBefore": 12, "spaceAfter": 4},
        "head3": {"fontSize": 10.5, "leading": 14, "spaceBefore": 8, "spaceAfter": 3},
        "quote": {"leftIndent": 10, "textColor": colors.HexColor(0x303030)},
        "dim": {"fontSize": 8.5, "textColor": colors.dimgray, "spaceAfter": 0},
        "cell": {"fontSize": 8.5, "leading": 11.5, "spaceAfter": 0},
        "command": {"fontSize": 8, "leading": 11, "leftIndent": 10, "wordWrap": "CJK"},
    }
    return {name: ParagraphStyle(name, base, **changes) for name, changes in made.items()}


def _flow(block: Block, looks: dict[str, ParagraphStyle]) -> Iterator[Flowable]:
    match block:
        case Heading(text, level):
            yield _words(text, looks[f"head{level}"])
        case Para(text):
            yield _words(text, looks["plain"])
        case Quote(text, by):
            yield from (_words(line, looks["quote"]) for line in text.splitlines())
            if by:
                yield _words(by, looks["dim"])
        case Facts(rows):
            pairs = [
                [_words(name, looks["dim"]), _words(value, looks["cell"])] for name, value in rows
            ]
            yield Grid(pairs, colWidths=[_LABEL, _WIDTH - _LABEL], style=_PAIR, hAlign="LEFT")
            yield Spacer(1, 4)
        case Table(_, heads, rows):
            if rows:
                yield _grid(heads, rows, looks)
                yield Spacer(1, 4)
        case Door(words, command, until):
            line = f"{words} ({until})" if until else words
            yield KeepTogether([_words(line, looks["plain"]), _words(command, looks["command"])])


def _grid(
    heads: tuple[str, ...], rows: tuple[tuple[str, ...], ...], looks: dict[str, ParagraphStyle]
) -> Flowable:
    cells = [[_words(head, looks["dim"]) for head in heads]]
    cells += [[_words(cell, looks["cell"]) for cell in row] for row in rows]
    longest = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    shares = [min(max(length, _NARROW), _WIDE) for length in longest]
    widths = [_WIDTH * share / sum(shares) for share in shares]
    return Grid(cells, colWidths=widths, style=_PAIR, repeatRows=1, hAlign="LEFT")


# --- words ------------------------------------------------------------------------------------


def _words(text: str, look: ParagraphStyle) -> Paragraph:
    """Set a text, each stretch of it in a font that has its characters."""
    runs = []
    for font, characters in groupby(text.translate(_INSTEAD), _font_of):
        run = "".join(characters)
        if font == _LATIN:
            runs.append(escape(run))
        elif font == _CHINESE:
            runs.append(f'<font name="{_CHINESE}">{escape(run)}</font>')
        else:
            runs.append(" ".join(f"[U+{ord(c):04X}]" for c in run))
    return Paragraph("".join(runs) or "&nbsp;", look)


@lru_cache(maxsize=10_000)
def _font_of(character: str) -> str:
    for font, encoding in ((_LATIN, "cp1252"), (_CHINESE, "gbk")):
        try:
            character.encode(encoding)
        except UnicodeEncodeError:
            continue
        return font
    return ""
