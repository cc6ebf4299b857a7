"""Verify everything offline, as a stranger would."""
