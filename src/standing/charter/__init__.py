"""Who may say what: a pure, deterministic state machine over public statements."""
