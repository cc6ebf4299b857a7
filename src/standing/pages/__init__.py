"""Pages: what the ledger found, as HTML that stands alone.

Each page is one file: one style sheet inside, admitted by its digest; no script, no request to
anywhere, nothing that a clock or a network gave. Every plot says its finding, how it is read, and
has its numbers in a table. Both languages say the same. Pages compute nothing about anybody: they
show what they are given, and what was left out stays left out.
"""

from standing.pages._page import simulation_page
from standing.pages._words import LANGUAGES

__all__ = ["LANGUAGES", "simulation_page"]
