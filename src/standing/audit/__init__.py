"""Verify everything offline, as a stranger would: from the log alone, or with the vault."""

from standing.audit._inspect import (
    Proven,
    answer_key_published,
    check_proof,
    check_proof_at,
    checkpoint_facts,
    checkpoint_facts_at,
    consistency_facts,
    entry_facts,
    entry_facts_at,
    place_of,
    prove,
    prove_published,
)
from standing.audit._opened import Opened, open_ledger
from standing.audit._public import POLICY_FILE, check_log_files, check_stored_state
from standing.audit._replay import Replay, checkpoint_keys_in, replay_all, replay_changes
from standing.audit._report import verify_report
from standing.audit._verify import Check, Verification, verify_ledger
from standing.audit.trust import Trust, load_trust, parse_trust

__all__ = [
    "POLICY_FILE",
    "Check",
    "Opened",
    "Proven",
    "Replay",
    "Trust",
    "Verification",
    "answer_key_published",
    "check_log_files",
    "check_proof",
    "check_proof_at",
    "check_stored_state",
    "checkpoint_facts",
    "checkpoint_facts_at",
    "checkpoint_keys_in",
    "consistency_facts",
    "entry_facts",
    "entry_facts_at",
    "load_trust",
    "open_ledger",
    "parse_trust",
    "place_of",
    "prove",
    "prove_published",
    "replay_all",
    "replay_changes",
    "verify_ledger",
    "verify_report",
]
