"""The embedded engine: orders statements that the charter admits, in one process."""
