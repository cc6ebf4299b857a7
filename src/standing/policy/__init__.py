"""Public rules: catalogue, packs, linter, score and its explanation; pure integers."""
