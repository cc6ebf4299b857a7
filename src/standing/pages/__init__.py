"""Pages: what the ledger found or wrote, as HTML that stands alone, as PDF, as text.

Each page is one file: one style sheet inside, admitted by its digest; no script, no request to
anywhere, nothing that a clock or a network gave. Every plot says its finding, how it is read, and
has its numbers in a table. Both languages say the same. Pages compute nothing about anybody: they
show what they are given, and what was left out stays left out.
"""

from collections.abc import Mapping
from typing import Any

from standing.ledger import Letter
from standing.pages._letter import letter_sheet
from standing.pages._page import Section, sheet_page, simulation_page, simulation_sections
from standing.pages._plain import sheet_text
from standing.pages._report import report_sheet
from standing.pages._words import LANGUAGES

__all__ = [
    "LANGUAGES",
    "Section",
    "letter_page",
    "letter_pdf",
    "letter_text",
    "report_page",
    "report_pdf",
    "simulation_page",
    "simulation_sections",
]


def letter_page(letter: Letter, language: str = "en") -> str:
    """Write a letter as one HTML file; raises `E-PAGE-01` for a language without a catalogue."""
    return sheet_page(letter_sheet(letter, language))


def letter_text(letter: Letter, language: str = "en") -> str:
    """Write a letter as plain text."""
    return sheet_text(letter_sheet(letter, language))


def letter_pdf(letter: Letter, language: str = "en") -> bytes:
    """Write a letter as PDF, for paper."""
    from standing.pages._pdf import sheet_pdf  # noqa: PLC0415 - a quarter of a second to load

    return sheet_pdf(letter_sheet(letter, language))


def report_page(report: Mapping[str, Any], language: str = "en") -> str:
    """Write a report for reading as one HTML file."""
    return sheet_page(report_sheet(report, language))


def report_pdf(report: Mapping[str, Any], language: str = "en") -> bytes:
    """Write a report for reading as PDF, for paper."""
    from standing.pages._pdf import sheet_pdf  # noqa: PLC0415 - see letter_pdf

    return sheet_pdf(report_sheet(report, language))
