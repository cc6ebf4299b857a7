"""A mirror."""
