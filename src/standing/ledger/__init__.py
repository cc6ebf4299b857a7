"""The verbs, and the order between vault and log."""
