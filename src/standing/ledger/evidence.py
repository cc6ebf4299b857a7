"""What a file must be to be kept as evidence; a door of its own, for those who read files."""

from standing.ledger._cases import MAX_FILE_BYTES, MAX_FILES, check_size

__all__ = ["MAX_FILES", "MAX_FILE_BYTES", "check_size"]
