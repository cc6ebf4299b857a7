"""Public rules: catalogue, packs, linter, score and its explanation; pure integers.

Bytes come in through `parse_*` and `load_pack`; `canonical` gives the bytes that are hashed and
signed. `score` is the specification: every other scorer must reach the same integers. This room
reads no clock, file, network, randomness or calendar. See docs/reference/linter.md.
"""

from standing.policy._arithmetic import ActFacts, Arithmetic, arithmetic, page, show_text
from standing.policy._codes import CODES, LINTER_VERSION
from standing.policy._conduct import check_conduct
from standing.policy._consent_text import CONSENT_DAYS, consent_text
from standing.policy._consequences import consequences, counters, is_triggered, met, tally_masks
from standing.policy._diff import Effect, PackDiff, check_one_context, diff_packs, diff_text
from standing.policy._diff_parts import Difference
from standing.policy._digests import population_digest, rules_digest, subject_digest
from standing.policy._fold import WHY, Reason, RecordFact, Score, score
from standing.policy._forecast import Outlook, forecast
from standing.policy._lint import Finding, lint, load_pack
from standing.policy._parse import (
    canonical,
    parse_catalogue,
    parse_pack,
    redated,
    with_organisations,
)
from standing.policy._schedule import Schedule
from standing.policy._schema import Act, Attachment, Catalogue, Impact, Organisation, Pack
from standing.policy._simulated import Simulated, parse_simulation
from standing.policy._what_if import WhatIf, what_if
from standing.policy._words import one_spelling

__all__ = [
    "CODES",
    "CONSENT_DAYS",
    "LINTER_VERSION",
    "WHY",
    "Act",
    "ActFacts",
    "Arithmetic",
    "Attachment",
    "Catalogue",
    "Difference",
    "Effect",
    "Finding",
    "Impact",
    "Organisation",
    "Outlook",
    "Pack",
    "PackDiff",
    "Reason",
    "RecordFact",
    "Schedule",
    "Score",
    "Simulated",
    "WhatIf",
    "arithmetic",
    "canonical",
    "check_conduct",
    "check_one_context",
    "consent_text",
    "consequences",
    "counters",
    "diff_packs",
    "diff_text",
    "forecast",
    "is_triggered",
    "lint",
    "load_pack",
    "met",
    "one_spelling",
    "page",
    "parse_catalogue",
    "parse_pack",
    "parse_simulation",
    "population_digest",
    "redated",
    "rules_digest",
    "score",
    "show_text",
    "subject_digest",
    "tally_masks",
    "what_if",
    "with_organisations",
]
