"""Verify everything offline, as a stranger would: from the log alone, or with the vault."""

from standing.audit._report import verify_report
from standing.audit._verify import Check, Verification, verify_ledger
from standing.audit.trust import Trust, load_trust, parse_trust

__all__ = [
    "Check",
    "Trust",
    "Verification",
    "load_trust",
    "parse_trust",
    "verify_ledger",
    "verify_report",
]
