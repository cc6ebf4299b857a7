"""An accountable reputation ledger: signed records, public rules, checkable answers."""
