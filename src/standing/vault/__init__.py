"""The private side: subjects, consents, references, sealed records, keys."""
